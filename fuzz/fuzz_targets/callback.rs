//! What other programs tell us: wallets of payments, gateways of messages.
#![no_main]

use crypto::signed_call::is_signed;
use libfuzzer_sys::fuzz_target;
use spine::{Secret, Timestamp};

fuzz_target!(|bytes: &[u8]| {
    let _ = serde_json::from_slice::<payments::Told>(bytes);
    let _ = serde_json::from_slice::<messages::Told>(bytes);
    let text = String::from_utf8_lossy(bytes);
    let (time, signature) = text.split_once('.').unwrap_or((&text, ""));
    let secret = Secret::new(b"0123456789abcdef".to_vec());
    let now = Timestamp::from_micros(1_790_000_000_000_000);
    assert!(!is_signed(&secret, now, time, signature, b"{}"), "nobody signed this");
});
