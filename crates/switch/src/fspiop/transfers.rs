//! `/transfers` and `/bulkTransfers`: what comes in is checked for form, an operation decides, the courier tells.

use axum::http::StatusCode;
use journal::Key;
use serde_json::Value;
use spine::{Cx, Fault, Timestamp};

use super::error::{CAP, EXPIRED, LIQUIDITY, MISSING, PAYEE_FSP, PAYER_FSP, Refused, SYNTAX, URI, VALIDATION};
use super::headers::{SIGNATURE, Verb};
use super::ilp;
use super::incoming::Incoming;
use crate::Switch;
use crate::amount::WireAmount;
use crate::letter::Letter;
use crate::transfers::bulk as many;
use crate::transfers::fulfil::{Answer, Says, answer, committed, look};
use crate::transfers::prepare::{Prepare, prepare, refuse};

/// The largest bulk transfer.
pub(crate) const BULK_BYTES: usize = 2 << 20;
/// A transfer may be asked to wait so long at most.
pub(crate) const LONGEST_SECONDS: i64 = 24 * 3_600;

/// `/transfers…`.
///
/// # Errors
/// What is wrong with the request itself.
pub(crate) async fn transfers(switch: &Switch, message: Incoming, rest: &[&str]) -> Result<StatusCode, Refused> {
    match (message.verb, rest) {
        (Verb::Post, []) => ask(switch, message).await,
        (Verb::Get, [id]) => {
            let (id, from, version) = (identifier(id)?, message.head.source.clone(), message.head.version.clone());
            let hub = switch.inner.hub.clone();
            let read = move |cx: &mut Cx<'_>| look(cx, &from, &version, &id, &hub);
            let letter = switch.inner.acts.read(&message.caller, read).await?;
            switch.inner.courier.pass(letter, None);
            Ok(StatusCode::ACCEPTED)
        }
        (Verb::Put, [id]) => {
            let says = fulfilled(&message)?;
            settle(switch, message, identifier(id)?, says).await
        }
        (Verb::Put, [id, "error"]) => {
            message.needed("/errorInformation/errorCode")?;
            message.needed("/errorInformation/errorDescription")?;
            let says = Says::Aborted(message.text.clone());
            settle(switch, message, identifier(id)?, says).await
        }
        _ => Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    }
}

/// A UUID in lower case (API Definition §7.3.16).
pub(crate) fn identifier(text: &str) -> Result<String, Refused> {
    let form = |(place, letter): (usize, u8)| match place {
        8 | 13 | 18 | 23 => letter == b'-',
        _ => letter.is_ascii_hexdigit(),
    };
    let sound = text.len() == 36 && text.bytes().enumerate().all(form);
    if sound { Ok(text.to_lowercase()) } else { Err(Refused::new(SYNTAX, "not a UUID")) }
}

/// A transfer as a body asks for it.
fn asked(message: &Incoming) -> Result<Prepare, Refused> {
    let id = identifier(message.needed("/transferId")?)?;
    let (payer, payee) = (message.needed("/payerFsp")?.to_owned(), message.needed("/payeeFsp")?.to_owned());
    let condition = message.needed("/condition")?.to_owned();
    message.needed("/ilpPacket")?;
    if !ilp::is_condition(&condition) {
        return Err(Refused::new(SYNTAX, "condition"));
    }
    if payer != message.head.source {
        return Err(Refused::new(VALIDATION, "FSPIOP-Source is not the payer FSP"));
    }
    let amount = amount(message.body.get("amount"))?;
    let expires_at = expiration(message.needed("/expiration")?)?;
    let forward = Some(Letter::forwarded(&message.head, &payee, Verb::Post, &message.path, &message.text));
    let version = message.head.version.clone();
    Ok(Prepare { id, payer, payee, amount, condition, expires_at, hash: message.hash(), bulk: None, version, forward })
}

pub(crate) fn amount(value: Option<&Value>) -> Result<spine::Money, Refused> {
    let wire = value.ok_or_else(|| Refused::new(MISSING, "amount"))?;
    let wire: WireAmount = serde_json::from_value(wire.clone()).map_err(|_| Refused::new(SYNTAX, "amount"))?;
    wire.read().ok_or_else(|| Refused::new(SYNTAX, "amount"))
}

pub(crate) fn expiration(text: &str) -> Result<Timestamp, Refused> {
    Timestamp::parse(text).map_err(|_| Refused::new(SYNTAX, "expiration"))
}

async fn ask(switch: &Switch, message: Incoming) -> Result<StatusCode, Refused> {
    let asked = asked(&message)?;
    if asked.expires_at > switch.inner.acts.now().plus_seconds(LONGEST_SECONDS) {
        return Err(Refused::new(VALIDATION, "expiration is more than a day away"));
    }
    let post = switch.prepare(&message.caller, asked).await?;
    switch.inner.courier.post(post);
    Ok(StatusCode::ACCEPTED)
}

impl Switch {
    /// Prepares a transfer, or keeps it as refused.
    ///
    /// # Errors
    /// Faults that say nothing about the transfer: it may be asked for again.
    pub(crate) async fn prepare(
        &self,
        caller: &spine::Caller,
        asked: Prepare,
    ) -> Result<crate::transfers::Post, Fault> {
        let (acts, hub) = (&self.inner.acts, self.inner.hub.clone());
        let mut tries = 0;
        loop {
            let (one, own) = (asked.clone(), hub.clone());
            let outcome = acts.post(caller, &Key::none(), move |cx| prepare(cx, &one, &own)).await;
            let fault = match outcome {
                Ok(post) => return Ok(post),
                Err(fault) => fault,
            };
            tries += 1;
            let Some(refused) = reason(&fault) else {
                // The same came twice at once, and the other was first: now it is known.
                if fault.code() == "store.row.duplicate" && tries < 3 {
                    continue;
                }
                return Err(fault);
            };
            let (one, own) = (asked.clone(), hub.clone());
            return acts.write(caller, &Key::none(), move |cx| refuse(cx, &one, &own, &refused)).await;
        }
    }
}

/// What of a fault is about the transfer itself, as the payer's institution hears it.
fn reason(fault: &Fault) -> Option<Refused> {
    let named = || match fault.text().arg("name") {
        Some(spine::Arg::Plain(name)) => name.clone(),
        _ => String::new(),
    };
    Some(match fault.code() {
        "payments.account.bound" => Refused::from(LIQUIDITY),
        "payments.account.full" => Refused::from(CAP),
        "payments.transfer.amount" => Refused::new(VALIDATION, "amount out of range"),
        "switch.transfer.expired" => Refused::from(EXPIRED),
        "switch.transfer.same" => Refused::new(VALIDATION, "payer FSP and payee FSP are the same"),
        "switch.transfer.payer" => Refused::from(PAYER_FSP),
        "switch.transfer.payee" => Refused::from(PAYEE_FSP),
        "switch.participant.inactive" => Refused::new(VALIDATION, format!("Participant {} is inactive", named())),
        "switch.account.inactive" => Refused::new(VALIDATION, format!("Participant {} account is inactive", named())),
        _ => return None,
    })
}

fn fulfilled(message: &Incoming) -> Result<Says, Refused> {
    let state = message.needed("/transferState")?;
    match state {
        "COMMITTED" | "RESERVED" => {
            let fulfilment = message.needed("/fulfilment")?.to_owned();
            Ok(Says::Fulfilled { fulfilment, reserved: state == "RESERVED" })
        }
        "ABORTED" => Ok(Says::Aborted(Refused::new(super::error::CLIENT, "aborted by payee FSP").body().to_string())),
        _ => Err(Refused::new(SYNTAX, "transferState")),
    }
}

async fn settle(switch: &Switch, message: Incoming, id: String, says: Says) -> Result<StatusCode, Refused> {
    let head = &message.head;
    let to = head.destination.clone().unwrap_or_default();
    let mut forward = Letter::forwarded(head, &to, Verb::Put, &message.path, &message.text);
    match &says {
        Says::Fulfilled { reserved: true, .. } => {
            // The payer hears COMMITTED, which the payee has not signed: so the hub says it.
            let body = committed(&message.body);
            let version = (message.path.split('/').nth(1).unwrap_or_default(), head.version.as_str());
            forward = Letter::own(&switch.inner.hub, &to, Verb::Put, message.path.clone(), version, &body);
        }
        Says::Aborted(body) if !message.path.ends_with("/error") => {
            forward.path = format!("{}/error", message.path);
            forward.headers.retain(|(name, _)| name != SIGNATURE);
            forward.body.clone_from(body);
        }
        _ => {}
    }
    let (hash, version) = (message.hash(), head.version.clone());
    let given = Answer { id, from: head.source.clone(), version, hash, says, forward };
    let hub = switch.inner.hub.clone();
    let write = move |cx: &mut Cx<'_>| answer(cx, &given, &hub);
    let post = switch.inner.acts.post(&message.caller, &Key::none(), write).await?;
    switch.inner.courier.post(post);
    Ok(StatusCode::OK)
}

/// `/bulkTransfers…`.
///
/// # Errors
/// What is wrong with the request itself.
pub(crate) async fn bulk(switch: &Switch, message: Incoming, rest: &[&str]) -> Result<StatusCode, Refused> {
    match (message.verb, rest) {
        (Verb::Post, []) => many::ask(switch, message).await,
        (Verb::Get, [id]) => many::look(switch, message, identifier(id)?).await,
        (Verb::Put, [id]) => many::answer(switch, message, identifier(id)?).await,
        (Verb::Put, [id, "error"]) => many::decline(switch, message, identifier(id)?).await,
        _ => Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    }
}
