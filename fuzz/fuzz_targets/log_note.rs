//! The evidence log's own formats: signed heads, receipts, a witness's requests (C2SP tlog-checkpoint, tlog-witness).
#![no_main]

use std::sync::{Arc, LazyLock};

use crypto::{Algorithm, SigningKey};
use journal::log::{Cosigner, LogKey, Receipt, open_head, verify};
use libfuzzer_sys::fuzz_target;
use spine::{Clock, Timestamp};

struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_790_000_000_000_000)
    }
}

static WORLD: LazyLock<(String, Cosigner)> = LazyLock::new(|| {
    let key = |name| LogKey::new(name, SigningKey::generate(Algorithm::EdDsa).expect("randomness")).expect("a key");
    let log = key("letsema/fuzz").verifier();
    let file = std::env::temp_dir().join(format!("letsema-fuzz-{}.json", std::process::id()));
    (log.clone(), Cosigner::new(key("witness.example/fuzz"), log, &file, Arc::new(Still)).expect("a witness"))
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (log, witness) = &*WORLD;
    assert!(open_head(&text, log).is_err(), "nobody signed this");
    assert!(witness.add_checkpoint(&text).is_err(), "nobody signed this");
    let _ = open_head("letsema/fuzz\n1\nAAAA\n\n", &text);
    if let Ok(receipt) = serde_json::from_slice::<Receipt>(bytes) {
        assert!(verify(&receipt, log).is_err(), "nobody signed this");
    }
});
