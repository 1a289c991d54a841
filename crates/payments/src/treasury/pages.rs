//! The treasury's desk: `/treasury`, suspense, and an account's day to take away.
//!
//! **Invariant:** opening a page is an act; pressing a button changes once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, button, tag};
use edge::{Answers, Download, Form, Markup, Path, Query, Reply, Sheet, Visit, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Date, FieldFault, Money, Personal};

use super::day_pages::{exceptions, state_tag};
use super::{Desk, Suspense, day_pages, desk, export, payout_pages, suspense};
use crate::gateway::arrive::{ArrivalId, ArrivalState};
use crate::gateway::model::{PaymentId, ReturnId};
use crate::rails::payout::{Destination, Rails};
use crate::sanctions::alarm;
use crate::{Gateway, apply, send_back, send_payment_back, send_return};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/treasury", get(page))
        .route("/treasury/suspense", get(waiting))
        .route("/treasury/suspense/{id}", get(one).post(act_on))
        .route("/treasury/account", get(account))
        .route("/treasury/exceptions/{id}/take", post(day_pages::take))
        .merge(day_pages::routes())
        .merge(payout_pages::routes())
        .merge(super::revenue_pages::routes())
        .merge(super::counter_pages::routes())
}

/// What people call a rail: a wallet's or bank's name, a card, a counter.
pub(crate) fn rail_name(rails: &Rails, visit: &Visit, rail: &str) -> String {
    let id = rail.strip_prefix("wallet:").unwrap_or(rail);
    if let Some(wallet) = rails.wallets.find(id) {
        return visit.local(&wallet.name).to_owned();
    }
    match rail.split_once(':') {
        Some(("bank", id)) => {
            rails.banks.find(id).map_or_else(|| id.to_owned(), |bank| visit.local(&bank.name).to_owned())
        }
        Some(("hub", id)) => rails.hubs.find(id).map_or_else(|| id.to_owned(), |hub| visit.local(&hub.name).to_owned()),
        Some(("cash", place)) => format!("{} {place}", visit.t("treasury.rail.cash")),
        Some(("acquirer", id)) => {
            rails.acquirers.find(id).map_or_else(|| id.to_owned(), |it| visit.local(&it.name).to_owned())
        }
        Some(("voucher", _)) => visit.t("treasury.rail.voucher"),
        Some(("exchange", _)) => visit.t("treasury.rail.abroad"),
        _ => rail.to_owned(),
    }
}

#[derive(Deserialize)]
pub(super) struct OfDay {
    #[serde(default)]
    pub(super) day: Option<String>,
}

/// The day asked for, or today.
pub(super) fn day_asked(gateway: &Gateway, asked: Option<&str>) -> Date {
    let today = gateway.rails().banks.day(gateway.acts().now());
    asked.and_then(|day| day.parse().ok()).unwrap_or(today)
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<OfDay>) -> Reply {
    visit.must_sign_in()?;
    let (day, rails) = (day_asked(&gateway, asked.day.as_deref()), gateway.rails().clone());
    let seen = gateway.acts().write(visit.caller(), &Key::none(), move |cx| desk(cx, &rails, day)).await?;
    let (before, after) = (day.yesterday().unwrap_or(day), day.tomorrow().unwrap_or(day));
    Ok(visit
        .page(visit.t("treasury.desk.title"))
        .caption(visit.date(day))
        .wide()
        .body(html! {
            (alarm(&gateway, &visit, &seen.stale_lists))
            (rails_of_day(&gateway, &visit, &seen, day))
            p {
                a href=(format!("/treasury?day={before}")) { (visit.t("treasury.desk.before")) } " · "
                a href=(format!("/treasury?day={after}")) { (visit.t("treasury.desk.after")) }
            }
            h2 { (visit.t("treasury.desk.exceptions")) }
            @if seen.exceptions.is_empty() { p { (visit.t("treasury.desk.no_exceptions")) } }
            @else { (exceptions(&gateway, &visit, &seen.exceptions)) }
            (ages(&visit, &seen))
            p { a href="/treasury/suspense" { (visit.t("treasury.suspense.title")) } " · "
                a href="/screening" { (visit.t("screening.desk.title")) } " · "
                a href="/treasury/payouts" { (visit.t("treasury.payouts.title")) } " · "
                a href="/treasury/revenue" { (visit.t("treasury.revenue.title")) } " · "
                a href="/treasury/counters" { (visit.t("treasury.counters.title")) } " · "
                a href="/payments" { (visit.t("payments.desk.title")) } }
        })
        .into_response())
}

fn rails_of_day(gateway: &Gateway, visit: &Visit, seen: &Desk, day: Date) -> Table {
    let mut table = Table::new(visit.t("treasury.desk.rails"))
        .column(visit.t("treasury.fact.rail"))
        .column(visit.t("treasury.fact.state"))
        .numbers(visit.t("treasury.fact.ledger"))
        .numbers(visit.t("treasury.fact.told"))
        .numbers(visit.t("treasury.fact.matched"))
        .numbers(visit.t("treasury.fact.exceptions"));
    for one in &seen.rails {
        let href = format!("/treasury/day/{}/{day}", one.rail);
        table = table.row([
            html! { a href=(href) { (rail_name(gateway.rails(), visit, &one.rail)) } },
            state_tag(visit, one),
            html! { @if one.runs > 0 { (visit.money(one.ledger)) } @else { "–" } },
            html! { @if one.runs > 0 { (visit.money(one.told)) } @else { "–" } },
            html! { (one.matched) },
            html! { (one.exceptions) },
        ]);
    }
    table
}

/// How long money has been in suspense.
fn ages(visit: &Visit, seen: &Desk) -> Markup {
    let keys = ["treasury.age.week", "treasury.age.month", "treasury.age.quarter", "treasury.age.older"];
    let mut table = Table::new(visit.t("treasury.desk.ages"))
        .column(visit.t("treasury.fact.age"))
        .numbers(visit.t("treasury.fact.payments"))
        .numbers(visit.t("payments.fact.amount"));
    for (key, sums) in keys.into_iter().zip(&seen.ages) {
        let many: i64 = sums.iter().map(|(many, _)| many).sum();
        let amounts: Vec<String> = sums.iter().map(|(_, sum)| visit.money(*sum)).collect();
        let amounts = if amounts.is_empty() { "–".to_owned() } else { amounts.join(", ") };
        table = table.row([html! { (visit.t(key)) }, html! { (many) }, html! { (amounts) }]);
    }
    html! { (table) }
}

async fn seen_suspense(gateway: &Gateway, visit: &Visit) -> Result<Suspense, edge::Refusal> {
    Ok(gateway.acts().write(visit.caller(), &Key::none(), suspense).await?)
}

/// A thing in suspense, whichever table it is of.
struct Waits {
    id: String,
    rail: String,
    reference: String,
    amount: Money,
    why: String,
    since: Option<spine::Timestamp>,
    /// It may still find its request.
    is_nameless: bool,
}

fn all_waiting(visit: &Visit, seen: Suspense) -> Vec<Waits> {
    let arrivals = seen.arrivals.into_iter().filter(|it| it.state == ArrivalState::Waiting).map(|it| Waits {
        id: it.id.to_string(),
        rail: it.rail,
        reference: it.reference,
        amount: it.amount,
        why: if it.said.is_empty() { visit.t("treasury.suspense.said_nothing") } else { it.said },
        since: Some(it.received_at),
        is_nameless: true,
    });
    let why = |reason: Option<&str>| visit.t(&format!("payments.why.{}", reason.unwrap_or("expired")));
    let payments = seen.payments.into_iter().map(|it| Waits {
        id: it.id.to_string(),
        why: why(it.reason.as_deref()),
        rail: it.wallet,
        reference: it.wallet_reference,
        amount: it.amount,
        since: Some(it.received_at),
        is_nameless: false,
    });
    let returns = seen.returns.into_iter().map(|it| Waits {
        id: it.id.to_string(),
        rail: it.wallet,
        reference: it.wallet_reference,
        amount: it.amount,
        why: visit.t("treasury.suspense.fee"),
        since: Some(it.made_at),
        is_nameless: false,
    });
    arrivals.chain(payments).chain(returns).collect()
}

async fn waiting(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let all = all_waiting(&visit, seen_suspense(&gateway, &visit).await?);
    let mut table = Table::new(visit.t("treasury.suspense.waits"))
        .column(visit.t("treasury.fact.rail"))
        .column(visit.t("treasury.fact.reference"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.desk.why"))
        .column(visit.t("payments.desk.received"));
    for one in &all {
        table = table.row([
            html! { (rail_name(gateway.rails(), &visit, &one.rail)) },
            html! { a href=(format!("/treasury/suspense/{}", one.id)) { (one.reference) } },
            html! { (visit.money(one.amount)) },
            html! { (one.why) },
            html! { (one.since.map(|at| visit.moment(at)).unwrap_or_default()) },
        ]);
    }
    Ok(visit
        .page(visit.t("treasury.suspense.title"))
        .back("/treasury")
        .wide()
        .body(html! {
            @if all.is_empty() { p { (visit.t("treasury.suspense.none")) } } @else { (table) }
        })
        .into_response())
}

async fn found(gateway: &Gateway, visit: &Visit, id: &str) -> Result<Waits, edge::Refusal> {
    let all = all_waiting(visit, seen_suspense(gateway, visit).await?);
    let one = all.into_iter().find(|one| one.id == id);
    one.ok_or_else(|| spine::Fault::not_found("payments.arrival.unknown").into())
}

async fn one(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let one = found(&gateway, &visit, &id).await?;
    Ok(choices(&gateway, &visit, &one, Answers::default(), &[]).into_response())
}

fn choices(gateway: &Gateway, visit: &Visit, one: &Waits, answers: Answers, faults: &[FieldFault]) -> edge::Page {
    let sheet = visit.sheet_with(answers, faults);
    let action = format!("/treasury/suspense/{}", one.id);
    let summary = Summary::new(visit)
        .row(visit.t("treasury.fact.rail"), rail_name(gateway.rails(), visit, &one.rail))
        .row(visit.t("treasury.fact.reference"), &one.reference)
        .row(visit.t("payments.fact.amount"), visit.money(one.amount))
        .row(visit.t("payments.desk.why"), &one.why);
    let apply = html! {
        (sheet.text("reference", visit.t("treasury.suspense.request")).hint(visit.t("treasury.suspense.request_hint")).optional().max_length(64))
        input type="hidden" name="do" value="apply";
        (button(&visit.t("treasury.suspense.apply")))
    };
    visit.page(visit.t("treasury.suspense.one")).back("/treasury/suspense").sheet(&sheet).body(html! {
        (summary)
        @if one.is_nameless { h2 { (visit.t("treasury.suspense.apply_title")) } (visit.form(&action, apply)) }
        h2 { (visit.t("treasury.suspense.back_title")) }
        (visit.form(&action, back_fields(gateway, visit, &sheet)))
    })
}

fn back_fields(gateway: &Gateway, visit: &Visit, sheet: &Sheet) -> Markup {
    let rails = gateway.rails();
    let banks = rails.banks.iter().map(|bank| Choice::new(format!("bank:{}", bank.id), visit.local(&bank.name)));
    let wallets = rails.wallets.iter().map(|it| Choice::new(format!("wallet:{}", it.id), visit.local(&it.name)));
    let hubs = rails.hubs.connected().flat_map(|hub| {
        let choice = |kind: &String| {
            let way =
                visit.t(if kind == "MSISDN" { "treasury.suspense.by_phone" } else { "treasury.suspense.by_account" });
            Choice::new(format!("hub:{}:{kind}", hub.id), format!("{}: {way}", visit.local(&hub.name)))
        };
        hub.reach().iter().map(choice)
    });
    html! {
        (sheet.select("to", visit.t("treasury.suspense.to"), wallets.chain(banks).chain(hubs).collect()))
        (sheet.text("number", visit.t("treasury.suspense.number")).max_length(34))
        (sheet.text("holder", visit.t("treasury.suspense.holder")).hint(visit.t("treasury.suspense.holder_hint")).optional().max_length(70))
        input type="hidden" name="do" value="back";
        (button(&visit.t("treasury.suspense.back")))
    }
}

fn destination(answers: &Answers) -> Destination {
    let (number, holder) = (Personal::new(answers.one("number").to_owned()), answers.one("holder").trim().to_owned());
    match answers.one("to").split_once(':') {
        Some(("bank", bank)) => {
            Destination::Bank { bank: bank.to_owned(), account: number, holder: Personal::new(holder) }
        }
        Some(("hub", rest)) => {
            let (hub, kind) = rest.split_once(':').unwrap_or((rest, ""));
            Destination::Hub { hub: hub.to_owned(), kind: kind.to_owned(), number }
        }
        other => Destination::Wallet { wallet: other.map_or("", |(_, wallet)| wallet).to_owned(), number },
    }
}

async fn act_on(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.suspense:{id}"), form.key.text(), form.key.request());
    let (answers, rails, of) = (form.answers.clone(), gateway.rails().clone(), id.clone());
    let done = gateway.acts().write(visit.caller(), &key, move |cx| {
        let to = destination(&answers);
        if let Ok(id) = of.parse::<ArrivalId>() {
            if answers.one("do") == "apply" {
                return apply(cx, id, answers.one("reference")).map(|_| ());
            }
            return send_back(cx, &rails, id, to).map(|_| ());
        }
        if let Ok(id) = of.parse::<PaymentId>() {
            return send_payment_back(cx, &rails, id, to).map(|_| ());
        }
        let id: ReturnId = of.parse().map_err(|_| spine::Fault::not_found("payments.return.unknown"))?;
        send_return(cx, &rails, id, to).map(|_| ())
    });
    let Err(fault) = done.await else { return Ok(see_other("/treasury/suspense")) };
    let field = match fault.code() {
        "payments.request.unknown" | "payments.request.over" | "payments.arrival.amount" => "reference",
        "payments.disbursement.number" | "payments.disbursement.account" => "number",
        "payments.disbursement.holder" => "holder",
        "payments.disbursement.wallet" | "payments.disbursement.bank" | "payments.disbursement.limits" => "to",
        _ => return Err(fault.into()),
    };
    let text = fault.text().clone();
    let one = found(&gateway, &visit, &id).await?;
    let faults = [FieldFault { field: field.to_owned(), text }];
    Ok(choices(&gateway, &visit, &one, form.answers, &faults).into_response())
}

#[derive(Deserialize)]
struct OfAccount {
    reference: String,
    #[serde(default)]
    day: Option<String>,
}

/// An account's day as camt.053, for the government's accounts.
async fn account(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<OfAccount>) -> Reply {
    visit.must_sign_in()?;
    let (day, rails) = (day_asked(&gateway, asked.day.as_deref()), gateway.rails().clone());
    let reference = asked.reference.clone();
    let look = move |cx: &mut spine::Cx<'_>| export::statement(cx, &rails, &reference, day);
    let bytes = gateway.acts().read(visit.caller(), look).await?;
    let name: String = asked.reference.chars().map(|it| if it == ':' { '-' } else { it }).collect();
    Ok(Download::new(format!("camt053-{name}-{day}.xml"), "application/xml", bytes).into_response())
}

/// A tag for yes or no.
pub(super) fn said(visit: &Visit, tone: Tone, key: &str) -> Markup {
    tag(tone, &visit.t(key))
}
