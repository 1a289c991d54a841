//! Applications for the national ID and what may be the same as they are.
//!
//! **Invariant:** an application is written only over the revision that was read. Where next:
//! `enrolment/application.rs`, `introductions.rs`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Row, Timestamp, Tx, TxError};

use civil::Verdict;

use crate::enrolment::{Alike, Application, ApplicationId, Biometrics, Source, State};

const INSERT: &str = "INSERT INTO identity_enrolment (id, reference, state, evidence, paper, introduction, fields, \
     person, exceptions, agreed_by, biometrics, officer, institution, taken_at, decided_by, decided_at, words, packet, revision) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, NULL, $15, 1)";
const UPDATE: &str = "UPDATE identity_enrolment SET state = $3, evidence = $4, paper = $5, introduction = $6, fields = $7, \
     person = $8, exceptions = $9, agreed_by = $10, biometrics = $11, taken_at = $12, decided_by = $13, decided_at = $14, \
     words = $15, revision = revision + 1 WHERE id = $1 AND revision = $2";
const ONE: &str = "SELECT id, reference, state, evidence, paper, introduction, fields, person, exceptions, agreed_by, \
     biometrics, officer, institution, taken_at, decided_by, decided_at, words, packet, revision \
     FROM identity_enrolment WHERE id = $1";
const BY_REFERENCE: &str = "SELECT id FROM identity_enrolment WHERE reference = $1";
const IN_STATE: &str = "SELECT id, reference, state, evidence, paper, introduction, fields, person, exceptions, agreed_by, \
     biometrics, officer, institution, taken_at, decided_by, decided_at, words, packet, revision \
     FROM identity_enrolment WHERE state = $1 ORDER BY taken_at, id LIMIT $2";
const OPEN_OF_PERSON: &str = "SELECT id FROM identity_enrolment WHERE person = $1 AND id <> $2 \
     AND state IN ('draft', 'taken', 'returned')";
const INSERT_ALIKE: &str = "INSERT INTO identity_enrolment_alike (application, source, candidate, rule, score, verdict) \
     VALUES ($1, $2, $3, $4, $5, 'open') ON CONFLICT (application, source, candidate) DO NOTHING";
const FORGET_OPEN: &str =
    "DELETE FROM identity_enrolment_alike WHERE application = $1 AND verdict = 'open' AND source <> 'abis'";
const ALIKES: &str = "SELECT source, candidate, rule, score, verdict FROM identity_enrolment_alike \
     WHERE application = $1 ORDER BY score DESC, source, candidate";
const JUDGE: &str = "UPDATE identity_enrolment_alike SET verdict = $4, judged_by = $5, judged_at = $6 \
     WHERE application = $1 AND source = $2 AND candidate = $3 AND verdict = 'open'";

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, TxError> {
    serde_json::from_str(text).map_err(|_| TxError::Type("the JSON of an application".to_owned()))
}

pub(crate) fn insert(tx: &mut dyn Tx, new: &Application) -> Result<(), TxError> {
    let (fields, exceptions) = (json(&new.fields), json(&new.exceptions));
    let args = [
        new.id.into(),
        new.reference.as_str().into(),
        new.state.name().into(),
        new.evidence.as_str().into(),
        new.paper.as_str().into(),
        new.introduction.as_deref().into(),
        fields.as_str().into(),
        new.person.as_deref().into(),
        exceptions.as_str().into(),
        new.agreed_by.as_deref().into(),
        new.biometrics.name().into(),
        new.officer.as_str().into(),
        new.institution.as_str().into(),
        new.taken_at.into(),
        new.packet.as_deref().into(),
    ];
    tx.change(INSERT, &args)
}

/// Writes an application if it is still the revision that was read; answers whether it was.
pub(crate) fn update(tx: &mut dyn Tx, new: &Application) -> Result<bool, TxError> {
    let (fields, exceptions) = (json(&new.fields), json(&new.exceptions));
    let args = [
        new.id.into(),
        new.revision.into(),
        new.state.name().into(),
        new.evidence.as_str().into(),
        new.paper.as_str().into(),
        new.introduction.as_deref().into(),
        fields.as_str().into(),
        new.person.as_deref().into(),
        exceptions.as_str().into(),
        new.agreed_by.as_deref().into(),
        new.biometrics.name().into(),
        new.taken_at.into(),
        new.decided_by.as_deref().into(),
        new.decided_at.into(),
        new.words.as_deref().into(),
    ];
    Ok(tx.execute(UPDATE, &args)? == 1)
}

fn application_of(row: &Row) -> Result<Application, TxError> {
    let (state, biometrics): (String, String) = (row.get(2)?, row.get(10)?);
    Ok(Application {
        id: row.get(0)?,
        reference: row.get(1)?,
        state: State::named(&state).ok_or_else(|| TxError::Type("state of an application".to_owned()))?,
        evidence: row.get(3)?,
        paper: row.get(4)?,
        introduction: row.get(5)?,
        fields: parsed(&row.get::<String>(6)?)?,
        person: row.get(7)?,
        exceptions: parsed(&row.get::<String>(8)?)?,
        agreed_by: row.get(9)?,
        biometrics: Biometrics::named(&biometrics)
            .ok_or_else(|| TxError::Type("biometrics of an application".to_owned()))?,
        officer: row.get(11)?,
        institution: row.get(12)?,
        taken_at: row.get(13)?,
        decided_by: row.get(14)?,
        decided_at: row.get(15)?,
        words: row.get(16)?,
        packet: row.get(17)?,
        revision: row.get(18)?,
    })
}

pub(crate) fn application(tx: &mut dyn Tx, id: ApplicationId) -> Result<Option<Application>, TxError> {
    tx.first(ONE, &[id.into()])?.map(|row| application_of(&row)).transpose()
}

pub(crate) fn by_reference(tx: &mut dyn Tx, reference: &str) -> Result<Option<ApplicationId>, TxError> {
    tx.first(BY_REFERENCE, &[reference.into()])?.map(|row| row.get(0)).transpose()
}

pub(crate) fn in_state(tx: &mut dyn Tx, state: State, limit: i64) -> Result<Vec<Application>, TxError> {
    tx.query(IN_STATE, &[state.name().into(), limit.into()])?.iter().map(application_of).collect()
}

/// Whether another application of the same person is open.
pub(crate) fn is_open_twice(tx: &mut dyn Tx, person: &str, id: ApplicationId) -> Result<bool, TxError> {
    Ok(tx.first(OPEN_OF_PERSON, &[person.into(), id.into()])?.is_some())
}

pub(crate) fn insert_alike(tx: &mut dyn Tx, id: ApplicationId, alike: &Alike) -> Result<(), TxError> {
    let args = [
        id.into(),
        alike.source.name().into(),
        alike.candidate.as_str().into(),
        alike.rule.as_str().into(),
        alike.score.into(),
    ];
    tx.change(INSERT_ALIKE, &args)
}

/// Forgets candidates nobody judged, but those the ABIS found.
pub(crate) fn forget_open(tx: &mut dyn Tx, id: ApplicationId) -> Result<(), TxError> {
    tx.change(FORGET_OPEN, &[id.into()])
}

pub(crate) fn alikes(tx: &mut dyn Tx, id: ApplicationId) -> Result<Vec<Alike>, TxError> {
    let wrong = || TxError::Type("likeness of an application".to_owned());
    let read = |row: &Row| {
        Ok(Alike {
            source: Source::named(&row.get::<String>(0)?).ok_or_else(wrong)?,
            candidate: row.get(1)?,
            rule: row.get(2)?,
            score: row.get(3)?,
            verdict: Verdict::parse(&row.get::<String>(4)?).ok_or_else(wrong)?,
        })
    };
    tx.query(ALIKES, &[id.into()])?.iter().map(read).collect()
}

/// Writes a verdict on a candidate that is open; answers whether there was one.
pub(crate) fn judge(
    tx: &mut dyn Tx,
    id: ApplicationId,
    (source, candidate): (Source, &str),
    verdict: Verdict,
    by: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    let args = [id.into(), source.name().into(), candidate.into(), verdict.name().into(), by.into(), now.into()];
    tx.execute(JUDGE, &args).map(|count| count > 0)
}
