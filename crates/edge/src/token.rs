//! The token each of our forms carries: `NONCE.EXPIRY.SEAL`.
//!
//! **Invariant:** the seal binds nonce and expiry to one visitor, so a token is worth nothing to another.
//! The nonce is the idempotency key of whatever the form does: sending it twice does it once.

use spine::{Secret, Timestamp};

/// The name of the hidden field.
pub(crate) const FIELD: &str = "_form";

/// How long a form may stay open.
pub(crate) const LIFETIME_SECONDS: i64 = 4 * 3600;

/// What a token turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Ours, this visitor's, in time.
    Good(String),
    /// Ours and this visitor's, too late.
    Expired,
    /// Not ours, or another visitor's.
    Unknown,
}

pub(crate) fn mint(key: &Secret<[u8; 32]>, binding: &Secret<Vec<u8>>, seed: [u8; 32], now: Timestamp) -> String {
    let nonce = crypto::base64url(seed.get(..16).unwrap_or_default());
    let expiry = now.plus_seconds(LIFETIME_SECONDS).as_seconds().to_string();
    let seal = sealed(key, binding, &nonce, &expiry);
    format!("{nonce}.{expiry}.{seal}")
}

pub(crate) fn check(key: &Secret<[u8; 32]>, binding: &Secret<Vec<u8>>, token: &str, now: Timestamp) -> Verdict {
    let mut parts = token.splitn(3, '.');
    let (Some(nonce), Some(expiry), Some(seal)) = (parts.next(), parts.next(), parts.next()) else {
        return Verdict::Unknown;
    };
    if !crypto::constant_time_eq(sealed(key, binding, nonce, expiry).as_bytes(), seal.as_bytes()) {
        return Verdict::Unknown;
    }
    match expiry.parse::<i64>() {
        Ok(expiry) if now.as_seconds() < expiry => Verdict::Good(nonce.to_owned()),
        _ => Verdict::Expired,
    }
}

fn sealed(key: &Secret<[u8; 32]>, binding: &Secret<Vec<u8>>, nonce: &str, expiry: &str) -> String {
    // Nonce and expiry hold no point, and the binding is the last: no two lists of parts give the same bytes.
    let parts = [b"edge form 1.", nonce.as_bytes(), b".", expiry.as_bytes(), b".", binding.reveal()];
    crypto::base64url(&crypto::hmac_sha256(key.reveal(), &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_for_one_visitor_for_a_while() {
        let key = Secret::new([7; 32]);
        let (lineo, thabo) = (Secret::new(b"session:1".to_vec()), Secret::new(b"session:2".to_vec()));
        let now = Timestamp::from_micros(1_000_000_000_000_000);
        let token = mint(&key, &lineo, [3; 32], now);
        let nonce = token.split('.').next().unwrap().to_owned();
        assert_eq!(check(&key, &lineo, &token, now), Verdict::Good(nonce));
        assert_eq!(check(&key, &thabo, &token, now), Verdict::Unknown);
        assert_eq!(check(&Secret::new([8; 32]), &lineo, &token, now), Verdict::Unknown);
        assert_eq!(check(&key, &lineo, &token, now.plus_seconds(LIFETIME_SECONDS)), Verdict::Expired);
        let later = token.replacen("100001", "200001", 1);
        assert_eq!(check(&key, &lineo, &later, now), Verdict::Unknown);
        for garbage in ["", ".", "..", "a.b.c", "a.b.c.d", &token[1..], &format!("{token}.")] {
            assert_eq!(check(&key, &lineo, garbage, now), Verdict::Unknown, "{garbage}");
        }
    }
}
