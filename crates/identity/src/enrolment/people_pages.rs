//! A desk to which people come: her card lost or asked for, a way of signing in locked, her ID taken out of use and into
//! use again.
//!
//! **Invariant:** whom it is about is found by a number in the body of a form; opening her page is a look that she sees.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary, Table, Tone, tag};
use edge::{Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, FieldFault, Resource, Text};

use crate::enrolment::Enrolment;
use crate::enrolment::activate::renew_code;
use crate::enrolment::card::{self as cards, Card, Place, ask_for_card, cards_of, lose_card};
use crate::enrolment::desk_pages::key;
use crate::enrolment::number_pages::{OWN_FACTORS, card_table, lock_state};
use crate::enrolment::standing::{deactivate, reactivate};
use crate::enrolment::vid;
use crate::factor::{Factor, FactorLock, factor_locks, lock_factor, unlock_factor};
use crate::rows::{cards as rows, introductions};

const DESK: &str = "/enrolment/people";

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(DESK, get(ask).post(found))
        .route("/enrolment/people/{person}", get(open))
        .route("/enrolment/people/{person}/card", post(card))
        .route("/enrolment/people/{person}/code", post(code))
        .route("/enrolment/people/{person}/factor", post(factor))
        .route("/enrolment/people/{person}/standing", post(standing))
}

async fn ask(visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    Ok(ask_page(&visit, &visit.sheet()))
}

fn ask_page(visit: &Visit, sheet: &Sheet) -> Page {
    visit.page(visit.t("identity.people.title")).sheet(sheet).body(html! {
        p { (visit.t("identity.people.about")) }
        (visit.form(DESK, html! {
            (sheet.text("number", visit.t("identity.people.number")).hint(visit.t("identity.people.number_hint")).width(20).inputmode("numeric").autocomplete("off"))
            (show::button(&visit.t("edge.continue")))
        }))
    })
}

/// The person with this ID number, number in its stead, or card number.
fn person_of(cx: &mut Cx<'_>, enrolment: &Enrolment, written: &str) -> Result<Option<String>, Fault> {
    cx.may("identity.standing.look", &Resource::new("NationalId", "number").is("own", false))?;
    if let Some(card) = rows::by_number(cx.tx(), &cards::number_of(written))? {
        return Ok(Some(card.person));
    }
    let known = enrolment.civil().population().by_national_id(cx, written)?;
    Ok(match known {
        Some(person) => Some(person.id),
        None => vid::person_of(cx, enrolment.keys(), written)?,
    })
}

async fn found(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (written, engine) = (form.answers.one("number").to_owned(), enrolment.clone());
    let look = move |cx: &mut Cx<'_>| person_of(cx, &engine, &written);
    match enrolment.acts().read(visit.caller(), look).await? {
        Some(person) => Ok(see_other(&format!("{DESK}/{person}"))),
        None => {
            let fault = FieldFault { field: "number".to_owned(), text: Text::new("identity.people.unknown") };
            Ok(ask_page(&visit, &visit.sheet_with(form.answers, &[fault])).into_response())
        }
    }
}

/// What the desk sees of a person.
#[derive(Serialize, Deserialize)]
struct Seen {
    name: String,
    number: String,
    died: bool,
    cards: Vec<(Card, Option<Place>)>,
    locks: Vec<FactorLock>,
    inactive: Option<String>,
    /// Whether the code that opens her account was not used yet.
    to_open: bool,
}

fn look(cx: &mut Cx<'_>, enrolment: &Enrolment, person: &str) -> Result<Seen, Fault> {
    let own = cx.actor().id == person;
    cx.may("identity.standing.look", &Resource::new("NationalId", person).is("own", own))?;
    let known = enrolment.civil().population().person(cx, person)?;
    let known = known.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    let seen = Seen {
        name: known.name(),
        number: civil::national_id::shown(&known.national_id),
        died: known.died.is_some(),
        cards: cards_of(cx, enrolment, person)?,
        locks: factor_locks(cx, person)?,
        inactive: rows::inactive(cx.tx(), person)?.map(|(reason, _)| reason),
        to_open: introductions::activation(cx.tx(), person)?.is_some(),
    };
    let act = Act::new("identity.standing.looked").about(person).on(person);
    cx.record(act.because("national-id", "national-id"));
    Ok(seen)
}

async fn open(Of(enrolment): Of<Enrolment>, visit: Visit, Path(person): Path<String>) -> Result<Page, Refusal> {
    page(&enrolment, &visit, &person, &visit.sheet()).await
}

async fn page(enrolment: &Enrolment, visit: &Visit, person: &str, sheet: &Sheet) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let (engine, whom) = (enrolment.clone(), person.to_owned());
    let seen = enrolment.acts().write(visit.caller(), &Key::none(), move |cx| look(cx, &engine, &whom)).await?;
    let body = html! {
        (Summary::new(visit).row(visit.t("identity.vid.own"), &seen.number))
        @if seen.died { p { (tag(Tone::Off, &visit.t("identity.people.died"))) } }
        @if let Some(reason) = &seen.inactive { (show::banner(Tone::Bad, &visit.t("identity.people.inactive"), html! { p { (reason) } })) }
        @if seen.to_open {
            (visit.form(&format!("{DESK}/{person}/code"), html! { p { (visit.t("identity.people.to_open")) } (show::button(&visit.t("identity.people.code"))) }))
        }
        (card_table(visit, &seen.cards))
        (card_forms(visit, person, sheet))
        (factor_table(visit, person, &seen.locks))
        (show::details(&visit.t("identity.people.standing"), standing_form(visit, person, seen.inactive.is_some(), sheet)))
    };
    Ok(visit.page(seen.name).caption(visit.t("identity.people.title")).back(DESK).sheet(sheet).body(body))
}

fn card_forms(visit: &Visit, person: &str, sheet: &Sheet) -> Markup {
    let reasons = [
        ("lost", "identity.card.ask.lost"),
        ("expired", "identity.card.ask.expired"),
        ("damaged", "identity.card.ask.damaged"),
        ("changed", "identity.card.ask.changed"),
    ]
    .map(|(value, key)| Choice::new(value, visit.t(key)));
    visit.form(
        &format!("{DESK}/{person}/card"),
        html! {
            (sheet.radios("reason", visit.t("identity.card.ask.why"), reasons.to_vec()))
            button.b name="what" value="ask" { (visit.t("identity.card.ask.button")) }
            button.b.b2 name="what" value="lose" { (visit.t("identity.card.lose.button")) }
        },
    )
}

fn factor_table(visit: &Visit, person: &str, locks: &[FactorLock]) -> Markup {
    let mut table = Table::new(visit.t("identity.factors.caption"))
        .column(visit.t("identity.factors.way"))
        .column(visit.t("identity.factors.state"))
        .column(visit.t("identity.factors.change"));
    for (factor, name) in OWN_FACTORS {
        let lock = locks.iter().find(|lock| lock.factor == factor);
        let (what, label) =
            if lock.is_some() { ("unlock", "identity.factors.unlock") } else { ("lock", "identity.factors.lock") };
        let change = visit.form(
            &format!("{DESK}/{person}/factor"),
            html! {
                input type="hidden" name="factor" value=(factor.as_str());
                button.b.b2 name="what" value=(what) { (visit.t(label)) }
            },
        );
        table = table.row([html! { (visit.t(name)) }, lock_state(visit, lock), change]);
    }
    html! { (table) }
}

fn standing_form(visit: &Visit, person: &str, inactive: bool, sheet: &Sheet) -> Markup {
    let label = if inactive { "identity.people.reactivate" } else { "identity.people.deactivate" };
    visit.form(
        &format!("{DESK}/{person}/standing"),
        html! {
            input type="hidden" name="what" value=(if inactive { "reactivate" } else { "deactivate" });
            (sheet.area("words", visit.t("identity.people.reason")).rows(3))
            (show::warning_button(&visit.t(label)))
        },
    )
}

async fn done(enrolment: &Enrolment, visit: &Visit, person: &str, form: Form, outcome: Result<(), Fault>) -> Reply {
    match outcome {
        Ok(()) => Ok(see_other(&format!("{DESK}/{person}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(page(enrolment, visit, person, &visit.sheet_with(form.answers, &faults)).await?.into_response())
        }
    }
}

async fn card(Of(enrolment): Of<Enrolment>, visit: Visit, Path(person): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (key, whom, reason) =
        (key(&visit, "identity.card.ask", &form), person.clone(), form.answers.one("reason").to_owned());
    let lose = form.answers.one("what") == "lose";
    let work = move |cx: &mut Cx<'_>| if lose { lose_card(cx, &whom) } else { ask_for_card(cx, &whom, &reason) };
    let outcome = enrolment.acts().write(visit.caller(), &key, work).await;
    done(&enrolment, &visit, &person, form, outcome).await
}

async fn code(Of(enrolment): Of<Enrolment>, visit: Visit, Path(person): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (key, whom, engine) = (key(&visit, "identity.activation.renew", &form), person.clone(), enrolment.clone());
    let work = move |cx: &mut Cx<'_>| renew_code(cx, &engine, &whom);
    let outcome = enrolment.acts().write(visit.caller(), &key, work).await;
    done(&enrolment, &visit, &person, form, outcome).await
}

async fn factor(Of(enrolment): Of<Enrolment>, visit: Visit, Path(person): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let chosen = Factor::named(form.answers.one("factor")).ok_or_else(|| Fault::invalid("identity.factor.unknown"))?;
    let (key, whom, unlock) =
        (key(&visit, "identity.factor.desk", &form), person.clone(), form.answers.one("what") == "unlock");
    let work = move |cx: &mut Cx<'_>| {
        if unlock { unlock_factor(cx, &whom, chosen) } else { lock_factor(cx, &whom, chosen, None) }
    };
    let outcome = enrolment.acts().write(visit.caller(), &key, work).await;
    done(&enrolment, &visit, &person, form, outcome).await
}

async fn standing(Of(enrolment): Of<Enrolment>, visit: Visit, Path(person): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (key, whom, words) =
        (key(&visit, "identity.standing", &form), person.clone(), form.answers.one("words").to_owned());
    let again = form.answers.one("what") == "reactivate";
    let work = move |cx: &mut Cx<'_>| if again { reactivate(cx, &whom, &words) } else { deactivate(cx, &whom, &words) };
    let outcome = enrolment.acts().write(visit.caller(), &key, work).await;
    done(&enrolment, &visit, &person, form, outcome).await
}
