//! Sanctions: published lists of people, entities and vessels, kept in the database and compared with whom money moves for.
//!
//! **Invariant:** a list is in force whole or not at all. A file that cannot be read, is older, or waits for an officer changes
//! nothing; who brings it and who puts it in force are two officers, unless the operator trusts where it is fetched. Names are on the officers' pages alone: no act, log or
//! fault has one.
//!
//! | file | its job |
//! |---|---|
//! | `entry.rs` | [`Entry`], [`Listing`]: what a list says |
//! | `un.rs` | the Security Council's Consolidated List in XML |
//! | `table.rs` | a list in CSV, with columns of our own |
//! | `take.rs` | [`take()`], [`take_file`]: a file comes in and is compared with what is in force |
//! | `decide.rs` | [`decide()`]: in force or refused |
//! | `fetch.rs` | [`keep_up`]: lists that are fetched where they are published |
//! | `index.rs` | the names in memory, and how alike two are |
//! | `rescreen.rs` | payments that wait when a list changes |
//! | `view.rs` | what officers see |
//! | `pages.rs` | `/screening/lists` |
//!
//! **Absent on purpose:** a birth date is shown and not compared, for no payment knows one; Arabic, Cyrillic and other scripts are
//! kept and shown, and compared only with a name in the same script.

mod decide;
mod entry;
mod fetch;
mod index;
mod pages;
mod rescreen;
mod table;
mod take;
mod un;
mod view;

pub use decide::{Verdict, decide};
pub use entry::{Born, Document, Entry, EntryKind, Format, Listing, Name, Quality, read};
pub use fetch::{Source, Sources, fetch_due, keep_up};
pub(crate) use index::{Index, alike};
pub(crate) use pages::{alarm, routes};
pub(crate) use rescreen::{RESCREEN, rescreens};
use serde::{Deserialize, Serialize};
use spine::{Act, Id, IdKind, Timestamp};
pub use take::{take, take_file};
pub use view::{Change, ChangeKind, ListView, changes, file, lists};
pub(crate) use view::{entry_of, stale};

/// The kind of a file's identifier.
#[derive(Debug)]
pub struct ListFileKind;

impl IdKind for ListFileKind {
    const PREFIX: &'static str = "slf";
}

/// The identifier of a file of a list.
pub type ListFileId = Id<ListFileKind>;

/// Where a file stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Another officer has to look at what it changes.
    Waiting,
    /// Payments are held against it.
    InForce,
    /// It was in force until a later one.
    Former,
    /// An officer has said that it is not to be.
    Refused,
    /// A later file came before anybody had decided.
    Overtaken,
}

impl FileState {
    const ALL: [Self; 5] = [Self::Waiting, Self::InForce, Self::Former, Self::Refused, Self::Overtaken];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InForce => "in_force",
            Self::Former => "former",
            Self::Refused => "refused",
            Self::Overtaken => "overtaken",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }
}

/// A file of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListFile {
    /// Its identifier.
    pub id: ListFileId,
    /// The list's id in the pack.
    pub list: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where it stands.
    pub state: FileState,
    /// What it says of its own age.
    pub dated_at: Timestamp,
    /// How many entries it has.
    pub entries: i64,
    /// How many were not in force when it came.
    pub added: i64,
    /// How many of those in force it no longer has.
    pub removed: i64,
    /// How many it says otherwise.
    pub changed: i64,
    /// Who brought it.
    pub brought_by: String,
    /// When.
    pub brought_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    pub note: Option<String>,
}

impl ListFile {
    /// Which file of which list; nobody's name.
    fn act(&self, kind: &'static str) -> Act {
        let act = Act::new(kind).on(self.id).because("screening", "public-task");
        let act = act.with("list", self.list.as_str()).with("sha256", self.sha256.as_str());
        act.with("added", self.added).with("removed", self.removed).with("changed", self.changed)
    }
}
