//! The clerk's pages: what is to be paid, and the receipt once the cash is in the drawer.
//!
//! **Invariant:** what was shown is what is taken; pressing twice takes once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, button, panel};
use edge::{Answers, Form, Page, Query, Reply, Visit, html};
use journal::Key;
use serde::Deserialize;
use spine::{Fault, FieldFault, Money};

use super::cash::{AtTheCounter, Taken, at_the_counter, take_cash};
use crate::Gateway;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/cash", get(page).post(take))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
}

/// What is to be corrected in the number; another refusal is a page of its own.
fn of_number(fault: Fault) -> Result<Vec<FieldFault>, Fault> {
    let codes = ["payments.request.unknown", "payments.request.over", "payments.bill.over", "payments.bill.part"];
    if codes.contains(&fault.code()) {
        return Ok(vec![FieldFault { field: "number".to_owned(), text: fault.text().clone() }]);
    }
    Err(fault)
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<Asked>) -> Reply {
    visit.must_sign_in()?;
    let typed = asked.number.trim().to_owned();
    if typed.is_empty() {
        return Ok(form(&visit, Answers::default(), &[]).into_response());
    }
    let of = typed.clone();
    let charges = gateway.wallets().charges().clone();
    match gateway.acts().read(visit.caller(), move |cx| at_the_counter(cx, &charges, &of)).await {
        Ok(seen) => Ok(shown(&visit, &typed, &seen).into_response()),
        Err(fault) => {
            let faults = of_number(fault)?;
            Ok(form(&visit, Answers::default().with("number", typed), &faults).into_response())
        }
    }
}

fn form(visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    visit.page(visit.t("cash.title")).sheet(&sheet).body(html! {
        form method="get" action="/cash" {
            (sheet.text("number", visit.t("cash.number")).hint(visit.t("cash.number_hint")).max_length(64))
            (button(&visit.t("cash.find")))
        }
    })
}

fn shown(visit: &Visit, typed: &str, seen: &AtTheCounter) -> Page {
    let summary = Summary::new(visit)
        .row(visit.t("payments.fact.for"), visit.local(&seen.description))
        .row(visit.t("payments.fact.reference"), &seen.reference)
        .row(visit.t("payments.fact.amount"), visit.money(seen.amount))
        .row(visit.t("cash.left"), visit.money(seen.left));
    let summary = match seen.charge.filter(|_| seen.total != seen.amount) {
        Some(charge) => summary
            .row(visit.t("payments.charge.charge"), visit.money(charge.fee))
            .row(visit.t("payments.charge.total"), visit.money(seen.total)),
        None => summary,
    };
    let is_enough = seen.left.minor() >= seen.total.minor();
    let fields = html! {
        input type="hidden" name="number" value=(typed);
        input type="hidden" name="amount" value=(seen.total.to_string());
        (button(&visit.t1("cash.take", "amount", seen.total)))
    };
    visit.page(visit.t("cash.one")).back("/cash").body(html! {
        (summary)
        @if is_enough { p { (visit.t("cash.count")) } (visit.form("/cash", fields)) }
        @else { p { (visit.t("cash.short")) } }
    })
}

async fn take(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.cash", sent.key.text(), sent.key.request());
    let (typed, amount) = (sent.answers.one("number").to_owned(), sent.answers.one("amount").to_owned());
    let told: Money = amount.parse().map_err(|_| Fault::invalid("payments.cash.changed"))?;
    let charges = gateway.wallets().charges().clone();
    let take = move |cx: &mut spine::Cx<'_>| take_cash(cx, &charges, &typed, told);
    let taken: Taken = gateway.acts().write(visit.caller(), &key, take).await?;
    let label = visit.t("payments.fact.receipt");
    let page = visit.page(visit.t("cash.taken")).own_heading().body(html! {
        (panel(&visit.t("cash.taken"), Some((label.as_str(), taken.receipt.as_str()))))
        p { (visit.t1("cash.hand_over", "amount", taken.amount)) }
        p { a href="/cash" { (visit.t("cash.next")) } }
    });
    Ok(page.into_response())
}
