//! `/api/switch/participants…`: central-ledger's administration.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use journal::Key;
use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Caller, Currency, Cx, Fault, Resource, Secret};

use super::body::{amount, at, number, text, whole};
use super::{Answer, json as answer, operator, read};
use crate::Switch;
use crate::caps;
use crate::fspiop::error::{MISSING, NOT_FOUND, Refused, SYNTAX};
use crate::fspiop::transfers::identifier;
use crate::model::{Account, AccountType, Participant};
use crate::participants::{self as ops, Access, Cap, Direction, Funds, Joining};
use crate::rows::participants as rows;

type Body = Result<Bytes, BytesRejection>;

pub(super) fn routes() -> Router<Switch> {
    Router::new()
        .route("/api/switch/participants", get(list).post(join))
        .route("/api/switch/participants/limits", get(every_limit))
        .route("/api/switch/participants/{name}", get(one).put(activate))
        .route("/api/switch/participants/{name}/access", put(admit))
        .route("/api/switch/participants/{name}/endpoints", get(endpoints).post(endpoint))
        .route("/api/switch/participants/{name}/limits", get(limits).put(limit))
        .route("/api/switch/participants/{name}/initialPositionAndLimits", post(limit_first))
        .route("/api/switch/participants/{name}/positions", get(positions))
        .route("/api/switch/participants/{name}/accounts", get(accounts).post(open))
        .route("/api/switch/participants/{name}/accounts/{number}", put(activate_account).post(funds))
        .route("/api/switch/participants/{name}/accounts/{number}/transfers/{id}", put(funds_out))
}

impl Switch {
    /// Runs a change of participants and reads them anew.
    pub(super) async fn change<T, F>(&self, caller: &Caller, operation: F) -> Result<T, Refused>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let done = self.inner.acts.write(caller, &Key::none(), operation).await?;
        self.refresh().await?;
        Ok(done)
    }

    async fn look<T, F>(&self, caller: &Caller, mut operation: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let read = move |cx: &mut Cx<'_>| {
            cx.may("switch.participant.view", &Resource::new("Participant", "all"))?;
            operation(cx)
        };
        Ok(self.inner.acts.read(caller, read).await?)
    }
}

/// What of a participant the administration shows.
fn shown(one: &Participant, accounts: &[Account]) -> Value {
    let accounts: Vec<Value> = accounts
        .iter()
        .filter(|account| account.kind != AccountType::HubCaps)
        .map(|account| {
            json!({
                "id": account.number,
                "ledgerAccountType": account.kind.code(),
                "currency": account.currency.code(),
                "isActive": u8::from(account.active),
                "createdDate": at(one.made_at),
                "createdBy": "hub",
            })
        })
        .collect();
    json!({
        "name": one.name,
        "id": format!("/api/switch/participants/{}", one.name),
        "participantId": one.number,
        "created": at(one.made_at),
        "isActive": u8::from(one.active),
        "links": { "self": format!("/api/switch/participants/{}", one.name) },
        "accounts": accounts,
    })
}

fn found(cx: &mut Cx<'_>, name: &str) -> Result<Participant, Fault> {
    rows::find(cx.tx(), name)?.ok_or_else(|| Fault::not_found("switch.participant.unknown"))
}

async fn list(State(switch): State<Switch>, headers: HeaderMap) -> Answer {
    let caller = operator(&switch, &headers)?;
    let all = switch.look(&caller, |cx| {
        let accounts = rows::every_account(cx.tx())?;
        let of = |name: &str| accounts.iter().filter(|own| own.participant == name).cloned().collect::<Vec<_>>();
        Ok(rows::all(cx.tx())?.iter().map(|one| shown(one, &of(&one.name))).collect::<Vec<_>>())
    });
    answer(StatusCode::OK, &json!(all.await?))
}

async fn one(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let read = move |cx: &mut Cx<'_>| Ok(shown(&found(cx, &name)?, &rows::accounts(cx.tx(), &name)?));
    answer(StatusCode::OK, &switch.look(&caller, read).await?)
}

fn currency(body: &Value, pointer: &str) -> Result<Currency, Refused> {
    Currency::parse(text(body, pointer)?).map_err(|_| Refused::new(SYNTAX, "currency"))
}

async fn join(State(switch): State<Switch>, headers: HeaderMap, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let joining = Joining { name: text(&body, "/name")?.to_owned(), currency: currency(&body, "/currency")? };
    let name = joining.name.clone();
    let write = move |cx: &mut Cx<'_>| {
        ops::enrol(cx, &joining)?;
        Ok(shown(&found(cx, &name)?, &rows::accounts(cx.tx(), &name)?))
    };
    answer(StatusCode::CREATED, &switch.change(&caller, write).await?)
}

async fn open(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let in_currency = currency(&body, "/currency")?;
    let hub = switch.inner.hub.clone();
    let write = move |cx: &mut Cx<'_>| {
        if name == hub {
            ops::open_hub(cx, &hub, &[in_currency])?;
        } else {
            found(cx, &name)?;
            ops::enrol(cx, &Joining { name: name.clone(), currency: in_currency })?;
        }
        Ok(shown(&found(cx, &name)?, &rows::accounts(cx.tx(), &name)?))
    };
    answer(StatusCode::CREATED, &switch.change(&caller, write).await?)
}

fn is_active(body: &Value) -> Result<bool, Refused> {
    match body.get("isActive") {
        Some(Value::Bool(active)) => Ok(*active),
        Some(Value::Number(number)) => Ok(number.as_i64() == Some(1)),
        _ => Err(Refused::new(MISSING, "isActive")),
    }
}

async fn activate(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, active) = (operator(&switch, &headers)?, is_active(&read(body)?)?);
    let write = move |cx: &mut Cx<'_>| {
        ops::set_active(cx, &name, active)?;
        Ok(shown(&found(cx, &name)?, &rows::accounts(cx.tx(), &name)?))
    };
    answer(StatusCode::OK, &switch.change(&caller, write).await?)
}

async fn activate_account(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path((name, account)): Path<(String, i64)>,
    body: Body,
) -> Answer {
    let (caller, active) = (operator(&switch, &headers)?, is_active(&read(body)?)?);
    switch.change(&caller, move |cx| ops::set_account_active(cx, &name, account, active)).await?;
    answer(StatusCode::OK, &json!({}))
}

/// Of ours: how a participant proves itself.
async fn admit(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let token = Secret::new(text(&body, "/token")?.to_owned());
    let jws_key = body.get("jwsKey").filter(|key| !key.is_null()).cloned();
    let access = Access { token, jws_key, signs: body.get("signs") == Some(&Value::Bool(true)) };
    switch.change(&caller, move |cx| ops::set_access(cx, &name, &access)).await?;
    answer(StatusCode::OK, &json!({}))
}

async fn endpoints(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let read = move |cx: &mut Cx<'_>| {
        found(cx, &name)?;
        Ok(rows::endpoints(cx.tx(), &name)?)
    };
    let all = switch.look(&caller, read).await?;
    let all: Vec<Value> = all.iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
    answer(StatusCode::OK, &json!(all))
}

async fn endpoint(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let (kind, value) = (text(&body, "/type")?.to_owned(), text(&body, "/value")?.to_owned());
    switch.change(&caller, move |cx| ops::set_endpoint(cx, &name, &kind, &value)).await?;
    answer(StatusCode::CREATED, &json!({}))
}

fn limit_of(account: &Account) -> Value {
    json!({
        "currency": account.currency.code(),
        "limit": {
            "type": "NET_DEBIT_CAP",
            "value": number(account.cap_minor, account.currency),
            "alarmPercentage": account.alarm_percent,
        },
    })
}

async fn limits(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let read = move |cx: &mut Cx<'_>| {
        found(cx, &name)?;
        Ok(rows::accounts(cx.tx(), &name)?)
    };
    let all = switch.look(&caller, read).await?;
    let all: Vec<Value> = all.iter().filter(|one| one.kind == AccountType::Position).map(limit_of).collect();
    answer(StatusCode::OK, &json!(all))
}

async fn every_limit(State(switch): State<Switch>, headers: HeaderMap) -> Answer {
    let caller = operator(&switch, &headers)?;
    let all = switch.look(&caller, |cx| Ok(rows::every_account(cx.tx())?)).await?;
    let of = |one: &Account| {
        let mut limit = limit_of(one);
        if let Some(members) = limit.as_object_mut() {
            members.insert("name".to_owned(), json!(one.participant));
        }
        limit
    };
    let all: Vec<Value> = all.iter().filter(|one| one.kind == AccountType::Position).map(of).collect();
    answer(StatusCode::OK, &json!(all))
}

fn cap(body: &Value) -> Result<Cap, Refused> {
    let value = amount(body.pointer("/limit/value"), text(body, "/currency")?)?;
    Ok(Cap { amount: value, alarm_percent: whole(body, "/limit/alarmPercentage").unwrap_or(10) })
}

async fn limit(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let cap = cap(&body)?;
    switch.change(&caller, move |cx| ops::set_cap(cx, &name, &cap)).await?;
    answer(StatusCode::OK, &body)
}

async fn limit_first(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>, body: Body) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let cap = cap(&body)?;
    switch.change(&caller, move |cx| ops::set_cap(cx, &name, &cap)).await?;
    answer(StatusCode::CREATED, &json!({}))
}

/// An account's balance in central-ledger's sign: what is owed to the hub is positive, what the hub owes is negative.
fn value(cx: &mut Cx<'_>, account: &Account) -> Result<Value, Fault> {
    let books = caps::books(cx, account)?;
    let minor = match account.kind {
        AccountType::Position => caps::position(account, &books),
        AccountType::Settlement => -caps::available(&books),
        _ => books.held(),
    };
    Ok(number(minor, account.currency))
}

#[derive(Deserialize)]
struct InCurrency {
    currency: Option<String>,
}

async fn positions(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<InCurrency>,
) -> Answer {
    let caller = operator(&switch, &headers)?;
    let read = move |cx: &mut Cx<'_>| {
        let one = found(cx, &name)?;
        let mut all = Vec::new();
        for account in rows::accounts(cx.tx(), &name)?.iter().filter(|one| one.kind == AccountType::Position) {
            let value = value(cx, account)?;
            all.push(json!({ "currency": account.currency.code(), "value": value, "changedDate": at(one.made_at) }));
        }
        Ok(all)
    };
    let all = switch.look(&caller, read).await?;
    let Some(only) = asked.currency else { return answer(StatusCode::OK, &json!(all)) };
    let found = all.iter().find(|one| one.get("currency").and_then(Value::as_str) == Some(&only));
    answer(StatusCode::OK, found.ok_or_else(|| Refused::from(NOT_FOUND).status(StatusCode::NOT_FOUND))?)
}

async fn accounts(State(switch): State<Switch>, headers: HeaderMap, Path(name): Path<String>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let read = move |cx: &mut Cx<'_>| {
        let one = found(cx, &name)?;
        let mut all = Vec::new();
        for account in rows::accounts(cx.tx(), &name)?.iter().filter(|one| one.kind != AccountType::HubCaps) {
            let value = value(cx, account)?;
            all.push(json!({
                "id": account.number,
                "ledgerAccountType": account.kind.code(),
                "currency": account.currency.code(),
                "isActive": u8::from(account.active),
                "value": value,
                "reservedValue": 0,
                "changedDate": at(one.made_at),
            }));
        }
        Ok(all)
    };
    answer(StatusCode::OK, &json!(switch.look(&caller, read).await?))
}

async fn funds(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path((participant, account)): Path<(String, i64)>,
    body: Body,
) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let direction = match text(&body, "/action")? {
        "recordFundsIn" => Direction::In,
        "recordFundsOutPrepareReserve" => Direction::Out,
        _ => return Err(Refused::new(SYNTAX, "action")),
    };
    let sum = amount(body.pointer("/amount/amount"), text(&body, "/amount/currency")?)?;
    let id = identifier(text(&body, "/transferId")?)?;
    let funds = Funds { id, participant, amount: sum, direction };
    let write = move |cx: &mut Cx<'_>| {
        own_account(cx, &funds.participant, account)?;
        ops::fund(cx, &funds)
    };
    switch.change(&caller, write).await?;
    answer(StatusCode::ACCEPTED, &json!({}))
}

fn own_account(cx: &mut Cx<'_>, participant: &str, number: i64) -> Result<(), Fault> {
    let account = rows::numbered(cx.tx(), number)?;
    let own = account.filter(|own| own.participant == participant && own.kind == AccountType::Settlement);
    own.map(|_| ()).ok_or_else(|| Fault::not_found("switch.account.unknown"))
}

async fn funds_out(
    State(switch): State<Switch>,
    headers: HeaderMap,
    Path((participant, account, id)): Path<(String, i64, String)>,
    body: Body,
) -> Answer {
    let (caller, body) = (operator(&switch, &headers)?, read(body)?);
    let left = match text(&body, "/action")? {
        "recordFundsOutCommit" => true,
        "recordFundsOutAbort" => false,
        _ => return Err(Refused::new(SYNTAX, "action")),
    };
    let id = identifier(&id)?;
    let write = move |cx: &mut Cx<'_>| {
        own_account(cx, &participant, account)?;
        ops::finish_out(cx, &participant, &id, left)
    };
    switch.change(&caller, write).await?;
    answer(StatusCode::ACCEPTED, &json!({}))
}
