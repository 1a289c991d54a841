//! What our bank tells: what became of payments, what moved on our account, what comes back.
//!
//! **Invariant:** every booked line is kept once and does what it does once, in whichever order the messages come and however
//! often; a line that nobody here knows is kept too, and the treasury's desk shows it.

use std::collections::BTreeSet;

use spine::{Act, Cx, Date, Fault, Money, Resource};

use super::file;
use super::line::{Did, FLOAT, RailLine, RailStatement, SETTLEMENT};
use crate::gateway::arrive::{Arrived, arrive};
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rails::iso20022::{BalanceKind, Direction, Entry, Message, Statement, StatementKind, StatusKind};
use crate::rails::payout::outcome::{self, Heard};
use crate::rails::payout::{DisbursementId, Rails};
use crate::rows::{arrivals as rows, disbursements, treasury as treasury_rows};
use crate::treasury;

/// Takes a message of our bank. The caller has made sure that it is this bank who says it.
///
/// # Errors
/// `payments.bank.{message,account}`, `payments.bank_file.unknown`, `payments.callback.reused`; a refusal; the store's faults.
pub(crate) fn take(cx: &mut Cx<'_>, rails: &Rails, message: &Message) -> Result<(), Fault> {
    let own = rails.banks.own().ok_or_else(|| Fault::unavailable("payments.bank.not_connected"))?;
    let is_own = cx.actor().id == own.account();
    cx.may("payments.bank.report", &Resource::new("Bank", &own.bank.id).is("own", is_own))?;
    match message {
        Message::PaymentStatusReport(report) if report.kind == StatusKind::Customer => {
            file::reported(cx, &own.bank.id, report).map(|_| ())
        }
        Message::Statement(statement) => {
            if statement.account.number() != own.number || statement.currency != own.currency {
                return Err(Fault::invalid("payments.bank.account"));
            }
            stated(cx, rails, &own.account(), statement)
        }
        Message::PaymentReturn(back) => {
            for one in &back.returns {
                let reason = one.reason.as_deref().unwrap_or("NARR");
                let end_to_end = one.end_to_end.as_deref();
                came_back(cx, &own.account(), end_to_end, &one.id, reason, one.amount)?;
            }
            Ok(())
        }
        _ => Err(Fault::invalid("payments.bank.message")),
    }
}

fn stated(cx: &mut Cx<'_>, rails: &Rails, rail: &str, statement: &Statement) -> Result<(), Fault> {
    let mut new = 0_usize;
    let mut days = BTreeSet::new();
    for entry in statement.entries.iter().filter(|entry| entry.booked) {
        if line(cx, rails, rail, statement, entry)? {
            new += 1;
            days.insert(entry.day);
        }
    }
    if statement.kind == StatementKind::Statement {
        let (day, is_new) = keep(cx, rails, rail, statement)?;
        days.extend(is_new.then_some(day));
        new += usize::from(is_new);
        // A statement, however late, has its days weighed again, and those on which something is open.
        days.extend(treasury_rows::open_days(cx.tx(), rail)?);
        for day in days {
            treasury::later(cx, rail, day);
        }
    }
    if new > 0 {
        let act = Act::new("payments.bank.stated").on(rail).because("reconciliation", "contract");
        cx.record(act.with("new", new).with("entries", statement.entries.len()));
    }
    Ok(())
}

fn keep(cx: &mut Cx<'_>, rails: &Rails, rail: &str, statement: &Statement) -> Result<(Date, bool), Fault> {
    let balance = |kind| statement.balance(kind).map(|balance| balance.amount.minor());
    let closing = statement.balance(BalanceKind::Closing).or_else(|| statement.balance(BalanceKind::Opening));
    let kept = RailStatement {
        id: cx.id(),
        rail: rail.to_owned(),
        reference: statement.id.clone(),
        day: closing.map_or_else(|| rails.banks.day(statement.made_at), |balance| balance.day),
        currency: statement.currency,
        opening_minor: balance(BalanceKind::Opening),
        closing_minor: balance(BalanceKind::Closing),
        lines: i64::try_from(statement.entries.len()).unwrap_or(i64::MAX),
        heard_at: cx.now(),
    };
    Ok((kept.day, rows::insert_statement(cx.tx(), &kept)?))
}

/// Takes one line; whether it is new.
fn line(cx: &mut Cx<'_>, rails: &Rails, rail: &str, statement: &Statement, entry: &Entry) -> Result<bool, Fault> {
    let comes_in = entry.direction == Direction::Credit;
    if let Some(known) = rows::line(cx.tx(), rail, &entry.reference)? {
        let same = known.amount == entry.amount && known.comes_in == comes_in;
        return if same { Ok(false) } else { Err(Fault::conflict("payments.callback.reused")) };
    }
    let mut kept = RailLine {
        id: cx.id(),
        rail: rail.to_owned(),
        reference: entry.reference.clone(),
        day: entry.day,
        comes_in,
        amount: entry.amount,
        did: Did::Unknown,
        ours: None,
        end_to_end: entry.end_to_end.clone(),
        source: statement.message.clone(),
        heard_at: cx.now(),
    };
    (kept.did, kept.ours) = if comes_in { came_in(cx, rails, rail, &kept, entry)? } else { went_out(cx, rail, entry)? };
    rows::insert_line(cx.tx(), &kept)?;
    Ok(true)
}

type Meaning = (Did, Option<String>);

fn went_out(cx: &mut Cx<'_>, rail: &str, entry: &Entry) -> Result<Meaning, Fault> {
    let Some(id) = entry.end_to_end.as_deref().and_then(|text| text.parse::<DisbursementId>().ok()) else {
        return Ok((Did::Unknown, None));
    };
    match disbursements::find(cx.tx(), id)?.filter(|known| known.rail == rail) {
        Some(known) => {
            outcome::heard(cx, &known, &Heard::Paid { reference: &entry.reference, amount: entry.amount })?;
            Ok((Did::Payment, Some(id.to_string())))
        }
        None => Ok((Did::Unknown, None)),
    }
}

fn came_in(cx: &mut Cx<'_>, rails: &Rails, rail: &str, kept: &RailLine, entry: &Entry) -> Result<Meaning, Fault> {
    let end_to_end = entry.end_to_end.as_deref();
    if let Some(reason) = &entry.returned
        && came_back(cx, rail, end_to_end, &entry.reference, reason, entry.amount)?
    {
        return Ok((Did::Return, end_to_end.map(str::to_owned)));
    }
    let words = [end_to_end, entry.remittance.reference.as_deref(), entry.remittance.line.as_deref()];
    for word in words.into_iter().flatten() {
        if let Some(other) = pays_in(cx, rails, word)? {
            settle(cx, rail, &other, kept)?;
            return Ok((Did::Settlement, Some(other)));
        }
    }
    let words = [entry.remittance.reference.as_deref(), entry.remittance.line.as_deref(), end_to_end];
    let said: Vec<&str> = words.into_iter().flatten().collect();
    let arrived = Arrived { rail, reference: &entry.reference, amount: entry.amount, said: &said };
    arrive(cx, rails.wallets.charges(), &arrived)?;
    Ok((Did::Arrival, None))
}

/// Whether a payment of ours is known that came back; it is heard of as such.
fn came_back(
    cx: &mut Cx<'_>,
    rail: &str,
    end_to_end: Option<&str>,
    reference: &str,
    reason: &str,
    amount: Money,
) -> Result<bool, Fault> {
    let Some(id) = end_to_end.and_then(|text| text.parse::<DisbursementId>().ok()) else { return Ok(false) };
    let Some(known) = disbursements::find(cx.tx(), id)?.filter(|known| known.rail == rail) else { return Ok(false) };
    outcome::heard(cx, &known, &Heard::Returned { reference, reason, amount })?;
    Ok(true)
}

/// The account of the wallet or acquirer whose settlement this is, or of the office that pays in for its counter.
fn pays_in(cx: &mut Cx<'_>, rails: &Rails, word: &str) -> Result<Option<String>, Fault> {
    if let Some((wallet, _)) = word.strip_prefix(SETTLEMENT).and_then(|rest| rest.split_once('-')) {
        let hub = rails.hubs.find(wallet).map(crate::hubs::Hub::account);
        let acquirer = rails.acquirers.find(wallet).map(crate::cards::Acquirer::account);
        return Ok(rails.wallets.find(wallet).map(crate::Wallet::account).or(hub).or(acquirer));
    }
    let Some(place) = word.trim().strip_prefix(FLOAT) else { return Ok(None) };
    let account = ledger::called(cx, &format!("cash:{place}"))?;
    Ok(account.map(|account| account.reference))
}

/// What a wallet held for us, or an office pays in, is in the bank now.
fn settle(cx: &mut Cx<'_>, rail: &str, wallet: &str, kept: &RailLine) -> Result<(), Fault> {
    let currency = kept.amount.currency();
    let (debit, credit) = (account_of(cx, rail, currency)?, account_of(cx, wallet, currency)?);
    let id = TransferId::from_bytes(*kept.id.as_bytes());
    let step = Step::Move { debit, credit, amount: kept.amount };
    ledger::book(cx, &[Transfer { id, step, reference: kept.id.to_string() }])?;
    let act = Act::new("payments.bank.settled").on(wallet).because("settlement", "contract");
    cx.record(act.with("amount_minor", kept.amount.minor()));
    Ok(())
}
