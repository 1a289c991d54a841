//! A software authenticator, as a phone has one: makes a key for a site and signs with it.
//!
//! **Invariant:** written from WebAuthn Level 3 §6 alone, so that it checks ours rather than agrees with it.

use crypto::{Algorithm, SigningKey, base64url, sha256};
use serde_json::{Value as Json, json};

/// A phone with keys of its own.
pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    user: Option<String>,
    counter: u32,
    /// What it says of itself: user present and verified; eligible for backup.
    pub flags: u8,
    /// Where the browser says it is.
    pub origin: String,
}

/// The user is there (§6.1).
pub const PRESENT: u8 = 0x01;
/// The user is known to it.
pub const VERIFIED: u8 = 0x04;
/// Its keys may be copied, and are.
pub const COPIED: u8 = 0x18;
const ATTESTED: u8 = 0x40;

impl Authenticator {
    /// One whose keys are named by this byte, on a site of this origin (`http://localhost:8080`).
    #[must_use]
    pub fn new(id: u8, origin: &str) -> Self {
        Self {
            key: SigningKey::generate(Algorithm::Es256).unwrap(),
            id: vec![id; 32],
            user: None,
            counter: 0,
            flags: PRESENT | VERIFIED,
            origin: origin.to_owned(),
        }
    }

    fn client_data(&self, kind: &str, options: &Json) -> Vec<u8> {
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn data(&mut self, more: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = sha256(&[b"localhost"]).to_vec();
        data.push(self.flags | more);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }

    /// `navigator.credentials.create`, with attestation "none" (§6.5.4, §8.7).
    pub fn make(&mut self, options: &Json) -> String {
        assert_eq!(options["publicKey"]["rp"]["id"], "localhost", "the site tests run on");
        assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
        self.user = options["publicKey"]["user"]["id"].as_str().map(str::to_owned);
        let mut data = self.data(ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, 32]);
        data.extend_from_slice(&self.id);
        // A COSE key on P-256 (RFC 9053 §7.1.1): kty EC2, alg ES256, crv P-256, x, y.
        let public = self.key.public();
        let (x, y) = public.as_bytes().split_at(32);
        data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend_from_slice(x);
        data.extend_from_slice(&[0x22, 0x58, 0x20]);
        data.extend_from_slice(y);
        let mut object = vec![0xa3, 0x63];
        object.extend_from_slice(b"fmt");
        object.push(0x64);
        object.extend_from_slice(b"none");
        object.push(0x67);
        object.extend_from_slice(b"attStmt");
        object.extend_from_slice(&[0xa0, 0x68]);
        object.extend_from_slice(b"authData");
        object.extend_from_slice(&[0x58, u8::try_from(data.len()).unwrap()]);
        object.extend_from_slice(&data);
        let client_data = self.client_data("webauthn.create", options);
        self.answer(&json!({"attestationObject": base64url(&object), "clientDataJSON": base64url(&client_data)}))
    }

    /// `navigator.credentials.get`.
    pub fn sign(&mut self, options: &Json) -> String {
        assert_eq!(options["publicKey"]["userVerification"], "required");
        assert!(options["publicKey"]["allowCredentials"].as_array().is_none_or(Vec::is_empty));
        let (data, client_data) = (self.data(0), self.client_data("webauthn.get", options));
        let signed = [data.as_slice(), &sha256(&[&client_data])].concat();
        let signature = der(&self.key.sign(&signed).unwrap());
        self.answer(&json!({
            "authenticatorData": base64url(&data), "clientDataJSON": base64url(&client_data),
            "signature": base64url(&signature), "userHandle": self.user,
        }))
    }

    fn answer(&self, response: &Json) -> String {
        let id = base64url(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {}}).to_string()
    }
}

/// An ECDSA signature of fixed length as ASN.1 DER (§6.5.5).
fn der(fixed: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if digits.first().is_none_or(|first| *first >= 0x80) { vec![0] } else { vec![] };
        let body = [sign, digits].concat();
        [vec![0x02, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let (r, s) = fixed.split_at(32);
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}
