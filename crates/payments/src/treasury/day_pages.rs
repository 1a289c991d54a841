//! One rail's day, and one exception.
//!
//! **Invariant:** as for `pages.rs`.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, button, inset};
use edge::{Answers, Form, Markup, Path, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Date, FieldFault, Resource};

use super::pages::{rail_name, said};
use super::{
    DayState, DayView, Exception, ExceptionId, ExceptionState, REASONS, Reconciliation, day, explain, reconcile_again,
    take_over,
};
use crate::Gateway;
use crate::rows::treasury as rows;

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/treasury/day/{rail}/{day}", get(page))
        .route("/treasury/day/{rail}/{day}/again", post(again))
        .route("/treasury/exceptions/{id}", get(exception).post(explained))
}

pub(super) fn state_tag(visit: &Visit, one: &Reconciliation) -> Markup {
    match (one.state, one.runs) {
        (_, 0) => said(visit, Tone::Off, "treasury.state.never"),
        (DayState::Waiting, _) => said(visit, Tone::Waiting, "treasury.state.waiting"),
        (DayState::Agrees, _) => said(visit, Tone::Good, "treasury.state.agrees"),
        (DayState::Differs, _) => said(visit, Tone::Bad, "treasury.state.differs"),
    }
}

async fn page(State(gateway): State<Gateway>, visit: Visit, Path((rail, of)): Path<(String, String)>) -> Reply {
    visit.must_sign_in()?;
    let of: Date = of.parse().map_err(|_| spine::Fault::not_found("payments.treasury.rail"))?;
    let (rails, name) = (gateway.rails().clone(), rail.clone());
    let seen = gateway.acts().write(visit.caller(), &Key::none(), move |cx| day(cx, &rails, &name, of)).await?;
    let download = format!("/treasury/account?reference={}&day={of}", edge::origin::encode_query(&rail));
    Ok(visit
        .page(rail_name(gateway.rails(), &visit, &rail))
        .caption(visit.date(of))
        .back(format!("/treasury?day={of}"))
        .wide()
        .body(html! {
            (facts(&visit, &seen))
            @if seen.reconciliation.state == DayState::Waiting { (inset(html! { (visit.t("treasury.day.waiting")) })) }
            (visit.button_form(&format!("/treasury/day/{rail}/{of}/again"), &visit.t("treasury.day.again")))
            p.hint { (visit.t("treasury.day.again_hint")) }
            h2 { (visit.t("treasury.desk.exceptions")) }
            @if seen.exceptions.is_empty() { p { (visit.t("treasury.day.none")) } }
            @else { (exceptions(&gateway, &visit, &seen.exceptions)) }
            p { a href=(download) { (visit.t("treasury.day.camt")) } }
        })
        .into_response())
}

fn facts(visit: &Visit, seen: &DayView) -> Summary {
    let one = &seen.reconciliation;
    let nothing = || "–".to_owned();
    let mut summary = Summary::new(visit).markup(visit.t("treasury.fact.state"), state_tag(visit, one));
    if one.runs > 0 {
        let differs = one.told.minus(one.ledger).map_or_else(|_| nothing(), |difference| visit.money(difference));
        summary = summary
            .row(visit.t("treasury.fact.ledger"), visit.money(one.ledger))
            .row(visit.t("treasury.fact.told"), visit.money(one.told))
            .row(visit.t("treasury.fact.difference"), differs)
            .row(visit.t("treasury.fact.matched"), one.matched.to_string())
            .row(visit.t("treasury.fact.elsewhere"), one.elsewhere.to_string())
            .row(visit.t("treasury.fact.run_at"), visit.moment(one.run_at));
    }
    summary
        .row(visit.t("treasury.fact.held"), seen.held.map_or_else(nothing, |held| visit.money(held)))
        .row(visit.t("treasury.fact.stated"), seen.stated.map_or_else(nothing, |stated| visit.money(stated)))
}

/// Exceptions in a table.
pub(super) fn exceptions(gateway: &Gateway, visit: &Visit, all: &[Exception]) -> Markup {
    let mut table = Table::new(visit.t("treasury.exception.all"))
        .column(visit.t("treasury.fact.kind"))
        .column(visit.t("treasury.fact.rail"))
        .column(visit.t("treasury.fact.day"))
        .numbers(visit.t("treasury.fact.ledger"))
        .numbers(visit.t("treasury.fact.told"))
        .column(visit.t("treasury.fact.state"))
        .column(visit.t("treasury.fact.owner"));
    for one in all {
        table = table.row([
            html! { a href=(format!("/treasury/exceptions/{}", one.id)) { (kind_of(visit, one)) } },
            html! { (rail_name(gateway.rails(), visit, &one.rail)) },
            html! { (visit.date(one.day)) },
            html! { (visit.money(one.ledger)) },
            html! { (visit.money(one.told)) },
            exception_tag(visit, one),
            html! { (owner(visit, one)) },
        ]);
    }
    html! { (table) }
}

fn kind_of(visit: &Visit, one: &Exception) -> String {
    let way = if one.comes_in { "in" } else { "out" };
    visit.t(&format!("treasury.kind.{}_{way}", one.kind.code()))
}

fn owner(visit: &Visit, one: &Exception) -> String {
    match &one.owner {
        Some(owner) if *owner == visit.actor().id => visit.t("treasury.exception.yours"),
        Some(_) => visit.t("treasury.exception.anothers"),
        None => "–".to_owned(),
    }
}

fn exception_tag(visit: &Visit, one: &Exception) -> Markup {
    match one.state {
        ExceptionState::Open => said(visit, Tone::Bad, "treasury.exception.open"),
        ExceptionState::Explained => said(visit, Tone::Good, "treasury.exception.explained"),
        ExceptionState::Cleared => said(visit, Tone::Off, "treasury.exception.cleared"),
    }
}

async fn again(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((rail, of)): Path<(String, String)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let of: Date = of.parse().map_err(|_| spine::Fault::not_found("payments.treasury.rail"))?;
    let key = Key::new(&format!("payments.treasury:{rail}:{of}"), form.key.text(), form.key.request());
    let (rails, name) = (gateway.rails().clone(), rail.clone());
    gateway.acts().write(visit.caller(), &key, move |cx| reconcile_again(cx, &rails, &name, of)).await?;
    Ok(see_other(&format!("/treasury/day/{rail}/{of}")))
}

async fn found(gateway: &Gateway, visit: &Visit, id: ExceptionId) -> Result<Exception, edge::Refusal> {
    let look = move |cx: &mut spine::Cx<'_>| {
        cx.may("payments.treasury.view", &Resource::new("Treasury", id))?;
        rows::exception(cx.tx(), id)?.ok_or_else(|| spine::Fault::not_found("payments.exception.unknown"))
    };
    Ok(gateway.acts().read(visit.caller(), look).await?)
}

async fn exception(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<ExceptionId>) -> Reply {
    visit.must_sign_in()?;
    let one = found(&gateway, &visit, id).await?;
    Ok(exception_page(&gateway, &visit, &one, Answers::default(), &[]).into_response())
}

fn exception_page(
    gateway: &Gateway,
    visit: &Visit,
    one: &Exception,
    answers: Answers,
    faults: &[FieldFault],
) -> edge::Page {
    let sheet = visit.sheet_with(answers, faults);
    let mut summary = Summary::new(visit)
        .row(visit.t("treasury.fact.rail"), rail_name(gateway.rails(), visit, &one.rail))
        .row(visit.t("treasury.fact.day"), visit.date(one.day))
        .row(visit.t("treasury.fact.subject"), &one.subject)
        .row(visit.t("treasury.fact.ledger"), visit.money(one.ledger))
        .row(visit.t("treasury.fact.told"), visit.money(one.told))
        .markup(visit.t("treasury.fact.state"), exception_tag(visit, one))
        .row(visit.t("treasury.fact.owner"), owner(visit, one));
    if let (Some(reason), Some(note)) = (&one.reason, &one.note) {
        summary = summary
            .row(visit.t("treasury.fact.reason"), visit.t(&format!("treasury.reason.{reason}")))
            .row(visit.t("treasury.fact.note"), note);
    }
    let choices = REASONS.map(|reason| Choice::new(reason, visit.t(&format!("treasury.reason.{reason}"))));
    let fields = html! {
        (sheet.radios("reason", visit.t("treasury.fact.reason"), choices.to_vec()))
        (sheet.area("note", visit.t("treasury.fact.note")).hint(visit.t("treasury.exception.note_hint")).max_length(300))
        (button(&visit.t("treasury.exception.explain")))
    };
    let is_open = one.state == ExceptionState::Open;
    let is_own = one.owner.as_deref() == Some(visit.actor().id.as_str());
    let back = format!("/treasury/day/{}/{}", one.rail, one.day);
    visit.page(kind_of(visit, one)).back(back).sheet(&sheet).body(html! {
        (summary)
        @if is_open && !is_own {
            (visit.button_form(&format!("/treasury/exceptions/{}/take", one.id), &visit.t("treasury.exception.take")))
        }
        @if is_open { (visit.form(&format!("/treasury/exceptions/{}", one.id), fields)) }
    })
}

pub(super) async fn take(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<ExceptionId>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.exception:{id}"), form.key.text(), form.key.request());
    gateway.acts().write(visit.caller(), &key, move |cx| take_over(cx, id)).await?;
    Ok(see_other(&format!("/treasury/exceptions/{id}")))
}

async fn explained(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<ExceptionId>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.exception.explain:{id}"), form.key.text(), form.key.request());
    let answers = form.answers.clone();
    let done = gateway
        .acts()
        .write(visit.caller(), &key, move |cx| explain(cx, id, answers.one("reason"), answers.one("note")));
    match done.await {
        Ok(()) => {
            let one = found(&gateway, &visit, id).await?;
            Ok(see_other(&format!("/treasury/day/{}/{}", one.rail, one.day)))
        }
        Err(fault) => {
            let faults = edge::correctable(fault)?;
            let one = found(&gateway, &visit, id).await?;
            Ok(exception_page(&gateway, &visit, &one, form.answers, &faults).into_response())
        }
    }
}
