//! A regulated program: it pushes its requests, proves itself with a key, and binds its tokens to one.
//!
//! **Invariant:** its keys are made once for all tests; what it sends is what such a program would send.

use std::sync::{Arc, LazyLock};

use crypto::jose::{self, KeySet};
use crypto::{Algorithm, SigningKey, base64url, sha256};
use identity::{AuthMethod, ClientMetadata, Delivery, GrantType, Profile, TokenFormat, secret_digest};
use serde_json::{Value as Json, json};
use spine::{Localised, Secret};

use crate::browser::{Answer, Browser, coded};
use crate::exchanging::{FORM, call};
use crate::requests::VERIFIER;
use crate::world::{BANK_SECRET, BASE, World};

pub(crate) const LENDER: &str = "lender";
pub(crate) const LENDER_CB: &str = "https://lender.example/cb";

/// The lender's own key.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
/// The key it shows with each request.
pub(crate) static DPOP: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static RSA: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::generate(Algorithm::Rs256).unwrap()));
pub(crate) static CLIENT_RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap());

pub(crate) fn rsa_key() -> Arc<SigningKey> {
    Arc::clone(&RSA)
}

pub(crate) fn clients() -> Vec<ClientMetadata> {
    let lender = ClientMetadata {
        client_id: LENDER.to_owned(),
        client_name: Localised::from([("en", "The Lender"), ("st", "Mokalimi")]),
        profile: Profile::Fapi2,
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(KeySet::of([&KEY.public()]).to_jwks()),
        redirect_uris: vec![LENDER_CB.to_owned()],
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::Ciba,
            GrantType::DeviceCode,
        ],
        scope: "profile email phone offline_access payments.read introspect".to_owned(),
        claims: "individual_id".to_owned(),
        verified_claims: true,
        ..ClientMetadata::default()
    };
    let signing = ClientMetadata {
        client_id: "signing-lender".to_owned(),
        require_signed_request_object: true,
        ..lender.clone()
    };
    let plain_jwt = ClientMetadata {
        client_id: "keyed".to_owned(),
        profile: Profile::Plain,
        jwks: Some(KeySet::of([&KEY.public(), &CLIENT_RSA.public()]).to_jwks()),
        ..lender.clone()
    };
    let pinged = PINGED.map(|(id, port)| ClientMetadata {
        client_id: id.to_owned(),
        backchannel_token_delivery_mode: Delivery::Ping,
        backchannel_client_notification_endpoint: Some(format!("http://127.0.0.1:{port}/told")),
        ..lender.clone()
    });
    [lender, signing, plain_jwt].into_iter().chain(pinged).chain(unusual()).collect()
}

/// Programs that are told of approvals, each at a port of its own.
pub(crate) const PINGED: [(&str, u16); 4] =
    [("ping-401", 18_574), ("ping-403", 18_575), ("ping-body", 18_576), ("ping-redirect", 18_577)];

/// The self-signed certificate of RFC 8705 appendix A (`CN=mtls`), in base64.
pub(crate) const CERTIFICATE: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";

/// Programs that prove themselves by certificate, that want sealed or readable tokens, that manage others.
fn unusual() -> Vec<ClientMetadata> {
    let certified = ClientMetadata {
        client_id: "certified".to_owned(),
        token_endpoint_auth_method: AuthMethod::SelfSignedTlsClientAuth,
        jwks: Some(json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "1yfLHCpXqFjxCeHHHMVDTcLscpb07KUxudBmOMn8C7Q",
            "y": "8_coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8"}]})),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "payments.read".to_owned(),
        tls_client_certificate_bound_access_tokens: true,
        ..ClientMetadata::default()
    };
    let named = ClientMetadata {
        client_id: "named".to_owned(),
        token_endpoint_auth_method: AuthMethod::TlsClientAuth,
        jwks: None,
        tls_client_auth_subject_dn: Some("CN=mtls".to_owned()),
        ..certified.clone()
    };
    let secret = ClientMetadata {
        token_endpoint_auth_method: AuthMethod::ClientSecretPost,
        client_secret_digest: Some(secret_digest(&Secret::new(BANK_SECRET.to_owned()))),
        scope: "profile".to_owned(),
        ..ClientMetadata::default()
    };
    let mut key = bare(&KEY);
    key["use"] = json!("enc");
    let sealed = ClientMetadata {
        client_id: "sealed".to_owned(),
        redirect_uris: vec!["https://sealed.example/cb".to_owned()],
        jwks: Some(json!({"keys": [key]})),
        id_token_encrypted_response_alg: Some("ECDH-ES".to_owned()),
        userinfo_signed_response_alg: Some("ES256".to_owned()),
        userinfo_encrypted_response_alg: Some("ECDH-ES+A256KW".to_owned()),
        ..secret.clone()
    };
    let readable = ClientMetadata {
        client_id: "readable".to_owned(),
        redirect_uris: vec!["https://readable.example/cb".to_owned()],
        access_token_format: TokenFormat::Jwt,
        ..secret.clone()
    };
    let manager = ClientMetadata {
        client_id: "manager".to_owned(),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "clients.manage other.scope".to_owned(),
        ..secret
    };
    vec![certified, named, sealed, readable, manager]
}

/// A name nobody used before.
pub(crate) fn name() -> String {
    base64url(&crypto::random::<16>())
}

/// The claims of an assertion for the provider.
pub(crate) fn assertion_claims(world: &World, client: &str) -> Json {
    let now = world.acts.now().as_seconds();
    json!({"iss": client, "sub": client, "aud": BASE, "jti": name(), "iat": now, "exp": now + 60})
}

pub(crate) fn assertion(world: &World, client: &str) -> String {
    jose::sign(&KEY, "JWT", &assertion_claims(world, client)).unwrap()
}

/// A DPoP proof with the claims changed by `change`.
pub(crate) fn proof_with(
    world: &World,
    key: &SigningKey,
    method: &str,
    path: &str,
    change: impl Fn(&mut Json),
) -> String {
    let mut claims = json!({
        "jti": name(), "htm": method, "htu": format!("{BASE}{path}"), "iat": world.acts.now().as_seconds(),
    });
    change(&mut claims);
    raw_proof(key, "dpop+jwt", &claims)
}

/// A token with its own key in the header.
pub(crate) fn raw_proof(key: &SigningKey, typ: &str, claims: &Json) -> String {
    let header = json!({"alg": key.algorithm().name(), "typ": typ, "jwk": bare(key)});
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(&signature))
}

fn bare(key: &SigningKey) -> Json {
    let mut jwk = jose::jwk(&key.public());
    for member in ["kid", "use", "alg"] {
        jwk.as_object_mut().unwrap().remove(member);
    }
    jwk
}

/// The nonce the provider offers now.
pub(crate) async fn nonce(world: &World) -> String {
    let body = proven(world, LENDER, &[("grant_type", "client_credentials")]);
    let proof = proof_with(world, &DPOP, "POST", "/oauth2/token", |_| ());
    let answer = call(world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await;
    assert_eq!(answer.json()["error"], "use_dpop_nonce");
    answer.header("dpop-nonce").to_owned()
}

/// A proof with the provider's nonce.
pub(crate) async fn proof(world: &World, method: &str, path: &str, token: Option<&str>) -> String {
    let nonce = nonce(world).await;
    proof_with(world, &DPOP, method, path, |claims| {
        claims["nonce"] = json!(nonce);
        if let Some(token) = token {
            claims["ath"] = json!(base64url(&sha256(&[token.as_bytes()])));
        }
    })
}

/// A form with the client's assertion.
pub(crate) fn proven(world: &World, client: &str, fields: &[(&str, &str)]) -> String {
    let assertion = assertion(world, client);
    with_assertion(&assertion, fields)
}

pub(crate) fn with_assertion(assertion: &str, fields: &[(&str, &str)]) -> String {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let all = fields.iter().copied().chain([("client_assertion_type", kind), ("client_assertion", assertion)]);
    all.map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&")
}

/// The parameters of a request of the lender's.
pub(crate) fn request_fields() -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", LENDER.to_owned()),
        ("redirect_uri", LENDER_CB.to_owned()),
        ("scope", "openid profile".to_owned()),
        ("state", "xyz".to_owned()),
        ("nonce", "n-1".to_owned()),
        ("code_challenge", base64url(&sha256(&[VERIFIER.as_bytes()]))),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

/// Pushes a request; `changes` replace, add, and with an empty value leave out.
pub(crate) async fn push(world: &World, changes: &[(&str, &str)]) -> Answer {
    let mut fields: Vec<(&str, String)> = request_fields();
    for (name, value) in changes {
        fields.retain(|(own, _)| own != name);
        if !value.is_empty() {
            fields.push((name, (*value).to_owned()));
        }
    }
    let client = changes.iter().find(|(name, _)| *name == "client_id").map_or(LENDER, |(_, id)| id);
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    call(world, "POST", "/oauth2/par", &[FORM], proven(world, client, &pairs)).await
}

pub(crate) fn authorize(reference: &str) -> String {
    format!("/oauth2/authorize?client_id={LENDER}&request_uri={}", coded(reference))
}

/// A code for the lender, for somebody who is signed in at the provider.
pub(crate) async fn code(world: &World, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    let pushed = push(world, changes).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let reference = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let mut answer = browser.open(&authorize(&reference)).await;
    if answer.param("code").is_none() {
        answer = browser.send("/oauth2/sign-in/consent", &[]).await;
    }
    answer.param("code").unwrap_or_else(|| panic!("no code: {} {}", answer.location(), answer.body))
}

/// Redeems a code with the lender's key and a proof.
pub(crate) async fn redeem(world: &World, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", LENDER_CB),
        ("code_verifier", VERIFIER),
    ];
    for change in changes {
        fields.retain(|(own, _)| *own != change.0);
        if !change.1.is_empty() {
            fields.push(*change);
        }
    }
    let proof = proof(world, "POST", "/oauth2/token", None).await;
    let body = proven(world, LENDER, &fields);
    call(world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await
}
