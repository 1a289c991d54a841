//! An officer decides: grant, and the case goes on; refuse, with a reason the applicant reads.
//!
//! **Invariant:** a refusal has a reason in words and a way to appeal; a decision is made once, by the officer who
//! claimed the task.

use spine::{Cx, Fault, Text};

use crate::answer;
use crate::desk::{deed, keep, mine};
use crate::model::{CaseState, TaskId};
use crate::{Services, flow, tell};

/// Longest reason, in letters.
const MAX_REASON: usize = 2_000;

/// What an officer decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Granted.
    Approve,
    /// Refused, with the reason the applicant reads.
    Refuse(String),
}

/// Decides a task.
///
/// # Errors
/// `services.task.reason` if a refusal has none; `services.task.not_yours`, `.over`, `.waiting`.
pub fn decide(cx: &mut Cx<'_>, services: &Services, id: TaskId, verdict: &Verdict) -> Result<CaseState, Fault> {
    let (mut task, mut case) = mine(cx, id, "services.task.decide")?;
    let service = std::sync::Arc::clone(services.catalogue().version(&case.service, &case.version)?);
    "done".clone_into(&mut task.state);
    case.decided_at = Some(cx.now());
    let because = (service.pack.service.purpose.clone(), service.legal_basis());
    match verdict {
        Verdict::Approve => {
            task.outcome = Some("approve".to_owned());
            cx.record(deed("services.case.approved", &task, &case).because(because.0, because.1));
            flow::advance(cx, services, &mut case)?;
        }
        Verdict::Refuse(reason) => {
            let reason = written(reason, "reason")?;
            task.outcome = Some("refuse".to_owned());
            task.reason = Some(reason.clone());
            case.reason = Some(reason);
            case.state = CaseState::Refused;
            case.ended_at = Some(cx.now());
            cx.record(deed("services.case.refused", &task, &case).because(because.0, because.1));
            tell::refused(cx, services, &case)?;
        }
    }
    keep(cx, &task)?;
    answer::keep(cx, &case)?;
    Ok(case.state)
}

/// A text somebody wrote, neither empty nor too long.
pub(crate) fn written(text: &str, field: &str) -> Result<String, Fault> {
    let text = text.trim();
    let fault = |key| Fault::invalid("services.task.reason").field(field, key);
    if text.is_empty() {
        return Err(fault(Text::new("services.answer.missing")));
    }
    if text.chars().count() > MAX_REASON {
        let count = i64::try_from(MAX_REASON).unwrap_or(i64::MAX);
        return Err(fault(Text::new("services.answer.long").with("count", count)));
    }
    Ok(text.to_owned())
}
