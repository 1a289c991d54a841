//! Every SQL text of the services engine, and the rows they read and write.

use serde_json::Value as Json;
use spine::{Date, Language, Row, Timestamp, Tx, TxError};

use crate::model::{Case, CaseId, CaseState, Issued, OutputId, Question, Task, TaskId};
use crate::revoke::Ground;

const SELECT_PACKS: &str = "SELECT service, version, digest, text FROM services_pack ORDER BY service, version";
const INSERT_PACK: &str =
    "INSERT INTO services_pack (service, version, digest, text, published_at) VALUES ($1, $2, $3, $4, $5)";

/// A pack as it was published.
pub(crate) struct PackRow {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) text: String,
}

pub(crate) fn packs(tx: &mut dyn Tx) -> Result<Vec<PackRow>, TxError> {
    let read =
        |row: &Row| Ok(PackRow { service: row.get(0)?, version: row.get(1)?, digest: row.get(2)?, text: row.get(3)? });
    tx.query(SELECT_PACKS, &[])?.iter().map(read).collect()
}

pub(crate) fn insert_pack(tx: &mut dyn Tx, pack: &PackRow, now: Timestamp) -> Result<(), TxError> {
    let args = [(&pack.service).into(), (&pack.version).into(), (&pack.digest).into(), (&pack.text).into(), now.into()];
    tx.change(INSERT_PACK, &args)
}

const SELECT_CASE: &str = "
    SELECT id, reference, service, version, applicant, language, state, step, applicant_data, evidence, answers,
        fee_minor, payment, receipt, made_at, submitted_at, decided_at, ended_at, due_on, reason, revision
    FROM services_case WHERE id = $1";
const SELECT_CASE_BY_PAYMENT: &str = "
    SELECT id, reference, service, version, applicant, language, state, step, applicant_data, evidence, answers,
        fee_minor, payment, receipt, made_at, submitted_at, decided_at, ended_at, due_on, reason, revision
    FROM services_case WHERE payment = $1";
const SELECT_CASE_BY_REFERENCE: &str = "
    SELECT id, reference, service, version, applicant, language, state, step, applicant_data, evidence, answers,
        fee_minor, payment, receipt, made_at, submitted_at, decided_at, ended_at, due_on, reason, revision
    FROM services_case WHERE reference = $1";
const SELECT_CASES_OF: &str = "
    SELECT id, reference, service, version, applicant, language, state, step, applicant_data, evidence, answers,
        fee_minor, payment, receipt, made_at, submitted_at, decided_at, ended_at, due_on, reason, revision
    FROM services_case WHERE applicant = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

fn case_row(row: &Row) -> Result<Case, TxError> {
    let state: String = row.get(6)?;
    let object = |value: Json| match value {
        Json::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    Ok(Case {
        id: row.get(0)?,
        reference: row.get(1)?,
        service: row.get(2)?,
        version: row.get(3)?,
        applicant: row.get(4)?,
        language: Language::new(&row.get::<String>(5)?),
        state: CaseState::parse(&state).ok_or(TxError::Type("the state of a case".to_owned()))?,
        step: row.get(7)?,
        applicant_data: row.get(8)?,
        evidence: object(row.get(9)?),
        answers: object(row.get(10)?).into_iter().collect(),
        fee_minor: row.get(11)?,
        payment: row.get(12)?,
        receipt: row.get(13)?,
        made_at: row.get(14)?,
        submitted_at: row.get(15)?,
        decided_at: row.get(16)?,
        ended_at: row.get(17)?,
        due_on: row.get(18)?,
        reason: row.get(19)?,
        revision: row.get(20)?,
    })
}

pub(crate) fn case(tx: &mut dyn Tx, id: CaseId) -> Result<Option<Case>, TxError> {
    tx.first(SELECT_CASE, &[id.into()])?.as_ref().map(case_row).transpose()
}

pub(crate) fn case_by_payment(tx: &mut dyn Tx, payment: &str) -> Result<Option<Case>, TxError> {
    tx.first(SELECT_CASE_BY_PAYMENT, &[payment.into()])?.as_ref().map(case_row).transpose()
}

pub(crate) fn case_by_reference(tx: &mut dyn Tx, reference: &str) -> Result<Option<Case>, TxError> {
    tx.first(SELECT_CASE_BY_REFERENCE, &[reference.into()])?.as_ref().map(case_row).transpose()
}

pub(crate) fn cases_of(tx: &mut dyn Tx, person: &str, before: &str, limit: u16) -> Result<Vec<Case>, TxError> {
    let rows = tx.query(SELECT_CASES_OF, &[person.into(), before.into(), i64::from(limit).into()])?;
    rows.iter().map(case_row).collect()
}

const INSERT_CASE: &str = "
    INSERT INTO services_case (id, reference, service, version, applicant, language, state, step, applicant_data, evidence,
        answers, fee_minor, made_at, revision)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";

pub(crate) fn insert_case(tx: &mut dyn Tx, case: &Case) -> Result<(), TxError> {
    let (evidence, answers) = (Json::Object(case.evidence.clone()), answers(case));
    let args = [
        case.id.into(),
        (&case.reference).into(),
        (&case.service).into(),
        (&case.version).into(),
        (&case.applicant).into(),
        case.language.tag().into(),
        case.state.name().into(),
        case.step.as_deref().into(),
        (&case.applicant_data).into(),
        (&evidence).into(),
        (&answers).into(),
        case.fee_minor.into(),
        case.made_at.into(),
    ];
    tx.change(INSERT_CASE, &args)
}

fn answers(case: &Case) -> Json {
    Json::Object(case.answers.clone().into_iter().collect())
}

const UPDATE_CASE: &str = "
    UPDATE services_case SET state = $3, step = $4, answers = $5, fee_minor = $6, payment = $7, receipt = $8,
        submitted_at = $9, decided_at = $10, ended_at = $11, due_on = $12, reason = $13, revision = revision + 1
    WHERE id = $1 AND revision = $2";

/// Keeps a case that was read at its revision; says whether it still was at that.
pub(crate) fn update_case(tx: &mut dyn Tx, case: &Case) -> Result<bool, TxError> {
    let answers = answers(case);
    let args = [
        case.id.into(),
        case.revision.into(),
        case.state.name().into(),
        case.step.as_deref().into(),
        (&answers).into(),
        case.fee_minor.into(),
        case.payment.as_deref().into(),
        case.receipt.as_deref().into(),
        case.submitted_at.into(),
        case.decided_at.into(),
        case.ended_at.into(),
        case.due_on.into(),
        case.reason.as_deref().into(),
    ];
    Ok(tx.execute(UPDATE_CASE, &args)? == 1)
}

const SELECT_TASK: &str = "
    SELECT id, case_id, step, role, state, officer, made_at, due_on, outcome, reason, revision
    FROM services_task WHERE id = $1";
const SELECT_TASKS_OF_CASE: &str = "
    SELECT id, case_id, step, role, state, officer, made_at, due_on, outcome, reason, revision
    FROM services_task WHERE case_id = $1 ORDER BY id";
const SELECT_TASKS_OF_ROLE: &str = "
    SELECT id, case_id, step, role, state, officer, made_at, due_on, outcome, reason, revision
    FROM services_task WHERE role = $1 AND state IN ('open', 'claimed', 'waiting') ORDER BY due_on, id LIMIT $2";
const INSERT_TASK: &str = "
    INSERT INTO services_task (id, case_id, step, role, state, made_at, due_on, revision)
    VALUES ($1, $2, $3, $4, 'open', $5, $6, 1)";
const UPDATE_TASK: &str = "
    UPDATE services_task SET state = $3, officer = $4, claimed_at = $5, done_at = $6, outcome = $7, reason = $8,
        revision = revision + 1
    WHERE id = $1 AND revision = $2";

fn task_row(row: &Row) -> Result<Task, TxError> {
    Ok(Task {
        id: row.get(0)?,
        case: row.get(1)?,
        step: row.get(2)?,
        role: row.get(3)?,
        state: row.get(4)?,
        officer: row.get(5)?,
        made_at: row.get(6)?,
        due_on: row.get(7)?,
        outcome: row.get(8)?,
        reason: row.get(9)?,
        revision: row.get(10)?,
    })
}

pub(crate) fn task(tx: &mut dyn Tx, id: TaskId) -> Result<Option<Task>, TxError> {
    tx.first(SELECT_TASK, &[id.into()])?.as_ref().map(task_row).transpose()
}

pub(crate) fn tasks_of_case(tx: &mut dyn Tx, case: CaseId) -> Result<Vec<Task>, TxError> {
    tx.query(SELECT_TASKS_OF_CASE, &[case.into()])?.iter().map(task_row).collect()
}

pub(crate) fn tasks_of_role(tx: &mut dyn Tx, role: &str, limit: u16) -> Result<Vec<Task>, TxError> {
    tx.query(SELECT_TASKS_OF_ROLE, &[role.into(), i64::from(limit).into()])?.iter().map(task_row).collect()
}

pub(crate) fn insert_task(tx: &mut dyn Tx, task: &Task) -> Result<(), TxError> {
    let args = [
        task.id.into(),
        task.case.into(),
        (&task.step).into(),
        (&task.role).into(),
        task.made_at.into(),
        task.due_on.into(),
    ];
    tx.change(INSERT_TASK, &args)
}

/// Keeps a task that was read at its revision; says whether it still was at that.
pub(crate) fn update_task(tx: &mut dyn Tx, task: &Task, now: Timestamp) -> Result<bool, TxError> {
    let done = matches!(task.state.as_str(), "done" | "dropped").then_some(now);
    let args = [
        task.id.into(),
        task.revision.into(),
        (&task.state).into(),
        task.officer.as_deref().into(),
        task.officer.as_ref().map(|_| now).into(),
        done.into(),
        task.outcome.as_deref().into(),
        task.reason.as_deref().into(),
    ];
    Ok(tx.execute(UPDATE_TASK, &args)? == 1)
}

const INSERT_QUESTION: &str =
    "INSERT INTO services_question (id, case_id, task, question, asked_at) VALUES ($1, $2, $3, $4, $5)";
const ANSWER_QUESTION: &str =
    "UPDATE services_question SET answer = $2, answered_at = $3 WHERE id = $1 AND answer IS NULL";
const SELECT_QUESTIONS: &str = "
    SELECT id, case_id, task, question, asked_at, answer, answered_at
    FROM services_question WHERE case_id = $1 ORDER BY id";

pub(crate) fn insert_question(tx: &mut dyn Tx, question: &Question) -> Result<(), TxError> {
    let args = [
        question.id.into(),
        question.case.into(),
        question.task.into(),
        (&question.question).into(),
        question.asked_at.into(),
    ];
    tx.change(INSERT_QUESTION, &args)
}

pub(crate) fn answer_question(
    tx: &mut dyn Tx,
    question: &Question,
    answer: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(ANSWER_QUESTION, &[question.id.into(), answer.into(), now.into()])? == 1)
}

pub(crate) fn questions(tx: &mut dyn Tx, case: CaseId) -> Result<Vec<Question>, TxError> {
    let read = |row: &Row| {
        Ok(Question {
            id: row.get(0)?,
            case: row.get(1)?,
            task: row.get(2)?,
            question: row.get(3)?,
            asked_at: row.get(4)?,
            answer: row.get(5)?,
            answered_at: row.get(6)?,
        })
    };
    tx.query(SELECT_QUESTIONS, &[case.into()])?.iter().map(read).collect()
}

const INSERT_OUTPUT: &str = "
    INSERT INTO services_output (id, case_id, output, code, content, issued_at, valid_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SELECT_OUTPUT: &str = "
    SELECT id, case_id, output, code, content, issued_at, valid_until, revoked_at, revoked_ground, revoked_reason
    FROM services_output WHERE id = $1";
const SELECT_OUTPUT_BY_CODE: &str = "
    SELECT id, case_id, output, code, content, issued_at, valid_until, revoked_at, revoked_ground, revoked_reason
    FROM services_output WHERE code = $1";
const SELECT_OUTPUTS: &str = "
    SELECT id, case_id, output, code, content, issued_at, valid_until, revoked_at, revoked_ground, revoked_reason
    FROM services_output WHERE case_id = $1 ORDER BY id";

fn output_row(row: &Row) -> Result<Issued, TxError> {
    Ok(Issued {
        id: row.get(0)?,
        case: row.get(1)?,
        output: row.get(2)?,
        code: row.get(3)?,
        content: row.get(4)?,
        issued_at: row.get(5)?,
        valid_until: row.get::<Option<Date>>(6)?,
        revoked_at: row.get(7)?,
        ground: row.get::<Option<String>>(8)?.as_deref().and_then(Ground::named),
        reason: row.get(9)?,
    })
}

pub(crate) fn insert_output(tx: &mut dyn Tx, issued: &Issued) -> Result<(), TxError> {
    let args = [
        issued.id.into(),
        issued.case.into(),
        (&issued.output).into(),
        (&issued.code).into(),
        (&issued.content).into(),
        issued.issued_at.into(),
        issued.valid_until.into(),
    ];
    tx.change(INSERT_OUTPUT, &args)
}

const REVOKE_OUTPUT: &str = "
    UPDATE services_output SET revoked_at = $2, revoked_ground = $3, revoked_reason = $4
    WHERE id = $1 AND revoked_at IS NULL";

/// Revokes a document; says whether it still held.
pub(crate) fn revoke_output(
    tx: &mut dyn Tx,
    id: OutputId,
    ground: Ground,
    reason: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(REVOKE_OUTPUT, &[id.into(), now.into(), ground.name().into(), reason.into()])? == 1)
}

pub(crate) fn output(tx: &mut dyn Tx, id: OutputId) -> Result<Option<Issued>, TxError> {
    tx.first(SELECT_OUTPUT, &[id.into()])?.as_ref().map(output_row).transpose()
}

pub(crate) fn output_by_code(tx: &mut dyn Tx, code: &str) -> Result<Option<Issued>, TxError> {
    tx.first(SELECT_OUTPUT_BY_CODE, &[code.into()])?.as_ref().map(output_row).transpose()
}

pub(crate) fn outputs(tx: &mut dyn Tx, case: CaseId) -> Result<Vec<Issued>, TxError> {
    tx.query(SELECT_OUTPUTS, &[case.into()])?.iter().map(output_row).collect()
}

const INSERT_DOCUMENT: &str = "INSERT INTO services_document (output, evidence, pdf, made_at) VALUES ($1, $2, $3, $4)";
const SELECT_DOCUMENT: &str = "SELECT evidence, pdf FROM services_document WHERE output = $1";

pub(crate) fn insert_document(
    tx: &mut dyn Tx,
    output: OutputId,
    evidence: &Json,
    pdf: &[u8],
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT_DOCUMENT, &[output.into(), evidence.into(), pdf.into(), now.into()])
}

pub(crate) fn document(tx: &mut dyn Tx, output: OutputId) -> Result<Option<(Json, Vec<u8>)>, TxError> {
    tx.first(SELECT_DOCUMENT, &[output.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}
