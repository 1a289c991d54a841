//! Records of other systems that may be about somebody who is here: side by side, and a person says.
//!
//! **Invariant:** nothing is merged without her; what she says is an act.

use axum::Router;
use axum::extract::State as Of;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Choice, Summary, button};
use edge::{Form, Markup, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Cx, Fault};

use crate::brought::{self, Held};
use crate::engine::Civil;

const PATH: &str = "/civil/held";

pub(super) fn routes() -> Router<Civil> {
    Router::new().route(PATH, get(list).post(settled))
}

/// What is shown of a person: identifier, name, day of birth, number.
type Shown = (String, String, spine::Date, String);

async fn list(Of(civil): Of<Civil>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let engine = civil.clone();
    let read = move |cx: &mut Cx<'_>| {
        let mut all = Vec::new();
        for held in brought::held(cx)? {
            let mut people: Vec<Shown> = Vec::new();
            for id in &held.alike {
                if let Some(person) = engine.population().person(cx, id)? {
                    people.push((person.id.clone(), person.name(), person.born, person.national_id.clone()));
                }
            }
            all.push((held, people));
        }
        Ok(all)
    };
    let all = civil.acts().read(visit.caller(), read).await?;
    let body = html! {
        p { (visit.t("civil.held.lead")) }
        @if all.is_empty() { p { (visit.t("civil.held.none")) } }
        @for (held, people) in &all { (card(&visit, held, people)) }
    };
    Ok(visit.page(visit.t("civil.held.title")).back("/civil").body(body).into_response())
}

fn card(visit: &Visit, held: &Held, people: &[Shown]) -> Markup {
    let text = |field: &str| held.incoming.person.get(field).and_then(|value| value.as_str()).unwrap_or_default();
    let born = text("born").parse().map_or_else(|_| text("born").to_owned(), |day| visit.date(day));
    let facts = Summary::new(visit)
        .row(visit.t("civil.held.system"), &held.incoming.system)
        .row(visit.t("civil.held.number"), &held.incoming.number)
        .row(visit.t("civil.held.born"), born);
    let mut choices: Vec<Choice> = people
        .iter()
        .map(|(id, name, born, number)| {
            let hint = format!("{} · {}", visit.date(*born), crate::national_id::shown(number));
            Choice::new(id.as_str(), name.as_str()).hint(hint)
        })
        .collect();
    choices.push(Choice::new("-", visit.t("civil.held.another")));
    // Several of these stand on one page; each has its fields by the number it is about.
    let field = format!("who-{}", held.incoming.number);
    html! {
        h2 { (text("given")) " " (text("family")) }
        (facts)
        (visit.form(PATH, html! {
            input type="hidden" name="system" value=(held.incoming.system);
            input type="hidden" name="number" value=(held.incoming.number);
            (visit.sheet().radios(&field, visit.t("civil.held.question"), choices))
            (button(&visit.t("civil.held.settle")))
        }))
    }
}

async fn settled(Of(civil): Of<Civil>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (system, number) = (form.answers.one("system").to_owned(), form.answers.one("number").to_owned());
    let who = form.answers.one(&format!("who-{number}")).to_owned();
    if who.is_empty() {
        return Err(Fault::invalid("civil.held.who").into());
    }
    let engine = civil.clone();
    let work = move |cx: &mut Cx<'_>| {
        brought::settle(cx, &engine, (&system, &number), Some(who.as_str()).filter(|who| *who != "-"))
    };
    civil.acts().write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other(PATH))
}
