//! The desk of enrolment: what waits by state, a slip's number looked up, and beginning with evidence.
//!
//! **Invariant:** numbers of entries, letters and papers go in the body of a form, never in an address.

use axum::Router;
use axum::extract::State as Of;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Table, Tone, tag};
use edge::{Form, Markup, Page, Query, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Cx, Fault, FieldFault, Resource};

use crate::enrolment::Enrolment;
use crate::enrolment::application::{Application, ApplicationId, State};
use crate::enrolment::decide::{applications, find_application};
use crate::enrolment::take::{Beginning, begin};

pub(super) const DESK: &str = "/enrolment";

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(DESK, get(desk))
        .route("/enrolment/find", post(found))
        .route("/enrolment/new", get(new).post(new_sent))
}

/// The key of a form: an operation, whoever asks, and the form's own.
pub(super) fn key(visit: &Visit, operation: &str, form: &Form) -> Key {
    Key::new(&format!("{operation}:{}", visit.actor().id), form.key.text(), form.key.request())
}

/// An identifier in an address; what is none is not found.
pub(super) fn id(text: &str) -> Result<ApplicationId, Fault> {
    text.parse().map_err(|_| Fault::not_found("identity.enrolment.missing"))
}

/// Where an application stands, in words.
pub(super) fn state_tag(visit: &Visit, state: State) -> Markup {
    let (tone, key) = match state {
        State::Draft => (Tone::Waiting, "identity.enrolment.state.draft"),
        State::Taken => (Tone::Plain, "identity.enrolment.state.taken"),
        State::Returned => (Tone::Waiting, "identity.enrolment.state.returned"),
        State::Approved => (Tone::Good, "identity.enrolment.state.approved"),
        State::Refused => (Tone::Bad, "identity.enrolment.state.refused"),
        State::Withdrawn => (Tone::Off, "identity.enrolment.state.withdrawn"),
    };
    tag(tone, &visit.t(key))
}

/// States a list is shown of, and what the link to it says.
const LISTS: [(State, &str); 4] = [
    (State::Taken, "identity.enrolment.desk.taken"),
    (State::Draft, "identity.enrolment.desk.draft"),
    (State::Returned, "identity.enrolment.desk.returned"),
    (State::Approved, "identity.enrolment.desk.approved"),
];

#[derive(Deserialize)]
struct Which {
    state: Option<State>,
}

async fn desk(Of(enrolment): Of<Enrolment>, visit: Visit, Query(which): Query<Which>) -> Result<Page, Refusal> {
    page(&enrolment, &visit, which.state.unwrap_or(State::Taken), &[]).await
}

async fn page(enrolment: &Enrolment, visit: &Visit, state: State, faults: &[FieldFault]) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let look = move |cx: &mut Cx<'_>| {
        let begins = cx.could("identity.enrolment.begin", &Resource::new("EnrolmentDesk", "new"));
        Ok((applications(cx, state)?, begins))
    };
    let (waiting, begins) = enrolment.acts().read(visit.caller(), look).await?;
    let sheet = visit.sheet().faults(faults);
    let body = html! {
        @if begins { p { (show::button_link("/enrolment/new", &visit.t("identity.enrolment.desk.new"))) } }
        (show::lists(LISTS.map(|(list, key)| (format!("/enrolment?state={}", list.name()), visit.t(key), list == state))))
        @if waiting.is_empty() { p { (visit.t("identity.enrolment.desk.none")) } } @else { (table(visit, &waiting)) }
        (visit.form("/enrolment/find", html! {
            (sheet.text("reference", visit.t("identity.enrolment.desk.find")).hint(visit.t("identity.enrolment.desk.find_hint")).width(12).autocomplete("off"))
            (show::button(&visit.t("edge.search")))
        }))
        p { a href="/enrolment/packets" { (visit.t("identity.packet.title")) } " · " a href="/enrolment/key" { (visit.t("identity.packet.key_title")) } " · " a href="/enrolment/cards" { (visit.t("identity.cards.title")) } }
    };
    Ok(visit.page(visit.t("identity.enrolment.desk.title")).wide().sheet(&sheet).body(body))
}

fn table(visit: &Visit, waiting: &[Application]) -> Markup {
    let mut table = Table::new(visit.t("identity.enrolment.desk.caption"))
        .column(visit.t("identity.enrolment.reference"))
        .column(visit.t("identity.enrolment.name"))
        .column(visit.t("identity.enrolment.since"))
        .column(visit.t("identity.enrolment.state.title"));
    for one in waiting {
        let name = one.name();
        table = table.row([
            html! { a href={ (DESK) "/" (one.id) } { (civil::reference::shown(&one.reference)) } },
            html! { @if name.is_empty() { (visit.t("identity.enrolment.unnamed")) } @else { (name) } },
            html! { (visit.moment(one.taken_at)) },
            state_tag(visit, one.state),
        ]);
    }
    html! { (table) }
}

async fn found(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let written = form.answers.one("reference").to_owned();
    match enrolment.acts().read(visit.caller(), move |cx| find_application(cx, &written)).await {
        Ok(id) => Ok(see_other(&format!("{DESK}/{id}"))),
        Err(fault) if fault.code() == "identity.enrolment.missing" => {
            let fault = FieldFault { field: "reference".to_owned(), text: fault.text().clone() };
            Ok(page(&enrolment, &visit, State::Taken, &[fault]).await?.into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn new(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let may = |cx: &mut Cx<'_>| cx.may("identity.enrolment.begin", &Resource::new("EnrolmentDesk", "new"));
    enrolment.acts().read(visit.caller(), may).await?;
    Ok(new_page(&enrolment, &visit, &visit.sheet()))
}

fn new_page(enrolment: &Enrolment, visit: &Visit, sheet: &Sheet) -> Page {
    let kinds = enrolment.rules().evidence().map(|one| Choice::new(&one.id, visit.local(&one.name))).collect();
    let form = html! {
        @if enrolment.rules().illustrative { p.hint { (visit.t("identity.enrolment.illustrative")) } }
        (sheet.radios("evidence", visit.t("identity.enrolment.new.evidence"), kinds))
        (sheet.text("paper", visit.t("identity.enrolment.new.paper")).hint(visit.t("identity.enrolment.new.paper_hint")).width(20).autocomplete("off"))
        h2 { (visit.t("identity.enrolment.new.letter")) }
        p.hint { (visit.t("identity.enrolment.new.letter_hint")) }
        (sheet.text("chief", visit.t("identity.enrolment.new.chief")).optional().width(20).autocomplete("off"))
        (sheet.day("letter_on", visit.t("identity.enrolment.new.letter_on")).optional())
        (show::button(&visit.t("edge.continue")))
    };
    visit.page(visit.t("identity.enrolment.new.title")).back(DESK).sheet(sheet).body(visit.form("/enrolment/new", form))
}

async fn new_sent(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let again = |answers, faults: &[FieldFault]| {
        Ok(new_page(&enrolment, &visit, &visit.sheet_with(answers, faults)).into_response())
    };
    let letter_on = match form.answers.date("letter_on") {
        Ok(day) => day,
        Err(fault) => return again(form.answers, &[fault]),
    };
    let one = |name: &str| form.answers.one(name).to_owned();
    let said = Beginning { evidence: one("evidence"), paper: one("paper"), chief: one("chief"), letter_on };
    let (engine, key) = (enrolment.clone(), key(&visit, "identity.enrolment.begin", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| begin(cx, &engine, &said)).await {
        Ok(id) => Ok(see_other(&format!("{DESK}/{id}/person"))),
        Err(fault) => again(form.answers, &correctable(fault)?),
    }
}
