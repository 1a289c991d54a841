//! The rules of the house (ARCHITECTURE.md, STYLE.md), each with what to do when it is broken.
#![expect(clippy::unwrap_used, reason = "in tests a failure should be loud")]

mod edges;
mod one_build;
mod sizes;
mod sources;
mod sql;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A Rust source file of the program.
pub(crate) struct Source {
    /// The crate it belongs to.
    pub(crate) room: String,
    /// Its path from the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Whether it is code that ships: neither a test nor an example.
    pub(crate) fn ships(&self) -> bool {
        self.path.contains("/src/") && !["testkit", "sim"].contains(&self.room.as_str())
    }

    /// The code above its unit tests.
    pub(crate) fn code(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// The same without lines of comment.
    pub(crate) fn bare(&self) -> String {
        let lines = self.code().lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// Every Rust source of the crates.
pub(crate) fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    for room in fs::read_dir(root().join("crates")).unwrap() {
        let room = room.unwrap();
        let name = room.file_name().into_string().unwrap();
        gather(&name, &room.path(), &mut all);
    }
    assert!(all.len() > 150, "the sources were not found");
    all.sort_by(|one, two| one.path.cmp(&two.path));
    all
}

fn gather(room: &str, folder: &Path, all: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(room, &path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            all.push(Source { room: room.to_owned(), path, text });
        }
    }
}

/// Fails with every broken place at once.
pub(crate) fn nothing(broken: &[String], what_to_do: &str) {
    assert!(broken.is_empty(), "{what_to_do}\n{}", broken.join("\n"));
}
