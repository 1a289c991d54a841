//! A payment of ours through a hub: whose customer is she, what does it cost, and the transfer; each a message and its callback.
//!
//! **Invariant:** until the transfer is sent, nothing can have been paid, so a no is a no; from then on only the hub says how it
//! ended (`ending.rs`). Steps go one way, and a callback for a step that is over changes nothing.

use payments::hubs::{Ended, Hub, PUSH, sent};
use payments::{Disbursement, DisbursementId, Rails};
use serde_json::json;
use spine::{Cx, Fault, Job, Money};

use super::ending::{act, end_of};
use super::may_hear;
use super::model::{Outgoing, Step};
use crate::fspiop::ilp;
use crate::fspiop::incoming::Incoming;
use crate::fspiop::transfers::{amount, expiration};
use crate::rows::member as rows;

/// How long a transfer of ours may take.
const TRANSFER_SECONDS: i64 = 60;
/// The longest packet that a payee's institution may give us (`IlpPacket`, API Definition §7.3.18).
const PACKET: usize = 32_768;

/// Begins with a payment that was asked for; one that has begun goes on where it is.
///
/// # Errors
/// A refusal; the store's faults.
pub(super) fn begin(cx: &mut Cx<'_>, hub: &str, of: &Disbursement, alias: [u8; 32]) -> Result<(), Fault> {
    may_hear(cx, hub)?;
    if rows::outgoing(cx.tx(), of.id)?.is_some() {
        return Ok(());
    }
    let mut quote = [0; 16];
    quote.copy_from_slice(crypto::sha256(&[b"letsema/fspiop/quote/v1\0", of.id.as_bytes()]).split_at(16).0);
    let new = Outgoing {
        payment: of.id,
        hub: hub.to_owned(),
        transfer: crate::uuid_of(*of.id.as_bytes()),
        quote: crate::uuid_of(quote),
        alias: alias.to_vec(),
        step: Step::Looking,
        payee: None,
        condition: None,
        packet: None,
        expires_at: None,
        made_at: cx.now(),
    };
    rows::insert_outgoing(cx.tx(), &new)?;
    next(cx, &new);
    cx.record(act("switch.member.begun", &new.transfer).with("payment", of.id.to_string()));
    Ok(())
}

/// Leaves the next step to a worker.
fn next(cx: &mut Cx<'_>, of: &Outgoing) {
    cx.enqueue(Job::new(PUSH, json!({ "disbursement": of.payment, "step": of.step })));
}

/// Goes on to another step.
pub(super) fn on(cx: &mut Cx<'_>, of: Outgoing, kind: &'static str) -> Result<(), Fault> {
    rows::set_outgoing(cx.tx(), &of, None)?;
    next(cx, &of);
    cx.record(act(kind, &of.transfer));
    Ok(())
}

/// The hub found whose customer somebody is: all payments that waited for it go on.
///
/// # Errors
/// A refusal; the store's faults.
pub(super) fn found(cx: &mut Cx<'_>, hub: &str, alias: &[u8; 32], payee: &str) -> Result<(), Fault> {
    may_hear(cx, hub)?;
    for known in rows::looking(cx.tx(), hub, alias)? {
        on(cx, Outgoing { step: Step::Quoting, payee: Some(payee.to_owned()), ..known }, "switch.member.found")?;
    }
    Ok(())
}

/// The hub found nobody.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(super) fn not_found(
    cx: &mut Cx<'_>,
    rails: &Rails,
    hub: &str,
    alias: &[u8; 32],
    reason: &str,
) -> Result<(), Fault> {
    may_hear(cx, hub)?;
    for known in rows::looking(cx.tx(), hub, alias)? {
        end_of(cx, rails, &known, &Ended::Failed { reason: reason.to_owned() })?;
    }
    Ok(())
}

/// What the payee's institution says a payment costs.
#[derive(Clone, Debug)]
pub(super) struct Quoted {
    amount: Money,
    /// What they keep of it, together.
    kept: i64,
    condition: String,
    packet: String,
}

impl Quoted {
    /// Reads `PUT /quotes/{id}`; none if it is no quote.
    pub(super) fn read(message: &Incoming, now: spine::Timestamp) -> Option<Self> {
        let money = |name: &str| message.body.get(name).map(|value| amount(Some(value)).ok());
        let (condition, packet) =
            (message.text_at("/condition")?.to_owned(), message.text_at("/ilpPacket")?.to_owned());
        let sound =
            packet.len() <= PACKET && crypto::from_base64url(&packet).is_some() && ilp::is_condition(&condition);
        let is_open = message.text_at("/expiration").is_none_or(|text| expiration(text).is_ok_and(|end| end > now));
        let whole = money("transferAmount")??;
        let kept = match money("payeeReceiveAmount") {
            Some(received) => {
                let received = received?;
                (received.currency() == whole.currency()).then(|| whole.minor().saturating_sub(received.minor()))?
            }
            // A fee of nothing is no amount, and is none.
            None => money("payeeFspFee").flatten().map_or(0, Money::minor),
        };
        (sound && is_open).then_some(Self { amount: whole, kept, condition, packet })
    }
}

/// The payee's institution has said what it costs.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(super) fn quoted(
    cx: &mut Cx<'_>,
    rails: &Rails,
    hub: &Hub,
    quote: &str,
    (from, quoted): (&str, Option<&Quoted>),
) -> Result<(), Fault> {
    may_hear(cx, &hub.id)?;
    let known = rows::quoted(cx.tx(), &hub.id, quote)?.filter(|known| known.step == Step::Quoting);
    let Some(known) = known.filter(|known| known.payee.as_deref() == Some(from)) else { return Ok(()) };
    let of = payments::hubs::going(cx, rails, &hub.id, known.payment)?;
    let failed = |reason: &str| Ended::Failed { reason: reason.to_owned() };
    match quoted {
        Some(quoted) if quoted.amount == of.amount && (0..=hub.most_fee.minor()).contains(&quoted.kept) => {
            let (condition, packet) = (Some(quoted.condition.clone()), Some(quoted.packet.clone()));
            on(cx, Outgoing { step: Step::Sending, condition, packet, ..known }, "switch.member.quoted")
        }
        Some(_) => end_of(cx, rails, &known, &failed("fee")),
        None => end_of(cx, rails, &known, &failed("quote")),
    }
}

/// The payee's institution, or the hub, will not quote.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(super) fn not_quoted(
    cx: &mut Cx<'_>,
    rails: &Rails,
    (hub, name): (&str, &str),
    quote: &str,
    (from, reason): (&str, &str),
) -> Result<(), Fault> {
    may_hear(cx, hub)?;
    let known = rows::quoted(cx.tx(), hub, quote)?.filter(|known| known.step == Step::Quoting);
    match known.filter(|known| from == name || known.payee.as_deref() == Some(from)) {
        Some(known) => end_of(cx, rails, &known, &Ended::Failed { reason: reason.to_owned() }),
        None => Ok(()),
    }
}

/// Nobody answered for so long that the payment is given up: nothing was sent yet.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(super) fn give_up(cx: &mut Cx<'_>, rails: &Rails, hub: &str, id: DisbursementId) -> Result<(), Fault> {
    may_hear(cx, hub)?;
    let known = rows::outgoing(cx.tx(), id)?.filter(|known| matches!(known.step, Step::Looking | Step::Quoting));
    known.map_or(Ok(()), |known| end_of(cx, rails, &known, &Ended::Failed { reason: "no_answer".to_owned() }))
}

/// Right before the transfer is sent: from now on the hub may know of it.
///
/// # Errors
/// A refusal; the store's faults.
pub(super) fn sending(
    cx: &mut Cx<'_>,
    rails: &Rails,
    hub: &str,
    id: DisbursementId,
) -> Result<Option<Outgoing>, Fault> {
    may_hear(cx, hub)?;
    let Some(known) = rows::outgoing(cx.tx(), id)?.filter(|known| known.step == Step::Sending) else { return Ok(None) };
    // Sent again it says the same, to the byte: the hub knows it by that.
    let expires_at = known.expires_at.unwrap_or_else(|| cx.now().plus_seconds(TRANSFER_SECONDS));
    let known = Outgoing { step: Step::Sent, expires_at: Some(expires_at), ..known };
    sent(cx, rails, hub, id, &known.transfer)?;
    on(cx, known.clone(), "switch.member.sent")?;
    Ok(Some(known))
}
