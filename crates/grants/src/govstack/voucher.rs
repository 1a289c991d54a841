//! The life of a voucher in GovStack's words: pre-activated, activated, redeemed, asked about, cancelled.
//!
//! **Invariant:** a number leaves once, in the answer that made it, and is in no log; the standard's own statuses (452 to 464)
//! say what is wrong.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use crypto::{hex, sha256};
use edge::{Json, Visit};
use journal::Key;
use serde_json::{Value, json};
use spine::{Caller, Cx, Fault};

use super::{asked, words};
use crate::engine::Grants;
use crate::vouchers::{
    Issued, NewVoucher, Outcome, Redemption, Voucher, VoucherState, activate, cancel, look, pre_activate, redeem,
};

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/api/govstack/vouchers/voucher_preactivation", post(pre_activated))
        .route("/api/govstack/vouchers/voucher_activation", patch(activated))
        .route("/api/govstack/vouchers/voucher_redemption", post(redeemed))
        .route("/api/govstack/vouchers/voucherstatuscheck/{serial}", get(status).patch(cancelled))
}

/// Whether the asking system may speak as the building block it names.
fn speaks_as(grants: &Grants, caller: &Caller, said: &Value) -> bool {
    let named = said.get("Gov_Stack_BB").and_then(Value::as_str).unwrap_or_default();
    let source = grants.inner.payouts.source(&caller.actor.id);
    source.is_some_and(|source| source.building_blocks.iter().any(|block| block == named))
}

const NO_BODY: &str = "The request is empty or not complete.";
const NO_BLOCK: &str = "This Gov_Stack_BB does not exist here.";

async fn pre_activated(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    if said.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(words::message(400, NO_BODY));
    }
    if !speaks_as(&grants, &caller, &said) {
        return Ok(words::message(460, NO_BLOCK));
    }
    let currency = grants.inner.currency;
    let Some(amount_minor) = said.get("voucher_amount").and_then(|amount| words::minor(amount, currency)) else {
        return Ok(words::message(452, "This is not an amount such as 15.21."));
    };
    let Some(group) = said.get("voucher_group").and_then(Value::as_str).map(str::to_owned) else {
        return Ok(words::message(454, "Say what the voucher is for."));
    };
    if said.get("voucher_currency").and_then(Value::as_str) != Some(currency.code()) {
        return Ok(words::message(453, "Vouchers are not made in this currency."));
    }
    let programme = grants.inner.payouts.source(&caller.actor.id).and_then(|source| source.programmes.first().cloned());
    let (engine, programme) = (grants.clone(), programme.unwrap_or_default());
    let new = NewVoucher { programme, group, amount_minor };
    // Without a key: an answer under one would keep the number.
    let work = move |cx: &mut Cx<'_>| pre_activate(cx, &engine, &new);
    match grants.acts().write::<Issued, _>(&caller, &Key::none(), work).await {
        Ok(made) => Ok(Json(json!({
            "voucher_number": made.number, "voucher_serial_number": made.serial,
            "expiry_date_time": moment(made.expires_at),
        }))
        .into_response()),
        Err(fault) => Ok(refused(&fault)),
    }
}

/// A moment as RFC 3339 writes it.
fn moment(at: spine::Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).map_or_else(|_| String::new(), |at| at.to_string())
}

/// A fault of an operation as the standard's status.
fn refused(fault: &Fault) -> Response {
    let status = match fault.code() {
        "grants.voucher.amount" => 452,
        "grants.voucher.group" => 454,
        "grants.voucher.unknown" => 456,
        "grants.voucher.not_pre_activated" => 457,
        "payments.account.bound" => 462,
        _ => match fault.kind() {
            spine::FaultKind::Forbidden => 403,
            spine::FaultKind::Unavailable | spine::FaultKind::Internal => 503,
            _ => 400,
        },
    };
    words::message(status, fault.code())
}

async fn activated(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    let Some(serial) = words::text(&said, "voucher_serial_number") else { return Ok(words::message(400, NO_BODY)) };
    if !speaks_as(&grants, &caller, &said) {
        return Ok(words::message(460, NO_BLOCK));
    }
    let engine = grants.clone();
    let work = move |cx: &mut Cx<'_>| activate(cx, &engine, &serial);
    match grants.acts().write::<Voucher, _>(&caller, &Key::none(), work).await {
        Ok(_) => Ok(Json(json!({ "result_status": "Activated" })).into_response()),
        Err(fault) => Ok(refused(&fault)),
    }
}

async fn redeemed(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, parts) = asked(&grants, &visit, request).await?;
    let Some(number) = words::text(&said, "voucher_number") else { return Ok(words::message(400, NO_BODY)) };
    if !speaks_as(&grants, &caller, &said) {
        return Ok(words::message(460, NO_BLOCK));
    }
    let merchant = |name: &str| words::text(&said, name).unwrap_or_default();
    let (name, bank) = (merchant("merchant_name"), merchant("merchant_bank_details"));
    if name.trim().is_empty() || bank.trim().is_empty() {
        return Ok(words::message(463, "The merchant cannot be credited: name and bank details are asked for."));
    }
    let hash = hex(&sha256(&[name.trim().as_bytes(), b"\0", bank.trim().as_bytes()]));
    let place = format!("merchant-{}", hash.get(..16).unwrap_or_default());
    let correlation = parts.headers.get("x-correlationid").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let id = correlation.unwrap_or_else(|| hex(&crypto::random::<16>()));
    let told = Redemption { id, number, at: grants.acts().now() };
    let engine = grants.clone();
    let work = move |cx: &mut Cx<'_>| redeem(cx, &engine, &place, &told);
    let heard = match grants.acts().write(&caller, &Key::none(), work).await {
        Ok(heard) => heard,
        Err(fault) => return Ok(refused(&fault)),
    };
    Ok(match heard.outcome {
        Outcome::Accepted => Json(json!({ "result_status": "Redeemed" })).into_response(),
        Outcome::Redeemed => words::message(458, "This voucher was redeemed before."),
        Outcome::Expired => words::message(459, "The time of this voucher is over."),
        _ => words::message(461, "There is no such voucher that can be redeemed."),
    })
}

async fn status(
    State(grants): State<Grants>,
    visit: Visit,
    Path(serial): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (caller, _, _) = asked(&grants, &visit, request).await?;
    if !serial.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(words::message(400, "A serial is of letters and digits."));
    }
    let engine = grants.clone();
    let seen = grants.acts().write(&caller, &Key::none(), move |cx: &mut Cx<'_>| look(cx, &engine, &serial)).await;
    let voucher = match seen {
        Ok(voucher) => voucher,
        Err(fault) => return Ok(refused(&fault)),
    };
    let state = match voucher.state {
        VoucherState::PreActivated => "Pre-Activated",
        VoucherState::Activated => "Activated",
        VoucherState::Cancelled => "Blocked",
        VoucherState::Redeemed => return Ok(words::message(458, "This voucher was redeemed before.")),
        VoucherState::Expired => return Ok(words::message(459, "The time of this voucher is over.")),
    };
    let amount = grants.money(voucher.amount_minor).digits();
    Ok(Json(json!({ "voucher_status": state, "voucher_amount": amount })).into_response())
}

async fn cancelled(
    State(grants): State<Grants>,
    visit: Visit,
    Path(serial): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    let (named, block) = (words::text(&said, "voucherserialnumber"), words::text(&said, "Gov_Stack_BB"));
    let (Some(named), Some(_)) = (named, block) else { return Ok(words::message(400, NO_BODY)) };
    if named != serial || !speaks_as(&grants, &caller, &said) {
        return Ok(words::message(463, "The serial or the Gov_Stack_BB is not known here."));
    }
    let engine = grants.clone();
    match grants.acts().write(&caller, &Key::none(), move |cx: &mut Cx<'_>| cancel(cx, &engine, &serial)).await {
        Ok(()) => Ok(words::message(200, "The voucher is cancelled.")),
        Err(fault) => Ok(match fault.code() {
            "grants.voucher.unknown" => words::message(463, "There is no such voucher."),
            "grants.voucher.ended" => {
                words::message(464, "This voucher was redeemed or cancelled, or its time is over.")
            }
            _ => refused(&fault),
        }),
    }
}
