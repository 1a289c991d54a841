//! What this engine says: the same in both languages, and a sentence for every refusal.

use std::collections::BTreeSet;
use std::path::Path;

use spine::Language;

#[test]
fn both_languages_say_the_same_and_every_refusal_has_its_sentence() {
    let words = testkit::words(&[
        "payments",
        "bills",
        "hubs",
        "remittances",
        "merchants",
        "associations",
        "billers",
        "disputes",
        "iso20022",
        "payouts",
        "treasury",
        "sanctions",
        "screening",
        "cash",
        "cards",
        "agents",
        "charges",
        "funds",
    ]);
    let keys = |tag: &str| words.keys(&Language::new(tag)).map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(keys("en-LS"), keys("st-LS"));
    let said = keys("en-LS");
    let codes = codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(codes.len() > 20, "{codes:?}");
    for code in codes {
        assert!(said.contains(&format!("fault.{code}")), "{code}");
    }
}

/// Every code that stands in a `Fault::…("…")` of the engine, but internal ones, which nobody reads.
fn codes(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(codes(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let pieces: Vec<&str> = text.split("Fault::").collect();
        for two in pieces.windows(2) {
            let call = two[1].split(')').next().unwrap_or_default();
            let code = call.split('"').nth(1).filter(|code| code.starts_with("payments."));
            // `JobFault::…` are for dead letters, where the code itself is shown.
            if let Some(code) = code.filter(|_| !call.starts_with("internal") && !two[0].ends_with("Job")) {
                found.insert(code.to_owned());
            }
        }
    }
    found
}
