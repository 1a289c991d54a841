//! A configuration file taken apart field by field, so that every fault of it is said at once, each with its line.
//!
//! **Invariant:** whatever stands in the file was asked for, or is a fault; a wrong value is told with what to write
//! instead and is never replaced by a default.

use std::path::{Path, PathBuf};

use spine::Localised;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the byte it begins at.
pub(crate) type At<T> = (T, usize);

/// What is wrong with a file, by line.
pub(crate) struct Faults {
    file: PathBuf,
    text: String,
    found: Vec<(usize, String)>,
}

impl Faults {
    pub(crate) fn of(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), found: Vec::new() }
    }

    /// Notes a fault at a byte of the file.
    pub(crate) fn at(&mut self, byte: usize, said: impl Into<String>) {
        let line = self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1;
        self.found.push((line, said.into()));
    }

    /// A path as the file means it: beside the file, unless it is absolute.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(written)
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// All of them in the order of the file, one a line.
    pub(crate) fn said(mut self) -> String {
        self.found.sort();
        let file = self.file.display().to_string();
        let lines: Vec<String> =
            self.found.into_iter().map(|(line, said)| format!("{file}: line {line}: {said}")).collect();
        lines.join("\n")
    }
}

/// A table of the file, and what was asked of it.
pub(crate) struct Section<'i> {
    /// Where it begins.
    pub(crate) at: usize,
    table: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'i> Section<'i> {
    /// The whole file; what is not TOML is noted.
    pub(crate) fn whole(text: &'i str, faults: &mut Faults) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            faults.at(error.span().map_or(0, |span| span.start), error.message());
        }
        Self { at: 0, table: table.into_inner(), known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<(DeValue<'i>, usize)> {
        self.known.push(key);
        let value = self.table.remove(key)?;
        let at = value.span().start;
        Some((value.into_inner(), at))
    }

    /// A text; an empty one is a fault.
    pub(crate) fn text(&mut self, faults: &mut Faults, key: &'static str) -> Option<At<String>> {
        let (value, at) = self.take(key)?;
        text_of(value, at, faults, key)
    }

    /// A text that must be there; `example` says what it looks like.
    pub(crate) fn needed(&mut self, faults: &mut Faults, key: &'static str, example: &str) -> Option<At<String>> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            faults.at(self.at, format!("{key} is missing; write {key} = {example:?}"));
            return None;
        }
        self.text(faults, key)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, faults: &mut Faults, key: &'static str) -> Vec<At<String>> {
        let Some((value, at)) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value else {
            faults.at(at, format!("{key} is a list; write {key} = [\"…\"]"));
            return Vec::new();
        };
        let items = items.into_iter().map(|item| (item.span().start, item));
        items.filter_map(|(at, item)| text_of(item.into_inner(), at, faults, key)).collect()
    }

    /// A name in several languages: `{ en = "…", st = "…" }`, or one text for all.
    pub(crate) fn localised(&mut self, faults: &mut Faults, key: &'static str) -> Option<Localised> {
        let Some((value, at)) = self.take(key) else {
            faults.at(self.at, format!("{key} is missing; write {key} = {{ en = \"…\" }}"));
            return None;
        };
        let deserializer = toml::de::ValueDeserializer::from(Spanned::new(at..at, value));
        let said = serde::Deserialize::deserialize(deserializer);
        said.map_err(|_| faults.at(at, format!("{key} says a name by language; write {key} = {{ en = \"…\" }}"))).ok()
    }

    /// A table within this one.
    pub(crate) fn section(&mut self, faults: &mut Faults, key: &'static str) -> Option<Self> {
        let (value, at) = self.take(key)?;
        let DeValue::Table(table) = value else {
            faults.at(at, format!("{key} is a section; begin it with [{key}]"));
            return None;
        };
        Some(Self { at, table, known: Vec::new() })
    }

    /// Tables within this one, each begun with `[[key]]`.
    pub(crate) fn sections(&mut self, faults: &mut Faults, key: &'static str) -> Vec<Self> {
        let Some((value, at)) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value else {
            faults.at(at, format!("{key} may be several; begin each with [[{key}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            let at = item.span().start;
            match item.into_inner() {
                DeValue::Table(table) => sections.push(Self { at, table, known: Vec::new() }),
                _ => faults.at(at, format!("begin each of {key} with [[{key}]]")),
            }
        }
        sections
    }

    /// Notes what was not asked for.
    pub(crate) fn end(self, faults: &mut Faults) {
        for (key, _) in &self.table {
            let name = key.get_ref().as_ref();
            let secret = ["secret", "password", "key"].iter().any(|word| name.ends_with(word));
            let said = if secret {
                format!(
                    "{name}: secrets do not stand here; put it into a file of its own and write {name}_file = \"…\""
                )
            } else {
                format!("{name} is not a setting here; these are: {}", self.known.join(", "))
            };
            faults.at(key.span().start, said);
        }
    }
}

fn text_of(value: DeValue<'_>, at: usize, faults: &mut Faults, key: &str) -> Option<At<String>> {
    match value {
        DeValue::String(text) if !text.trim().is_empty() => Some((text.trim().to_owned(), at)),
        DeValue::String(_) => {
            faults.at(at, format!("{key} is empty"));
            None
        }
        other => {
            faults.at(at, format!("{key} is a text, not {}; put it between quotation marks", other.type_str()));
            None
        }
    }
}
