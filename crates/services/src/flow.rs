//! How a case goes on: from one step of its pack to the next.
//!
//! **Invariant:** which steps there are follows from the facts of the case alone, so it can be worked out again. A case
//! waits in one step at a time: for money, for an officer, or for the applicant.

use serde_json::Value as Json;
use spine::{Cx, Fault};

use crate::model::{Case, CaseState, Task};
use crate::pack::{Step, StepKind};
use crate::service::later;
use crate::{Services, issue, rows, tell};

/// Days within which a fee can be paid.
const PAY_DAYS: i64 = 14;

/// Goes on from the step the case is in, until something has to be waited for. The caller keeps the case.
pub(crate) fn advance(cx: &mut Cx<'_>, services: &Services, case: &mut Case) -> Result<(), Fault> {
    let service = std::sync::Arc::clone(services.catalogue().version(&case.service, &case.version)?);
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, services.today(cx));
    let steps = service.steps(&facts)?;
    let done = case.step.as_ref().and_then(|at| steps.iter().position(|step| step.id.get_ref() == at));
    for step in steps.iter().skip(done.map_or(0, |place| place + 1)) {
        case.step = Some(step.id.get_ref().clone());
        match step.kind {
            StepKind::Payment => {
                ask_for_money(cx, services, case)?;
                return tell::paying(cx, services, case);
            }
            StepKind::Task => {
                open_task(cx, services, case, step)?;
                return tell::received(cx, services, case);
            }
            StepKind::Issue => issue::issue(cx, services, &service, case, step)?,
        }
    }
    case.state = CaseState::Granted;
    case.ended_at = Some(cx.now());
    Ok(())
}

/// Makes a request to pay the case's fee.
pub(crate) fn ask_for_money(cx: &mut Cx<'_>, services: &Services, case: &mut Case) -> Result<(), Fault> {
    let service = services.catalogue().version(&case.service, &case.version)?;
    let account = service.pack.fees.first().map(|fee| fee.account.clone()).unwrap_or_default();
    let request = payments::NewRequest {
        payer: case.applicant.clone(),
        amount: services.money(case.fee_minor),
        account,
        reference: case.reference.clone(),
        description: service.pack.service.name.clone(),
        return_path: format!("/my/cases/{}", case.id),
        expires_at: cx.now().plus_seconds(PAY_DAYS * 86_400),
    };
    case.payment = Some(payments::request(cx, &request)?.to_string());
    case.state = CaseState::Paying;
    Ok(())
}

fn open_task(cx: &mut Cx<'_>, services: &Services, case: &mut Case, step: &Step) -> Result<(), Fault> {
    let today = services.today(cx);
    let due = step.sla.as_ref().and_then(|sla| later(today, sla.get_ref())).or(case.due_on).unwrap_or(today);
    let task = Task {
        id: cx.id(),
        case: case.id,
        step: step.id.get_ref().clone(),
        role: step.role.clone().unwrap_or_default(),
        state: "open".to_owned(),
        officer: None,
        made_at: cx.now(),
        due_on: due,
        outcome: None,
        reason: None,
        revision: 1,
    };
    rows::insert_task(cx.tx(), &task)?;
    case.state = CaseState::Examining;
    Ok(())
}

/// The name of a step in a message.
pub(crate) fn text<'a>(value: &'a Json, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Json::as_str)
}
