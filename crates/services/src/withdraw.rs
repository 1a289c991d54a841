//! The applicant takes her case back.
//!
//! **Invariant:** possible until it is decided; what was asked of the wallet is called off, and money that arrives all
//! the same goes back (the payments engine sees to it). Of a fee that was paid goes back what the pack does not keep.

use spine::{Cx, Fault, Money};

use crate::answer::{keep, own};
use crate::model::{Case, CaseId, CaseState, Task};
use crate::start::act;
use crate::{Services, desk, rows, tell};

/// What of the fee goes back if the case is taken back now; none while nothing is paid.
///
/// # Errors
/// `services.withdrawal.kept` if the pack's rule gives no amount.
pub(crate) fn goes_back(cx: &Cx<'_>, services: &Services, case: &Case, tasks: &[Task]) -> Result<Option<Money>, Fault> {
    if case.receipt.is_none() || case.fee_minor == 0 {
        return Ok(None);
    }
    let service = services.catalogue().version(&case.service, &case.version)?;
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, services.today(cx));
    let begun = tasks.iter().any(|task| task.officer.is_some());
    let kept = service.kept(&facts, case.fee_minor, begun)?;
    Ok(Some(services.money(case.fee_minor - kept)))
}

/// Withdraws a case.
///
/// # Errors
/// `services.case.over` if it was decided or withdrawn already.
pub fn withdraw(cx: &mut Cx<'_>, services: &Services, id: CaseId) -> Result<(), Fault> {
    let mut case = own(cx, id, "services.case.withdraw")?;
    if case.state.is_final() {
        return Err(Fault::conflict("services.case.over"));
    }
    let payment = case.payment.as_ref().and_then(|id| id.parse().ok());
    let tasks = rows::tasks_of_case(cx.tx(), id)?;
    let back = goes_back(cx, services, &case, &tasks)?;
    match (payment, back) {
        (Some(payment), Some(back)) if back.minor() > 0 => drop(payments::give_back(cx, payment, back)?),
        (Some(payment), None) if case.state == CaseState::Paying => payments::withdraw(cx, payment)?,
        _ => {}
    }
    for mut task in tasks {
        if !matches!(task.state.as_str(), "done" | "dropped") {
            "dropped".clone_into(&mut task.state);
            desk::keep(cx, &task)?;
        }
    }
    let was_draft = case.state == CaseState::Draft;
    case.state = CaseState::Withdrawn;
    case.ended_at = Some(cx.now());
    keep(cx, &case)?;
    let deed = act("services.case.withdrawn", &case);
    cx.record(match back {
        Some(back) => deed.with("back_minor", back.minor()),
        None => deed,
    });
    if was_draft { Ok(()) } else { tell::withdrawn(cx, services, &case, back) }
}
