//! A mandate and its states.
//!
//! **Invariant:** one that has ended stays ended; who acts under it is asked for anew at every request.

use serde::{Deserialize, Serialize};
use spine::{Date, Id, IdKind, Timestamp};

/// The kind of a mandate's identifier.
#[derive(Debug)]
pub struct MandateKind;

impl IdKind for MandateKind {
    const PREFIX: &'static str = "mdt";
}

/// A mandate's identifier.
pub type MandateId = Id<MandateKind>;

/// Where a mandate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MandateState {
    /// Given, and not accepted yet.
    Offered,
    /// Registered by one officer, and not agreed to by a second.
    Proposed,
    /// It holds, until its last day.
    Active,
    /// Over.
    Ended,
}

impl MandateState {
    /// Its name in tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Proposed => "proposed",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Offered, Self::Proposed, Self::Active, Self::Ended].into_iter().find(|state| state.name() == name)
    }
}

/// Somebody's right to act for somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mandate {
    /// Its identifier.
    pub id: MandateId,
    /// Its kind in the pack.
    pub kind: String,
    /// The person or organisation acted for.
    pub represented: String,
    /// Who acts.
    pub representative: String,
    /// What it covers, by the pack's names.
    pub scopes: Vec<String>,
    /// Where it stands.
    pub state: MandateState,
    /// What an officer registered it on.
    pub evidence: Option<String>,
    /// Where that evidence is found.
    pub reference: Option<String>,
    /// Who gave or registered it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Its last day.
    pub valid_to: Date,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended: `revoked`, `declined`, `refused`, `death`, `lock`.
    pub ended_because: Option<String>,
}

impl Mandate {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.state == MandateState::Active && day <= self.valid_to
    }

    /// Whether this account is one of the two it is about.
    #[must_use]
    pub fn is_about(&self, account: &str) -> bool {
        self.represented == account || self.representative == account
    }
}
