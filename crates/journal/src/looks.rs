//! Who did what about a person or to a thing, newest first: what the person sees under "who looked at
//! my data" and the officer under a case's history.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spine::{Cx, Fault, Row, Timestamp, TxError};

use crate::record::ActId;
use crate::rows;

/// An act as it stands in the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActView {
    /// Its identifier.
    pub id: ActId,
    /// When.
    pub at: Timestamp,
    /// What: `services.case.decided`.
    pub kind: String,
    /// Who: a person, officer, client or part of the program.
    pub actor: ActorView,
    /// The person acted for, where that is another.
    #[serde(default)]
    pub on_behalf_of: Option<String>,
    /// The channel.
    pub via: String,
    /// Whose data or affair.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it was done to.
    #[serde(default)]
    pub object: Option<String>,
    /// Why, as a code.
    pub purpose: String,
    /// By which right.
    pub legal_basis: String,
    /// Further facts.
    #[serde(default)]
    pub detail: Map<String, Value>,
}

/// Who acted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActorView {
    /// `person`, `officer`, `client`, `system` or `anonymous`.
    pub kind: String,
    /// The identifier.
    pub id: String,
    /// The public body an officer works for.
    #[serde(default)]
    pub institution: Option<String>,
}

/// The acts about a person, newest first, at most `limit`, older than `before` if given. The caller must have made
/// sure that the reader may see them.
///
/// # Errors
/// The store's faults.
pub fn acts_about(cx: &mut Cx<'_>, subject: &str, before: Option<ActId>, limit: u16) -> Result<Vec<ActView>, Fault> {
    views(&rows::acts_about(cx.tx(), subject, &bound(before), limit.into())?)
}

/// The acts on a thing, newest first, at most `limit`, older than `before` if given.
///
/// # Errors
/// The store's faults.
pub fn acts_on(cx: &mut Cx<'_>, object: &str, before: Option<ActId>, limit: u16) -> Result<Vec<ActView>, Fault> {
    views(&rows::acts_on(cx.tx(), object, &bound(before), limit.into())?)
}

/// Identifiers sort as text; `~` comes after all of them.
fn bound(before: Option<ActId>) -> String {
    before.map_or_else(|| "~".to_owned(), |id| id.to_string())
}

fn views(rows: &[Row]) -> Result<Vec<ActView>, Fault> {
    rows.iter()
        .map(|row| {
            let record: Value = row.get(2)?;
            serde_json::from_value(record).map_err(|_| TxError::Type("an act's record".to_owned()))
        })
        .collect::<Result<_, TxError>>()
        .map_err(Fault::from)
}
