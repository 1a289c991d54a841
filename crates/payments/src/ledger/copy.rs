//! A copy of the whole ledger as lines of JSON, that proves itself without the database it came from.
//!
//! **Invariant:** it is written from one snapshot, and read back by the same replay as the ledger itself: another head, a line
//! that is missing, changed or moved is found. An account's identifier and the word for it are not in it: no hash covers them.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use spine::{Currency, Cx, Fault, Resource, Timestamp};

use super::account::{Account, AccountId, AccountKind, Balances, Bound};
use super::books::Known;
use super::chain::{Head, Mark};
use super::transfer::{Does, Entry};
use super::verify::{Replay, Verified, each_batch};
use crate::rows::ledger as rows;

/// What the first line says.
const FORM: &str = "letsema/ledger/copy/v1";
/// The longest line.
const LINE_BYTES: u64 = 16 * 1024;

/// A copy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file itself.
    #[error("the copy cannot be read: {0}")]
    File(#[from] io::Error),
    /// A line that is of no form it can have, or stands where it cannot.
    #[error("line {line} of the copy: {problem}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Form(String),
    Account(AccountLine),
    Transfer(TransferLine),
    Mark(MarkLine),
    /// Ends what stands before it since the last.
    Batch(BatchLine),
    /// How many lines there were before this one.
    End(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountLine {
    number: i64,
    reference: String,
    kind: String,
    currency: Currency,
    bound: String,
    closed: bool,
    /// Debits and credits from before the sequence began.
    brought: [i64; 2],
    /// Debits and credits, posted and pending.
    stands: [i64; 4],
    last_seq: i64,
    transfers: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransferLine {
    seq: i64,
    id: String,
    does: i64,
    debit: i64,
    credit: i64,
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<i64>,
    before: [i64; 2],
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkLine {
    seq: i64,
    kind: String,
    subject: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchLine {
    number: i64,
    seq: i64,
    at: i64,
    hash: String,
}

/// Writes a copy of the whole ledger.
///
/// # Errors
/// `payments.ledger.copy` when it cannot be written; a refusal; the store's faults.
pub fn copy(cx: &mut Cx<'_>, out: &mut dyn Write) -> Result<(), Fault> {
    cx.may("payments.ledger.audit", &Resource::new("Ledger", "ledger"))?;
    let mut lines = Lines { out, count: 0 };
    lines.say(&Line::Form(FORM.to_owned()))?;
    let brought = rows::brought_forward(cx.tx())?;
    let mut accounts = rows::accounts(cx.tx())?;
    accounts.sort_by_key(|known| known.number);
    for known in &accounts {
        let before = brought.iter().find(|(number, ..)| *number == known.number);
        lines.say(&Line::Account(AccountLine::of(
            known,
            before.map_or([0, 0], |(_, debits, credits)| [*debits, *credits]),
        )))?;
    }
    each_batch(cx, |_, batch, entries, marks| {
        let mut marks = marks.iter().peekable();
        for entry in entries {
            while let Some(mark) = marks.next_if(|mark| mark.seq < entry.seq) {
                lines.say(&Line::Mark(MarkLine::of(mark)))?;
            }
            lines.say(&Line::Transfer(TransferLine::of(entry)))?;
        }
        for mark in marks {
            lines.say(&Line::Mark(MarkLine::of(mark)))?;
        }
        let (at, hash) = (batch.at.as_micros(), crypto::hex(&batch.hash));
        lines.say(&Line::Batch(BatchLine { number: batch.batch, seq: batch.seq, at, hash }))
    })?;
    let count = lines.count;
    lines.say(&Line::End(count))?;
    lines.out.flush().map_err(unwritten)
}

/// Replays a copy. What is wrong with the books in it is no error but a finding.
///
/// # Errors
/// [`CopyError`] when it is no copy, or not a whole one.
pub fn verify_copy(mut source: impl BufRead) -> Result<Verified, CopyError> {
    let mut reader = Reader { source: &mut source, at: 0 };
    match reader.next()? {
        Some(Line::Form(form)) if form == FORM => {}
        _ => return Err(reader.wrong("it does not begin as a copy of a ledger does")),
    }
    let (mut accounts, mut brought) = (Vec::new(), Vec::new());
    let mut line = reader.need()?;
    while let Line::Account(one) = line {
        brought.push((one.number, one.brought));
        accounts.push(one.known().ok_or_else(|| reader.wrong("an account of a kind that is unknown"))?);
        line = reader.need()?;
    }
    let mut replay = Replay::new(&accounts);
    for (number, [debits, credits]) in brought.into_iter().filter(|(_, brought)| *brought != [0, 0]) {
        replay.brought(number, debits, credits);
    }
    let (mut head, mut entries, mut marks) = (Head::NONE, Vec::new(), Vec::new());
    loop {
        match line {
            Line::Transfer(one) => entries.push(one.entry().ok_or_else(|| reader.wrong("no transfer"))?),
            Line::Mark(MarkLine { seq, kind, subject }) => marks.push(Mark { seq, kind, subject }),
            Line::Batch(one) => {
                let batch = one.head().ok_or_else(|| reader.wrong("no batch"))?;
                replay.batch(&head, &batch, &entries, &marks);
                (head, entries, marks) = (batch, Vec::new(), Vec::new());
            }
            Line::End(count) if count + 1 == reader.at && entries.is_empty() && marks.is_empty() => break,
            Line::End(_) => return Err(reader.wrong("lines are missing before it")),
            Line::Form(_) | Line::Account(_) => return Err(reader.wrong("it stands where it cannot")),
        }
        line = reader.need()?;
    }
    if reader.next()?.is_some() {
        return Err(reader.wrong("there is more after the end"));
    }
    Ok(replay.ends(&accounts, &head))
}

struct Lines<'a> {
    out: &'a mut dyn Write,
    count: u64,
}

impl Lines<'_> {
    fn say(&mut self, line: &Line) -> Result<(), Fault> {
        let mut text = serde_json::to_vec(line).map_err(|error| unwritten(error.into()))?;
        text.push(b'\n');
        self.count += 1;
        self.out.write_all(&text).map_err(unwritten)
    }
}

fn unwritten(error: io::Error) -> Fault {
    Fault::internal("payments.ledger.copy", error)
}

struct Reader<'a, R> {
    source: &'a mut R,
    /// The line that was read last.
    at: u64,
}

impl<R: BufRead> Reader<'_, R> {
    fn next(&mut self) -> Result<Option<Line>, CopyError> {
        let mut text = Vec::new();
        let read = self.source.by_ref().take(LINE_BYTES).read_until(b'\n', &mut text)?;
        if read == 0 {
            return Ok(None);
        }
        self.at += 1;
        if text.pop() != Some(b'\n') {
            return Err(self.wrong("it is cut off, or too long"));
        }
        serde_json::from_slice(&text).map(Some).map_err(|error| self.wrong(error))
    }

    fn need(&mut self) -> Result<Line, CopyError> {
        self.next()?.ok_or_else(|| self.wrong("the copy breaks off after it"))
    }

    fn wrong(&self, problem: impl ToString) -> CopyError {
        CopyError::Line { line: self.at, problem: problem.to_string() }
    }
}

impl AccountLine {
    fn of(known: &Known, brought: [i64; 2]) -> Self {
        let (account, balances) = (&known.account, &known.balances);
        Self {
            number: known.number,
            reference: account.reference.clone(),
            kind: account.kind.code().to_owned(),
            currency: account.currency,
            bound: account.bound.code().to_owned(),
            closed: account.is_closed,
            brought,
            stands: [
                balances.debits_posted,
                balances.credits_posted,
                balances.debits_pending,
                balances.credits_pending,
            ],
            last_seq: balances.last_seq,
            transfers: balances.transfers,
        }
    }

    fn known(self) -> Option<Known> {
        let [debits_posted, credits_posted, debits_pending, credits_pending] = self.stands;
        let (last_seq, transfers) = (self.last_seq, self.transfers);
        let balances = Balances { debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers };
        let account = Account {
            id: AccountId::from_bytes([0; 16]),
            reference: self.reference,
            kind: AccountKind::of(&self.kind)?,
            currency: self.currency,
            name: String::new(),
            bound: Bound::ALL.into_iter().find(|bound| bound.code() == self.bound)?,
            is_closed: self.closed,
            debits_posted,
            credits_posted,
            debits_pending,
            credits_pending,
        };
        Some(Known::new(account, self.number, balances))
    }
}

impl TransferLine {
    fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            id: crypto::hex(&entry.id),
            does: entry.does.code(),
            debit: entry.debit,
            credit: entry.credit,
            amount: entry.amount,
            of: entry.of,
            before: [entry.debit_before, entry.credit_before],
            reference: entry.reference.clone(),
            expires_at: entry.expires_at.map(Timestamp::as_micros),
        }
    }

    fn entry(self) -> Option<Entry> {
        let [debit_before, credit_before] = self.before;
        Some(Entry {
            seq: self.seq,
            id: bytes(&self.id)?,
            does: Does::of(self.does)?,
            debit: self.debit,
            credit: self.credit,
            amount: self.amount,
            of: self.of,
            debit_before,
            credit_before,
            reference: self.reference,
            expires_at: self.expires_at.map(Timestamp::from_micros),
        })
    }
}

impl MarkLine {
    fn of(mark: &Mark) -> Self {
        Self { seq: mark.seq, kind: mark.kind.clone(), subject: mark.subject.clone() }
    }
}

impl BatchLine {
    fn head(self) -> Option<Head> {
        let at = Timestamp::from_micros(self.at);
        Some(Head { batch: self.number, seq: self.seq, at, hash: bytes(&self.hash)? })
    }
}

/// Bytes from the one way in which [`crypto::hex`] writes them.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let read = crypto::from_hex(text).filter(|read| crypto::hex(read) == text)?;
    read.try_into().ok()
}
