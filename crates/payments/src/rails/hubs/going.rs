//! Payments that go out through a hub, as its adapter moves them on.
//!
//! **Invariant:** a payment ends once, with what the hub itself said; while nothing certain is known it stays open, with its money
//! held, and is on the treasury's desk.

use spine::{Cx, Fault};

use super::{act, speaking, stated};
use crate::gateway::receive::code;
use crate::rails::payout::outcome::{self, Heard};
use crate::rails::payout::{Disbursement, DisbursementId, DisbursementState, Rails};
use crate::rows::disbursements as rows;

/// The job that hands a payment to a hub; its adapter handles it. Its body is `{"disbursement"}`.
pub const PUSH: &str = "payments.disbursement.hub";

/// How a payment ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The payee has it.
    Paid {
        /// What the hub calls the transfer.
        reference: String,
    },
    /// She will not get it.
    Failed {
        /// Why, as a code.
        reason: String,
    },
}

/// A payment through this hub, as it stands.
///
/// # Errors
/// `payments.hub.unknown`, `payments.disbursement.unknown`; a refusal; the store's faults.
pub fn going(cx: &mut Cx<'_>, rails: &Rails, hub: &str, id: DisbursementId) -> Result<Disbursement, Fault> {
    let hub = speaking(cx, rails, hub)?;
    let known = rows::find(cx.tx(), id)?.filter(|known| known.rail == hub.account());
    known.ok_or_else(|| Fault::not_found("payments.disbursement.unknown"))
}

/// The hub knows of it, or may know.
///
/// # Errors
/// As [`going`].
pub fn sent(cx: &mut Cx<'_>, rails: &Rails, hub: &str, id: DisbursementId, reference: &str) -> Result<(), Fault> {
    let known = going(cx, rails, hub, id)?;
    if known.state == DisbursementState::Made {
        rows::set(cx.tx(), id, DisbursementState::Sent, None, Some(reference), None)?;
        cx.record(outcome::act("payments.disbursement.sent", &known).with("sure", false));
    }
    Ok(())
}

/// The hub said how it ended. Answers whether that was news.
///
/// # Errors
/// As [`going`]; the ledger's faults.
pub fn ended(cx: &mut Cx<'_>, rails: &Rails, hub: &str, id: DisbursementId, end: &Ended) -> Result<bool, Fault> {
    let known = going(cx, rails, hub, id)?;
    match end {
        Ended::Failed { reason } => outcome::heard(cx, &known, &Heard::Failed { reason: &code(Some(reason)) }),
        Ended::Paid { reference } => {
            let news = outcome::heard(cx, &known, &Heard::Paid { reference, amount: known.amount })?;
            if news {
                let hub = speaking(cx, rails, hub)?;
                stated(cx, rails, hub, (reference, false, known.amount), Some(id.to_string()))?;
                cx.record(act("payments.hub.went", hub, known.amount).with("reference", reference.as_str()));
            }
            Ok(news)
        }
    }
}
