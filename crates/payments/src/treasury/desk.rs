//! What the officers of the treasury see: each rail's day, what waits, what came in.
//!
//! **Invariant:** every look is an act; nobody's name is on these pages.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Money, Resource, Timestamp};

use super::reconcile::{currency_of, never};
use super::{Exception, Reconciliation};
use crate::gateway::arrive::Arrival;
use crate::gateway::model::{Payment, PaymentState, Return, ReturnState};
use crate::ledger;
use crate::rails::payout::Rails;
use crate::rows::{arrivals, disbursements, requests, returns, treasury as rows};
use crate::sanctions;

/// How many exceptions, and how much suspense, one page shows.
const PAGE: i64 = 100;

/// The ages of suspense, in days: up to a week, a month, a quarter, and older.
const AGES: [i64; 3] = [7, 30, 90];

/// The treasury's desk for one day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk {
    /// Each rail's day.
    pub rails: Vec<Reconciliation>,
    /// What nobody has explained, whichever day, oldest first.
    pub exceptions: Vec<Exception>,
    /// Suspense by age: up to 7, 30, 90 days, and older; how many and how much.
    pub ages: Vec<Vec<(i64, Money)>>,
    /// Lists of names that are missing or too old, by their ids in the pack.
    pub stale_lists: Vec<String>,
}

/// A rail's day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DayView {
    /// How it stands.
    pub reconciliation: Reconciliation,
    /// What does not agree, explained or not.
    pub exceptions: Vec<Exception>,
    /// What the ledger says the rail held for us when the day ended.
    pub held: Option<Money>,
    /// What the rail's last statement of the day says.
    pub stated: Option<Money>,
}

/// Money in suspense that an officer must look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Suspense {
    /// It names no request.
    pub arrivals: Vec<Arrival>,
    /// It named a request that it does not pay.
    pub payments: Vec<Payment>,
    /// Paid fees that go back by hand.
    pub returns: Vec<Return>,
}

pub(super) fn look(cx: &mut Cx<'_>, at: &str) -> Result<(), Fault> {
    cx.may("payments.treasury.view", &Resource::new("Treasury", at))?;
    cx.record(Act::new("payments.treasury.viewed").on(at).because("reconciliation", "contract"));
    Ok(())
}

/// The accounts of all rails that state their days.
fn all(rails: &Rails) -> Vec<String> {
    let bank = rails.banks.own().map(crate::OwnAccount::account);
    let (wallets, hubs) = (rails.wallets.iter().map(crate::Wallet::account), rails.hubs.connected());
    let acquirers = rails.acquirers.iter().map(crate::cards::Acquirer::account);
    bank.into_iter().chain(wallets).chain(acquirers).chain(hubs.map(crate::hubs::Hub::account)).collect()
}

/// The desk for a day. The look is an act, so it must run as a write.
///
/// # Errors
/// A refusal; the store's faults.
pub fn desk(cx: &mut Cx<'_>, rails: &Rails, of: Date) -> Result<Desk, Fault> {
    look(cx, "desk")?;
    let now = cx.now();
    let mut days = Vec::new();
    for rail in all(rails) {
        let currency = currency_of(rails, &rail)?;
        let known = rows::reconciliation(cx.tx(), &rail, of)?;
        days.push(known.unwrap_or_else(|| never(&rail, of, currency, now)));
    }
    let exceptions = rows::open_exceptions(cx.tx(), PAGE)?;
    let edges: Vec<Timestamp> = std::iter::once(now.plus_seconds(1))
        .chain(AGES.iter().map(|days| now.plus_seconds(-days * 86_400)))
        .chain([Timestamp::BEGINNING])
        .collect();
    let mut ages = Vec::new();
    for edge in edges.windows(2) {
        if let [to, from] = edge {
            ages.push(rows::suspended(cx.tx(), *from, *to)?);
        }
    }
    Ok(Desk { rails: days, exceptions, ages, stale_lists: sanctions::stale(cx, &rails.screening)? })
}

/// A rail's day. As [`desk`].
///
/// # Errors
/// `payments.treasury.rail`; as [`desk`].
pub fn day(cx: &mut Cx<'_>, rails: &Rails, rail: &str, of: Date) -> Result<DayView, Fault> {
    look(cx, rail)?;
    let currency = currency_of(rails, rail)?;
    let now = cx.now();
    let known = rows::reconciliation(cx.tx(), rail, of)?;
    let (_, end) = rails.banks.bounds(of);
    let held = match ledger::called(cx, rail)? {
        Some(account) => {
            let then = ledger::balances_at(cx, account.id, end.plus_seconds(-1))?;
            Some(Money::new(then.held(), currency))
        }
        None => None,
    };
    let stated = arrivals::statements(cx.tx(), rail, of)?.last().and_then(|statement| statement.closing_minor);
    Ok(DayView {
        reconciliation: known.unwrap_or_else(|| never(rail, of, currency, now)),
        exceptions: rows::exceptions_of(cx.tx(), rail, of)?,
        held,
        stated: stated.map(|minor| Money::new(minor, currency)),
    })
}

/// Everything in suspense that waits for an officer. As [`desk`].
///
/// # Errors
/// As [`desk`].
pub fn suspense(cx: &mut Cx<'_>) -> Result<Suspense, Fault> {
    look(cx, "suspense")?;
    let payments = requests::unapplied(cx.tx(), PAGE)?;
    let returns = returns::open(cx.tx(), PAGE)?;
    Ok(Suspense {
        arrivals: arrivals::open(cx.tx(), PAGE)?,
        payments: payments.into_iter().filter(|it| it.state == PaymentState::Review).collect(),
        returns: returns.into_iter().filter(|it| it.state == ReturnState::Review).collect(),
    })
}

/// How long a rail may take over a payment before an officer looks, in seconds.
const UNANSWERED_SECONDS: i64 = 86_400;

/// A payment that an officer must look at. Where it goes is not told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stuck {
    /// Its identifier.
    pub id: crate::DisbursementId,
    /// The rail.
    pub rail: String,
    /// What the payee sees.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Why, as a code; none while the rail has not answered.
    pub reason: Option<String>,
    /// Since when.
    pub made_at: Timestamp,
}

/// Payments out that a rail contradicts itself on, or has not answered for within a day. As [`desk`].
///
/// # Errors
/// As [`desk`].
pub fn stuck(cx: &mut Cx<'_>) -> Result<Vec<Stuck>, Fault> {
    look(cx, "payouts")?;
    let before = cx.now().plus_seconds(-UNANSWERED_SECONDS);
    let all = disbursements::stuck(cx.tx(), before, PAGE)?;
    let shown = all.into_iter().map(|it| Stuck {
        id: it.id,
        rail: it.rail,
        reference: it.reference,
        amount: it.amount,
        reason: it.reason.filter(|_| it.state == crate::DisbursementState::Review),
        made_at: it.made_at,
    });
    Ok(shown.collect())
}
