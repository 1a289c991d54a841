//! Reads the declarations of registers: TOML in the pack, one register a file.
//!
//! **Invariant:** a declaration is taken whole or not at all, and every fault in it is told at once, with its
//! file and line, in words that say what would be right. What it may hold is described in the README.

use std::collections::BTreeSet;

use serde::Deserialize;
use spine::{Folding, Localised};
use toml::Spanned;

use crate::register::{Choice, Class, Field, FieldKind, Link, Register, Registers, Retention, Search, View};
use crate::schema::{self, Schema};

mod check;

/// Something wrong in a declaration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct DeclarationFault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    register: RawRegister,
    #[serde(default)]
    field: Vec<RawField>,
    #[serde(default)]
    view: Vec<RawView>,
    #[serde(default)]
    link: Vec<RawLink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegister {
    id: Spanned<String>,
    owner: Spanned<String>,
    name: Localised,
    legal_basis: Localised,
    retention: Spanned<String>,
    key: Spanned<String>,
    title: Spanned<String>,
    list: Vec<Spanned<String>>,
    subject: Option<Spanned<String>>,
    since: Option<Spanned<String>>,
    #[serde(default)]
    illustrative: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    id: Spanned<String>,
    name: Localised,
    #[serde(default)]
    hint: Localised,
    #[serde(rename = "type")]
    kind: FieldKind,
    class: Class,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    search: Search,
    #[serde(default)]
    options: Vec<RawOption>,
    max_length: Option<u32>,
    pattern: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    illustrative: bool,
}

#[derive(Deserialize)]
struct RawOption {
    v: String,
    #[serde(flatten)]
    name: Localised,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawView {
    id: Spanned<String>,
    name: Localised,
    fields: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLink {
    field: Spanned<String>,
    register: Spanned<String>,
    by: Option<Spanned<String>>,
}

impl Registers {
    /// Reads declarations, given as file name and text.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn parse<N: AsRef<str>, T: AsRef<str>>(
        files: &[(N, T)],
        folding: Folding,
    ) -> Result<Self, Vec<DeclarationFault>> {
        let (mut faults, mut registers, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in files {
            let mut reader = Reader { file: name.as_ref(), text: text.as_ref(), faults: Vec::new() };
            if let Some((register, links)) = reader.read() {
                places.push((reader.file, links));
                registers.push(register);
            }
            faults.append(&mut reader.faults);
        }
        faults.extend(across(&registers, &places));
        if faults.is_empty() { Ok(Self::new(registers, folding)) } else { Err(faults) }
    }
}

/// What only all files together can tell: ids that are unique, links that lead somewhere.
fn across(registers: &[Register], places: &[(&str, Vec<usize>)]) -> Vec<DeclarationFault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (register, (file, lines)) in registers.iter().zip(places) {
        let mut fault = |line: usize, message: String| {
            faults.push(DeclarationFault { file: (*file).to_owned(), line, message });
        };
        if !seen.insert(register.id()) {
            fault(1, format!("another file declares the register `{}` already", register.id));
        }
        for (link, line) in register.links.iter().zip(lines) {
            let Some(target) = registers.iter().find(|other| other.id == link.register) else {
                fault(*line, format!("the link leads to the register `{}`, which no file declares", link.register));
                continue;
            };
            let by = link.by.as_deref().unwrap_or(target.key());
            let found = target.field(by).is_some_and(|field| by == target.key() || target.searches_exactly(field));
            if !found {
                let message = format!(
                    "the link looks `{by}` up in `{}`, where it must be the key, the subject or a field with search = \"exact\"",
                    target.id
                );
                fault(*line, message);
            }
        }
    }
    faults
}

/// One file while it is read.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    faults: Vec<DeclarationFault>,
}

impl Reader<'_> {
    fn line(&self, start: usize) -> usize {
        self.text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
    }

    fn fault(&mut self, start: usize, message: impl Into<String>) {
        let line = self.line(start);
        self.faults.push(DeclarationFault { file: self.file.to_owned(), line, message: message.into() });
    }

    /// The register and the lines of its links; none if anything is wrong.
    fn read(&mut self) -> Option<(Register, Vec<usize>)> {
        let raw: RawFile = match toml::from_str(self.text) {
            Ok(raw) => raw,
            Err(error) => {
                self.fault(error.span().map_or(0, |span| span.start), error.message().to_owned());
                return None;
            }
        };
        self.check_ids(&raw);
        self.check_names(&raw);
        let fields: Vec<Field> = raw.field.iter().map(|field| self.field(field)).collect();
        let retention = self.retention(&raw.register.retention);
        if !self.faults.is_empty() {
            return None;
        }
        let links = raw.link.iter().map(|link| self.line(link.field.span().start)).collect();
        self.register(raw, fields, retention?).map(|register| (register, links))
    }

    fn register(&mut self, raw: RawFile, fields: Vec<Field>, retention: Retention) -> Option<Register> {
        let own = raw.register;
        let title = own.name.iter().next().map_or("", |(_, text)| text);
        let schema = match Schema::new(own.id.get_ref(), title, &fields) {
            Ok(schema) => schema,
            Err(problem) => {
                self.fault(own.id.span().start, format!("the schema cannot be compiled: {problem}"));
                return None;
            }
        };
        let take = |value: Spanned<String>| value.into_inner();
        Some(Register {
            id: take(own.id),
            owner: take(own.owner),
            name: own.name,
            legal_basis: own.legal_basis,
            retention,
            key: take(own.key),
            title: take(own.title),
            list: own.list.into_iter().map(take).collect(),
            subject: own.subject.map(take),
            since: own.since.map(take),
            illustrative: own.illustrative,
            views: raw
                .view
                .into_iter()
                .map(|view| View {
                    id: take(view.id),
                    name: view.name,
                    fields: view.fields.into_iter().map(take).collect(),
                })
                .collect(),
            links: raw
                .link
                .into_iter()
                .map(|link| Link { field: take(link.field), register: take(link.register), by: link.by.map(take) })
                .collect(),
            fields,
            schema,
        })
    }

    fn retention(&mut self, text: &Spanned<String>) -> Option<Retention> {
        if text.get_ref() == "permanent" {
            return Some(Retention::Permanent);
        }
        let span: Option<jiff::Span> = text.get_ref().parse().ok();
        let span = span.filter(|span| text.get_ref().starts_with('P') && span.is_positive());
        if span.is_none() {
            self.fault(text.span().start, "retention must be an ISO 8601 duration such as \"P10Y\", or \"permanent\"");
        }
        span.map(Retention::For)
    }
}
