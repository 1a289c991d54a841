//! Whether a declaration agrees with itself: ids, the uses fields are put to, what each type of field may say.
//!
//! **Invariant:** after these checks every field that is named exists and fits its use.

use std::collections::BTreeSet;

use toml::Spanned;

use super::{Choice, Field, FieldKind, RawField, RawFile, Reader, Search, schema};

/// Names that the query of a list uses itself.
const RESERVED: [&str; 9] = ["q", "after", "limit", "view", "purpose", "valid", "known", "format", "lang"];

impl Reader<'_> {
    pub(super) fn check_ids(&mut self, raw: &RawFile) {
        let id = &raw.register.id;
        if !is_word(id.get_ref(), '-') || id.get_ref().len() > 63 {
            self.fault(
                id.span().start,
                "a register's id is small letters, digits and hyphens, at most 63, and begins with a letter",
            );
        }
        for empty in [&raw.register.owner, &raw.register.title] {
            if empty.get_ref().trim().is_empty() {
                self.fault(empty.span().start, "this must not be empty");
            }
        }
        if raw.register.name.iter().all(|(_, text)| text.trim().is_empty()) {
            self.fault(id.span().start, "the register needs a name in some language");
        }
        if raw.register.legal_basis.iter().all(|(_, text)| text.trim().is_empty()) {
            self.fault(id.span().start, "the register needs a legal basis, such as { en = \"Schools Act 2011\" }");
        }
        let mut seen = BTreeSet::new();
        for field in &raw.field {
            let (id, at) = (field.id.get_ref(), field.id.span().start);
            if !is_word(id, '_') || id.len() > 40 {
                self.fault(
                    at,
                    "a field's id is small letters, digits and underscores, at most 40, and begins with a letter",
                );
            }
            if !seen.insert(id.as_str()) {
                self.fault(at, format!("the field `{id}` is declared twice"));
            }
        }
        let mut seen = BTreeSet::new();
        for view in &raw.view {
            if !seen.insert(view.id.get_ref().as_str()) {
                self.fault(view.id.span().start, format!("the view `{}` is declared twice", view.id.get_ref()));
            }
        }
    }

    /// Every place where the declaration names a field.
    pub(super) fn check_names(&mut self, raw: &RawFile) {
        let own = &raw.register;
        if let Some(key) = self.named(raw, &own.key) {
            let fits = key.required && matches!(key.kind, FieldKind::Text | FieldKind::Reference);
            if !fits {
                self.fault(own.key.span().start, "the key must be a required field of type text or reference");
            }
        }
        if let Some(subject) = &own.subject
            && self.named(raw, subject).is_some_and(|field| field.kind != FieldKind::Reference)
        {
            self.fault(subject.span().start, "the subject must be a field of type reference");
        }
        if let Some(since) = &own.since
            && self.named(raw, since).is_some_and(|field| field.kind != FieldKind::Date || !field.required)
        {
            self.fault(since.span().start, "`since` must be a required field of type date");
        }
        if own.list.is_empty() {
            self.fault(own.id.span().start, "`list` needs at least one field, or a list of records would be empty");
        }
        for name in own.list.iter().chain(raw.view.iter().flat_map(|view| &view.fields)) {
            self.named(raw, name);
        }
        for link in &raw.link {
            self.named(raw, &link.field);
        }
        self.check_title(raw);
    }

    fn check_title(&mut self, raw: &RawFile) {
        let title = &raw.register.title;
        let at = title.span().start;
        for part in title.get_ref().split('{').skip(1) {
            match part.split_once('}') {
                None => self.fault(at, "a `{` in the title is not closed"),
                Some((name, _)) if !raw.field.iter().any(|field| field.id.get_ref() == name) => {
                    self.fault(at, format!("the title names the field `{name}`, which is not declared"));
                }
                Some(_) => {}
            }
        }
        if !title.get_ref().contains('{') {
            self.fault(at, "the title needs a field, such as \"{given} {family}\", or all records look alike");
        }
    }

    fn named<'r>(&mut self, raw: &'r RawFile, name: &Spanned<String>) -> Option<&'r RawField> {
        let found = raw.field.iter().find(|field| field.id.get_ref() == name.get_ref());
        if found.is_none() {
            self.fault(name.span().start, format!("there is no field `{}`", name.get_ref()));
        }
        found
    }

    /// One field, checked and made.
    pub(super) fn field(&mut self, raw: &RawField) -> Field {
        let (id, at) = (raw.id.get_ref(), raw.id.span().start);
        if raw.name.iter().all(|(_, text)| text.trim().is_empty()) {
            self.fault(at, format!("the field `{id}` needs a name in some language"));
        }
        self.check_options(raw);
        self.check_bounds(raw);
        match raw.search {
            Search::Name if !matches!(raw.kind, FieldKind::Name | FieldKind::Text) => {
                self.fault(at, format!("`{id}`: only fields of type name or text are searched as names"));
            }
            Search::Exact if id == "name" => {
                self.fault(at, "a field called `name` is searched with search = \"name\"");
            }
            Search::Exact if RESERVED.contains(&id.as_str()) => {
                self.fault(at, format!("`{id}` cannot be searched: the query uses this name itself"));
            }
            _ => {}
        }
        let usual = match raw.kind {
            FieldKind::Name => 120,
            FieldKind::Reference => 64,
            _ => 1000,
        };
        let field = Field {
            id: id.clone(),
            name: raw.name.clone(),
            hint: raw.hint.clone(),
            kind: raw.kind,
            class: raw.class,
            required: raw.required,
            search: raw.search,
            options: raw
                .options
                .iter()
                .map(|option| Choice { value: option.v.clone(), name: option.name.clone() })
                .collect(),
            max_length: raw.max_length.unwrap_or(usual),
            pattern: raw.pattern.clone(),
            min: raw.min,
            max: raw.max,
            illustrative: raw.illustrative,
        };
        if let Err(problem) = schema::compile(&schema::field_schema(&field)) {
            self.fault(at, format!("`{id}`: {problem}"));
        }
        field
    }

    fn check_options(&mut self, raw: &RawField) {
        let (id, at) = (raw.id.get_ref(), raw.id.span().start);
        match (raw.kind, raw.options.is_empty()) {
            (FieldKind::Choice, true) => self.fault(at, format!("the choice `{id}` needs options")),
            (FieldKind::Choice, false) | (_, true) => {}
            (_, false) => self.fault(at, format!("`{id}` has options, so its type must be choice")),
        }
        let mut seen = BTreeSet::new();
        for option in &raw.options {
            if option.v.is_empty() || !seen.insert(option.v.as_str()) {
                self.fault(at, format!("`{id}`: the option `{}` is empty or offered twice", option.v));
            }
            if option.name.iter().all(|(_, text)| text.trim().is_empty()) {
                self.fault(at, format!("`{id}`: the option `{}` needs words in some language", option.v));
            }
        }
    }

    fn check_bounds(&mut self, raw: &RawField) {
        let (id, at) = (raw.id.get_ref(), raw.id.span().start);
        let is_text = matches!(raw.kind, FieldKind::Text | FieldKind::Name | FieldKind::Reference);
        if (raw.max_length.is_some() || raw.pattern.is_some()) && !is_text {
            self.fault(at, format!("`{id}`: max_length and pattern belong to fields of type text, name and reference"));
        }
        if raw.max_length.is_some_and(|length| length == 0 || length > 10_000) {
            self.fault(at, format!("`{id}`: max_length must be from 1 to 10000"));
        }
        if (raw.min.is_some() || raw.max.is_some()) && raw.kind != FieldKind::Integer {
            self.fault(at, format!("`{id}`: min and max belong to fields of type integer"));
        }
        if raw.min.zip(raw.max).is_some_and(|(min, max)| min > max) {
            self.fault(at, format!("`{id}`: min is larger than max"));
        }
    }
}

/// Small letters, digits and `joint`, beginning with a letter.
fn is_word(text: &str, joint: char) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == joint)
}
