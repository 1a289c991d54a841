//! Bytes as text: base64 (RFC 4648 §4), base64url without padding (§5), base32 (§6) and hexadecimal (§8).
//!
//! **Invariant:** decoding is strict: one text for one byte string, nothing skipped, nothing padded.

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    encode(bytes, 6, BASE64URL)
}

/// Bytes of a base64url text; none if it is not one.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    decode(text, 6, BASE64URL)
}

/// Base64 with padding (RFC 4648 §4), as transparency logs write it.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    let mut text = encode(bytes, 6, BASE64);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Bytes of a base64 text with padding; none if it is not one.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bare = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let bytes = decode(bare, 6, BASE64)?;
    (base64(&bytes) == text).then_some(bytes)
}

/// Base32 without padding, as authenticator apps read secrets.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    encode(bytes, 5, BASE32)
}

/// Bytes of a base32 text without padding; none if it is not one.
#[must_use]
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    decode(text, 5, BASE32)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    encode(bytes, 4, HEX)
}

/// Bytes of a lower-case hexadecimal text; none if it is not one.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    decode(text, 4, HEX)
}

fn encode(bytes: &[u8], bits: u32, alphabet: &[u8]) -> String {
    let mask = (1_u32 << bits) - 1;
    let mut out = String::with_capacity(bytes.len() * 8 / bits as usize + 1);
    let (mut held, mut count) = (0_u32, 0_u32);
    let mut push = |digit: u32| {
        let letter = alphabet.get((digit & mask) as usize).copied().unwrap_or(b'?');
        out.push(char::from(letter));
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        count += 8;
        while count >= bits {
            count -= bits;
            push(held >> count);
        }
        held &= (1 << count) - 1;
    }
    if count > 0 {
        push(held << (bits - count));
    }
    out
}

fn decode(text: &str, bits: u32, alphabet: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * bits as usize / 8);
    let (mut held, mut count) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let digit = alphabet.iter().position(|own| *own == letter)?;
        held = (held << bits) | u32::try_from(digit).ok()?;
        count += bits;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((held >> count) & 0xff).ok()?);
            held &= (1 << count) - 1;
        }
    }
    // What is left over must be fewer bits than a digit, all zero: one text for one byte string.
    (count < bits && held == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_vectors() {
        // RFC 4648 §10.
        for (bytes, b64, b32, hexed) in [
            ("", "", "", ""),
            ("f", "Zg", "MY", "66"),
            ("fo", "Zm8", "MZXQ", "666f"),
            ("foobar", "Zm9vYmFy", "MZXW6YTBOI", "666f6f626172"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), b64);
            assert_eq!(base32(bytes.as_bytes()), b32);
            assert_eq!(hex(bytes.as_bytes()), hexed);
        }
    }

    #[test]
    fn loose_texts_are_refused() {
        for text in ["Zg==", "Zh", "Z", "Zg\n", "Zg+", "Zg/"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
        assert_eq!(from_hex("6"), None);
        assert_eq!(from_hex("6F"), None);
        assert_eq!(from_base32("my"), None);
    }

    proptest! {
        #[test]
        fn round_trips(bytes: Vec<u8>) {
            prop_assert_eq!(from_base64url(&base64url(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(from_base32(&base32(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
        }

        #[test]
        fn a_text_that_decodes_is_the_only_one(text in "[A-Za-z0-9_-]{0,20}") {
            if let Some(bytes) = from_base64url(&text) {
                prop_assert_eq!(base64url(&bytes), text);
            }
        }
    }
}
