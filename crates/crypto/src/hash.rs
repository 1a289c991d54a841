//! Hashes and codes of messages.

use aws_lc_rs::{constant_time, digest, hmac};

/// SHA-256 (FIPS 180-4) of the parts one after the other. Separate parts of varying length by their lengths or a
/// byte that they cannot hold, or two messages may share a hash.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    array(context.finish().as_ref())
}

/// The first sixteen bytes of [`sha256`]: an identifier that follows from what it belongs to, so that it is made once. The
/// parts begin with what no other use begins with.
#[must_use]
pub fn short_hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(sha256(parts).split_at(16).0);
    short
}

/// SHA-512 (FIPS 180-4).
#[must_use]
pub fn sha512(message: &[u8]) -> [u8; 64] {
    array(digest::digest(&digest::SHA512, message).as_ref())
}

/// HMAC-SHA-256 (RFC 2104) of the parts one after the other.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    array(&keyed(hmac::HMAC_SHA256, key, parts))
}

/// HMAC-SHA-1, for RFC 6238 only: authenticator apps know no other.
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    array(&keyed(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts))
}

fn keyed(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    context.sign().as_ref().to_vec()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

/// Whether two byte strings are the same, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(one: &[u8], two: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, two).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn published_vectors() {
        assert_eq!(hex(&sha256(&[b"a", b"bc"])), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(hex(&sha512(b"abc")).starts_with("ddaf35a193617abacc417349ae204131"));
        // RFC 4231 §4.3.
        let code = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(
            constant_time_eq(b"same", b"same") && !constant_time_eq(b"same", b"sane") && !constant_time_eq(b"a", b"ab")
        );
    }
}
