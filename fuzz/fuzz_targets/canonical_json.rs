//! Canonical JSON (RFC 8785): whatever is read is written in one way, and read again is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spine::canonical::canonical;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let Ok(once) = canonical(&value) else { return };
    let again: Value = serde_json::from_slice(&once).expect("canonical JSON is JSON");
    assert_eq!(canonical(&again).expect("and canonical again"), once);
});
