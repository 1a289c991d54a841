//! Tokens and keys (RFC 7515, 7517): nothing from outside is taken for signed that is not, and nothing panics.
#![no_main]

use std::sync::LazyLock;

use crypto::jose::{KeySet, from_jwk, sign};
use crypto::{Algorithm, SigningKey};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

static KEYS: LazyLock<(KeySet, String)> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::EdDsa).expect("randomness");
    let token = sign(&key, "JWT", &json!({ "sub": "per_1", "exp": 1 })).expect("a token");
    (KeySet::of([&key.public()]), token)
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (keys, good) = &*KEYS;
    if keys.open(&text, None).is_ok() {
        assert_eq!(text, good.as_str(), "only what was signed opens");
    }
    // The same with a true token that is changed at one place.
    if let [place, letter, ..] = bytes {
        let mut changed = good.clone().into_bytes();
        let place = usize::from(*place) % changed.len();
        changed[place] = *letter;
        let changed = String::from_utf8_lossy(&changed);
        if changed != good.as_str() {
            assert!(keys.open(&changed, None).is_err(), "{changed}");
        }
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        let _ = from_jwk(&value);
        let _ = KeySet::from_jwks(&value);
    }
});
