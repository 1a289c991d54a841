//! G2P Connect 1.0.0: the account mapper (`/mapper/…`) and disbursements (`/disburse…`), each at once or with an answer later.
//!
//! **Invariant:** the same operations under another standard's words. A message is recognised by its `transaction_id`; what is
//! asked for later is done in the commit that takes it, kept under its correlation, and called back to the address the pack
//! gives for the sender, never to one the message names. Answers are signed.
//!
//! | file | its job |
//! |---|---|
//! | `envelope.rs` | header, signature, acknowledgement |
//! | `words.rs` | ids, financial addresses and reasons in the standard's words |
//! | `mapper.rs` | link, update, unlink, resolve |
//! | `disburse.rs` | disburse, search |
//! | `status.rs` | txn/status |
//! | `callback.rs` | `on-…`: the answer that is sent later |

pub(crate) mod callback;
mod disburse;
mod envelope;
mod mapper;
mod status;
mod words;

use axum::Router;
use axum::body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use edge::Visit;
use journal::Key;
use serde_json::Value;
use spine::{Caller, Cx, Fault, Job};

use envelope::{Asked, Wrong};

use crate::api::SCOPE;
use crate::engine::Grants;
use crate::rows::asked as rows;

/// Bytes of one message.
const BYTES: usize = 4 << 20;

/// What a door does with a message: its name with the standard, and the operation.
type Deed = fn(&mut Cx<'_>, &Grants, &Value) -> Result<Value, Fault>;

const DEEDS: [(&str, &str, Deed); 8] = [
    ("link", "/api/g2p/mapper/link", mapper::link),
    ("update", "/api/g2p/mapper/update", mapper::link),
    ("unlink", "/api/g2p/mapper/unlink", mapper::unlink),
    ("resolve", "/api/g2p/mapper/resolve", mapper::resolve_all),
    ("status", "/api/g2p/mapper/txn/status", status::status),
    ("disburse", "/api/g2p/disburse", disburse::disburse),
    ("search", "/api/g2p/disburse/search", disburse::search),
    ("status", "/api/g2p/disburse/txn/status", status::status),
];

pub(crate) fn routes() -> Router<Grants> {
    let later = DEEDS.into_iter().fold(Router::new(), |all, (action, path, deed)| {
        all.route(path, post(move |grants, visit, request| door(grants, visit, request, (action, deed), true)))
    });
    let at_once = [
        ("link", "/api/g2p/mapper/sync/link", mapper::link as Deed),
        ("update", "/api/g2p/mapper/sync/update", mapper::link),
        ("unlink", "/api/g2p/mapper/sync/unlink", mapper::unlink),
        ("resolve", "/api/g2p/mapper/sync/resolve", mapper::resolve_all),
        ("status", "/api/g2p/mapper/sync/txn/status", status::status),
        ("disburse", "/api/g2p/disburse/sync/disburse", disburse::disburse),
        ("search", "/api/g2p/disburse/sync/search", disburse::search),
        ("status", "/api/g2p/disburse/sync/txn/status", status::status),
    ];
    at_once.into_iter().fold(later, |all, (action, path, deed)| {
        all.route(path, post(move |grants, visit, request| door(grants, visit, request, (action, deed), false)))
    })
}

async fn door(
    State(grants): State<Grants>,
    visit: Visit,
    request: Request,
    (action, deed): (&'static str, Deed),
    later: bool,
) -> Result<Response, Response> {
    let (parts, sent) = request.into_parts();
    let caller: Caller = grants.inner.identity.calling_program(&visit, (&parts.method, &parts.headers), SCOPE).await?;
    let Ok(bytes) = body::to_bytes(sent, BYTES).await else {
        return Ok(envelope::refused(&grants, Wrong("err.request.bad")));
    };
    let asked = match envelope::read(&grants, &caller.actor.id, action, &bytes, grants.acts().now()) {
        Ok(asked) => asked,
        Err(wrong) => return Ok(envelope::refused(&grants, wrong)),
    };
    let engine = grants.clone();
    let (message, client, correlation) = (asked.message.clone(), caller.actor.id.clone(), asked.correlation.clone());
    let work = move |cx: &mut Cx<'_>| {
        let said = deed(cx, &engine, &message)?;
        if later {
            keep(cx, &engine, (&client, &correlation, action), &said)?;
        }
        Ok(said)
    };
    let key = match action {
        "resolve" | "search" | "status" => Key::none(),
        _ => Key::new(&format!("grants.g2p.{action}:{}", caller.actor.id), &asked.transaction, &asked.bytes),
    };
    Ok(match grants.acts().write(&caller, &key, work).await {
        Ok(_) if later => envelope::acknowledged(&grants, &asked),
        Ok(said) => envelope::answered(&grants, &asked, action, said),
        Err(fault) => envelope::faulted(&grants, &fault),
    })
}

/// Keeps an answer for whoever asks for it, and leaves the call back to a worker.
fn keep(
    cx: &mut Cx<'_>,
    grants: &Grants,
    (client, correlation, action): (&str, &str, &'static str),
    said: &Value,
) -> Result<(), Fault> {
    let now = cx.now();
    rows::set(cx.tx(), (client, "g2p-connect", correlation), said, now)?;
    if grants.inner.payouts.source(client).is_some_and(|source| source.callback.is_some()) {
        let body = serde_json::json!({ "client": client, "correlation": correlation, "action": action });
        cx.enqueue(Job::new(callback::CALL, body));
    }
    Ok(())
}

impl Asked {
    /// What a sender's later questions name.
    pub(crate) fn correlation(transaction: &str, action: &str) -> String {
        format!("{action}:{transaction}")
    }
}
