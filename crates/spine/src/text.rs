//! Sentences without words: a key and its arguments. The words live in the country's pack, one
//! catalogue a language (`words.rs`), so nothing in Rust speaks English or Sesotho.
//!
//! **Invariant:** `Debug` shows a sentence's key and never its arguments, which may be personal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::time::{Date, Timestamp};

/// A BCP 47 language tag, such as `st-LS`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Language(Arc<str>);

impl Language {
    /// Takes a tag as it is; whether the country speaks it is `Words`' to say.
    #[must_use]
    pub fn new(tag: &str) -> Self {
        Self(Arc::from(tag))
    }

    /// The whole tag: `st-LS`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `st`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
impl fmt::Display for Language {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
impl From<String> for Language {
    fn from(tag: String) -> Self {
        Self::new(&tag)
    }
}
impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.tag().to_owned()
    }
}

/// The same short text in several languages, written out in a pack: `{ en = "Passport", st = "Phasepoto" }`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Localised(BTreeMap<String, String>);

impl Localised {
    /// The text in `language`, or in the primary language, or in whichever is there.
    #[must_use]
    pub fn in_language(&self, language: &Language) -> &str {
        self.0
            .get(language.tag())
            .or_else(|| self.0.get(language.primary()))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    /// Whether it is said in this language itself, not by falling back.
    #[must_use]
    pub fn speaks(&self, language: &Language) -> bool {
        [language.tag(), language.primary()]
            .iter()
            .any(|tag| self.0.get(*tag).is_some_and(|text| !text.trim().is_empty()))
    }

    /// Each language's tag and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str()))
    }
}

impl FromIterator<(String, String)> for Localised {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Localised {
    fn from(texts: [(&str, &str); N]) -> Self {
        Self(texts.into_iter().map(|(tag, text)| (tag.to_owned(), text.to_owned())).collect())
    }
}

/// An argument of a sentence, formatted by the language that says it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// Shown as it is.
    Plain(String),
    /// A whole number; one named `count` chooses between the singular and the plural form.
    Int(i64),
    /// An amount, `M130.00`.
    Money(Money),
    /// A day, `4 Mphalane 2025`.
    Date(Date),
    /// A moment, day and time.
    Moment(Timestamp),
    /// Another sentence.
    Text(Box<Text>),
    /// A pack's own words.
    Localised(Localised),
}

/// A sentence: the key of a message in the catalogue, and what to put into it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    key: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<(Cow<'static, str>, Arg)>,
}

impl Text {
    /// The message `key` without arguments.
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), args: Vec::new() }
    }

    /// A message whose key is only known at run time, such as one a pack names.
    #[must_use]
    pub fn named(key: impl Into<String>) -> Self {
        Self { key: Cow::Owned(key.into()), args: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.args.push((Cow::Borrowed(name), arg.into()));
        self
    }

    /// The message key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The argument called `name`.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&Arg> {
        self.args.iter().find(|(own, _)| own == name).map(|(_, arg)| arg)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Text({})", self.key)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}
impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<Money> for Arg {
    fn from(amount: Money) -> Self {
        Self::Money(amount)
    }
}
impl From<Date> for Arg {
    fn from(day: Date) -> Self {
        Self::Date(day)
    }
}
impl From<Timestamp> for Arg {
    fn from(moment: Timestamp) -> Self {
        Self::Moment(moment)
    }
}
impl From<Text> for Arg {
    fn from(text: Text) -> Self {
        Self::Text(Box::new(text))
    }
}
impl From<Localised> for Arg {
    fn from(text: Localised) -> Self {
        Self::Localised(text)
    }
}
