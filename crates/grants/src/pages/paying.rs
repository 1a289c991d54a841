//! Paying a fee or a bill with a voucher: `/pay/{id}/voucher`, `/bill/{number}/voucher`.
//!
//! **Invariant:** the number is typed into a form and stands in no address, page, key or log afterwards; so many tries and no more.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{Summary, button};
use edge::{Answers, Bucket, Form, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use payments::RequestId;
use payments::vouchers::{Due, ToPay, due};
use spine::{FieldFault, Secret};

use crate::engine::Grants;
use crate::vouchers;

/// Each try may be a guess.
const TRIES: Bucket = Bucket { name: "grants.voucher.tries", burst: 20, seconds: 900 };

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/pay/{id}/voucher", get(ask_request).post(pay_request))
        .route("/bill/{number}/voucher", get(ask_bill).post(pay_bill))
}

/// Where it is paid, without `/voucher`.
fn home(what: &ToPay) -> String {
    match what {
        ToPay::Request(id) => format!("/pay/{id}"),
        ToPay::Bill(number) => format!("/bill/{number}"),
    }
}

async fn ask_request(State(grants): State<Grants>, visit: Visit, Path(id): Path<RequestId>) -> Reply {
    visit.must_sign_in()?;
    ask(&grants, &visit, ToPay::Request(id)).await
}

async fn ask_bill(State(grants): State<Grants>, visit: Visit, Path(number): Path<String>) -> Reply {
    ask(&grants, &visit, ToPay::Bill(number)).await
}

async fn pay_request(State(grants): State<Grants>, visit: Visit, Path(id): Path<RequestId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    pay(&grants, &visit, ToPay::Request(id), sent).await
}

async fn pay_bill(State(grants): State<Grants>, visit: Visit, Path(number): Path<String>, sent: Form) -> Reply {
    pay(&grants, &visit, ToPay::Bill(number), sent).await
}

async fn ask(grants: &Grants, visit: &Visit, what: ToPay) -> Reply {
    visit.limit(&TRIES)?;
    let of = what.clone();
    match grants.acts().read(visit.caller(), move |cx| due(cx, &of)).await {
        Ok(due) => Ok(page(visit, &what, &due, &[])),
        // Paid or over: its own page says so.
        Err(fault) if fault.code().ends_with(".paid") || fault.code().ends_with(".over") => Ok(see_other(&home(&what))),
        Err(fault) => Err(fault.into()),
    }
}

fn page(visit: &Visit, what: &ToPay, due: &Due, faults: &[FieldFault]) -> Response {
    // What was typed is not shown again.
    let sheet = visit.sheet_with(Answers::default(), faults);
    let number = sheet.text("number", visit.t("grants.pay.number")).hint(visit.t("grants.pay.number_hint"));
    let home = home(what);
    let page = visit.page(visit.t("grants.pay.title")).caption(due.reference.as_str()).back(home.as_str());
    let says = if due.in_parts { "grants.pay.says_part" } else { "grants.pay.says" };
    let page = page.sheet(&sheet).body(html! {
        (Summary::new(visit)
            .row(visit.t("payments.fact.for"), visit.local(&due.description))
            .row(visit.t("payments.fact.amount"), visit.money(due.amount)))
        p { (visit.t1(says, "amount", due.amount)) }
        (visit.form(&format!("{home}/voucher"), html! { (number.max_length(24)) (button(&visit.t("grants.pay.button"))) }))
    });
    let mut response = page.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn pay(grants: &Grants, visit: &Visit, what: ToPay, sent: Form) -> Reply {
    visit.limit(&TRIES)?;
    let typed = Secret::new(sent.answers.one("number").to_owned());
    // Not the form's own bytes: a key is kept, and they hold the number.
    let key = Key::new(&format!("grants.voucher.pay:{}", home(&what)), sent.key.text(), b"");
    let (engine, of) = (grants.clone(), what.clone());
    match grants.acts().post(visit.caller(), &key, move |cx| vouchers::pay(cx, &engine, &of, &typed)).await {
        Ok(_) => Ok(see_other(&home(&what))),
        Err(fault) if fault.code().ends_with(".paid") || fault.code().ends_with(".over") => Ok(see_other(&home(&what))),
        Err(fault) => {
            let faults = correctable(fault)?;
            let of = what.clone();
            let due = grants.acts().read(visit.caller(), move |cx| due(cx, &of)).await?;
            Ok(page(visit, &what, &due, &faults))
        }
    }
}
