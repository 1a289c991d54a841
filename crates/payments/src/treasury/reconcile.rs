//! A rail's day against the ledger: which movements both have, and which only one.
//!
//! **Invariant:** the outcome depends on the ledger's and the rail's lines alone, not on when or how often this runs. A
//! movement is matched by our own identifier, whichever day the other side has it on.

use std::collections::BTreeMap;

use serde_json::json;
use spine::{Act, Currency, Cx, Date, Fault, Job, Money, Resource};

use super::{
    DayState, Exception, ExceptionId, ExceptionKind, ExceptionState, Reconciliation, nothing, wallet_statement,
};
use crate::disputes::{DisputeId, DisputeState};
use crate::gateway::model::{PaymentId, PaymentState, ReturnId, ReturnState};
use crate::ledger::{self, Did as LedgerDid};
use crate::rails::banking::line::{Did, RailLine, SETTLEMENT};
use crate::rails::cards::acquirers;
use crate::rails::payout::{DisbursementId, DisbursementState, Rails};
use crate::rows::{arrivals, disbursements, disputes, requests, returns, treasury as rows};

/// The job that does it once more, when a statement came.
pub(crate) const RECONCILE: &str = "payments.treasury.reconcile";

/// At most so many movements of a day.
const MOVEMENTS: usize = 200_000;

/// A movement: our identifier and its direction.
type Movement = (String, bool);

/// Asks for a rail's day to be reconciled once more: a wallet is asked for its statement first.
///
/// # Errors
/// `payments.treasury.rail`; a refusal; the store's faults.
pub fn reconcile_again(cx: &mut Cx<'_>, rails: &Rails, rail: &str, day: Date) -> Result<(), Fault> {
    cx.may("payments.treasury.reconcile", &Resource::new("Treasury", rail))?;
    currency_of(rails, rail)?;
    let states = rail.starts_with("wallet:") || rail.starts_with(acquirers::PREFIX);
    let kind = if states { wallet_statement::FETCH } else { RECONCILE };
    cx.enqueue(Job::new(kind, json!({ "rail": rail, "day": day.to_string() })));
    cx.record(Act::new("payments.treasury.asked").on(rail).because("reconciliation", "contract"));
    Ok(())
}

/// Leaves it to a worker: a statement came that tells of this day.
pub(crate) fn later(cx: &mut Cx<'_>, rail: &str, day: Date) {
    cx.enqueue(Job::new(RECONCILE, json!({ "rail": rail, "day": day.to_string() })));
}

/// Holds a rail's day against the ledger.
///
/// # Errors
/// `payments.treasury.{rail,day}`; a refusal; the store's faults.
pub fn reconcile(cx: &mut Cx<'_>, rails: &Rails, rail: &str, day: Date) -> Result<Reconciliation, Fault> {
    cx.may("payments.treasury.reconcile", &Resource::new("Treasury", rail))?;
    let currency = currency_of(rails, rail)?;
    let lines = arrivals::lines(cx.tx(), rail, day)?;
    let is_stated = !arrivals::statements(cx.tx(), rail, day)?.is_empty();
    let ours = booked_on(cx, rails, rail, day)?;
    let told: i64 = lines.iter().map(|line| signed(line.comes_in, line.amount.minor())).sum();
    let sum: i64 = ours.iter().map(|((_, comes_in), minor)| signed(*comes_in, *minor)).sum();
    let mut weighing = Weighing { rail, day, currency, matched: 0, elsewhere: 0, found: Vec::new() };
    weighing.weigh(cx, ours, &lines, is_stated)?;
    let open = weighing.keep(cx)?;
    let state = match (is_stated, open) {
        (_, 1..) => DayState::Differs,
        (true, _) => DayState::Agrees,
        (false, _) => DayState::Waiting,
    };
    let before = rows::reconciliation(cx.tx(), rail, day)?;
    let done = Reconciliation {
        rail: rail.to_owned(),
        day,
        state,
        ledger: Money::new(sum, currency),
        told: Money::new(told, currency),
        matched: weighing.matched,
        elsewhere: weighing.elsewhere,
        exceptions: open,
        runs: before.map_or(0, |before| before.runs) + 1,
        run_at: cx.now(),
    };
    rows::put(cx.tx(), &done)?;
    let act = Act::new("payments.treasury.reconciled").on(rail).because("reconciliation", "contract");
    cx.record(act.with("day", day.to_string()).with("matched", done.matched).with("exceptions", open));
    Ok(done)
}

const fn signed(comes_in: bool, minor: i64) -> i64 {
    if comes_in { minor } else { minor.saturating_neg() }
}

pub(super) fn currency_of(rails: &Rails, rail: &str) -> Result<Currency, Fault> {
    let wallet = rail.strip_prefix("wallet:").and_then(|id| rails.wallets.find(id)).map(|wallet| wallet.currency);
    let bank = rails.banks.own().filter(|own| own.account() == rail).map(|own| own.currency);
    let hub = rail.strip_prefix("hub:").and_then(|id| rails.hubs.find(id)).map(|hub| hub.most.currency());
    let acquirer = rails.acquirers.iter().find(|it| it.account() == rail).map(|acquirer| acquirer.currency);
    wallet.or(bank).or(hub).or(acquirer).ok_or_else(|| Fault::not_found("payments.treasury.rail"))
}

/// What the ledger booked on the rail's account on a day, by movement.
fn booked_on(cx: &mut Cx<'_>, rails: &Rails, rail: &str, day: Date) -> Result<BTreeMap<Movement, i64>, Fault> {
    let mut moved: BTreeMap<Movement, i64> = BTreeMap::new();
    let Some(account) = ledger::called(cx, rail)? else { return Ok(moved) };
    let mut from = None;
    let mut seen = 0_usize;
    loop {
        let lines = ledger::statement(cx, account.id, from, 500)?;
        let Some(last) = lines.last().map(|line| line.before) else { return Ok(moved) };
        for line in lines {
            let of = rails.banks.day(line.at);
            if of < day {
                return Ok(moved);
            }
            seen += 1;
            if of == day && line.did == LedgerDid::Posted {
                *moved.entry((line.reference, line.is_debit)).or_default() += line.minor;
            }
        }
        if seen > MOVEMENTS {
            return Err(Fault::invalid("payments.treasury.day"));
        }
        if last == 0 {
            return Ok(moved);
        }
        from = Some(last);
    }
}

struct Found {
    kind: ExceptionKind,
    subject: String,
    comes_in: bool,
    ledger: i64,
    told: i64,
}

/// One weighing of a day.
struct Weighing<'a> {
    rail: &'a str,
    day: Date,
    currency: Currency,
    matched: i64,
    elsewhere: i64,
    found: Vec<Found>,
}

impl Weighing<'_> {
    fn weigh(
        &mut self,
        cx: &mut Cx<'_>,
        ours: BTreeMap<Movement, i64>,
        lines: &[RailLine],
        is_stated: bool,
    ) -> Result<(), Fault> {
        let mut theirs: BTreeMap<Movement, i64> = BTreeMap::new();
        for line in lines {
            match ours_of(cx, line)? {
                Some(key) => *theirs.entry((key, line.comes_in)).or_default() += line.amount.minor(),
                None => self.differ(ExceptionKind::NotBooked, (&line.reference, line.comes_in), 0, line.amount.minor()),
            }
        }
        for ((key, comes_in), minor) in ours {
            let here = theirs.remove(&(key.clone(), comes_in));
            let there = match here {
                Some(told) => Some(told),
                None => stated_elsewhere(cx, self.rail, &key, comes_in)?,
            };
            match there {
                Some(told) if told == minor => {
                    self.matched += 1;
                    self.elsewhere += i64::from(here.is_none());
                }
                Some(told) => self.differ(ExceptionKind::Amount, (&key, comes_in), minor, told),
                None if is_stated => self.differ(ExceptionKind::NotStated, (&key, comes_in), minor, 0),
                None => {}
            }
        }
        for ((key, comes_in), told) in theirs {
            match booked_elsewhere(cx, &key, comes_in)? {
                Some(minor) if minor == told => {
                    self.matched += 1;
                    self.elsewhere += 1;
                }
                Some(minor) => self.differ(ExceptionKind::Amount, (&key, comes_in), minor, told),
                None => self.differ(ExceptionKind::NotBooked, (&key, comes_in), 0, told),
            }
        }
        Ok(())
    }

    fn differ(&mut self, kind: ExceptionKind, (subject, comes_in): (&str, bool), ledger: i64, told: i64) {
        self.found.push(Found { kind, subject: subject.to_owned(), comes_in, ledger, told });
    }

    /// Keeps what was found, and clears what is not found any more. Answers how many nobody has explained.
    fn keep(&self, cx: &mut Cx<'_>) -> Result<i64, Fault> {
        let (now, mut open) = (cx.now(), 0);
        let known = rows::exceptions_of(cx.tx(), self.rail, self.day)?;
        for found in &self.found {
            let same = known.iter().find(|it| it.subject == found.subject && it.comes_in == found.comes_in);
            let is_same = |it: &Exception| {
                it.kind == found.kind && it.ledger.minor() == found.ledger && it.told.minor() == found.told
            };
            match same {
                Some(it) if is_same(it) && it.state != ExceptionState::Cleared => {
                    open += i64::from(it.state == ExceptionState::Open);
                    continue;
                }
                _ => open += 1,
            }
            let id: ExceptionId = same.map_or_else(|| cx.id(), |it| it.id);
            let exception = Exception {
                id,
                rail: self.rail.to_owned(),
                day: self.day,
                kind: found.kind,
                subject: found.subject.clone(),
                comes_in: found.comes_in,
                ledger: Money::new(found.ledger, self.currency),
                told: Money::new(found.told, self.currency),
                state: ExceptionState::Open,
                owner: same.and_then(|it| it.owner.clone()),
                reason: None,
                note: None,
                found_at: now,
            };
            rows::put_exception(cx.tx(), &exception)?;
        }
        for it in known.iter().filter(|it| it.state != ExceptionState::Cleared) {
            let still = |found: &Found| found.subject == it.subject && found.comes_in == it.comes_in;
            if !self.found.iter().any(still) {
                rows::clear(cx.tx(), it.id, now)?;
            }
        }
        Ok(open)
    }
}

/// Our identifier of what a rail's line tells of, if we know of it.
fn ours_of(cx: &mut Cx<'_>, line: &RailLine) -> Result<Option<String>, Fault> {
    if line.did == Did::Settlement {
        return Ok(Some(line.id.to_string()));
    }
    if matches!(line.did, Did::Payment | Did::Return) {
        return Ok(line.ours.clone());
    }
    if line.comes_in {
        if let Some(arrival) = arrivals::called(cx.tx(), &line.rail, &line.reference)? {
            return Ok(Some(arrival.id.to_string()));
        }
        let rail = line.rail.strip_prefix("wallet:").unwrap_or(&line.rail);
        let payment = requests::payment_called(cx.tx(), rail, &line.reference)?;
        return Ok(payment.map(|payment| payment.id.to_string()));
    }
    if line.reference.starts_with(SETTLEMENT) {
        return Ok(arrivals::line_to(cx.tx(), &line.reference)?.map(|line| line.id.to_string()));
    }
    if let Some(id) = requests::refunded_as(cx.tx(), &line.reference)? {
        return Ok(Some(id.to_string()));
    }
    if let Some(id) = returns::called(cx.tx(), &line.reference)? {
        return Ok(Some(id.to_string()));
    }
    if let Some(id) = disputes::called(cx.tx(), &line.reference)? {
        return Ok(Some(id.to_string()));
    }
    Ok(line.ours.clone())
}

/// What the rail stated of a movement on another day.
fn stated_elsewhere(cx: &mut Cx<'_>, rail: &str, key: &str, comes_in: bool) -> Result<Option<i64>, Fault> {
    let reference = match key.parse::<PaymentId>() {
        Ok(id) => match requests::payment(cx.tx(), id)? {
            Some(payment) if comes_in => Some(payment.wallet_reference),
            Some(_) => requests::refund_reference(cx.tx(), id)?,
            None => None,
        },
        Err(_) => match key.parse() {
            Ok(id) => arrivals::find(cx.tx(), id)?.map(|arrival| arrival.reference),
            Err(_) => match key.parse::<ReturnId>() {
                Ok(id) => returns::reference(cx.tx(), id)?,
                Err(_) => match key.parse::<DisputeId>() {
                    Ok(id) => disputes::find(cx.tx(), id)?.and_then(|dispute| dispute.rail_reference),
                    Err(_) => None,
                },
            },
        },
    };
    let line = match reference {
        Some(reference) => arrivals::line(cx.tx(), rail, &reference)?,
        None => arrivals::line_about(cx.tx(), rail, key, comes_in)?,
    };
    Ok(line.filter(|line| line.comes_in == comes_in).map(|line| line.amount.minor()))
}

/// What the ledger booked of a movement on another day.
fn booked_elsewhere(cx: &mut Cx<'_>, key: &str, comes_in: bool) -> Result<Option<i64>, Fault> {
    if let Ok(id) = key.parse::<PaymentId>() {
        let payment = requests::payment(cx.tx(), id)?;
        let is_booked = |state| comes_in || state == PaymentState::Refunded;
        return Ok(payment.filter(|it| is_booked(it.state)).map(|it| it.amount.minor()));
    }
    if let Ok(id) = key.parse::<ReturnId>() {
        let back = returns::find(cx.tx(), id)?;
        return Ok(back.filter(|it| it.state == ReturnState::Done).map(|it| it.amount.minor()));
    }
    if let Ok(id) = key.parse::<DisputeId>() {
        let Some(dispute) = disputes::find(cx.tx(), id)? else { return Ok(None) };
        let paid = requests::request(cx.tx(), dispute.request)?;
        return Ok(paid.filter(|_| dispute.state == DisputeState::Upheld).map(|it| it.amount.minor()));
    }
    if let Ok(id) = key.parse::<DisbursementId>() {
        let paid = disbursements::find(cx.tx(), id)?;
        let is_booked = |state| match state {
            DisbursementState::Paid => !comes_in,
            DisbursementState::Returned => true,
            _ => false,
        };
        return Ok(paid.filter(|it| is_booked(it.state)).map(|it| it.amount.minor()));
    }
    if let Ok(id) = key.parse() {
        return Ok(arrivals::find(cx.tx(), id)?.map(|it| it.amount.minor()));
    }
    // A settlement: the bank's line itself was booked.
    match key.parse() {
        Ok(id) => Ok(arrivals::line_of(cx.tx(), id)?.map(|line| line.amount.minor())),
        Err(_) => Ok(None),
    }
}

/// Nothing yet, for a day that was never reconciled.
pub(super) fn never(rail: &str, day: Date, currency: Currency, at: spine::Timestamp) -> Reconciliation {
    Reconciliation {
        rail: rail.to_owned(),
        day,
        state: DayState::Waiting,
        ledger: nothing(currency),
        told: nothing(currency),
        matched: 0,
        elsewhere: 0,
        exceptions: 0,
        runs: 0,
        run_at: at,
    }
}
