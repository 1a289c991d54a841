//! The simulated wallet as M-Pesa's OpenAPI shows one: sessions, C2B single stage, B2C, query, reversal, and results without a
//! signature. It behaves by the same last two digits; what it tells first at `07` is false. How much is taken is never told, and
//! `08` takes what was asked for.
//!
//! **Invariant:** a `ThirdPartyConversationID` is used once: again, it is `INS-10`, whatever else is said.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use crypto::TransportKeyPair;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use spine::{Currency, Secret};

use super::book::{Pushed, Refunded, own_reference};
use super::paying::{self, Ordered};
use super::server::{Entered, Simulator, enter, page_and_log};
use super::telling::play;
use super::{Manner, SimulatorSettings};
use crate::gateway::receive::ToldState;
use crate::rails::iso20022::fields::minor_units;
use crate::rails::payout::outcome::PaidOutState;

/// How long a payer may take to approve there, in seconds.
const APPROVE_SECONDS: i64 = 180;

/// What such a wallet needs to know beside the others' settings.
pub struct OpenApiSettings {
    /// The wallet. Its secret is used for nothing.
    pub wallet: SimulatorSettings,
    /// The application's key.
    pub api_key: Secret<String>,
    /// The operator's key pair.
    pub keys: TransportKeyPair,
    /// The market in the address: `vodacomLES`.
    pub market: String,
    /// The short code that is served.
    pub service_provider_code: String,
}

impl std::fmt::Debug for OpenApiSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("OpenApiSettings")
    }
}

struct Portal {
    simulator: Arc<Simulator>,
    api_key: Secret<String>,
    keys: TransportKeyPair,
    service_provider_code: String,
    /// The one session that is good, made anew at each start.
    session: String,
}

/// Such a wallet's interface under `/ipg/v2/{market}/`, and `/` and `/log.json`.
pub fn routes(settings: OpenApiSettings) -> Router {
    let simulator = Arc::new(Simulator::telling_results(settings.wallet));
    let at = |call: &str| format!("/ipg/v2/{}/{call}/", settings.market);
    let portal = Arc::new(Portal {
        simulator: Arc::clone(&simulator),
        api_key: settings.api_key,
        keys: settings.keys,
        service_provider_code: settings.service_provider_code,
        session: crypto::hex(&crypto::random::<16>()),
    });
    Router::new()
        .route(&at("getSession"), get(session))
        .route(&at("c2bPayment/singleStage"), post(c2b))
        .route(&at("b2cPayment"), post(b2c))
        .route(&at("queryTransactionStatus"), get(query))
        .route(&at("reversal"), put(reversal))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(portal)
        .merge(page_and_log(simulator))
}

impl Portal {
    /// Whether the bearer is `wanted`, encrypted to our key.
    fn shows(&self, headers: &HeaderMap, wanted: &str) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sealed = bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(crypto::from_base64);
        let shown = sealed.and_then(|sealed| self.keys.decrypt(&sealed)).unwrap_or_default();
        headers.contains_key(header::ORIGIN) && crypto::constant_time_eq(&shown, wanted.as_bytes())
    }

    /// Whoever it loses its answer to waits for it.
    async fn answers(&self, manner: Manner) {
        if manner == Manner::Lost {
            tokio::time::sleep(Duration::from_millis(self.simulator.settings.hang_ms)).await;
        }
    }

    fn admits(&self, headers: &HeaderMap, code: &str) -> Result<(), No> {
        if !self.shows(headers, &self.session) {
            return Err(No(StatusCode::UNAUTHORIZED, "INS-26"));
        }
        if code == self.service_provider_code { Ok(()) } else { Err(No(StatusCode::BAD_REQUEST, "INS-13")) }
    }
}

/// It does not: its status and its code.
struct No(StatusCode, &'static str);

impl IntoResponse for No {
    fn into_response(self) -> Response {
        said(self.0, self.1, &[])
    }
}

fn said(status: StatusCode, code: &str, more: &[(&str, &str)]) -> Response {
    let words = if code == "INS-0" { "Request processed successfully" } else { "See the code" };
    let known = [("ResponseCode", code), ("ResponseDesc", words)];
    let all = known.iter().chain(more).map(|(name, value)| (format!("output_{name}"), json!(value)));
    (status, Json(all.collect::<Map<String, Value>>())).into_response()
}

async fn session(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Response, No> {
    if !portal.shows(&headers, portal.api_key.reveal()) {
        return Err(No(StatusCode::UNAUTHORIZED, "INS-2"));
    }
    Ok(said(StatusCode::OK, "INS-0", &[("SessionID", &portal.session)]))
}

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "input_Amount", alias = "input_ReversalAmount")]
    amount: String,
    #[serde(rename = "input_Country")]
    country: String,
    #[serde(rename = "input_Currency", default)]
    currency: String,
    #[serde(rename = "input_CustomerMSISDN", default)]
    msisdn: String,
    #[serde(rename = "input_ServiceProviderCode")]
    code: String,
    #[serde(rename = "input_ThirdPartyConversationID")]
    id: String,
    #[serde(rename = "input_TransactionReference", default)]
    reference: String,
    #[serde(rename = "input_TransactionID", default)]
    transaction: String,
}

impl Input {
    fn parse(portal: &Portal, headers: &HeaderMap, body: &[u8]) -> Result<Self, No> {
        let input: Self = serde_json::from_slice(body).map_err(|_| No(StatusCode::BAD_REQUEST, "INS-20"))?;
        portal.admits(headers, &input.code)?;
        let worded = |text: &str, most| {
            (1..=most).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
        };
        if !worded(&input.id, 40) || !worded(&input.country, 3) {
            return Err(No(StatusCode::BAD_REQUEST, "INS-21"));
        }
        Ok(input)
    }

    /// The amount of a payment, and its number as we write it.
    fn payment(&self) -> Result<(i64, Currency, String), No> {
        let wrong = |code| No(StatusCode::BAD_REQUEST, code);
        let currency = Currency::parse(&self.currency).map_err(|_| wrong("INS-21"))?;
        let minor = minor_units(&self.amount, currency).filter(|minor| *minor > 0).ok_or_else(|| wrong("INS-15"))?;
        let named = (1..=20).contains(&self.reference.len());
        if !named || !self.reference.bytes().all(|it| it.is_ascii_alphanumeric()) {
            return Err(wrong("INS-17"));
        }
        let digits = self.msisdn.len() >= 8 && self.msisdn.bytes().all(|it| it.is_ascii_digit());
        if digits { Ok((minor, currency, format!("+{}", self.msisdn))) } else { Err(wrong("INS-2051")) }
    }

    fn taken(&self) -> Response {
        let more = [
            ("ConversationID", own_reference("C", &self.id)),
            ("TransactionID", "N/A".to_owned()),
            ("ThirdPartyConversationID", self.id.clone()),
        ];
        said(StatusCode::CREATED, "INS-0", &more.each_ref().map(|(name, value)| (*name, value.as_str())))
    }
}

/// In its own code, what the wallet refuses by status.
fn refused(status: StatusCode) -> No {
    match status {
        StatusCode::CONFLICT => No(status, "INS-10"),
        StatusCode::SERVICE_UNAVAILABLE => No(status, "INS-16"),
        _ => No(status, "INS-2051"),
    }
}

async fn c2b(State(portal): State<Arc<Portal>>, headers: HeaderMap, body: Bytes) -> Result<Response, No> {
    let input = Input::parse(&portal, &headers, &body)?;
    let (amount_minor, currency, msisdn) = input.payment()?;
    let expires_at = portal.simulator.now().plus_seconds(APPROVE_SECONDS);
    let (id, reference, manner) = (input.id.clone(), input.reference.clone(), Manner::of(&msisdn));
    let pushed = Pushed { id, msisdn, amount_minor, currency, reference, expires_at };
    match enter(&portal.simulator, pushed).map_err(|(status, _)| refused(status))? {
        Entered::New(known) => tokio::spawn(play(Arc::clone(&portal.simulator), known)),
        Entered::Known(_) => return Err(refused(StatusCode::CONFLICT)),
    };
    portal.answers(manner).await;
    Ok(input.taken())
}

async fn b2c(State(portal): State<Arc<Portal>>, headers: HeaderMap, body: Bytes) -> Result<Response, No> {
    let input = Input::parse(&portal, &headers, &body)?;
    let (amount_minor, currency, msisdn) = input.payment()?;
    let (id, reference, manner) = (input.id.clone(), input.reference.clone(), Manner::of(&msisdn));
    let ordered = Ordered { id: id.clone(), msisdn, amount_minor, currency, reference };
    if !paying::enter(&portal.simulator, ordered).map_err(|(status, _)| refused(status))? {
        return Err(refused(StatusCode::CONFLICT));
    }
    tokio::spawn(paying::play(Arc::clone(&portal.simulator), id, manner));
    portal.answers(manner).await;
    Ok(input.taken())
}

#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "input_QueryReference")]
    reference: String,
    #[serde(rename = "input_ServiceProviderCode")]
    code: String,
}

async fn query(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, No> {
    portal.admits(&headers, &asked.code)?;
    let id = asked.reference.as_str();
    let book = portal.simulator.book.open();
    let (status, transaction) = if let Some(known) = book.requests.get(id) {
        let status = match known.state {
            ToldState::Paid => "Completed",
            ToldState::Declined => "Cancelled",
            ToldState::Pending => "N/A",
        };
        (status, known.reference.clone())
    } else if let Some(known) = book.payments.get(id) {
        let status = match known.state {
            PaidOutState::Paid => "Completed",
            PaidOutState::Failed => "Failed",
            PaidOutState::Pending => "N/A",
        };
        (status, own_reference("P", id))
    } else if let Some((_, reference)) = book.refunds.get(id) {
        ("Completed", reference.clone())
    } else {
        return Err(No(StatusCode::NOT_FOUND, "INS-19"));
    };
    let original = if status == "Completed" { transaction.as_str() } else { "N/A" };
    let more = [("ResponseTransactionStatus", status), ("OriginalTransactionID", original)];
    Ok(said(StatusCode::OK, "INS-0", &more))
}

async fn reversal(State(portal): State<Arc<Portal>>, headers: HeaderMap, body: Bytes) -> Result<Response, No> {
    let input = Input::parse(&portal, &headers, &body)?;
    let now = portal.simulator.now();
    let mut book = portal.simulator.book.open();
    if book.refunds.contains_key(&input.id) {
        return Err(refused(StatusCode::CONFLICT));
    }
    let of = book.requests.values().find(|known| known.reference == input.transaction);
    let currency = of.map(|known| known.pushed.currency).ok_or(No(StatusCode::BAD_REQUEST, "INS-18"))?;
    let amount_minor = minor_units(&input.amount, currency).ok_or(No(StatusCode::BAD_REQUEST, "INS-15"))?;
    let refund = Refunded { id: input.id.clone(), payment: input.transaction.clone(), amount_minor, currency };
    let reference = book.give_back(now, &refund).ok_or(No(StatusCode::UNPROCESSABLE_ENTITY, "INS-15"))?;
    book.note(now, "returned", &refund.id, amount_minor.to_string());
    Ok(said(StatusCode::OK, "INS-0", &[("TransactionID", &reference)]))
}

/// What is told in our own words, as a result in theirs.
pub(super) fn as_result(told: &Value) -> Value {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, transaction) = match text("state") {
        "paid" => ("INS-0", text("reference")),
        _ => ("INS-2006", "N/A"),
    };
    json!({
        "input_OriginalConversationID": own_reference("C", text("id")),
        "input_TransactionID": transaction,
        "input_ResultCode": code,
        "input_ResultDesc": "See the code",
        "input_ThirdPartyConversationID": text("id"),
    })
}
