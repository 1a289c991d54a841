//! The account mapper: link, update, unlink, resolve.
//!
//! **Invariant:** a link that exists changes through the cooling-off, and its person is told; what cannot be done for one request
//! is told there and stops no other.

use serde_json::{Value, json};
use spine::{Cx, Fault};

use super::words::{self, done, requests, text};
use crate::engine::Grants;
use crate::mapper::{Chosen, choose, resolve, unlink as take_out};

/// `link` and `update`: an id gets an account.
pub(super) fn link(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let (asked, answers) = match message.get("update_request") {
        Some(_) => ("update_request", "update_response"),
        None => ("link_request", "link_response"),
    };
    let mut said = Vec::new();
    for one in requests(message, asked)? {
        let outcome = match (words::payee(text(one, "id")), words::account(grants, text(one, "fa"))) {
            (None, _) => Err("rjct.id.invalid"),
            (_, None) => Err("rjct.fa.invalid"),
            (Some(payee), Some(account)) => match choose(cx, grants, &payee, &account) {
                Ok(chosen) => Ok(linked(chosen)),
                Err(fault) => Err(words::reason(&fault).ok_or(fault)?),
            },
        };
        said.push(done(one, cx.now(), outcome));
    }
    Ok(json!({ "transaction_id": text(message, "transaction_id"), answers: said }))
}

fn linked(chosen: Chosen) -> Value {
    let waits = match chosen {
        Chosen::Waits(until) => json!([{ "name": "effective_at", "value": super::envelope::moment(until) }]),
        Chosen::Now | Chosen::Before => json!([]),
    };
    // Neither id nor account is said again: an answer that is kept for a repeat holds none.
    json!({ "additional_info": waits })
}

/// `unlink`: an id has no account any more.
pub(super) fn unlink(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let mut said = Vec::new();
    for one in requests(message, "unlink_request")? {
        let outcome = match words::payee(text(one, "id")) {
            None => Err("rjct.id.invalid"),
            Some(payee) => match take_out(cx, grants, &payee) {
                Ok(()) => Ok(json!({})),
                Err(fault) => Err(words::reason(&fault).ok_or(fault)?),
            },
        };
        said.push(done(one, cx.now(), outcome));
    }
    Ok(json!({ "transaction_id": text(message, "transaction_id"), "unlink_response": said }))
}

/// `resolve`: which account an id has; `details` tells it, `yes_no` says whether it is the one that was named.
pub(super) fn resolve_all(cx: &mut Cx<'_>, grants: &Grants, message: &Value) -> Result<Value, Fault> {
    let mut said = Vec::new();
    for one in requests(message, "resolve_request")? {
        let outcome = match words::payee(text(one, "id")) {
            None => Err("rjct.id.invalid"),
            Some(payee) => Ok(found(one, resolve(cx, grants, &payee)?.account.as_ref().map(words::address))),
        };
        said.push(done(one, cx.now(), outcome));
    }
    Ok(json!({ "transaction_id": text(message, "transaction_id"), "resolve_response": said }))
}

fn found(one: &Value, address: Option<String>) -> Value {
    let id = text(one, "id");
    let named = one.get("fa").and_then(Value::as_str);
    let code = match (&address, named) {
        (None, _) => "succ.id.not_found",
        (Some(own), Some(named)) if own != named => "succ.fa.not_linked_to_id",
        _ => "succ.id.active",
    };
    match address {
        Some(own) if text(one, "scope") == "details" => json!({ "id": id, "fa": own, "status_reason_code": code }),
        _ => json!({ "id": id, "status_reason_code": code }),
    }
}
