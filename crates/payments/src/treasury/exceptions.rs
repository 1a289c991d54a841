//! Exceptions as cases: an officer takes one over, finds out, and says why.
//!
//! **Invariant:** whoever explains is on record, with a reason of the list; the money is moved elsewhere, by its own act.

use spine::{Act, Cx, Fault, Resource};

use super::{Exception, ExceptionId, ExceptionState, REASONS};
use crate::rows::treasury as rows;

/// The longest note.
const NOTE: usize = 300;

fn open(cx: &mut Cx<'_>, id: ExceptionId) -> Result<Exception, Fault> {
    cx.may("payments.exception.settle", &Resource::new("Exception", id))?;
    let known = rows::exception(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.exception.unknown"))?;
    if known.state == ExceptionState::Open { Ok(known) } else { Err(Fault::conflict("payments.exception.settled")) }
}

fn act(kind: &'static str, of: &Exception) -> Act {
    let act = Act::new(kind).on(of.id).because("reconciliation", "contract");
    act.with("rail", of.rail.as_str()).with("kind", of.kind.code())
}

/// The officer finds out about it from now on; taken over from another if need be.
///
/// # Errors
/// `payments.exception.{unknown,settled}`; a refusal; the store's faults.
pub fn take_over(cx: &mut Cx<'_>, id: ExceptionId) -> Result<(), Fault> {
    let known = open(cx, id)?;
    let own = cx.actor().id.clone();
    rows::set_owner(cx.tx(), id, &own)?;
    cx.record(act("payments.exception.taken", &known));
    Ok(())
}

/// The officer has found out: a reason of [`REASONS`] and a note of up to 300 characters.
///
/// # Errors
/// `payments.exception.{unknown,settled,reason,note}`; a refusal; the store's faults.
pub fn explain(cx: &mut Cx<'_>, id: ExceptionId, reason: &str, note: &str) -> Result<(), Fault> {
    let known = open(cx, id)?;
    let note = note.trim();
    if !REASONS.contains(&reason) {
        return Err(Fault::invalid("payments.exception.reason")
            .field("reason", spine::Text::new("fault.payments.exception.reason")));
    }
    if !(3..=NOTE).contains(&note.chars().count()) || note.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(
            Fault::invalid("payments.exception.note").field("note", spine::Text::new("fault.payments.exception.note"))
        );
    }
    let (own, now) = (cx.actor().id.clone(), cx.now());
    rows::explain(cx.tx(), id, (&own, reason, note), now)?;
    let all = rows::exceptions_of(cx.tx(), &known.rail, known.day)?;
    let open = all.iter().filter(|one| one.state == ExceptionState::Open).count();
    rows::set_open(cx.tx(), &known.rail, known.day, i64::try_from(open).unwrap_or(i64::MAX))?;
    cx.record(act("payments.exception.explained", &known).with("reason", reason));
    Ok(())
}
