//! The interface by which the hub is run: central-ledger's administration and central-settlement 2.0, for the hub's own token.
//!
//! **Invariant:** every request bears the hub's token; what it may do the policies say (`switch-operator`).
//!
//! | file | its job |
//! |---|---|
//! | `participants.rs` | `/participants`: who, accounts, limits, positions, endpoints, funds |
//! | `settlement.rs` | `/settlementWindows`, `/settlements`, `/settlementModels` |
//! | `files.rs` | the files of a settlement |
//! | `totals.rs` | a participant's own: whether its books agree |
//! | `body.rs` | numbers and moments as those interfaces write them |

mod body;
mod files;
mod participants;
mod settlement;
mod totals;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use spine::{Actor, ActorKind, Assurance, Caller, Language, Via};

use crate::Switch;
use crate::fspiop::error::{CLIENT, Refused, SYNTAX};
use crate::fspiop::incoming::bearer;

pub(crate) fn routes() -> Router<Switch> {
    participants::routes().merge(settlement::routes()).merge(files::routes()).merge(totals::routes())
}

/// Who runs the hub, by its token.
fn operator(switch: &Switch, headers: &HeaderMap) -> Result<Caller, Refused> {
    let known = bearer(headers).and_then(|token| switch.inner.registry.bearing(token));
    let known =
        known.ok_or_else(|| Refused::new(CLIENT, "no participant has this token").status(StatusCode::UNAUTHORIZED))?;
    if !known.is_hub {
        return Err(Refused::new(CLIENT, "for the hub's operator only").status(StatusCode::FORBIDDEN));
    }
    let bare = Actor::bare(ActorKind::Client, known.name.clone());
    let actor = Actor { assurance: Assurance::Substantial, roles: vec!["switch-operator".to_owned()], ..bare };
    Ok(Caller { actor, via: Via::Api, language: Language::new("en") })
}

/// A JSON body.
fn read(body: Result<Bytes, BytesRejection>) -> Result<Value, Refused> {
    let body = body.map_err(|_| Refused::from(SYNTAX))?;
    serde_json::from_slice(&body).map_err(|_| Refused::new(SYNTAX, "not JSON"))
}

type Answer = Result<Response, Refused>;

fn json(status: StatusCode, body: &Value) -> Answer {
    Ok((status, axum::Json(body.clone())).into_response())
}
