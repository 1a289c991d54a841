//! How a client proves who it is at the token endpoint and its like: a secret, a signed assertion (RFC 7523, OpenID
//! Connect Core §9), a certificate (RFC 8705), or nothing for a public one.
//!
//! **Invariant:** one way at a time, the one the client was declared with; an assertion is for us, for minutes, and once.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use crypto::{Certificate, constant_time_eq, jose};
use edge::{Answers, Visit};
use serde_json::Value as Json;
use spine::Secret;

use crate::provider::answer::{INVALID_CLIENT, Refused, refused};
use crate::provider::client::{Client, hash_of};
use crate::provider::metadata::AuthMethod;
use crate::provider::once::Once;
use crate::provider::request::Parameters;
use crate::provider::signed_request::AHEAD_SECONDS;
use crate::settings::Identity;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The furthest end of an assertion that is remembered until then.
const LONGEST_SECONDS: i64 = 3600;

/// A client that has proven itself.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    pub(crate) client: Arc<Client>,
    /// What is used up by it.
    pub(crate) once: Vec<Once>,
    /// The certificate it came with, whether that was the proof or not.
    pub(crate) certificate: Option<Certificate>,
}

impl Identity {
    /// The client that asks, as its own way of proving itself proves it.
    pub(crate) fn proven(&self, visit: &Visit, headers: &HeaderMap, form: &Parameters) -> Result<Proven, Refused> {
        let named = named(headers, form)?;
        self.proven_as(self.client(&named).ok_or(INVALID_CLIENT)?, visit, headers, form)
    }

    /// The same, where what asks may be a device.
    pub(crate) async fn proven_or_device(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        form: &Parameters,
    ) -> Result<Proven, Refused> {
        let named = named(headers, form)?;
        self.proven_as(self.client_or_device(&named).await?.ok_or(INVALID_CLIENT)?, visit, headers, form)
    }

    fn proven_as(
        &self,
        client: Arc<Client>,
        visit: &Visit,
        headers: &HeaderMap,
        form: &Parameters,
    ) -> Result<Proven, Refused> {
        let certificate = visit.client_certificate(headers).and_then(crypto::from_base64);
        let certificate = certificate.and_then(|der| Certificate::read(&der));
        let basic = basic_credentials(headers)?;
        let assertion = form.get("client_assertion");
        let ways = [basic.is_some(), form.get("client_secret").is_some(), assertion.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(refused("invalid_request", "the client proves itself in two ways at once"));
        }
        let secret = basic.map(|(_, secret)| secret);
        let secret = secret.or_else(|| form.get("client_secret").map(|secret| Secret::new(secret.to_owned())));
        let mut once = Vec::new();
        let proves = match client.declared.token_endpoint_auth_method {
            AuthMethod::None => secret.is_none() && assertion.is_none(),
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => match (&client.secret_hash, &secret) {
                (Some(hash), Some(secret)) => constant_time_eq(hash, &hash_of(secret)),
                _ => false,
            },
            AuthMethod::PrivateKeyJwt => {
                let typed = form.get("client_assertion_type") == Some(ASSERTION_TYPE);
                let good =
                    assertion.filter(|_| typed).and_then(|assertion| self.asserted(&client, assertion, visit.path()));
                once.extend(good.clone());
                good.is_some()
            }
            AuthMethod::TlsClientAuth => {
                ways == [false; 3] && certificate.as_ref().is_some_and(|certificate| names(&client, certificate))
            }
            AuthMethod::SelfSignedTlsClientAuth => {
                let own =
                    |certificate: &Certificate| client.keys.keys().iter().any(|named| certificate.has_key(&named.key));
                ways == [false; 3] && certificate.as_ref().is_some_and(own)
            }
        };
        if proves { Ok(Proven { client, once, certificate }) } else { Err(INVALID_CLIENT) }
    }

    /// Whether an assertion is this client's, for us and in time; and what it uses up.
    fn asserted(&self, client: &Client, assertion: &str, path: &str) -> Option<Once> {
        let payload = client.keys.payload(assertion, None, client.algorithms()).ok()?;
        let claims: Json = serde_json::from_slice(&payload).ok()?;
        let text = |name: &str| claims.get(name).and_then(Json::as_str);
        let number = |name: &str| claims.get(name).and_then(Json::as_i64);
        if text("iss") != Some(&client.id)
            || text("sub") != Some(&client.id)
            || !self.is_addressed(client, &claims, path)
        {
            return None;
        }
        let now = self.inner.acts.now();
        let exp = number("exp").filter(|exp| *exp > now.as_seconds() && *exp <= now.as_seconds() + LONGEST_SECONDS)?;
        let begun = |name: &str| {
            claims.get(name).is_none() || number(name).is_some_and(|from| from <= now.as_seconds() + AHEAD_SECONDS)
        };
        if !begun("nbf") || !begun("iat") {
            return None;
        }
        // Without a name the assertion itself is remembered; ECDSA and PSS make each signature another.
        let name = text("jti").map_or_else(|| crypto::base64url(&payload), str::to_owned);
        Some(Once::assertion(&client.id, &name, now.plus_seconds(exp - now.as_seconds() + 1)))
    }

    /// Whether an assertion was made for us: for a regulated client, for the issuer's name and nothing else
    /// (FAPI 2.0 Security Profile §5.3.2.1); for others also for the endpoint it was sent to.
    fn is_addressed(&self, client: &Client, claims: &Json, path: &str) -> bool {
        let issuer = self.inner.issuer.as_str();
        let endpoints = [format!("{issuer}/oauth2/token"), format!("{issuer}{path}")];
        let fine = |audience: &str| audience == issuer || endpoints.iter().any(|own| own == audience);
        match claims.get("aud") {
            Some(Json::String(one)) if client.is_fapi() => one == issuer,
            Some(Json::String(one)) => fine(one),
            Some(Json::Array(several)) if !client.is_fapi() => several.iter().filter_map(Json::as_str).any(fine),
            _ => false,
        }
    }
}

/// Whom a request says it is from: a name to look keys up by, and the same wherever it stands.
fn named(headers: &HeaderMap, form: &Parameters) -> Result<String, Refused> {
    let named = match (basic_credentials(headers)?, form.get("client_assertion")) {
        (Some((id, _)), _) => id,
        (None, Some(assertion)) => subject_of(assertion)?,
        (None, None) => form.get("client_id").ok_or(INVALID_CLIENT)?.to_owned(),
    };
    if form.get("client_id").is_some_and(|own| own != named) { Err(INVALID_CLIENT) } else { Ok(named) }
}

/// Whom an assertion says it is about; only a name to look keys up by.
fn subject_of(assertion: &str) -> Result<String, Refused> {
    let unproven = jose::peek(assertion).map_err(|_| INVALID_CLIENT)?;
    let subject = unproven.claims.get("sub").and_then(Json::as_str).ok_or(INVALID_CLIENT)?;
    Ok(subject.to_owned())
}

/// Whether a certificate names the client as it was declared (RFC 8705 §2.1.2).
fn names(client: &Client, certificate: &Certificate) -> bool {
    let declared = &client.declared;
    match (&declared.tls_client_auth_subject_dn, &declared.tls_client_auth_san_dns, &declared.tls_client_auth_san_uri) {
        (Some(subject), _, _) => subject == certificate.subject(),
        (None, Some(host), _) => certificate.dns_names().iter().any(|own| own.eq_ignore_ascii_case(host)),
        (None, None, Some(uri)) => certificate.uris().contains(uri),
        (None, None, None) => false,
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
