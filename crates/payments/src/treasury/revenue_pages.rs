//! `/treasury/revenue`: by account less what went back, by service, by place, by channel, for any days; and all of it as CSV.
//!
//! **Invariant:** each table adds up to the sum above it; opening the page is an act.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Table, button, details, inset};
use edge::{Answers, Download, Markup, Query, Reply, Visit, html};
use journal::Key;
use serde::Deserialize;
use spine::{Date, Fault, Money};

use super::pages::day_asked;
use super::revenue::{Income, Place, Revenue, income, revenue, summed};
use super::{export, rail_name};
use crate::Gateway;
use crate::gateway::channel::CHANNELS;

/// So many lines of a table stand on the page; all of them are in the file.
const SHOWN: usize = 60;

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/treasury/revenue", get(page))
        .route("/treasury/revenue.csv", get(csv))
        .route("/treasury/income.csv", get(accounts_csv))
}

#[derive(Deserialize)]
struct Span {
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

fn span(gateway: &Gateway, asked: &Span) -> (Date, Date) {
    let to = day_asked(gateway, asked.to.as_deref());
    let from = asked.from.as_deref().and_then(|day| day.parse().ok()).unwrap_or_else(|| to.first_of_month());
    (from.min(to), to)
}

async fn read(gateway: &Gateway, visit: &Visit, (from, to): (Date, Date)) -> Reply<Vec<Revenue>> {
    visit.must_sign_in()?;
    let rails = gateway.rails().clone();
    Ok(gateway.acts().write(visit.caller(), &Key::none(), move |cx| revenue(cx, &rails, from, to)).await?)
}

/// The accounts of income, in the lane of readers: it is walked back from now.
async fn accounts(gateway: &Gateway, visit: &Visit, (from, to): (Date, Date)) -> Reply<Vec<Income>> {
    visit.must_sign_in()?;
    let rails = gateway.rails().clone();
    Ok(gateway.acts().read(visit.caller(), move |cx| income(cx, &rails, from, to)).await?)
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<Span>) -> Reply {
    let (from, to) = span(&gateway, &asked);
    let lines = read(&gateway, &visit, (from, to)).await?;
    let accounts = accounts(&gateway, &visit, (from, to)).await?;
    let answers = Answers::default().with("from", from.to_string()).with("to", to.to_string());
    let sheet = visit.sheet_with(answers, &[]);
    let download = format!("/treasury/revenue.csv?from={from}&to={to}");
    let by_account = if accounts.is_empty() {
        html! {}
    } else {
        html! {
            (incomes(&gateway, &visit, &accounts)?)
            p { (visit.t("treasury.revenue.account_says")) }
            p { a href=(format!("/treasury/income.csv?from={from}&to={to}")) { (visit.t("treasury.revenue.account_csv")) } }
        }
    };
    let shown = if lines.is_empty() {
        html! { p { (visit.t("treasury.revenue.none")) } }
    } else {
        html! {
            (tables(&gateway, &visit, &lines)?)
            p { (visit.t("treasury.revenue.says")) }
            p { a href=(download) { (visit.t("treasury.revenue.csv")) } }
        }
    };
    Ok(visit
        .page(visit.t("treasury.revenue.title"))
        .caption(format!("{} – {}", visit.date(from), visit.date(to)))
        .back("/treasury")
        .wide()
        .body(html! {
            (shown)
            (by_account)
            (details(&visit.t("treasury.revenue.other"), html! {
                form method="get" action="/treasury/revenue" {
                    (sheet.text("from", visit.t("treasury.revenue.from")).hint("2026-11-26").max_length(10))
                    (sheet.text("to", visit.t("treasury.revenue.to")).hint("2026-11-26").max_length(10))
                    (button(&visit.t("edge.search")))
                }
            }))
        })
        .into_response())
}

/// What people call the institution behind an account of income; the account itself if it is no institution's.
fn owner<'a>(gateway: &'a Gateway, visit: &'a Visit, account: &'a str) -> &'a str {
    gateway.institution(visit, account.strip_prefix("income:").unwrap_or(account))
}

/// Each account of income, as the ledger booked it.
fn incomes(gateway: &Gateway, visit: &Visit, accounts: &[Income]) -> Reply<Table> {
    let mut table = Table::new(visit.t("treasury.revenue.by_account"))
        .column(visit.t("treasury.revenue.owner"))
        .numbers(visit.t("treasury.revenue.came"))
        .numbers(visit.t("treasury.revenue.went"))
        .numbers(visit.t("treasury.revenue.net"));
    for one in accounts {
        let net = one.came.minus(one.went).map_err(|error| Fault::internal("payments.treasury.sum", error))?;
        table = table.row([
            html! { (owner(gateway, visit, &one.account)) },
            html! { (visit.money(one.came)) },
            html! { (visit.money(one.went)) },
            html! { (visit.money(net)) },
        ]);
    }
    Ok(table)
}

/// What people call a counter.
fn place_name(gateway: &Gateway, visit: &Visit, place: Option<&Place>) -> String {
    match place {
        None => visit.t("treasury.revenue.anywhere"),
        Some(Place { agent: Some((name, town)), .. }) => format!("{name}, {town}"),
        Some(Place { id, .. }) => gateway.institution(visit, id).to_owned(),
    }
}

fn channel_name(visit: &Visit, channel: &str) -> String {
    let known = CHANNELS.into_iter().find(|known| *known == channel).unwrap_or("unknown");
    visit.t(&format!("treasury.channel.{known}"))
}

fn tables(gateway: &Gateway, visit: &Visit, lines: &[Revenue]) -> Reply<Markup> {
    let totals = summed(lines, |_| ())?;
    let totals: Vec<String> = totals.into_values().map(|(_, sum)| visit.money(sum)).collect();
    let services = summed(lines, |it| (owner(gateway, visit, &it.account), visit.local(&it.service)))?;
    let services =
        services.into_iter().map(|(((owner, service), _), sum)| (vec![service.to_owned(), owner.to_owned()], sum));
    let places = summed(lines, |it| it.place.as_ref())?;
    let places = places.into_iter().map(|((place, _), sum)| (vec![place_name(gateway, visit, place)], sum));
    // Which counter it was stands among the places.
    let rail = |rail: &str| match rail.split_once(':') {
        Some(("cash", _)) => visit.t("treasury.rail.cash"),
        _ => rail_name(gateway.rails(), visit, rail),
    };
    let channels = summed(lines, |it| (it.channel.as_str(), rail(&it.rail)))?;
    let channels =
        channels.into_iter().map(|(((channel, rail), _), sum)| (vec![channel_name(visit, channel), rail], sum));
    Ok(html! {
        (inset(html! { strong { (visit.t("treasury.revenue.total")) " " (totals.join(", ")) } }))
        (table(visit, "treasury.revenue.by_service", &["payments.fact.for", "treasury.revenue.owner"], services))
        (table(visit, "treasury.revenue.by_place", &["treasury.revenue.place"], places))
        (table(visit, "treasury.revenue.by_channel", &["treasury.revenue.channel", "treasury.fact.rail"], channels))
    })
}

/// The largest sums first.
fn table(
    visit: &Visit,
    caption: &str,
    columns: &[&str],
    lines: impl Iterator<Item = (Vec<String>, (i64, Money))>,
) -> Markup {
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(_, (_, amount))| std::cmp::Reverse(amount.minor()));
    let mut table = Table::new(visit.t(caption));
    for column in columns {
        table = table.column(visit.t(column));
    }
    table = table.numbers(visit.t("treasury.fact.payments")).numbers(visit.t("payments.fact.amount"));
    let all = lines.len();
    for (names, (payments, amount)) in lines.into_iter().take(SHOWN) {
        let cells = names.into_iter().map(|name| html! { (name) });
        table = table.row(cells.chain([html! { (payments) }, html! { (visit.money(amount)) }]));
    }
    html! { (table) @if all > SHOWN { p.hint { (visit.t("treasury.revenue.more")) } } }
}

async fn csv(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<Span>) -> Reply {
    let (from, to) = span(&gateway, &asked);
    let lines = read(&gateway, &visit, (from, to)).await?;
    let bytes = export::revenue_csv(&lines, visit.language())?;
    Ok(Download::new(format!("revenue-{from}-{to}.csv"), "text/csv; charset=utf-8", bytes).into_response())
}

async fn accounts_csv(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<Span>) -> Reply {
    let (from, to) = span(&gateway, &asked);
    let bytes = export::income_csv(&accounts(&gateway, &visit, (from, to)).await?)?;
    Ok(Download::new(format!("income-{from}-{to}.csv"), "text/csv; charset=utf-8", bytes).into_response())
}
