//! Many transfers at once (API Definition §6.10): each is held for itself, the payee's institution is asked for all of them, and
//! answers for each.
//!
//! **Invariant:** a bulk is no more than its transfers: each stands for itself, is in one window, and ends once. What the payer is
//! told of a bulk is read from its transfers, and not from what the payee said.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use journal::Key;
use payments::ledger::{self, Step};
use serde_json::{Value, json};
use spine::{Act, Cx, Fault, Resource, Timestamp};

use super::Post;
use super::prepare::Prepare;
use super::tell::moment;
use crate::Switch;
use crate::fspiop::error::{CLIENT, MISSING, MODIFIED, NOT_FOUND, Refused, SYNTAX, VALIDATION};
use crate::fspiop::headers::Verb;
use crate::fspiop::ilp;
use crate::fspiop::incoming::Incoming;
use crate::fspiop::transfers::{amount, identifier};
use crate::letter::{Kept, Letter, in_order, keep};
use crate::model::{Bulk, Transfer, TransferState};
use crate::rows::{settlement, transfers as rows};

/// At most so many transfers in one bulk.
const AT_ONCE: usize = 1000;

fn own(hub: &str, to: &str, version: &str, path: String, body: &Value) -> Letter {
    Letter::own(hub, to, Verb::Put, path, ("bulkTransfers", version), body)
}

fn refused(hub: &str, to: &str, version: &str, id: &str, refused: &Refused) -> Letter {
    own(hub, to, version, format!("/bulkTransfers/{id}/error"), &refused.body())
}

/// `POST /bulkTransfers`.
///
/// # Errors
/// What is wrong with the request itself.
pub(crate) async fn ask(switch: &Switch, message: Incoming) -> Result<StatusCode, Refused> {
    let (bulk, asked) = read(switch, &message)?;
    let (acts, hub) = (&switch.inner.acts, switch.inner.hub.clone());
    let (one, version) = (bulk.clone(), message.head.version.clone());
    let post = acts.write(&message.caller, &Key::none(), move |cx| begin(cx, &one, &hub, &version)).await?;
    if let Some(post) = post {
        switch.inner.courier.post(post);
        return Ok(StatusCode::ACCEPTED);
    }
    for one in asked {
        switch.prepare(&message.caller, one).await?;
    }
    let (hub, body) = (switch.inner.hub.clone(), message.body.clone());
    let forward = Letter::forwarded(&message.head, &bulk.payee, Verb::Post, &message.path, &message.text);
    let version = message.head.version.clone();
    let hand_on = move |cx: &mut Cx<'_>| hand_on(cx, &bulk, &forward, &body, (&hub, &version));
    let post = acts.write(&message.caller, &Key::none(), hand_on).await?;
    switch.inner.courier.post(post);
    Ok(StatusCode::ACCEPTED)
}

fn read(switch: &Switch, message: &Incoming) -> Result<(Bulk, Vec<Prepare>), Refused> {
    let id = identifier(message.needed("/bulkTransferId")?)?;
    let (payer, payee) = (message.needed("/payerFsp")?.to_owned(), message.needed("/payeeFsp")?.to_owned());
    if payer != message.head.source {
        return Err(Refused::new(VALIDATION, "FSPIOP-Source is not the payer FSP"));
    }
    let expires_at = Timestamp::parse(message.needed("/expiration")?);
    let expires_at = expires_at.map_err(|_| Refused::new(SYNTAX, "expiration"))?;
    let list = message.body.get("individualTransfers").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty()).ok_or_else(|| Refused::new(MISSING, "individualTransfers"))?;
    if list.len() > AT_ONCE {
        return Err(Refused::new(SYNTAX, format!("more than {AT_ONCE} transfers")));
    }
    let mut asked = Vec::with_capacity(list.len());
    for one in list {
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        let condition = text("condition").filter(|condition| ilp::is_condition(condition));
        asked.push(Prepare {
            id: identifier(text("transferId").ok_or_else(|| Refused::new(MISSING, "transferId"))?)?,
            payer: payer.clone(),
            payee: payee.clone(),
            amount: amount(one.get("transferAmount"))?,
            condition: condition.ok_or_else(|| Refused::new(SYNTAX, "condition"))?.to_owned(),
            expires_at,
            hash: crypto::sha256(&[in_order(one).as_bytes()]),
            bulk: Some(id.clone()),
            version: message.head.version.clone(),
            forward: None,
        });
    }
    let (request_hash, prepared_at) = (message.hash().to_vec(), switch.inner.acts.now());
    let state = "ACCEPTED".to_owned();
    Ok((Bulk { id, payer, payee, request_hash, state, prepared_at, completed_at: None }, asked))
}

/// Keeps a new bulk; of one that is known says what is to be answered. One that was begun and not handed on goes on.
fn begin(cx: &mut Cx<'_>, new: &Bulk, hub: &str, version: &str) -> Result<Option<Post>, Fault> {
    let is_own = cx.actor().id == new.payer;
    cx.may("switch.transfer.prepare", &Resource::new("Transfer", "new").is("own", is_own))?;
    let Some(known) = rows::bulk(cx.tx(), &new.id)? else {
        rows::insert_bulk(cx.tx(), new)?;
        cx.record(Act::new("switch.bulk.accepted").on(&new.id).because("fspiop", "switch"));
        return Ok(None);
    };
    if !crypto::constant_time_eq(&known.request_hash, &new.request_hash) || known.payer != new.payer {
        return Ok(Some(Post::passing(refused(hub, &new.payer, version, &new.id, &Refused::from(MODIFIED)))));
    }
    if known.state == "ACCEPTED" {
        return Ok(None);
    }
    let outcome = outcome(cx, &known)?;
    Ok(Some(Post::passing(own(hub, &new.payer, version, format!("/bulkTransfers/{}", new.id), &outcome))))
}

/// Asks the payee's institution for those that could be held; if there are none, the bulk is over.
fn hand_on(
    cx: &mut Cx<'_>,
    bulk: &Bulk,
    forward: &Letter,
    body: &Value,
    (hub, version): (&str, &str),
) -> Result<Post, Fault> {
    let is_own = cx.actor().id == bulk.payer;
    cx.may("switch.transfer.prepare", &Resource::new("Transfer", "new").is("own", is_own))?;
    let transfers = rows::of_bulk(cx.tx(), &bulk.id)?;
    let held: Vec<&str> =
        transfers.iter().filter(|one| one.state == TransferState::Reserved).map(|one| one.id.as_str()).collect();
    cx.record(Act::new("switch.bulk.asked").on(&bulk.id).with("transfers", held.len()));
    if held.is_empty() {
        let now = cx.now();
        rows::end_bulk(cx.tx(), &bulk.id, "COMPLETED", now)?;
        let outcome = outcome(cx, &Bulk { state: "COMPLETED".to_owned(), completed_at: Some(now), ..bulk.clone() })?;
        let letter = own(hub, &bulk.payer, version, format!("/bulkTransfers/{}", bulk.id), &outcome);
        return Ok(Post::kept(keep(cx, vec![letter])));
    }
    let list = body.get("individualTransfers").and_then(Value::as_array);
    let is_held = |one: &&Value| {
        let id = one.get("transferId").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        held.contains(&id.as_str())
    };
    let kept: Vec<&Value> = list.into_iter().flatten().filter(is_held).collect();
    let mut letter = forward.clone();
    if kept.len() < list.map_or(0, Vec::len) {
        // Another body than was signed: the hub says it.
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("individualTransfers".to_owned(), json!(kept));
        }
        let path = forward.path.clone();
        letter = Letter::own(hub, &bulk.payee, Verb::Post, path, ("bulkTransfers", version), &body);
    }
    Ok(Post::kept(keep(cx, vec![letter])))
}

/// How a bulk stands.
fn outcome(cx: &mut Cx<'_>, bulk: &Bulk) -> Result<Value, Fault> {
    let results: Vec<Value> = rows::of_bulk(cx.tx(), &bulk.id)?.iter().map(result).collect();
    let mut body = json!({ "bulkTransferState": bulk.state, "individualTransferResults": results });
    if let (Some(members), Some(at)) = (body.as_object_mut(), bulk.completed_at) {
        members.insert("completedTimestamp".to_owned(), json!(moment(at)));
    }
    Ok(body)
}

fn result(transfer: &Transfer) -> Value {
    let mut one = json!({ "transferId": transfer.id });
    if let Some(members) = one.as_object_mut() {
        let error = transfer.error.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(information) = error.as_ref().and_then(|error| error.get("errorInformation")) {
            members.insert("errorInformation".to_owned(), information.clone());
        } else if let Some(fulfilment) = &transfer.fulfilment {
            members.insert("fulfilment".to_owned(), json!(fulfilment));
        }
    }
    one
}

/// `PUT /bulkTransfers/{id}`.
///
/// # Errors
/// What is wrong with the answer itself.
pub(crate) async fn answer(switch: &Switch, message: Incoming, id: String) -> Result<StatusCode, Refused> {
    let results = message.body.get("individualTransferResults").and_then(Value::as_array);
    let results = results.ok_or_else(|| Refused::new(MISSING, "individualTransferResults"))?;
    let mut said = BTreeMap::new();
    for one in results.iter().take(AT_ONCE) {
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        let transfer = identifier(text("transferId").ok_or_else(|| Refused::new(MISSING, "transferId"))?)?;
        let outcome = match (text("fulfilment"), one.get("errorInformation")) {
            (Some(fulfilment), None) => Ok(fulfilment.to_owned()),
            (None, Some(information)) => Err(json!({ "errorInformation": information }).to_string()),
            _ => return Err(Refused::new(MISSING, "fulfilment or errorInformation")),
        };
        said.insert(transfer, outcome);
    }
    let (hub, version, hash) = (switch.inner.hub.clone(), message.head.version.clone(), message.hash());
    let write = move |cx: &mut Cx<'_>| end(cx, &id, &said, hash, (&hub, &version));
    let post = switch.inner.acts.post(&message.caller, &Key::none(), write).await?;
    switch.inner.courier.post(post);
    Ok(StatusCode::OK)
}

/// `PUT /bulkTransfers/{id}/error`.
///
/// # Errors
/// What is wrong with the answer itself.
pub(crate) async fn decline(switch: &Switch, message: Incoming, id: String) -> Result<StatusCode, Refused> {
    message.needed("/errorInformation/errorCode")?;
    let refused = Refused::new(CLIENT, message.needed("/errorInformation/errorDescription")?);
    let hub = switch.inner.hub.clone();
    let write = move |cx: &mut Cx<'_>| {
        let known = rows::bulk(cx.tx(), &id)?.ok_or_else(|| Fault::not_found("switch.transfer.unknown"))?;
        let is_own = known.payee == cx.actor().id;
        cx.may("switch.transfer.fulfil", &Resource::new("Transfer", &id).is("own", is_own))?;
        Ok(Post::kept(reject(cx, &id, &hub, &refused)?))
    };
    let post = switch.inner.acts.post(&message.caller, &Key::none(), write).await?;
    switch.inner.courier.post(post);
    Ok(StatusCode::OK)
}

type Said = BTreeMap<String, Result<String, String>>;

fn end(cx: &mut Cx<'_>, id: &str, said: &Said, hash: [u8; 32], (hub, version): (&str, &str)) -> Result<Post, Fault> {
    let known = rows::bulk(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.transfer.unknown"))?;
    let is_own = known.payee == cx.actor().id;
    cx.may("switch.transfer.fulfil", &Resource::new("Transfer", id).is("own", is_own))?;
    if known.state != "ACCEPTED" {
        return Ok(Post::default());
    }
    let window = settlement::open_window(cx.tx())?.ok_or_else(|| Fault::unavailable("switch.window.none"))?;
    let now = cx.now();
    let missing = Err(Refused::new(NOT_FOUND, "no answer for this transfer").body().to_string());
    let misfit = || Refused::new(VALIDATION, "invalid fulfilment").body().to_string();
    let late = |one: &Transfer| one.expires_at.is_some_and(|end| end <= now);
    let (mut batch, mut ended) = (Vec::new(), Vec::new());
    for one in rows::of_bulk(cx.tx(), id)? {
        let (TransferState::Reserved, Some(of)) = (one.state, one.hold) else { continue };
        let fulfilment = match said.get(&one.id).unwrap_or(&missing) {
            Ok(_) if late(&one) => Err(Refused::from(crate::fspiop::error::EXPIRED).body().to_string()),
            Ok(given) if one.condition.as_deref().is_some_and(|condition| ilp::fulfils(given, condition)) => {
                Ok(given.clone())
            }
            Ok(_) => Err(misfit()),
            Err(error) => Err(error.clone()),
        };
        let committed = fulfilment.is_ok();
        let step = if committed { Step::Post { of, amount: None } } else { Step::Void { of } };
        batch.push(ledger::Transfer { id: cx.id(), step, reference: one.id.clone() });
        let state = if committed { TransferState::Committed } else { TransferState::Aborted };
        ended.push(Transfer {
            state,
            error: fulfilment.as_ref().err().cloned(),
            fulfilment: fulfilment.ok(),
            answer_hash: Some(hash.to_vec()),
            window: committed.then_some(window),
            completed_at: Some(now),
            ..one
        });
    }
    ledger::book(cx, &batch)?;
    for one in &ended {
        rows::end(cx.tx(), one)?;
    }
    rows::end_bulk(cx.tx(), id, "COMPLETED", now)?;
    let committed = ended.iter().filter(|one| one.state == TransferState::Committed).count();
    cx.record(Act::new("switch.bulk.completed").on(id).because("fspiop", "switch").with("committed", committed));
    let done = Bulk { state: "COMPLETED".to_owned(), completed_at: Some(now), ..known };
    let outcome = outcome(cx, &done)?;
    let letter = own(hub, &done.payer, version, format!("/bulkTransfers/{id}"), &outcome);
    Ok(Post::kept(keep(cx, vec![letter])))
}

/// Gives up what of a bulk is still held, and tells both institutions why.
pub(super) fn reject(cx: &mut Cx<'_>, id: &str, hub: &str, why: &Refused) -> Result<Vec<Kept>, Fault> {
    let Some(known) = rows::bulk(cx.tx(), id)?.filter(|known| known.state == "ACCEPTED") else { return Ok(Vec::new()) };
    let now = cx.now();
    let (mut batch, mut ended) = (Vec::new(), Vec::new());
    for one in rows::of_bulk(cx.tx(), id)? {
        let (TransferState::Reserved, Some(of)) = (one.state, one.hold) else { continue };
        batch.push(ledger::Transfer { id: cx.id(), step: Step::Void { of }, reference: one.id.clone() });
        let (state, error) = (TransferState::Aborted, Some(why.body().to_string()));
        ended.push(Transfer { state, error, completed_at: Some(now), ..one });
    }
    ledger::book(cx, &batch)?;
    for one in &ended {
        rows::end(cx.tx(), one)?;
    }
    rows::end_bulk(cx.tx(), id, "REJECTED", now)?;
    cx.record(Act::new("switch.bulk.rejected").on(id).because("fspiop", "switch"));
    let letters = vec![refused(hub, &known.payer, "1.1", id, why), refused(hub, &known.payee, "1.1", id, why)];
    Ok(keep(cx, letters))
}

/// `GET /bulkTransfers/{id}`.
///
/// # Errors
/// The store's faults.
pub(crate) async fn look(switch: &Switch, message: Incoming, id: String) -> Result<StatusCode, Refused> {
    let (hub, from, version) = (switch.inner.hub.clone(), message.head.source.clone(), message.head.version.clone());
    let read = move |cx: &mut Cx<'_>| {
        let known = rows::bulk(cx.tx(), &id)?.filter(|known| known.payer == from || known.payee == from);
        let Some(known) = known else { return Ok(refused(&hub, &from, &version, &id, &Refused::from(NOT_FOUND))) };
        let outcome = outcome(cx, &known)?;
        Ok(own(&hub, &from, &version, format!("/bulkTransfers/{id}"), &outcome))
    };
    let letter = switch.inner.acts.read(&message.caller, read).await?;
    switch.inner.courier.pass(letter, None);
    Ok(StatusCode::ACCEPTED)
}
