//! Money that goes back by hand: an officer says to which wallet or account, and it is paid out like any other payment.
//!
//! **Invariant:** one payment at a time gives it back, because its state says so; suspense is left when the rail says that the
//! money has arrived, and if it does not arrive it waits again.

use spine::{Act, Cx, Fault, Money, Resource};

use crate::gateway::arrive::{ArrivalId, ArrivalState, waiting};
use crate::gateway::give_back::gather;
use crate::gateway::model::{PaymentId, PaymentState, ReturnId, ReturnState};
use crate::gateway::receive::suspense;
use crate::gateway::request::found;
use crate::ledger::{AccountId, TransferId};
use crate::rails::payout::disburse::go;
use crate::rails::payout::{Destination, DisbursementId, NewDisbursement, Rails};
use crate::rows::{arrivals, requests, returns};

/// Sends money back that named no request.
///
/// # Errors
/// `payments.arrival.{unknown,settled}`; as [`crate::disburse`].
pub fn send_back(cx: &mut Cx<'_>, rails: &Rails, id: ArrivalId, to: Destination) -> Result<DisbursementId, Fault> {
    let arrival = waiting(cx, id, "payments.arrival.return")?;
    let from = suspense(cx, arrival.amount.currency())?;
    let paid = pay(cx, rails, from, to, arrival.amount, id.to_string())?;
    arrivals::set(cx.tx(), id, ArrivalState::Returning, None, None)?;
    cx.record(Act::new("payments.arrival.returning").on(id).because("payment", "contract"));
    Ok(paid)
}

/// Sends money back that came for a request by a rail which takes none back itself.
///
/// # Errors
/// `payments.payment.{unknown,not_in_review}`; as [`crate::disburse`].
pub fn send_payment_back(
    cx: &mut Cx<'_>,
    rails: &Rails,
    id: PaymentId,
    to: Destination,
) -> Result<DisbursementId, Fault> {
    let known = requests::payment(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.payment.unknown"))?;
    cx.may("payments.payment.refund", &Resource::new("Payment", id).with("state", known.state.code()))?;
    if known.state != PaymentState::Review {
        return Err(Fault::conflict("payments.payment.not_in_review"));
    }
    let from = suspense(cx, known.amount.currency())?;
    let paid = pay(cx, rails, from, to, known.amount, id.to_string())?;
    let hold = TransferId::from_bytes(*paid.as_bytes());
    requests::set_payment_state(cx.tx(), id, PaymentState::Refunding, None, Some(hold))?;
    cx.record(Act::new("payments.payment.refunding").on(known.request).because("payment", "contract"));
    Ok(paid)
}

/// Sends a paid fee back that came by a rail which takes none back itself.
///
/// # Errors
/// `payments.return.{unknown,not_in_review}`; as [`crate::disburse`].
pub fn send_return(cx: &mut Cx<'_>, rails: &Rails, id: ReturnId, to: Destination) -> Result<DisbursementId, Fault> {
    let known = returns::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.return.unknown"))?;
    cx.may("payments.payment.refund", &Resource::new("Payment", known.payment).with("state", known.state.code()))?;
    if known.state != ReturnState::Review {
        return Err(Fault::conflict("payments.return.not_in_review"));
    }
    let request = found(cx, known.request)?;
    gather(cx, &request, &known)?;
    let paid = pay(cx, rails, request.account, to, known.amount, id.to_string())?;
    returns::set(cx.tx(), id, ReturnState::Going, None, None, None)?;
    cx.record(request.act("payments.return.going").with("return", id.to_string()));
    Ok(paid)
}

/// Pays it, as the officer's own act has been allowed; what it gives back is its reference.
fn pay(
    cx: &mut Cx<'_>,
    rails: &Rails,
    from: AccountId,
    to: Destination,
    amount: Money,
    reference: String,
) -> Result<DisbursementId, Fault> {
    let id = cx.id();
    go(cx, rails, &NewDisbursement { id, from, to, amount, reference })?;
    Ok(id)
}

/// A payment ended: if it gave something back, that has gone, or waits again.
pub(crate) fn ended(cx: &mut Cx<'_>, reference: &str, arrived: bool) -> Result<(), Fault> {
    let now = cx.now();
    if let Ok(id) = reference.parse::<ArrivalId>()
        && arrivals::find(cx.tx(), id)?.is_some()
    {
        let (state, at) = if arrived { (ArrivalState::Returned, Some(now)) } else { (ArrivalState::Waiting, None) };
        arrivals::set(cx.tx(), id, state, None, at)?;
    } else if let Ok(id) = reference.parse::<PaymentId>()
        && requests::payment(cx.tx(), id)?.is_some()
    {
        if arrived {
            requests::set_refunded(cx.tx(), id, reference, now)?;
        } else {
            requests::set_payment_state(cx.tx(), id, PaymentState::Review, Some("refund_refused"), None)?;
        }
    } else if let Ok(id) = reference.parse::<ReturnId>()
        && returns::find(cx.tx(), id)?.is_some()
    {
        let (state, at) = if arrived { (ReturnState::Done, Some(now)) } else { (ReturnState::Review, None) };
        returns::set(cx.tx(), id, state, None, Some(reference), at)?;
    }
    Ok(())
}
