//! Numbers as people write them, and text as a phone shows it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use messages::sms::Sms;
use payments::Wallets;
use spine::{Currency, Money, Timestamp};

static WALLETS: LazyLock<Wallets> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/lesotho/wallets.toml"));
    Wallets::parse(&text.expect("the pack"), |_| None).expect("wallets")
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Some(digits) = civil::national_id::parse(&text) {
        assert_eq!(civil::national_id::parse(&civil::national_id::shown(&digits)), Some(digits));
    }
    if let Some(number) = WALLETS.number(&text) {
        assert_eq!(WALLETS.number(number.reveal()).map(|again| again.reveal().clone()), Some(number.reveal().clone()));
    }
    let _ = payments::is_receipt_number(&text);
    if let Ok(moment) = Timestamp::parse(&text) {
        assert_eq!(Timestamp::parse(&moment.to_string()).expect("its own words"), moment);
    }
    let sms = Sms::of(&text);
    assert!(sms.count() >= 1 && sms.parts.concat() == sms.text());
    if let (Ok(currency), [a, b, ..]) = (Currency::parse("LSL"), bytes) {
        let (one, two) = (Money::new(i64::from(*a) << 55, currency), Money::new(i64::from(*b) << 55, currency));
        if let Ok(sum) = one.plus(two) {
            assert_eq!(sum.minus(two).expect("what was added can be taken away"), one);
        }
    }
    if let Ok(money) = serde_json::from_slice::<Money>(bytes) {
        let again: Money = serde_json::from_value(serde_json::to_value(money).expect("JSON")).expect("money");
        assert_eq!(again, money);
    }
});
