//! Money that belongs to nothing goes back: held in suspense for the wallet, returned by a worker, posted
//! when the wallet says it has it.
//!
//! **Invariant:** one hold at a time for a payment; it is posted or voided once, and only with the state of
//! the payment.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Resource};

use crate::gateway::model::{Payment, PaymentId, PaymentState};
use crate::gateway::receive::{gives_back, rail_account, suspense};
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rows::requests as rows;

/// The job that hands money back to the wallet.
pub(crate) const REFUND: &str = "payments.wallet.refund";

fn found(cx: &mut Cx<'_>, id: PaymentId) -> Result<Payment, Fault> {
    rows::payment(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.payment.unknown"))
}

fn act(kind: &'static str, payment: &Payment) -> Act {
    let act = Act::new(kind).on(payment.request).because("payment", "contract");
    act.with("payment", payment.id.to_string()).with("amount_minor", payment.amount.minor())
}

/// An officer sends money that was under review back to where it came from.
///
/// # Errors
/// `payments.payment.unknown`; `payments.payment.not_in_review`; a refusal; the store's faults.
pub fn refund(cx: &mut Cx<'_>, id: PaymentId) -> Result<(), Fault> {
    let payment = found(cx, id)?;
    cx.may("payments.payment.refund", &Resource::new("Payment", id).with("state", payment.state.code()))?;
    if payment.state != PaymentState::Review {
        return Err(Fault::conflict("payments.payment.not_in_review"));
    }
    if !gives_back(&payment.wallet) {
        return Err(Fault::conflict("payments.payment.by_hand"));
    }
    start(cx, &payment)
}

/// Holds the money for the wallet, and leaves the return to a worker.
pub(crate) fn start(cx: &mut Cx<'_>, payment: &Payment) -> Result<(), Fault> {
    let debit = suspense(cx, payment.amount.currency())?;
    let credit = account_of(cx, &rail_account(&payment.wallet), payment.amount.currency())?;
    let hold: TransferId = cx.id();
    let step = Step::Hold { debit, credit, amount: payment.amount, expires_at: None };
    ledger::book(cx, &[Transfer { id: hold, step, reference: payment.id.to_string() }])?;
    rows::set_payment_state(cx.tx(), payment.id, PaymentState::Refunding, None, Some(hold))?;
    cx.enqueue(Job::new(REFUND, json!({ "payment": payment.id })));
    cx.record(act("payments.payment.refunding", payment));
    Ok(())
}

/// Ends a return: the wallet has the money (`reference` is what it calls the movement), or will not take it.
pub(crate) fn finish(cx: &mut Cx<'_>, id: PaymentId, reference: Option<&str>) -> Result<(), Fault> {
    let payment = found(cx, id)?;
    cx.may("payments.payment.move", &Resource::new("Payment", id))?;
    let (PaymentState::Refunding, Some(of)) = (payment.state, payment.hold) else { return Ok(()) };
    let (transfer, now): (TransferId, _) = (cx.id(), cx.now());
    let step = if reference.is_some() { Step::Post { of, amount: None } } else { Step::Void { of } };
    ledger::book(cx, &[Transfer { id: transfer, step, reference: payment.id.to_string() }])?;
    match reference {
        Some(reference) => {
            rows::set_refunded(cx.tx(), id, reference, now)?;
            cx.record(act("payments.payment.refunded", &payment));
        }
        None => {
            rows::set_payment_state(cx.tx(), id, PaymentState::Review, Some("refund_refused"), None)?;
            cx.record(act("payments.payment.refund_refused", &payment));
        }
    }
    Ok(())
}
