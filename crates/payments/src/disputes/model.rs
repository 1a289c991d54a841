//! A dispute, and the days that the pack gives each step.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use spine::{Act, Date, Id, IdKind, Timestamp};

use crate::gateway::model::RequestId;
use crate::ledger::TransferId;

/// The kind of a dispute's identifier.
#[derive(Debug)]
pub struct DisputeKind;

impl IdKind for DisputeKind {
    const PREFIX: &'static str = "dsp";
}

/// A dispute's identifier.
pub type DisputeId = Id<DisputeKind>;

/// What is wrong, as the payer sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What was paid for was not done.
    NotDone,
    /// It was paid twice.
    Twice,
    /// The amount is wrong.
    Amount,
    /// She did not pay it.
    NotMine,
}

impl Reason {
    /// All of them, as they are offered.
    pub const ALL: [Self; 4] = [Self::NotDone, Self::Twice, Self::Amount, Self::NotMine];

    /// The reason as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotDone => "not_done",
            Self::Twice => "twice",
            Self::Amount => "amount",
            Self::NotMine => "not_mine",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Where a dispute stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// Whoever has the money is to answer.
    Open,
    /// The treasury is to decide.
    Answered,
    /// The money goes back.
    Upheld,
    /// It does not.
    Rejected,
}

impl DisputeState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Upheld => "upheld",
            Self::Rejected => "rejected",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Open, Self::Answered, Self::Upheld, Self::Rejected].into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody has still to do something.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Answered)
    }
}

/// A dispute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dispute {
    /// Its identifier.
    pub id: DisputeId,
    /// What was paid.
    pub request: RequestId,
    /// Who says so.
    pub payer: String,
    /// What is wrong.
    pub reason: Reason,
    /// In her words.
    pub words: String,
    /// The hold on the money; none if it had gone already.
    pub hold: Option<TransferId>,
    /// Where it stands.
    pub state: DisputeState,
    /// What whoever has the money says.
    pub answer: Option<String>,
    /// Why it was decided so.
    pub verdict: Option<String>,
    /// Since when.
    pub made_at: Timestamp,
    /// By when to answer.
    pub answer_by: Date,
    /// By when to decide.
    pub decide_by: Date,
    /// What the acquirer calls it, if the payer's bank took the charge back.
    #[serde(default)]
    pub rail_reference: Option<String>,
}

impl Dispute {
    /// Whether its day has passed.
    #[must_use]
    pub fn is_late(&self, today: Date) -> bool {
        match self.state {
            DisputeState::Open => self.answer_by < today,
            DisputeState::Answered => self.decide_by < today,
            DisputeState::Upheld | DisputeState::Rejected => false,
        }
    }

    pub(crate) fn act(&self, kind: &'static str) -> Act {
        let act = Act::new(kind).about(&self.payer).on(self.id).because("payment", "contract");
        act.with("request", self.request.to_string()).with("reason", self.reason.code())
    }
}

/// The days that the pack gives.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recourse {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    pub(crate) within_days: i64,
    answer_within_days: i64,
    decide_within_days: i64,
}

impl Recourse {
    /// Reads the pack's `recourse.toml`.
    ///
    /// # Errors
    /// A sentence naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let recourse: Self = toml::from_str(text).map_err(|error| format!("recourse.toml: {error}"))?;
        let fits = |days: i64| (1..=3_650).contains(&days);
        let ordered = recourse.answer_within_days <= recourse.decide_within_days;
        if fits(recourse.within_days)
            && fits(recourse.answer_within_days)
            && fits(recourse.decide_within_days)
            && ordered
        {
            Ok(recourse)
        } else {
            Err("recourse.toml: days are 1 to 3,650, and the answer comes before the decision".to_owned())
        }
    }

    /// By when to answer and to decide what is raised today.
    pub(crate) fn days(&self, today: Date) -> (Date, Date) {
        (today.saturating_add(self.answer_within_days.days()), today.saturating_add(self.decide_within_days.days()))
    }
}
