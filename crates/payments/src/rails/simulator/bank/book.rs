//! What the simulated bank remembers: files, payments, and the entries of the account it keeps.
//!
//! **Invariant:** an entry stands in exactly one statement; a payment is debited once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use spine::{Currency, Date, Money, Timestamp};

use super::super::Manner;
use crate::rails::iso20022::{
    Balance, BalanceKind, BankAccount, Direction, Entry, PaymentInitiation, PaymentStatusReport, Remittance, Statement,
    StatementKind, StatusKind, TransactionStatus,
};

/// At most so many payments, entries and lines of its diary.
pub(super) const MOST: usize = 50_000;

/// A payment of a file.
#[derive(Clone)]
pub(super) struct Payment {
    pub(super) batch: String,
    pub(super) end_to_end: String,
    pub(super) amount: Money,
    pub(super) creditor: String,
    pub(super) manner: Manner,
    pub(super) status: &'static str,
    pub(super) reason: Option<&'static str>,
}

/// An entry, and whether it stands in a statement yet.
#[derive(Clone)]
pub(super) struct Booked {
    pub(super) entry: Entry,
    pub(super) stated: bool,
    /// It is left out of the first statement that it should stand in.
    pub(super) late: bool,
}

/// One line of the diary.
#[derive(Clone, Serialize)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) what: &'static str,
    pub(super) id: String,
    pub(super) detail: String,
}

#[derive(Default)]
pub(super) struct Pages {
    pub(super) files: BTreeMap<String, (PaymentInitiation, Vec<Payment>)>,
    pub(super) busy: BTreeMap<String, u8>,
    pub(super) entries: Vec<Booked>,
    pub(super) lines: Vec<Line>,
    stated_minor: i64,
    counted: u64,
}

/// The book.
pub(super) struct Book(Mutex<Pages>);

impl Book {
    /// A book whose numbers begin at a moment.
    pub(super) fn from(moment: Timestamp) -> Self {
        let counted = u64::try_from(moment.as_seconds()).unwrap_or_default().wrapping_mul(1_000);
        Self(Mutex::new(Pages { counted, ..Pages::default() }))
    }

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

    /// A number that this bank has not used.
    pub(super) fn next(&mut self, prefix: &str, day: Date) -> String {
        self.counted += 1;
        format!("{prefix}{}-{:06}", day.to_string().replace('-', ""), self.counted)
    }

    /// What the account holds.
    pub(super) fn balance(&self) -> i64 {
        let signed = |it: &Booked| it.entry.direction.signed(it.entry.amount.minor());
        self.entries.iter().map(signed).sum()
    }

    pub(super) fn payment(&mut self, file: &str, end_to_end: &str) -> Option<&mut Payment> {
        self.files.get_mut(file)?.1.iter_mut().find(|payment| payment.end_to_end == end_to_end)
    }

    /// Books an entry and answers it.
    pub(super) fn book(&mut self, entry: Entry, late: bool) -> Entry {
        if self.entries.len() < MOST {
            self.entries.push(Booked { entry: entry.clone(), stated: false, late });
        }
        entry
    }

    /// What became of a file so far.
    pub(super) fn report(&mut self, file: &str, day: Date, made_at: Timestamp) -> Option<PaymentStatusReport> {
        let id = self.next("PSR", day);
        let (_, payments) = self.files.get(file)?;
        let status = |payment: &Payment| TransactionStatus {
            batch: Some(payment.batch.clone()),
            instruction: None,
            end_to_end: Some(payment.end_to_end.clone()),
            transaction: None,
            status: payment.status.to_owned(),
            reason: payment.reason.map(str::to_owned),
        };
        Some(PaymentStatusReport {
            kind: StatusKind::Customer,
            id,
            made_at,
            of_message: file.to_owned(),
            of_kind: "pain.001.001.09".to_owned(),
            group: None,
            group_reason: None,
            transactions: payments.iter().map(status).collect(),
        })
    }

    /// A notification of one entry.
    pub(super) fn notification(&mut self, entry: Entry, account: &str, made_at: Timestamp) -> Statement {
        let (id, currency) = (self.next("NTF", entry.day), entry.amount.currency());
        let message = format!("M{id}");
        statement(StatementKind::Notification, id, message, (account, currency), made_at, vec![entry])
    }

    /// The statement of everything not stated yet; a line that is to be late waits for the next.
    pub(super) fn state(&mut self, account: &str, currency: Currency, day: Date, made_at: Timestamp) -> Statement {
        let mut entries = Vec::new();
        for booked in self.entries.iter_mut().filter(|booked| !booked.stated) {
            if booked.late {
                booked.late = false;
                continue;
            }
            booked.stated = true;
            entries.push(booked.entry.clone());
        }
        let id = self.next("STM", day);
        let message = format!("M{id}");
        let mut made = statement(StatementKind::Statement, id, message, (account, currency), made_at, entries);
        let opening = self.stated_minor;
        self.stated_minor = opening.saturating_add(i64::try_from(made.movement()).unwrap_or_default());
        let balance = |kind, minor| Balance { kind, amount: Money::new(minor, currency), day };
        made.balances = vec![balance(BalanceKind::Opening, opening), balance(BalanceKind::Closing, self.stated_minor)];
        made
    }
}

fn statement(
    kind: StatementKind,
    id: String,
    message: String,
    (account, currency): (&str, Currency),
    made_at: Timestamp,
    entries: Vec<Entry>,
) -> Statement {
    Statement {
        kind,
        message,
        made_at,
        id,
        number: None,
        account: BankAccount::Number(account.to_owned()),
        currency,
        balances: Vec::new(),
        entries,
    }
}

/// An entry of this bank.
pub(super) fn entry(reference: String, amount: Money, direction: Direction, day: Date) -> Entry {
    Entry {
        reference,
        amount,
        direction,
        booked: true,
        day,
        end_to_end: None,
        party: None,
        remittance: Remittance::default(),
        returned: None,
    }
}
