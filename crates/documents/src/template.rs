//! Sentences of a layout with `{field}` and `{field?}` in them, in one text or one a language.
//!
//! **Invariant:** what a field says is never read as a template; a missing required field is an error
//! and not an empty place on a certificate.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use spine::Language;

use crate::content::{DocumentError, Field, Record};

/// Where placeholders find their values: a table's row first, then the document.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) row: Option<&'a Record>,
    pub(crate) document: &'a Record,
}

impl<'a> Scope<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a Field> {
        self.row.and_then(|row| row.get(name)).or_else(|| self.document.get(name))
    }

    /// Whether the field is there and says something.
    pub(crate) fn has(&self, name: &str, language: &Language) -> bool {
        match self.get(name) {
            Some(Field::Rows(rows)) => !rows.is_empty(),
            Some(field) => field.text(language).is_some_and(|text| !text.trim().is_empty()),
            None => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Field { name: String, optional: bool },
}

/// One text with placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

impl Template {
    /// `{name}` is required, `{name?}` may be absent; `{{` and `}}` are braces.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => {
                    letters.next();
                    plain.push(letter);
                }
                '{' => {
                    let mut closed = false;
                    let inside = |letter: &char| {
                        closed = *letter == '}';
                        !closed
                    };
                    let name: String = letters.by_ref().take_while(inside).collect();
                    if !closed {
                        return Err("a `{` without `}`: write `{{` for a brace".to_owned());
                    }
                    let (name, optional) = name.strip_suffix('?').map_or((name.as_str(), false), |name| (name, true));
                    if !is_name(name) {
                        return Err(format!(
                            "`{{{name}}}` is not a placeholder: use {{lower_case}} or {{lower_case?}}"
                        ));
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Field { name: name.to_owned(), optional });
                }
                '}' => return Err("a `}` without `{`: write `}}` for a brace".to_owned()),
                letter => plain.push(letter),
            }
        }
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    fn say(&self, scope: Scope<'_>, language: &Language) -> Result<String, DocumentError> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field { name, optional } => match scope.get(name) {
                    Some(field) => {
                        out.push_str(field.text(language).ok_or_else(|| DocumentError::WrongSort(name.clone()))?);
                    }
                    None if *optional => {}
                    None => return Err(DocumentError::Missing(name.clone())),
                },
            }
        }
        Ok(out)
    }
}

/// Field names: `lower_case`, with dots for parts.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
}

/// A sentence of a layout: the same in every language (`"…"`) or one each (`{ en = "…", st = "…" }`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    One(Template),
    Each(BTreeMap<String, Template>),
}

impl Said {
    /// What it says in `language`, or in the primary language, or in whichever is there.
    pub(crate) fn say(&self, scope: Scope<'_>, language: &Language) -> Result<String, DocumentError> {
        let template = match self {
            Self::One(template) => Some(template),
            Self::Each(each) => {
                each.get(language.tag()).or_else(|| each.get(language.primary())).or_else(|| each.values().next())
            }
        };
        template.map_or_else(|| Ok(String::new()), |template| template.say(scope, language))
    }

    /// What it says in each language; a language that would repeat the one before is left out.
    pub(crate) fn say_all<'l>(
        &self,
        scope: Scope<'_>,
        languages: &'l [Language],
    ) -> Result<Vec<(String, &'l Language)>, DocumentError> {
        let mut said: Vec<(String, &Language)> = Vec::with_capacity(2);
        for language in languages {
            let text = self.say(scope, language)?;
            if said.iter().all(|(other, _)| *other != text) {
                said.push((text, language));
            }
        }
        Ok(said)
    }

    /// The placeholders, each with whether it must be there.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, bool)> {
        let templates: Vec<&Template> = match self {
            Self::One(template) => vec![template],
            Self::Each(each) => each.values().collect(),
        };
        templates.into_iter().flat_map(|template| &template.0).filter_map(|part| match part {
            Part::Field { name, optional } => Some((name.as_str(), !optional)),
            Part::Text(_) => None,
        })
    }

    /// The languages it is written in; none means all.
    pub(crate) fn languages(&self) -> Vec<&str> {
        match self {
            Self::One(_) => Vec::new(),
            Self::Each(each) => each.keys().map(String::as_str).collect(),
        }
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text, or a text for each language such as { en = \"…\", st = \"…\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said, E> {
        Template::parse(text).map(Said::One).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut each = BTreeMap::new();
        while let Some((language, text)) = map.next_entry::<String, String>()? {
            each.insert(language, Template::parse(&text).map_err(A::Error::custom)?);
        }
        if each.is_empty() {
            return Err(A::Error::custom("a text for at least one language"));
        }
        Ok(Said::Each(each))
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_once_and_only_once() {
        let fields = Record::from([("name".to_owned(), Field::from("{age} {name}"))]);
        let scope = Scope { row: None, document: &fields };
        let said = Said::One(Template::parse("{{x}} {name}{none?}").unwrap());
        assert_eq!(said.say(scope, &Language::new("en-LS")).unwrap(), "{x} {age} {name}");
        let missing = Said::One(Template::parse("{none}").unwrap());
        assert!(
            matches!(missing.say(scope, &Language::new("en")), Err(DocumentError::Missing(name)) if name == "none")
        );
        for wrong in ["{Name}", "{}", "{a b}", "x}", "{open"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
