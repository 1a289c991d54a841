//! The engine's own secret and what is derived from it, and fresh tokens.
//!
//! **Invariant:** each use of the secret names itself, so that a value made for one use fits no other. A token is
//! 32 random bytes; what is stored of it is its hash.

use std::sync::Arc;

use crypto::{SealKey, base64url, from_base64url, hmac_sha256, sha256};
use edge::Visit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Fault, Secret};

use crate::account::Kind;

/// What operations need to recognise codes and logins. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keys {
    secret: Arc<Secret<[u8; 32]>>,
    seal: Arc<SealKey>,
}

impl Keys {
    pub(crate) fn new(secret: Secret<[u8; 32]>, seal: Arc<SealKey>) -> Self {
        Self { secret: Arc::new(secret), seal }
    }

    /// HMAC over parts, each with its length before it, for one use.
    fn keyed(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in std::iter::once(&purpose).chain(parts) {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        hmac_sha256(self.secret.reveal(), &[&message])
    }

    /// What tries with one factor at one login are counted under.
    pub(crate) fn attempt_key(&self, factor: &str, kind: Kind, login: &str) -> String {
        base64url(&self.keyed("attempt", &[factor, kind.as_str(), login]))
    }

    /// What is stored of a one-time code: six digits are too few for a plain hash.
    pub(crate) fn code_hash(&self, challenge: &str, code: &str) -> String {
        base64url(&self.keyed("code", &[challenge, code]))
    }

    /// The identifier of an account towards one sector (OpenID Connect Core §8.1).
    pub(crate) fn pairwise(&self, sector: &str, account: &str) -> String {
        base64url(&self.keyed("pairwise", &[sector, account]))
    }

    /// The nonce of DPoP proofs in one turn.
    pub(crate) fn nonce(&self, turn: i64) -> [u8; 22] {
        let mut letters = [b'-'; 22];
        let coded = base64url(&self.keyed("dpop nonce", &[&turn.to_string()]));
        for (to, from) in letters.iter_mut().zip(coded.bytes()) {
            *to = from;
        }
        letters
    }

    /// How one sector is told of a session, for signing out (OpenID Connect Back-Channel Logout §2.1).
    pub(crate) fn session_name(&self, sector: &str, session: &str) -> String {
        base64url(self.keyed("session name", &[sector, session]).get(..16).unwrap_or_default())
    }

    /// What is stored of a device's user code, which is short: eight letters are too few for a plain hash.
    pub(crate) fn user_code_hash(&self, code: &str) -> String {
        base64url(&self.keyed("user code", &[code]))
    }

    /// What a number in a person's stead is found by: the digits are too few for a plain hash.
    pub(crate) fn vid_hash(&self, digits: &str) -> String {
        base64url(&self.keyed("vid", &[digits]))
    }

    /// Seals bytes for one use.
    pub(crate) fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Fault> {
        self.seal.seal(purpose, secret).map_err(|error| Fault::internal("identity.seal.failed", error))
    }

    /// Opens what was sealed for the same use.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Fault> {
        self.seal.open(purpose, sealed).map_err(|error| Fault::internal("identity.seal.failed", error))
    }

    /// The 16 bytes by which a passkey knows its account.
    pub(crate) fn passkey_user(&self, account: &str) -> [u8; 16] {
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(self.keyed("passkey user", &[account])) {
            *to = from;
        }
        out
    }

    pub(crate) fn seal_totp(&self, account: &str, secret: &Secret<Vec<u8>>) -> Result<Vec<u8>, Fault> {
        let sealed = self.seal.seal(&format!("totp:{account}"), secret.reveal());
        sealed.map_err(|error| Fault::internal("identity.seal.failed", error))
    }

    pub(crate) fn open_totp(&self, account: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Fault> {
        let opened = self.seal.open(&format!("totp:{account}"), sealed);
        opened.map_err(|error| Fault::internal("identity.seal.failed", error))
    }

    /// A value as a cookie that only we can read and write.
    pub(crate) fn seal_cookie(&self, purpose: &str, value: &impl Serialize) -> Result<String, Fault> {
        let json = serde_json::to_vec(value).map_err(|error| Fault::internal("identity.seal.failed", error))?;
        let sealed = self.seal.seal(purpose, &json);
        sealed.map(|bytes| base64url(&bytes)).map_err(|error| Fault::internal("identity.seal.failed", error))
    }

    /// The value in such a cookie; none if it is not ours or was made for something else.
    pub(crate) fn open_cookie<T: DeserializeOwned>(&self, purpose: &str, cookie: &str) -> Option<T> {
        let sealed = from_base64url(cookie)?;
        let opened = self.seal.open(purpose, &sealed).ok()?;
        serde_json::from_slice(opened.reveal()).ok()
    }
}

/// A fresh token: what its holder gets, and what is stored.
pub(crate) struct Token {
    pub(crate) value: Secret<String>,
    pub(crate) hash: String,
}

impl Token {
    /// A token from the site's source of randomness.
    pub(crate) fn fresh(visit: &Visit) -> Self {
        let value = base64url(&visit.site().settings().entropy.seed());
        let hash = token_hash(&value);
        Self { value: Secret::new(value), hash }
    }
}

/// What is stored of a token.
pub(crate) fn token_hash(token: &str) -> String {
    base64url(&sha256(&[b"identity token 1:", token.as_bytes()]))
}
