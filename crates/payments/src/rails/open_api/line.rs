//! The calls. Never within an operation.
//!
//! **Invariant:** an answer that does not say for sure is asked about; a repeat under the same identifier is never a second movement.

use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use edge::Outbound;
use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Money, Personal, Secret, Timestamp};

use super::OpenApi;
use crate::rails::talk::{Pushed, Returned};

/// The largest answer that is read.
const ANSWER_BYTES: usize = 8 * 1024;
/// The longest text for people, and the longest reference.
const WORDS: usize = 256;
const REFERENCE: usize = 20;

/// A line to such a wallet at one moment.
pub(crate) struct Line<'a> {
    pub(crate) outbound: &'a Outbound,
    pub(crate) open_api: &'a OpenApi,
    pub(crate) now: Timestamp,
}

/// How a transaction stands there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Done; what it calls the movement.
    Completed(String),
    /// Not done and never will be.
    Over,
    /// It has never heard of it.
    Unheard,
    /// Not known yet, or no answer that helps.
    Open,
}

/// What an answer to a change means.
enum Said {
    /// It has it; what it calls the movement, if that is done already.
    Taken(Option<String>),
    /// It will not, and why in our own code.
    No(&'static str),
    /// It may have it.
    Unsure,
    /// It has not heard, or is not able now.
    Later(&'static str),
}

#[derive(Default, Deserialize)]
struct Output {
    #[serde(rename = "output_ResponseCode", default)]
    code: String,
    #[serde(rename = "output_SessionID", default)]
    session: String,
    #[serde(rename = "output_TransactionID", default)]
    transaction: String,
    #[serde(rename = "output_OriginalTransactionID", default)]
    original: String,
    #[serde(rename = "output_ResponseTransactionStatus", default)]
    status: String,
}

impl Line<'_> {
    /// Asks a payer: C2B, single stage.
    pub(crate) async fn push(&self, id: &str, number: &Personal<String>, amount: Money, reference: &str) -> Pushed {
        self.change(Method::POST, "c2bPayment/singleStage", &self.moving(id, number, amount, reference)).await.into()
    }

    /// Pays one of its numbers: B2C.
    pub(crate) async fn pay_out(&self, id: &str, number: &Personal<String>, amount: Money, reference: &str) -> Pushed {
        self.change(Method::POST, "b2cPayment", &self.moving(id, number, amount, reference)).await.into()
    }

    /// Hands money back: a reversal, of part of it if need be.
    pub(crate) async fn give_back(&self, id: &str, of: &str, amount: Money) -> Returned {
        let body = json!({
            "input_ReversalAmount": amount.digits(),
            "input_Country": self.open_api.market.country,
            "input_ServiceProviderCode": self.open_api.link.service_provider_code,
            "input_ThirdPartyConversationID": id,
            "input_TransactionID": of,
        });
        match self.change(Method::PUT, "reversal", &body).await {
            Said::Taken(Some(reference)) => Returned::Done(reference),
            Said::Taken(None) | Said::Unsure => match self.ask(id).await {
                Stands::Completed(reference) => Returned::Done(reference),
                Stands::Over => Returned::Refused,
                Stands::Unheard | Stands::Open => Returned::Later("payments.wallet.pending"),
            },
            Said::No(_) => Returned::Refused,
            Said::Later(code) => Returned::Later(code),
        }
    }

    /// Asks what became of what we called `id`.
    pub(crate) async fn ask(&self, id: &str) -> Stands {
        // Each question has an identifier of its own.
        let own = crypto::hex(&crypto::short_hash(&[b"query:", id.as_bytes(), &self.now.as_seconds().to_be_bytes()]));
        let asked = format!(
            "?input_QueryReference={id}&input_ServiceProviderCode={}&input_ThirdPartyConversationID={own}&input_Country={}",
            self.open_api.link.service_provider_code, self.open_api.market.country
        );
        let url = format!("{}{asked}", self.open_api.address("queryTransactionStatus"));
        let Ok((status, output)) = self.call(Method::GET, &url, Bytes::new()).await else { return Stands::Open };
        match (output.code.as_str(), output.status.as_str()) {
            ("INS-0", "Completed") => named(&output.original).map_or(Stands::Open, Stands::Completed),
            ("INS-0", "Cancelled" | "Declined" | "Expired" | "Failed") => Stands::Over,
            _ if status == StatusCode::NOT_FOUND => Stands::Unheard,
            _ => Stands::Open,
        }
    }

    fn moving(&self, id: &str, number: &Personal<String>, amount: Money, reference: &str) -> Value {
        let plain: String = reference.chars().filter(char::is_ascii_alphanumeric).take(REFERENCE).collect();
        let words: String = reference.chars().take(WORDS).collect();
        json!({
            "input_Amount": amount.digits(),
            "input_Country": self.open_api.market.country,
            "input_Currency": self.open_api.currency,
            "input_CustomerMSISDN": number.reveal().trim_start_matches('+'),
            "input_ServiceProviderCode": self.open_api.link.service_provider_code,
            "input_ThirdPartyConversationID": id,
            "input_TransactionReference": plain,
            "input_PurchasedItemsDesc": words,
            "input_PaymentItemsDesc": words,
        })
    }

    async fn change(&self, method: Method, call: &str, body: &Value) -> Said {
        let answer = self.call(method, &self.open_api.address(call), Bytes::from(body.to_string())).await;
        let (status, output) = match answer {
            Ok(answer) => answer,
            Err(said) => return said,
        };
        match output.code.as_str() {
            "INS-0" => Said::Taken(named(&output.transaction)),
            // Heard before; timed out; broken inside; not known there either: what became of it is asked.
            "INS-1" | "INS-9" | "INS-10" | "INS-23" => Said::Unsure,
            "INS-16" => Said::Later("payments.wallet.unavailable"),
            // The key, the short code or our rights there: for whoever runs this, and no payer's fault.
            "INS-2" | "INS-13" | "INS-26" | "INS-998" | "INS-2001" => Said::Later("payments.wallet.knows_us_not"),
            "INS-2006" => Said::No("insufficient_funds"),
            "INS-2002" | "INS-2051" => Said::No("unknown_number"),
            "INS-996" => Said::No("account_closed"),
            "" if status.is_success() => Said::Unsure,
            "" => Said::Later("payments.wallet.unavailable"),
            _ => Said::No("declined"),
        }
    }

    /// Within a session; what went wrong if there is no answer.
    async fn call(&self, method: Method, url: &str, body: Bytes) -> Result<(StatusCode, Output), Said> {
        let session = match self.open_api.session(self.now) {
            Some(session) => session,
            None => self.open().await?,
        };
        let (status, output) = self.send(method, url, &session, body).await?;
        if status == StatusCode::UNAUTHORIZED {
            self.open_api.forget(self.now);
            return Err(Said::Later("payments.wallet.knows_us_not"));
        }
        Ok((status, output))
    }

    async fn open(&self) -> Result<Secret<String>, Said> {
        let (url, key) = (self.open_api.address("getSession"), &self.open_api.link.api_key);
        // Nothing has moved, whatever becomes of this call.
        let answer = self.send(Method::GET, &url, key, Bytes::new()).await;
        let (_, output) = answer.map_err(|_| Said::Later("payments.wallet.unreachable"))?;
        if output.code != "INS-0" || output.session.is_empty() {
            return Err(Said::Later("payments.wallet.knows_us_not"));
        }
        let id = Secret::new(output.session);
        self.open_api.keep(id.clone(), self.now);
        Ok(id)
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        credential: &Secret<String>,
        body: Bytes,
    ) -> Result<(StatusCode, Output), Said> {
        let not_sent = || Said::Later("payments.wallet.message");
        let sealed = self.open_api.link.public_key.encrypt(credential.reveal().as_bytes()).map_err(|_| not_sent())?;
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::AUTHORIZATION, format!("Bearer {}", crypto::base64(&sealed)))
            .header(header::ORIGIN, &self.open_api.link.origin)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| not_sent())?;
        let answer = self.outbound.send(request).await.map_err(|error| match error.is_unsure() {
            true => Said::Unsure,
            false => Said::Later("payments.wallet.unreachable"),
        })?;
        let (status, body) = (answer.status(), answer.into_body());
        let output = if body.len() <= ANSWER_BYTES { serde_json::from_slice(&body).ok() } else { None };
        Ok((status, output.unwrap_or_default()))
    }
}

/// What it calls a movement; `N/A` is no name.
fn named(reference: &str) -> Option<String> {
    let fine = (1..=64).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_graphic());
    (fine && reference != "N/A").then(|| reference.to_owned())
}

impl From<Said> for Pushed {
    fn from(said: Said) -> Self {
        match said {
            // Also if it is done already: what became of it is asked, and told in one way only.
            Said::Taken(reference) => Self::Taken(reference),
            Said::No(code) => Self::Refused(code.to_owned()),
            Said::Unsure => Self::Unsure,
            Said::Later(code) => Self::Later(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_can_be_kept() {
        assert_eq!(named("8KL41AZ19S").as_deref(), Some("8KL41AZ19S"));
        for none in ["", "N/A", "with space", &"X".repeat(65), "ré"] {
            assert_eq!(named(none), None, "{none}");
        }
    }
}
