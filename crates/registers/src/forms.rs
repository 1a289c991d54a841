//! The officers' forms of every register: enrol, change or correct, end, import.
//!
//! **Invariant:** the form's own token is the idempotency key; a form names the revision it was filled in from, so
//! that nobody overwrites what she has not seen. What is wrong is shown at its field, with the answers kept.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{Table, Tone, banner, warning_button};
use edge::{Answers, Form, Markup, Path, Refusal, Reply, Sheet, Visit, body_limit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use serde_json::Value;
use spine::{Cx, Date, Fault, FieldFault, Text};

use crate::api::Desk;
use crate::change::{Change, Kind, change};
use crate::enrol::{Enrol, enrol, whole};
use crate::find;
use crate::import::{Format, Import, Report, import};
use crate::look_up::{Look, look_up};
use crate::record::{Record, Stored, invalid};
use crate::register::{Fields, Register, Registers};
use crate::{rows, value};

/// Bytes of a file sent through a page.
const FILE_BYTES: usize = 16 << 20;

pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/registers/{register}/enrol", get(enrol_form).post(enrol_sent))
        .route("/registers/{register}/records/{id}/change", get(change_form).post(change_sent))
        .route("/registers/{register}/records/{id}/end", get(end_form).post(end_sent))
        .route("/registers/{register}/import", get(import_form).post(import_sent).layer(body_limit(FILE_BYTES)))
        .with_state(desk)
}

fn scope(operation: &str, visit: &Visit) -> String {
    format!("{operation}:{}", visit.actor().id)
}

/// The faults to show on the form again; a key that is taken is one of them.
fn faults(fault: Fault) -> Result<Vec<FieldFault>, Refusal> {
    if fault.code() == "registers.key.taken" { Ok(fault.fields().to_vec()) } else { correctable(fault) }
}

async fn enrol_form(State(desk): State<Desk>, visit: Visit, Path(id): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?.clone();
    let of = register.clone();
    desk.acts.read(visit.caller(), move |cx| cx.may("registers.record.enrol", &whole(&of))).await?;
    Ok(enrol_page(&visit, &register, &visit.sheet()))
}

fn enrol_page(visit: &Visit, register: &Register, sheet: &Sheet) -> Response {
    let base = format!("/registers/{}", register.id());
    let inputs = html! {
        @for field in register.fields() { (value::asked(sheet, field)) }
        button.b { (visit.t("registers.enrol.send")) }
    };
    visit
        .page(visit.t("registers.enrol.title"))
        .caption(visit.local(register.name()))
        .back(base.clone())
        .sheet(sheet)
        .body(visit.form(&format!("{base}/enrol"), inputs))
        .into_response()
}

async fn enrol_sent(State(desk): State<Desk>, visit: Visit, Path(id): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let stored = match value::fields(register, &form.answers) {
        Err(faults) => Err(invalid(faults)),
        Ok(fields) => {
            let (registers, command) = (desk.registers.clone(), Enrol::new(&id, fields));
            let key = Key::new(&scope("registers.record.enrol", &visit), form.key.text(), form.key.request());
            desk.acts.write(visit.caller(), &key, move |cx| enrol(cx, &registers, &command)).await
        }
    };
    match stored {
        Ok(stored) => Ok(see_other(&format!("/registers/{id}/records/{}", stored.id))),
        Err(fault) => Ok(enrol_page(&visit, register, &visit.sheet_with(form.answers, &faults(fault)?))),
    }
}

#[derive(Deserialize)]
struct WhichKind {
    kind: Option<Kind>,
}

async fn change_form(
    State(desk): State<Desk>,
    visit: Visit,
    Path((id, record)): Path<(String, String)>,
    edge::Query(which): edge::Query<WhichKind>,
) -> Reply {
    visit.must_sign_in()?;
    let record = opened(&desk, &visit, &id, &record).await?;
    let register = desk.registers.need(&id)?;
    let kind = which.kind.filter(|kind| *kind != Kind::End).unwrap_or(Kind::Change);
    let answers = value::answers(register, record.fields()).with_date("from", desk.registers.day(visit.now()));
    let (id, revision) = (record.id().to_string(), record.revision().to_string());
    Ok(change_page(&visit, register, &id, &revision, kind, &visit.sheet_with(answers, &[])))
}

/// The record as it is shown; looking at it to change it is a look.
async fn opened(desk: &Desk, visit: &Visit, register: &str, record: &str) -> Result<Record, Refusal> {
    let (registers, look) = (desk.registers.clone(), Look::new(register, record, "registration"));
    Ok(desk.acts.write(visit.caller(), &Key::none(), move |cx| look_up(cx, &registers, &look)).await?)
}

fn change_page(visit: &Visit, register: &Register, id: &str, revision: &str, kind: Kind, sheet: &Sheet) -> Response {
    let base = format!("/registers/{}/records/{id}", register.id());
    let (title, hint, day, kind) = if kind == Kind::Correct {
        ("registers.correct.title", "registers.correct.hint", "registers.correct.from", "correct")
    } else {
        ("registers.change.title", "registers.change.hint", "registers.change.from", "change")
    };
    let inputs = html! {
        p { (visit.t(hint)) }
        input type="hidden" name="revision" value=(revision);
        input type="hidden" name="kind" value=(kind);
        div #fields {
            @for field in register.fields().iter().filter(|field| field.id() != register.key()) {
                (value::asked(sheet, field))
            }
        }
        (sheet.day("from", visit.t(day)))
        (sheet.area("reason", visit.t("registers.change.reason")).rows(3).max_length(500).optional())
        button.b { (visit.t("registers.change.send")) }
    };
    visit
        .page(visit.t(title))
        .caption(visit.local(register.name()))
        .back(base.clone())
        .sheet(sheet)
        .body(visit.form(&format!("{base}/change"), inputs))
        .into_response()
}

async fn change_sent(
    State(desk): State<Desk>,
    visit: Visit,
    Path((id, record)): Path<(String, String)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let kind = if form.answers.one("kind") == "correct" { Kind::Correct } else { Kind::Change };
    let stored = match value::fields(register, &form.answers).and_then(|fields| Ok((fields, day(&form.answers)?))) {
        Err(faults) => Err(invalid(faults)),
        Ok((fields, from)) => {
            let wish = Wish {
                register: id.clone(),
                record: record.clone(),
                kind,
                seen: form.answers.one("revision").parse().unwrap_or(0),
                fields,
                from,
                reason: form.answers.one("reason").to_owned(),
            };
            let (registers, key) = (desk.registers.clone(), change_key(&visit, &form));
            desk.acts.write(visit.caller(), &key, move |cx| wish.fulfil(cx, &registers)).await
        }
    };
    match stored {
        Ok(stored) => Ok(see_other(&format!("/registers/{id}/records/{}", stored.id))),
        Err(fault) => {
            let revision = form.answers.one("revision").to_owned();
            let sheet = visit.sheet_with(form.answers, &faults(fault)?);
            Ok(change_page(&visit, register, &record, &revision, kind, &sheet))
        }
    }
}

fn change_key(visit: &Visit, form: &Form) -> Key {
    Key::new(&scope("registers.record.change", visit), form.key.text(), form.key.request())
}

fn day(answers: &Answers) -> Result<Option<Date>, Vec<FieldFault>> {
    answers.date("from").map_err(|fault| vec![fault])
}

/// What a form says a record should be.
struct Wish {
    register: String,
    record: String,
    kind: Kind,
    seen: i64,
    fields: Fields,
    from: Option<Date>,
    reason: String,
}

impl Wish {
    /// Changes what differs from the record that the form showed.
    fn fulfil(&self, cx: &mut Cx<'_>, registers: &Registers) -> Result<Stored, Fault> {
        let register = registers.need(&self.register)?;
        let versions = rows::versions(cx.tx(), register.id(), &self.record)?;
        let held = versions.into_iter().filter(|version| version.known_to().is_none()).collect();
        let shown = find::shown(held, registers.day(cx.now()));
        let old = shown.map(|record| record.fields().clone()).unwrap_or_default();
        let mut patch = Fields::new();
        for field in register.fields().iter().filter(|field| field.id() != register.key()) {
            let (old, new) = (old.get(field.id()), self.fields.get(field.id()));
            if old != new {
                patch.insert(field.id().to_owned(), new.cloned().unwrap_or(Value::Null));
            }
        }
        let command = Change::new(self.kind, &self.register, &self.record, self.seen, patch)
            .from(self.from)
            .reason(self.reason.clone());
        change(cx, registers, &command)
    }
}

async fn end_form(State(desk): State<Desk>, visit: Visit, Path((id, record)): Path<(String, String)>) -> Reply {
    visit.must_sign_in()?;
    let record = opened(&desk, &visit, &id, &record).await?;
    let register = desk.registers.need(&id)?;
    let answers = Answers::default().with_date("from", desk.registers.day(visit.now()));
    let (id, revision) = (record.id().to_string(), record.revision().to_string());
    Ok(end_page(&visit, register, &id, &revision, &visit.sheet_with(answers, &[])))
}

fn end_page(visit: &Visit, register: &Register, id: &str, revision: &str, sheet: &Sheet) -> Response {
    let base = format!("/registers/{}/records/{id}", register.id());
    let inputs = html! {
        p { (visit.t("registers.end.hint")) }
        input type="hidden" name="revision" value=(revision);
        (sheet.day("from", visit.t("registers.end.from")))
        (sheet.area("reason", visit.t("registers.change.reason")).rows(3).max_length(500).optional())
        (warning_button(&visit.t("registers.end.send")))
    };
    visit
        .page(visit.t("registers.end.title"))
        .caption(visit.local(register.name()))
        .back(base.clone())
        .sheet(sheet)
        .body(visit.form(&format!("{base}/end"), inputs))
        .into_response()
}

async fn end_sent(
    State(desk): State<Desk>,
    visit: Visit,
    Path((id, record)): Path<(String, String)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let stored = match day(&form.answers) {
        Err(faults) => Err(invalid(faults)),
        Ok(from) => {
            let seen = form.answers.one("revision").parse().unwrap_or(0);
            let command =
                Change::new(Kind::End, &id, &record, seen, Fields::new()).from(from).reason(form.answers.one("reason"));
            let (registers, key) = (desk.registers.clone(), change_key(&visit, &form));
            desk.acts.write(visit.caller(), &key, move |cx| change(cx, &registers, &command)).await
        }
    };
    match stored {
        Ok(stored) => Ok(see_other(&format!("/registers/{id}/records/{}", stored.id))),
        Err(fault) => {
            let revision = form.answers.one("revision").to_owned();
            Ok(end_page(&visit, register, &record, &revision, &visit.sheet_with(form.answers, &faults(fault)?)))
        }
    }
}

async fn import_form(State(desk): State<Desk>, visit: Visit, Path(id): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?.clone();
    let of = register.clone();
    desk.acts.read(visit.caller(), move |cx| cx.may("registers.register.import", &whole(&of))).await?;
    Ok(import_page(&visit, &register, &visit.sheet(), None))
}

fn import_page(visit: &Visit, register: &Register, sheet: &Sheet, report: Option<&Report>) -> Response {
    let base = format!("/registers/{}", register.id());
    let columns: Vec<&str> = register.fields().iter().map(crate::register::Field::id).collect();
    let inputs = html! {
        (sheet.file("file", visit.t("registers.import.file")).hint(visit.t("registers.import.hint")).accept(".csv,.jsonl,.ndjson"))
        button.b { (visit.t("registers.import.send")) }
    };
    let body = html! {
        @if let Some(report) = report { (outcome(visit, report)) }
        p { (visit.t("registers.import.columns_hint")) }
        p { code { (columns.join(",")) } }
        (visit.upload_form(&format!("{base}/import"), inputs))
    };
    visit
        .page(visit.t("registers.import.title"))
        .caption(visit.local(register.name()))
        .back(base)
        .sheet(sheet)
        .body(body)
        .into_response()
}

fn outcome(visit: &Visit, report: &Report) -> Markup {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let tone = if report.refused == 0 { Tone::Good } else { Tone::Waiting };
    let mut table = Table::new(visit.t("registers.import.faults"))
        .numbers(visit.t("registers.import.line"))
        .column(visit.t("registers.import.field"))
        .column(visit.t("registers.import.problem"));
    for fault in &report.faults {
        table = table.row([
            html! { (fault.line) },
            html! { (fault.field.as_deref().unwrap_or("–")) },
            html! { (visit.say(&fault.problem)) },
        ]);
    }
    html! {
        (banner(tone, &visit.t1("registers.import.enrolled", "count", count(report.enrolled)), html! {
            @if report.refused > 0 { p { (visit.t1("registers.import.refused", "count", count(report.refused))) } }
        }))
        @if !report.faults.is_empty() { (table) }
    }
}

async fn import_sent(State(desk): State<Desk>, visit: Visit, Path(id): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let again = |key: &'static str| {
        let fault = FieldFault { field: "file".to_owned(), text: Text::new(key) };
        import_page(&visit, register, &visit.sheet_with(Answers::default(), &[fault]), None)
    };
    let Some(file) = form.files.iter().find(|file| file.field == "file") else {
        return Ok(again("registers.import.no_file"));
    };
    let Some(format) = Format::told_by(&file.file_name).or_else(|| Format::told_by(&file.content_type)) else {
        return Ok(again("registers.import.no_form"));
    };
    let order =
        Import { register: id.clone(), format, name: form.key.text().to_owned(), purpose: "registration".to_owned() };
    let report = import(&desk.acts, &desk.registers, visit.caller(), &order, file.bytes.as_ref(), |_| {}).await;
    match report {
        Ok(report) => Ok(import_page(&visit, register, &visit.sheet(), Some(&report))),
        Err(fault) => {
            let shown: Vec<FieldFault> = correctable(fault)?
                .into_iter()
                .map(|fault| FieldFault { field: "file".to_owned(), text: fault.text })
                .collect();
            let page = import_page(&visit, register, &visit.sheet_with(Answers::default(), &shown), None);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}
