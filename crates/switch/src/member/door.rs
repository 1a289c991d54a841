//! What a hub tells us and asks of us: `/api/hubs/{hub}/…`, every resource of FSPIOP that a member has.
//!
//! **Invariant:** the walls stand as at the switch's own door: size, headers, signature, shape, and only then an operation. What is
//! answered with 202 or 200 is durable where it decides about money.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use edge::body_limit;
use journal::Key;
use payments::hubs::Hub;
use serde_json::{Value, json};
use spine::Cx;

use super::Member;
use super::ending::{Word, hear};
use super::going::{self, Quoted};
use super::wire::{HubLink, Saying};
use crate::directory::Alias;
use crate::fspiop::api::decode;
use crate::fspiop::error::{CLIENT, LARGE, QUOTE, Refused, SYNTAX, TRANSFER, URI, VALIDATION};
use crate::fspiop::headers::Verb;
use crate::fspiop::incoming::{Incoming, MESSAGE_BYTES};
use crate::fspiop::transfers::identifier;

pub(super) fn routes() -> Router<Member> {
    Router::new()
        .route("/api/hubs/keys", get(keys))
        .route("/api/hubs/{hub}/{*resource}", any(take).layer(body_limit(MESSAGE_BYTES)))
}

/// What we sign with, for the operators of hubs: a JSON Web Key Set in which `kid` is what we are called among the members.
async fn keys(State(member): State<Member>) -> Json<Value> {
    let named = |hub: &Hub| {
        let mut key = crypto::jose::jwk(&member.inner.key.public());
        if let Some(members) = key.as_object_mut() {
            members.insert("kid".to_owned(), json!(hub.member));
        }
        key
    };
    Json(json!({ "keys": member.inner.rails.hubs.connected().map(named).collect::<Vec<_>>() }))
}

async fn take(
    State(member): State<Member>,
    Path((id, _)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let path = uri.path().strip_prefix("/api/hubs/").and_then(|rest| rest.strip_prefix(id.as_str()));
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Refused::from(LARGE).status(StatusCode::PAYLOAD_TOO_LARGE).into_response();
        }
        Err(_) => return Refused::from(SYNTAX).into_response(),
    };
    let (Some((hub, link)), Some(path)) = (member.linked(&id), path) else { return unknown().into_response() };
    match dispatch(&member, hub, link, (&method, path), &headers, &body).await {
        Ok(status) => status.into_response(),
        Err(refused) => refused.into_response(),
    }
}

fn unknown() -> Refused {
    Refused::from(URI).status(StatusCode::NOT_FOUND)
}

async fn dispatch(
    member: &Member,
    hub: &Hub,
    link: &HubLink,
    (method, path): (&Method, &str),
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<StatusCode, Refused> {
    let decoded: Option<Vec<String>> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let decoded = decoded.ok_or_else(|| Refused::new(SYNTAX, "address"))?;
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let Some((resource, rest)) = parts.split_first() else { return Err(unknown()) };
    if !matches!(*resource, "participants" | "parties" | "quotes" | "transfers") {
        return Err(unknown());
    }
    let message = member.read(hub, link, (method, path, resource), headers, body)?;
    let own = member.clone();
    match (*resource, message.verb, rest) {
        // What came of entering our business into the directory; `Member::register` says it again when the program starts.
        ("participants", Verb::Put, _) => Ok(StatusCode::OK),
        ("parties", _, _) => parties(member, hub, link, message, rest).await,
        ("quotes", Verb::Post, []) => own.quote(hub, link, message).map(|()| StatusCode::ACCEPTED),
        ("quotes", Verb::Get, [id]) => {
            // They are kept nowhere: whoever has lost one asks for another.
            let (path, body) = (format!("/quotes/{}/error", identifier(id)?), Refused::from(QUOTE).body());
            let (to, version) = (Some(message.head.source.as_str()), message.head.version.as_str());
            own.say(hub, link, &Saying { verb: Verb::Put, path: &path, to, version, body: Some(&body) }).await;
            Ok(StatusCode::ACCEPTED)
        }
        ("quotes", Verb::Put, [id]) => quoted(member, hub, &message, identifier(id)?).await,
        ("quotes", Verb::Put, [id, "error"]) => not_quoted(member, hub, link, &message, identifier(id)?).await,
        ("transfers", Verb::Post, []) => own.transfer(hub, link, message).await.map(|()| StatusCode::ACCEPTED),
        ("transfers", Verb::Put | Verb::Patch, [id]) => {
            let word = state(&message)?;
            ended(member, hub, link, message, identifier(id)?, word).await
        }
        ("transfers", Verb::Put, [id, "error"]) => {
            let word = error(&message)?;
            ended(member, hub, link, message, identifier(id)?, word).await
        }
        _ => Err(unknown()),
    }
}

async fn parties(
    member: &Member,
    hub: &Hub,
    link: &HubLink,
    message: Incoming,
    rest: &[&str],
) -> Result<StatusCode, Refused> {
    let (rest, is_error) = match rest {
        [rest @ .., "error"] if rest.len() >= 2 => (rest, true),
        rest => (rest, false),
    };
    let alias = match rest {
        [kind, identifier] => Alias::new(kind, identifier, None),
        [kind, identifier, sub_id] => Alias::new(kind, identifier, Some(sub_id)),
        _ => return Err(unknown()),
    };
    let alias = alias.ok_or_else(|| Refused::new(VALIDATION, "party identifier type"))?;
    let (acts, caller) = (member.inner.acts.clone(), message.caller.clone());
    let (rails, id, hash) = (member.inner.rails.clone(), hub.id.clone(), alias.hash(&member.secret(&hub.id)));
    match (message.verb, is_error) {
        (Verb::Get, false) => {
            let (own, hub, link) = (member.clone(), hub.clone(), link.clone());
            tokio::spawn(async move { own.looked_up(&hub, &link, &message, &alias).await });
            return Ok(StatusCode::ACCEPTED);
        }
        (Verb::Put, false) => {
            let payee = message.needed("/party/partyIdInfo/fspId")?.to_owned();
            if payee != message.head.source {
                return Err(Refused::new(VALIDATION, "an institution answers for its own customers"));
            }
            acts.write(&caller, &Key::none(), move |cx: &mut Cx<'_>| going::found(cx, &id, &hash, &payee)).await?;
        }
        (Verb::Put, true) => {
            let code = message.needed("/errorInformation/errorCode")?;
            if let Some(reason) = reason(code).filter(|_| message.head.source == link.name) {
                let reason = if code == "3204" || code == "3200" { "unknown_number".to_owned() } else { reason };
                let write = move |cx: &mut Cx<'_>| going::not_found(cx, &rails, &id, &hash, &reason);
                acts.post(&caller, &Key::none(), write).await?;
            }
        }
        _ => return Err(unknown()),
    }
    Ok(StatusCode::OK)
}

async fn quoted(member: &Member, hub: &Hub, message: &Incoming, quote: String) -> Result<StatusCode, Refused> {
    let (acts, rails, hub) = (&member.inner.acts, member.inner.rails.clone(), hub.clone());
    let (from, said) = (message.head.source.clone(), Quoted::read(message, acts.now()));
    let write = move |cx: &mut Cx<'_>| going::quoted(cx, &rails, &hub, &quote, (&from, said.as_ref()));
    acts.post(&message.caller, &Key::none(), write).await?;
    Ok(StatusCode::OK)
}

async fn not_quoted(
    member: &Member,
    hub: &Hub,
    link: &HubLink,
    message: &Incoming,
    quote: String,
) -> Result<StatusCode, Refused> {
    let Some(reason) = reason(message.needed("/errorInformation/errorCode")?) else { return Ok(StatusCode::OK) };
    let (acts, rails) = (&member.inner.acts, member.inner.rails.clone());
    let (id, name, from) = (hub.id.clone(), link.name.clone(), message.head.source.clone());
    let write = move |cx: &mut Cx<'_>| going::not_quoted(cx, &rails, (&id, &name), &quote, (&from, &reason));
    acts.post(&message.caller, &Key::none(), write).await?;
    Ok(StatusCode::OK)
}

/// What a state says of a transfer, if it says how it ended.
fn state(message: &Incoming) -> Result<Option<Word>, Refused> {
    Ok(match message.needed("/transferState")? {
        "COMMITTED" => Some(Word::Committed),
        "ABORTED" => Some(Word::Aborted("aborted".to_owned())),
        "RECEIVED" | "RESERVED" => None,
        _ => return Err(Refused::new(SYNTAX, "transferState")),
    })
}

/// What an error says of a transfer; one that may pass says nothing.
fn error(message: &Incoming) -> Result<Option<Word>, Refused> {
    let code = message.needed("/errorInformation/errorCode")?;
    Ok(if code == TRANSFER.0 { Some(Word::Unknown) } else { reason(code).map(Word::Aborted) })
}

/// An error as a reason of ours, if it is for good: communication and server errors are not, and that the hub knows another
/// message under our identifier says nothing about it.
fn reason(code: &str) -> Option<String> {
    let fine = code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit());
    (fine && matches!(code.as_bytes().first(), Some(b'3'..=b'5')) && code != "3106").then(|| format!("hub_{code}"))
}

/// The hub's own word ends a transfer. Anybody else's makes us ask the hub.
async fn ended(
    member: &Member,
    hub: &Hub,
    link: &HubLink,
    message: Incoming,
    id: String,
    word: Option<Word>,
) -> Result<StatusCode, Refused> {
    if message.head.source != link.name {
        if message.verb == Verb::Patch {
            return Err(Refused::new(CLIENT, "only the hub says that").status(StatusCode::FORBIDDEN));
        }
        let (own, hub, link) = (member.clone(), hub.clone(), link.clone());
        tokio::spawn(async move { own.ask(&hub, &link, &id).await });
        return Ok(StatusCode::OK);
    }
    let Some(word) = word else { return Ok(StatusCode::OK) };
    let (rails, name) = (member.inner.rails.clone(), hub.id.clone());
    let write = move |cx: &mut Cx<'_>| hear(cx, &rails, &name, &id, &word);
    let is_known = member.inner.acts.post(&message.caller, &Key::none(), write).await?;
    if is_known { Ok(StatusCode::OK) } else { Err(Refused::from(TRANSFER).status(StatusCode::NOT_FOUND)) }
}
