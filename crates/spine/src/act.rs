//! What an operation leaves behind besides its rows: acts for the journal and the evidence log,
//! events for other engines, jobs for the workers. All commit with the change or not at all.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::time::Timestamp;

/// One deed: what was done, about whom, to what, why and by which right. Who did it, for whom, when
/// and through what is added from the context.
#[derive(Clone, Debug)]
pub struct Act {
    /// Engine, noun, past verb: `services.case.decided`.
    pub kind: Cow<'static, str>,
    /// The person whose data or affair it is; she sees the act in her own record.
    pub subject: Option<String>,
    /// What was acted on: a case, a record, an account.
    pub object: Option<String>,
    /// Why, as a code the pack explains: `passport-renewal`.
    pub purpose: Cow<'static, str>,
    /// By which right: the law or consent, as the pack cites it.
    pub legal_basis: Cow<'static, str>,
    /// Further facts. Never personal data: codes, counts, ids, hashes.
    pub detail: Map<String, Value>,
}

impl Act {
    /// A deed of the given kind, so far without subject, object or reason.
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: kind.into(),
            subject: None,
            object: None,
            purpose: Cow::Borrowed("administration"),
            legal_basis: Cow::Borrowed("program"),
            detail: Map::new(),
        }
    }

    /// The person it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The thing it is done to.
    #[must_use]
    pub fn on(mut self, object: impl ToString) -> Self {
        self.object = Some(object.to_string());
        self
    }

    /// The purpose and the legal basis.
    #[must_use]
    pub fn because(mut self, purpose: impl Into<Cow<'static, str>>, legal_basis: impl Into<Cow<'static, str>>) -> Self {
        self.purpose = purpose.into();
        self.legal_basis = legal_basis.into();
        self
    }

    /// A further fact, not personal.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), fact.into());
        self
    }
}

/// Something that happened which other engines may react to, later and idempotently.
#[derive(Clone, Debug)]
pub struct Event {
    /// Engine, noun, past verb: `payments.request.paid`.
    pub topic: &'static str,
    /// Ids and codes; readers look the rest up.
    pub body: Value,
}

/// Work for a worker: an outside call, or a reaction.
#[derive(Clone, Debug)]
pub struct Job {
    /// The handler's name: `messages.deliver`.
    pub kind: Cow<'static, str>,
    /// What the handler needs.
    pub body: Value,
    /// Not before this moment; at once if none.
    pub run_at: Option<Timestamp>,
}

impl Job {
    /// A job to run as soon as a worker is free.
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>, body: Value) -> Self {
        Self { kind: kind.into(), body, run_at: None }
    }

    /// The same, not before `moment`.
    #[must_use]
    pub const fn not_before(mut self, moment: Timestamp) -> Self {
        self.run_at = Some(moment);
        self
    }
}
