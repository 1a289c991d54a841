//! Programs that let people sign in here: who they are, where they may be answered, what they may learn.
//!
//! **Invariant:** a client is declared by the country, never registered by itself; its redirect addresses are
//! compared letter by letter; its secret is known here only as a hash. Where next: `authorise.rs`.

use spine::{Localised, Secret};

/// A program that people sign in to through us (RFC 6749 §2).
#[derive(Clone, Debug)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// What people read on the consent page.
    pub name: Localised,
    /// SHA-256 of its secret; a public client (an app, a page in a browser) has none.
    pub secret_hash: Option<[u8; 32]>,
    /// Where codes may be sent, whole addresses.
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask for beside `openid`: `profile`, `phone`.
    pub scopes: Vec<String>,
    /// The country's own: learns the true identifier and needs no consent.
    pub first_party: bool,
}

/// What can be asked for, and `openid`, which must be.
pub(crate) const SCOPES: [&str; 3] = ["openid", "profile", "phone"];

/// A declaration of clients is wrong.
#[derive(Debug, thiserror::Error)]
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
    /// A scope we do not know.
    #[error("client {client}: there is no scope {scope}")]
    Scope {
        /// The client.
        client: String,
        /// The scope.
        scope: String,
    },
}

impl Client {
    /// The hash of a client's secret, which must be long and random (at least 16 bytes' worth).
    #[must_use]
    pub fn hash_of(secret: &Secret<String>) -> [u8; 32] {
        crypto::sha256(&[b"identity client 1:", secret.reveal().as_bytes()])
    }

    /// The program's own portal as a client of its own provider.
    pub(crate) fn portal(base_url: &str) -> Self {
        Self {
            id: PORTAL.to_owned(),
            name: Localised::default(),
            secret_hash: None,
            redirect_uris: vec![format!("{base_url}{CALLBACK_PATH}")],
            post_logout_redirect_uris: vec![format!("{base_url}/")],
            scopes: vec!["profile".to_owned()],
            first_party: true,
        }
    }

    /// What its people's pairwise identifiers are bound to: the host it is answered at.
    pub(crate) fn sector(&self) -> &str {
        self.redirect_uris.first().map_or(self.id.as_str(), |uri| host_of(uri))
    }

    /// Checks one declaration.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn check(&self) -> Result<(), ClientError> {
        let fine_id = (1..=100).contains(&self.id.len())
            && self.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        if !fine_id {
            return Err(ClientError::Id(self.id.clone()));
        }
        let refuse = |uri: &String| ClientError::Redirect { client: self.id.clone(), uri: uri.clone() };
        if self.redirect_uris.is_empty() {
            return Err(refuse(&String::new()));
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            if !may_redirect_to(uri) {
                return Err(refuse(uri));
            }
        }
        if self.redirect_uris.iter().any(|uri| host_of(uri) != self.sector()) {
            return Err(ClientError::Sector(self.id.clone()));
        }
        match self.scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
            Some(scope) => Err(ClientError::Scope { client: self.id.clone(), scope: scope.clone() }),
            None => Ok(()),
        }
    }
}

/// The portal's `client_id`.
pub(crate) const PORTAL: &str = "portal";
/// Where the portal is answered.
pub(crate) const CALLBACK_PATH: &str = "/sign-in/callback";

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

    fn client(uris: &[&str]) -> Client {
        Client { redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(), ..Client::portal("https://x.ls") }
    }

    #[test]
    fn redirects_are_whole_safe_addresses() {
        for good in ["https://bank.example/cb", "http://localhost:3000/cb", "http://127.0.0.1/cb", "ls.example.app:/cb"]
        {
            assert!(client(&[good]).check().is_ok(), "{good}");
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
            assert!(client(&[bad]).check().is_err(), "{bad}");
        }
        assert!(matches!(client(&["https://a.example/", "https://b.example/"]).check(), Err(ClientError::Sector(_))));
        assert!(client(&[]).check().is_err());
    }

    #[test]
    fn origins_for_the_policy() {
        assert_eq!(origin_of("https://bank.example:8443/cb?x=1"), "https://bank.example:8443");
        assert_eq!(origin_of("ls.example.app:/cb"), "ls.example.app:");
    }
}
