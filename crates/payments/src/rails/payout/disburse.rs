//! Asking for payments: one, or thousands at once.
//!
//! **Invariant:** money is held with the row that says what for, in the same transaction; a line that cannot be paid is
//! refused alone, and the others go.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Money, Personal, Resource, Timestamp};

use super::outcome::{Heard, heard};
use super::{Destination, Disbursement, DisbursementId, DisbursementState, Handed, NewDisbursement, Rails};
use crate::ledger::{self, AccountId, Booked, Step, Transfer};
use crate::rails::{account_of, banking, hubs};
use crate::rows::disbursements as rows;
use crate::sanctions::Index;
use crate::screening::{HELD, stop as stops};

/// The job that hands a payment to a wallet.
pub(crate) const PUSH: &str = "payments.disbursement.push";

/// What the payee sees: so long at most, because a bank carries no more (`Max35Text`).
const REFERENCE: usize = 35;

/// Pays one amount to one destination. The money is held now; what becomes of it is told by the events
/// `payments.disbursement.{paid,failed,returned}`.
///
/// # Errors
/// `payments.disbursement.{amount,reference,wallet,hub,number,limits,bank,account,holder,reused}`, `payments.account.{unknown,bound}`;
/// a refusal; the store's faults.
pub fn disburse(cx: &mut Cx<'_>, rails: &Rails, new: &NewDisbursement) -> Result<Handed, Fault> {
    cx.may("payments.disbursement.make", &Resource::new("Disbursement", new.id))?;
    go(cx, rails, new)
}

/// As [`disburse`], within an operation that has permission already.
pub(crate) fn go(cx: &mut Cx<'_>, rails: &Rails, new: &NewDisbursement) -> Result<Handed, Fault> {
    let ready = ready(rails, new)?;
    let done = hand_over(cx, rails, std::slice::from_ref(&ready))?;
    Ok(done.into_iter().next().unwrap_or(Handed::Before))
}

/// Whether a payment's words are right, before anything is held for it.
pub(crate) fn check(rails: &Rails, new: &NewDisbursement) -> Result<(), Fault> {
    ready(rails, new).map(drop)
}

/// Pays many, at most [`ledger::BATCH`] at once, in their order. A line that cannot be paid is [`Handed::Refused`] and the
/// others go; if the paying account has not enough for all that can, nothing goes.
///
/// # Errors
/// `payments.transfer.batch`, `payments.disbursement.reused`, `payments.account.{unknown,bound}`; a refusal; the store's faults.
pub fn disburse_all(cx: &mut Cx<'_>, rails: &Rails, batch: &[NewDisbursement]) -> Result<Vec<Handed>, Fault> {
    let named = batch.first().map(|first| first.id.to_string()).unwrap_or_default();
    cx.may("payments.disbursement.make", &Resource::new("Disbursement", named))?;
    let checked: Vec<Result<Ready, Fault>> = batch.iter().map(|new| ready(rails, new)).collect();
    let fine: Vec<Ready> = checked.iter().filter_map(|it| it.as_ref().ok().cloned()).collect();
    let mut done = hand_over(cx, rails, &fine)?.into_iter();
    let answer = |it: Result<Ready, Fault>| match it {
        Ok(_) => done.next().unwrap_or(Handed::Before),
        Err(fault) => Handed::Refused(fault.code().to_owned()),
    };
    Ok(checked.into_iter().map(answer).collect())
}

/// A payment as it stands.
///
/// # Errors
/// `payments.disbursement.unknown`; a refusal; the store's faults.
pub fn disbursement(cx: &mut Cx<'_>, id: DisbursementId) -> Result<Disbursement, Fault> {
    cx.may("payments.disbursement.view", &Resource::new("Disbursement", id))?;
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.disbursement.unknown"))
}

/// A payment whose words are right: which rail, and its number in its one form.
#[derive(Clone)]
struct Ready {
    new: NewDisbursement,
    rail: String,
}

fn ready(rails: &Rails, new: &NewDisbursement) -> Result<Ready, Fault> {
    if !(1..=ledger::LARGEST_MINOR).contains(&new.amount.minor()) {
        return Err(Fault::invalid("payments.disbursement.amount"));
    }
    let visible = new.reference.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=REFERENCE).contains(&new.reference.len()) {
        return Err(Fault::invalid("payments.disbursement.reference"));
    }
    let (rail, to) = match &new.to {
        Destination::Wallet { wallet, number } => to_wallet(rails, new.amount, wallet, number)?,
        Destination::Bank { bank, account, holder } => to_bank(rails, new.amount, bank, account, holder)?,
        Destination::Hub { hub, kind, number } => to_hub(rails, new.amount, hub, kind, number)?,
    };
    Ok(Ready { new: NewDisbursement { to, ..new.clone() }, rail })
}

fn to_wallet(
    rails: &Rails,
    amount: Money,
    wallet: &str,
    number: &Personal<String>,
) -> Result<(String, Destination), Fault> {
    let known = rails.wallets.find(wallet).filter(|wallet| wallet.is_connected());
    let known = known.ok_or_else(|| Fault::invalid("payments.disbursement.wallet"))?;
    let number = rails.wallets.number(number.reveal()).filter(|number| known.serves(number));
    let number = number.ok_or_else(|| Fault::invalid("payments.disbursement.number"))?;
    if !known.takes(amount) {
        return Err(Fault::invalid("payments.disbursement.limits").with("most", known.most));
    }
    Ok((known.account(), Destination::Wallet { wallet: known.id.clone(), number }))
}

fn to_bank(
    rails: &Rails,
    amount: Money,
    bank: &str,
    account: &Personal<String>,
    holder: &Personal<String>,
) -> Result<(String, Destination), Fault> {
    let refuse = |code| Err(Fault::invalid(code));
    let (Some(own), Some(known)) = (rails.banks.own(), rails.banks.find(bank)) else {
        return refuse("payments.disbursement.bank");
    };
    if amount.currency() != own.currency {
        return refuse("payments.disbursement.amount");
    }
    let Some(account) = known.account_number(account.reveal()) else {
        return refuse("payments.disbursement.account");
    };
    let fine = (1..=70).contains(&holder.reveal().chars().count()) && !holder.reveal().chars().any(char::is_control);
    if !fine || holder.reveal().trim().is_empty() {
        return refuse("payments.disbursement.holder");
    }
    Ok((own.account(), Destination::Bank { bank: known.id.clone(), account, holder: holder.clone() }))
}

fn to_hub(
    rails: &Rails,
    amount: Money,
    hub: &str,
    kind: &str,
    number: &Personal<String>,
) -> Result<(String, Destination), Fault> {
    let known = rails.hubs.find(hub).filter(|hub| hub.is_connected() && hub.reaches(kind));
    let known = known.ok_or_else(|| Fault::invalid("payments.disbursement.hub"))?;
    let number = known.number(&rails.wallets, kind, number.reveal());
    let number = number.ok_or_else(|| Fault::invalid("payments.disbursement.number"))?;
    if amount.currency() != known.most.currency() || amount.minor() > known.most.minor() {
        return Err(Fault::invalid("payments.disbursement.limits").with("most", known.most));
    }
    Ok((known.account(), Destination::Hub { hub: known.id.clone(), kind: kind.to_owned(), number }))
}

/// Holds the money of all, keeps what is new, and leaves it to the workers.
fn hand_over(cx: &mut Cx<'_>, rails: &Rails, ready: &[Ready]) -> Result<Vec<Handed>, Fault> {
    let mut accounts: BTreeMap<&str, AccountId> = BTreeMap::new();
    let mut holds = Vec::with_capacity(ready.len());
    for one in ready {
        let credit = match accounts.get(one.rail.as_str()) {
            Some(known) => *known,
            None => account_of(cx, &one.rail, one.new.amount.currency())?,
        };
        accounts.insert(&one.rail, credit);
        holds.push(hold(one, credit));
    }
    let booked = ledger::book(cx, &holds)?;
    let (now, mut fresh, mut answers) = (cx.now(), Vec::new(), Vec::with_capacity(ready.len()));
    for (one, booked) in ready.iter().zip(booked) {
        if booked == Booked::Before {
            same_as_before(cx, one)?;
            answers.push(Handed::Before);
        } else {
            fresh.push(made(one, now));
            answers.push(Handed::Now);
        }
    }
    keep(cx, rails, fresh)?;
    Ok(answers)
}

fn hold(one: &Ready, credit: AccountId) -> Transfer {
    let (debit, amount) = (one.new.from, one.new.amount);
    let id = ledger::TransferId::from_bytes(*one.new.id.as_bytes());
    Transfer { id, step: Step::Hold { debit, credit, amount, expires_at: None }, reference: one.new.id.to_string() }
}

fn made(one: &Ready, now: Timestamp) -> Disbursement {
    Disbursement {
        id: one.new.id,
        rail: one.rail.clone(),
        to: one.new.to.clone(),
        from: one.new.from,
        amount: one.new.amount,
        reference: one.new.reference.clone(),
        state: DisbursementState::Made,
        reason: None,
        rail_reference: None,
        file: None,
        made_at: now,
        ended_at: None,
    }
}

/// The ledger has seen that accounts and amount are the same; the destination must be too.
fn same_as_before(cx: &mut Cx<'_>, one: &Ready) -> Result<(), Fault> {
    let reused = || Fault::conflict("payments.disbursement.reused");
    let known = rows::find(cx.tx(), one.new.id)?.ok_or_else(reused)?;
    let place = |to: &Destination| match to {
        Destination::Wallet { wallet, number } => (wallet.clone(), number.reveal().clone()),
        Destination::Bank { bank, account, .. } => (bank.clone(), account.reveal().clone()),
        Destination::Hub { hub, kind, number } => (format!("{hub}:{kind}"), number.reveal().clone()),
    };
    let same = place(&known.to) == place(&one.new.to) && known.reference == one.new.reference;
    if same { Ok(()) } else { Err(reused()) }
}

fn keep(cx: &mut Cx<'_>, rails: &Rails, fresh: Vec<Disbursement>) -> Result<(), Fault> {
    let Some(first) = fresh.first() else { return Ok(()) };
    let total: i128 = fresh.iter().map(|it| i128::from(it.amount.minor())).sum();
    let act = Act::new("payments.disbursement.made").on(first.id).because("payment", "contract");
    cx.record(act.with("payments", fresh.len()).with("amount_minor", total.to_string()));
    let index = match fresh.iter().any(|it| matches!(it.to, Destination::Bank { .. })) {
        true => rails.screening.index(cx.tx())?,
        false => Arc::default(),
    };
    let is_listed = |it: &Disbursement| stops::is_listed(&rails.screening, &index, it);
    let (held, mut going): (Vec<_>, Vec<_>) = fresh.into_iter().partition(is_listed);
    banking::file::gather(cx, rails, &mut going)?;
    rows::insert_all(cx.tx(), &going)?;
    for one in going.iter().filter(|it| it.file.is_none()) {
        let kind = if matches!(one.to, Destination::Hub { .. }) { hubs::PUSH } else { PUSH };
        cx.enqueue(Job::new(kind, json!({ "disbursement": one.id })));
    }
    hold_back(cx, rails, &index, &held)
}

/// What waits until officers have looked: the money is held like any other's, and no rail hears of it.
fn hold_back(cx: &mut Cx<'_>, rails: &Rails, index: &Index, held: &[Disbursement]) -> Result<(), Fault> {
    rows::insert_all(cx.tx(), held)?;
    for one in held {
        rows::set(cx.tx(), one.id, one.state, Some(HELD), None, None)?;
        stops::holder(cx, &rails.screening, index, one)?;
    }
    Ok(())
}

fn held(cx: &mut Cx<'_>, id: DisbursementId) -> Result<Option<Disbursement>, Fault> {
    Ok(rows::find(cx.tx(), id)?.filter(Disbursement::is_held))
}

/// Officers have cleared a payment that was held back: it goes to its bank.
pub(crate) fn release(cx: &mut Cx<'_>, rails: &Rails, id: DisbursementId) -> Result<(), Fault> {
    let Some(mut known) = held(cx, id)? else { return Ok(()) };
    banking::file::gather(cx, rails, std::slice::from_mut(&mut known))?;
    rows::set_released(cx.tx(), id, known.file)?;
    cx.record(Act::new("payments.disbursement.released").on(id).because("payment", "contract"));
    Ok(())
}

/// Officers have confirmed: a payment that was held back will not be made, and the money is its payer's again.
pub(crate) fn stop(cx: &mut Cx<'_>, id: DisbursementId, reason: &str) -> Result<(), Fault> {
    let Some(known) = held(cx, id)? else { return Ok(()) };
    heard(cx, &known, &Heard::Failed { reason }).map(|_| ())
}
