//! The counter of a post office: whom one has before one, what lies ready, and giving it.
//!
//! **Invariant:** the clerk asks by number, which the person sees; each payment is given by one press, once.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary, Tone, banner};
use edge::{Answers, Form, Page, Query, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Cx, Fault, Text};

use super::{id, key};
use crate::engine::Grants;
use crate::model::RunId;
use crate::post_office::{AtTheCounter, at_the_counter, give};

pub(super) fn routes() -> Router<Grants> {
    Router::new().route("/post-office", get(ask).post(asked)).route("/post-office/give", post(given))
}

#[derive(Deserialize)]
struct Where {
    place: Option<String>,
    given: Option<String>,
}

async fn ask(State(grants): State<Grants>, visit: Visit, Query(asked): Query<Where>) -> Reply {
    visit.must_sign_in()?;
    let answers = Answers::default().with("place", asked.place.unwrap_or_default());
    Ok(ask_page(&visit, &grants, &visit.sheet_with(answers, &[]), asked.given.is_some()).into_response())
}

fn ask_page(visit: &Visit, grants: &Grants, sheet: &Sheet, given: bool) -> Page {
    let offices = grants.inner.payouts.post_offices.iter();
    let offices = offices.map(|office| Choice::new(office.id.as_str(), visit.local(&office.name))).collect();
    visit.page(visit.t("grants.counter.title")).sheet(sheet).body(html! {
        @if given { (banner(Tone::Good, &visit.t("grants.counter.given"), html! { p { (visit.t("grants.counter.given_hint")) } })) }
        p { (visit.t("grants.counter.lead")) }
        (visit.form("/post-office", html! {
            (sheet.select("place", visit.t("grants.counter.place"), offices))
            (sheet.text("number", visit.t("grants.fact.number")).inputmode("numeric").width(20).autocomplete("off"))
            (show::button(&visit.t("grants.counter.look")))
        }))
    })
}

async fn asked(State(grants): State<Grants>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (engine, answers) = (grants.clone(), form.answers.clone());
    let look = move |cx: &mut Cx<'_>| at_the_counter(cx, &engine, answers.one("place"), answers.one("number"));
    match grants.acts().write(visit.caller(), &Key::none(), look).await {
        Ok(seen) => Ok(counter_page(&visit, &grants, form.answers.one("place"), &seen, &visit.sheet()).into_response()),
        Err(fault) => {
            let fault = match fault.code() {
                "grants.place.unknown" => {
                    Fault::invalid("grants.place.wrong").field("place", Text::new("grants.counter.place_missing"))
                }
                _ => fault,
            };
            let faults = correctable(fault)?;
            Ok(ask_page(&visit, &grants, &visit.sheet_with(form.answers, &faults), false).into_response())
        }
    }
}

fn counter_page(visit: &Visit, grants: &Grants, place: &str, seen: &AtTheCounter, sheet: &Sheet) -> Page {
    let office = grants.inner.payouts.post_office(place).map_or("", |office| visit.local(&office.name));
    visit
        .page(seen.name.as_str())
        .caption(office)
        .back(format!("/post-office?place={place}"))
        .sheet(sheet)
        .body(html! {
            (Summary::new(visit)
                .row(visit.t("grants.fact.number"), civil::national_id::shown(&seen.payee))
                .row(visit.t("grants.counter.float"), visit.money(grants.money(seen.float_left))))
            @if seen.ready.is_empty() { p { (visit.t("grants.counter.nothing")) } }
            @for one in &seen.ready {
                @let name = grants.programmes().get(&one.programme).map_or(one.programme.as_str(), |it| visit.local(&it.about().name));
                h2 { (name) " " (one.period) ": " (visit.money(grants.money(one.amount_minor))) }
                (visit.form("/post-office/give", html! {
                    input type="hidden" name="place" value=(place);
                    input type="hidden" name="number" value=(seen.payee);
                    input type="hidden" name="run" value=(one.run);
                    input type="hidden" name="line" value=(one.line);
                    (sheet.text("document", visit.t("grants.counter.document")).hint(visit.t("grants.counter.document_hint")).max_length(40).width(20).autocomplete("off"))
                    (show::button(&visit.t("grants.counter.give")))
                }))
            }
        })
}

async fn given(State(grants): State<Grants>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let place = form.answers.one("place").to_owned();
    let run: RunId = id(form.answers.one("run"))?;
    let line = form.answers.one("line").parse().map_err(|_| Fault::not_found("grants.page.missing"))?;
    let (engine, answers, office) = (grants.clone(), form.answers.clone(), place.clone());
    let key = key(&visit, "grants.give", &form.key);
    let work = move |cx: &mut Cx<'_>| give(cx, &engine, &office, (run, line), answers.one("document"));
    match grants.acts().write(visit.caller(), &key, work).await {
        Ok(()) => Ok(see_other(&format!("/post-office?place={place}&given=1"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            let (engine, answers) = (grants.clone(), form.answers.clone());
            let look = move |cx: &mut Cx<'_>| at_the_counter(cx, &engine, answers.one("place"), answers.one("number"));
            let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
            let sheet = visit.sheet_with(form.answers, &faults);
            Ok(counter_page(&visit, &grants, &place, &seen, &sheet).into_response())
        }
    }
}
