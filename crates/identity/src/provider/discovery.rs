//! What the provider can do, for programs (OpenID Connect Discovery 1.0, RFC 8414).
//!
//! **Invariant:** what it says is what the endpoints do; what is not there is said to be off where the standards take
//! silence for a yes.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use crypto::jose::Encryption;
use edge::Visit;
use serde_json::{Value as Json, json};

use crate::provider::catalogue::{self, EVIDENT, SCOPES};
use crate::provider::client::STRONG;
use crate::provider::front::public;
use crate::provider::id_token::ACR_VALUES;
use crate::provider::metadata::{AuthMethod, GrantType};
use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

/// The same at another path.
pub(crate) fn routes_at(path: &str) -> Router<Identity> {
    Router::new().route(path, get(metadata))
}

async fn metadata(State(identity): State<Identity>, visit: Visit) -> Response {
    let languages: Vec<&str> = visit.site().words().locales().map(|locale| locale.language.tag()).collect();
    let parts = [
        identity.endpoints(),
        identity.algorithms(),
        identity.methods(),
        identity.abilities(&languages),
        identity.verified(),
    ];
    let members = parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten();
    public(Json::Object(members.collect()))
}

impl Identity {
    fn endpoints(&self) -> Json {
        let issuer = self.inner.issuer.as_str();
        let at = |path: &str| format!("{issuer}{path}");
        json!({
            "issuer": issuer,
            "authorization_endpoint": at("/oauth2/authorize"),
            "token_endpoint": at("/oauth2/token"),
            "userinfo_endpoint": at("/oauth2/userinfo"),
            "jwks_uri": at("/oauth2/jwks"),
            "pushed_authorization_request_endpoint": at("/oauth2/par"),
            "introspection_endpoint": at("/oauth2/introspect"),
            "revocation_endpoint": at("/oauth2/revoke"),
            "device_authorization_endpoint": at("/oauth2/device_authorization"),
            "backchannel_authentication_endpoint": at("/oauth2/backchannel"),
            "end_session_endpoint": at("/oauth2/logout"),
        })
    }

    /// What is signed and encrypted with what.
    fn algorithms(&self) -> Json {
        let signing = self.directory().algorithms();
        let strong = STRONG.map(crypto::Algorithm::name);
        let all: Vec<&str> = crypto::Algorithm::ALL.into_iter().map(crypto::Algorithm::name).collect();
        let encryptions: Vec<&str> = Encryption::ALL.into_iter().map(Encryption::name).collect();
        json!({
            "id_token_signing_alg_values_supported": signing,
            "id_token_encryption_alg_values_supported": encryptions,
            "id_token_encryption_enc_values_supported": ["A256GCM"],
            "userinfo_signing_alg_values_supported": signing,
            "userinfo_encryption_alg_values_supported": encryptions,
            "userinfo_encryption_enc_values_supported": ["A256GCM"],
            "authorization_signing_alg_values_supported": signing,
            "introspection_signing_alg_values_supported": signing,
            "request_object_signing_alg_values_supported": all,
            "dpop_signing_alg_values_supported": strong,
            "backchannel_authentication_request_signing_alg_values_supported": strong,
        })
    }

    /// How clients prove themselves, where.
    fn methods(&self) -> Json {
        let all: Vec<&str> = crypto::Algorithm::ALL.into_iter().map(crypto::Algorithm::name).collect();
        let methods: Vec<&str> = AuthMethod::ALL.into_iter().map(AuthMethod::name).collect();
        let private: Vec<&str> = methods.iter().copied().filter(|name| *name != "none").collect();
        json!({
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": all,
            "introspection_endpoint_auth_methods_supported": private,
            "introspection_endpoint_auth_signing_alg_values_supported": all,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": all,
            "tls_client_certificate_bound_access_tokens": true,
        })
    }

    fn abilities(&self, languages: &[&str]) -> Json {
        let grants: Vec<&str> = GrantType::ALL.into_iter().map(GrantType::name).collect();
        let of_sign_in =
            ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "act"];
        let claims: Vec<&str> = of_sign_in.into_iter().chain(catalogue::claims()).collect();
        json!({
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "jwt", "query.jwt"],
            "grant_types_supported": grants,
            "subject_types_supported": ["pairwise", "public"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": ACR_VALUES,
            "claim_types_supported": ["normal"],
            "claims_supported": claims,
            "claims_locales_supported": languages,
            "ui_locales_supported": languages,
            "display_values_supported": ["page"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_parameter_supported": true,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": false,
            "require_pushed_authorization_requests": false,
            "authorization_response_iss_parameter_supported": true,
            "backchannel_token_delivery_modes_supported": ["poll", "ping"],
            "backchannel_user_code_parameter_supported": false,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": false,
        })
    }

    /// What is told with evidence (OpenID Connect for Identity Assurance §7).
    fn verified(&self) -> Json {
        let Some(trust) = &self.inner.trust else { return json!({"verified_claims_supported": false}) };
        json!({
            "verified_claims_supported": true,
            "trust_frameworks_supported": [trust.name],
            "evidence_supported": ["electronic_record"],
            "electronic_records_supported": [trust.record_type],
            "claims_in_verified_claims_supported": EVIDENT,
        })
    }
}
