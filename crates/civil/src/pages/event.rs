//! One event with all that belongs to it, and what the officer can do with it now; a likeness, side by side.
//!
//! **Invariant:** opening an event is a look that its people see, with who, when and why.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Progress, Steps, Summary, Table, Tone, tag};
use edge::{Answers, Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use registers::{Fields, Register, find_record, said_value};
use spine::{Cx, FieldFault, Text};

use super::{id, key, state_tag};
use crate::engine::Civil;
use crate::event::{Event, EventId, State};
use crate::examine::{Examined, look, refuse, send_back, validate};
use crate::judge::judge;
use crate::kinds::Kind;
use crate::likeness::{EVENT, Likeness, Verdict};
use crate::rows::events;
use crate::{reference, register};

pub(super) fn routes() -> Router<Civil> {
    Router::new()
        .route("/civil/events/{event}", get(open).post(decided))
        .route("/civil/events/{event}/register", post(entered))
        .route("/civil/events/{event}/alike/{register}/{candidate}", get(alike).post(judged))
}

async fn examined(civil: &Civil, visit: &Visit, event: &str) -> Result<Examined, Refusal> {
    visit.must_sign_in()?;
    let (event, engine): (EventId, _) = (id(event)?, civil.clone());
    // A look is a deed, so it is written.
    Ok(civil.acts().write(visit.caller(), &Key::none(), move |cx| look(cx, &engine, event)).await?)
}

async fn open(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>) -> Result<Page, Refusal> {
    let examined = examined(&civil, &visit, &event).await?;
    page(&civil, &visit, &examined, &visit.sheet())
}

fn page(civil: &Civil, visit: &Visit, examined: &Examined, sheet: &Sheet) -> Result<Page, Refusal> {
    let Examined { event, likenesses } = examined;
    let kind = civil.kind(&event.kind)?;
    let register = civil.registers().need(&kind.register)?;
    let circumstance = kind.circumstance(&event.circumstance).map(|one| visit.local(&one.name)).unwrap_or_default();
    let main = html! {
        p { (state_tag(visit, event.state)) @if !circumstance.is_empty() { " " (circumstance) } }
        @if let Some(words) = &event.words {
            (show::inset(html! { p { @if words == "duplicate" { (visit.t("civil.event.duplicate")) } @else { (words) } } }))
        }
        (facts(visit, register, kind, &event.fields))
        @if !event.evidence.is_empty() {
            h2 { (visit.t("civil.declare.papers")) }
            ul { @for shown in &event.evidence {
                li { (civil.kinds().evidence(&shown.kind).map(|one| visit.local(&one.name)).unwrap_or_default()) " " (shown.reference) @if !shown.issuer.is_empty() { ", " (shown.issuer) } }
            } }
        }
        @if !event.informant.name.is_empty() {
            h2 { (visit.t("civil.declare.informant")) }
            p { (event.informant.name) @if !event.informant.relation.is_empty() { " (" (event.informant.relation) ")" } }
        }
        @if !likenesses.is_empty() { (candidates(visit, event, likenesses)) }
    };
    let side = html! {
        (steps(visit, event))
        @if let Some(entry) = &event.entry {
            p { (visit.t("civil.event.entry")) " " a href={ "/civil/entries/" (kind.id) "/" (entry) } { (reference::shown(entry)) } }
        }
        (work(visit, event, likenesses, sheet))
    };
    Ok(visit
        .page(reference::shown(&event.reference))
        .wide()
        .caption(visit.local(&kind.name))
        .back("/civil")
        .sheet(sheet)
        .body(show::columns(main, side)))
}

/// What is told, in the pack's order; identifiers stay out of sight.
fn facts(visit: &Visit, register: &Register, kind: &Kind, fields: &Fields) -> Markup {
    let told = kind.ask.iter().filter_map(|id| Some((register.field(id)?, fields.get(id)?)));
    let known = kind.parties.iter().filter(|party| fields.contains_key(&party.field));
    let mut summary = Summary::new(visit);
    for (field, value) in told {
        summary = summary.row(visit.local(field.name()), said_value(visit, field, value));
    }
    for party in known {
        let who = register.field(&party.field).map(|field| visit.local(field.name())).unwrap_or_default();
        summary = summary.markup(who, tag(Tone::Good, &visit.t("civil.event.known_person")));
    }
    html! { (summary) }
}

fn steps(visit: &Visit, event: &Event) -> Markup {
    let when = |done: &crate::event::Done| done.at.map(|at| visit.moment(at)).unwrap_or_default();
    let at = |done: &crate::event::Done, states: &[State]| {
        if done.at.is_some() && !states.contains(&event.state) {
            Progress::Done
        } else if states.contains(&event.state) {
            Progress::Now
        } else {
            Progress::Later
        }
    };
    let mut steps = Steps::new();
    if event.notified.at.is_some() {
        steps = steps.step(Progress::Done, visit.t("civil.step.notified"), when(&event.notified));
    }
    let steps = steps
        .step(
            at(&event.declared, &[State::Notified, State::Returned]),
            visit.t("civil.step.declared"),
            when(&event.declared),
        )
        .step(at(&event.validated, &[State::Declared]), visit.t("civil.step.validated"), when(&event.validated))
        .step(at(&event.registered, &[State::Validated]), visit.t("civil.step.registered"), when(&event.registered));
    html! { (steps) }
}

fn candidates(visit: &Visit, event: &Event, likenesses: &[Likeness]) -> Markup {
    let mut table = Table::new(visit.t("civil.alike.caption"))
        .column(visit.t("civil.alike.what"))
        .column(visit.t("civil.alike.why"))
        .numbers(visit.t("civil.alike.score"))
        .column(visit.t("civil.alike.verdict"));
    for one in likenesses {
        let href = format!("/civil/events/{}/alike/{}/{}", event.id, one.register, one.candidate);
        let (tone, verdict) = match one.verdict {
            Verdict::Open => (Tone::Waiting, "civil.alike.open"),
            Verdict::Same => (Tone::Bad, "civil.alike.same"),
            Verdict::Different => (Tone::Off, "civil.alike.different"),
        };
        table = table.row([
            html! { a href=(href) { (visit.t(where_of(&one.register))) } },
            html! { (visit.t(why_of(&one.rule))) },
            html! { (one.score) " %" },
            tag(tone, &visit.t(verdict)),
        ]);
    }
    html! { h2 { (visit.t("civil.alike.title")) } (table) }
}

fn where_of(register: &str) -> &'static str {
    match register {
        EVENT => "civil.alike.event",
        crate::population::REGISTER => "civil.alike.person",
        _ => "civil.alike.entry",
    }
}

fn why_of(rule: &str) -> &'static str {
    match rule {
        "same_mother" => "civil.alike.same_mother",
        "same_name_and_day" => "civil.alike.same_name",
        _ => "civil.alike.alike",
    }
}

/// What the officer can do now.
fn work(visit: &Visit, event: &Event, likenesses: &[Likeness], sheet: &Sheet) -> Markup {
    let path = format!("/civil/events/{}", event.id);
    let judged = !likenesses.iter().any(|one| one.verdict == Verdict::Open);
    let decide = |choices: &[(&str, &'static str)]| {
        let choices = choices.iter().map(|(value, key)| Choice::new(*value, visit.t(key))).collect();
        visit.form(
            &path,
            html! {
                (sheet.radios("verdict", visit.t("civil.work.title"), choices))
                (sheet.area("words", visit.t("civil.work.words")).rows(3).hint(visit.t("civil.work.words_hint")))
                (show::button(&visit.t("edge.continue")))
            },
        )
    };
    let declare = html! { p { (show::button_link(&format!("{path}/declare"), &visit.t("civil.work.declare"))) } };
    match event.state {
        State::Notified => html! { (declare) (decide(&[("refuse", "civil.work.refuse")])) },
        State::Returned => declare,
        State::Declared if judged => decide(&[
            ("validate", "civil.work.validate"),
            ("return", "civil.work.return"),
            ("refuse", "civil.work.refuse"),
        ]),
        State::Declared => html! {
            p { (visit.t("civil.work.judge_first")) }
            (decide(&[("return", "civil.work.return"), ("refuse", "civil.work.refuse")]))
        },
        State::Validated => html! {
            (visit.form(&format!("{path}/register"), html! { p { (visit.t("civil.work.register_hint")) } (show::button(&visit.t("civil.work.register"))) }))
            (decide(&[("return", "civil.work.return"), ("refuse", "civil.work.refuse")]))
        },
        State::Registered | State::Refused => html! { p { (visit.t("civil.work.over")) } },
    }
}

async fn decided(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let number: EventId = id(&event)?;
    let (words, engine) = (form.answers.one("words").to_owned(), civil.clone());
    let verdict = form.answers.one("verdict").to_owned();
    let decide = move |cx: &mut Cx<'_>| match verdict.as_str() {
        "validate" => validate(cx, &engine, number),
        "return" => send_back(cx, &engine, number, &words),
        "refuse" => refuse(cx, &engine, number, &words),
        _ => Err(spine::Fault::invalid("civil.event.wrong").field("verdict", Text::new("civil.field.choose"))),
    };
    match civil.acts().write(visit.caller(), &key(&visit, "civil.decide", &form), decide).await {
        Ok(()) => Ok(see_other("/civil")),
        Err(fault) => again(&civil, &visit, &event, form.answers, &correctable(fault)?).await,
    }
}

async fn again(civil: &Civil, visit: &Visit, event: &str, given: Answers, faults: &[FieldFault]) -> Reply {
    let examined = examined(civil, visit, event).await?;
    Ok(page(civil, visit, &examined, &visit.sheet_with(given, faults))?.into_response())
}

async fn entered(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (event, engine): (EventId, _) = (id(&event)?, civil.clone());
    let enter = move |cx: &mut Cx<'_>| register::register(cx, &engine, event);
    let key = key(&visit, "civil.register", &form);
    civil.acts().write(visit.caller(), &key, enter).await?;
    Ok(see_other(&format!("/civil/events/{event}")))
}

/// An event and its candidate.
async fn alike(
    Of(civil): Of<Civil>,
    visit: Visit,
    Path((event, register, candidate)): Path<(String, String, String)>,
) -> Result<Page, Refusal> {
    let examined = examined(&civil, &visit, &event).await?;
    let own = examined.event;
    let likeness = examined.likenesses.iter().find(|one| one.register == register && one.candidate == candidate);
    let likeness = likeness.ok_or_else(|| spine::Fault::not_found("civil.likeness.missing"))?.clone();
    let kind = civil.kind(&own.kind)?;
    let other = {
        let (engine, register, candidate) = (civil.clone(), register.clone(), candidate.clone());
        let read = move |cx: &mut Cx<'_>| {
            if register == EVENT {
                let id: EventId = id(&candidate)?;
                return Ok(events::event(cx.tx(), id)?.map(|event| event.fields).unwrap_or_default());
            }
            let found = find_record(cx, engine.registers(), &register, &candidate)?;
            Ok(found.map(|record| record.fields().clone()).unwrap_or_default())
        };
        civil.acts().read(visit.caller(), read).await?
    };
    let shown = civil.registers().need(if register == EVENT { &kind.register } else { &register })?;
    let own_register = civil.registers().need(&kind.register)?;
    let mut table = Table::new(visit.t("civil.alike.beside"))
        .column(visit.t("civil.alike.field"))
        .column(visit.t("civil.alike.this"))
        .column(visit.t(where_of(&register)));
    for field in kind.ask.iter().filter_map(|name| own_register.field(name)) {
        let said = |register: &Register, fields: &Fields| {
            let value = register.field(field.id()).zip(fields.get(field.id()));
            value.map(|(field, value)| said_value(&visit, field, value)).unwrap_or_default()
        };
        let (one, two) = (said(own_register, &own.fields), said(shown, &other));
        if !(one.is_empty() && two.is_empty()) {
            let differs = one != two;
            table = table.row([
                html! { (visit.local(field.name())) },
                html! { (one) },
                html! { @if differs { strong { (two) } } @else { (two) } },
            ]);
        }
    }
    let path = format!("/civil/events/{}/alike/{register}/{candidate}", own.id);
    let choices = vec![
        Choice::new("different", visit.t("civil.alike.different")),
        Choice::new("same", visit.t("civil.alike.same")).hint(visit.t("civil.alike.same_hint")),
    ];
    Ok(visit
        .page(visit.t("civil.alike.title"))
        .caption(reference::shown(&own.reference))
        .back(format!("/civil/events/{}", own.id))
        .body(html! {
            p { (visit.t(why_of(&likeness.rule))) ", " (likeness.score) " %" }
            (table)
            @if likeness.verdict == Verdict::Open && own.state.is_open() {
                (visit.form(&path, html! { (visit.sheet().radios("verdict", visit.t("civil.alike.question"), choices)) (show::button(&visit.t("civil.alike.decide"))) }))
            }
        }))
}

async fn judged(
    Of(civil): Of<Civil>,
    visit: Visit,
    Path((event, register, candidate)): Path<(String, String, String)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let (event, engine): (EventId, _) = (id(&event)?, civil.clone());
    let back = format!("/civil/events/{event}");
    let is_same = match form.answers.one("verdict") {
        "same" => true,
        "different" => false,
        _ => return Ok(see_other(&format!("{back}/alike/{register}/{candidate}"))),
    };
    let decide = move |cx: &mut Cx<'_>| judge(cx, &engine, event, (&register, &candidate), is_same);
    civil.acts().write(visit.caller(), &key(&visit, "civil.judge", &form), decide).await?;
    Ok(see_other(&back))
}
