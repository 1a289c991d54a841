//! What a fund has, what came in and what went out: for anybody by the year, and for its keepers.
//!
//! **Invariant:** the figures of a year are walked together from the fund's account in the ledger; what the walk cannot name counts as
//! other, so that beginning, in, out and end always agree. No payee is named.

use std::collections::BTreeMap;

use spine::{Act, Cx, Date, Fault, Money, Resource, Timestamp};

use super::kept;
use super::model::{Assessment, FundPayment, FundPaymentId, FundPaymentState, Project, ProjectId};
use super::pack::{Fund, Funds};
use super::spend::{payments, spent};
use crate::ledger::{self, Account, Did};
use crate::rails::payout::{Disbursement, DisbursementId, Rails};
use crate::rows::funds as rows;

/// So many movements of a year are added up.
const ENTRIES: usize = 20_000;
const STRIDE: u16 = 500;

/// Whom a movement is from, or what it is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// A contributor's id: a levy, or one that went back.
    From(String),
    /// A project: a payment, or one that came back.
    For(ProjectId),
    /// Neither.
    Other,
}

/// A movement on a fund's account.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was booked.
    pub at: Timestamp,
    /// What it came to: less than nothing if it went out.
    pub amount: Money,
    /// Whom from, or what for.
    pub side: Side,
}

/// A fund's year, as anybody may see it.
#[derive(Clone, Debug)]
pub struct FundYear {
    /// The year.
    pub year: i64,
    /// What was there when it began.
    pub opening: Money,
    /// What is there at its end, or now.
    pub closing: Money,
    /// What is promised now, and not paid.
    pub promised: Money,
    /// What came and went in it, by whom from and what for: less than nothing is what went out.
    pub sums: BTreeMap<Side, Money>,
    /// Its movements, the newest first.
    pub entries: Vec<Entry>,
    /// Every project of the fund.
    pub projects: Vec<Project>,
    /// Whether anything was booked before it.
    pub has_earlier: bool,
}

impl FundYear {
    /// What came in, or what went out, as more than nothing.
    #[must_use]
    pub fn total(&self, comes_in: bool) -> Money {
        let minor: i64 = self.sums.iter().map(|(side, sum)| of(side, sum.minor(), comes_in)).sum();
        Money::new(minor, self.opening.currency())
    }
}

/// What a sum counts on one side: levies in, projects out, and the rest by its sign.
fn of(side: &Side, minor: i64, comes_in: bool) -> i64 {
    match (side, comes_in) {
        (Side::From(_), true) => minor,
        (Side::For(_), false) => -minor,
        (Side::Other, true) => minor.max(0),
        (Side::Other, false) => (-minor).max(0),
        _ => 0,
    }
}

/// When a year begins and the next one does.
fn bounds(rails: &Rails, year: i64) -> Result<(Timestamp, Timestamp), Fault> {
    let first = |year: i64| {
        let day: Result<Date, _> = format!("{year:04}-01-01").parse();
        day.map_err(|_| Fault::invalid("payments.fund.year"))
    };
    Ok((rails.banks.bounds(first(year)?).0, rails.banks.bounds(first(year + 1)?).0))
}

/// A fund's year, for anybody.
///
/// # Errors
/// `payments.fund.{unknown,year}`; a refusal; the store's faults.
pub fn year(cx: &mut Cx<'_>, funds: &Funds, rails: &Rails, id: &str, year: i64) -> Result<FundYear, Fault> {
    let fund = funds.find(id).ok_or_else(|| Fault::not_found("payments.fund.unknown"))?;
    cx.may("payments.fund.view", &Resource::new("Fund", id))?;
    if !(2000..=9998).contains(&year) {
        return Err(Fault::invalid("payments.fund.year"));
    }
    let (begin, end) = bounds(rails, year)?;
    let nothing = Money::new(0, fund.currency);
    let projects = rows::projects(cx.tx(), id)?;
    let mut seen = FundYear {
        year,
        opening: nothing,
        closing: nothing,
        promised: nothing,
        sums: BTreeMap::new(),
        entries: Vec::new(),
        projects,
        has_earlier: false,
    };
    let Some(account) = ledger::called(cx, &fund.account)? else { return Ok(seen) };
    let posted = |account: &Account| Money::new(-account.held(), account.currency);
    seen.opening = posted(&ledger::balances_at(cx, account.id, begin.plus_seconds(-1))?);
    seen.closing = posted(&ledger::balances_at(cx, account.id, end.plus_seconds(-1))?);
    seen.promised = Money::new(account.debits_pending, account.currency);
    walk(cx, fund, &account, (begin, end), &mut seen)?;
    Ok(seen)
}

fn walk(
    cx: &mut Cx<'_>,
    fund: &Fund,
    account: &Account,
    (begin, end): (Timestamp, Timestamp),
    seen: &mut FundYear,
) -> Result<(), Fault> {
    let contributors: BTreeMap<String, String> = rows::contributors_by_bill(cx.tx(), &fund.id)?.into_iter().collect();
    let projects: BTreeMap<FundPaymentId, ProjectId> = rows::payments_of(cx.tx(), &fund.id)?.into_iter().collect();
    let side = |reference: &str| {
        let paid = reference.parse::<DisbursementId>().ok();
        let paid = paid.and_then(|id| projects.get(&FundPaymentId::from_bytes(*id.as_bytes())));
        match (contributors.get(reference), paid) {
            (Some(contributor), _) => Side::From(contributor.clone()),
            (None, Some(project)) => Side::For(*project),
            (None, None) => Side::Other,
        }
    };
    let mut from = None;
    loop {
        let lines = ledger::statement(cx, account.id, from, STRIDE)?;
        let Some(last) = lines.last().map(|line| line.before) else { return Ok(()) };
        for line in lines {
            if line.at < begin {
                seen.has_earlier = true;
                return Ok(());
            }
            if line.at >= end || line.did != Did::Posted {
                continue;
            }
            let amount = Money::new(if line.is_debit { -line.minor } else { line.minor }, account.currency);
            let side = side(&line.reference);
            let sum = seen.sums.entry(side.clone()).or_insert(Money::new(0, account.currency));
            *sum = sum.plus(amount).map_err(|error| Fault::internal("payments.fund.sum", error))?;
            seen.entries.push(Entry { at: line.at, amount, side });
        }
        if seen.entries.len() > ENTRIES {
            return Err(Fault::invalid("payments.fund.year"));
        }
        if last == 0 {
            return Ok(());
        }
        from = Some(last);
    }
}

/// A project as the fund's keepers see it.
#[derive(Clone, Debug)]
pub struct ProjectView {
    /// The project.
    pub project: Project,
    /// What is paid, on its way or asked for.
    pub spent: Money,
    /// Its payments, the newest first, each with what the bank made of it.
    pub payments: Vec<(FundPayment, Option<Disbursement>)>,
}

/// What a fund's keepers see.
#[derive(Clone, Debug)]
pub struct FundDesk {
    /// What is there and not promised.
    pub free: Money,
    /// What is promised.
    pub promised: Money,
    /// What was assessed, the latest first.
    pub assessments: Vec<Assessment>,
    /// Its projects, the latest first.
    pub projects: Vec<ProjectView>,
}

impl FundDesk {
    /// The payments that wait for another officer.
    pub fn waiting(&self) -> impl Iterator<Item = (&Project, &FundPayment)> {
        let all = self.projects.iter().flat_map(|it| it.payments.iter().map(|(payment, _)| (&it.project, payment)));
        all.filter(|(_, payment)| payment.state == FundPaymentState::Asked)
    }
}

/// A keeper opens a payment, and sees whose account it goes to.
///
/// # Errors
/// `payments.fund.unknown`; a refusal; the store's faults.
pub fn look(cx: &mut Cx<'_>, funds: &Funds, fund: &str, id: FundPaymentId) -> Result<(), Fault> {
    kept(cx, funds, fund, "payments.fund.desk")?;
    cx.record(Act::new("payments.fund.viewed").on(id).because("payment", "contract"));
    Ok(())
}

/// A fund, for its keepers.
///
/// # Errors
/// `payments.fund.unknown`; a refusal; the store's faults.
pub fn desk(cx: &mut Cx<'_>, funds: &Funds, id: &str) -> Result<FundDesk, Fault> {
    let fund = kept(cx, funds, id, "payments.fund.desk")?;
    let account = ledger::called(cx, &fund.account)?;
    let money = |minor| Money::new(minor, fund.currency);
    let mut projects = Vec::new();
    for project in rows::projects(cx.tx(), id)? {
        let payments = payments(cx, project.id)?;
        let spent = money(spent(&payments));
        projects.push(ProjectView { project, spent, payments });
    }
    Ok(FundDesk {
        free: money(account.as_ref().map_or(0, Account::available)),
        promised: money(account.as_ref().map_or(0, |account| account.debits_pending)),
        assessments: rows::assessments(cx.tx(), id)?,
        projects,
    })
}
