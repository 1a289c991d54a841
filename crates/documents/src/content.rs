//! What one document says: its fields, its languages, when it was made, and the files that go with it.
//!
//! **Invariant:** `Debug` names the fields and never shows what is in them; all of it may be personal.
//! Look next at `template.rs`, which puts fields into a layout's sentences.

use std::collections::BTreeMap;
use std::fmt;

use spine::{Language, Localised, Timestamp};

/// Fields of one row of a table, by name.
pub type Record = BTreeMap<String, Field>;

/// The value of a placeholder.
#[derive(Clone, PartialEq)]
pub enum Field {
    /// The same in every language: a name, a number.
    Plain(String),
    /// Said in each language: a date, a sentence.
    Localised(Localised),
    /// Rows of a table.
    Rows(Vec<Record>),
}

impl Field {
    /// The text in `language`; rows have none.
    pub(crate) fn text(&self, language: &Language) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Localised(text) => Some(text.in_language(language)),
            Self::Rows(_) => None,
        }
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}
impl From<String> for Field {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}
impl From<Localised> for Field {
    fn from(text: Localised) -> Self {
        Self::Localised(text)
    }
}
impl From<Vec<Record>> for Field {
    fn from(rows: Vec<Record>) -> Self {
        Self::Rows(rows)
    }
}

/// How an attached file stands to the document (ISO 32000-2 §14.13.2, `AFRelationship`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Relation {
    /// The document was made from it.
    Source,
    /// The data shown in the document; our signed evidence.
    #[default]
    Data,
    /// The same thing in another form.
    Alternative,
    /// More about the matter.
    Supplement,
    /// Not said, or a word we do not know.
    Unspecified,
}

impl Relation {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "Source" => Self::Source,
            "Data" => Self::Data,
            "Alternative" => Self::Alternative,
            "Supplement" => Self::Supplement,
            _ => Self::Unspecified,
        }
    }
}

/// A file inside a PDF.
#[derive(Clone, PartialEq)]
pub struct Attachment {
    /// File name, without folders: `evidence.json`.
    pub name: String,
    /// Media type, `application/json`.
    pub mime: String,
    /// One sentence for people.
    pub description: String,
    /// How it stands to the document.
    pub relation: Relation,
    /// The file itself.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Attachment({}, {}, {} bytes)", self.name, self.mime, self.bytes.len())
    }
}

/// Everything a layout needs to become one document.
#[derive(Clone)]
pub struct Content {
    /// The placeholders' values; more than the layout asks for is no fault.
    pub fields: Record,
    /// The languages to print, the first one large; one or two.
    pub languages: Vec<Language>,
    /// When the document was made; the only time in it.
    pub created: Timestamp,
    /// Files to put inside.
    pub attachments: Vec<Attachment>,
    /// Prints the word of the house for "specimen" across every page, also if the layout does not ask for it.
    pub specimen: bool,
}

impl Content {
    /// A document without fields yet.
    #[must_use]
    pub const fn new(languages: Vec<Language>, created: Timestamp) -> Self {
        Self { fields: Record::new(), languages, created, attachments: Vec::new(), specimen: false }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Field>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn attach(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&String> = self.fields.keys().collect();
        write!(out, "Content({fields:?}, {:?}, {:?})", self.languages, self.attachments)
    }
}

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The layout asks for a field that the content has not.
    #[error("the layout needs the field `{0}`, which the content does not have")]
    Missing(String),
    /// The field is there and of the wrong sort: rows where text is needed, or the reverse.
    #[error("the field `{0}` is not of the sort the layout needs (text or rows)")]
    WrongSort(String),
    /// The layout names a font that was not given.
    #[error("the layout names the font `{0}`, which was not given")]
    Font(String),
    /// No language to print in.
    #[error("a document needs at least one language")]
    NoLanguage,
    /// More than a document may hold (text of all fields, pages, files).
    #[error("too large: {what}, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The text does not fit in a QR code.
    #[error("the text does not fit in a QR code")]
    Qr(#[from] crate::qr::TooLong),
    /// An attachment without name, description or a valid media type.
    #[error("an attachment needs a name without folders, a description and a media type such as application/json")]
    Attachment,
    /// The PDF writer refused; its reason.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}

impl From<DocumentError> for spine::Fault {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::TooLarge { .. } => {
                Self::new(spine::FaultKind::TooLarge, "documents.render.large").caused_by(error)
            }
            error => Self::internal("documents.render.failed", error),
        }
    }
}
