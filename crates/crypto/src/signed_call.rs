//! How we and another program know each other's calls: HMAC-SHA-256 over the time and the message. Wallets and SMS
//! gateways speak it.
//!
//! `x-letsema-timestamp` holds seconds since 1970; `x-letsema-signature` holds the HMAC, in lower-case hexadecimal,
//! of `timestamp "." body`; for a request without a body, of `timestamp "." path`.
//!
//! **Invariant:** compared in constant time, and good for five minutes either way.

use spine::{Secret, Timestamp};

use crate::{constant_time_eq, hex, hmac_sha256};

/// The header with the time.
pub const TIMESTAMP: &str = "x-letsema-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "x-letsema-signature";

/// How far two clocks may be apart.
const SKEW_SECONDS: u64 = 300;

/// The signature of a message at a time (seconds since 1970).
#[must_use]
pub fn sign(secret: &Secret<Vec<u8>>, timestamp: i64, message: &[u8]) -> String {
    let time = timestamp.to_string();
    hex(&hmac_sha256(secret.reveal(), &[time.as_bytes(), b".", message]))
}

/// Whether a message is the other side's, and fresh.
#[must_use]
pub fn is_signed(secret: &Secret<Vec<u8>>, now: Timestamp, timestamp: &str, signature: &str, message: &[u8]) -> bool {
    let plain = !timestamp.is_empty() && timestamp.len() <= 12 && timestamp.bytes().all(|digit| digit.is_ascii_digit());
    let Some(time) = timestamp.parse::<i64>().ok().filter(|_| plain) else { return false };
    let fresh = now.as_seconds().abs_diff(time) <= SKEW_SECONDS;
    let expected = sign(secret, time, message);
    fresh && constant_time_eq(expected.as_bytes(), signature.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_message_with_the_same_secret_and_in_time() {
        let (secret, now) = (Secret::new(b"k".to_vec()), Timestamp::from_micros(1_000_000_000));
        let signature = sign(&secret, 1000, b"{}");
        assert!(is_signed(&secret, now, "1000", &signature, b"{}"));
        assert!(!is_signed(&secret, now, "1000", &signature, b"{} "));
        assert!(!is_signed(&secret, now, "1001", &signature, b"{}"));
        assert!(is_signed(&secret, now, "01000", &signature, b"{}"), "the time is a number, not a text");
        assert!(!is_signed(&Secret::new(b"l".to_vec()), now, "1000", &signature, b"{}"));
        assert!(!is_signed(&secret, now.plus_seconds(301), "1000", &signature, b"{}"));
        assert!(!is_signed(&secret, now.plus_seconds(-301), "1000", &signature, b"{}"));
        for (time, code) in [("", signature.as_str()), ("-5", &signature), ("1000", ""), ("99999999999999999999", "00")]
        {
            assert!(!is_signed(&secret, now, time, code, b"{}"));
        }
    }
}
