//! A message of the switch to a participant: forwarded from another, or the hub's own.
//!
//! **Invariant:** a forwarded message keeps its sender's body, byte for byte, and signature; the hub signs only what it says
//! itself. Where next: `courier.rs` delivers them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spine::canonical::canonical;
use spine::{Cx, Id, IdKind, Timestamp};

use crate::fspiop::headers::{DESTINATION, Head, SOURCE, Verb, content_type};
use crate::rows::letters as rows;

/// The kind of a letter's identifier.
#[derive(Debug)]
pub(crate) struct LetterIdKind;

impl IdKind for LetterIdKind {
    const PREFIX: &'static str = "let";
}

/// A letter's identifier.
pub(crate) type LetterId = Id<LetterIdKind>;

/// How long whoever wrote a letter has to deliver it before others try.
const OWN_SECONDS: i64 = 20;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// The participant it is for.
    pub to: String,
    /// The verb.
    pub verb: Verb,
    /// From the resource on: `/transfers/…`.
    pub path: String,
    /// By lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body, as it is to be sent.
    pub body: String,
    /// Whether the hub says it, and so signs it.
    pub own: bool,
}

impl Letter {
    /// A participant's message, handed on.
    #[must_use]
    pub(crate) fn forwarded(head: &Head, to: &str, verb: Verb, path: &str, body: &str) -> Self {
        let mut headers = head.carried.clone();
        headers.push((SOURCE.to_owned(), head.source.clone()));
        // A destination that the sender did not name, it did not sign either; only a look-up is sent without knowing to whom.
        if head.destination.is_some() || verb == Verb::Get {
            headers.push((DESTINATION.to_owned(), to.to_owned()));
        }
        Self { to: to.to_owned(), verb, path: path.to_owned(), headers, body: body.to_owned(), own: false }
    }

    /// The hub's own message about `resource`.
    #[must_use]
    pub(crate) fn own(
        hub: &str,
        to: &str,
        verb: Verb,
        path: String,
        (resource, version): (&str, &str),
        body: &Value,
    ) -> Self {
        let headers = vec![
            ("content-type".to_owned(), content_type(resource, version)),
            (SOURCE.to_owned(), hub.to_owned()),
            (DESTINATION.to_owned(), to.to_owned()),
        ];
        Self { to: to.to_owned(), verb, path, headers, body: in_order(body), own: true }
    }

    /// The same to somebody else: whom it is for the transfer says, and no header.
    #[must_use]
    pub(crate) fn addressed(mut self, to: &str) -> Self {
        if let Some((_, named)) = self.headers.iter_mut().find(|(name, _)| name == DESTINATION) {
            to.clone_into(named);
        }
        self.to = to.to_owned();
        self
    }

    /// A header's value.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The resource it is about: `transfers`.
    #[must_use]
    pub(crate) fn resource(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }
}

/// A body with its members in order: the field's own library signs and checks bodies in that form, however they were sent.
#[must_use]
pub(crate) fn in_order(body: &Value) -> String {
    let ordered = canonical(body).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    ordered.unwrap_or_else(|| body.to_string())
}

/// A letter that is also a row, so that it goes out though the program be killed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Its row.
    pub id: LetterId,
    /// What it says.
    pub letter: Letter,
}

/// Keeps letters with the change they tell of.
pub(crate) fn keep(cx: &mut Cx<'_>, letters: Vec<Letter>) -> Vec<Kept> {
    let due_at: Timestamp = cx.now().plus_seconds(OWN_SECONDS);
    let mut kept = Vec::with_capacity(letters.len());
    for letter in letters {
        let id = cx.id();
        rows::append(cx.tx(), id, &letter, due_at);
        kept.push(Kept { id, letter });
    }
    kept
}
