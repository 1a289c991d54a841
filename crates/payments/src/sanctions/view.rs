//! What officers see of the lists: which file of each is in force, what waits, what a file changes, how old it is.
//!
//! **Invariant:** reading changes nothing.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource, Timestamp};

use super::{Entry, ListFile, ListFileId};
use crate::rows::sanctions as rows;
use crate::screening::Screening;

/// What a file changes of one entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// What kind of change.
    pub kind: ChangeKind,
    /// What the file says; of what it no longer has, what was said before.
    pub entry: Entry,
    /// What was said before of an entry that is said otherwise.
    pub former: Option<Entry>,
}

impl Change {
    /// What is said otherwise, by the names of its words.
    pub(super) fn differs(&self) -> Vec<&'static str> {
        let Some(former) = &self.former else { return Vec::new() };
        let now = &self.entry;
        let parts = [
            ("names", now.names != former.names),
            ("born", now.born != former.born),
            ("countries", now.countries != former.countries),
            ("documents", now.documents != former.documents),
            ("listed", now.listed_on != former.listed_on || now.kind != former.kind),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// What kind of change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not in force.
    Added,
    /// It is no longer there.
    Removed,
    /// It is said otherwise.
    Changed,
}

impl ChangeKind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Added, Self::Removed, Self::Changed].into_iter().find(|it| it.code() == code)
    }
}

/// A list of the pack as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListView {
    /// Its id in the pack.
    pub list: String,
    /// The file that payments are held against.
    pub in_force: Option<ListFile>,
    /// The file that another officer has to look at.
    pub waiting: Option<ListFile>,
    /// None is in force, or what is is older than the pack allows.
    pub is_stale: bool,
    /// When it was last looked up where it is published, and the code of what went wrong.
    pub looked_up: Option<(Timestamp, Option<String>)>,
}

/// The lists of the pack, in its order.
///
/// # Errors
/// A refusal; the store's faults.
pub fn lists(cx: &mut Cx<'_>, screening: &Screening) -> Result<Vec<ListView>, Fault> {
    cx.may("payments.sanctions.view", &Resource::new("SanctionsList", "desk"))?;
    seen(cx, screening)
}

fn seen(cx: &mut Cx<'_>, screening: &Screening) -> Result<Vec<ListView>, Fault> {
    let mut all = Vec::new();
    for rule in screening.lists() {
        let in_force = rows::in_force(cx.tx(), &rule.id)?;
        let since = cx.now().plus_seconds(-rule.days * 86_400);
        let is_stale = in_force.as_ref().is_none_or(|file| file.dated_at < since);
        let (waiting, looked_up) = (rows::waiting(cx.tx(), &rule.id)?, rows::look(cx.tx(), &rule.id)?);
        all.push(ListView { list: rule.id.clone(), waiting, in_force, is_stale, looked_up });
    }
    Ok(all)
}

/// The lists that are missing or too old, for whoever has permission to see a desk.
pub(crate) fn stale(cx: &mut Cx<'_>, screening: &Screening) -> Result<Vec<String>, Fault> {
    let all = seen(cx, screening)?;
    Ok(all.into_iter().filter(|it| it.is_stale).map(|it| it.list).collect())
}

/// A file.
///
/// # Errors
/// `payments.sanctions.unknown`; a refusal; the store's faults.
pub fn file(cx: &mut Cx<'_>, id: ListFileId) -> Result<ListFile, Fault> {
    cx.may("payments.sanctions.view", &Resource::new("SanctionsList", id))?;
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.sanctions.unknown"))
}

/// What a file changes, in the order of references, at most `limit` after so many.
///
/// # Errors
/// As [`file`].
pub fn changes(cx: &mut Cx<'_>, id: ListFileId, after: i64, limit: i64) -> Result<Vec<Change>, Fault> {
    let known = file(cx, id)?;
    Ok(rows::changes(cx.tx(), known.id, after, limit)?)
}

/// The entry that a case names, `LIST:REFERENCE`, for whoever has permission to see the case.
pub(crate) fn entry_of(cx: &mut Cx<'_>, named: &str) -> Result<Option<(String, Entry)>, Fault> {
    let Some((list, reference)) = named.split_once(':') else { return Ok(None) };
    Ok(rows::entry_of(cx.tx(), list, reference)?.map(|entry| (list.to_owned(), entry)))
}
