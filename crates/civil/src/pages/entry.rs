//! One entry of a register of civil registration: what it says, and what a registrar may do to it with which paper.
//!
//! **Invariant:** an entry is looked at through the registers' own recorded look.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary};
use edge::{Answers, Form, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use registers::{Fields, Look, Record, form_answers, form_field, form_fields, look_up, said_value};
use serde_json::Value as Json;
use spine::{Cx, Fault, FieldFault, Resource, Text};

use super::{at_fields, key};
use crate::correct::{Correction, correct, reinstate, seal};
use crate::engine::Civil;
use crate::kinds::{Effect, Kind};
use crate::reference;

pub(super) fn routes() -> Router<Civil> {
    Router::new()
        .route("/civil/entries/{kind}/{entry}", get(entry))
        .route("/civil/entries/{kind}/{entry}/correct", get(correct_form).post(corrected))
        .route("/civil/entries/{kind}/{entry}/seal", post(sealed))
        .route("/civil/entries/{kind}/{entry}/annul", post(annulled))
        .route("/civil/sealed", get(sealed_form).post(opened))
}

async fn looked(civil: &Civil, visit: &Visit, kind: &Kind, entry: &str) -> Result<Record, Refusal> {
    visit.must_sign_in()?;
    let (engine, look) = (civil.clone(), Look::new(&kind.register, entry, kind.id.clone()));
    let look = move |cx: &mut Cx<'_>| look_up(cx, engine.registers(), &look);
    Ok(civil.acts().write(visit.caller(), &Key::none(), look).await?)
}

async fn entry(Of(civil): Of<Civil>, visit: Visit, Path((kind, entry)): Path<(String, String)>) -> Reply {
    let kind = civil.kind(&kind)?;
    let record = looked(&civil, &visit, kind, &entry).await?;
    Ok(page(&civil, &visit, kind, &record, &visit.sheet())?)
}

fn page(civil: &Civil, visit: &Visit, kind: &Kind, record: &Record, sheet: &Sheet) -> Result<Response, Fault> {
    let register = civil.registers().need(&kind.register)?;
    let mut summary = Summary::new(visit);
    let hidden = |id: &str| kind.parties.iter().any(|party| party.field == id) || id == register.key();
    for field in register.fields().iter().filter(|field| !hidden(field.id())) {
        if let Some(value) = record.fields().get(field.id()) {
            summary = summary.row(visit.local(field.name()), said_value(visit, field, value));
        }
    }
    let path = format!("/civil/entries/{}/{}", kind.id, record.key());
    let order = |title: &'static str, action: &str, hint: &'static str| {
        show::details(
            &visit.t(title),
            visit.form(
                &format!("{path}/{action}"),
                html! {
                    p { (visit.t(hint)) }
                    (sheet.text("order", visit.t("civil.entry.order")).autocomplete("off"))
                    (show::warning_button(&visit.t(title)))
                },
            ),
        )
    };
    let is_death = kind.effect == Effect::Death && record.text("annulled_on").is_empty();
    let body = html! {
        (summary)
        p { (show::button_link(&format!("{path}/correct"), &visit.t("civil.entry.correct"))) }
        p { a href={ "/registers/" (kind.register) "/records/" (record.id()) } { (visit.t("civil.entry.history")) } }
        @if is_death { (order("civil.entry.annul", "annul", "civil.entry.annul_hint")) }
        @if !record.is_sealed() { (order("civil.entry.seal", "seal", "civil.entry.seal_hint")) }
    };
    let page = visit
        .page(reference::shown(record.key()))
        .caption(visit.local(&kind.name))
        .back("/civil")
        .sheet(sheet)
        .body(body);
    Ok(page.into_response())
}

async fn correct_form(Of(civil): Of<Civil>, visit: Visit, Path((kind, entry)): Path<(String, String)>) -> Reply {
    let kind = civil.kind(&kind)?;
    let record = looked(&civil, &visit, kind, &entry).await?;
    let answers = form_answers(civil.registers().need(&kind.register)?, record.fields());
    Ok(correct_page(&civil, &visit, kind, record.key(), &visit.sheet_with(answers, &[]))?)
}

fn correct_page(civil: &Civil, visit: &Visit, kind: &Kind, entry: &str, sheet: &Sheet) -> Result<Response, Fault> {
    let register = civil.registers().need(&kind.register)?;
    let form = html! {
        p { (visit.t("civil.correct.lead")) }
        @for field in kind.ask.iter().filter_map(|id| register.field(id)) { (form_field(sheet, field)) }
        (sheet.text("order", visit.t("civil.entry.order")).hint(visit.t("civil.correct.order_hint")).optional().autocomplete("off"))
        (sheet.area("reason", visit.t("civil.correct.reason")).rows(3).max_length(400))
        (show::button(&visit.t("civil.entry.correct")))
    };
    let path = format!("/civil/entries/{}/{entry}", kind.id);
    let page = visit
        .page(visit.t("civil.entry.correct"))
        .caption(reference::shown(entry))
        .back(path.clone())
        .sheet(sheet)
        .body(visit.form(&format!("{path}/correct"), form));
    Ok(page.into_response())
}

async fn corrected(
    Of(civil): Of<Civil>,
    visit: Visit,
    Path((kind, entry)): Path<(String, String)>,
    form: Form,
) -> Reply {
    let kind = civil.kind(&kind)?;
    let record = looked(&civil, &visit, kind, &entry).await?;
    let outcome = match form_fields(civil.registers().need(&kind.register)?, &form.answers) {
        Err(faults) => Err(Fault::invalid("civil.event.wrong").fields_from(faults)),
        Ok(fields) => {
            let order = Some(form.answers.one("order").to_owned()).filter(|order| !order.is_empty());
            let wish = Correction {
                kind: kind.id.clone(),
                entry: record.key().to_owned(),
                fields: differing(kind, &record, &fields),
                order,
                reason: form.answers.one("reason").to_owned(),
            };
            let engine = civil.clone();
            let key = key(&visit, "civil.correct", &form);
            civil.acts().write(visit.caller(), &key, move |cx| correct(cx, &engine, &wish)).await
        }
    };
    match outcome {
        Ok(()) => Ok(see_other(&format!("/civil/entries/{}/{entry}", kind.id))),
        Err(fault) => {
            let faults = at_fields(correctable(fault)?);
            Ok(correct_page(&civil, &visit, kind, record.key(), &visit.sheet_with(form.answers, &faults))?)
        }
    }
}

/// What the form says otherwise than the entry.
fn differing(kind: &Kind, record: &Record, fields: &Fields) -> Fields {
    let mut patch = Fields::new();
    for name in &kind.ask {
        let (old, new) = (record.fields().get(name), fields.get(name));
        if old != new {
            patch.insert(name.clone(), new.cloned().unwrap_or(Json::Null));
        }
    }
    patch
}

async fn sealed(Of(civil): Of<Civil>, visit: Visit, Path((kind, entry)): Path<(String, String)>, form: Form) -> Reply {
    let order = form.answers.one("order").to_owned();
    let (engine, of) = (civil.clone(), (kind.clone(), entry.clone()));
    let work = move |cx: &mut Cx<'_>| seal(cx, &engine, (&of.0, &of.1), true, &order);
    done(&civil, &visit, (&kind, &entry), form, "civil.seal", work, "/civil").await
}

/// A sealed entry is found by nobody, so whoever holds the court's order names it.
async fn sealed_form(Of(civil): Of<Civil>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let may = |cx: &mut Cx<'_>| cx.may("civil.entry.seal", &Resource::new("CivilKind", "any"));
    civil.acts().read(visit.caller(), may).await?;
    Ok(sealed_page(&civil, &visit, &visit.sheet()))
}

fn sealed_page(civil: &Civil, visit: &Visit, sheet: &Sheet) -> Response {
    let kinds = civil.kinds().iter().map(|kind| Choice::new(kind.id.clone(), visit.local(&kind.name)));
    let form = html! {
        p { (visit.t("civil.sealed.lead")) }
        (sheet.radios("kind", visit.t("civil.event.kind"), kinds.collect()))
        (sheet.text("entry", visit.t("civil.sealed.entry")).width(12).autocomplete("off"))
        (sheet.text("order", visit.t("civil.entry.order")).autocomplete("off"))
        (show::warning_button(&visit.t("civil.sealed.open")))
    };
    let page = visit.page(visit.t("civil.sealed.title")).back("/civil").sheet(sheet);
    page.body(visit.form("/civil/sealed", form)).into_response()
}

async fn opened(Of(civil): Of<Civil>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let one = |name: &str| form.answers.one(name).to_owned();
    let (engine, kind, entry, order) = (civil.clone(), one("kind"), one("entry"), one("order"));
    let at = (kind.clone(), entry.clone());
    let work = move |cx: &mut Cx<'_>| seal(cx, &engine, (&at.0, &at.1), false, &order);
    match civil.acts().write(visit.caller(), &key(&visit, "civil.open", &form), work).await {
        Ok(()) => {
            let entry = reference::parse(&entry).unwrap_or(entry);
            Ok(see_other(&format!("/civil/entries/{kind}/{entry}")))
        }
        Err(fault) => {
            let faults = match fault.code() {
                "civil.kind.unknown" => at_field("kind", "civil.field.choose"),
                "civil.entry.unknown" => at_field("entry", "fault.civil.entry.unknown"),
                _ => correctable(fault)?,
            };
            Ok(sealed_page(&civil, &visit, &visit.sheet_with(form.answers, &faults)))
        }
    }
}

fn at_field(field: &str, key: &'static str) -> Vec<FieldFault> {
    vec![FieldFault { field: field.to_owned(), text: Text::new(key) }]
}

async fn annulled(
    Of(civil): Of<Civil>,
    visit: Visit,
    Path((kind, entry)): Path<(String, String)>,
    form: Form,
) -> Reply {
    let order = form.answers.one("order").to_owned();
    let (engine, number) = (civil.clone(), entry.clone());
    let work = move |cx: &mut Cx<'_>| reinstate(cx, &engine, &number, &order);
    let to = format!("/civil/entries/{kind}/{entry}");
    done(&civil, &visit, (&kind, &entry), form, "civil.annul", work, &to).await
}

async fn done(
    civil: &Civil,
    visit: &Visit,
    (kind, entry): (&str, &str),
    form: Form,
    operation: &str,
    work: impl FnMut(&mut Cx<'_>) -> Result<(), Fault> + Send + 'static,
    to: &str,
) -> Reply {
    visit.must_sign_in()?;
    match civil.acts().write(visit.caller(), &key(visit, operation, &form), work).await {
        Ok(()) => Ok(see_other(to)),
        Err(fault) => {
            let kind = civil.kind(kind)?;
            let faults = correctable(fault)?;
            let record = looked(civil, visit, kind, entry).await?;
            Ok(page(civil, visit, kind, &record, &visit.sheet_with(Answers::default(), &faults))?)
        }
    }
}
