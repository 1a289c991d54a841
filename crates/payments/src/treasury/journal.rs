//! The whole ledger as a journal that hledger and other tools for plain-text accounting read, so that whoever audits can
//! add it up with a program that is not ours.
//!
//! **Invariant:** every posting of the ledger is in it once, and its last entry asserts the balance of every account: a tool
//! that reads it to the end has checked them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use spine::{Cx, Date, Fault, Money, Resource};

use crate::ledger::Does;
use crate::rails::payout::Rails;
use crate::rows::ledger as rows;

/// Transfers in one page.
const PAGE: i64 = 5_000;

/// A part of the journal, and where the next begins; none after the last.
#[derive(Clone, Debug)]
pub struct JournalPage {
    /// Its text.
    pub text: String,
    /// What to ask for next.
    pub next: Option<i64>,
}

/// The part of the journal after the place `after` of the ledger's sequence; 0 for its beginning.
///
/// # Errors
/// A refusal; the store's faults.
pub fn journal(cx: &mut Cx<'_>, rails: Option<&Rails>, after: i64) -> Result<JournalPage, Fault> {
    cx.may("payments.ledger.audit", &Resource::new("Ledger", "ledger"))?;
    let day = |at: spine::Timestamp| rails.map_or_else(|| at.date_in(&jiff::tz::TimeZone::UTC), |it| it.banks.day(at));
    let known = rows::accounts(cx.tx())?;
    let names: BTreeMap<i64, (String, Money)> =
        known.iter().map(|it| (it.number, (name(&it.account.reference), Money::new(0, it.account.currency)))).collect();
    let mut text = String::new();
    if after == 0 {
        brought_forward(cx, &names, day(spine::Timestamp::BEGINNING), &mut text)?;
    }
    let entries = rows::transfers_after(cx.tx(), after, PAGE)?;
    let mut batch: Option<crate::ledger::Head> = None;
    for entry in &entries {
        if batch.as_ref().is_none_or(|batch| batch.seq < entry.seq) {
            batch = rows::batch_holding(cx.tx(), entry.seq)?;
        }
        let at = batch.as_ref().map_or(spine::Timestamp::BEGINNING, |batch| batch.at);
        if !matches!(entry.does, Does::Moves | Does::Sweeps | Does::Posts) {
            continue;
        }
        let (Some((debit, zero)), Some((credit, _))) = (names.get(&entry.debit), names.get(&entry.credit)) else {
            continue;
        };
        let amount = Money::new(entry.amount, zero.currency());
        let said: String =
            entry.reference.chars().map(|it| if it == ';' || it.is_control() { ' ' } else { it }).collect();
        let _ = writeln!(text, "{} ({}) {said}\n    {debit}  {amount}\n    {credit}\n", day(at), entry.seq);
    }
    let last = entries.last().map(|entry| entry.seq);
    let full = i64::try_from(entries.len()).unwrap_or(0) >= PAGE;
    if !full {
        let now = cx.now();
        let _ = writeln!(text, "{} balances, as the ledger has them", day(now));
        for it in &known {
            let held = Money::new(it.shown().held(), it.account.currency);
            let zero = Money::new(0, it.account.currency);
            let _ = writeln!(text, "    {}  {zero} = {held}", name(&it.account.reference));
        }
    }
    Ok(JournalPage { text, next: last.filter(|_| full) })
}

/// What accounts held before the ledger was one sequence.
fn brought_forward(
    cx: &mut Cx<'_>,
    names: &BTreeMap<i64, (String, Money)>,
    day: Date,
    text: &mut String,
) -> Result<(), Fault> {
    let all: Vec<(i64, i64)> = rows::brought_forward(cx.tx())?
        .into_iter()
        .map(|(number, debits, credits)| (number, debits - credits))
        .filter(|(_, held)| *held != 0)
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let _ = writeln!(text, "{day} brought forward");
    for (number, held) in all {
        if let Some((name, zero)) = names.get(&number) {
            let _ = writeln!(text, "    {name}  {}", Money::new(held, zero.currency()));
        }
    }
    text.push('\n');
    Ok(())
}

/// An account's name as a journal writes it: no two blanks, no signs that mean something there.
fn name(reference: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || ":-_./+".contains(letter);
    reference.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}
