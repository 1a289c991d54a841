//! The registrars' desk: what waits, by state; a slip's number looked up; what can be begun.

use axum::Router;
use axum::extract::State as Of;
use axum::routing::{get, post};
use edge::show::{self, Table, Tone, tag};
use edge::{Form, Page, Query, Refusal, Reply, Visit, correctable, html, see_other};
use serde::Deserialize;
use spine::{Cx, FieldFault, Resource};

use super::state_tag;
use crate::engine::Civil;
use crate::event::{Event, State};
use crate::examine::{find, waiting};
use crate::reference;

pub(super) fn routes() -> Router<Civil> {
    Router::new().route("/civil", get(desk)).route("/civil/find", post(found))
}

#[derive(Deserialize)]
struct Which {
    state: Option<State>,
}

/// States a list is shown of, and what the link to it says.
const LISTS: [(State, &str); 4] = [
    (State::Declared, "civil.desk.declared"),
    (State::Validated, "civil.desk.validated"),
    (State::Notified, "civil.desk.notified"),
    (State::Returned, "civil.desk.returned"),
];

async fn desk(Of(civil): Of<Civil>, visit: Visit, Query(which): Query<Which>) -> Result<Page, Refusal> {
    page(&civil, &visit, which.state.unwrap_or(State::Declared), &[]).await
}

async fn page(civil: &Civil, visit: &Visit, state: State, faults: &[FieldFault]) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let look = move |cx: &mut Cx<'_>| {
        // A nurse or a chief sees what she may begin, and no list.
        if cx.could("civil.event.list", &Resource::new("CivilDesk", state.name())) {
            let settles = cx.could("civil.record.settle", &Resource::new("Record", "held"));
            return Ok((Some(waiting(cx, state)?), settles));
        }
        cx.may("civil.event.notify", &Resource::new("CivilKind", "any").is("by_people", false))?;
        Ok((None, false))
    };
    let (events, settles) = civil.acts().read(visit.caller(), look).await?;
    let sheet = visit.sheet_with(edge::Answers::default(), faults);
    let begin = html! {
        @if events.is_some() {
            h2 { (visit.t("civil.desk.declare")) }
            ul { @for kind in civil.kinds().iter() { li { a href={ "/civil/new/" (kind.id) } { (visit.local(&kind.name)) } } } }
        }
        h2 { (visit.t("civil.desk.notify")) }
        ul {
            @for kind in civil.kinds().iter().filter(|kind| !kind.notice.is_empty()) {
                li { a href={ "/civil/notify/" (kind.id) } { (visit.local(&kind.name)) } }
            }
        }
        @if events.is_some() {
            h2 { (visit.t("civil.desk.more")) }
            ul {
                @if settles { li { a href="/civil/held" { (visit.t("civil.held.title")) } } }
                li { a href="/civil/families" { (visit.t("civil.families.title")) } }
                li { a href="/civil/sealed" { (visit.t("civil.sealed.title")) } }
                li { a href="/civil/statistics" { (visit.t("civil.statistics.title")) } }
            }
        }
    };
    let main = html! {
        @if let Some(events) = &events {
            (show::lists(LISTS.map(|(list, key)| (format!("/civil?state={}", list.name()), visit.t(key), list == state))))
            (table(civil, visit, state, events))
            (visit.form("/civil/find", html! {
                (sheet.text("reference", visit.t("civil.desk.find")).hint(visit.t("civil.desk.find_hint")).width(12).autocomplete("off"))
                (show::button(&visit.t("edge.search")))
            }))
        }
    };
    Ok(visit.page(visit.t("civil.desk.title")).wide().sheet(&sheet).body(show::columns(main, begin)))
}

fn table(civil: &Civil, visit: &Visit, state: State, events: &[Event]) -> edge::Markup {
    let today = visit.now().date_in(visit.site().words().zone());
    let mut table = Table::new(visit.t("civil.desk.caption"))
        .column(visit.t("civil.event.reference"))
        .column(visit.t("civil.event.kind"))
        .column(visit.t("civil.event.occurred"))
        .column(visit.t("civil.event.state"))
        .column(visit.t("civil.event.due"));
    for event in events {
        let name = civil.kinds().get(&event.kind).map(|kind| visit.local(&kind.name)).unwrap_or_default();
        table = table.row([
            html! { a href={ "/civil/events/" (event.id) } { (reference::shown(&event.reference)) } },
            html! { (name) },
            html! { (visit.date(event.occurred_on)) },
            state_tag(visit, event.state),
            html! { (visit.date(event.due_on)) @if event.due_on < today { " " (tag(Tone::Bad, &visit.t("civil.event.overdue"))) } },
        ]);
    }
    html! { @if events.is_empty() { p { (visit.t(none(state))) } } @else { (table) } }
}

const fn none(state: State) -> &'static str {
    match state {
        State::Notified => "civil.desk.none_notified",
        _ => "civil.desk.none",
    }
}

async fn found(Of(civil): Of<Civil>, visit: Visit, form: Form) -> Reply {
    use axum::response::IntoResponse;
    let written = form.answers.one("reference").to_owned();
    match civil.acts().read(visit.caller(), move |cx| find(cx, &written)).await {
        Ok(event) => Ok(see_other(&format!("/civil/events/{event}"))),
        Err(fault) if fault.code() == "civil.event.missing" => {
            let fault = FieldFault { field: "reference".to_owned(), text: fault.text().clone() };
            Ok(page(&civil, &visit, State::Declared, &[fault]).await?.into_response())
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(page(&civil, &visit, State::Declared, &faults).await?.into_response())
        }
    }
}
