//! A program that lets people sign in: a declaration that holds together, with its keys read.
//!
//! **Invariant:** a client never registers itself; its redirect addresses are compared letter by letter; its secret is
//! known only as a hash. One with the FAPI 2.0 profile has keys, pushed requests and bound tokens, whatever else it says.
//! Where next: `metadata.rs` for the declaration, `directory.rs` for all of them.

use std::sync::Arc;

use crypto::Algorithm;
use crypto::jose::{Encryption, KeySet, Recipient};
use spine::{Localised, Secret};

use crate::devices::Device;
use crate::provider::catalogue;
use crate::provider::metadata::{AuthMethod, ClientMetadata, Delivery, GrantType, Profile};

/// The algorithms regulated clients sign with (FAPI 2.0 Security Profile §5.4.1).
pub(crate) const STRONG: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

/// A declaration of a client is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Two clients have one id, or an id is empty or holds odd characters.
    #[error("client {0}: the id is taken or not one")]
    Id(String),
    /// A redirect address is not absolute, has a fragment, or is plain HTTP outside this machine.
    #[error("client {client}: {uri} is not an address to redirect to")]
    Redirect {
        /// The client.
        client: String,
        /// The address.
        uri: String,
    },
    /// Redirect addresses on several hosts have no common sector (OpenID Connect Core §8.1).
    #[error("client {0}: its redirect addresses lie on several hosts")]
    Sector(String),
    /// A scope or claim we do not know.
    #[error("client {client}: there is no scope or claim {scope}")]
    Scope {
        /// The client.
        client: String,
        /// The scope or claim.
        scope: String,
    },
    /// It does not have what its way of proving itself takes: a secret, a key, a name in a certificate.
    #[error("client {0}: it has nothing to prove itself with, or something that does not belong to its method")]
    Proof(String),
    /// What its profile asks for is missing.
    #[error("client {client}: the profile fapi2 asks for {what}")]
    Profile {
        /// The client.
        client: String,
        /// What is missing.
        what: &'static str,
    },
    /// An algorithm we do not speak, or that has no key.
    #[error("client {client}: {alg} cannot be used")]
    Algorithm {
        /// The client.
        client: String,
        /// The algorithm.
        alg: String,
    },
}

/// A client whose declaration holds together.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) name: Localised,
    pub(crate) first_party: bool,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) secret_hash: Option<[u8; 32]>,
    pub(crate) keys: KeySet,
    pub(crate) scopes: Vec<String>,
    pub(crate) claims: Vec<String>,
    pub(crate) grants: Vec<GrantType>,
    pub(crate) id_token_alg: Algorithm,
    pub(crate) id_token_recipient: Option<Recipient>,
    pub(crate) userinfo_alg: Option<Algorithm>,
    pub(crate) userinfo_recipient: Option<Recipient>,
    pub(crate) jarm_alg: Algorithm,
    pub(crate) declared: ClientMetadata,
    /// The device it is, where it is no program.
    pub(crate) device: Option<Arc<Device>>,
}

/// What is stored of a client's secret, which must be long and random (at least 16 bytes' worth).
#[must_use]
pub fn secret_digest(secret: &Secret<String>) -> String {
    crypto::base64url(&hash_of(secret))
}

pub(crate) fn hash_of(secret: &Secret<String>) -> [u8; 32] {
    crypto::sha256(&[b"identity client 1:", secret.reveal().as_bytes()])
}

/// The portal's `client_id`.
pub(crate) const PORTAL: &str = "portal";
/// Where the portal is answered.
pub(crate) const CALLBACK_PATH: &str = "/sign-in/callback";

/// The program's own portal as a client of its own provider.
pub(crate) fn portal(base_url: &str) -> ClientMetadata {
    ClientMetadata {
        client_id: PORTAL.to_owned(),
        redirect_uris: vec![format!("{base_url}{CALLBACK_PATH}")],
        post_logout_redirect_uris: vec![format!("{base_url}/")],
        scope: "profile".to_owned(),
        first_party: true,
        ..ClientMetadata::default()
    }
}

impl ClientMetadata {
    /// Whether the declaration holds together.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn check(&self) -> Result<(), ClientError> {
        Client::of(self).map(drop)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

impl Client {
    /// Weighs a declaration and reads its keys.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) fn of(declared: &ClientMetadata) -> Result<Self, ClientError> {
        let id = declared.client_id.clone();
        let alg = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => Algorithm::named(name)
                .map(Some)
                .ok_or_else(|| ClientError::Algorithm { client: id.clone(), alg: name.clone() }),
        };
        let recipient = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => Encryption::named(name)
                .and_then(|encryption| Recipient::in_jwks(declared.jwks.as_ref()?, encryption).ok())
                .map(Some)
                .ok_or_else(|| ClientError::Algorithm { client: id.clone(), alg: name.clone() }),
        };
        let grants = if declared.grant_types.is_empty() {
            vec![GrantType::AuthorizationCode]
        } else {
            declared.grant_types.clone()
        };
        let digest = declared.client_secret_digest.as_deref();
        let client = Self {
            name: declared.client_name.clone(),
            first_party: declared.first_party,
            redirect_uris: declared.redirect_uris.clone(),
            post_logout_redirect_uris: declared.post_logout_redirect_uris.clone(),
            secret_hash: digest.and_then(crypto::from_base64url).and_then(|bytes| bytes.try_into().ok()),
            keys: declared.jwks.as_ref().map(KeySet::from_jwks).unwrap_or_default(),
            scopes: words(&declared.scope),
            claims: words(&declared.claims),
            grants,
            id_token_alg: alg(&declared.id_token_signed_response_alg)?.unwrap_or(Algorithm::Es256),
            id_token_recipient: recipient(&declared.id_token_encrypted_response_alg)?,
            userinfo_alg: alg(&declared.userinfo_signed_response_alg)?,
            userinfo_recipient: recipient(&declared.userinfo_encrypted_response_alg)?,
            jarm_alg: alg(&declared.authorization_signed_response_alg)?.unwrap_or(Algorithm::Es256),
            declared: declared.clone(),
            device: None,
            id,
        };
        client.check_addresses()?;
        client.check_asks()?;
        client.check_proof()?;
        client.check_profile()?;
        Ok(client)
    }

    /// What its people's pairwise identifiers are bound to: the host it is answered at.
    pub(crate) fn sector(&self) -> &str {
        self.redirect_uris.first().map_or(self.id.as_str(), |uri| host_of(uri))
    }

    pub(crate) fn may(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    pub(crate) fn is_fapi(&self) -> bool {
        self.declared.profile == Profile::Fapi2
    }

    /// Whether only pushed requests are taken.
    pub(crate) fn pushes(&self) -> bool {
        self.is_fapi() || self.declared.require_pushed_authorization_requests
    }

    /// Whether its tokens must be bound to a key.
    pub(crate) fn binds(&self) -> bool {
        let declared = &self.declared;
        self.is_fapi() || declared.dpop_bound_access_tokens || declared.tls_client_certificate_bound_access_tokens
    }

    /// Whether its tokens are bound to the certificate it comes with.
    pub(crate) fn binds_certificate(&self) -> bool {
        self.declared.tls_client_certificate_bound_access_tokens
    }

    /// Whether a refresh token is used up by using it. FAPI 2.0 §5.3.2.1 wants the same one kept: it is bound to the
    /// client's key, and a lost answer must not lose the grant.
    pub(crate) fn rotates(&self) -> bool {
        !self.is_fapi()
    }

    /// The algorithms it may sign with.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        if self.is_fapi() { &STRONG } else { &Algorithm::ALL }
    }

    fn check_addresses(&self) -> Result<(), ClientError> {
        let fine_id = (1..=100).contains(&self.id.len())
            && self.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        if !fine_id {
            return Err(ClientError::Id(self.id.clone()));
        }
        let refuse = |uri: &String| Err(ClientError::Redirect { client: self.id.clone(), uri: uri.clone() });
        if self.redirect_uris.is_empty() && self.may(GrantType::AuthorizationCode) {
            return refuse(&String::new());
        }
        if let Some(uri) =
            self.redirect_uris.iter().chain(&self.post_logout_redirect_uris).find(|uri| !may_redirect_to(uri))
        {
            return refuse(uri);
        }
        if self.redirect_uris.iter().any(|uri| host_of(uri) != self.sector()) {
            return Err(ClientError::Sector(self.id.clone()));
        }
        let declared = &self.declared;
        let called = [&declared.backchannel_logout_uri, &declared.backchannel_client_notification_endpoint];
        let odd = |uri: &&String| !uri.starts_with("http") || !may_redirect_to(uri);
        match called.into_iter().flatten().find(odd) {
            Some(uri) => refuse(uri),
            None if declared.backchannel_token_delivery_mode == Delivery::Ping
                && declared.backchannel_client_notification_endpoint.is_none() =>
            {
                refuse(&String::new())
            }
            None => Ok(()),
        }
    }

    fn check_asks(&self) -> Result<(), ClientError> {
        let unknown = |scope: &String| Err(ClientError::Scope { client: self.id.clone(), scope: scope.clone() });
        let own_scopes = self.may(GrantType::ClientCredentials);
        let fine = |scope: &&String| {
            catalogue::SCOPES.contains(&scope.as_str())
                || (own_scopes && scope.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte)))
        };
        if let Some(scope) = self.scopes.iter().find(|scope| !fine(scope)) {
            return unknown(scope);
        }
        match self.claims.iter().find(|claim| !catalogue::is_claim(claim)) {
            Some(claim) => unknown(claim),
            None => Ok(()),
        }
    }

    fn check_proof(&self) -> Result<(), ClientError> {
        let declared = &self.declared;
        let has_key = |algorithm: &Algorithm| self.keys.keys().iter().any(|named| named.key.algorithm() == *algorithm);
        let named = [
            &declared.tls_client_auth_subject_dn,
            &declared.tls_client_auth_san_dns,
            &declared.tls_client_auth_san_uri,
        ];
        let fine = match declared.token_endpoint_auth_method {
            AuthMethod::None => self.secret_hash.is_none() && !self.may(GrantType::ClientCredentials),
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => self.secret_hash.is_some(),
            AuthMethod::PrivateKeyJwt => self.algorithms().iter().any(has_key),
            AuthMethod::SelfSignedTlsClientAuth => !self.keys.keys().is_empty(),
            AuthMethod::TlsClientAuth => named.into_iter().flatten().count() == 1,
        };
        if fine { Ok(()) } else { Err(ClientError::Proof(self.id.clone())) }
    }

    fn check_profile(&self) -> Result<(), ClientError> {
        if !self.is_fapi() {
            return Ok(());
        }
        let lacks = |what| Err(ClientError::Profile { client: self.id.clone(), what });
        match self.declared.token_endpoint_auth_method {
            AuthMethod::PrivateKeyJwt | AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth => {}
            _ => return lacks("private_key_jwt or a certificate"),
        }
        if self.declared.pkce_optional {
            return lacks("PKCE");
        }
        let weak = |alg: &Algorithm| !STRONG.contains(alg);
        if [Some(self.id_token_alg), self.userinfo_alg, Some(self.jarm_alg)].iter().flatten().any(weak) {
            return lacks("ES256, EdDSA or PS256");
        }
        if self.declared.first_party { lacks("the consent of people") } else { Ok(()) }
    }
}

/// The host (with port) of an address, or the scheme of an app's own.
fn host_of(uri: &str) -> &str {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.split(':').next().unwrap_or_default() };
    if scheme == "https" || scheme == "http" { rest.split(['/', '?']).next().unwrap_or_default() } else { scheme }
}

/// The origin of an address as a Content-Security-Policy names it: `https://bank.example`, `org.example.app:`.
pub(crate) fn origin_of(uri: &str) -> String {
    let scheme = uri.split(':').next().unwrap_or_default();
    if scheme == "https" || scheme == "http" { format!("{scheme}://{}", host_of(uri)) } else { format!("{scheme}:") }
}

/// Absolute, no fragment (RFC 6749 §3.1.2), TLS except on this machine or for an app's own scheme (RFC 8252 §7).
fn may_redirect_to(uri: &str) -> bool {
    let clean = uri.len() <= 300 && uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\".contains(&byte));
    let host = host_of(uri);
    let name = host.split(':').next().unwrap_or_default();
    let scheme = uri.split(':').next().unwrap_or_default();
    let fits = match scheme {
        "https" => !name.is_empty() && !host.contains('@'),
        "http" => matches!(name, "localhost" | "127.0.0.1"),
        // An app's own scheme is a reversed domain name, so that no two apps share it.
        own => own.contains('.') && own.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte)),
    };
    clean && uri.contains(':') && fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(uris: &[&str]) -> Result<Client, ClientError> {
        let redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
        Client::of(&ClientMetadata { redirect_uris, ..portal("https://x.ls") })
    }

    #[test]
    fn redirects_are_whole_safe_addresses() {
        for good in ["https://bank.example/cb", "http://localhost:3000/cb", "http://127.0.0.1/cb", "ls.example.app:/cb"]
        {
            assert!(client(&[good]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://bank.example/cb",
            "https://bank.example/cb#x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@bank.example/",
            "https:///cb",
            "https://bank.example/ cb",
        ] {
            assert!(client(&[bad]).is_err(), "{bad}");
        }
        assert!(matches!(client(&["https://a.example/", "https://b.example/"]), Err(ClientError::Sector(_))));
        assert!(client(&[]).is_err());
    }

    #[test]
    fn origins_for_the_policy() {
        assert_eq!(origin_of("https://bank.example:8443/cb?x=1"), "https://bank.example:8443");
        assert_eq!(origin_of("ls.example.app:/cb"), "ls.example.app:");
    }

    #[test]
    fn a_regulated_client_has_keys_and_no_weak_algorithm() {
        let jwks = KeySet::of([&crypto::SigningKey::generate(Algorithm::Es256).unwrap().public()]).to_jwks();
        let good = ClientMetadata {
            client_id: "bank".to_owned(),
            profile: Profile::Fapi2,
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            jwks: Some(jwks),
            redirect_uris: vec!["https://bank.example/cb".to_owned()],
            ..ClientMetadata::default()
        };
        let made = Client::of(&good).unwrap();
        assert!(made.pushes() && made.binds() && !made.rotates());
        let secret = Some(secret_digest(&Secret::new("x".to_owned())));
        for bad in [
            ClientMetadata { jwks: None, ..good.clone() },
            ClientMetadata { token_endpoint_auth_method: AuthMethod::None, ..good.clone() },
            ClientMetadata {
                token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
                client_secret_digest: secret,
                ..good.clone()
            },
            ClientMetadata { pkce_optional: true, ..good.clone() },
            ClientMetadata { id_token_signed_response_alg: Some("RS256".to_owned()), ..good.clone() },
            ClientMetadata { id_token_signed_response_alg: Some("none".to_owned()), ..good.clone() },
            ClientMetadata { userinfo_encrypted_response_alg: Some("RSA1_5".to_owned()), ..good.clone() },
            ClientMetadata { userinfo_encrypted_response_alg: Some("RSA-OAEP-256".to_owned()), ..good.clone() },
            ClientMetadata { scope: "everything".to_owned(), ..good.clone() },
            ClientMetadata { claims: "shoe_size".to_owned(), ..good.clone() },
            ClientMetadata { backchannel_logout_uri: Some("javascript:x".to_owned()), ..good.clone() },
            ClientMetadata { first_party: true, ..good },
        ] {
            assert!(Client::of(&bad).is_err(), "{bad:?}");
        }
    }
}
