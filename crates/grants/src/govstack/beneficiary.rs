//! Beneficiaries in the account mapper: registered and updated, each with an account or without one yet.
//!
//! **Invariant:** all of a request or none of it; an account that exists changes through the cooling-off, whoever asks.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use edge::Visit;
use journal::Key;
use serde_json::Value as Json;
use spine::{Act, Caller, Cx, Fault};

use super::{asked, words};
use crate::engine::Grants;
use crate::mapper::address::read_address;
use crate::mapper::resolve::{person_of, resource};
use crate::mapper::{choose, payee_of};
use crate::model::Account;
use crate::programme::Way;

/// Beneficiaries in one request.
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/api/govstack/register-beneficiary", post(register))
        .route("/api/govstack/update-beneficiary-details", post(update))
}

async fn register(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    Ok(keep(&grants, "register", asked(&grants, &visit, request).await?).await)
}

async fn update(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    Ok(keep(&grants, "update", asked(&grants, &visit, request).await?).await)
}

async fn keep(grants: &Grants, what: &str, (caller, said, _): (Caller, Json, axum::http::request::Parts)) -> Response {
    let refuse = |wrong| words::answer(StatusCode::BAD_REQUEST, &said, Some(wrong));
    let Some(head) = words::head(&said, false) else {
        return refuse("RequestID and SourceBBID have 12 characters each.");
    };
    let listed = said.get("Beneficiaries").and_then(Json::as_array).filter(|all| (1..=MOST).contains(&all.len()));
    let Some(listed) = listed else { return refuse("Beneficiaries are from 1 to 1000.") };
    let mut wished = Vec::with_capacity(listed.len());
    for one in listed {
        let Some(payee) = words::payee(one).and_then(payee_of) else {
            return refuse("A PayeeFunctionalID has 20 characters.");
        };
        match account(grants, one) {
            Ok(account) => wished.push((payee, account)),
            Err(wrong) => return refuse(wrong),
        }
    }
    let engine = grants.clone();
    let key =
        Key::new(&format!("grants.govstack.{what}:{}", caller.actor.id), &head.request, said.to_string().as_bytes());
    let work = move |cx: &mut Cx<'_>| all(cx, &engine, &wished);
    match grants.acts().write(&caller, &key, work).await {
        Ok(()) => words::answer(StatusCode::OK, &said, None),
        Err(fault) => words::fault(&said, &fault),
    }
}

/// The account a beneficiary is to have; none if nothing is said of one.
fn account(grants: &Grants, one: &Json) -> Result<Option<Account>, &'static str> {
    let cash = |way| Account { way, institution: String::new(), address: String::new() };
    match (one.get("FinancialAddress").and_then(Json::as_str), one.get("PaymentModality").and_then(Json::as_str)) {
        (Some(address), _) => read_address(grants, address)
            .map(Some)
            .ok_or("A FinancialAddress is a phone number of a wallet, or institution:number."),
        (None, Some("02")) => Ok(Some(cash(Way::Voucher))),
        (None, Some("03")) => Ok(Some(cash(Way::PostOffice))),
        (None, _) => Ok(None),
    }
}

fn all(cx: &mut Cx<'_>, grants: &Grants, wished: &[(String, Option<Account>)]) -> Result<(), Fault> {
    for (payee, account) in wished {
        let person = person_of(cx, grants, payee)?;
        cx.may("grants.account.choose", &resource(cx, grants, person.as_ref()))?;
        if let Some(account) = account {
            choose(cx, grants, payee, account)?;
        }
    }
    cx.record(Act::new("grants.beneficiaries.brought").with("beneficiaries", wished.len()));
    Ok(())
}
