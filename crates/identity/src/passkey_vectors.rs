//! The test vectors of WebAuthn Level 3 §16, through our own entry points. They stand in the specification's source
//! (`index.bs` of w3c/webauthn), which whoever has them tried names in `WEBAUTHN_SPEC`; run with the slow ones.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use spine::{Secret, Timestamp};
use webauthn_rs::prelude::Webauthn;

use crate::keys::Keys;
use crate::passkey::{relying_party, to_make, to_sign_in, verify_made, verify_used};
use crate::rows::accounts::{Challenge, PasskeyRow};

type Values = BTreeMap<String, Vec<u8>>;

/// A credential of the specification: its name, how it is made, how it is used.
struct Vector {
    name: String,
    made: Values,
    used: Values,
}

fn vectors(text: &str) -> Vec<Vector> {
    let part = text.split("{#sctn-test-vectors}").nth(1).unwrap();
    let part = part.split("\n# ").next().unwrap();
    let sections = part.split("\n## ").skip(1);
    sections
        .filter_map(|section| {
            let name = section.split(" ##").next()?.to_owned();
            let mut blocks = section.split("<xmp class=\"example\" highlight=\"cddl\">").skip(1).map(values);
            let (made, used) = (blocks.next()?, blocks.next()?);
            (made.contains_key("attestationObject") && used.contains_key("signature")).then_some(Vector {
                name,
                made,
                used,
            })
        })
        .collect()
}

fn values(block: &str) -> Values {
    let block = block.split("</xmp>").next().unwrap();
    let line = |line: &str| {
        let (name, rest) = line.split_once(" = h'")?;
        Some((name.trim().to_owned(), crypto::from_hex(rest.split('\'').next()?)?))
    };
    block.lines().filter_map(line).collect()
}

/// A ceremony of ours with the specification's challenge in its place.
fn row(kept: &str, challenge: &[u8]) -> Challenge {
    let kept: Json = serde_json::from_str(kept).unwrap();
    let own = kept["options"]["publicKey"]["challenge"].as_str().unwrap();
    let passkey = kept.to_string().replace(own, &crypto::base64url(challenge));
    Challenge { account: None, code: None, tries: 0, passkey: Some(passkey), expires_at: Timestamp::from_micros(0) }
}

fn answer(values: &Values, id: &[u8], response: Json) -> String {
    let mut response = response;
    response["clientDataJSON"] = json!(crypto::base64url(&values["clientDataJSON"]));
    let id = crypto::base64url(id);
    json!({"id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {}}).to_string()
}

/// The flags that authenticator data begins with, behind the site's hash (§6.1).
fn flags(bytes: &[u8]) -> u8 {
    let hash = crypto::sha256(&[b"example.org"]);
    let place = bytes.windows(32).position(|part| part == hash).unwrap();
    bytes[place + 32]
}

const VERIFIED: u8 = 0x04;

/// What came of a vector: made, and used.
fn tried(webauthn: &Webauthn, keys: &Keys, vector: &Vector) -> (bool, bool) {
    let id = &vector.made["credential_id"];
    let ceremony = to_make(webauthn, keys, "per_1", "Lineo", &[]).unwrap();
    let object = json!({"attestationObject": crypto::base64url(&vector.made["attestationObject"])});
    let made =
        verify_made(webauthn, &row(ceremony.kept(), &vector.made["challenge"]), &answer(&vector.made, id, object));
    let Ok((made_id, credential)) = made else { return (false, false) };
    assert_eq!(made_id, crypto::base64url(id));
    let passkey = PasskeyRow {
        id: made_id,
        account: "per_1".to_owned(),
        name: String::new(),
        credential,
        made_at: Timestamp::from_micros(0),
        last_used_at: None,
    };
    let ceremony = to_sign_in(webauthn).unwrap();
    let handle = crypto::base64url(&keys.passkey_user("per_1"));
    let response = |signature: &[u8]| {
        json!({
            "authenticatorData": crypto::base64url(&vector.used["authenticatorData"]),
            "signature": crypto::base64url(signature), "userHandle": handle,
        })
    };
    let waits = row(ceremony.kept(), &vector.used["challenge"]);
    let used = verify_used(webauthn, &waits, &passkey, &answer(&vector.used, id, response(&vector.used["signature"])));
    let mut other = vector.used["signature"].clone();
    *other.last_mut().unwrap() ^= 1;
    let forged = verify_used(webauthn, &waits, &passkey, &answer(&vector.used, id, response(&other)));
    assert!(forged.is_err(), "{}: a changed signature", vector.name);
    let elsewhere = verify_used(
        webauthn,
        &row(ceremony.kept(), b"another challenge, of enough bytes"),
        &passkey,
        &answer(&vector.used, id, response(&vector.used["signature"])),
    );
    assert!(elsewhere.is_err(), "{}: another challenge", vector.name);
    (true, used.is_ok())
}

#[test]
#[ignore = "needs the specification's source: WEBAUTHN_SPEC=FILE"]
fn vectors_of_the_specification() {
    let text = std::fs::read_to_string(testkit::brought_as("WEBAUTHN_SPEC")).unwrap();
    let all = vectors(&text);
    assert!(all.len() >= 10, "{} vectors", all.len());
    let webauthn = relying_party("https://example.org", "Letsema").unwrap();
    let seal = std::sync::Arc::new(crypto::SealKey::new(&Secret::new([1; 32])).unwrap());
    let keys = Keys::new(Secret::new([2; 32]), seal);
    let mut taken = Vec::new();
    for vector in &all {
        let verified = |data: &str, values: &Values| flags(&values[data]) & VERIFIED != 0;
        let (made, used) = tried(&webauthn, &keys, vector);
        assert!(!made || verified("attestationObject", &vector.made), "{}: nobody was verified", vector.name);
        assert!(!used || verified("authenticatorData", &vector.used), "{}: nobody was verified", vector.name);
        if made {
            taken.push((vector.name.as_str(), used));
        }
    }
    // All others are refused: the person was not verified, another site frames ours, or the key or its attestation is of
    // a kind that we do not ask for.
    assert_eq!(
        taken,
        [("ES256 Credential with Self Attestation", false), ("Packed Attestation with ES256 Credential", true)]
    );
}
