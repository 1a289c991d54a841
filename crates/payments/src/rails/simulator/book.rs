//! What the simulated wallet remembers: requests, refunds, and what it did, newest last.
//!
//! **Invariant:** it never gives back more than it took.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use spine::{Currency, Timestamp};

use super::Manner;
use super::paying::Payment;
use crate::gateway::receive::ToldState;

/// At most so many requests in one life, and lines of its diary.
pub(super) const MOST: usize = 20_000;

/// A request as it is pushed to a wallet.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pushed {
    pub(super) id: String,
    pub(super) msisdn: String,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) reference: String,
    pub(super) expires_at: Timestamp,
}

/// Money as it is handed back to a wallet.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refunded {
    pub(super) id: String,
    pub(super) payment: String,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
}

/// A request and what became of it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) pushed: Pushed,
    pub(super) manner: Manner,
    pub(super) state: ToldState,
    /// What this wallet calls it.
    pub(super) reference: String,
    /// What it took from the payer.
    pub(super) taken_minor: i64,
    pub(super) returned_minor: i64,
}

/// One line of the diary.
#[derive(Clone, Serialize)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) what: &'static str,
    pub(super) id: String,
    pub(super) detail: String,
}

/// A movement, as its statement tells it.
#[derive(Clone, Serialize)]
pub(super) struct Moved {
    #[serde(skip)]
    pub(super) at: Timestamp,
    pub(super) reference: String,
    #[serde(rename = "direction", serialize_with = "in_or_out")]
    pub(super) comes_in: bool,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn in_or_out<S: serde::Serializer>(comes_in: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *comes_in { "in" } else { "out" })
}

impl Moved {
    /// The amount with its sign on what it holds for us.
    pub(super) const fn signed(&self) -> i64 {
        if self.comes_in { self.amount_minor } else { -self.amount_minor }
    }
}

#[derive(Default)]
pub(super) struct Pages {
    pub(super) moved: Vec<Moved>,
    pub(super) requests: BTreeMap<String, Known>,
    pub(super) payments: BTreeMap<String, Payment>,
    pub(super) busy: BTreeMap<String, u8>,
    pub(super) refunds: BTreeMap<String, (Refunded, String)>,
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

    /// The payer answered.
    pub(super) fn end(&mut self, at: Timestamp, id: &str, state: ToldState, taken_minor: i64) {
        if let Some(known) = self.requests.get_mut(id) {
            let is_new = taken_minor > 0 && known.taken_minor == 0;
            known.state = state;
            known.taken_minor = taken_minor;
            let (reference, currency) = (known.reference.clone(), known.pushed.currency);
            if is_new {
                let id = Some(id.to_owned());
                self.moved.push(Moved { at, reference, comes_in: true, amount_minor: taken_minor, currency, id });
            }
        }
    }

    /// Gives money back, once for a key. `None` if there is not so much of it.
    pub(super) fn give_back(&mut self, at: Timestamp, refund: &Refunded) -> Option<String> {
        if let Some((known, reference)) = self.refunds.get(&refund.id) {
            return (known == refund).then(|| reference.clone());
        }
        let of = self.requests.values_mut().find(|known| known.reference == refund.payment)?;
        let left = of.taken_minor.checked_sub(of.returned_minor)?;
        if refund.amount_minor <= 0 || refund.amount_minor > left || refund.currency != of.pushed.currency {
            return None;
        }
        of.returned_minor += refund.amount_minor;
        let reference = own_reference("R", &refund.id);
        let (amount_minor, currency) = (refund.amount_minor, refund.currency);
        let id = Some(refund.id.clone());
        self.moved.push(Moved { at, reference: reference.clone(), comes_in: false, amount_minor, currency, id });
        self.refunds.insert(refund.id.clone(), (refund.clone(), reference.clone()));
        Some(reference)
    }

    /// All that its numbers got.
    pub(super) fn paid_out(&self) -> i64 {
        self.payments.values().map(|it| it.paid_minor).sum()
    }

    /// All that was taken from payers, and all that they got back.
    pub(super) fn totals(&self) -> (i64, i64) {
        let all = self.requests.values();
        all.fold((0, 0), |(taken, back), it| (taken + it.taken_minor, back + it.returned_minor))
    }
}

/// What this wallet calls a movement of money: from the key it came under, so that a wallet that was started
/// again never calls two movements the same.
pub(super) fn own_reference(letter: &str, key: &str) -> String {
    let hash = crypto::hex(&crypto::sha256(&[letter.as_bytes(), b":", key.as_bytes()])).to_uppercase();
    format!("{letter}{}", hash.get(..12).unwrap_or_default())
}
