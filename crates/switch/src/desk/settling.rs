//! `/switch/windows/{id}` and `/switch/settlements/{id}`: what went from whom to whom, and what each owed in the end.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Table, Tone, tag};
use edge::{Download, Markup, Path, Reply, Visit, html};
use spine::{Currency, Cx, Fault, Money};

use super::files::{self, Wanted};
use super::pages::settled_tag;
use super::view::{Settling, settling, window};
use crate::Switch;
use crate::settlement::{Net, Told};

pub(super) fn routes() -> Router<Switch> {
    Router::new()
        .route("/switch/windows/{id}", get(of_window))
        .route("/switch/settlements/{id}", get(of_settlement))
        .route("/switch/settlements/{id}/file.csv", get(csv))
        .route("/switch/settlements/{id}/{account}/camt.053.xml", get(camt))
        .route("/switch/settlements/{id}/{account}/pacs.009.xml", get(pacs))
}

async fn of_window(State(switch): State<Switch>, visit: Visit, Path(id): Path<i64>) -> Reply {
    visit.must_sign_in()?;
    let (known, flows, told) = switch.inner.acts.read(visit.caller(), move |cx| window(cx, id)).await?;
    let mut table = Table::new(visit.t("switch.window.flows"))
        .column(visit.t("switch.fact.payer"))
        .column(visit.t("switch.fact.payee"))
        .numbers(visit.t("switch.fact.count"))
        .numbers(visit.t("switch.fact.amount"));
    for (payer, payee, currency, minor, count) in &flows {
        let amount = visit.money(Money::new(*minor, *currency));
        table = table.row([html! { (payer) }, html! { (payee) }, html! { (count) }, html! { (amount) }]);
    }
    let mut summary = Summary::new(&visit).row(visit.t("switch.fact.opened_at"), visit.moment(known.opened_at));
    if let Some(at) = known.closed_at {
        summary = summary.row(visit.t("switch.fact.closed_at"), visit.moment(at));
    }
    Ok(visit
        .page(visit.t1("switch.window.title", "number", id))
        .back("/switch")
        .body(html! {
            (summary)
            @if flows.is_empty() { p { (visit.t("switch.window.nothing")) } } @else { (table) }
            @if !told.is_empty() { (reconciled(&visit, &told)) }
        })
        .into_response())
}

/// Whose books say the same.
fn reconciled(visit: &Visit, told: &[Told]) -> Markup {
    let mut table = Table::new(visit.t("switch.window.told"))
        .column(visit.t("switch.fact.participant"))
        .numbers(visit.t("switch.fact.sent"))
        .numbers(visit.t("switch.fact.received"))
        .column(visit.t("switch.fact.state"));
    for one in told {
        let money = |minor| visit.money(Money::new(minor, one.currency));
        let (tone, key) =
            if one.agrees { (Tone::Good, "switch.totals.agrees") } else { (Tone::Bad, "switch.totals.differs") };
        table = table.row([
            html! { (one.participant) },
            html! { (money(one.said.sent_minor)) },
            html! { (money(one.said.received_minor)) },
            tag(tone, &visit.t(key)),
        ]);
    }
    html! { (table) }
}

async fn of_settlement(State(switch): State<Switch>, visit: Visit, Path(id): Path<i64>) -> Reply {
    visit.must_sign_in()?;
    let seen = switch.inner.acts.read(visit.caller(), move |cx| settling(cx, id)).await?;
    let summary = Summary::new(&visit)
        .markup(visit.t("switch.fact.state"), settled_tag(&visit, &seen.settlement.state))
        .row(visit.t("switch.fact.begun_at"), visit.moment(seen.settlement.made_at))
        .row(visit.t("switch.fact.reason"), &seen.settlement.reason)
        .markup(visit.t("switch.fact.windows"), windows(&seen));
    Ok(visit
        .page(visit.t1("switch.settlement.title", "number", id))
        .back("/switch")
        .body(html! {
            (summary)
            (nets(&visit, id, &seen.nets))
            p { a href=(format!("/switch/settlements/{id}/file.csv")) { (visit.t("switch.settlement.csv")) } }
            @for currency in moved(&seen) {
                p { a href=(format!("/switch/settlements/{id}/{currency}/pacs.009.xml")) {
                    (visit.t1("switch.settlement.orders", "currency", currency.code().to_owned()))
                } }
            }
        })
        .into_response())
}

fn windows(seen: &Settling) -> Markup {
    html! { @for window in &seen.windows { a href=(format!("/switch/windows/{window}")) { (window) } " " } }
}

/// The currencies in which somebody pays.
fn moved(seen: &Settling) -> BTreeSet<Currency> {
    seen.nets.iter().filter(|net| net.amount.minor() != 0).map(|net| net.amount.currency()).collect()
}

/// What all pay and what all receive in each currency: the same, or something is wrong.
fn sums(nets: &[Net]) -> BTreeMap<Currency, (i64, i64)> {
    let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for net in nets {
        let (minor, sum) = (net.amount.minor(), sums.entry(net.amount.currency()).or_default());
        sum.0 = sum.0.saturating_add(minor.max(0));
        sum.1 = sum.1.saturating_add(minor.min(0).saturating_abs());
    }
    sums
}

fn nets(visit: &Visit, id: i64, nets: &[Net]) -> Markup {
    let mut table = Table::new(visit.t("switch.settlement.nets"))
        .column(visit.t("switch.fact.participant"))
        .numbers(visit.t("switch.fact.pays"))
        .numbers(visit.t("switch.fact.receives"))
        .column(visit.t("switch.fact.file"));
    for net in nets {
        let minor = net.amount.minor();
        let size = visit.money(Money::new(minor.saturating_abs(), net.amount.currency()));
        let file = format!("/switch/settlements/{id}/{}/camt.053.xml", net.account);
        table = table.row([
            html! { (net.participant) },
            html! { @if minor > 0 { (size) } },
            html! { @if minor < 0 { (size) } },
            html! { a href=(file) { "camt.053" } },
        ]);
    }
    for (currency, (pays, receives)) in sums(nets) {
        let money = |minor| visit.money(Money::new(minor, currency));
        let (tone, key) = match pays == receives {
            true => (Tone::Good, "switch.settlement.adds_up"),
            false => (Tone::Bad, "switch.settlement.differs"),
        };
        table = table.row([
            html! { strong { (visit.t("switch.settlement.all")) } },
            html! { strong { (money(pays)) } },
            html! { strong { (money(receives)) } },
            tag(tone, &visit.t(key)),
        ]);
    }
    html! { (table) }
}

async fn csv(State(switch): State<Switch>, visit: Visit, Path(id): Path<i64>) -> Reply {
    file(switch, &visit, id, Wanted::Nets).await
}

async fn camt(State(switch): State<Switch>, visit: Visit, Path((id, account)): Path<(i64, i64)>) -> Reply {
    file(switch, &visit, id, Wanted::Statement(account)).await
}

async fn pacs(State(switch): State<Switch>, visit: Visit, Path((id, currency)): Path<(i64, String)>) -> Reply {
    let currency = Currency::parse(&currency).map_err(|_| Fault::not_found("switch.settlement.empty"))?;
    file(switch, &visit, id, Wanted::Orders(currency)).await
}

async fn file(switch: Switch, visit: &Visit, id: i64, wanted: Wanted) -> Reply {
    visit.must_sign_in()?;
    let own = switch.clone();
    let read = move |cx: &mut Cx<'_>| files::write(cx, &own, id, wanted);
    let bytes = switch.inner.acts.read(visit.caller(), read).await?;
    let (name, kind) = wanted.called(id);
    Ok(Download::new(name, kind, bytes).into_response())
}
