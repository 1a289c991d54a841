//! The officer's page of payments: recent requests, money that waits in suspense, fees that go back.
//!
//! **Invariant:** opening it is an act; sending money back is one press, once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Table, Tone, pagination, tag};
use edge::{Answers, Form, Markup, Path, Query, Reply, Visit, html, see_other};
use journal::Key;
use serde::Deserialize;

use crate::gateway::model::{Payment, PaymentId, PaymentState, RequestId, RequestState, Return, ReturnId, ReturnState};
use crate::gateway::pages::state_tag;
use crate::gateway::view::{PAGE, desk};
use crate::{Filter, Gateway, give_back_again, refund};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/payments", get(page))
        .route("/payments/suspense/{id}/refund", post(send_back))
        .route("/payments/returns/{id}/again", post(return_again))
}

#[derive(Deserialize)]
struct Asked {
    state: Option<String>,
    q: Option<String>,
    before: Option<RequestId>,
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Query(asked): Query<Asked>) -> Reply {
    visit.must_sign_in()?;
    let filter = Filter {
        state: asked.state.as_deref().and_then(RequestState::of),
        reference: asked.q.as_deref().map(str::trim).filter(|words| !words.is_empty()).map(str::to_owned),
        before: asked.before,
    };
    let (state, words) = (filter.state, filter.reference.clone().unwrap_or_default());
    let seen = gateway.acts().write(visit.caller(), &Key::none(), move |cx| desk(cx, &filter)).await?;
    let mut table = Table::new(visit.t("payments.desk.requests"))
        .column(visit.t("payments.fact.reference"))
        .column(visit.t("payments.fact.for"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.fact.state"))
        .column(visit.t("payments.fact.receipt"))
        .column(visit.t("payments.fact.made_at"));
    for request in &seen.requests {
        table = table.row([
            html! { a href=(format!("/pay/{}", request.id)) { (request.reference) } },
            html! { (visit.local(&request.description)) },
            html! { (visit.money(request.amount)) },
            state_tag(&visit, request.state),
            html! { (request.receipt.as_deref().unwrap_or("–")) },
            html! { (visit.moment(request.made_at)) },
        ]);
    }
    let full = i64::try_from(seen.requests.len()).unwrap_or(0) >= PAGE;
    let query = format!("state={}&q={}", state.map_or("", RequestState::code), edge::origin::encode_query(&words));
    let next = seen.requests.last().filter(|_| full).map(|last| format!("/payments?{query}&before={}", last.id));
    let first = asked.before.map(|_| format!("/payments?{query}"));
    Ok(visit
        .page(visit.t("payments.desk.title"))
        .wide()
        .body(html! {
            @if !seen.suspense.is_empty() { (suspense(&gateway, &visit, &seen.suspense)) }
            @if !seen.returns.is_empty() { (returns(&gateway, &visit, &seen.returns)) }
            (filters(&visit, state, &words))
            @if seen.requests.is_empty() { p { (visit.t("payments.desk.none")) } } @else { (table) }
            (pagination(&visit, first.as_deref(), next.as_deref()))
        })
        .into_response())
}

fn filters(visit: &Visit, state: Option<RequestState>, words: &str) -> Markup {
    let choices = RequestState::ALL
        .into_iter()
        .map(|state| Choice::new(state.code(), visit.t(&format!("payments.state.{}", state.code()))))
        .collect();
    let answers = Answers::default().with("state", state.map_or("", RequestState::code)).with("q", words);
    let sheet = visit.sheet_with(answers, &[]);
    html! {
        form method="get" action="/payments" {
            (sheet.select("state", visit.t("payments.fact.state"), choices).optional())
            (sheet.text("q", visit.t("payments.fact.reference")).optional().max_length(64))
            (edge::show::button(&visit.t("edge.search")))
        }
    }
}

fn suspense(gateway: &Gateway, visit: &Visit, payments: &[Payment]) -> Markup {
    let mut table = Table::new(visit.t("payments.desk.suspense"))
        .column(visit.t("payments.fact.wallet"))
        .column(visit.t("payments.fact.wallet_reference"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.desk.why"))
        .column(visit.t("payments.fact.state"))
        .column(visit.t("payments.desk.received"))
        .column(visit.t("payments.desk.act"));
    for payment in payments {
        let wallet = gateway.wallets().find(&payment.wallet);
        let (tone, key) = match payment.state {
            PaymentState::Applied => (Tone::Good, "payments.money.applied"),
            PaymentState::Refunding => (Tone::Waiting, "payments.money.refunding"),
            PaymentState::Refunded => (Tone::Off, "payments.money.refunded"),
            PaymentState::Review => (Tone::Bad, "payments.money.review"),
        };
        let reason = payment.reason.as_deref().unwrap_or("unknown");
        table = table.row([
            html! { (wallet.map_or(payment.wallet.as_str(), |wallet| visit.local(&wallet.name))) },
            html! { a href=(format!("/pay/{}", payment.request)) { (payment.wallet_reference) } },
            html! { (visit.money(payment.amount)) },
            html! { (visit.t(&format!("payments.why.{reason}"))) },
            tag(tone, &visit.t(key)),
            html! { (visit.moment(payment.received_at)) },
            html! {
                @if payment.state == PaymentState::Review {
                    (visit.button_form(&format!("/payments/suspense/{}/refund", payment.id), &visit.t("payments.desk.refund")))
                }
            },
        ]);
    }
    html! { (table) }
}

/// Fees on their way back.
fn returns(gateway: &Gateway, visit: &Visit, returns: &[Return]) -> Markup {
    let mut table = Table::new(visit.t("payments.desk.returns"))
        .column(visit.t("payments.fact.wallet"))
        .column(visit.t("payments.fact.wallet_reference"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.fact.state"))
        .column(visit.t("payments.desk.act"));
    for one in returns {
        let wallet = gateway.wallets().find(&one.wallet);
        let (tone, key) = match one.state {
            ReturnState::Going => (Tone::Waiting, "payments.money.refunding"),
            ReturnState::Done => (Tone::Off, "payments.money.refunded"),
            ReturnState::Review => (Tone::Bad, "payments.money.review"),
        };
        table = table.row([
            html! { (wallet.map_or(one.wallet.as_str(), |wallet| visit.local(&wallet.name))) },
            html! { a href=(format!("/pay/{}", one.request)) { (one.wallet_reference) } },
            html! { (visit.money(one.amount)) },
            tag(tone, &visit.t(key)),
            html! {
                @if one.state == ReturnState::Review {
                    (visit.button_form(&format!("/payments/returns/{}/again", one.id), &visit.t("payments.desk.again")))
                }
            },
        ]);
    }
    html! { (table) }
}

async fn return_again(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<ReturnId>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.return:{id}"), form.key.text(), form.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| give_back_again(cx, id)).await?;
    Ok(see_other("/payments"))
}

async fn send_back(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<PaymentId>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.refund:{id}"), form.key.text(), form.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| refund(cx, id)).await?;
    Ok(see_other("/payments"))
}
