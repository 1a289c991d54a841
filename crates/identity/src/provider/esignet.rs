//! The doors of eSignet and of GovStack's identity block, for relying parties written for them: the client management
//! interface and the paths of authorise, token, userinfo and keys.
//!
//! **Invariant:** the same handlers stand behind these paths as behind ours; only the form of client management is its
//! own: answers are 200 with `response` or `errors`. A plain `http` address that is not this machine is no redirect address.
//!
//! **Absent on purpose:** the wallet's linked authorisation, and the interfaces eSignet's own pages call.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{post, put};
use edge::{Path, Visit};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use spine::{Caller, Fault, Localised, Timestamp};

use crate::provider::answer::{Refused, private};
use crate::provider::client::Client;
use crate::provider::metadata::{AuthMethod, ClientMetadata, GrantType};
use crate::provider::{catalogue, discovery, front, id_token, resource, token_endpoint};
use crate::settings::Identity;

/// How far the sender's clock may be off, in seconds.
const CLOCK_SECONDS: i64 = 120;
/// The scopes that open client management, eSignet's and ours.
const ADD: [&str; 2] = ["add_oidc_client", "clients.manage"];
const UPDATE: [&str; 2] = ["update_oidc_client", "clients.manage"];

pub(crate) fn routes() -> Router<Identity> {
    let management = |base: &str, noun: &str| {
        let all = format!("{base}/client-mgmt/{noun}");
        Router::new().route(&all, post(create)).route(&format!("{all}/{{client}}"), put(update))
    };
    Router::new()
        .merge(management("", "oidc-client"))
        .merge(management("/v1/esignet", "oidc-client"))
        .merge(management("/v1/esignet", "client"))
        .merge(front::routes_at("/authorize", "/v1/esignet/oauth/.well-known/jwks.json"))
        .merge(front::routes_at("/v1/esignet/authorize", "/.well-known/jwks.json"))
        .merge(token_endpoint::routes_at("/oauth/token"))
        .merge(token_endpoint::routes_at("/v1/esignet/oauth/token"))
        .merge(token_endpoint::routes_at("/v1/esignet/oauth/v2/token"))
        .merge(resource::userinfo_at("/oidc/userinfo"))
        .merge(resource::userinfo_at("/v1/esignet/oidc/userinfo"))
        .merge(discovery::routes_at("/v1/esignet/oidc/.well-known/openid-configuration"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    request_time: String,
    request: Wanted,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    client_id: Option<String>,
    client_name: String,
    logo_uri: Option<String>,
    relying_party_id: Option<String>,
    public_key: Option<Json>,
    auth_context_refs: Vec<String>,
    user_claims: Vec<String>,
    grant_types: Vec<String>,
    client_auth_methods: Vec<String>,
    redirect_uris: Vec<String>,
    status: Option<String>,
    /// The key userinfo is encrypted to.
    enc_public_key: Option<Json>,
    #[serde(default)]
    additional_config: Additional,
}

/// What newer programs ask for beside.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Additional {
    /// `JWS` or `JWE`.
    userinfo_response_type: Option<String>,
    require_pushed_authorization_requests: bool,
    dpop_bound_access_tokens: bool,
}

type Wrong = &'static str;

fn errors(now: Timestamp, code: &str) -> Response {
    let errors = json!([{"errorCode": code, "errorMessage": code}]);
    private(StatusCode::OK, &json!({"responseTime": stamp(now), "errors": errors}))
}

/// A moment as these interfaces write it, to the millisecond.
fn stamp(moment: Timestamp) -> String {
    let text = moment.to_string();
    match text.split_once('.') {
        Some((seconds, fraction)) => format!("{seconds}.{}Z", fraction.get(..3).unwrap_or("000")),
        None => text,
    }
}

/// Reads what is wanted.
fn read(body: &[u8], now: Timestamp) -> Result<Wanted, Wrong> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| "invalid_request")?;
    let sent = Timestamp::parse(&envelope.request_time).map_err(|_| "invalid_request")?;
    let timely = now.seconds_since(sent).abs() <= CLOCK_SECONDS;
    if timely { Ok(envelope.request) } else { Err("invalid_request") }
}

/// What is wanted, as a declaration.
fn declared(wanted: &Wanted, id: &str, jwks: Json) -> Result<ClientMetadata, Wrong> {
    if wanted.client_name.trim().is_empty() || wanted.client_name.len() > 256 {
        return Err("invalid_client_name");
    }
    if wanted.relying_party_id.as_deref().unwrap_or_default().is_empty() {
        return Err("invalid_rp_id");
    }
    let address = |uri: &String| uri.starts_with("https://") || uri.starts_with("http://");
    if wanted.logo_uri.as_ref().is_some_and(|uri| uri.len() > 2048 || !address(uri)) {
        return Err("invalid_uri");
    }
    // Ways of theirs that we have no means for are taken as wishes, and never said to be met.
    let untold = [":biometrics", ":biometrics-generated-code", ":linked-wallet-static-code"];
    let acr = |name: &String| id_token::assurance_of(name).is_some() || untold.iter().any(|own| name.ends_with(own));
    if wanted.auth_context_refs.is_empty() || !wanted.auth_context_refs.iter().all(acr) {
        return Err("invalid_acr");
    }
    if wanted.user_claims.is_empty() || !wanted.user_claims.iter().all(|claim| is_known(claim)) {
        return Err("invalid_claim");
    }
    if wanted.grant_types.is_empty() || wanted.grant_types.iter().any(|grant| grant != "authorization_code") {
        return Err("invalid_grant_type");
    }
    if wanted.client_auth_methods.is_empty() || wanted.client_auth_methods.iter().any(|own| own != "private_key_jwt") {
        return Err("invalid_client_auth");
    }
    let claims: Vec<&str> =
        wanted.user_claims.iter().map(String::as_str).filter(|claim| catalogue::is_claim(claim)).collect();
    let rs256 = Some("RS256".to_owned());
    let more = &wanted.additional_config;
    let sealed = more.userinfo_response_type.as_deref() == Some("JWE");
    let made = ClientMetadata {
        client_id: id.to_owned(),
        client_name: Localised::from([("en", wanted.client_name.as_str())]),
        organisation: wanted.relying_party_id.clone(),
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(jwks),
        redirect_uris: wanted.redirect_uris.clone(),
        grant_types: vec![GrantType::AuthorizationCode],
        scope: "profile email phone address".to_owned(),
        claims: claims.join(" "),
        // Such programs send a nonce and no code challenge, and expect RSA signatures.
        pkce_optional: true,
        id_token_signed_response_alg: rs256.clone(),
        userinfo_signed_response_alg: rs256,
        userinfo_encrypted_response_alg: sealed.then(|| "RSA-OAEP-256".to_owned()),
        require_pushed_authorization_requests: more.require_pushed_authorization_requests,
        dpop_bound_access_tokens: more.dpop_bound_access_tokens,
        ..ClientMetadata::default()
    };
    match Client::of(&made) {
        Ok(_) => Ok(made),
        Err(crate::ClientError::Id(_)) => Err("invalid_client_id"),
        Err(crate::ClientError::Redirect { .. } | crate::ClientError::Sector(_)) => Err("invalid_redirect_uri"),
        Err(crate::ClientError::Proof(_) | crate::ClientError::Algorithm { .. }) => Err("invalid_public_key"),
        Err(_) => Err("invalid_request"),
    }
}

/// A key as an object, or, as GovStack's own scenarios send it, as the text of one.
fn key_of(sent: &Json) -> Option<Json> {
    let key = match sent {
        Json::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    key.is_object().then_some(key)
}

/// A claim such programs may name: those told here, and those that no register of the country holds, which are accepted
/// and never told.
fn is_known(claim: &str) -> bool {
    const UNTOLD: [&str; 5] = ["middle_name", "preferred_username", "nickname", "picture", "zoneinfo"];
    catalogue::is_claim(claim) || UNTOLD.contains(&claim)
}

fn answered(now: Timestamp, outcome: Result<String, Wrong>, status: &str) -> Response {
    match outcome {
        Ok(id) => {
            let response = json!({"clientId": id, "clientStatus": status});
            private(StatusCode::OK, &json!({"responseTime": stamp(now), "response": response, "errors": []}))
        }
        Err(code) => errors(now, code),
    }
}

fn code_of(fault: &Fault) -> Wrong {
    match fault.code() {
        "identity.client.exists" => "duplicate_client_id",
        "identity.client.missing" => "invalid_client_id",
        _ => "unknown_error",
    }
}

async fn create(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let manager = identity.bearer(&visit, &method, &headers, &ADD).await?;
    let now = identity.inner.acts.now();
    let made = read(&body, now).and_then(|wanted| {
        let id = wanted.client_id.clone().filter(|id| id.len() <= 50).ok_or("invalid_client_id")?;
        let key = wanted.public_key.as_ref().and_then(key_of).ok_or("invalid_public_key")?;
        let sealing = wanted.enc_public_key.clone().map(|mut key| {
            if let Some(members) = key.as_object_mut() {
                members.insert("use".to_owned(), json!("enc"));
            }
            key
        });
        let keys: Vec<Json> = std::iter::once(key).chain(sealing).collect();
        declared(&wanted, &id, json!({"keys": keys}))
    });
    let caller = identity.client_caller(&manager, &visit);
    let outcome = match made {
        Ok(made) => identity.register_client(&caller, made, true).await.map_err(|fault| code_of(&fault)),
        Err(wrong) => Err(wrong),
    };
    Ok(answered(now, outcome, "ACTIVE"))
}

async fn update(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let manager = identity.bearer(&visit, &method, &headers, &UPDATE).await?;
    let now = identity.inner.acts.now();
    let wanted = match read(&body, now) {
        Ok(wanted) => wanted,
        Err(wrong) => return Ok(errors(now, wrong)),
    };
    // The key is never changed this way; a client whose key is lost is registered anew.
    let status = wanted.status.clone().unwrap_or_else(|| "ACTIVE".to_owned()).to_uppercase();
    if !matches!(status.as_str(), "ACTIVE" | "INACTIVE") {
        return Ok(errors(now, "invalid_status"));
    }
    let caller = identity.client_caller(&manager, &visit);
    let outcome = identity.replaced(&caller, &id, &wanted, status == "ACTIVE").await;
    Ok(answered(now, outcome.map(|()| id), &status))
}

impl Identity {
    async fn replaced(&self, caller: &Caller, id: &str, wanted: &Wanted, active: bool) -> Result<(), Wrong> {
        let said = |fault: Fault| code_of(&fault);
        let known = self.registered_client(caller, id).await.map_err(said)?.ok_or("invalid_client_id")?;
        let party = Wanted { relying_party_id: known.organisation.clone(), ..wanted.clone() };
        let made = declared(&party, id, known.declared.jwks.unwrap_or_default())?;
        self.change_client(caller, made, true).await.map_err(said)?;
        self.activate_client(caller, id, active, true).await.map_err(said)
    }
}
