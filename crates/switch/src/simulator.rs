//! Institutions to try the switch with: banks and wallets on one port, each under its name, that know their customers, quote without a
//! fee, agree to every transfer, and pay when told to. They are the other side in demonstrations and benches.
//!
//! **Absent on purpose:** accounts of customers, fees, opinions. Nothing here is part of an installation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use crypto::{SigningKey, base64url};
use edge::Outbound;
use serde_json::{Value, json};
use spine::{Clock, Money, Secret, Timestamp};
use tokio::sync::oneshot;

use crate::amount::WireAmount;
use crate::fspiop::headers::{SIGNATURE, Verb};
use crate::fspiop::signature::{Signed, sign};
use crate::transfers::tell::moment;

/// How long one that pays waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a transfer may take.
const EXPIRES_SECONDS: i64 = 30;

/// An institution that is played.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its FSP identifier.
    pub name: String,
    /// Its token at the switch.
    pub token: Secret<String>,
    /// Signs what it says, if it does.
    pub key: Option<Arc<SigningKey>>,
}

/// Why a payment came to nothing: what step, and what was said.
#[derive(Debug)]
pub struct Unpaid {
    /// `parties`, `quotes` or `transfers`.
    pub step: &'static str,
    /// A status, an error's code, or that nobody answered.
    pub said: String,
}

/// The institutions. Cheap to clone.
#[derive(Clone)]
pub struct Institutions {
    inner: Arc<Inner>,
}

struct Inner {
    hub: String,
    members: HashMap<String, (Secret<String>, Option<Arc<SigningKey>>)>,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl Institutions {
    /// Institutions that speak to the switch at `hub` (`https://…/api/fspiop`).
    #[must_use]
    pub fn new(hub: String, members: Vec<Member>, outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        let members = members.into_iter().map(|one| (one.name, (one.token, one.key))).collect();
        Self { inner: Arc::new(Inner { hub, members, outbound, clock, waiting: Mutex::default() }) }
    }

    /// What the switch calls.
    pub fn routes(&self) -> Router {
        Router::new().fallback(take).with_state(self.clone())
    }

    /// Registers a telephone number as a customer of `name`.
    ///
    /// # Errors
    /// [`Unpaid`] with what the switch said.
    pub async fn register(&self, name: &str, msisdn: &str) -> Result<(), Unpaid> {
        let path = format!("/participants/MSISDN/{msisdn}");
        self.exchange(name, Method::POST, &path, &path, None, &json!({ "fspId": name })).await.map(|_| ())
    }

    /// Pays a telephone number: look-up, quote, transfer, each with its callback.
    ///
    /// # Errors
    /// [`Unpaid`] with the step that failed.
    pub async fn pay(&self, from: &str, msisdn: &str, amount: Money) -> Result<String, Unpaid> {
        self.pay_to(from, &["MSISDN", msisdn], amount).await
    }

    /// Pays somebody who is found by a kind of identifier, an identifier, and perhaps a part of it: `BUSINESS`, `LESOTHO`, a bill.
    ///
    /// # Errors
    /// [`Unpaid`] with the step that failed.
    pub async fn pay_to(&self, from: &str, to: &[&str], amount: Money) -> Result<String, Unpaid> {
        let path = format!("/parties/{}", to.join("/"));
        let found = self.exchange(from, Method::GET, &path, &path, None, &Value::Null).await?;
        let payee = found.pointer("/party/partyIdInfo/fspId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (quote, transfer) = (uuid(), uuid());
        let asked = json!({
            "quoteId": quote,
            "transactionId": transfer,
            "payer": { "partyIdInfo": { "partyIdType": "MSISDN", "partyIdentifier": "0", "fspId": from } },
            "payee": { "partyIdInfo": found.pointer("/party/partyIdInfo") },
            "amountType": "SEND",
            "amount": WireAmount::of(amount),
            "transactionType": { "scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "CONSUMER" },
        });
        let at = format!("/quotes/{quote}");
        let quoted = self.exchange(from, Method::POST, "/quotes", &at, Some(&payee), &asked).await?;
        let expires_at = self.inner.clock.now().plus_seconds(EXPIRES_SECONDS);
        let asked = json!({
            "transferId": transfer,
            "payerFsp": from,
            "payeeFsp": payee,
            "amount": quoted.get("transferAmount"),
            "ilpPacket": quoted.get("ilpPacket"),
            "condition": quoted.get("condition"),
            "expiration": moment(expires_at),
        });
        let at = format!("/transfers/{transfer}");
        let done = self.exchange(from, Method::POST, "/transfers", &at, Some(&payee), &asked).await?;
        match done.get("transferState").and_then(Value::as_str) {
            Some("COMMITTED") => Ok(transfer),
            other => Err(Unpaid { step: "transfers", said: other.unwrap_or("nothing").to_owned() }),
        }
    }

    /// Sends a request and waits for its callback.
    async fn exchange(
        &self,
        from: &str,
        verb: Method,
        path: &str,
        answered_at: &str,
        to: Option<&str>,
        body: &Value,
    ) -> Result<Value, Unpaid> {
        let step = step(path);
        let (told, hears) = oneshot::channel();
        let key = format!("{from}{answered_at}");
        self.waiting().insert(key.clone(), told);
        let status = self.send(from, verb, path, to, body).await;
        if status != Some(StatusCode::ACCEPTED) {
            self.waiting().remove(&key);
            return Err(Unpaid { step, said: status.map_or("no answer".to_owned(), |status| status.to_string()) });
        }
        let Ok(Ok(said)) = tokio::time::timeout(PATIENCE, hears).await else {
            self.waiting().remove(&key);
            return Err(Unpaid { step, said: "no callback".to_owned() });
        };
        match said.pointer("/errorInformation/errorCode").and_then(Value::as_str) {
            Some(code) => Err(Unpaid { step, said: code.to_owned() }),
            None => Ok(said),
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Value>>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, from: &str, verb: Method, path: &str, to: Option<&str>, body: &Value) -> Option<StatusCode> {
        let (token, key) = self.inner.members.get(from)?;
        let kind = crate::fspiop::headers::content_type(step(path), "1.1");
        let date = date(self.inner.clock.now());
        let mut request = Request::builder()
            .method(&verb)
            .uri(format!("{}{path}", self.inner.hub))
            .header("fspiop-source", from)
            .header("content-type", &kind)
            .header("date", &date)
            .header("authorization", format!("Bearer {}", token.reveal()));
        if verb != Method::PUT {
            request = request.header("accept", &kind);
        }
        if let Some(to) = to {
            request = request.header("fspiop-destination", to);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        if let (Some(key), false) = (key, text.is_empty()) {
            let verb = if verb == Method::PUT { Verb::Put } else { Verb::Post };
            let signed = Signed { verb, uri: path, source: from, destination: to, date: &date };
            request = request.header(SIGNATURE, sign(key, &signed, text.as_bytes())?);
        }
        let answer = self.inner.outbound.send(request.body(Bytes::from(text)).ok()?).await;
        answer.ok().map(|answer| answer.status())
    }

    /// Answers what was asked of `name`.
    async fn answer(self, name: String, verb: Method, path: String, asker: String, body: Value) {
        let put = |at: String, body: Value| {
            let (own, to, from) = (self.clone(), asker.clone(), name.clone());
            async move {
                own.send(&from, Method::PUT, &at, Some(&to), &body).await;
            }
        };
        match (verb.as_str(), step(&path)) {
            ("GET", "parties") => {
                let mut parts = path.split('/').skip(2);
                let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let party = json!({
                    "partyIdInfo": { "partyIdType": kind, "partyIdentifier": id, "fspId": name },
                    "name": "Customer",
                    "personalInfo": { "complexName": { "firstName": "Customer", "lastName": id } },
                });
                put(path.clone(), json!({ "party": party })).await;
            }
            ("POST", "quotes") => {
                let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
                let packet = base64url(text("transactionId").as_bytes());
                let quoted = json!({
                    "transferAmount": body.get("amount"),
                    "payeeReceiveAmount": body.get("amount"),
                    "expiration": moment(self.inner.clock.now().plus_seconds(EXPIRES_SECONDS)),
                    "condition": base64url(&crypto::sha256(&[&secret(&packet)])),
                    "ilpPacket": packet,
                });
                put(format!("/quotes/{}", text("quoteId")), quoted).await;
            }
            ("POST", "transfers") => {
                // A payer may call its transfer as it likes: what was quoted is known by its packet.
                let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
                let id = text("transferId");
                let agreed = json!({
                    "transferState": "COMMITTED",
                    "fulfilment": base64url(&secret(text("ilpPacket"))),
                    "completedTimestamp": moment(self.inner.clock.now()),
                });
                put(format!("/transfers/{id}"), agreed).await;
            }
            _ => {}
        }
    }
}

fn step(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("participants") => "participants",
        Some("parties") => "parties",
        Some("quotes") => "quotes",
        _ => "transfers",
    }
}

fn secret(packet: &str) -> [u8; 32] {
    crypto::sha256(&[b"fulfilment of ", packet.as_bytes()])
}

/// A random UUID.
#[must_use]
pub fn uuid() -> String {
    crate::uuid_of(crypto::random::<16>())
}

fn date(now: Timestamp) -> String {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_micros(micros))
}

async fn take(
    State(all): State<Institutions>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let path = uri.path().trim_start_matches('/');
    let Some((name, rest)) = path.split_once('/') else { return StatusCode::NOT_FOUND };
    let path = format!("/{rest}");
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if matches!(method, Method::PUT | Method::PATCH) {
        let at = path.trim_end_matches("/error");
        if let Some(told) = all.waiting().remove(&format!("{name}{at}")) {
            let _ = told.send(body);
        }
        return StatusCode::OK;
    }
    let asker = headers.get("fspiop-source").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    tokio::spawn(all.clone().answer(name.to_owned(), method, path, asker, body));
    StatusCode::ACCEPTED
}
