//! Packs: a service in TOML, its rules in CEL, a layout, wallets, policies. Whatever is wrong is told and never panics.
#![no_main]

use documents::{House, Layout};
use journal::Policies;
use libfuzzer_sys::fuzz_target;
use payments::Wallets;
use services::{Facts, Rules, Surroundings, check};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = check("fuzz.toml", &text, &Surroundings::default());
    let _ = Wallets::parse(&text, |_| None);
    if let Ok(house) = House::parse(&text) {
        let _ = Layout::parse(&text, &house);
    }
    let _ = Policies::parse([("fuzz.cedar", text.as_ref())]);
    let mut rules = Rules::default();
    if rules.compile(&text).is_ok() {
        let mut facts = Facts::default();
        facts.set("today", "2026-11-25");
        facts.set("fee", 13_000);
        facts.set_path("person.born", "1992-03-14".into());
        let _ = rules.variables(&text);
        let _ = rules.functions(&text);
        let _ = rules.value(&text, &facts);
    }
});
