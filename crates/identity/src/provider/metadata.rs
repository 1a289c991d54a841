//! What is declared of a program that lets people sign in through us, in the words of RFC 7591 and its companions.
//!
//! **Invariant:** only a declaration: `client.rs` weighs it and makes a client of it. The same form stands in a pack's
//! file, in the management interface and in the table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spine::Localised;

/// How much is asked of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OAuth 2.1 and OpenID Connect Core.
    #[default]
    Plain,
    /// FAPI 2.0 Security Profile: pushed requests, keys instead of secrets, tokens bound to a key.
    Fapi2,
}

/// How a client proves itself (RFC 7591 §2, RFC 8705 §2, OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: a public client.
    #[default]
    None,
    /// A secret in the `Authorization` header or, as well, in the body.
    ClientSecretBasic,
    /// A secret in the body or, as well, in the header.
    ClientSecretPost,
    /// A token signed with its key.
    PrivateKeyJwt,
    /// A certificate whose issuer whoever ends TLS trusts.
    TlsClientAuth,
    /// A certificate with a key of the client's own JWK Set.
    SelfSignedTlsClientAuth,
}

impl AuthMethod {
    /// Every method.
    pub(crate) const ALL: [Self; 6] = [
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::None,
    ];

    /// Its registered name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        }
    }
}

/// How a client may come to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantType {
    /// A person signs in at a page of ours (RFC 6749 §4.1).
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// What was granted goes on (RFC 6749 §6).
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The client for itself (RFC 6749 §4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// A person signs in elsewhere, for a device without a keyboard (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// The client asks, a person approves on her own phone (OpenID Connect CIBA).
    #[serde(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
}

impl GrantType {
    /// Every grant.
    pub(crate) const ALL: [Self; 5] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode, Self::Ciba];

    /// Its registered name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
        }
    }
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// 32 random bytes, looked up.
    #[default]
    Opaque,
    /// A signed token others can read (RFC 9068).
    Jwt,
}

/// How a CIBA client hears that it can fetch its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It asks again.
    #[default]
    Poll,
    /// It is told, and then asks.
    Ping,
}

/// A program as it is declared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMetadata {
    /// Its `client_id`.
    pub client_id: String,
    /// What people read on the consent page.
    pub client_name: Localised,
    /// The organisation that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// How much is asked of it.
    pub profile: Profile,
    /// The country's own: learns the true identifier and needs no consent. Not to be had by registering.
    pub first_party: bool,
    /// How it proves itself.
    pub token_endpoint_auth_method: AuthMethod,
    /// What is known of its secret, from [`crate::secret_digest`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_digest: Option<String>,
    /// Its public keys, a JWK Set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Json>,
    /// The subject of its certificate (RFC 4514).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host its certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI its certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// Where codes may be sent, whole addresses.
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// How it may come to tokens; none named means `authorization_code`.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for beside `openid`, separated by spaces; names of its own are for `client_credentials` only.
    pub scope: String,
    /// Claims it may ask for one by one, separated by spaces.
    pub claims: String,
    /// Whether it may ask for claims with evidence (OpenID Connect for Identity Assurance).
    pub verified_claims: bool,
    /// What it wants to know something for, by claim; `*` for all others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_purposes: BTreeMap<String, Localised>,
    /// A person on paper or on the line: no code challenge is asked of this old client, which must send a `nonce`.
    pub pkce_optional: bool,
    /// Only pushed requests are taken (RFC 9126 §6).
    pub require_pushed_authorization_requests: bool,
    /// Only signed requests are taken (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// Access tokens are bound to a key of the client's (RFC 9449 §5.2).
    pub dpop_bound_access_tokens: bool,
    /// Access tokens are bound to its certificate (RFC 8705 §3.4).
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What its access tokens look like.
    pub access_token_format: TokenFormat,
    /// `ES256` if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Encrypts ID tokens to a key of the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<String>,
    /// Signs what userinfo tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// Encrypts what userinfo tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<String>,
    /// Signs answers at the redirect address (JARM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<String>,
    /// Told when a session ends (OpenID Connect Back-Channel Logout 1.0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// How it hears of an approval.
    pub backchannel_token_delivery_mode: Delivery,
    /// Where it hears of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_client_notification_endpoint: Option<String>,
}
