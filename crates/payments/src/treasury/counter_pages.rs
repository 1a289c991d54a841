//! Where cash is taken: `/treasury/counters`, and the form that opens another counter.
//!
//! **Invariant:** a counter is opened for an institution of the pack and for nobody else, with nothing in it.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Choice, Table, button};
use edge::{Answers, Form, Page, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Cx, FieldFault, Money, Text};

use crate::Gateway;
use crate::rails::cash::{counters, open_counter};

pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/treasury/counters", get(see).post(open))
}

async fn read(gateway: &Gateway, visit: &Visit) -> Reply<Vec<(String, Money)>> {
    visit.must_sign_in()?;
    let places: Vec<String> = gateway.institutions().keys().cloned().collect();
    let look = move |cx: &mut Cx<'_>| counters(cx, &places);
    Ok(gateway.acts().write(visit.caller(), &Key::none(), look).await?)
}

async fn see(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    let open = read(&gateway, &visit).await?;
    Ok(page(&gateway, &visit, &open, Answers::default(), &[]).into_response())
}

async fn open(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    let place = sent.answers.one("place").to_owned();
    if !gateway.institutions().contains_key(&place) {
        let open = read(&gateway, &visit).await?;
        let wrong = FieldFault { field: "place".to_owned(), text: Text::new("treasury.counters.wrong") };
        return Ok(page(&gateway, &visit, &open, sent.answers, &[wrong]).into_response());
    }
    let (key, currency) =
        (Key::new("payments.cash.open", sent.key.text(), sent.key.request()), gateway.counter()?.currency);
    gateway.acts().post(visit.caller(), &key, move |cx| open_counter(cx, &place, currency)).await?;
    Ok(see_other("/treasury/counters"))
}

fn page(gateway: &Gateway, visit: &Visit, open: &[(String, Money)], answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let mut table = Table::new(visit.t("treasury.counters.open"))
        .column(visit.t("treasury.counters.place"))
        .column(visit.t("treasury.counters.pay_in"))
        .numbers(visit.t("treasury.counters.left"));
    for (place, left) in open {
        table = table.row([
            html! { (gateway.institution(visit, place)) },
            html! { "FLOAT-" (place) },
            html! { (visit.money(*left)) },
        ]);
    }
    let others = gateway.institutions().iter().filter(|(id, _)| !open.iter().any(|(place, _)| place == *id));
    let others = others.map(|(id, name)| Choice::new(id.as_str(), visit.local(name))).collect();
    visit.page(visit.t("treasury.counters.title")).back("/treasury").sheet(&sheet).body(html! {
        @if open.is_empty() { p { (visit.t("treasury.counters.none")) } } @else { (table) }
        h2 { (visit.t("treasury.counters.another")) }
        (visit.form("/treasury/counters", html! {
            (sheet.select("place", visit.t("treasury.counters.place"), others).hint(visit.t("treasury.counters.hint")))
            (button(&visit.t("treasury.counters.do")))
        }))
    })
}
