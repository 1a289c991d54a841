//! Words: whatever the sources say to people is in every language of the pack.

use std::collections::BTreeSet;
use std::fs;

use crate::{nothing, root, sources};

const LANGUAGES: [&str; 2] = ["en-LS", "st-LS"];

fn flatten(prefix: &str, table: &toml::Table, out: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value.as_table() {
            Some(inner) => flatten(&key, inner, out),
            None => drop(out.insert(key)),
        }
    }
}

fn catalogue(language: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for file in fs::read_dir(root().join("packs/lesotho/messages").join(language)).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        flatten("", &text.parse().unwrap(), &mut keys);
    }
    keys
}

/// A key as it stands, or with its singular and plural.
fn has(keys: &BTreeSet<String>, key: &str) -> bool {
    keys.contains(key) || (keys.contains(&format!("{key}.one")) && keys.contains(&format!("{key}.other")))
}

#[test]
fn both_languages_say_the_same_things() {
    let [english, sesotho] = LANGUAGES.map(catalogue);
    let broken: Vec<String> = english.symmetric_difference(&sesotho).cloned().collect();
    nothing(&broken, "These keys are in one language only; say them in both.");
}

#[test]
fn every_fault_is_said() {
    let keys = LANGUAGES.map(catalogue);
    let makers = [
        "invalid(\"",
        "unauthenticated(\"",
        "forbidden(\"",
        "not_found(\"",
        "conflict(\"",
        "expired(\"",
        "unavailable(\"",
    ];
    let mut broken = BTreeSet::new();
    for source in sources().iter().filter(|source| source.ships()) {
        for maker in makers {
            for rest in source.bare().split(&format!("Fault::{maker}")).skip(1) {
                let code = rest.split('"').next().unwrap_or_default();
                if keys.iter().any(|keys| !has(keys, &format!("fault.{code}"))) {
                    broken.insert(format!("{}: fault.{code}", source.path));
                }
            }
        }
    }
    nothing(
        &broken.into_iter().collect::<Vec<_>>(),
        "A fault that people can meet has a sentence in both languages (messages/*/ENGINE.toml).",
    );
}

#[test]
fn every_key_is_said() {
    let keys = LANGUAGES.map(catalogue);
    let mut broken = BTreeSet::new();
    for source in sources().iter().filter(|source| source.ships()) {
        for asked in ["visit.t(\"", "visit.t1(\"", "Text::new(\"", "Link::new(\"/"] {
            for rest in source.bare().split(asked).skip(1) {
                let key = if asked.starts_with("Link") {
                    rest.split('"').nth(2).unwrap_or_default()
                } else {
                    rest.split('"').next().unwrap_or_default()
                };
                if key.contains('.') && !key.contains('{') && keys.iter().any(|keys| !has(keys, key)) {
                    broken.insert(format!("{}: {key}", source.path));
                }
            }
        }
    }
    nothing(&broken.into_iter().collect::<Vec<_>>(), "A key that a page says is in both languages.");
}
