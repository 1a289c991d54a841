//! The national ID through its face: the country's own registers, kinds of events and rules.
//!
//! **Invariant:** the pack's files are read as the program reads them.

mod vids;

use std::fs;
use std::path::PathBuf;

use civil::{Civil, Kinds};
use identity::{Enrolment, EnrolmentSettings, Identity, Rules};
use journal::Acts;
use registers::Registers;
use spine::Folding;

pub(crate) fn pack(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho").join(path)
}

/// Every register of the country.
pub(crate) fn registers() -> Registers {
    let mut files: Vec<(String, String)> = fs::read_dir(pack("registers"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    let folding: Folding = toml::from_str(&fs::read_to_string(pack("names.toml")).unwrap()).unwrap();
    Registers::parse(&files, folding).unwrap()
}

/// The national ID of this country.
pub(crate) fn country(acts: &Acts, identity: &Identity) -> Enrolment {
    let registers = registers();
    let kinds = Kinds::parse(&fs::read_to_string(pack("civil.toml")).unwrap(), &registers).unwrap();
    let civil = Civil::new(acts.clone(), registers, kinds, vec![identity.consequence()]);
    let rules = Rules::parse(&fs::read_to_string(pack("enrolment.toml")).unwrap()).unwrap();
    Enrolment::new(EnrolmentSettings { identity: identity.clone(), civil, rules })
}
