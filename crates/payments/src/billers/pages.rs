//! The officers' page of billers, `/billers`: an institution asks, the treasury opens, a key is shown once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Summary, Table, Tone, banner, button, tag};
use edge::{Answers, Form, Markup, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::FieldFault;

use super::{Biller, BillerId, BillerState, all, ask, close, make_key, open};
use crate::Gateway;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/billers", get(see).post(asked))
        .route("/billers/{id}/open", post(opened))
        .route("/billers/{id}/close", post(closed))
        .route("/billers/{id}/key", post(keyed))
}

async fn see(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    page(&gateway, &visit, Answers::default(), &[]).await
}

async fn page(gateway: &Gateway, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Reply {
    let actor = visit.must_sign_in()?;
    let (asks, opens) = (actor.has_role("billing-officer"), actor.has_role("payments-officer"));
    let known = gateway.acts().read(visit.caller(), all).await?;
    let mut table = Table::new(visit.t("payments.biller.title"))
        .column(visit.t("payments.biller.institution"))
        .column(visit.t("payments.fact.state"))
        .column(visit.t("payments.biller.hook"))
        .column(visit.t("payments.desk.act"));
    for biller in &known {
        table = table.row([
            html! { (gateway.institution(visit, &biller.institution)) },
            state(visit, biller.state),
            html! { (biller.hook.as_deref().unwrap_or("–")) },
            deeds(visit, biller, asks, opens),
        ]);
    }
    let sheet = visit.sheet_with(answers, faults);
    let hook = sheet.text("hook", visit.t("payments.biller.hook")).optional().max_length(500);
    let fields = html! { (hook.hint(visit.t("payments.biller.hook_hint"))) (button(&visit.t("payments.biller.ask"))) };
    let page = visit.page(visit.t("payments.biller.title")).wide().sheet(&sheet).body(html! {
        p { (visit.t("payments.biller.says")) }
        @if !known.is_empty() { (table) }
        @if asks { (visit.form("/billers", fields)) }
    });
    Ok(page.into_response())
}

fn state(visit: &Visit, state: BillerState) -> Markup {
    let (tone, key) = match state {
        BillerState::Asked => (Tone::Waiting, "payments.biller.asked"),
        BillerState::Open => (Tone::Good, "payments.biller.open"),
        BillerState::Closed => (Tone::Off, "payments.biller.closed"),
    };
    tag(tone, &visit.t(key))
}

fn deeds(visit: &Visit, biller: &Biller, asks: bool, opens: bool) -> Markup {
    let form = |deed: &str, key: &str| visit.button_form(&format!("/billers/{}/{deed}", biller.id), &visit.t(key));
    html! {
        @if opens && biller.state == BillerState::Asked { (form("open", "payments.biller.let_in")) }
        @if opens && biller.state == BillerState::Open { (form("close", "payments.biller.shut_out")) }
        @if asks && biller.state == BillerState::Open { (form("key", "payments.biller.new_key")) }
    }
}

async fn asked(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.biller.ask", sent.key.text(), sent.key.request());
    let hook = sent.answers.one("hook").to_owned();
    match gateway.acts().write(visit.caller(), &key, move |cx| ask(cx, &hook)).await {
        Ok(_) => Ok(see_other("/billers")),
        Err(fault) if fault.code() == "payments.biller.hook" => {
            let text = fault.text().clone();
            page(&gateway, &visit, sent.answers, &[FieldFault { field: "hook".to_owned(), text }]).await
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            page(&gateway, &visit, sent.answers, &faults).await
        }
    }
}

async fn opened(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<BillerId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.biller.open:{id}"), sent.key.text(), sent.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| open(cx, id)).await?;
    Ok(see_other("/billers"))
}

async fn closed(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<BillerId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.biller.close:{id}"), sent.key.text(), sent.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| close(cx, id)).await?;
    Ok(see_other("/billers"))
}

/// The key is made here and shown here; what is kept is its hash.
async fn keyed(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<BillerId>, _sent: Form) -> Reply {
    visit.must_sign_in()?;
    let keys = make_key(&gateway, visit.caller(), id).await?;
    let page = visit.page(visit.t("payments.biller.key_title")).back("/billers").body(html! {
        (banner(Tone::Waiting, &visit.t("payments.biller.key_once"), html! { p { (visit.t("payments.biller.key_say")) } }))
        (Summary::new(&visit)
            .markup(visit.t("payments.biller.key"), html! { code { (keys.key.reveal()) } })
            .markup(visit.t("payments.biller.secret"), html! { code { (keys.hook_secret.reveal()) } }))
    });
    Ok(page.into_response())
}
