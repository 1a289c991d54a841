//! A candidate beside the applicant, and a person's verdict.
//!
//! **Invariant:** both sides are told in the same words; looking is an act about both.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::routing::get;
use edge::show::{self, Choice, Table, Tone};
use edge::{Form, Page, Refusal, Reply, Visit, html, see_other};
use journal::Key;
use spine::Fault;

use crate::enrolment::Enrolment;
use crate::enrolment::alike::{Source, beside, judge};
use crate::enrolment::application::State;
use crate::enrolment::application_pages::{where_of, why_of};
use crate::enrolment::desk_pages::{DESK, id, key};
use civil::Verdict;

pub(super) fn routes() -> Router<Enrolment> {
    Router::new().route("/enrolment/{id}/alike/{source}/{candidate}", get(alike).post(judged))
}

fn source_of(name: &str) -> Result<Source, Fault> {
    Source::named(name).ok_or_else(|| Fault::not_found("identity.alike.missing"))
}

type Named = Path<(String, String, String)>;

async fn alike(
    Of(enrolment): Of<Enrolment>,
    visit: Visit,
    Path((name, source, candidate)): Named,
) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let (own, from, engine, other) = (id(&name)?, source_of(&source)?, enrolment.clone(), candidate.clone());
    let look = move |cx: &mut spine::Cx<'_>| beside(cx, &engine, own, (from, &other));
    let (application, found) = enrolment.acts().write(visit.caller(), &Key::none(), look).await?;
    let ask = &enrolment.rules().taking.ask;
    let here = enrolment.civil().person_said(&visit, &application.fields, ask)?;
    let there = enrolment.civil().person_said(&visit, &found.told, ask)?;
    let mut table = Table::new(visit.t("identity.alike.beside"))
        .column(visit.t("identity.alike.field"))
        .column(visit.t("identity.alike.this"))
        .column(visit.t(where_of(from)));
    for name in ask {
        let said = |all: &[(String, String, String)]| all.iter().find(|(own, ..)| own == name).cloned();
        let (one, two) = (said(&here), said(&there));
        let label = one.as_ref().or(two.as_ref()).map(|(_, label, _)| label.clone());
        let Some(label) = label else { continue };
        let (one, two) =
            (one.map(|(.., said)| said).unwrap_or_default(), two.map(|(.., said)| said).unwrap_or_default());
        let differs = one != two;
        table =
            table.row([html! { (label) }, html! { (one) }, html! { @if differs { strong { (two) } } @else { (two) } }]);
    }
    let choices = vec![
        Choice::new("different", visit.t("identity.alike.different")),
        Choice::new("same", visit.t("identity.alike.same")).hint(visit.t("identity.alike.same_hint")),
    ];
    let judges = found.alike.verdict == Verdict::Open
        && application.state == State::Taken
        && application.officer != visit.actor().id;
    let path = format!("{DESK}/{name}/alike/{source}/{candidate}");
    let page = visit
        .page(visit.t("identity.alike.title"))
        .caption(civil::reference::shown(&application.reference))
        .back(format!("{DESK}/{name}"));
    Ok(page.body(html! {
        p { (visit.t(why_of(&found.alike.rule))) ", " (found.alike.score) " %" }
        @if found.gone { p { (visit.t("identity.alike.gone")) } } @else { (table) }
        @if found.has_account { (show::banner(Tone::Bad, &visit.t("identity.alike.has_account"), html! {})) }
        @if judges {
            (visit.form(&path, html! { (visit.sheet().radios("verdict", visit.t("identity.alike.question"), choices)) (show::button(&visit.t("identity.alike.decide"))) }))
        }
    }))
}

async fn judged(
    Of(enrolment): Of<Enrolment>,
    visit: Visit,
    Path((name, source, candidate)): Named,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let (own, from, engine) = (id(&name)?, source_of(&source)?, enrolment.clone());
    let is_same = match form.answers.one("verdict") {
        "same" => true,
        "different" => false,
        _ => return Ok(see_other(&format!("{DESK}/{name}/alike/{source}/{candidate}"))),
    };
    let key = key(&visit, "identity.alike.judge", &form);
    let work = move |cx: &mut spine::Cx<'_>| judge(cx, &engine, own, (from, &candidate), is_same);
    enrolment.acts().write(visit.caller(), &key, work).await?;
    Ok(see_other(&format!("{DESK}/{name}")))
}
