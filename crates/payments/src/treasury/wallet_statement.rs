//! A wallet's or an acquirer's day: what it says it took, gave back and paid out, fetched by a job and kept line by line.
//!
//! **Invariant:** fetched again, a line is kept once; the day is reconciled whenever it was fetched.

use axum::http::StatusCode;
use journal::{JobFault, RunningJob};
use serde::Deserialize;
use spine::{Act, Currency, Cx, Date, Fault, Money, Resource};

use super::reconcile::{currency_of, reconcile};
use crate::Gateway;
use crate::gateway::receive::gives_back;
use crate::ledger::{self, LARGEST_MINOR, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rails::banking::line::{COMMISSION, Did, RailLine, RailLineId, RailStatement, SETTLEMENT};
use crate::rails::payout::{DisbursementId, Rails};
use crate::rails::workers::PART;
use crate::rows::arrivals as rows;

/// The job that fetches it.
pub(crate) const FETCH: &str = "payments.wallet.statement";

/// At most so many lines of a day, and the largest answer.
const LINES: usize = 20_000;

/// A line as a wallet tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// What the wallet calls the movement.
    reference: String,
    /// `in` if it took the money for us, `out` if it gave it away.
    direction: Direction,
    amount_minor: i64,
    currency: Currency,
    /// The key under which we asked for it, if we did.
    #[serde(default)]
    id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    In,
    Out,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    lines: Vec<Told>,
}

fn day_in(job: &RunningJob) -> Result<(String, Date), JobFault> {
    let text = |name: &str| job.body.get(name).and_then(serde_json::Value::as_str);
    let day = text("day").and_then(|day| day.parse().ok());
    match (text("rail"), day) {
        (Some(rail), Some(day)) => Ok((rail.to_owned(), day)),
        _ => Err(JobFault::Dead("payments.job.malformed")),
    }
}

/// Reconciles a day, because a statement came or an officer asked.
pub(crate) async fn reconciles(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let ((rail, day), rails) = (day_in(&job)?, gateway.rails().clone());
    let key = job.key("reconciled");
    gateway.acts().write(&job.caller(PART), &key, move |cx| reconcile(cx, &rails, &rail, day).map(|_| ())).await?;
    Ok(())
}

/// Fetches a wallet's day: `GET {base}/statements/{from}/{to}`, in seconds, and reconciles it.
pub(crate) async fn fetch(gateway: Gateway, job: RunningJob) -> Result<(), JobFault> {
    let (rail, day) = day_in(&job)?;
    let by_name = rail.strip_prefix("wallet:").unwrap_or(&rail);
    if !gives_back(by_name) {
        return Err(JobFault::Dead("payments.treasury.rail"));
    }
    // Whose interface has no statements is weighed without: such a day waits for one.
    if gateway.wallets().find(by_name).is_some_and(|wallet| wallet.open_api().is_some()) {
        return reconciles(gateway, job).await;
    }
    let line = gateway.line_of(by_name)?;
    let rails = gateway.rails().clone();
    let (from, to) = rails.banks.bounds(day);
    let path = format!("/statements/{}/{}", from.as_seconds(), to.as_seconds());
    let answer = line.get(&path).await.map_err(|_| JobFault::Again("payments.wallet.unreachable"))?;
    let (StatusCode::OK, body) = answer else { return Err(JobFault::Again("payments.wallet.unavailable")) };
    let told: Statement = serde_json::from_slice(&body).map_err(|_| JobFault::Dead("payments.treasury.statement"))?;
    if told.lines.len() > LINES {
        return Err(JobFault::Dead("payments.treasury.statement"));
    }
    let key = job.key("fetched");
    let caller = job.caller(PART);
    gateway.acts().write(&caller, &key, move |cx| take(cx, &rails, &rail, day, &told.lines)).await?;
    Ok(())
}

/// Keeps a wallet's lines of a day, and reconciles it.
fn take(cx: &mut Cx<'_>, rails: &Rails, rail: &str, day: Date, lines: &[Told]) -> Result<(), Fault> {
    cx.may("payments.treasury.reconcile", &Resource::new("Treasury", rail))?;
    let currency = currency_of(rails, rail)?;
    let now = cx.now();
    for told in lines {
        let fits = (1..=LARGEST_MINOR).contains(&told.amount_minor) && told.currency == currency;
        let named = (1..=64).contains(&told.reference.len()) && told.reference.bytes().all(|it| it.is_ascii_graphic());
        if !fits || !named {
            return Err(Fault::invalid("payments.treasury.statement"));
        }
        if rows::line(cx.tx(), rail, &told.reference)?.is_some() {
            continue;
        }
        let ours = told.id.as_deref().and_then(|id| id.parse::<DisbursementId>().ok()).map(|id| id.to_string());
        let id: RailLineId = cx.id();
        let kept = keeps(cx, rails, rail, (id, told), lines)?;
        let ours = if kept { Some(id.to_string()) } else { ours };
        let line = RailLine {
            id,
            rail: rail.to_owned(),
            reference: told.reference.clone(),
            day,
            comes_in: told.direction == Direction::In,
            amount: Money::new(told.amount_minor, currency),
            did: if kept { Did::Payment } else { Did::Told },
            end_to_end: ours.clone(),
            ours,
            source: format!("{rail}:{day}"),
            heard_at: now,
        };
        rows::insert_line(cx.tx(), &line)?;
    }
    let statement = RailStatement {
        id: cx.id(),
        rail: rail.to_owned(),
        reference: day.to_string(),
        day,
        currency,
        opening_minor: None,
        closing_minor: None,
        lines: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        heard_at: now,
    };
    rows::insert_statement(cx.tx(), &statement)?;
    cx.record(Act::new("payments.treasury.fetched").on(rail).because("reconciliation", "contract"));
    reconcile(cx, rails, rail, day).map(|_| ())
}

/// Whether a line is what an acquirer may keep of a settlement in the same statement; then it is booked. A commission without
/// its settlement, or above what was agreed, is not: the day shows it.
fn keeps(
    cx: &mut Cx<'_>,
    rails: &Rails,
    rail: &str,
    (id, told): (RailLineId, &Told),
    all: &[Told],
) -> Result<bool, Fault> {
    let acquirer = rails.acquirers.iter().find(|it| it.account() == rail);
    let of = told.reference.strip_prefix(COMMISSION).filter(|_| told.direction == Direction::Out);
    let (Some(acquirer), Some(of)) = (acquirer, of) else { return Ok(false) };
    let settles = |it: &&Told| it.direction == Direction::Out && it.reference.strip_prefix(SETTLEMENT) == Some(of);
    let settled = all.iter().find(settles).map_or(0, |it| it.amount_minor);
    let whole = settled.saturating_add(told.amount_minor);
    if settled < 1 || told.amount_minor > acquirer.most_commission(whole) {
        return Ok(false);
    }
    let (debit, credit) =
        (account_of(cx, &acquirer.commission_account(), told.currency)?, account_of(cx, rail, told.currency)?);
    let step = Step::Move { debit, credit, amount: Money::new(told.amount_minor, told.currency) };
    let transfer = Transfer { id: TransferId::from_bytes(*id.as_bytes()), step, reference: id.to_string() };
    ledger::book(cx, &[transfer])?;
    Ok(true)
}
