//! The OpenID provider's front: what it can do, its keys, and where a request to sign in arrives.
//!
//! **Invariant:** what the metadata says is what the endpoints do; keys are public halves only.
//! OpenID Connect Discovery 1.0, RFC 8414, RFC 9207.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json as Body, Router};
use edge::{Refusal, Reply, Visit, see_other};
use serde_json::{Value as Json, json};
use spine::Words;

use crate::authorise::{self, AuthRequest, Bad};
use crate::claims::ACR_VALUES;
use crate::client::{Client, SCOPES};
use crate::flow::{Running, START};
use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/oauth2/jwks", get(jwks))
        .route("/oauth2/authorize", get(authorize))
}

/// JSON that anybody may keep for five minutes.
fn public(value: Json) -> Response {
    let mut response = Body(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

async fn metadata(State(identity): State<Identity>, visit: Visit) -> Response {
    let issuer = identity.inner.issuer.as_str();
    let at = |path: &str| format!("{issuer}{path}");
    let languages: Vec<&str> = visit.site().words().locales().map(|locale| locale.language.tag()).collect();
    public(json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "jwks_uri": at("/oauth2/jwks"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "end_session_endpoint": at("/oauth2/logout"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "at_hash", "name", "phone_number"],
        "acr_values_supported": ACR_VALUES,
        "ui_locales_supported": languages,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(identity): State<Identity>) -> Response {
    public(identity.inner.key_set.to_jwks())
}

/// Where a client sends a browser to have somebody sign in.
async fn authorize(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let issuer = identity.inner.issuer.as_str();
    let read = authorise::read(visit.query().unwrap_or_default(), &identity.inner.clients, issuer);
    let (mut request, extras) = match read {
        Ok(read) => read,
        Err(Bad::Page(fault)) => return Err(Refusal::from(fault).status(StatusCode::BAD_REQUEST)),
        Err(Bad::Answer(address)) => return Ok(see_other(&address)),
    };
    if let Some(hint) = &extras.hint {
        let Some(expected) = identity.client(&request.client).and_then(|client| identity.hinted(client, hint)) else {
            return Ok(see_other(&request.error(issuer, "invalid_request", "id_token_hint is not one of ours")));
        };
        request.expected = Some(expected);
    }
    let start = start_in(visit.site().words(), &extras.ui_locales);
    let who = identity.provider_session(&visit, &headers).await?;
    let running = Running::new(request, identity.inner.acts.now());
    identity.proceed(&visit, running, who, &start).await
}

/// The first page, in the first of the languages wished for that the country speaks.
fn start_in(words: &Words, wished: &[String]) -> String {
    match wished.iter().find_map(|tag| words.language(tag)) {
        Some(language) => format!("{START}?lang={}", language.primary()),
        None => START.to_owned(),
    }
}

impl Identity {
    /// The `sub` of an ID token of ours for this client, be it expired or not; none if it is not one.
    pub(crate) fn hinted(&self, client: &Client, token: &str) -> Option<String> {
        let claims = self.inner.key_set.open(token, Some("JWT")).ok()?;
        let text = |name: &str| claims.get(name).and_then(Json::as_str);
        let ours = text("iss") == Some(&self.inner.issuer) && text("aud") == Some(&client.id);
        ours.then(|| text("sub").map(str::to_owned)).flatten()
    }

    /// Where a browser at a page of this request may be sent by a form, for the page's policy.
    pub(crate) fn client_origin(request: &AuthRequest) -> String {
        crate::client::origin_of(&request.redirect_uri)
    }
}
