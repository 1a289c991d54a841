//! What was paid to the government's accounts of income: by service, by place and by channel.
//!
//! **Invariant:** each line is what the ledger booked on the account of whoever it was for, a bill's on each of its beneficiaries'; so
//! the three ways of adding up come to one sum. What went back stands with the accounts, as the ledger has it. Next: `revenue_pages.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spine::{Cx, Date, Fault, Localised, Money, Resource};

use super::desk::look;
use crate::ledger;
use crate::rails::payout::Rails;
use crate::rows::{agents, treasury as rows};

/// So many lines are added up at once.
const LINES: usize = 5_000;

/// What was paid for one thing, at one place, by one rail and channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revenue {
    /// The account it went to: `income:home-affairs`.
    pub account: String,
    /// What it was for.
    pub service: Localised,
    /// The rail: a wallet's id, or another rail's account; a counter's says which place.
    pub rail: String,
    /// How whoever paid came to pay: `web`, `ussd`, `counter`, `device`, `bank`, `hub`, `abroad`, `program`, `unknown`.
    pub channel: String,
    /// The counter where cash was taken; none for what was paid from wherever the payer was.
    pub place: Option<Place>,
    /// How many payments.
    pub payments: i64,
    /// How much.
    pub amount: Money,
}

/// A counter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Place {
    /// What the counter is called: an institution's id, or an agent's place.
    pub id: String,
    /// An agent's name and town.
    pub agent: Option<(String, String)>,
}

/// What was paid from one day to another, both included. The look is an act, so it must run as a write.
///
/// # Errors
/// `payments.treasury.span` if there is more than can be added up at once; a refusal; the store's faults.
pub fn revenue(cx: &mut Cx<'_>, rails: &Rails, from: Date, to: Date) -> Result<Vec<Revenue>, Fault> {
    look(cx, "revenue")?;
    let ((from, _), (_, to)) = (rails.banks.bounds(from), rails.banks.bounds(to));
    let limit = i64::try_from(LINES + 1).unwrap_or(i64::MAX);
    let mut lines = rows::revenue(cx.tx(), from, to, limit)?;
    if lines.len() > LINES {
        return Err(Fault::invalid("payments.treasury.span"));
    }
    let agents: BTreeMap<String, (String, String)> =
        agents::towns(cx.tx())?.into_iter().map(|(place, name, town)| (place, (name, town))).collect();
    for line in &mut lines {
        line.place = counter(&line.rail).map(|id| Place { agent: agents.get(&id).cloned(), id });
    }
    Ok(lines)
}

/// What the ledger booked on an account of income.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Income {
    /// The account: `income:home-affairs`.
    pub account: String,
    /// What came onto it.
    pub came: Money,
    /// What left it again: what was given back, and charges that its institution bears.
    pub went: Money,
}

/// What the ledger booked on each account of income from one day to another, both included. For a page that has recorded its look.
///
/// # Errors
/// A refusal; the store's faults.
pub fn income(cx: &mut Cx<'_>, rails: &Rails, from: Date, to: Date) -> Result<Vec<Income>, Fault> {
    cx.may("payments.treasury.view", &Resource::new("Treasury", "income"))?;
    let ((begin, _), (_, end)) = (rails.banks.bounds(from), rails.banks.bounds(to));
    let mut all = Vec::new();
    for reference in rows::incomes(cx.tx())? {
        let Some(account) = ledger::called(cx, &reference)? else { continue };
        let before = ledger::balances_at(cx, account.id, begin.plus_seconds(-1))?;
        let after = ledger::balances_at(cx, account.id, end.plus_seconds(-1))?;
        let (came, went) = (after.credits_posted - before.credits_posted, after.debits_posted - before.debits_posted);
        if came != 0 || went != 0 {
            let money = |minor| Money::new(minor, account.currency);
            all.push(Income { account: reference, came: money(came), went: money(went) });
        }
    }
    Ok(all)
}

/// The counter of a rail that is one; what a counter's device takes is taken at the counter's place.
fn counter(rail: &str) -> Option<String> {
    let place = rail.strip_prefix("cash:")?;
    Some(place.split('/').next().unwrap_or(place).to_owned())
}

/// Payments and amounts by what they are added up by, and by currency.
pub(super) type Sums<K> = BTreeMap<(K, String), (i64, Money)>;

/// Adds lines up by what `key` says of them: how many payments and how much, of one currency each.
pub(super) fn summed<'a, K: Ord>(lines: &'a [Revenue], key: impl Fn(&'a Revenue) -> K) -> Result<Sums<K>, Fault> {
    let mut sums = Sums::new();
    for line in lines {
        let currency = line.amount.currency();
        let sum = sums.entry((key(line), currency.to_string())).or_insert((0, Money::new(0, currency)));
        let amount = sum.1.plus(line.amount).map_err(|error| Fault::internal("payments.treasury.sum", error))?;
        *sum = (sum.0 + line.payments, amount);
    }
    Ok(sums)
}
