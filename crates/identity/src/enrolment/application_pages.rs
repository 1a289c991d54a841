//! One application: what is told, what could not be taken of the body, and what an operator or supervisor does with it.
//!
//! **Invariant:** opening an application is a look that its person sees. What one may not do is not offered, and refused
//! all the same if sent.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Progress, Steps, Summary, Table, Tone, tag};
use edge::{Answers, Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Text};

use crate::enrolment::Enrolment;
use crate::enrolment::alike::{DOUBLE, Source};
use crate::enrolment::application::{Biometrics, Exception, State};
use crate::enrolment::decide::{Examined, approve, examine, refuse, send_back};
use crate::enrolment::desk_pages::{DESK, id, key, state_tag};
use crate::enrolment::introduce::IntroductionState;
use crate::enrolment::rules::Named;
use crate::enrolment::take::{describe, except, submit, withdraw};
use civil::Verdict;

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route("/enrolment/{id}", get(open))
        .route("/enrolment/{id}/person", get(person).post(person_sent))
        .route("/enrolment/{id}/exceptions", get(exceptions).post(exceptions_sent))
        .route("/enrolment/{id}/submit", post(submitted))
        .route("/enrolment/{id}/withdraw", post(withdrawn))
        .route("/enrolment/{id}/decide", post(decided))
}

async fn examined(enrolment: &Enrolment, visit: &Visit, name: &str) -> Result<Examined, Refusal> {
    visit.must_sign_in()?;
    let id = id(name)?;
    // A look is a deed, so it is written.
    Ok(enrolment.acts().write(visit.caller(), &Key::none(), move |cx| examine(cx, id)).await?)
}

async fn open(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>) -> Result<Page, Refusal> {
    let examined = examined(&enrolment, &visit, &name).await?;
    page(&enrolment, &visit, &examined, &visit.sheet())
}

fn page(enrolment: &Enrolment, visit: &Visit, examined: &Examined, sheet: &Sheet) -> Result<Page, Refusal> {
    let application = &examined.application;
    let rules = enrolment.rules();
    let evidence = rules.evidence_of(&application.evidence).map(|one| visit.local(&one.name)).unwrap_or_default();
    let mut summary =
        Summary::new(visit).row(visit.t("identity.enrolment.evidence"), format!("{evidence} {}", application.paper));
    for (_, label, value) in enrolment.civil().person_said(visit, &application.fields, &rules.taking.ask)? {
        summary = summary.row(label, value);
    }
    let main = html! {
        p { (state_tag(visit, application.state)) @if application.packet.is_some() { " " (tag(Tone::Plain, &visit.t("identity.enrolment.from_packet"))) } }
        @if let Some(words) = &application.words {
            (show::inset(html! { p { @if words == DOUBLE { (visit.t("identity.enrolment.double")) } @else { (words) } } }))
        }
        (summary)
        (introduction(visit, examined))
        @if !application.exceptions.is_empty() {
            h2 { (visit.t("identity.enrolment.exceptions.title")) }
            ul { @for one in &application.exceptions {
                li { (named(visit, rules.parts(), &one.part)) ": " (named(visit, rules.reasons(), &one.reason)) ". " (visit.t1("identity.enrolment.exceptions.seen", "who", one.seen_by.as_str())) }
            } }
        }
        @if !examined.alikes.is_empty() { (alikes(visit, examined)) }
    };
    let side = html! { (steps(visit, examined)) (work(visit, examined, enrolment.abis().is_some(), sheet)) };
    Ok(visit
        .page(civil::reference::shown(&application.reference))
        .wide()
        .caption(visit.t("identity.enrolment.title"))
        .back(DESK)
        .sheet(sheet)
        .body(show::columns(main, side)))
}

fn named<'r>(visit: &Visit, mut all: impl Iterator<Item = &'r Named>, id: &str) -> String {
    all.find(|one| one.id == id).map_or_else(|| id.to_owned(), |one| visit.local(&one.name).to_owned())
}

fn introduction(visit: &Visit, examined: &Examined) -> Markup {
    let Some(one) = &examined.introduction else { return html! {} };
    let (tone, key) = match one.state {
        IntroductionState::Waiting => (Tone::Waiting, "identity.introduction.waiting"),
        IntroductionState::Signed => (Tone::Good, "identity.introduction.signed"),
        IntroductionState::Denied => (Tone::Bad, "identity.introduction.denied"),
    };
    html! {
        h2 { (visit.t("identity.introduction.word")) }
        p { (tag(tone, &visit.t(key))) @if let Some(day) = one.letter_on { " " (visit.t("identity.introduction.letter_of")) " " (visit.date(day)) } }
    }
}

fn alikes(visit: &Visit, examined: &Examined) -> Markup {
    let mut table = Table::new(visit.t("identity.alike.caption"))
        .column(visit.t("identity.alike.where"))
        .column(visit.t("identity.alike.why"))
        .numbers(visit.t("identity.alike.score"))
        .column(visit.t("identity.alike.verdict"));
    for one in &examined.alikes {
        let href = format!("{DESK}/{}/alike/{}/{}", examined.application.id, one.source.name(), one.candidate);
        let (tone, verdict) = match one.verdict {
            Verdict::Open => (Tone::Waiting, "identity.alike.open"),
            Verdict::Same => (Tone::Bad, "identity.alike.same"),
            Verdict::Different => (Tone::Off, "identity.alike.different"),
        };
        table = table.row([
            html! { a href=(href) { (visit.t(where_of(one.source))) } },
            html! { (visit.t(why_of(&one.rule))) },
            html! { (one.score) " %" },
            tag(tone, &visit.t(verdict)),
        ]);
    }
    html! { h2 { (visit.t("identity.alike.title")) } (table) }
}

pub(super) const fn where_of(source: Source) -> &'static str {
    match source {
        Source::Person => "identity.alike.person",
        Source::Application => "identity.alike.application",
        Source::Abis => "identity.alike.abis",
    }
}

pub(super) fn why_of(rule: &str) -> &'static str {
    match rule {
        "same_name_and_day" => "identity.alike.same_name",
        "same_person" => "identity.alike.same_person",
        "biometric" => "identity.alike.biometric",
        _ => "identity.alike.near",
    }
}

fn steps(visit: &Visit, examined: &Examined) -> Markup {
    let application = &examined.application;
    let at = |done: bool, now: bool| {
        if now {
            Progress::Now
        } else if done {
            Progress::Done
        } else {
            Progress::Later
        }
    };
    let taken = !matches!(application.state, State::Draft | State::Returned);
    let decided = matches!(application.state, State::Approved | State::Refused | State::Withdrawn);
    let when = application.decided_at.map(|at| visit.moment(at)).unwrap_or_default();
    let compared = match application.biometrics {
        Biometrics::None => None,
        Biometrics::Waiting | Biometrics::Sent => Some("identity.enrolment.step.comparing"),
        Biometrics::Compared => Some("identity.enrolment.step.compared"),
        Biometrics::Failed => Some("identity.enrolment.step.not_compared"),
    };
    let mut steps = Steps::new().step(
        at(taken, !taken),
        visit.t("identity.enrolment.step.taken"),
        if taken { visit.moment(application.taken_at) } else { String::new() },
    );
    if let Some(key) = compared {
        let waits = matches!(application.biometrics, Biometrics::Waiting | Biometrics::Sent);
        steps = steps.step(at(!waits, waits), visit.t(key), String::new());
    }
    html! { (steps.step(at(decided, taken && !decided), visit.t("identity.enrolment.step.decided"), when)) }
}

/// What is to be done with it now.
fn work(visit: &Visit, examined: &Examined, abis: bool, sheet: &Sheet) -> Markup {
    let application = &examined.application;
    let path = format!("{DESK}/{}", application.id);
    match application.state {
        State::Draft | State::Returned => html! {
            p { a href={ (path) "/person" } { (visit.t("identity.enrolment.work.person")) } }
            @if abis { p { a href={ (path) "/biometrics" } { (visit.t("identity.enrolment.work.biometrics")) } } }
            p { a href={ (path) "/exceptions" } { (visit.t("identity.enrolment.work.exceptions")) } }
            (visit.form(&format!("{path}/submit"), html! { p { (visit.t("identity.enrolment.work.submit_hint")) } (show::button(&visit.t("identity.enrolment.work.submit"))) }))
            (withdraw_form(visit, &path))
        },
        State::Taken => html! {
            @if application.officer == visit.actor().id { p { (visit.t("identity.enrolment.work.other_officer")) } }
            @else { (decide_form(visit, examined, &path, sheet)) }
            (withdraw_form(visit, &path))
        },
        State::Approved => html! { p { (visit.t("identity.enrolment.work.approved")) } },
        State::Refused | State::Withdrawn => html! { p { (visit.t("identity.enrolment.work.over")) } },
    }
}

fn withdraw_form(visit: &Visit, path: &str) -> Markup {
    let form =
        visit.form(&format!("{path}/withdraw"), show::warning_button(&visit.t("identity.enrolment.work.withdraw")));
    show::details(&visit.t("identity.enrolment.work.withdraw_title"), form)
}

fn decide_form(visit: &Visit, examined: &Examined, path: &str, sheet: &Sheet) -> Markup {
    let application = &examined.application;
    let choices = [
        ("approve", "identity.enrolment.work.approve"),
        ("return", "identity.enrolment.work.return"),
        ("refuse", "identity.enrolment.work.refuse"),
    ]
    .map(|(value, key)| Choice::new(value, visit.t(key)));
    let about = match application.exceptions.is_empty() {
        true => "identity.enrolment.step.not_compared",
        false => "identity.enrolment.exceptions.title",
    };
    let agree = vec![Choice::new("yes", visit.t("identity.enrolment.work.agree"))];
    let unjudged = examined.alikes.iter().any(|one| one.verdict == Verdict::Open);
    visit.form(
        &format!("{path}/decide"),
        html! {
            @if unjudged { p { (visit.t("identity.enrolment.work.judge_first")) } }
            (sheet.radios("verdict", visit.t("identity.enrolment.work.title"), choices.to_vec()))
            @if application.needs_agreement() { (sheet.checkboxes("agreed", visit.t(about), agree).optional()) }
            (sheet.area("words", visit.t("identity.enrolment.work.words")).rows(3).hint(visit.t("identity.enrolment.work.words_hint")).optional())
            (show::button(&visit.t("identity.enrolment.work.decide")))
        },
    )
}

async fn person(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>) -> Result<Page, Refusal> {
    let examined = examined(&enrolment, &visit, &name).await?;
    let answers = enrolment.civil().person_answers(&examined.application.fields)?;
    person_page(&enrolment, &visit, &name, &visit.sheet_with(answers, &[]))
}

fn person_page(enrolment: &Enrolment, visit: &Visit, name: &str, sheet: &Sheet) -> Result<Page, Refusal> {
    let inputs = enrolment.civil().person_inputs(sheet, &enrolment.rules().taking.ask)?;
    let form = html! { (inputs) (show::button(&visit.t("edge.continue"))) };
    let page = visit.page(visit.t("identity.enrolment.person.title")).back(format!("{DESK}/{name}")).sheet(sheet);
    Ok(page.body(html! {
        p { (visit.t("identity.enrolment.person.about")) }
        (visit.form(&format!("{DESK}/{name}/person"), form))
    }))
}

async fn person_sent(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let own = id(&name)?;
    let told = enrolment.civil().person_told(&form.answers, &enrolment.rules().taking.ask);
    let done = match told {
        Ok(told) => {
            let (engine, key) = (enrolment.clone(), key(&visit, "identity.enrolment.describe", &form));
            enrolment.acts().write(visit.caller(), &key, move |cx| describe(cx, &engine, own, &told)).await
        }
        Err(fault) => Err(fault),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("{DESK}/{name}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(person_page(&enrolment, &visit, &name, &visit.sheet_with(form.answers, &faults))?.into_response())
        }
    }
}

async fn exceptions(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>) -> Result<Page, Refusal> {
    let examined = examined(&enrolment, &visit, &name).await?;
    let known = &examined.application.exceptions;
    let first = known.first();
    let answers = Answers::default()
        .with_all("part", known.iter().map(|one| one.part.clone()))
        .with("reason", first.map(|one| one.reason.clone()).unwrap_or_default())
        .with("seen_by", first.map(|one| one.seen_by.clone()).unwrap_or_default());
    Ok(exceptions_page(&enrolment, &visit, &name, &visit.sheet_with(answers, &[])))
}

fn exceptions_page(enrolment: &Enrolment, visit: &Visit, name: &str, sheet: &Sheet) -> Page {
    let choices = |all: Vec<&Named>| all.into_iter().map(|one| Choice::new(&one.id, visit.local(&one.name))).collect();
    let (parts, reasons) =
        (choices(enrolment.rules().parts().collect()), choices(enrolment.rules().reasons().collect()));
    let form = html! {
        (sheet.checkboxes("part", visit.t("identity.enrolment.exceptions.part"), parts).optional())
        (sheet.radios("reason", visit.t("identity.enrolment.exceptions.reason"), reasons).optional())
        (sheet.text("seen_by", visit.t("identity.enrolment.exceptions.who")).hint(visit.t("identity.enrolment.exceptions.who_hint")).optional().autocomplete("off"))
        (show::button(&visit.t("edge.continue")))
    };
    visit.page(visit.t("identity.enrolment.exceptions.title")).back(format!("{DESK}/{name}")).sheet(sheet).body(html! {
        p { (visit.t("identity.enrolment.exceptions.about")) }
        (visit.form(&format!("{DESK}/{name}/exceptions"), form))
    })
}

async fn exceptions_sent(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let own = id(&name)?;
    let exception = |part: &String| Exception {
        part: part.clone(),
        reason: form.answers.one("reason").to_owned(),
        seen_by: form.answers.one("seen_by").trim().to_owned(),
    };
    let said: Vec<Exception> = form.answers.all("part").iter().filter(|part| !part.is_empty()).map(exception).collect();
    let (engine, key) = (enrolment.clone(), key(&visit, "identity.enrolment.except", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| except(cx, &engine, own, &said)).await {
        Ok(()) => Ok(see_other(&format!("{DESK}/{name}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(exceptions_page(&enrolment, &visit, &name, &visit.sheet_with(form.answers, &faults)).into_response())
        }
    }
}

async fn submitted(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (own, engine, key) = (id(&name)?, enrolment.clone(), key(&visit, "identity.enrolment.submit", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| submit(cx, &engine, own)).await {
        Ok(()) => Ok(see_other(&format!("{DESK}/{name}"))),
        // What is wrong with a field is put right where the field is asked.
        Err(fault) => {
            let faults = correctable(fault)?;
            let examined = examined(&enrolment, &visit, &name).await?;
            let answers = enrolment.civil().person_answers(&examined.application.fields)?;
            Ok(person_page(&enrolment, &visit, &name, &visit.sheet_with(answers, &faults))?.into_response())
        }
    }
}

async fn withdrawn(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (own, key) = (id(&name)?, key(&visit, "identity.enrolment.withdraw", &form));
    enrolment.acts().write(visit.caller(), &key, move |cx| withdraw(cx, own)).await?;
    Ok(see_other(DESK))
}

async fn decided(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (own, engine, key) = (id(&name)?, enrolment.clone(), key(&visit, "identity.enrolment.decide", &form));
    let (verdict, words) = (form.answers.one("verdict").to_owned(), form.answers.one("words").to_owned());
    let agreed = form.answers.one("agreed") == "yes";
    let decide = move |cx: &mut Cx<'_>| match verdict.as_str() {
        "approve" => approve(cx, &engine, own, agreed),
        "return" => send_back(cx, own, &words),
        "refuse" => refuse(cx, own, &words),
        _ => Err(Fault::invalid("identity.enrolment.wrong").field("verdict", Text::new("identity.enrolment.choose"))),
    };
    match enrolment.acts().write(visit.caller(), &key, decide).await {
        Ok(()) => Ok(see_other(&format!("{DESK}/{name}"))),
        Err(fault) => again(&enrolment, &visit, &name, form.answers, &correctable(fault)?).await,
    }
}

async fn again(enrolment: &Enrolment, visit: &Visit, name: &str, given: Answers, faults: &[FieldFault]) -> Reply {
    let examined = examined(enrolment, visit, name).await?;
    Ok(page(enrolment, visit, &examined, &visit.sheet_with(given, faults))?.into_response())
}
