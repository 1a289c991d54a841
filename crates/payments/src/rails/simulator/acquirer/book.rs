//! What the simulated acquirer remembers: sessions, refunds, charges taken back, and what it did, newest last.
//!
//! **Invariant:** it never gives back more than it took.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Currency, Timestamp};

use super::super::book::{Line, MOST, Moved, Refunded, own_reference};
use crate::rails::cards::CardState;

/// A session as it is opened.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) reference: String,
    pub(super) description: String,
    pub(super) language: String,
    pub(super) return_url: String,
    pub(super) expires_at: Timestamp,
}

impl Asked {
    /// The same payment, in whichever language its page is to be.
    pub(super) fn is(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.id.clone(), it.amount_minor, it.currency, it.reference.clone(), it.expires_at);
        of(self) == of(other)
    }
}

/// A session and what became of it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) asked: Asked,
    pub(super) state: CardState,
    pub(super) reason: Option<&'static str>,
    pub(super) taken_minor: i64,
    pub(super) returned_minor: i64,
    pub(super) charged_back: Option<String>,
}

impl Session {
    pub(super) fn reference(&self) -> String {
        own_reference("C", &self.asked.id)
    }

    /// What became of it, as it is told.
    pub(super) fn told(&self) -> Value {
        let id = &self.asked.id;
        match self.state {
            CardState::Pending | CardState::Authorised => json!({ "id": id, "state": self.state }),
            CardState::Declined | CardState::Expired => json!({ "id": id, "state": self.state, "reason": self.reason }),
            CardState::Captured | CardState::Refunded | CardState::ChargedBack => json!({
                "id": id,
                "state": self.state,
                "reference": self.charged_back.clone().unwrap_or_else(|| self.reference()),
                "amount_minor": self.taken_minor,
                "currency": self.asked.currency,
                "reason": self.charged_back.as_ref().map(|_| "fraud"),
            }),
        }
    }
}

#[derive(Default)]
pub(super) struct Pages {
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) moved: Vec<Moved>,
    pub(super) busy: BTreeMap<String, u8>,
    refunds: BTreeMap<String, (Refunded, String)>,
    pub(super) lines: Vec<Line>,
}

/// The book.
#[derive(Default)]
pub(super) struct Book(Mutex<Pages>);

impl Book {
    pub(super) fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    pub(super) fn note(&mut self, at: Timestamp, what: &'static str, id: &str, detail: impl Into<String>) {
        if self.lines.len() < MOST {
            self.lines.push(Line { at, what, id: id.to_owned(), detail: detail.into() });
        }
    }

    fn moves(
        &mut self,
        at: Timestamp,
        comes_in: bool,
        (reference, amount_minor, currency): (String, i64, Currency),
        id: &str,
    ) {
        self.moved.push(Moved { at, reference, comes_in, amount_minor, currency, id: Some(id.to_owned()) });
    }

    /// Ends a session; money is taken once.
    pub(super) fn end(
        &mut self,
        at: Timestamp,
        id: &str,
        state: CardState,
        reason: Option<&'static str>,
        taken_minor: i64,
    ) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.taken_minor > 0 {
            return;
        }
        (session.state, session.reason, session.taken_minor) = (state, reason, taken_minor);
        let movement = (session.reference(), taken_minor, session.asked.currency);
        if taken_minor > 0 {
            self.moves(at, true, movement, id);
        }
        self.note(at, if taken_minor > 0 { "captured" } else { "declined" }, id, taken_minor.to_string());
    }

    /// Gives money back, once for a key; none if there is not so much of it.
    pub(super) fn give_back(&mut self, at: Timestamp, refund: &Refunded) -> Option<String> {
        if let Some((known, reference)) = self.refunds.get(&refund.id) {
            return (known == refund).then(|| reference.clone());
        }
        let session = self.sessions.values_mut().find(|it| it.reference() == refund.payment)?;
        let left = session.taken_minor.checked_sub(session.returned_minor)?;
        let fits = (1..=left).contains(&refund.amount_minor) && refund.currency == session.asked.currency;
        if !fits || session.charged_back.is_some() {
            return None;
        }
        session.returned_minor += refund.amount_minor;
        if session.returned_minor == session.taken_minor {
            session.state = CardState::Refunded;
        }
        let reference = own_reference("R", &refund.id);
        self.moves(at, false, (reference.clone(), refund.amount_minor, refund.currency), &refund.id);
        self.refunds.insert(refund.id.clone(), (refund.clone(), reference.clone()));
        Some(reference)
    }

    /// The payer's bank takes a charge back; none if there is none.
    pub(super) fn charge_back(&mut self, at: Timestamp, id: &str) -> Option<Session> {
        let session = self.sessions.get_mut(id)?;
        if session.state != CardState::Captured || session.returned_minor > 0 {
            return None;
        }
        let reference = own_reference("B", id);
        (session.state, session.charged_back) = (CardState::ChargedBack, Some(reference.clone()));
        let session = session.clone();
        self.moves(at, false, (reference, session.taken_minor, session.asked.currency), id);
        self.note(at, "charged-back", id, session.taken_minor.to_string());
        Some(session)
    }

    /// All that was taken from payers, and all that went back, by whichever way.
    pub(super) fn totals(&self) -> (i64, i64) {
        self.sessions.values().fold((0, 0), |(taken, back), it| {
            let charged = if it.charged_back.is_some() { it.taken_minor } else { 0 };
            (taken + it.taken_minor, back + it.returned_minor + charged)
        })
    }
}
