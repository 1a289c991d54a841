//! A fund in a demonstration: a levy is assessed and paid at the bank, another, for half a year, is owed; a project has one payment that waits for the
//! second officer.
//!
//! **Invariant:** it is assessed and asked for as it is in earnest, by an officer of whoever keeps the fund; once for a demonstration.

use std::time::Duration;

use journal::{Acts, Key};
use payments::Rails;
use payments::funds::{self, Funds, Licence, NewAssessment, NewFundPayment, NewProject, ProjectId};
use spine::{Caller, Currency, Cx, Date, Fault, Money};

use crate::acting::once;
use crate::granting::officer;
use crate::program::Program;

/// What each operator declared, in lisente, and the month its licence began in, where it was not licensed all year.
const DECLARED: [(i64, Option<i8>); 2] = [(1_250_000_000, None), (480_000_000, Some(7))];
/// The project, where it is, and its budget.
const PROJECT: (&str, &str, i64) = ("Mast at Ha Lejone (example)", "Ha Lejone", 9_000_000);
/// An account that the simulated bank knows.
const ACCOUNT: &str = "62000000001";
const HALF_MINOR: i64 = 4_500_000;
const TRIES: usize = 240;
const PAUSE: Duration = Duration::from_millis(500);

/// Assesses the levies; answers the bill that the first operator pays at the bank, and what it comes to.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn begin(program: &Program) -> Result<Option<(String, i64)>, Fault> {
    let (all, rails) = (program.gateway.funds().clone(), program.gateway.rails().clone());
    let Some(fund) = all.iter().next().cloned() else { return Ok(None) };
    let Some(levy) = fund.levies.first().cloned() else { return Ok(None) };
    let keeper = officer("fund-officer");
    let last = i64::from(rails.banks.day(program.acts.now()).year()) - 1;
    let mut first = None;
    for (who, (minor, month)) in fund.contributors.iter().zip(DECLARED) {
        let base = Money::new(minor, fund.currency);
        let from = month.and_then(|month| Date::new(i16::try_from(last).ok()?, month, 1).ok());
        let licence = Licence { from, until: None };
        let owed = licence.part_of(last).map_or(0, |part| levy.reckon(minor, part));
        let (levy, contributor) = (levy.id.clone(), who.id.clone());
        let new = NewAssessment { levy, contributor, year: last, base, licence };
        let (all, rails, id) = (all.clone(), rails.clone(), fund.id.clone());
        let assess = move |cx: &mut Cx<'_>| funds::assess(cx, &all, &rails, &id, &new);
        let number = once(program, &keeper, ("demo.fund.levy", &who.id), assess).await?;
        first = first.or(Some((number, owed)));
    }
    let (id, currency) = (fund.id.clone(), fund.currency);
    let of = all.clone();
    let plan = move |cx: &mut Cx<'_>| {
        let (name, place, budget) = PROJECT;
        let new = NewProject { name: name.to_owned(), place: place.to_owned(), budget: Money::new(budget, currency) };
        funds::plan(cx, &of, &id, &new)
    };
    let project = once(program, &keeper, ("demo.fund.project", "planned"), plan).await?;
    let acts = program.acts.clone();
    tokio::spawn(async move {
        if let Err(fault) = half(&acts, &keeper, (&all, &rails), project, currency).await {
            tracing::warn!(code = fault.code(), "nothing was asked of the demonstration's fund");
        }
    });
    Ok(first)
}

/// Half of the project is asked for as soon as the fund has so much.
async fn half(
    acts: &Acts,
    keeper: &Caller,
    (all, rails): (&Funds, &Rails),
    project: ProjectId,
    currency: Currency,
) -> Result<(), Fault> {
    for _ in 0..TRIES {
        let (all, rails, key) = (all.clone(), rails.clone(), Key::new("demo.fund.payment", "asked", b""));
        let ask = move |cx: &mut Cx<'_>| {
            let new = NewFundPayment {
                purpose: "First half of the mast".to_owned(),
                amount: Money::new(HALF_MINOR, currency),
                bank: rails.banks.iter().last().map(|bank| bank.id.clone()).unwrap_or_default(),
                number: ACCOUNT.to_owned(),
                holder: "Mast Builders (example)".to_owned(),
            };
            funds::ask(cx, &all, &rails, project, &new)
        };
        match acts.post(keeper, &key, ask).await {
            Err(fault) if fault.code() == "payments.fund.short" => tokio::time::sleep(PAUSE).await,
            done => return done.map(drop),
        }
    }
    Ok(())
}
