//! One-time codes from an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds).

use spine::{Secret, Timestamp};

use crate::encode::base32;
use crate::hash::{constant_time_eq, hmac_sha1};

/// Digits of a code.
pub const TOTP_DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;
/// Steps before and after now that are accepted, for clocks that differ.
const WINDOW: i64 = 1;

/// The code of a moment.
#[must_use]
pub fn totp_code(secret: &Secret<Vec<u8>>, at: Timestamp) -> String {
    code(secret, at.as_seconds().div_euclid(STEP_SECONDS))
}

/// The step whose code this is, if it is one of the accepted steps around `now`. The caller refuses a step that is
/// not later than the last one used (RFC 6238 §5.2: a code works once).
#[must_use]
pub fn verify_totp(secret: &Secret<Vec<u8>>, given: &str, now: Timestamp) -> Option<i64> {
    let step = now.as_seconds().div_euclid(STEP_SECONDS);
    // All of them are compared, so that the time tells nothing.
    let found: Vec<i64> = (step - WINDOW..=step + WINDOW)
        .filter(|step| constant_time_eq(code(secret, *step).as_bytes(), given.as_bytes()))
        .collect();
    found.last().copied()
}

fn code(secret: &Secret<Vec<u8>>, step: i64) -> String {
    let hash = hmac_sha1(secret.reveal(), &[&step.to_be_bytes()]);
    // RFC 4226 §5.3: the low four bits of the last byte say where to read.
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
    let number =
        hash.iter().skip(offset).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The address that an authenticator app reads from a QR code.
#[must_use]
pub fn totp_uri(secret: &Secret<Vec<u8>>, issuer: &str, account: &str) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let (issuer, account) = (escape(issuer), escape(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        base32(secret.reveal())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        // RFC 6238 appendix B, the last six of eight digits.
        let secret = Secret::new(b"12345678901234567890".to_vec());
        for (seconds, expected) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp_code(&secret, Timestamp::from_micros(seconds * 1_000_000)), expected);
        }
    }

    #[test]
    fn neighbouring_steps_are_accepted_and_no_others() {
        let secret = Secret::new(b"12345678901234567890".to_vec());
        let now = Timestamp::from_micros(1_234_567_890_000_000);
        let code_at = |seconds| totp_code(&secret, now.plus_seconds(seconds));
        let step = now.as_seconds() / 30;
        assert_eq!(verify_totp(&secret, &code_at(0), now), Some(step));
        assert_eq!(verify_totp(&secret, &code_at(-30), now), Some(step - 1));
        assert_eq!(verify_totp(&secret, &code_at(30), now), Some(step + 1));
        assert_eq!(verify_totp(&secret, &code_at(-90), now), None);
        for given in ["", "12345", "abcdef", "0059240"] {
            assert_eq!(verify_totp(&secret, given, now), None);
        }
    }

    #[test]
    fn the_uri_holds_no_loose_characters() {
        let uri = totp_uri(&Secret::new(vec![1; 20]), "Letsema Lesotho", "a&b");
        assert!(uri.starts_with("otpauth://totp/Letsema%20Lesotho:a%26b?secret=AEAQC"), "{uri}");
    }
}
