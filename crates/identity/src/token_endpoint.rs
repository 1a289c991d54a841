//! Where clients come without a browser: tokens, claims, taking tokens back.
//!
//! **Invariant:** a client with a secret proves it each time; answers are JSON, never kept on the way, and errors
//! are those of RFC 6749 §5.2 and RFC 6750 §3.1. What a code or token was not good for is not told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::{base64url, constant_time_eq, jose, sha256};
use edge::{Answers, Visit};
use journal::Key;
use serde_json::{Map, Value as Json, json};
use spine::{Fault, FaultKind, Secret};

use crate::claims::{self, Facts};
use crate::client::Client;
use crate::grant::{self, Exchange, Granted, TOKEN_SECONDS};
use crate::keys::{Token, token_hash};
use crate::rows::grants;
use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/oauth2/token", post(token))
        .route("/oauth2/revoke", post(revoke))
        .route("/oauth2/userinfo", get(userinfo).post(userinfo))
}

/// An error for a client.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

const fn refused(error: &'static str, description: &'static str) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, error, description }
}

const INVALID_CLIENT: Refused = Refused {
    status: StatusCode::UNAUTHORIZED,
    error: "invalid_client",
    description: "the client is not known or did not prove itself",
};
const INVALID_GRANT: Refused = refused("invalid_grant", "the code is not good");
const INVALID_TOKEN: Refused =
    Refused { status: StatusCode::UNAUTHORIZED, error: "invalid_token", description: "the token is not good" };

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        let (status, error) = match fault.kind() {
            FaultKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            FaultKind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
            FaultKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            _ => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        tracing::warn!(code = fault.code(), cause = fault.cause().map(ToString::to_string), "a client was refused");
        Self { status, error, description: "the request could not be carried out" }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = private(self.status, json!({"error": self.error, "error_description": self.description}));
        let challenge = match self.error {
            "invalid_client" => Some(r#"Basic realm="oauth2""#),
            "invalid_token" => Some(r#"Bearer error="invalid_token""#),
            "missing_token" => Some("Bearer"),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// JSON that nothing on the way may keep (RFC 6749 §5.1).
fn private(status: StatusCode, value: Json) -> Response {
    let mut response = (status, axum::Json(value)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The parameters of a form, each at most once.
struct Params(Answers);

impl Params {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(refused("invalid_request", "the body must be application/x-www-form-urlencoded"));
        }
        let params = Answers::parse(body).map_err(|_| refused("invalid_request", "the body cannot be read"))?;
        let repeated = params.iter().any(|(_, values)| values.len() > 1);
        if repeated { Err(refused("invalid_request", "a parameter is repeated")) } else { Ok(Self(params)) }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.all(name).first().map(String::as_str).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or(refused("invalid_request", "a parameter is missing"))
    }
}

impl Identity {
    /// The client that asks, proven by its secret if it has one (RFC 6749 §2.3).
    fn proven_client(&self, headers: &HeaderMap, params: &Params) -> Result<&Client, Refused> {
        let basic = basic_credentials(headers)?;
        let in_body = params.get("client_secret");
        let (id, secret) = match (basic, in_body) {
            (Some(_), Some(_)) => {
                return Err(refused("invalid_request", "the client proves itself in two ways at once"));
            }
            (Some((id, secret)), None) => {
                if params.get("client_id").is_some_and(|own| own != id) {
                    return Err(INVALID_CLIENT);
                }
                (id, Some(secret))
            }
            (None, secret) => {
                let id = params.get("client_id").ok_or(INVALID_CLIENT)?.to_owned();
                (id, secret.map(|secret| Secret::new(secret.to_owned())))
            }
        };
        let client = self.client(&id).ok_or(INVALID_CLIENT)?;
        let proven = match (&client.secret_hash, &secret) {
            (Some(hash), Some(secret)) => constant_time_eq(hash, &Client::hash_of(secret)),
            (None, None) => true,
            _ => false,
        };
        if proven { Ok(client) } else { Err(INVALID_CLIENT) }
    }
}

/// Identifier and secret from `Authorization: Basic`, each form-encoded first (RFC 6749 §2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, Secret<String>)>, Refused> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let coded = value.to_str().ok().and_then(|text| text.split_once(' '));
    let (_, coded) = coded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).ok_or(INVALID_CLIENT)?;
    let url_safe = coded.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
    let bytes = crypto::from_base64url(&url_safe).ok_or(INVALID_CLIENT)?;
    let text = String::from_utf8(bytes).map_err(|_| INVALID_CLIENT)?;
    let (id, secret) = text.split_once(':').ok_or(INVALID_CLIENT)?;
    let decode = |part: &str| {
        let answers = Answers::parse(format!("v={part}").as_bytes()).map_err(|_| INVALID_CLIENT)?;
        answers.all("v").first().cloned().ok_or(INVALID_CLIENT)
    };
    Ok(Some((decode(id)?, Secret::new(decode(secret)?))))
}

async fn token(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let params = Params::read(&headers, &body)?;
    let client = identity.proven_client(&headers, &params)?;
    match params.need("grant_type")? {
        "authorization_code" => {}
        _ => return Err(refused("unsupported_grant_type", "only authorization_code is supported")),
    }
    let verifier = params.need("code_verifier")?;
    let fine = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !fine {
        return Err(refused("invalid_request", "code_verifier is not one (RFC 7636 §4.1)"));
    }
    let access = Token::fresh(&visit);
    let exchange = Exchange {
        client: client.id.clone(),
        code_hash: token_hash(params.need("code")?),
        redirect_uri: params.need("redirect_uri")?.to_owned(),
        challenge: base64url(&sha256(&[verifier.as_bytes()])),
        token_hash: access.hash.clone(),
    };
    let caller = identity.client_caller(client, &visit);
    let work = move |cx: &mut spine::Cx<'_>| grant::exchange(cx, &exchange);
    let granted = identity.inner.acts.write(&caller, &Key::none(), work).await?.ok_or(INVALID_GRANT)?;
    let id_token = identity.id_token(client, &granted, &access)?;
    Ok(private(
        StatusCode::OK,
        json!({
            "access_token": access.value.reveal(),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": id_token,
            "scope": granted.scope,
        }),
    ))
}

impl Identity {
    fn id_token(&self, client: &Client, granted: &Granted, access: &Token) -> Result<String, Fault> {
        let has_profile = granted.scope.split(' ').any(|scope| scope == "profile");
        let session = granted.session.to_string();
        let claims = claims::id_token(&Facts {
            issuer: &self.inner.issuer,
            subject: &self.subject(client, &granted.account),
            client: &client.id,
            now: granted.now,
            auth_time: granted.auth_time,
            assurance: granted.assurance,
            methods: &granted.methods,
            nonce: granted.nonce.as_deref(),
            access_token: access.value.reveal(),
            name: has_profile.then_some(granted.name.as_str()),
            session: client.first_party.then_some(session.as_str()),
        });
        let signed = jose::sign(&self.inner.signing_key, "JWT", &claims);
        signed.map_err(|error| Fault::internal("identity.sign.failed", error))
    }
}

async fn revoke(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let params = Params::read(&headers, &body)?;
    let client = identity.proven_client(&headers, &params)?;
    let (id, hash) = (client.id.clone(), token_hash(params.need("token")?));
    let caller = identity.client_caller(client, &visit);
    let work = move |cx: &mut spine::Cx<'_>| grant::revoke(cx, &id, &hash);
    identity.inner.acts.write(&caller, &Key::none(), work).await?;
    Ok(private(StatusCode::OK, json!({})))
}

async fn userinfo(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Result<Response, Refused> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        given.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = bearer else {
        let description = "send the access token as Authorization: Bearer";
        return Err(Refused { status: StatusCode::UNAUTHORIZED, error: "missing_token", description });
    };
    let hash = token_hash(token.trim());
    let wanted = hash.clone();
    let look = move |cx: &mut spine::Cx<'_>| Ok(grants::token(cx.tx(), &wanted)?.map(|token| token.client));
    let holder = identity.inner.acts.read(visit.caller(), look).await?.ok_or(INVALID_TOKEN)?;
    let client = identity.client(&holder).ok_or(INVALID_TOKEN)?;
    let work = move |cx: &mut spine::Cx<'_>| grant::pass_claims(cx, &hash);
    let caller = identity.client_caller(client, &visit);
    let passed = identity.inner.acts.write(&caller, &Key::none(), work).await?.ok_or(INVALID_TOKEN)?;
    let mut claims = Map::from_iter([("sub".to_owned(), json!(identity.subject(client, &passed.account)))]);
    for (name, value) in [("name", passed.name), ("phone_number", passed.phone)] {
        if let Some(value) = value {
            claims.insert(name.to_owned(), json!(value));
        }
    }
    Ok(private(StatusCode::OK, Json::Object(claims)))
}
