//! Officers' pages of lists: a new one by file or by rule, and what became of its lines.
//!
//! **Invariant:** an officer sees at once which lines do not stand, by number and reason.

use std::io::Cursor;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary, Table, Tone, pagination, tag};
use edge::{Form, Page, Path, Query, Reply, Sheet, Visit, body_limit, correctable, html, see_other};
use serde::Deserialize;
use spine::{Fault, Text};

use super::{id, key, reason};
use crate::engine::Grants;
use crate::lists::{self, NewList, take_file};
use crate::model::{ListId, Source};
use crate::programme::Programme;
use crate::runs::{NewRun, prepare};

/// Bytes of a file sent by a page: some hundred thousand lines. Longer ones come by the interface.
const FILE_BYTES: usize = 8 << 20;

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/grants/programmes/{id}/list", get(new).post(sent).layer(body_limit(FILE_BYTES)))
        .route("/grants/lists/{id}", get(one))
        .route("/grants/lists/{id}/run", post(run))
}

async fn new(State(grants): State<Grants>, visit: Visit, Path(programme): Path<String>) -> Reply {
    visit.must_sign_in()?;
    Ok(new_page(&visit, grants.programme(&programme)?, &visit.sheet()).into_response())
}

fn new_page(visit: &Visit, programme: &Programme, sheet: &Sheet) -> Page {
    let path = format!("/grants/programmes/{}", programme.id());
    let by_rule = programme.register().is_some();
    let mut ways = vec![Choice::new("file", visit.t("grants.list.by_file")).hint(visit.t("grants.list.by_file_hint"))];
    if by_rule {
        ways.insert(0, Choice::new("rule", visit.t("grants.list.by_rule")).hint(visit.t("grants.list.by_rule_hint")));
    }
    visit
        .page(visit.t("grants.list.new"))
        .caption(visit.local(&programme.about().name))
        .back(path.as_str())
        .sheet(sheet)
        .body(visit.upload_form(
            &format!("{path}/list"),
            html! {
                (sheet.text("name", visit.t("grants.list.name")).hint(visit.t("grants.list.name_hint")).max_length(120))
                (sheet.radios("source", visit.t("grants.list.source"), ways))
                (sheet.file("file", visit.t("grants.list.file")).hint(visit.t("grants.list.file_hint")).optional().accept(".csv,text/csv"))
                (show::button(&visit.t("grants.list.take")))
            },
        ))
}

async fn sent(State(grants): State<Grants>, visit: Visit, Path(programme): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let known = grants.programme(&programme)?;
    let name = form.answers.one("name").trim().to_owned();
    let made = if form.answers.one("source") == "rule" {
        let (engine, programme) = (grants.clone(), programme.clone());
        let key = key(&visit, "grants.gather", &form.key);
        let gather = move |cx: &mut spine::Cx<'_>| lists::gather(cx, &engine, &programme, &name);
        grants.acts().write(visit.caller(), &key, gather).await
    } else {
        match form.files.first() {
            None => Err(Fault::invalid("grants.list.no_file").field("file", Text::new("grants.list.choose_file"))),
            Some(file) => {
                let new = NewList { programme, name, source: Source::File };
                let taken = take_file(&grants, visit.caller(), new, Cursor::new(file.bytes.clone()), None).await;
                taken.map(|sent| sent.list)
            }
        }
    };
    match made {
        Ok(list) => Ok(see_other(&format!("/grants/lists/{}", list.id))),
        Err(fault) => {
            let fault = if fault.code() == "grants.list.name" {
                fault.field("name", Text::new("grants.list.name_missing"))
            } else {
                fault
            };
            let faults = correctable(fault)?;
            Ok(new_page(&visit, known, &visit.sheet_with(form.answers, &faults)).into_response())
        }
    }
}

#[derive(Deserialize)]
struct After {
    after: Option<i64>,
}

async fn one(
    State(grants): State<Grants>,
    visit: Visit,
    Path(list): Path<String>,
    Query(asked): Query<After>,
) -> Reply {
    visit.must_sign_in()?;
    Ok(page(&grants, &visit, id(&list)?, asked.after.unwrap_or(0), &visit.sheet()).await?.into_response())
}

async fn page(grants: &Grants, visit: &Visit, list: ListId, after: i64, sheet: &Sheet) -> Reply<Page> {
    let engine = grants.clone();
    let look = move |cx: &mut spine::Cx<'_>| lists::view(cx, &engine, list, after);
    let seen = grants.acts().write(visit.caller(), &journal::Key::none(), look).await?;
    let programme = grants.programme(&seen.list.programme)?;
    let state = if seen.list.is_ready {
        tag(Tone::Good, &visit.t("grants.list.ready"))
    } else {
        tag(Tone::Waiting, &visit.t("grants.list.taking"))
    };
    let facts = Summary::new(visit)
        .markup(visit.t("grants.fact.state"), state)
        .row(visit.t("grants.list.lines"), seen.list.lines.to_string())
        .row(visit.t("grants.list.accepted"), seen.list.accepted.to_string())
        .row(visit.t("grants.list.refused"), seen.list.refused.to_string())
        .row(visit.t("grants.list.control"), visit.money(grants.money(seen.list.control_minor)));
    let mut table =
        Table::new(visit.t("grants.list.bad")).numbers(visit.t("grants.list.line")).column(visit.t("grants.list.why"));
    for (line, why) in &seen.refused {
        table = table.row([html! { (line) }, html! { (reason(visit, "line", why)) }]);
    }
    let full = i64::try_from(seen.refused.len()).is_ok_and(|count| count >= lists::view::PAGE);
    let path = format!("/grants/lists/{list}");
    let next = seen.refused.last().filter(|_| full).map(|(line, _)| format!("{path}?after={line}"));
    let first = (after > 0).then_some(path.as_str());
    Ok(visit
        .page(seen.list.name.as_str())
        .caption(visit.local(&programme.about().name))
        .back(format!("/grants/programmes/{}", programme.id()))
        .sheet(sheet)
        .body(html! {
            (facts)
            @if seen.list.is_ready && seen.list.accepted > 0 {
                (visit.form(&format!("{path}/run"), html! {
                    (sheet.day("pay_on", visit.t("grants.run.pay_on")).hint(visit.t("grants.run.pay_on_hint")))
                    (show::button(&visit.t("grants.run.prepare")))
                }))
            }
            @if !seen.list.is_ready { p { a href=(path) { (visit.t("grants.again")) } } }
            @if !seen.refused.is_empty() { (table) (pagination(visit, first, next.as_deref())) }
        }))
}

async fn run(State(grants): State<Grants>, visit: Visit, Path(list): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let list: ListId = id(&list)?;
    let day = match form.answers.date("pay_on") {
        Ok(Some(day)) => Ok(day),
        Ok(None) => {
            Err(vec![spine::FieldFault { field: "pay_on".to_owned(), text: Text::new("grants.run.day_missing") }])
        }
        Err(fault) => Err(vec![fault]),
    };
    let faults = match day {
        Err(faults) => faults,
        Ok(pay_on) => {
            let (engine, new) = (grants.clone(), NewRun { list, pay_on });
            let key = key(&visit, "grants.prepare", &form.key);
            match grants.acts().write(visit.caller(), &key, move |cx| prepare(cx, &engine, &new)).await {
                Ok(run) => return Ok(see_other(&format!("/grants/runs/{}", run.id))),
                Err(fault) if fault.code() == "grants.run.day" => {
                    correctable(fault.field("pay_on", Text::new("fault.grants.run.day")))?
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    };
    let sheet = visit.sheet_with(form.answers, &faults);
    Ok(page(&grants, &visit, list, 0, &sheet).await?.into_response())
}
