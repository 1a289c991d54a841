//! The hub's word on a transfer: how it ended, whichever way we hear it.
//!
//! **Invariant:** the booking of the money, the paying of the bill and the end of the transfer are one commit. A word that comes
//! again changes nothing; of two that contradict one another, the one that money moved is booked, and the treasury sees both.

use payments::Rails;
use payments::hubs::{self, Came, Ended};
use spine::{Act, Cx, Fault};

use super::model::{Incoming, IncomingState, Outgoing, Step};
use super::{going, may_hear};
use crate::rows::member as rows;

/// How long after a transfer's time a copy of it that is still on its way is certainly refused.
const MARGIN_SECONDS: i64 = 60;

/// What a hub says of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The money has moved, for ever.
    Committed,
    /// It has not, for ever; why, as a code.
    Aborted(String),
    /// The hub has never heard of it.
    Unknown,
}

/// Takes it. Answers whether there is such a transfer.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(super) fn hear(cx: &mut Cx<'_>, rails: &Rails, hub: &str, id: &str, word: &Word) -> Result<bool, Fault> {
    may_hear(cx, hub)?;
    if let Some(known) = rows::incoming(cx.tx(), hub, id)? {
        came(cx, rails, &known, word)?;
    } else if let Some(known) = rows::transferred(cx.tx(), hub, id)? {
        went(cx, rails, &known, word)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn came(cx: &mut Cx<'_>, rails: &Rails, known: &Incoming, word: &Word) -> Result<(), Fault> {
    use IncomingState::{Aborted, Committed, Reserved};
    let (state, kind) = match (known.state, word) {
        (Reserved, Word::Committed) => (Committed, "switch.member.received"),
        // The hub takes back that it was aborted: the money is there, so it is booked.
        (Aborted, Word::Committed) => (Committed, "switch.member.received_after_all"),
        (Reserved, Word::Aborted(_) | Word::Unknown) => (Aborted, "switch.member.not_received"),
        (Aborted, _) | (Committed, Word::Committed) => return Ok(()),
        (Committed, Word::Aborted(_) | Word::Unknown) => {
            tracing::warn!(hub = known.hub, transfer = known.id, "a hub takes back a transfer that it had committed");
            return Ok(());
        }
    };
    let now = cx.now();
    rows::end_incoming(cx.tx(), (&known.hub, &known.id), state, now)?;
    cx.record(act(kind, &known.id).with("amount_minor", known.amount.minor()));
    if state == Committed {
        let came = Came { reference: known.id.clone(), number: known.number.clone(), amount: known.amount };
        hubs::came(cx, rails, &known.hub, &came)?;
    }
    Ok(())
}

fn went(cx: &mut Cx<'_>, rails: &Rails, known: &Outgoing, word: &Word) -> Result<(), Fault> {
    let end = match word {
        Word::Committed => Ended::Paid { reference: known.transfer.clone() },
        Word::Aborted(reason) => Ended::Failed { reason: reason.clone() },
        // Not heard of yet is no answer: it is sent once more, under the same identifier, as long as it could still be taken.
        Word::Unknown if known.step != Step::Sent => return Ok(()),
        Word::Unknown => {
            let now = cx.now();
            let is_over = known.expires_at.is_some_and(|end| end.plus_seconds(MARGIN_SECONDS) < now);
            if !is_over {
                return going::on(cx, Outgoing { step: Step::Sending, ..known.clone() }, "switch.member.unheard");
            }
            Ended::Failed { reason: "expired".to_owned() }
        }
    };
    end_of(cx, rails, known, &end)
}

/// A payment of ours ended.
pub(super) fn end_of(cx: &mut Cx<'_>, rails: &Rails, known: &Outgoing, end: &Ended) -> Result<(), Fault> {
    if known.step != Step::Ended {
        let now = cx.now();
        rows::set_outgoing(cx.tx(), &Outgoing { step: Step::Ended, ..known.clone() }, Some(now))?;
        cx.record(act("switch.member.ended", &known.transfer));
    }
    hubs::ended(cx, rails, &known.hub, known.payment, end).map(|_| ())
}

pub(super) fn act(kind: &'static str, transfer: &str) -> Act {
    Act::new(kind).on(transfer).because("fspiop", "contract")
}
