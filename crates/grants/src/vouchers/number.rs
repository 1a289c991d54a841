//! The numbers of vouchers, and the slip that says without a network what one is worth.
//!
//! **Invariant:** a number is fifteen random digits and one that checks them, so guessing finds one of a million live vouchers
//! once in a thousand million tries, and a slip of the finger is caught. A slip is signed; a device that holds the public
//! key needs nothing else to trust it.

use crypto::jose::{self, KeySet};
use crypto::{base64url, hex, hmac_sha256, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use spine::{Cx, Fault, Secret, Timestamp};

use crate::engine::Grants;

/// The type in a slip's header.
const TYP: &str = "letsema-voucher+jws";
/// What the number is sealed for.
const PURPOSE: &str = "grants.voucher";
/// Serials and numbers before their check digit.
const SPAN: u64 = 900_000_000_000_000;

/// Sixteen digits that check (H. M. Damm), the first never 0.
pub(crate) fn draw(cx: &mut Cx<'_>) -> String {
    let digits = (100_000_000_000_000 + cx.random_below(SPAN)).to_string();
    let check = spine::check_digit(&digits).unwrap_or_default();
    format!("{digits}{check}")
}

/// The digits of a number as somebody typed it, if it is one.
pub(crate) fn parse(written: &str) -> Option<String> {
    let digits: String = written.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    (digits.len() == 16 && spine::check_digit(&digits) == Some(0)).then_some(digits)
}

/// How people read it: in fours.
pub(crate) fn shown(digits: &str) -> String {
    let letters: Vec<char> = digits.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What a voucher is found by.
pub(crate) fn lookup(grants: &Grants, number: &str) -> String {
    hex(&hmac_sha256(grants.inner.voucher_secret.reveal(), &[b"voucher:", number.as_bytes()]))
}

pub(crate) fn seal(grants: &Grants, number: &str) -> Result<Vec<u8>, Fault> {
    let sealed = grants.inner.seal_key.seal(PURPOSE, number.as_bytes());
    sealed.map_err(|error| Fault::internal("grants.voucher.unsealable", error))
}

pub(crate) fn unseal(grants: &Grants, sealed: &[u8]) -> Result<Secret<String>, Fault> {
    let broken = |error: &dyn std::fmt::Display| Fault::internal("grants.voucher.unreadable", error.to_string());
    let opened = grants.inner.seal_key.open(PURPOSE, sealed).map_err(|error| broken(&error))?;
    String::from_utf8(opened.reveal().clone()).map(Secret::new).map_err(|error| broken(&error))
}

/// What a slip says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// The voucher's serial.
    #[serde(rename = "v")]
    pub serial: String,
    /// Its value in minor units.
    #[serde(rename = "a")]
    pub amount_minor: i64,
    /// The currency.
    #[serde(rename = "c")]
    pub currency: String,
    /// What it is for.
    #[serde(rename = "g")]
    pub group: String,
    /// Until when, in seconds.
    #[serde(rename = "exp")]
    pub until: i64,
    /// The first half of the number's hash: whoever types a number shows that it is this one's.
    #[serde(rename = "h")]
    pub commitment: String,
}

fn commitment(serial: &str, number: &str) -> String {
    let hash = sha256(&[b"letsema/voucher/v1\0", serial.as_bytes(), b"\0", number.as_bytes()]);
    base64url(hash.get(..16).unwrap_or_default())
}

/// Signs a slip, to be printed as a QR code beside the number (RFC 7515, compact, EdDSA).
pub(crate) fn slip(
    grants: &Grants,
    (serial, number): (&str, &str),
    (amount_minor, group): (i64, &str),
    expires_at: Timestamp,
) -> Result<String, Fault> {
    let said = json!({
        "v": serial, "a": amount_minor, "c": grants.inner.currency, "g": group, "exp": expires_at.as_seconds(),
        "h": commitment(serial, number),
    });
    jose::sign(&grants.inner.signing_key, TYP, &said).map_err(|error| Fault::internal("grants.voucher.unsigned", error))
}

/// Checks a slip and the number that was typed with it, without a network: what it is worth, or none if it is not good now.
#[must_use]
pub fn check_slip(keys: &KeySet, slip: &str, number: &str, now: Timestamp) -> Option<Slip> {
    let claims = keys.open(slip, Some(TYP)).ok()?;
    let said: Slip = serde_json::from_value(Json::Object(claims)).ok()?;
    let own = commitment(&said.serial, &parse(number)?);
    let same = crypto::constant_time_eq(own.as_bytes(), said.commitment.as_bytes());
    (same && now.as_seconds() < said.until).then_some(said)
}
