//! The page of jobs that need a person: what failed, why, and the two things to do about it.
//!
//! **Invariant:** a job's body is not shown: it may lead to somebody.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use edge::show::{self, Table};
use edge::{Form, Page, Refusal, Reply, Visit, correctable, html, see_other};
use spine::Fault;

use crate::acts::{Acts, Key};
use crate::rows::JobId;
use crate::{dead_letters, discard, retry};

const LISTED: u16 = 100;

/// The operators' page: `/operations/jobs`.
pub fn operation_routes(acts: Acts) -> Router {
    Router::new()
        .route("/operations/jobs", get(list))
        .route("/operations/jobs/{job}/retry", post(again))
        .route("/operations/jobs/{job}/discard", post(drop_it))
        .with_state(acts)
}

async fn list(State(acts): State<Acts>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    page(&acts, &visit, None).await
}

async fn page(acts: &Acts, visit: &Visit, said: Option<String>) -> Result<Page, Refusal> {
    let dead = acts.read(visit.caller(), |cx| dead_letters(cx, None, LISTED)).await?;
    let mut table = Table::new(visit.t("journal.jobs.caption"))
        .column(visit.t("journal.jobs.kind"))
        .column(visit.t("journal.jobs.fault"))
        .column(visit.t("journal.jobs.since"))
        .numbers(visit.t("journal.jobs.tries"))
        .column(visit.t("journal.jobs.act"));
    for job in &dead {
        let path = format!("/operations/jobs/{}", job.id);
        let sheet = visit.sheet();
        let reason = html! {
            (sheet.text("reason", visit.t("journal.jobs.reason")))
            (show::warning_button(&visit.t("journal.jobs.discard")))
        };
        table = table.row([
            html! { (job.kind) },
            html! { (job.last_fault) },
            html! { (visit.moment(job.made_at)) },
            html! { (job.attempts) },
            html! {
                (visit.button_form(&format!("{path}/retry"), &visit.t("journal.jobs.retry")))
                (show::details(&visit.t("journal.jobs.discard"), visit.form(&format!("{path}/discard"), reason)))
            },
        ]);
    }
    Ok(visit.page(visit.t("journal.jobs.title")).wide().body(html! {
        @if let Some(said) = said { (show::banner(show::Tone::Bad, &visit.t("edge.problem"), html! { p { (said) } })) }
        p { (visit.t("journal.jobs.lead")) }
        @if dead.is_empty() { p { (visit.t("journal.jobs.none")) } } @else { (table) }
    }))
}

fn job_id(text: &str) -> Result<JobId, Fault> {
    text.parse().map_err(|_| Fault::not_found("journal.job.missing"))
}

async fn again(State(acts): State<Acts>, visit: Visit, Path(job): Path<String>, form: Form) -> Reply {
    let job = job_id(&job)?;
    let key = Key::new(&format!("journal.retry:{}", visit.actor().id), form.key.text(), form.key.request());
    acts.write(visit.caller(), &key, move |cx| retry(cx, job)).await?;
    Ok(see_other("/operations/jobs"))
}

async fn drop_it(State(acts): State<Acts>, visit: Visit, Path(job): Path<String>, form: Form) -> Reply {
    let (job, reason) = (job_id(&job)?, form.answers.one("reason").trim().to_owned());
    let key = Key::new(&format!("journal.discard:{}", visit.actor().id), form.key.text(), form.key.request());
    match acts.write(visit.caller(), &key, move |cx| discard(cx, job, &reason)).await {
        Ok(()) => Ok(see_other("/operations/jobs")),
        Err(fault) => {
            let said = visit.say(fault.text());
            correctable(fault)?;
            use axum::response::IntoResponse;
            Ok(page(&acts, &visit, Some(said)).await?.into_response())
        }
    }
}
