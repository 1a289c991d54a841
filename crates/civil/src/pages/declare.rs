//! The forms of a notice and of a declaration, made from the register's own fields.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{self, Choice};
use edge::{Answers, Form, Markup, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use registers::{Fields, Register, form_answers, form_field, form_fields};
use spine::{ActorKind, Cx, Fault, FieldFault, Resource};

use super::{at_fields, id, key};
use crate::declare::{Declaration, declare};
use crate::engine::Civil;
use crate::event::{Event, EventId, Evidence, Informant};
use crate::examine::look;
use crate::kinds::Kind;
use crate::notify::{Notice, about, notify};
use crate::reference;

pub(super) fn routes() -> Router<Civil> {
    Router::new()
        .route("/civil/notify/{kind}", get(notice_form).post(notice_sent))
        .route("/civil/new/{kind}", get(new_form).post(new_sent))
        .route("/civil/events/{event}/declare", get(declare_form).post(declare_sent))
}

/// How many papers a form has room for.
const PAPERS: [&str; 2] = ["evidence", "evidence2"];

async fn notice_form(Of(civil): Of<Civil>, visit: Visit, Path(kind): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let kind = civil.kind(&kind)?;
    let about = about(kind);
    let may = move |cx: &mut Cx<'_>| cx.may("civil.event.notify", &about);
    civil.acts().read(visit.caller(), may).await?;
    Ok(notice_page(&civil, &visit, kind, &visit.sheet())?)
}

fn notice_page(civil: &Civil, visit: &Visit, kind: &Kind, sheet: &Sheet) -> Result<Response, Fault> {
    let register = civil.registers().need(&kind.register)?;
    let form = html! {
        p { (visit.t("civil.notify.lead")) }
        @for field in kind.notice.iter().filter_map(|id| register.field(id)) { (form_field(sheet, field)) }
        (show::button(&visit.t("civil.notify.send")))
    };
    let page = visit
        .page(visit.t1("civil.notify.title", "kind", visit.local(&kind.name)))
        .back(home(visit))
        .sheet(sheet)
        .body(visit.form(&format!("/civil/notify/{}", kind.id), form));
    Ok(page.into_response())
}

async fn notice_sent(Of(civil): Of<Civil>, visit: Visit, Path(kind): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let kind = civil.kind(&kind)?;
    let register = civil.registers().need(&kind.register)?;
    let sent = match told(register, &kind.notice, &form.answers) {
        Err(faults) => Err(Fault::invalid("civil.event.wrong").fields_from(faults)),
        Ok(fields) => {
            let (engine, notice) = (civil.clone(), Notice { kind: kind.id.clone(), fields });
            let key = key(&visit, "civil.notify", &form);
            civil.acts().write(visit.caller(), &key, move |cx| notify(cx, &engine, &notice)).await
        }
    };
    match sent {
        Ok((_, number)) => Ok(slip(&visit, kind, &number)),
        Err(fault) => {
            let faults = at_fields(correctable(fault)?);
            Ok(notice_page(&civil, &visit, kind, &visit.sheet_with(form.answers, &faults))?)
        }
    }
}

/// Where whoever gives notice came from: her family, or the desk.
fn home(visit: &Visit) -> &'static str {
    if visit.actor().kind == ActorKind::Person { "/my/family" } else { "/civil" }
}

/// What the informant takes home: the number, and what happens next.
fn slip(visit: &Visit, kind: &Kind, number: &str) -> Response {
    let label = visit.t("civil.event.reference");
    let body = html! {
        (show::panel(&visit.t("civil.slip.title"), Some((&label, &reference::shown(number)))))
        p { (visit.t1("civil.slip.next", "kind", visit.local(&kind.name))) }
        p { a href=(home(visit)) { (visit.t(if visit.actor().kind == ActorKind::Person { "civil.family.title" } else { "civil.slip.back" })) } }
    };
    visit.page(visit.t("civil.slip.title")).own_heading().body(body).into_response()
}

async fn new_form(Of(civil): Of<Civil>, visit: Visit, Path(kind): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let kind = civil.kind(&kind)?;
    let of = kind.id.clone();
    let may = move |cx: &mut Cx<'_>| cx.may("civil.event.declare", &Resource::new("CivilKind", &of));
    civil.acts().read(visit.caller(), may).await?;
    Ok(declare_page(&civil, &visit, kind, None, &visit.sheet())?)
}

async fn new_sent(Of(civil): Of<Civil>, visit: Visit, Path(kind): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let kind = civil.kind(&kind)?;
    sent(&civil, &visit, kind, None, form).await
}

async fn declare_form(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>) -> Reply {
    let event = opened(&civil, &visit, &event).await?;
    let kind = civil.kind(&event.kind)?;
    let answers = answers_of(&civil, kind, &event)?;
    Ok(declare_page(&civil, &visit, kind, Some(event.id), &visit.sheet_with(answers, &[]))?)
}

async fn opened(civil: &Civil, visit: &Visit, event: &str) -> Result<Event, Refusal> {
    visit.must_sign_in()?;
    let (event, engine): (EventId, _) = (id(event)?, civil.clone());
    let look = move |cx: &mut Cx<'_>| look(cx, &engine, event);
    Ok(civil.acts().write(visit.caller(), &journal::Key::none(), look).await?.event)
}

/// What is known of an event, to go on from; numbers of people are asked again.
fn answers_of(civil: &Civil, kind: &Kind, event: &Event) -> Result<Answers, Fault> {
    let register = civil.registers().need(&kind.register)?;
    let mut answers = form_answers(register, &event.fields)
        .with("circumstance", event.circumstance.clone())
        .with("informant", event.informant.name.clone())
        .with("relation", event.informant.relation.clone());
    for (name, shown) in PAPERS.iter().zip(&event.evidence) {
        answers = answers
            .with(*name, shown.kind.clone())
            .with(format!("{name}_reference"), shown.reference.clone())
            .with(format!("{name}_issuer"), shown.issuer.clone());
    }
    Ok(answers)
}

async fn declare_sent(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>, form: Form) -> Reply {
    let event = opened(&civil, &visit, &event).await?;
    let kind = civil.kind(&event.kind)?;
    sent(&civil, &visit, kind, Some(event.id), form).await
}

async fn sent(civil: &Civil, visit: &Visit, kind: &Kind, event: Option<EventId>, form: Form) -> Reply {
    let register = civil.registers().need(&kind.register)?;
    let declared = match told(register, &kind.ask, &form.answers) {
        Err(faults) => Err(Fault::invalid("civil.event.wrong").fields_from(faults)),
        Ok(fields) => {
            let (engine, said) = (civil.clone(), declaration(kind, fields, &form.answers));
            let key = key(visit, "civil.declare", &form);
            civil.acts().write(visit.caller(), &key, move |cx| declare(cx, &engine, event, &said)).await
        }
    };
    match declared {
        Ok((event, _)) => Ok(see_other(&format!("/civil/events/{event}"))),
        Err(fault) => {
            let faults = at_fields(correctable(fault)?);
            Ok(declare_page(civil, visit, kind, event, &visit.sheet_with(form.answers, &faults))?)
        }
    }
}

/// The fields of a form, as far as they may be told here.
fn told(register: &Register, allowed: &[String], answers: &Answers) -> Result<Fields, Vec<FieldFault>> {
    let mut fields = form_fields(register, answers)?;
    fields.retain(|name, _| allowed.contains(name));
    Ok(fields)
}

fn declaration(kind: &Kind, fields: Fields, answers: &Answers) -> Declaration {
    let one = |name: &str| answers.one(name).to_owned();
    let parties: BTreeMap<String, String> = kind
        .parties
        .iter()
        .filter(|party| party.asked)
        .map(|party| (party.part.clone(), one(&format!("{}_number", party.part))))
        .collect();
    let evidence = PAPERS.iter().filter(|name| answers.has(name)).map(|name| Evidence {
        kind: one(name),
        reference: one(&format!("{name}_reference")),
        issuer: one(&format!("{name}_issuer")),
    });
    Declaration {
        kind: kind.id.clone(),
        circumstance: one("circumstance"),
        fields,
        parties,
        evidence: evidence.collect(),
        informant: Informant { name: one("informant"), relation: one("relation") },
    }
}

fn declare_page(
    civil: &Civil,
    visit: &Visit,
    kind: &Kind,
    event: Option<EventId>,
    sheet: &Sheet,
) -> Result<Response, Fault> {
    let register = civil.registers().need(&kind.register)?;
    let circumstances = kind.circumstances.iter().map(|one| Choice::new(one.id.clone(), visit.local(&one.name)));
    let form = html! {
        @if kind.illustrative { p.hint { (visit.t("civil.illustrative")) } }
        (sheet.radios("circumstance", visit.t("civil.declare.circumstance"), circumstances.collect()))
        h2 { (visit.t("civil.declare.people")) }
        @for party in kind.parties.iter().filter(|party| party.asked) {
            @let who = register.field(&party.field).map(|field| visit.local(field.name())).unwrap_or_default();
            (sheet.text(&format!("{}_number", party.part), visit.t1("civil.declare.number", "who", who)).optional().width(20).inputmode("numeric").autocomplete("off"))
        }
        h2 { (visit.t("civil.declare.facts")) }
        @for field in kind.ask.iter().filter_map(|id| register.field(id)) { (form_field(sheet, field)) }
        h2 { (visit.t("civil.declare.papers")) }
        @for name in PAPERS { (paper(civil, visit, sheet, name)) }
        h2 { (visit.t("civil.declare.informant")) }
        (sheet.text("informant", visit.t("civil.declare.informant_name")).autocomplete("off"))
        (sheet.text("relation", visit.t("civil.declare.relation")).hint(visit.t("civil.declare.relation_hint")).optional().autocomplete("off"))
        (show::button(&visit.t("civil.declare.send")))
    };
    let action = event.map_or_else(|| format!("/civil/new/{}", kind.id), |id| format!("/civil/events/{id}/declare"));
    let back = event.map_or_else(|| "/civil".to_owned(), |id| format!("/civil/events/{id}"));
    let page = visit
        .page(visit.t1("civil.declare.title", "kind", visit.local(&kind.name)))
        .back(back)
        .sheet(sheet)
        .body(visit.form(&action, form));
    Ok(page.into_response())
}

fn paper(civil: &Civil, visit: &Visit, sheet: &Sheet, name: &str) -> Markup {
    let kinds = civil.kinds().all_evidence().map(|one| Choice::new(one.id.clone(), visit.local(&one.name))).collect();
    let select = sheet.select(name, visit.t("civil.declare.paper"), kinds);
    html! {
        (if name == PAPERS[0] { select } else { select.optional() })
        (sheet.text(&format!("{name}_reference"), visit.t("civil.declare.paper_reference")).optional().width(20).autocomplete("off"))
        (sheet.text(&format!("{name}_issuer"), visit.t("civil.declare.paper_issuer")).optional().autocomplete("off"))
    }
}
