//! Talking to a wallet or an acquirer: push a request, ask what became of it, hand money back. Never within an operation.
//!
//! **Invariant:** every message is signed and carries the key under which the wallet does it once; the
//! answer says for sure, or says that it is not sure.

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use edge::{Outbound, OutboundError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Money, Personal, Timestamp};

use crate::gateway::model::{Attempt, AttemptId};
use crate::gateway::receive::Told;
use crate::ledger::TransferId;
use crate::rails::payout::DisbursementId;
use crate::rails::payout::outcome::PaidOut;
use crate::rails::wallets::WalletLink;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};

/// The largest answer that is read.
const ANSWER_BYTES: usize = 8 * 1024;

/// A line to one wallet at one moment.
pub(crate) struct Line<'a> {
    pub(crate) outbound: &'a Outbound,
    pub(crate) link: &'a WalletLink,
    pub(crate) now: Timestamp,
}

/// What the wallet did with a push.
#[derive(Debug)]
pub(crate) enum Pushed {
    /// It asks the payer; what it calls the attempt, if it says.
    Taken(Option<String>),
    /// It will not: its code for why.
    Refused(String),
    /// It may have heard.
    Unsure,
    /// It has not heard, or is not able now: try again.
    Later(&'static str),
}

/// What the wallet answered when asked.
#[derive(Debug)]
pub(crate) enum Asked<T = Told> {
    /// This became of it.
    Told(T),
    /// It has never heard of it.
    Unheard,
    /// No answer that helps.
    Later,
}

/// What the wallet answered when asked of a payment to one of its numbers.
#[derive(Debug)]
pub(crate) enum ToldOfPayment {
    /// This became of it.
    Said(PaidOut),
    /// It has never heard of it.
    Unheard,
    /// No answer that helps.
    Later,
}

/// What the wallet did with money handed back.
#[derive(Debug)]
pub(crate) enum Returned {
    /// It has it; what it calls the movement.
    Done(String),
    /// It will not take it.
    Refused,
    /// Try again under the same key.
    Later(&'static str),
}

/// What an acquirer is told of a payer who is on her way.
pub(crate) struct Session<'a> {
    pub(crate) id: AttemptId,
    pub(crate) amount: Money,
    pub(crate) reference: &'a str,
    pub(crate) description: &'a str,
    pub(crate) language: &'a str,
    pub(crate) return_url: String,
    pub(crate) expires_at: Timestamp,
}

/// What an acquirer did with it.
#[derive(Debug)]
pub(crate) enum Opened {
    /// It waits for her there.
    At {
        /// What it calls the session.
        reference: String,
        /// Where.
        url: String,
    },
    /// It will not: its code for why.
    Refused(String),
    /// It may have heard, or is not able now: again under the same key.
    Later,
}

#[derive(Deserialize)]
struct Where {
    reference: String,
    url: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Serialize)]
struct Push<'a> {
    id: &'a str,
    msisdn: &'a str,
    amount_minor: i64,
    currency: spine::Currency,
    reference: &'a str,
    expires_at: Timestamp,
}

impl Line<'_> {
    /// Asks the wallet to ask the payer: `POST {base}/requests`.
    pub(crate) async fn push(&self, attempt: &Attempt, amount: Money, reference: &str) -> Pushed {
        self.ask_for(&attempt.id.to_string(), &attempt.msisdn, amount, reference, attempt.expires_at).await
    }

    /// The same for whatever goes by `id`, for ever.
    pub(crate) async fn ask_for(
        &self,
        id: &str,
        number: &Personal<String>,
        amount: Money,
        reference: &str,
        expires_at: Timestamp,
    ) -> Pushed {
        let (msisdn, amount_minor, currency) = (number.reveal().as_str(), amount.minor(), amount.currency());
        let push = Push { id, msisdn, amount_minor, currency, reference, expires_at };
        let Ok(body) = serde_json::to_vec(&push) else { return Pushed::Later("payments.wallet.message") };
        pushed(self.post("/requests", id, body).await)
    }

    /// Pays one of its numbers: `POST {base}/disbursements`.
    pub(crate) async fn pay_out(
        &self,
        id: DisbursementId,
        number: &Personal<String>,
        amount: Money,
        reference: &str,
    ) -> Pushed {
        let body = json!({
            "id": id,
            "msisdn": number.reveal(),
            "amount_minor": amount.minor(),
            "currency": amount.currency(),
            "reference": reference,
        });
        pushed(self.post("/disbursements", &id.to_string(), body.to_string().into_bytes()).await)
    }

    /// Asks what became of a payment to one of its numbers: `GET {base}/disbursements/{id}`.
    pub(crate) async fn ask_of_payment(&self, id: DisbursementId) -> ToldOfPayment {
        match self.get(&format!("/disbursements/{id}")).await {
            Ok((StatusCode::NOT_FOUND, _)) => ToldOfPayment::Unheard,
            Ok((status, body)) if status.is_success() => {
                parsed::<PaidOut>(&body).filter(|told| told.id == id).map_or(ToldOfPayment::Later, ToldOfPayment::Said)
            }
            _ => ToldOfPayment::Later,
        }
    }

    /// Asks what became of an attempt: `GET {base}/requests/{id}`.
    pub(crate) async fn ask(&self, id: AttemptId) -> Asked {
        match self.ask_about::<Told>(&id.to_string()).await {
            Asked::Told(told) if told.id != id => Asked::Later,
            asked => asked,
        }
    }

    /// The same of whatever goes by `id`; the caller sees to it that the answer is about it.
    pub(crate) async fn ask_about<T: DeserializeOwned>(&self, id: &str) -> Asked<T> {
        self.ask_at(&format!("/requests/{id}")).await
    }

    /// The same at a path.
    pub(crate) async fn ask_at<T: DeserializeOwned>(&self, path: &str) -> Asked<T> {
        match self.get(path).await {
            Ok((StatusCode::NOT_FOUND, _)) => Asked::Unheard,
            Ok((status, body)) if status.is_success() => parsed::<T>(&body).map_or(Asked::Later, Asked::Told),
            _ => Asked::Later,
        }
    }

    /// Has an acquirer wait for a payer: `POST {base}/sessions`. The same key is the same session.
    pub(crate) async fn open(&self, session: &Session<'_>) -> Opened {
        let (id, currency) = (session.id.to_string(), session.amount.currency());
        let body = json!({
            "id": id,
            "amount_minor": session.amount.minor(),
            "currency": currency,
            "reference": session.reference,
            "description": session.description,
            "language": session.language,
            "return_url": session.return_url,
            "expires_at": session.expires_at,
        });
        match self.post("/sessions", &id, body.to_string().into_bytes()).await {
            Ok((status, body)) if status.is_success() => {
                parsed::<Where>(&body).map_or(Opened::Later, |it| Opened::At { reference: it.reference, url: it.url })
            }
            Ok((status, body)) if matches!(status.as_u16(), 400 | 410 | 422) => {
                Opened::Refused(parsed::<Reason>(&body).and_then(|it| it.code).unwrap_or_else(|| "refused".to_owned()))
            }
            _ => Opened::Later,
        }
    }

    /// Hands money back: `POST {base}/refunds`. The hold's id is the key: each hold is one return.
    pub(crate) async fn give_back(&self, hold: TransferId, of: &str, amount: Money) -> Returned {
        let body = json!({
            "id": hold,
            "payment": of,
            "amount_minor": amount.minor(),
            "currency": amount.currency(),
        });
        match self.post("/refunds", &hold.to_string(), body.to_string().into_bytes()).await {
            Ok((status, body)) if status.is_success() => parsed::<Reference>(&body)
                .and_then(|it| it.reference)
                .map_or(Returned::Later("payments.wallet.message"), Returned::Done),
            Ok((status, _)) if matches!(status.as_u16(), 400 | 404 | 409 | 410 | 422) => Returned::Refused,
            Ok(_) => Returned::Later("payments.wallet.unavailable"),
            Err(_) => Returned::Later("payments.wallet.unreachable"),
        }
    }

    async fn post(&self, path: &str, key: &str, body: Vec<u8>) -> Result<(StatusCode, Bytes), OutboundError> {
        self.post_as("application/json", path, key, body).await
    }

    pub(crate) async fn post_as(
        &self,
        content_type: &str,
        path: &str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), OutboundError> {
        let builder =
            Request::post(self.url(path)).header(header::CONTENT_TYPE, content_type).header("idempotency-key", key);
        let body = Bytes::from(body);
        let request = self.signed(builder, &body.clone(), body).ok_or(OutboundError::NotAllowed)?;
        let answer = self.outbound.send(request).await?;
        Ok((answer.status(), answer.into_body()))
    }

    /// Asks by a signed path.
    pub(crate) async fn get(&self, path: &str) -> Result<(StatusCode, Bytes), OutboundError> {
        let request = self.signed(Request::get(self.url(path)), path.as_bytes(), Bytes::new());
        let answer = self.outbound.send(request.ok_or(OutboundError::NotAllowed)?).await?;
        Ok((answer.status(), answer.into_body()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.link.base_url.trim_end_matches('/'))
    }

    fn signed(&self, builder: axum::http::request::Builder, message: &[u8], body: Bytes) -> Option<Request<Bytes>> {
        let time = self.now.as_seconds();
        builder
            .header(TIMESTAMP, time.to_string())
            .header(SIGNATURE, sign(&self.link.secret, time, message))
            .body(body)
            .ok()
    }
}

/// What an answer to a push means.
fn pushed(answer: Result<(StatusCode, Bytes), OutboundError>) -> Pushed {
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(error) if error.is_unsure() => return Pushed::Unsure,
        Err(_) => return Pushed::Later("payments.wallet.unreachable"),
    };
    match status.as_u16() {
        200..=299 => Pushed::Taken(parsed::<Reference>(&body).and_then(|it| it.reference)),
        400 | 404 | 410 | 422 => {
            Pushed::Refused(parsed::<Reason>(&body).and_then(|it| it.code).unwrap_or_else(|| "refused".to_owned()))
        }
        401 | 403 => Pushed::Later("payments.wallet.knows_us_not"),
        _ => Pushed::Later("payments.wallet.unavailable"),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(body: &Bytes) -> Option<T> {
    (body.len() <= ANSWER_BYTES).then(|| serde_json::from_slice(body).ok())?
}
