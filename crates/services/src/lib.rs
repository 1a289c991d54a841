//! Public services as packs declare them: found, asked for, paid, examined, decided, and proved.
//!
//! **Invariant:** nothing of any one service is in here. A case is decided on what its pack says, what registers said
//! when they were asked, and what the applicant answered; all three are kept with it.
//!
//! | file | its job |
//! |---|---|
//! | `pack.rs` | the words of a pack |
//! | `check.rs`, `lint.rs` | the proof that a pack is sound |
//! | `trial.rs` | the tests a pack brings along |
//! | `service.rs`, `catalogue.rs` | a proved service; all of them, in every version |
//! | `model.rs`, `rows.rs` | cases, tasks, documents, and their rows |
//! | `start.rs`, `evidence.rs`, `answer.rs`, `questions.rs`, `submit.rs` | the applicant's way to a case |
//! | `flow.rs`, `paid.rs`, `issue.rs`, `seal.rs` | how a case goes on by itself |
//! | `desk.rs`, `decide.rs`, `ask.rs` | an officer's work |
//! | `withdraw.rs` | the applicant changes her mind, and what of her fee goes back |
//! | `revoke.rs` | a document that holds no more |
//! | `certificate.rs`, `verify.rs` | a document's words, its evidence, and the check of both |
//! | `tell.rs` | what the applicant is told on the way |
//! | `pages/` | what people see |

mod answer;
mod ask;
mod catalogue;
mod certificate;
mod check;
mod decide;
mod desk;
mod evidence;
mod flow;
mod issue;
mod lint;
mod model;
mod openapi;
pub mod pack;
mod pages;
mod paid;
mod questions;
mod revoke;
mod rows;
mod seal;
mod service;
mod start;
mod submit;
mod tell;
mod trial;
pub mod verify;
mod withdraw;

use std::sync::Arc;

use civil::Population;
use documents::Fonts;
use journal::{Acts, Subscriptions, Workers};
use messages::Messages;
use registers::Registers;
use spine::{Currency, Cx, Date, Localised, Migration, Money, Words};

pub use answer::answer;
pub use ask::{ask, reply};
pub use catalogue::{Catalogue, CatalogueError};
pub use check::{PackFault, Surroundings, check};
pub use decide::{Verdict, decide};
pub use desk::{claim, look, release, tasks};
pub use lint::Spelling;
pub use model::{Case, CaseId, CaseState, Issued, OutputId, Question, Task, TaskId};
pub use openapi::openapi;
pub use paid::{pay, payment_ended};
pub use questions::Country;
pub use revoke::{Ground, find as find_documents, look_at, revoke};
pub use rules::{Facts, RuleError, Rules};
pub use service::{Price, Service, Unmet, later};
pub use start::start;
pub use submit::submit;
pub use trial::{TrialFault, Tried, run_trials};
pub use withdraw::withdraw;

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "services", number: 1, name: "cases", sql: include_str!("../migrations/0001_cases.sql") },
    Migration { engine: "services", number: 2, name: "revoked", sql: include_str!("../migrations/0002_revoked.sql") },
];

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    inner: Arc<ServicesSettings>,
}

/// What the engine works with.
pub struct ServicesSettings {
    /// How state changes.
    pub acts: Acts,
    /// The services.
    pub catalogue: Catalogue,
    /// The people.
    pub population: Population,
    /// What is known already.
    pub registers: Registers,
    /// How people are told.
    pub messages: Messages,
    /// The country's words and time zone.
    pub words: Arc<Words>,
    /// What fees are in.
    pub currency: Currency,
    /// Telephone numbers and districts.
    pub country: Country,
    /// Who issues documents: "Kingdom of Lesotho".
    pub issuer: Localised,
    /// Where this program is reached, for the links in documents.
    pub base_url: String,
    /// What documents are written with.
    pub fonts: Fonts,
    /// The evidence log's public key, for checking documents.
    pub log_key: String,
    /// Documents bear the word "specimen".
    pub illustrative: bool,
}

impl Services {
    /// The engine with these settings.
    #[must_use]
    pub fn new(settings: ServicesSettings) -> Self {
        Self { inner: Arc::new(settings) }
    }

    pub(crate) fn acts(&self) -> &Acts {
        &self.inner.acts
    }

    /// The services.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    pub(crate) fn today(&self, cx: &Cx<'_>) -> Date {
        cx.now().date_in(self.inner.words.zone())
    }

    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.inner.currency)
    }

    /// Which jobs events become.
    #[must_use]
    pub fn subscriptions(subscriptions: Subscriptions) -> Subscriptions {
        ["payments.request.paid", "payments.request.failed", "payments.request.expired"]
            .into_iter()
            .fold(subscriptions, |all, topic| all.on(topic, paid::JOB))
    }

    /// The engine's work in the background.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        let workers = paid::handler(self.clone(), workers);
        seal::handler(self.clone(), workers)
    }

    /// The engine's pages and interfaces.
    pub fn routes(&self) -> axum::Router {
        pages::routes(self.clone())
    }
}
