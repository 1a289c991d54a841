//! The applicant takes her case back.
//!
//! **Invariant:** possible until it is decided; what was asked of the wallet is called off, and money that arrives all
//! the same goes back (the payments engine sees to it).

use spine::{Cx, Fault};

use crate::answer::{keep, own};
use crate::model::{CaseId, CaseState};
use crate::start::act;
use crate::{desk, rows};

/// Withdraws a case.
///
/// # Errors
/// `services.case.over` if it was decided or withdrawn already.
pub fn withdraw(cx: &mut Cx<'_>, id: CaseId) -> Result<(), Fault> {
    let mut case = own(cx, id, "services.case.withdraw")?;
    if case.state.is_final() {
        return Err(Fault::conflict("services.case.over"));
    }
    if case.state == CaseState::Paying
        && let Some(payment) = case.payment.as_ref().and_then(|id| id.parse().ok())
    {
        payments::withdraw(cx, payment)?;
    }
    for mut task in rows::tasks_of_case(cx.tx(), id)? {
        if !matches!(task.state.as_str(), "done" | "dropped") {
            "dropped".clone_into(&mut task.state);
            desk::keep(cx, &task)?;
        }
    }
    case.state = CaseState::Withdrawn;
    case.ended_at = Some(cx.now());
    keep(cx, &case)?;
    cx.record(act("services.case.withdrawn", &case));
    Ok(())
}
