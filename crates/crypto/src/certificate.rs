//! As much of an X.509 certificate (RFC 5280) as knowing a client by it takes: its hash, its key, the names it bears.
//!
//! **Invariant:** nothing here says that a certificate is trusted; whoever ended the TLS connection does. Read strictly,
//! without recursion. Where next: `keys.rs`.

use crate::encode::base64url;
use crate::hash::sha256;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `version`, an explicit tag of its own.
const VERSION: u8 = 0xa0;
/// `extensions`, likewise.
const EXTENSIONS: u8 = 0xa3;
/// A `dNSName` and a `uniformResourceIdentifier` among the alternative names.
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
/// 2.5.29.17, the alternative names of the subject.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
/// The largest certificate read, in bytes.
const LARGEST: usize = 16 * 1024;

/// What is left to read of some DER (X.690): one value after another, each with its tag.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next value: its tag, its content, and the whole of it.
    fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            short @ 0..=0x7f => (usize::from(*short), rest),
            0x81 | 0x82 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some((*tag, content, whole))
    }

    /// The content of the next value, which must have this tag.
    fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(own, ..)| *own == tag).map(|(_, content, _)| content)
    }

    /// The content of the next value if it has this tag.
    fn maybe(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.read(tag) } else { None }
    }
}

/// Modulus and exponent of an RSA key's DER (RFC 8017 §A.1.1), without leading zeros.
pub(crate) fn rsa_parts(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut key = Der::new(Der::new(der).read(SEQUENCE)?);
    let whole = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
    Some((whole(key.read(INTEGER)?), whole(key.read(INTEGER)?)))
}

/// A client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    thumbprint: String,
    subject: String,
    key: Vec<u8>,
    dns_names: Vec<String>,
    uris: Vec<String>,
}

impl Certificate {
    /// Reads a certificate's DER; none if it is not one.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        if der.len() > LARGEST {
            return None;
        }
        let mut outer = Der::new(der);
        let mut certificate = Der::new(outer.read(SEQUENCE)?);
        if !outer.0.is_empty() {
            return None;
        }
        let mut body = Der::new(certificate.read(SEQUENCE)?);
        body.maybe(VERSION);
        body.read(INTEGER)?; // serial
        body.read(SEQUENCE)?; // signature
        body.read(SEQUENCE)?; // issuer
        body.read(SEQUENCE)?; // validity
        let subject = distinguished_name(body.read(SEQUENCE)?)?;
        let (tag, _, key) = body.next()?;
        if tag != SEQUENCE {
            return None;
        }
        let (mut dns_names, mut uris) = (Vec::new(), Vec::new());
        while let Some((tag, content, _)) = body.next() {
            if tag == EXTENSIONS {
                alternative_names(content, &mut dns_names, &mut uris)?;
            }
        }
        Some(Self { thumbprint: base64url(&sha256(&[der])), subject, key: key.to_vec(), dns_names, uris })
    }

    /// `x5t#S256`: SHA-256 of the whole certificate (RFC 8705 §3.1).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Its subject as text (RFC 4514): `CN=bank.example,O=The Bank,C=LS`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its key, as a `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.key
    }

    /// The hosts it names.
    #[must_use]
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// The URIs it names.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// Whether its key is this JWK's.
    #[must_use]
    pub fn has_key(&self, key: &crate::PublicKey) -> bool {
        // The key stands as a bit string at the end of the SubjectPublicKeyInfo, in each of the three forms.
        let mut info = Der::new(self.key.as_slice());
        let Some(mut info) = info.read(SEQUENCE).map(Der::new) else { return false };
        let Some(bits) = info.read(SEQUENCE).and_then(|_| info.read(BIT_STRING)) else { return false };
        let bits = bits.get(1..).unwrap_or_default();
        match key.algorithm() {
            crate::Algorithm::EdDsa => bits == key.as_bytes(),
            crate::Algorithm::Es256 => bits.first() == Some(&4) && bits.get(1..) == Some(key.as_bytes()),
            crate::Algorithm::Ps256 | crate::Algorithm::Rs256 => {
                rsa_parts(bits).is_some_and(|(n, e)| n == key.as_bytes() && e == key.exponent())
            }
        }
    }
}

/// Reads the host names and URIs of the subject's alternative names.
fn alternative_names(content: &[u8], dns_names: &mut Vec<String>, uris: &mut Vec<String>) -> Option<()> {
    let mut extensions = Der::new(Der::new(content).read(SEQUENCE)?);
    while let Some((SEQUENCE, extension, _)) = extensions.next() {
        let mut extension = Der::new(extension);
        let oid = extension.read(OID)?;
        extension.maybe(0x01); // critical
        let value = extension.read(OCTET_STRING)?;
        if oid != SUBJECT_ALT_NAME {
            continue;
        }
        let mut names = Der::new(Der::new(value).read(SEQUENCE)?);
        while let Some((tag, name, _)) = names.next() {
            let name = || std::str::from_utf8(name).ok().map(str::to_owned);
            match tag {
                DNS_NAME => dns_names.push(name()?),
                URI => uris.push(name()?),
                _ => {}
            }
        }
    }
    Some(())
}

/// A name as RFC 4514 writes it, the most particular part first.
fn distinguished_name(content: &[u8]) -> Option<String> {
    let (mut sets, mut parts) = (Der::new(content), Vec::new());
    while let Some((tag, set, _)) = sets.next() {
        if tag != SET {
            return None;
        }
        let (mut pairs, mut set) = (Vec::new(), Der::new(set));
        while let Some((SEQUENCE, pair, _)) = set.next() {
            let mut pair = Der::new(pair);
            let oid = pair.read(OID)?;
            let (_, value, _) = pair.next()?;
            pairs.push(format!("{}={}", attribute(oid), escaped(std::str::from_utf8(value).ok()?)));
        }
        parts.push(pairs.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

/// The short name of an attribute (RFC 4514 §3), or its numbers.
fn attribute(oid: &[u8]) -> String {
    match oid {
        [0x55, 0x04, 0x03] => "CN".to_owned(),
        [0x55, 0x04, 0x05] => "serialNumber".to_owned(),
        [0x55, 0x04, 0x06] => "C".to_owned(),
        [0x55, 0x04, 0x07] => "L".to_owned(),
        [0x55, 0x04, 0x08] => "ST".to_owned(),
        [0x55, 0x04, 0x0a] => "O".to_owned(),
        [0x55, 0x04, 0x0b] => "OU".to_owned(),
        [0x55, 0x04, 0x61] => "organizationIdentifier".to_owned(),
        other => crate::encode::hex(other),
    }
}

/// A value with what has a meaning of its own escaped (RFC 4514 §2.4).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (place, letter) in value.char_indices() {
        let edge = (place == 0 && matches!(letter, ' ' | '#')) || (place + 1 == value.len() && letter == ' ');
        if edge || matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_base64;
    use crate::jose::{from_jwk, thumbprint};

    /// The self-signed certificate of RFC 8705 appendix A, as a JWK with `x5c`.
    const RFC_8705: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";

    #[test]
    fn the_certificate_of_rfc_8705_is_read() {
        let der = from_base64(RFC_8705).unwrap();
        let certificate = Certificate::read(&der).unwrap();
        assert_eq!(certificate.subject(), "CN=mtls");
        let jwk = serde_json::json!({"kty": "EC", "crv": "P-256",
            "x": "1yfLHCpXqFjxCeHHHMVDTcLscpb07KUxudBmOMn8C7Q", "y": "8_coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8"});
        assert!(certificate.has_key(&from_jwk(&jwk).unwrap().key));
        assert_eq!(certificate.thumbprint(), "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        for length in 0..der.len() {
            assert!(Certificate::read(&der[..length]).is_none());
        }
        assert!(Certificate::read(&[der, vec![0]].concat()).is_none());
    }

    #[test]
    fn another_key_is_not_the_certificates() {
        let certificate = Certificate::read(&from_base64(RFC_8705).unwrap()).unwrap();
        for algorithm in crate::Algorithm::ALL {
            let other = crate::SigningKey::generate(algorithm).unwrap().public();
            assert!(!certificate.has_key(&other) && !thumbprint(&other).is_empty());
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped(" A, B+C "), "\\ A\\, B\\+C\\ ");
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            proptest::prop_assert!(Certificate::read(&bytes).is_none());
        }
    }
}
