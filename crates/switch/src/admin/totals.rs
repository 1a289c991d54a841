//! `/api/switch/v2/settlementWindows/{id}/totals`: for a participant's own token: what went out and in, and whether its books say so too.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use journal::Key;
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Assurance, Caller, Currency, Cx, Language, Via};

use super::body::{amount, number, text, whole};
use super::{Answer, json as answer, read};
use crate::Switch;
use crate::fspiop::error::{CLIENT, MISSING, Refused, SYNTAX};
use crate::fspiop::incoming::bearer;
use crate::settlement::{Totals, totals_of, totals_told};

/// Currencies of one participant.
const MOST: usize = 50;

pub(super) fn routes() -> Router<Switch> {
    Router::new().route("/api/switch/v2/settlementWindows/{id}/totals", get(look).put(tell))
}

fn participant(switch: &Switch, headers: &HeaderMap) -> Result<Caller, Refused> {
    let known = bearer(headers).and_then(|token| switch.inner.registry.bearing(token)).filter(|known| !known.is_hub);
    let known =
        known.ok_or_else(|| Refused::new(CLIENT, "for a participant's token").status(StatusCode::UNAUTHORIZED))?;
    let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, known.name.clone()) };
    Ok(Caller { actor, via: Via::Api, language: Language::new("en") })
}

async fn look(State(switch): State<Switch>, headers: HeaderMap, Path(id): Path<i64>) -> Answer {
    let caller = participant(&switch, &headers)?;
    let name = caller.actor.id.clone();
    let read = move |cx: &mut Cx<'_>| totals_of(cx, id, &name);
    let all = switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?;
    let all: Vec<Value> = all.iter().map(|(currency, totals)| shown(*currency, totals)).collect();
    answer(StatusCode::OK, &json!(all))
}

fn shown(currency: Currency, totals: &Totals) -> Value {
    json!({
        "currency": currency.code(),
        "sent": { "count": totals.sent_count, "amount": number(totals.sent_minor, currency) },
        "received": { "count": totals.received_count, "amount": number(totals.received_minor, currency) },
    })
}

async fn tell(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let (caller, body) = (participant(&switch, &headers)?, read(body)?);
    let list = body.as_array().filter(|list| list.len() <= MOST).ok_or_else(|| Refused::new(SYNTAX, "a list"))?;
    let mut said = BTreeMap::new();
    for one in list {
        let code = text(one, "/currency")?;
        let currency = Currency::parse(code).map_err(|_| Refused::new(SYNTAX, "currency"))?;
        let count = |at: &str| whole(one, at).filter(|count| *count >= 0).ok_or_else(|| Refused::new(MISSING, "count"));
        let minor = |at: &str| amount(one.pointer(at), code).map(spine::Money::minor);
        let totals = Totals {
            sent_count: count("/sent/count")?,
            sent_minor: minor("/sent/amount")?,
            received_count: count("/received/count")?,
            received_minor: minor("/received/amount")?,
        };
        said.insert(currency, totals);
    }
    let name = caller.actor.id.clone();
    let write = move |cx: &mut Cx<'_>| totals_told(cx, id, &name, &said);
    let answers = switch.inner.acts.write(&caller, &Key::none(), write).await.map_err(Refused::from)?;
    let all: Vec<Value> =
        answers.iter().map(|(currency, agrees)| json!({ "currency": currency.code(), "agrees": agrees })).collect();
    answer(StatusCode::OK, &json!(all))
}
