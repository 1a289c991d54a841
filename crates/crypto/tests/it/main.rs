//! Project Wycheproof's vectors through our own entry points: signed tokens, and the signatures beneath them.
//!
//! **Invariant:** what we speak is accepted where the vectors say valid and refused where they say invalid; what we do not
//! speak is refused. The vectors are data of another project and are not kept here: the folder is named by
//! `WYCHEPROOF`, and the tests run with the slow ones.
#![expect(clippy::unwrap_used, reason = "in tests a failure should be loud")]
#![expect(
    clippy::disallowed_methods,
    reason = "where another project's vectors lie is for whoever runs the slow tests to say"
)]

use std::fs;
use std::path::PathBuf;

use crypto::jose::KeySet;
use crypto::{Algorithm, PublicKey, from_hex};
use serde_json::{Value as Json, json};

/// A file of vectors, in the folder that `WYCHEPROOF` names.
fn vectors(file: &str) -> Json {
    let folder = PathBuf::from(std::env::var("WYCHEPROOF").unwrap());
    serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn each<'a>(all: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    all[name].as_array().unwrap().iter()
}

#[test]
#[ignore = "needs the vectors of C2SP/wycheproof"]
fn json_web_signatures() {
    let all = vectors("json_web_signature_test.json");
    let (mut accepted, mut refused) = (0, 0);
    for group in each(&all, "testGroups") {
        let key = if group["public"].is_object() { &group["public"] } else { &group["private"] };
        let set = KeySet::from_jwks(&json!({"keys": [key]}));
        let spoken = !set.keys().is_empty();
        for test in each(group, "tests") {
            let token = test["jws"].as_str().map(str::to_owned).unwrap_or_else(|| test["jws"].to_string());
            let good = set.payload(&token, None, &Algorithm::ALL).is_ok();
            let valid = test["result"] == "valid" && spoken;
            // An old header may ask for what we refuse on purpose; a refusal is never a danger.
            assert!(!good || test["result"] == "valid", "accepted: {} {}", test["tcId"], test["comment"]);
            assert!(good || !valid || asks_for_more(&token), "refused: {} {}", test["tcId"], test["comment"]);
            if good { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted >= 10 && refused >= 300, "{accepted} accepted, {refused} refused");
}

/// Whether a token is not a compact one, holds `crit`, or names an algorithm we do not speak: refused on purpose.
fn asks_for_more(token: &str) -> bool {
    let header = token.split('.').next().and_then(crypto::from_base64url);
    let header: Option<Json> = header.and_then(|header| serde_json::from_slice(&header).ok());
    let Some(header) = header else { return true };
    let spoken = header.get("alg").and_then(Json::as_str).and_then(Algorithm::named).is_some();
    !spoken || header.get("crit").is_some()
}

fn signatures(file: &str, algorithm: Algorithm, key: impl Fn(&Json) -> Option<PublicKey>) {
    let all = vectors(file);
    let mut tried = 0;
    for group in each(&all, "testGroups") {
        let Some(key) = key(&group["publicKey"]) else { continue };
        assert_eq!(key.algorithm(), algorithm);
        for test in each(group, "tests") {
            let bytes = |name: &str| from_hex(test[name].as_str().unwrap()).unwrap();
            let good = key.verifies(&bytes("msg"), &bytes("sig"));
            assert_eq!(good, test["result"] == "valid", "{file}: {} {}", test["tcId"], test["comment"]);
            tried += 1;
        }
    }
    assert!(tried >= 50, "{file}: {tried}");
}

#[test]
#[ignore = "needs the vectors of C2SP/wycheproof"]
fn ecdsa_on_p256() {
    signatures("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::Es256, |key| {
        let point = from_hex(key["uncompressed"].as_str()?)?;
        PublicKey::from_bytes(Algorithm::Es256, point.get(1..)?).ok()
    });
}

#[test]
#[ignore = "needs the vectors of C2SP/wycheproof"]
fn ed25519() {
    signatures("ed25519_test.json", Algorithm::EdDsa, |key| {
        PublicKey::from_bytes(Algorithm::EdDsa, &from_hex(key["pk"].as_str()?)?).ok()
    });
}

/// A number in hexadecimal without its leading zeros.
fn whole(hex: &Json) -> Option<Vec<u8>> {
    let bytes = from_hex(hex.as_str()?)?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

#[test]
#[ignore = "needs the vectors of C2SP/wycheproof"]
fn rsa_in_both_paddings() {
    let key = |algorithm| {
        move |key: &Json| PublicKey::rsa(algorithm, whole(&key["modulus"])?, whole(&key["publicExponent"])?).ok()
    };
    signatures("rsa_signature_2048_sha256_test.json", Algorithm::Rs256, key(Algorithm::Rs256));
    signatures("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::Ps256, key(Algorithm::Ps256));
}
