//! `/participants` and `/parties`: whose customer somebody is, and who she is.

use axum::http::StatusCode;
use journal::Key;
use serde_json::{Value, json};
use spine::{Currency, Cx, Fault};

use super::error::{ADD_PARTY, MISSING, PARTY, Refused, SYNTAX, URI, VALIDATION};
use super::headers::{Verb, is_name};
use super::incoming::Incoming;
use crate::Switch;
use crate::directory::{self, AT_ONCE, Alias};

/// An alias in an address, and whether the address ends in `error`.
fn alias(rest: &[&str]) -> Option<Result<(Alias, bool), Refused>> {
    let (parts, is_error) = match rest {
        [parts @ .., "error"] if parts.len() >= 2 => (parts, true),
        parts => (parts, false),
    };
    let (kind, identifier, sub_id) = match parts {
        [kind, identifier] => (kind, identifier, None),
        [kind, identifier, sub_id] => (kind, identifier, Some(*sub_id)),
        _ => return None,
    };
    let alias = Alias::new(kind, identifier, sub_id);
    Some(alias.map(|alias| (alias, is_error)).ok_or_else(|| Refused::new(VALIDATION, "party identifier type")))
}

fn currency(text: Option<&str>) -> Result<String, Refused> {
    match text {
        None => Ok(String::new()),
        Some(code) => Currency::parse(code).map(String::from).map_err(|_| Refused::new(SYNTAX, "currency")),
    }
}

fn asked_currency(query: Option<&str>) -> Result<String, Refused> {
    currency(query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("currency="))))
}

/// `/participants…`.
///
/// # Errors
/// What is wrong with the request itself.
pub(crate) async fn participants(
    switch: &Switch,
    message: Incoming,
    rest: &[&str],
    query: Option<&str>,
) -> Result<StatusCode, Refused> {
    match (message.verb, rest) {
        (Verb::Post, []) => return register_many(switch, message).await,
        // What other directories answer; ours is the only one here.
        (Verb::Put, [_] | [_, "error"]) => return Ok(StatusCode::OK),
        _ => {}
    }
    let (alias, is_error) = alias(rest).ok_or_else(|| Refused::from(URI).status(StatusCode::NOT_FOUND))??;
    match (message.verb, is_error) {
        (Verb::Put, _) => {
            let away = message.head.destination.is_some();
            if away { switch.answer(&message) } else { Ok(StatusCode::OK) }
        }
        (Verb::Post, false) => register(switch, message, &alias).await,
        (Verb::Get, false) => {
            let owner = switch.owner(&message, &alias, asked_currency(query)?).await?;
            let found = owner.filter(|owner| switch.inner.registry.find(owner).is_some_and(|known| known.active));
            switch.tell(&message, &alias, found.map(|fsp| json!({ "fspId": fsp })).ok_or(Refused::from(PARTY)));
            Ok(StatusCode::ACCEPTED)
        }
        (Verb::Delete, false) => {
            let (owner, hash) = (message.head.source.clone(), alias.hash(switch.inner.secret.reveal()));
            let remove = move |cx: &mut Cx<'_>| directory::remove(cx, &owner, &hash);
            let gone = switch.inner.acts.write(&message.caller, &Key::none(), remove).await?;
            let told = if gone { Ok(json!({ "fspId": message.head.source })) } else { Err(Refused::from(PARTY)) };
            switch.tell(&message, &alias, told);
            Ok(StatusCode::ACCEPTED)
        }
        _ => Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    }
}

async fn register(switch: &Switch, message: Incoming, alias: &Alias) -> Result<StatusCode, Refused> {
    let owner = message.needed("/fspId")?.to_owned();
    let currency = currency(message.text_at("/currency"))?;
    let told = if owner == message.head.source {
        let hashes = vec![alias.hash(switch.inner.secret.reveal())];
        let body = json!({ "fspId": owner });
        let write = move |cx: &mut Cx<'_>| directory::register(cx, &owner, &hashes, &currency);
        switch.inner.acts.write(&message.caller, &Key::none(), write).await?;
        Ok(body)
    } else {
        Err(Refused::new(ADD_PARTY, "only its own customers"))
    };
    switch.tell(&message, alias, told);
    Ok(StatusCode::ACCEPTED)
}

async fn register_many(switch: &Switch, message: Incoming) -> Result<StatusCode, Refused> {
    let request = message.needed("/requestId")?.to_owned();
    let currency = currency(message.text_at("/currency"))?;
    let list = message.body.get("partyList").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty() && list.len() <= AT_ONCE);
    let list = list.ok_or_else(|| Refused::new(MISSING, "partyList"))?;
    let (mut hashes, mut answers) = (Vec::new(), Vec::new());
    for party in list {
        let own = party.get("fspId").and_then(Value::as_str) == Some(&message.head.source);
        let Some(alias) = Alias::read(party) else {
            return Err(Refused::new(SYNTAX, "partyList"));
        };
        let mut answer = json!({ "partyId": alias.body() });
        if own {
            hashes.push(alias.hash(switch.inner.secret.reveal()));
        } else if let Some(members) = answer.as_object_mut() {
            let refused = Refused::new(ADD_PARTY, "only its own customers");
            members.insert("errorInformation".to_owned(), json!(refused.information()));
        }
        answers.push(answer);
    }
    if !hashes.is_empty() {
        let (owner, in_currency) = (message.head.source.clone(), currency.clone());
        let write = move |cx: &mut Cx<'_>| directory::register(cx, &owner, &hashes, &in_currency);
        switch.inner.acts.write(&message.caller, &Key::none(), write).await?;
    }
    let mut body = json!({ "partyList": answers });
    if let (Some(members), false) = (body.as_object_mut(), currency.is_empty()) {
        members.insert("currency".to_owned(), json!(currency));
    }
    switch.say(&message.head.source, format!("/participants/{request}"), &message.head.version, &body);
    Ok(StatusCode::ACCEPTED)
}

/// `/parties…`.
///
/// # Errors
/// What is wrong with the request itself.
pub(crate) async fn parties(
    switch: &Switch,
    message: Incoming,
    rest: &[&str],
    query: Option<&str>,
) -> Result<StatusCode, Refused> {
    let (alias, is_error) = alias(rest).ok_or_else(|| Refused::from(URI).status(StatusCode::NOT_FOUND))??;
    match (message.verb, is_error) {
        (Verb::Put, false) => {
            if !message.body.get("party").is_some_and(Value::is_object) {
                return Err(Refused::new(MISSING, "party"));
            }
            switch.answer(&message)
        }
        (Verb::Put, true) => {
            message.needed("/errorInformation/errorDescription")?;
            switch.answer(&message)
        }
        (Verb::Get, false) => {
            let named = message.head.destination.clone().filter(|name| is_name(name));
            let owner = match named {
                Some(named) => Some(named),
                None => switch.owner(&message, &alias, asked_currency(query)?).await?,
            };
            let error = format!("{}/error", alias.path("parties"));
            match owner {
                Some(owner) => switch.ask(&message, &owner, None, error),
                None => {
                    let (to, version) = (&message.head.source, &message.head.version);
                    switch.refuse_later(to, error, version, &Refused::from(PARTY));
                }
            }
            Ok(StatusCode::ACCEPTED)
        }
        _ => Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    }
}

impl Switch {
    async fn owner(&self, message: &Incoming, alias: &Alias, currency: String) -> Result<Option<String>, Fault> {
        let secret = self.inner.secret.reveal();
        // A business that is registered answers for every bill and user name under it (API Definition §7.5.6).
        let whole = (alias.kind == "BUSINESS" && alias.sub_id.is_some())
            .then(|| Alias { sub_id: None, ..alias.clone() }.hash(secret));
        let hash = alias.hash(secret);
        let find = move |cx: &mut Cx<'_>| {
            let found = directory::find(cx, &hash, &currency)?;
            match (found, whole) {
                (None, Some(whole)) => directory::find(cx, &whole, &currency),
                (found, _) => Ok(found),
            }
        };
        self.inner.acts.read(&message.caller, find).await
    }

    /// Tells a participant what came of its request about an alias.
    fn tell(&self, message: &Incoming, alias: &Alias, told: Result<Value, Refused>) {
        let (path, (to, version)) = (alias.path("participants"), (&message.head.source, &message.head.version));
        match told {
            Ok(body) => self.say(to, path, version, &body),
            Err(refused) => self.refuse_later(to, format!("{path}/error"), version, &refused),
        }
    }
}
