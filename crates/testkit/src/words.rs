//! The pack's own words and locales, so that tests see the pages people see.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spine::{Locale, Words};

/// English and Sesotho with the catalogues of these engines: `words(&["edge", "payments"])`.
#[must_use]
pub fn words(engines: &[&str]) -> Words {
    let languages = ["en-LS", "st-LS"].map(|tag| {
        let locale: Locale = toml::from_str(&read(&pack().join(format!("locales/{tag}.toml")))).expect("a locale");
        let mut messages = BTreeMap::new();
        for engine in engines {
            let catalogue = read(&pack().join(format!("messages/{tag}/{engine}.toml")));
            flatten("", &catalogue.parse().expect("a catalogue"), &mut messages);
        }
        (locale, messages)
    });
    Words::new(languages.into(), jiff::tz::TimeZone::get("Africa/Maseru").expect("the zone"))
}

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, out),
            other => {
                out.insert(key, other.as_str().unwrap_or_default().to_owned());
            }
        }
    }
}
