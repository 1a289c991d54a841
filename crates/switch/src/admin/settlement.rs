//! `/api/switch/v2/settlementWindows…`, `/settlements…`: central-settlement 2.0; and `/api/switch/settlementModels…`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use journal::Key;
use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Currency, Cx, Fault, Resource};

use super::body::{at, number, text, whole};
use super::{Answer, json as answer, operator, read};
use crate::Switch;
use crate::fspiop::error::{MISSING, Refused, SYNTAX};
use crate::rows::settlement as rows;
use crate::settlement::{self as ops, Net, State as NetState, Step, Window};

type Body = Result<Bytes, BytesRejection>;

/// At most so many windows or settlements in one answer.
const MOST: i64 = 500;
/// The longest reason taken.
const REASON: usize = 512;

pub(super) fn routes() -> Router<Switch> {
    Router::new()
        .route("/api/switch/v2/settlementWindows", get(windows))
        .route("/api/switch/v2/settlementWindows/", post(no_window))
        .route("/api/switch/v2/settlementWindows/{id}", get(window).post(close))
        .route("/api/switch/v2/settlements", get(settlements).post(begin))
        .route("/api/switch/v2/settlements/{id}", get(settlement).put(advance))
        .route("/api/switch/v2/settlements/{id}/participants/{participant}/accounts/{account}", put(advance_one))
        .route("/api/switch/settlementModels", get(models).post(model))
        .route("/api/switch/settlementModels/{name}", get(model_one).put(model_active))
}

#[derive(Deserialize)]
struct InState {
    state: Option<String>,
}

fn numbered(text: &str) -> Result<i64, Refused> {
    text.parse().map_err(|_| Refused::new(SYNTAX, "id"))
}

fn reason(body: &Value) -> Result<String, Refused> {
    let reason = text(body, "/reason")?;
    let fits = !reason.is_empty() && reason.chars().count() <= REASON && !reason.chars().any(char::is_control);
    if fits { Ok(reason.to_owned()) } else { Err(Refused::new(SYNTAX, "reason")) }
}

fn seen(cx: &mut Cx<'_>) -> Result<(), Fault> {
    cx.may("switch.settlement.view", &Resource::new("Settlement", "all"))
}

fn shown_window(cx: &mut Cx<'_>, window: &Window) -> Result<Value, Fault> {
    let parts = rows::of_window(cx.tx(), window.id)?;
    let content: Vec<Value> = ops::content(cx, window.id)?
        .keys()
        .map(|currency| {
            let part = parts.iter().find(|(own, ..)| own == currency);
            let state = part.map_or(window.state.as_str(), |(_, _, state)| state);
            json!({ "state": state, "ledgerAccountType": "POSITION", "currencyId": currency.code() })
        })
        .collect();
    Ok(json!({
        "settlementWindowId": window.id,
        "state": window.state,
        "reason": window.reason,
        "createdDate": at(window.opened_at),
        "closedDate": window.closed_at.map(at),
        "changedDate": at(window.changed_at),
        "content": content,
    }))
}

async fn windows(State(switch): State<Switch>, headers: HeaderMap, Query(asked): Query<InState>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let state = asked.state.unwrap_or_default();
    let read = move |cx: &mut Cx<'_>| {
        seen(cx)?;
        rows::windows(cx.tx(), &state, MOST)?
            .iter()
            .map(|window| shown_window(cx, window))
            .collect::<Result<Vec<_>, _>>()
    };
    answer(StatusCode::OK, &json!(switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?))
}

async fn window(State(switch): State<Switch>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let (caller, id) = (operator(&switch, &headers)?, numbered(&id)?);
    let read = move |cx: &mut Cx<'_>| {
        seen(cx)?;
        let known = rows::window(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
        shown_window(cx, &known)
    };
    answer(StatusCode::OK, &switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?)
}

async fn no_window() -> Refused {
    Refused::new(SYNTAX, "id")
}

async fn close(State(switch): State<Switch>, headers: HeaderMap, Path(id): Path<String>, body: Body) -> Answer {
    let (caller, id, body) = (operator(&switch, &headers)?, numbered(&id)?, read(body)?);
    if !matches!(text(&body, "/state")?, "CLOSED" | "CLOSE") {
        return Err(Refused::new(SYNTAX, "state"));
    }
    let reason = reason(&body)?;
    let write = move |cx: &mut Cx<'_>| {
        let next = ops::close_window(cx, id, &reason)?;
        let opened = rows::window(cx.tx(), next)?.ok_or_else(|| Fault::not_found("switch.window.unknown"))?;
        shown_window(cx, &opened)
    };
    answer(StatusCode::OK, &switch.inner.acts.write(&caller, &Key::none(), write).await.map_err(Refused::from)?)
}

fn shown(cx: &mut Cx<'_>, id: i64) -> Result<Value, Fault> {
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("switch.settlement.unknown"))?;
    let mut windows = Vec::new();
    for (window, currency) in rows::parts(cx.tx(), id)? {
        windows.push(json!({ "id": window, "currency": currency.code(), "state": known.state }));
    }
    let mut participants: Vec<(i64, Vec<Value>)> = Vec::new();
    for net in rows::nets(cx.tx(), id)? {
        let Net { account, participant_number, amount, state, reason, reference, .. } = net;
        let one = json!({
            "id": account,
            "state": state.code(),
            "reason": reason,
            "externalReference": reference,
            "netSettlementAmount": {
                "amount": number(amount.minor(), amount.currency()),
                "currency": amount.currency().code(),
            },
        });
        match participants.iter_mut().find(|(own, _)| *own == participant_number) {
            Some((_, accounts)) => accounts.push(one),
            None => participants.push((participant_number, vec![one])),
        }
    }
    let participants: Vec<Value> =
        participants.into_iter().map(|(id, accounts)| json!({ "id": id, "accounts": accounts })).collect();
    Ok(json!({
        "id": known.id,
        "state": known.state,
        "reason": known.reason,
        "settlementModel": known.model,
        "createdDate": at(known.made_at),
        "changedDate": at(known.changed_at),
        "settlementWindows": windows,
        "participants": participants,
    }))
}

async fn settlements(State(switch): State<Switch>, headers: HeaderMap, Query(asked): Query<InState>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let state = asked.state.unwrap_or_default();
    let read = move |cx: &mut Cx<'_>| {
        seen(cx)?;
        rows::all(cx.tx(), &state, MOST)?.iter().map(|one| shown(cx, one.id)).collect::<Result<Vec<_>, _>>()
    };
    answer(StatusCode::OK, &json!(switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?))
}

async fn settlement(State(switch): State<Switch>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let (caller, id) = (operator(&switch, &headers)?, numbered(&id)?);
    let read = move |cx: &mut Cx<'_>| {
        seen(cx)?;
        shown(cx, id)
    };
    answer(StatusCode::OK, &switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?)
}

async fn begin(State(switch): State<Switch>, headers: HeaderMap, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let (model, reason) = (text(&body, "/settlementModel")?.to_owned(), reason(&body)?);
    let list = body.get("settlementWindows").and_then(Value::as_array);
    let list = list.ok_or_else(|| Refused::new(MISSING, "settlementWindows"))?;
    let ids: Option<Vec<i64>> = list.iter().map(|one| whole(one, "/id")).collect();
    let ids = ids.ok_or_else(|| Refused::new(SYNTAX, "settlementWindows"))?;
    let write = move |cx: &mut Cx<'_>| {
        let id = ops::begin(cx, &model, &ids, &reason)?;
        shown(cx, id)
    };
    answer(StatusCode::OK, &switch.inner.acts.write(&caller, &Key::none(), write).await.map_err(Refused::from)?)
}

fn step(account: i64, body: &Value) -> Result<Step, Refused> {
    let to = NetState::of(text(body, "/state")?).filter(|state| *state != NetState::Aborted);
    let reference = body.get("externalReference").and_then(Value::as_str).map(str::to_owned);
    let reference = reference.filter(|text| text.chars().count() <= 64 && !text.chars().any(char::is_control));
    Ok(Step { account, to: to.ok_or_else(|| Refused::new(SYNTAX, "state"))?, reason: reason(body)?, reference })
}

async fn advance(State(switch): State<Switch>, headers: HeaderMap, Path(id): Path<String>, body: Body) -> Answer {
    let (caller, id, body) = (operator(&switch, &headers)?, numbered(&id)?, read(body)?);
    if body.get("state").and_then(Value::as_str) == Some("ABORTED") {
        let reason = reason(&body)?;
        let write = move |cx: &mut Cx<'_>| {
            ops::abort(cx, id, &reason)?;
            shown(cx, id)
        };
        return answer(StatusCode::OK, &switch.change(&caller, write).await?);
    }
    let mut steps = Vec::new();
    for participant in body.get("participants").and_then(Value::as_array).into_iter().flatten() {
        for account in participant.get("accounts").and_then(Value::as_array).into_iter().flatten() {
            let number = whole(account, "/id").ok_or_else(|| Refused::new(MISSING, "accounts.id"))?;
            steps.push(step(number, account)?);
        }
    }
    if steps.is_empty() {
        return Err(Refused::new(MISSING, "participants"));
    }
    advanced(&switch, &caller, id, steps).await
}

async fn advance_one(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path((id, _, account)): Path<(i64, i64, i64)>,
    body: Body,
) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    advanced(&switch, &caller, id, vec![step(account, &body)?]).await
}

async fn advanced(switch: &Switch, caller: &spine::Caller, id: i64, steps: Vec<Step>) -> Answer {
    let write = move |cx: &mut Cx<'_>| {
        ops::advance(cx, id, &steps)?;
        shown(cx, id)
    };
    answer(StatusCode::OK, &switch.change(caller, write).await?)
}

fn shown_model((name, currency, active, made_at): &rows::Model) -> Value {
    json!({
        "name": name,
        "isActive": active,
        "settlementGranularity": "NET",
        "settlementInterchange": "MULTILATERAL",
        "settlementDelay": "DEFERRED",
        "currency": currency,
        "requireLiquidityCheck": true,
        "ledgerAccountType": "POSITION",
        "autoPositionReset": true,
        "createdDate": at(*made_at),
    })
}

async fn known_models(switch: &Switch, headers: &HeaderMap) -> Result<Vec<rows::Model>, Refused> {
    let caller = operator(switch, headers)?;
    let read = |cx: &mut Cx<'_>| {
        seen(cx)?;
        Ok(rows::models(cx.tx())?)
    };
    Ok(switch.inner.acts.read(&caller, read).await?)
}

async fn models(State(switch): State<Switch>, headers: HeaderMap) -> Answer {
    let all: Vec<Value> = known_models(&switch, &headers).await?.iter().map(shown_model).collect();
    answer(StatusCode::OK, &json!(all))
}

async fn model_one(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>) -> Answer {
    let all = known_models(&switch, &headers).await?;
    let one = all.iter().find(|(own, ..)| *own == name);
    let one = one.ok_or_else(|| Refused::from(Fault::not_found("switch.settlement.model")))?;
    answer(StatusCode::OK, &shown_model(one))
}

/// Only what is settled here can be asked for: deferred, multilateral, net, of positions.
async fn model(State(switch): State<Switch>, headers: HeaderMap, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let wanted = [
        ("settlementGranularity", "NET"),
        ("settlementInterchange", "MULTILATERAL"),
        ("settlementDelay", "DEFERRED"),
        ("ledgerAccountType", "POSITION"),
    ];
    for (member, only) in wanted {
        if body.get(member).is_some_and(|value| value != only) {
            return Err(Refused::new(SYNTAX, format!("{member} is always {only} here")));
        }
    }
    let name = text(&body, "/name")?.to_owned();
    if !crate::fspiop::headers::is_name(&name) {
        return Err(Refused::new(SYNTAX, "name"));
    }
    let currency = match body.get("currency").and_then(Value::as_str) {
        Some(code) => Some(Currency::parse(code).map_err(|_| Refused::new(SYNTAX, "currency"))?),
        None => None,
    };
    let write = move |cx: &mut Cx<'_>| ops::add_model(cx, &name, currency);
    switch.change(&caller, write).await?;
    answer(StatusCode::CREATED, &body)
}

async fn model_active(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path(name): Path<String>,
    body: Body,
) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let active = body.get("isActive").and_then(Value::as_bool).ok_or_else(|| Refused::new(MISSING, "isActive"))?;
    switch.change(&caller, move |cx| ops::set_model(cx, &name, active)).await?;
    answer(StatusCode::OK, &json!({}))
}
