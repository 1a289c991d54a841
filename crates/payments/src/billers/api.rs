//! Bills over the interface: `/api/payments/bills`, `/api/payments/events`. A key in `Authorization: Bearer` says whose.
//!
//! **Invariant:** a key opens the bills of its own institution and no others; made again under its reference, a bill is the
//! one that was made.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use edge::{Bucket, IdempotencyKey, Json, Path, Query, Reply, Visit, body_limit};
use journal::Key;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spine::{Actor, ActorKind, Assurance, Caller, Currency, Date, Fault, Localised, Money, Resource, Timestamp, Via};

use super::join::BillerState;
use crate::Gateway;
use crate::bills::{self, Bill, BillState, NewBill, Share};
use crate::rows::{billers as rows, bills as bill_rows};

const BODY_BYTES: usize = 1 << 20;
const EVENTS: i64 = 100;
/// Tries of a key that is none, from one address.
const WRONG: Bucket = Bucket { name: "payments.biller.keys", burst: 20, seconds: 600 };

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/api/payments/bills", post(make).layer(body_limit(BODY_BYTES)))
        .route("/api/payments/bills/{number}", get(see).delete(take_back))
        .route("/api/payments/events", get(events))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    bills: Vec<WantedBill>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedBill {
    reference: String,
    #[serde(default)]
    payer: Option<String>,
    description: Localised,
    amount_minor: i64,
    currency: Currency,
    shares: Vec<Share>,
    #[serde(default)]
    in_parts: bool,
    #[serde(default)]
    due_on: Option<Date>,
    expires_at: Timestamp,
}

/// A bill as its biller sees it.
#[derive(Serialize, Deserialize)]
struct Shown {
    number: String,
    reference: String,
    state: BillState,
    amount_minor: i64,
    paid_minor: i64,
    currency: Currency,
}

impl From<&Bill> for Shown {
    fn from(bill: &Bill) -> Self {
        Self {
            number: bill.number.clone(),
            reference: bill.reference.clone(),
            state: bill.state,
            amount_minor: bill.amount.minor(),
            paid_minor: bill.paid.minor(),
            currency: bill.amount.currency(),
        }
    }
}

#[derive(Serialize)]
struct Made {
    bills: Vec<Shown>,
}

/// Whose program calls. Keys are long and random: their hash is looked up, and says nothing to who has another.
async fn caller(gateway: &Gateway, visit: &Visit, headers: &HeaderMap) -> Reply<Caller> {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = value.strip_prefix("Bearer ").unwrap_or_default().trim();
    let hash = crypto::sha256(&[key.as_bytes()]);
    let look = move |cx: &mut spine::Cx<'_>| Ok(rows::keyed(cx.tx(), &hash)?);
    let known = if key.is_empty() { None } else { gateway.acts().read(visit.caller(), look).await? };
    let Some(known) = known.filter(|known| known.state == BillerState::Open) else {
        visit.limit(&WRONG)?;
        return Err(Fault::unauthenticated("payments.biller.key").into());
    };
    let mut actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, known.id.to_string()) };
    actor.institution = Some(known.institution);
    Ok(Caller { actor, via: Via::Api, language: visit.language().clone() })
}

async fn make(
    State(gateway): State<Gateway>,
    visit: Visit,
    headers: HeaderMap,
    IdempotencyKey(name): IdempotencyKey,
    Json(wanted): Json<Wanted>,
) -> Reply<(StatusCode, Json<Made>)> {
    let caller = caller(&gateway, &visit, &headers).await?;
    let biller = caller.actor.institution.clone().unwrap_or_default();
    let request = serde_json::to_vec(&wanted).unwrap_or_default();
    let key = Key::new(&format!("payments.bills:{biller}"), &name, &request);
    let new: Vec<NewBill> = wanted
        .bills
        .into_iter()
        .map(|bill| NewBill {
            biller: biller.clone(),
            reference: bill.reference,
            payer: bill.payer,
            description: bill.description,
            amount: Money::new(bill.amount_minor, bill.currency),
            shares: bill.shares,
            in_parts: bill.in_parts,
            due_on: bill.due_on,
            expires_at: bill.expires_at,
        })
        .collect();
    let made = gateway
        .acts()
        .post_bulk(&caller, &key, move |cx| Ok(bills::make(cx, &new)?.iter().map(Shown::from).collect::<Vec<_>>()));
    Ok((StatusCode::CREATED, Json(Made { bills: made.await? })))
}

/// The caller's own bill under a number; another's is as unknown as none.
fn own(cx: &mut spine::Cx<'_>, number: &str) -> Result<Bill, Fault> {
    cx.may("payments.bill.view", &Resource::new("Bill", number))?;
    let institution = cx.actor().institution.clone().unwrap_or_default();
    let bill = bill_rows::bill_numbered(cx.tx(), number)?.filter(|bill| bill.biller == institution);
    bill.ok_or_else(|| Fault::not_found("payments.bill.unknown"))
}

async fn see(
    State(gateway): State<Gateway>,
    visit: Visit,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Reply<Json<Shown>> {
    let caller = caller(&gateway, &visit, &headers).await?;
    let bill = gateway.acts().read(&caller, move |cx| own(cx, &number)).await?;
    Ok(Json(Shown::from(&bill)))
}

async fn take_back(
    State(gateway): State<Gateway>,
    visit: Visit,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Reply<StatusCode> {
    let caller = caller(&gateway, &visit, &headers).await?;
    let withdraw = move |cx: &mut spine::Cx<'_>| {
        let id = own(cx, &number)?.id;
        bills::withdraw(cx, id)
    };
    gateway.acts().write(&caller, &Key::none(), withdraw).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: String,
}

#[derive(Serialize)]
struct Events {
    events: Vec<Value>,
}

async fn events(
    State(gateway): State<Gateway>,
    visit: Visit,
    headers: HeaderMap,
    Query(After { after }): Query<After>,
) -> Reply<Json<Events>> {
    let caller = caller(&gateway, &visit, &headers).await?;
    let institution = caller.actor.institution.clone().unwrap_or_default();
    let read = move |cx: &mut spine::Cx<'_>| Ok(rows::events(cx.tx(), &institution, &after, EVENTS)?);
    Ok(Json(Events { events: gateway.acts().read(&caller, read).await? }))
}
