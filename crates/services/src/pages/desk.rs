//! The officers' desk: tasks, one task with all evidence, and what to do with it.
//!
//! **Invariant:** opening a task is a look that its applicant sees, with who, when and why.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary, Table, Tone, tag};
use edge::{Answers, Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde_json::Value as Json;
use spine::{Date, FieldFault, Text};

use super::application::{Mine, answers, known};
use super::case::state_tag;
use super::{id, scope};
use crate::desk::Opened;
use crate::model::{Task, TaskId};
use crate::{Services, Verdict, ask, claim, decide, look, release, tasks};

pub(super) fn routes() -> Router<Services> {
    Router::new()
        .route("/desk", get(list))
        .route("/desk/{task}", get(open).post(decided))
        .route("/desk/{task}/claim", post(claimed))
        .route("/desk/{task}/release", post(released))
}

fn today(visit: &Visit) -> Date {
    visit.now().date_in(visit.site().words().zone())
}

async fn list(State(services): State<Services>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let open = services.acts().read(visit.caller(), tasks).await?;
    let mut table = Table::new(visit.t("services.desk.caption"))
        .column(visit.t("services.cases.reference"))
        .column(visit.t("services.cases.service"))
        .column(visit.t("services.desk.state"))
        .column(visit.t("services.desk.due"));
    for (task, case) in &open {
        let name = services.catalogue().version(&case.service, &case.version)?.pack.service.name.clone();
        table = table.row([
            html! { a href={ "/desk/" (task.id) } { (case.reference) } },
            html! { (visit.local(&name)) },
            task_tag(&visit, task),
            html! { (visit.date(task.due_on)) @if task.due_on < today(&visit) { " " (tag(Tone::Bad, &visit.t("services.desk.late"))) } },
        ]);
    }
    Ok(visit.page(visit.t("services.desk.title")).wide().body(html! {
        @if open.is_empty() { p { (visit.t("services.desk.none")) } } @else { (table) }
        p { a href="/desk/documents" { (visit.t("services.document.title")) } }
    }))
}

fn task_tag(visit: &Visit, task: &Task) -> Markup {
    let own = task.officer.as_deref() == Some(visit.actor().id.as_str());
    let (tone, key) = match task.state.as_str() {
        "open" => (Tone::Plain, "services.task.open"),
        "claimed" if own => (Tone::Good, "services.task.yours"),
        "claimed" => (Tone::Off, "services.task.others"),
        "waiting" => (Tone::Waiting, "services.task.waiting"),
        _ => (Tone::Off, "services.task.done"),
    };
    tag(tone, &visit.t(key))
}

async fn opened(services: &Services, visit: &Visit, task: &str) -> Result<Opened, Refusal> {
    visit.must_sign_in()?;
    let (task, engine): (TaskId, _) = (id(task)?, services.clone());
    // A look is a deed, so it is written.
    Ok(services.acts().write(visit.caller(), &Key::none(), move |cx| look(cx, &engine, task)).await?)
}

async fn open(State(services): State<Services>, visit: Visit, Path(task): Path<String>) -> Result<Page, Refusal> {
    let opened = opened(&services, &visit, &task).await?;
    task_page(&visit, &services, opened, &visit.sheet())
}

fn task_page(visit: &Visit, services: &Services, opened: Opened, sheet: &Sheet) -> Result<Page, Refusal> {
    let Opened { task, case, questions, outputs } = opened;
    let service = std::sync::Arc::clone(services.catalogue().version(&case.service, &case.version)?);
    let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today(visit));
    let unmet = service.unmet(&facts)?;
    let mine = Mine { case, service, facts };
    let about = |name: &str| mine.case.applicant_data.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let main = html! {
        p { (state_tag(visit, mine.case.state)) " " (task_tag(visit, &task)) }
        h2 { (visit.t("services.desk.applicant")) }
        (Summary::new(visit).row(visit.t("services.desk.name"), about("name")).row(visit.t("services.desk.number"), civil::national_id::shown(&about("national_id"))))
        (known(visit, services, &mine))
        h2 { (visit.t("services.desk.answers")) }
        (answers(visit, services, &mine, false)?)
        @if !questions.is_empty() {
            h2 { (visit.t("services.case.questions")) }
            @for question in &questions {
                p { b { (question.question) } }
                (show::inset(html! { p { (question.answer.clone().unwrap_or_else(|| visit.t("services.desk.no_answer"))) } }))
            }
        }
        @for issued in &outputs { p { (visit.t("services.desk.issued")) " " a href={ "/desk/documents/" (issued.id) } { (issued.code) } } }
    };
    let step = mine.service.step(&task.step);
    let side = html! {
        h2 { (visit.t("services.desk.check")) }
        @if unmet.is_empty() { p { (tag(Tone::Good, &visit.t("services.desk.rules_ok"))) } }
        @for unmet in &unmet {
            (show::banner(Tone::Bad, &visit.t("services.desk.rule"), html! { p { (visit.local(&unmet.reason)) } p.hint { (visit.local(&unmet.cite)) } }))
        }
        @if let Some(step) = step { ul { @for guide in &step.guide { li { (visit.local(guide)) } } } }
        (work(visit, &task, sheet))
    };
    let name = visit.local(&mine.service.pack.service.name).to_owned();
    Ok(visit
        .page(mine.case.reference.as_str())
        .wide()
        .caption(name)
        .back("/desk")
        .sheet(sheet)
        .body(show::columns(main, side)))
}

/// What the officer can do now.
fn work(visit: &Visit, task: &Task, sheet: &Sheet) -> Markup {
    let own = task.officer.as_deref() == Some(visit.actor().id.as_str());
    let path = format!("/desk/{}", task.id);
    match task.state.as_str() {
        "open" => visit.form(&format!("{path}/claim"), show::button(&visit.t("services.desk.claim"))),
        "claimed" if own => {
            let verdicts = vec![
                Choice::new("approve", visit.t("services.desk.approve")),
                Choice::new("ask", visit.t("services.desk.ask")),
                Choice::new("refuse", visit.t("services.desk.refuse")),
            ];
            let form = html! {
                (sheet.radios("verdict", visit.t("services.desk.verdict"), verdicts))
                (sheet.area("words", visit.t("services.desk.words")).rows(4).hint(visit.t("services.desk.words_hint")))
                (show::button(&visit.t("services.desk.decide")))
            };
            html! {
                h2 { (visit.t("services.desk.decide_title")) }
                (visit.form(&path, form))
                (visit.button_form(&format!("{path}/release"), &visit.t("services.desk.release")))
            }
        }
        "claimed" => html! { p { (visit.t("services.desk.taken")) } },
        "waiting" => html! { p { (visit.t("services.desk.waits")) } },
        _ => html! { p { (visit.t("services.desk.over")) } },
    }
}

async fn claimed(State(services): State<Services>, visit: Visit, Path(task): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let task: TaskId = id(&task)?;
    let key = Key::new(&scope(&visit, "services.claim"), form.key.text(), form.key.request());
    services.acts().write(visit.caller(), &key, move |cx| claim(cx, task)).await?;
    Ok(see_other(&format!("/desk/{task}")))
}

async fn released(State(services): State<Services>, visit: Visit, Path(task): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let task: TaskId = id(&task)?;
    let key = Key::new(&scope(&visit, "services.release"), form.key.text(), form.key.request());
    services.acts().write(visit.caller(), &key, move |cx| release(cx, task)).await?;
    Ok(see_other("/desk"))
}

async fn decided(State(services): State<Services>, visit: Visit, Path(task): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let number: TaskId = id(&task)?;
    let key = Key::new(&scope(&visit, "services.decide"), form.key.text(), form.key.request());
    let (words, engine) = (form.answers.one("words").to_owned(), services.clone());
    let acts = services.acts();
    let outcome = match form.answers.one("verdict") {
        "approve" => {
            acts.write(visit.caller(), &key, move |cx| decide(cx, &engine, number, &Verdict::Approve)).await.map(drop)
        }
        "refuse" => {
            let verdict = Verdict::Refuse(words);
            acts.write(visit.caller(), &key, move |cx| decide(cx, &engine, number, &verdict)).await.map(drop)
        }
        "ask" => acts.write(visit.caller(), &key, move |cx| ask(cx, &engine, number, &words)).await,
        _ => {
            let fault = FieldFault { field: "verdict".to_owned(), text: Text::new("services.answer.choose") };
            return again(&services, &visit, &task, form.answers, &[fault]).await;
        }
    };
    match outcome {
        Ok(()) => Ok(see_other("/desk")),
        Err(fault) => {
            let mut faults = correctable(fault)?;
            for fault in &mut faults {
                "words".clone_into(&mut fault.field);
            }
            again(&services, &visit, &task, form.answers, &faults).await
        }
    }
}

async fn again(services: &Services, visit: &Visit, task: &str, given: Answers, faults: &[FieldFault]) -> Reply {
    let opened = opened(services, visit, task).await?;
    let sheet = visit.sheet_with(given, faults);
    Ok(task_page(visit, services, opened, &sheet)?.into_response())
}
