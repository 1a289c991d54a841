//! A case and what belongs to it, as the operations see them.
//!
//! **Invariant:** a case keeps the version of the pack it began with, and everything it was decided on: the answers,
//! and what the registers said on the day they were asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use spine::{Date, Id, IdKind, Language, Timestamp};

use crate::revoke::Ground;

/// The kind of a case's identifier.
#[derive(Debug)]
pub struct CaseKind;
impl IdKind for CaseKind {
    const PREFIX: &'static str = "case";
}
/// A case's identifier.
pub type CaseId = Id<CaseKind>;

/// The kind of a task's identifier.
#[derive(Debug)]
pub struct TaskKind;
impl IdKind for TaskKind {
    const PREFIX: &'static str = "task";
}
/// A task's identifier.
pub type TaskId = Id<TaskKind>;

/// The kind of a question's identifier.
#[derive(Debug)]
pub struct QuestionKind;
impl IdKind for QuestionKind {
    const PREFIX: &'static str = "ask";
}
pub(crate) type QuestionId = Id<QuestionKind>;

/// The kind of an issued document's identifier.
#[derive(Debug)]
pub struct OutputKind;
impl IdKind for OutputKind {
    const PREFIX: &'static str = "doc";
}
/// An issued document's identifier.
pub type OutputId = Id<OutputKind>;

/// Where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// The applicant is still answering.
    Draft,
    /// The fee is not paid yet.
    Paying,
    /// An officer's turn.
    Examining,
    /// The applicant was asked something.
    Asking,
    /// Granted, and its documents issued.
    Granted,
    /// Refused, with a reason.
    Refused,
    /// Taken back by the applicant.
    Withdrawn,
}

impl CaseState {
    /// Its name in rows and message keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Paying => "paying",
            Self::Examining => "examining",
            Self::Asking => "asking",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Draft, Self::Paying, Self::Examining, Self::Asking, Self::Granted, Self::Refused, Self::Withdrawn]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Nothing more will happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Granted | Self::Refused | Self::Withdrawn)
    }
}

/// A case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its identifier.
    pub id: CaseId,
    /// What people call it: `PP-7K3M-9QX2`.
    pub reference: String,
    /// The service, and the version of its pack.
    pub service: String,
    /// The version of the pack.
    pub version: String,
    /// The person it is for.
    pub applicant: String,
    /// The language she applied in.
    pub language: Language,
    /// Where it stands.
    pub state: CaseState,
    /// The step it is in.
    pub step: Option<String>,
    /// Who the applicant is, as the population register said.
    pub applicant_data: Json,
    /// What registers said: by evidence, `{register, record, revision, read_at, fields}`.
    pub evidence: Map<String, Json>,
    /// What was answered, by field.
    pub answers: BTreeMap<String, Json>,
    /// What is due.
    pub fee_minor: i64,
    /// The payment request.
    pub payment: Option<String>,
    /// The receipt, once paid.
    pub receipt: Option<String>,
    /// When it began.
    pub made_at: Timestamp,
    /// When it was sent.
    pub submitted_at: Option<Timestamp>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// By when it is to be decided.
    pub due_on: Option<Date>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Counts its changes.
    pub revision: i64,
}

/// A task for officers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its identifier.
    pub id: TaskId,
    /// The case.
    pub case: CaseId,
    /// The step.
    pub step: String,
    /// Who may do it.
    pub role: String,
    /// `open`, `claimed`, `waiting` (for the applicant), `done`, `dropped`.
    pub state: String,
    /// Who does it.
    pub officer: Option<String>,
    /// When it came up.
    pub made_at: Timestamp,
    /// By when it is due.
    pub due_on: Date,
    /// `approve` or `refuse`.
    pub outcome: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Counts its changes.
    pub revision: i64,
}

/// A question to the applicant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Its identifier.
    pub id: QuestionId,
    /// The case.
    pub case: CaseId,
    /// The task it came from.
    pub task: TaskId,
    /// What is asked.
    pub question: String,
    /// When.
    pub asked_at: Timestamp,
    /// What was answered.
    pub answer: Option<String>,
    /// When.
    pub answered_at: Option<Timestamp>,
}

/// A document that was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issued {
    /// Its identifier.
    pub id: OutputId,
    /// The case.
    pub case: CaseId,
    /// The pack's name for it.
    pub output: String,
    /// What one enters to check it.
    pub code: String,
    /// What it says.
    pub content: Json,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The last day it holds.
    pub valid_until: Option<Date>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// On which ground, which anybody may know.
    pub ground: Option<Ground>,
    /// Why, in words that its holder reads.
    pub reason: Option<String>,
}
