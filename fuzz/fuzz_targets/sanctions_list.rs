//! Published lists of names, as somebody may bring them: the Security Council's XML and a table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payments::sanctions::{Format, read};

fuzz_target!(|bytes: &[u8]| {
    for format in [Format::UnXml, Format::Csv] {
        let Ok(listing) = read(format, bytes) else { continue };
        assert!(!listing.entries.is_empty(), "an empty list is refused");
        let mut references: Vec<&str> = listing.entries.iter().map(|entry| entry.reference.as_str()).collect();
        references.sort_unstable();
        assert!(references.windows(2).all(|two| two[0] != two[1]), "a reference stands there once");
        for entry in &listing.entries {
            assert!(!entry.reference.is_empty() && entry.names.iter().all(|name| !name.text.is_empty()));
            assert!(entry.born.iter().all(|born| born.from <= born.to && !born.said().is_empty()));
        }
    }
});
