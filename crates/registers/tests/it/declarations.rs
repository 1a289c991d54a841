//! Declarations: the pack's are sound, and every fault in one is told with its place.

use std::collections::BTreeSet;

use registers::Registers;
use spine::Language;

use crate::world::{PLACE, declarations, folding, pack, registers};

fn faults(text: &str) -> Vec<(usize, String)> {
    match Registers::parse(&[("x.toml", text)], folding()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| (fault.line, fault.message)).collect(),
    }
}

#[test]
fn owners_are_institutions_and_words_are_in_both_languages() {
    let mut institutions = BTreeSet::new();
    for entry in std::fs::read_dir(pack().join("institutions")).unwrap() {
        let file: toml::Table = std::fs::read_to_string(entry.unwrap().path()).unwrap().parse().unwrap();
        for institution in file["institutions"].as_array().unwrap() {
            institutions.insert(institution["id"].as_str().unwrap().to_owned());
        }
    }
    let registers = Registers::parse(&declarations(), folding()).unwrap();
    let ids: Vec<&str> = registers.iter().map(|register| register.id()).collect();
    for id in ["birth", "civil-person", "death", "driver-licence", "marriage", "passport"] {
        assert!(ids.contains(&id), "{id}");
    }
    for register in registers.iter() {
        assert!(institutions.contains(register.owner()), "{}", register.owner());
        let choices = register.fields().iter().flat_map(|field| field.options()).map(|option| &option.name);
        let names = register.fields().iter().map(|field| field.name()).chain(choices);
        for name in names.chain([register.name(), register.legal_basis()]) {
            for tag in ["en-LS", "st-LS"] {
                assert!(name.speaks(&Language::new(tag)), "{}: {name:?} in {tag}", register.id());
            }
        }
    }
}

#[test]
fn the_catalogues_say_the_same_things() {
    let keys = |tag: &str| {
        let words = testkit::words(&["registers"]);
        words.keys(&Language::new(tag)).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(keys("en-LS"), keys("st-LS"));
    assert!(keys("en-LS").len() > 100);
}

#[test]
fn the_schema_is_published_as_it_checks() {
    let registers = registers();
    let schema = registers.get("place").unwrap().json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$id"], "urn:letsema:register:place");
    assert_eq!(schema["required"], serde_json::json!(["code"]));
    assert_eq!(schema["properties"]["kind"]["enum"], serde_json::json!(["village", "town"]));
    assert_eq!(schema["properties"]["people"]["minimum"], 0);
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_fault_is_told_with_its_line() {
    assert_eq!(faults(PLACE), []);
    let cases = [
        ("key = \"code\"", "key = \"kode\"", 8, "there is no field `kode`"),
        ("key = \"code\"", "key = \"name\"", 8, "the key must be a required field of type text or reference"),
        ("list = [\"code\", \"name\", \"kind\"]", "list = [\"code\", \"nmae\"]", 10, "there is no field `nmae`"),
        (
            "title = \"{name} ({code})\"",
            "title = \"{nam}\"",
            9,
            "the title names the field `nam`, which is not declared",
        ),
        ("title = \"{name} ({code})\"", "title = \"Place\"", 9, "the title needs a field"),
        ("retention = \"P5Y\"", "retention = \"5 years\"", 7, "retention must be an ISO 8601 duration"),
        ("type = \"integer\"", "type = \"number\"", 38, "unknown variant `number`"),
        ("class = \"public\"\nsearch = \"exact\"", "class = \"publik\"", 31, "unknown variant `publik`"),
        ("type = \"choice\"", "type = \"text\"", 28, "`kind` has options, so its type must be choice"),
        ("min = 0", "min = 0\nmax = -1", 36, "`people`: min is larger than max"),
        ("id = \"people\"", "id = \"People\"", 36, "a field's id is small letters"),
        ("id = \"people\"", "id = \"kind\"", 36, "the field `kind` is declared twice"),
        ("pattern = \"^[A-Z0-9-]{1,20}$\"", "pattern = \"(\"", 13, "`code`: "),
        ("owner =", "ovner =", 4, "unknown field `ovner`"),
        ("retention =", "subject = \"code\"\nretention =", 7, "the subject must be a field of type reference"),
        ("retention =", "since = \"founded\"\nretention =", 7, "`since` must be a required field of type date"),
        ("id = \"place\"", "id = \"The Place\"", 3, "a register's id is small letters"),
    ];
    for (from, to, line, message) in cases {
        assert!(PLACE.contains(from), "{from}");
        let found = faults(&PLACE.replacen(from, to, 1));
        assert!(found.iter().any(|(at, said)| *at == line && said.starts_with(message)), "{to}: {found:?}");
    }
    let link = format!("{PLACE}\n[[link]]\nfield = \"kind\"\nregister = \"kinds\"\n");
    assert!(faults(&link)[0].1.contains("which no file declares"));
    let link = format!("{PLACE}\n[[link]]\nfield = \"kind\"\nregister = \"place\"\nby = \"people\"\n");
    assert!(faults(&link)[0].1.contains("search = \"exact\""));
    let twice = Registers::parse(&[("a.toml", PLACE), ("b.toml", PLACE)], folding()).unwrap_err();
    assert_eq!(twice[0].to_string(), "b.toml:1: another file declares the register `place` already");
    let several = faults(&PLACE.replace("list = [\"code\", \"name\", \"kind\"]", "list = [\"a\", \"b\"]"));
    assert_eq!(several.len(), 2, "all faults at once");
}
