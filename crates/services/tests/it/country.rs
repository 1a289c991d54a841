//! The pack of the country, read as the program reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use documents::{Fonts, House, Layout};
use registers::Registers;
use serde::Deserialize;
use services::{Catalogue, Country, Surroundings};
use spine::{Folding, Language, Localised};

pub(crate) const SERVICES: [&str; 3] = ["birth-certificate-copy", "driver-licence-renewal", "passport-renewal"];

/// All catalogues of messages of the pack.
pub(crate) const CATALOGUES: [&str; 11] = [
    "civil",
    "documents",
    "edge",
    "identity",
    "journal",
    "messages",
    "payments",
    "policy",
    "portal",
    "registers",
    "services",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn text(path: &str) -> String {
    let whole = root().join("packs/lesotho").join(path);
    fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{}: {error}", whole.display()))
}

/// The files of a folder of the pack with this ending: name without ending, and text.
pub(crate) fn texts(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut names: Vec<String> = fs::read_dir(root().join("packs/lesotho").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), text(&format!("{folder}/{name}{ending}")))).collect()
}

pub(crate) fn folding() -> Folding {
    toml::from_str(&text("names.toml")).unwrap()
}

pub(crate) fn registers() -> Registers {
    let zone = jiff::tz::TimeZone::get("Africa/Maseru").unwrap();
    Registers::parse(&texts("registers", ".toml"), folding()).unwrap().in_zone(zone)
}

fn layouts() -> BTreeMap<String, Layout> {
    let house = House::parse(&text("layouts/house.toml")).unwrap();
    let files = texts("layouts", ".toml").into_iter().filter(|(name, _)| name != "house");
    files.map(|(name, text)| (name, Layout::parse(&text, &house).unwrap())).collect()
}

#[derive(Deserialize)]
struct Institutions {
    institutions: Vec<Institution>,
}

#[derive(Deserialize)]
struct Institution {
    id: String,
    name: Localised,
}

/// What packs are checked against.
pub(crate) fn around() -> Surroundings {
    let institutions = texts("institutions", ".toml").into_iter().flat_map(|(_, text)| {
        let file: Institutions = toml::from_str(&text).unwrap();
        file.institutions.into_iter().map(|one| (one.id, one.name))
    });
    let fields = registers()
        .iter()
        .map(|register| {
            (register.id().to_owned(), register.fields().iter().map(|field| field.id().to_owned()).collect())
        })
        .collect();
    Surroundings {
        registers: fields,
        layouts: layouts(),
        institutions: institutions.collect(),
        languages: vec![Language::new("en-LS"), Language::new("st-LS")],
        spelling: spelling(),
    }
}

pub(crate) fn spelling() -> Vec<services::Spelling> {
    let file: toml::Table = text("spelling.toml").parse().unwrap();
    file["languages"].clone().try_into().unwrap()
}

pub(crate) fn catalogue() -> Catalogue {
    let files = texts("services", ".toml");
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Catalogue::parse(files, around(), folding())
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

pub(crate) fn fonts() -> Fonts {
    let folder = root().join("packs/lesotho/fonts");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".ttf")?.to_owned();
        Some((name, fs::read(&path).unwrap()))
    });
    Fonts::new(files).unwrap()
}

#[derive(Deserialize)]
struct Places {
    districts: Vec<Institution>,
}

pub(crate) fn places() -> Country {
    let places: Places = toml::from_str(&text("places/districts.toml")).unwrap();
    Country {
        phone_prefix: "+266".to_owned(),
        phone_digits: 8,
        districts: places.districts.into_iter().map(|one| (one.id, one.name)).collect(),
    }
}
