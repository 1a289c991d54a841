//! What this engine says: the same in both languages, and a sentence for every refusal.

use std::collections::BTreeSet;
use std::path::Path;

use spine::Language;

#[test]
fn both_languages_say_the_same_and_every_refusal_has_its_sentence() {
    let words = testkit::words(&["switch", "hubs"]);
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
        for call in text.split("Fault::").skip(1) {
            let call = call.split(')').next().unwrap_or_default();
            let code = call.split('"').nth(1).filter(|code| code.starts_with("switch."));
            if let Some(code) = code.filter(|_| !call.starts_with("internal")) {
                found.insert(code.to_owned());
            }
        }
    }
    found
}
