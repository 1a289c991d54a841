//! Payments out that need an officer: contested ones, and those nobody has answered for.
//!
//! **Invariant:** as for `pages.rs`; where the money was to go is not shown.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::Table;
use edge::{Form, Markup, Path, Reply, Visit, html, see_other};
use journal::Key;

use super::pages::rail_name;
use super::{Stuck, stuck};
use crate::{DisbursementId, Gateway, resolve};

pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/treasury/payouts", get(page)).route("/treasury/payouts/{id}/{end}", post(found_out))
}

async fn page(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let all = gateway.acts().write(visit.caller(), &Key::none(), stuck).await?;
    let mut table = Table::new(visit.t("treasury.payouts.all"))
        .column(visit.t("treasury.fact.rail"))
        .column(visit.t("payments.fact.reference"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.desk.why"))
        .column(visit.t("payments.fact.made_at"))
        .column(visit.t("payments.desk.act"));
    for one in &all {
        let reason = one.reason.as_deref().unwrap_or("unanswered");
        table = table.row([
            html! { (rail_name(gateway.rails(), &visit, &one.rail)) },
            html! { (one.reference) },
            html! { (visit.money(one.amount)) },
            html! { (visit.t(&format!("treasury.payouts.{reason}"))) },
            html! { (visit.moment(one.made_at)) },
            ends(&visit, one),
        ]);
    }
    let body = html! {
        @if all.is_empty() { p { (visit.t("treasury.payouts.none")) } }
        @else { p { (visit.t("treasury.payouts.ask")) } (table) }
    };
    Ok(visit.page(visit.t("treasury.payouts.title")).back("/treasury").wide().body(body).into_response())
}

fn ends(visit: &Visit, one: &Stuck) -> Markup {
    html! {
        @if one.reason.is_some() {
            (visit.button_form(&format!("/treasury/payouts/{}/arrived", one.id), &visit.t("treasury.payouts.arrived")))
            (visit.button_form(&format!("/treasury/payouts/{}/not", one.id), &visit.t("treasury.payouts.not")))
        }
    }
}

async fn found_out(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, end)): Path<(DisbursementId, String)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let has_it = match end.as_str() {
        "arrived" => true,
        "not" => false,
        _ => return Err(spine::Fault::not_found("payments.disbursement.unknown").into()),
    };
    let key = Key::new(&format!("payments.payout:{id}"), form.key.text(), form.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| resolve(cx, id, has_it)).await?;
    Ok(see_other("/treasury/payouts"))
}
