//! What clients are answered: at their redirect address (RFC 6749 §4.1.2, RFC 9207, JARM), and as JSON (§5.1, §5.2).
//!
//! **Invariant:** every answer at a redirect address says who gives it; every answer with a token is kept by nobody on
//! the way; what a code or token was not good for is not told.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use edge::origin::encode_query;
use serde_json::{Map, Value as Json, json};
use spine::{Fault, FaultKind};

use crate::provider::client::Client;
use crate::provider::request::{AuthRequest, Mode, Parameters};
use crate::settings::Identity;

/// How long a signed answer is good (JARM §2.1 wants at most ten minutes).
const JARM_SECONDS: i64 = 300;

impl Identity {
    /// The redirect address with an answer's parameters.
    ///
    /// # Errors
    /// An internal fault if it cannot be signed.
    pub(crate) fn answer_at(
        &self,
        redirect_uri: &str,
        mode: Mode,
        client: &Client,
        pairs: &[(&str, &str)],
    ) -> Result<String, Fault> {
        let joint = if redirect_uri.contains('?') { '&' } else { '?' };
        let issuer = ("iss", self.inner.issuer.as_str());
        let mut out = format!("{redirect_uri}{joint}");
        match mode {
            Mode::Query => {
                let coded =
                    |(name, value): &(&str, &str)| format!("{name}={}", encode_query(value).replace('/', "%2F"));
                let all: Vec<String> = pairs.iter().chain([&issuer]).map(coded).collect();
                out.push_str(&all.join("&"));
            }
            Mode::Jwt => {
                let now = self.inner.acts.now();
                let mut claims: Map<String, Json> =
                    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                claims.insert("iss".to_owned(), json!(issuer.1));
                claims.insert("aud".to_owned(), json!(client.id));
                claims.insert("exp".to_owned(), json!(now.plus_seconds(JARM_SECONDS).as_seconds()));
                out.push_str("response=");
                out.push_str(&self.sign(client.jarm_alg, "JWT", &Json::Object(claims))?);
            }
        }
        Ok(out)
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// As [`Identity::answer_at`].
    pub(crate) fn answer(&self, request: &AuthRequest, pairs: &[(&str, &str)]) -> Result<String, Fault> {
        let client = self.client(&request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
        let state = request.state.as_deref().map(|state| ("state", state));
        let all: Vec<(&str, &str)> = pairs.iter().copied().chain(state).collect();
        self.answer_at(&request.redirect_uri, request.mode, &client, &all)
    }

    /// An error as the answer to a request.
    ///
    /// # Errors
    /// As [`Identity::answer_at`].
    pub(crate) fn error_answer(&self, request: &AuthRequest, error: &str, description: &str) -> Result<String, Fault> {
        self.answer(request, &[("error", error), ("error_description", description)])
    }
}

/// An error for a client, as JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
    /// `WWW-Authenticate`, for whoever comes with a token.
    pub(crate) challenge: Option<&'static str>,
    /// A nonce to come again with (RFC 9449 §8).
    pub(crate) nonce: Option<[u8; NONCE_LETTERS]>,
}

/// How long a nonce is.
pub(crate) const NONCE_LETTERS: usize = 22;

pub(crate) const fn refused(error: &'static str, description: &'static str) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, error, description, challenge: None, nonce: None }
}

pub(crate) const INVALID_CLIENT: Refused = Refused {
    status: StatusCode::UNAUTHORIZED,
    challenge: Some(r#"Basic realm="oauth2""#),
    ..refused("invalid_client", "the client is not known or did not prove itself")
};
pub(crate) const INVALID_GRANT: Refused = refused("invalid_grant", "the code or token is not good");

impl From<(&'static str, &'static str)> for Refused {
    fn from((error, description): (&'static str, &'static str)) -> Self {
        refused(error, description)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        if fault.code() == "identity.assertion.replayed" {
            return INVALID_CLIENT;
        }
        if fault.code() == "identity.proof.replayed" {
            return refused("invalid_dpop_proof", "the DPoP proof was used before");
        }
        let (status, error) = match fault.kind() {
            FaultKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            FaultKind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
            FaultKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            FaultKind::Forbidden => (StatusCode::FORBIDDEN, "access_denied"),
            // What may be used once came a second time, while another request used it.
            FaultKind::Conflict => (StatusCode::BAD_REQUEST, "invalid_grant"),
            _ => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        tracing::warn!(code = fault.code(), cause = fault.cause().map(ToString::to_string), "a client was refused");
        Self { status, ..refused(error, "the request could not be carried out") }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = private(self.status, &json!({"error": self.error, "error_description": self.description}));
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(nonce) = &self.nonce {
            add_nonce(response.headers_mut(), nonce);
        }
        response
    }
}

/// Offers a nonce for the next proof (RFC 9449 §8.2).
pub(crate) fn add_nonce(headers: &mut HeaderMap, nonce: &[u8; NONCE_LETTERS]) {
    if let Ok(value) = HeaderValue::from_bytes(nonce) {
        headers.insert("dpop-nonce", value);
    }
}

/// JSON that nothing on the way may keep (RFC 6749 §5.1).
pub(crate) fn private(status: StatusCode, value: &Json) -> Response {
    let body = value.to_string();
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    unkept(response.headers_mut());
    response
}

/// A signed or encrypted answer.
pub(crate) fn token_answer(content_type: &'static str, token: String) -> Response {
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], token).into_response();
    unkept(response.headers_mut());
    response
}

fn unkept(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// Reads the parameters of a form, each at most once.
pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(refused("invalid_request", "the body must be application/x-www-form-urlencoded"));
    }
    let parameters = Parameters::parse(body)?;
    parameters.each_once()?;
    Ok(parameters)
}

impl Parameters {
    /// A parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or(refused("invalid_request", "a parameter is missing"))
    }
}
