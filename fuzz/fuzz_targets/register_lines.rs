//! Files that officers import: CSV and JSON Lines. One bad line loses nothing else, whatever it holds.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use registers::{Format, Registers, rehearse};
use spine::Folding;

static REGISTERS: LazyLock<Registers> = LazyLock::new(|| {
    let read = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/lesotho/");
        std::fs::read_to_string(format!("{path}{name}")).expect("a file of the pack")
    };
    let folding: Folding = serde_json::from_value(serde_json::json!({})).unwrap_or_default();
    let files = ["civil-person", "passport"].map(|name| (format!("registers/{name}.toml"), read(&format!("registers/{name}.toml"))));
    Registers::parse(&files, folding).unwrap_or_else(|faults| panic!("{}", faults.len()))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let format = if first & 1 == 0 { Format::Csv } else { Format::JsonLines };
    let register = REGISTERS.need(if first & 2 == 0 { "passport" } else { "civil-person" }).expect("it is there");
    // A true line after whatever came before is still read.
    let mut file = rest.to_vec();
    if format == Format::JsonLines {
        let before = rehearse(&file, format, register).map(|(sound, _)| sound);
        file.extend_from_slice(b"\n{\"number\":\"RC000001\"}\n");
        let after = rehearse(&file, format, register).map(|(sound, _)| sound);
        if let (Ok(before), Ok(after)) = (before, after) {
            assert_eq!(after, before + 1);
        }
    } else {
        let mut headed = b"number,person,kind,issued,expires\n".to_vec();
        headed.extend_from_slice(&file);
        let _ = rehearse(&headed, format, register);
        let _ = rehearse(&file, format, register);
    }
});
