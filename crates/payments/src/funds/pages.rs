//! `/funds`: what came into a fund in a year and what went out, for everybody; all of it as CSV.
//!
//! **Invariant:** nobody signs in for it, and nobody is named on it but contributors of the pack and projects; what is an example is
//! said to be one.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Table, details};
use edge::{Bucket, Download, Markup, Path, Query, Reply, Visit, html};
use serde::Deserialize;
use spine::{Fault, Money};

use super::model::Project;
use super::pack::{Fund, Levy};
use super::sight::{Entry, FundYear, Side, year};
use crate::Gateway;
use crate::treasury::cell;

/// Each look walks a year of the ledger.
const LOOKS: Bucket = Bucket { name: "payments.fund.looks", burst: 60, seconds: 60 };
/// So many movements stand on the page; all are in the file.
const SHOWN: usize = 20;
/// So many projects stand on it that are planned, and were not paid for in its year.
const PLANNED: usize = 40;

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/funds", get(all))
        .route("/funds/{fund}", get(one))
        .route("/funds/{fund}/movements.csv", get(csv))
}

async fn all(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    let funds = gateway.funds().iter();
    Ok(visit
        .page(visit.t("payments.fund.all"))
        .body(html! {
            p { (visit.t("payments.fund.all_says")) }
            ul { @for fund in funds {
                li { a href=(format!("/funds/{}", fund.id)) { (visit.local(&fund.name)) } }
            } }
        })
        .into_response())
}

#[derive(Deserialize)]
struct OfYear {
    #[serde(default)]
    year: Option<i64>,
}

pub(super) fn this_year(gateway: &Gateway) -> i64 {
    i64::from(gateway.rails().banks.day(gateway.acts().now()).year())
}

async fn read(gateway: &Gateway, visit: &Visit, id: &str, asked: &OfYear) -> Reply<FundYear> {
    visit.limit(&LOOKS)?;
    let of = asked.year.unwrap_or_else(|| this_year(gateway));
    let (id, funds, rails) = (id.to_owned(), gateway.funds().clone(), gateway.rails().clone());
    Ok(gateway.acts().read(visit.caller(), move |cx| year(cx, &funds, &rails, &id, of)).await?)
}

pub(super) fn known<'a>(gateway: &'a Gateway, id: &str) -> Result<&'a Fund, Fault> {
    gateway.funds().find(id).ok_or_else(|| Fault::not_found("payments.fund.unknown"))
}

async fn one(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<OfYear>,
) -> Reply {
    let seen = read(&gateway, &visit, &id, &asked).await?;
    let fund = known(&gateway, &id)?;
    let now = this_year(&gateway);
    let href = |year: i64| format!("/funds/{id}?year={year}");
    Ok(visit
        .page(visit.local(&fund.name))
        .caption(seen.year.to_string())
        .body(html! {
            p { (visit.local(&fund.purpose)) }
            p { (visit.t("payments.fund.keeper")) " " (gateway.institution(&visit, &fund.keeper)) }
            @if visit.actor().institution.as_ref() == Some(&fund.keeper) {
                p { a href=(format!("/funds/{id}/desk")) { (visit.t("payments.fund.desk")) } }
            }
            (figures(&visit, &seen, seen.year == now))
            (came(&visit, fund, &seen))
            (went(&visit, &seen))
            p { (visit.t("payments.fund.from_ledger")) " "
                a href="/log/checkpoint" { (visit.t("portal.nav.log")) } }
            (rates(&gateway, &visit, fund))
            @if !seen.entries.is_empty() {
                (details(&visit.t("payments.fund.movements"), html! { (movements(&visit, fund, &seen)) }))
                p { a href=(format!("/funds/{id}/movements.csv?year={}", seen.year)) { (visit.t("payments.fund.csv")) } }
            }
            p {
                @if seen.has_earlier { a href=(href(seen.year - 1)) { (seen.year - 1) } " " }
                @if seen.year < now { a href=(href(seen.year + 1)) { (seen.year + 1) } }
            }
        })
        .into_response())
}

fn figures(visit: &Visit, seen: &FundYear, is_now: bool) -> Summary {
    let end = if is_now { "payments.fund.now" } else { "payments.fund.closing" };
    let facts = Summary::new(visit)
        .row(visit.t("payments.fund.opening"), visit.money(seen.opening))
        .row(visit.t("payments.fund.came"), visit.money(seen.total(true)))
        .row(visit.t("payments.fund.went"), visit.money(seen.total(false)))
        .row(visit.t(end), visit.money(seen.closing));
    if is_now && seen.promised.minor() > 0 {
        facts.row(visit.t("payments.fund.promised"), visit.money(seen.promised))
    } else {
        facts
    }
}

/// What people call whom a movement is from, or what it is for.
fn side_name(visit: &Visit, fund: &Fund, seen: &FundYear, side: &Side) -> String {
    match side {
        Side::From(id) => fund.contributor(id).map_or_else(|| id.clone(), |one| visit.local(&one.name).to_owned()),
        Side::For(id) => {
            let project = seen.projects.iter().find(|project| project.id == *id);
            project.map_or_else(|| id.to_string(), |project| format!("{}, {}", project.name, project.place))
        }
        Side::Other => visit.t("payments.fund.other"),
    }
}

fn came(visit: &Visit, fund: &Fund, seen: &FundYear) -> Markup {
    let comes_in = |(side, sum): &(&Side, &Money)| match side {
        Side::From(_) => true,
        Side::Other => sum.minor() > 0,
        Side::For(_) => false,
    };
    let lines: Vec<_> = seen.sums.iter().filter(comes_in).collect();
    let mut table = Table::new(visit.t("payments.fund.came"))
        .column(visit.t("payments.fund.contributor"))
        .numbers(visit.t("payments.fact.amount"));
    for (side, sum) in &lines {
        table = table.row([html! { (side_name(visit, fund, seen, side)) }, html! { (visit.money(**sum)) }]);
    }
    html! { @if lines.is_empty() { p { (visit.t("payments.fund.nothing_came")) } } @else { (table) } }
}

/// Each project that was paid for in this year, and then what else is planned.
fn went(visit: &Visit, seen: &FundYear) -> Markup {
    let mut table = Table::new(visit.t("payments.fund.went"))
        .column(visit.t("payments.fund.project"))
        .column(visit.t("payments.fund.place"))
        .numbers(visit.t("payments.fund.budget"))
        .numbers(visit.t("payments.fund.paid"));
    let sum = |project: &Project| seen.sums.get(&Side::For(project.id)).map_or(0, |sum| -sum.minor());
    let (paid, planned): (Vec<&Project>, Vec<&Project>) = seen.projects.iter().partition(|it| sum(it) != 0);
    for project in paid.into_iter().chain(planned.into_iter().take(PLANNED)) {
        table = table.row([
            html! { (project.name) },
            html! { (project.place) },
            html! { (visit.money(project.budget)) },
            html! { (visit.money(Money::new(sum(project), project.budget.currency()))) },
        ]);
    }
    let other = seen.sums.get(&Side::Other).filter(|sum| sum.minor() < 0);
    html! {
        @if seen.projects.is_empty() { p { (visit.t("payments.fund.no_projects")) } } @else { (table) }
        @if let Some(sum) = other { p { (visit.t("payments.fund.other")) ": " (visit.money(*sum)) } }
    }
}

/// A levy's rate, as people read it.
pub(super) fn rate(levy: &Levy) -> String {
    format!("{} %", levy.percent())
}

fn rates(gateway: &Gateway, visit: &Visit, fund: &Fund) -> Markup {
    let mut table = Table::new(visit.t("payments.fund.levies"))
        .column(visit.t("payments.fund.levy"))
        .column(visit.t("payments.fund.of"))
        .numbers(visit.t("payments.fund.rate"));
    for levy in &fund.levies {
        let (name, of) = (visit.local(&levy.name), visit.local(&levy.of));
        let of = html! {
            (of)
            @if levy.part_year.is_some() { br; span.hint { (visit.t("payments.fund.by_days")) } }
        };
        table = table.row([html! { (name) }, of, html! { (rate(levy)) }]);
    }
    html! {
        (table)
        @if gateway.funds().illustrative() { p.hint { (visit.t("payments.fund.illustrative")) } }
    }
}

fn movements(visit: &Visit, fund: &Fund, seen: &FundYear) -> Table {
    let mut table = Table::new(visit.t("payments.fund.movements"))
        .column(visit.t("payments.fund.when"))
        .column(visit.t("payments.fact.for"))
        .numbers(visit.t("payments.fact.amount"));
    for Entry { at, amount, side } in seen.entries.iter().take(SHOWN) {
        table = table.row([
            html! { (visit.moment(*at)) },
            html! { (side_name(visit, fund, seen, side)) },
            html! { (visit.money(*amount)) },
        ]);
    }
    table
}

async fn csv(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<OfYear>,
) -> Reply {
    let seen = read(&gateway, &visit, &id, &asked).await?;
    let fund = known(&gateway, &id)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Fault::internal("payments.fund.unwritable", error);
    writer.write_record(["booked_at", "side", "name", "amount", "currency"]).map_err(broken)?;
    for Entry { at, amount, side } in seen.entries.iter().rev() {
        let kind = match side {
            Side::From(_) => "levy",
            Side::For(_) => "project",
            Side::Other => "other",
        };
        let name = cell(&side_name(&visit, fund, &seen, side));
        let record = [at.to_string(), kind.to_owned(), name, amount.digits(), amount.currency().to_string()];
        writer.write_record(record).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|error| Fault::internal("payments.fund.unwritable", error.to_string()))?;
    Ok(Download::new(format!("{id}-{}.csv", seen.year), "text/csv; charset=utf-8", bytes).into_response())
}
