//! One's own cases: all of them, one step by step, the officer's question, the documents.
//!
//! **Invariant:** a case is seen by its applicant, and by who acts for her in it, only; to anybody else it is not there.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Progress, Steps, Summary, Table, Tone, tag};
use edge::{Download, Form, Markup, Page, Refusal, Reply, Visit, correctable, html, see_other};
use journal::Key;
use serde_json::json;
use spine::{Fault, Money};

use super::application::{self, Mine};
use super::{documents, scope};
use crate::model::{Case, CaseState, Issued, Question, Task};
use crate::pack::StepKind;
use crate::start::LAST;
use crate::withdraw::goes_back;
use crate::{Services, pay, reply, rows, withdraw};

/// Cases on one page.
const LISTED: u16 = 50;

pub(super) fn routes() -> Router<Services> {
    Router::new()
        .route("/my/cases", get(all))
        .route("/my/cases/{case}", get(one))
        .route("/my/cases/{case}/answer", get(asked).post(answered))
        .route("/my/cases/{case}/pay", post(renew_payment))
        .route("/my/cases/{case}/withdraw", get(sure).post(withdrawn))
        .route("/my/cases/{case}/documents/{file}", get(document))
}

pub(crate) fn state_tag(visit: &Visit, state: CaseState) -> Markup {
    let (tone, key) = match state {
        CaseState::Draft => (Tone::Off, "services.state.draft"),
        CaseState::Paying => (Tone::Waiting, "services.state.paying"),
        CaseState::Examining => (Tone::Plain, "services.state.examining"),
        CaseState::Asking => (Tone::Waiting, "services.state.asking"),
        CaseState::Granted => (Tone::Good, "services.state.granted"),
        CaseState::Refused => (Tone::Bad, "services.state.refused"),
        CaseState::Withdrawn => (Tone::Off, "services.state.withdrawn"),
    };
    tag(tone, &visit.t(key))
}

async fn all(State(services): State<Services>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let cases = services
        .acts()
        .read(visit.caller(), |cx| {
            let actor = cx.actor();
            let mut cases = rows::cases_of(cx.tx(), actor.whose("services.case.view")?, LAST, LISTED)?;
            cases.retain(|case| actor.allows("services.case.view", Some(&case.service)).is_ok());
            Ok(cases)
        })
        .await?;
    let mut table = Table::new(visit.t("services.cases.caption"))
        .column(visit.t("services.cases.reference"))
        .column(visit.t("services.cases.service"))
        .column(visit.t("services.cases.state"));
    for case in &cases {
        let name = services.catalogue().version(&case.service, &case.version)?.pack.service.name.clone();
        let href = href(case);
        table = table.row([
            html! { a href=(href) { (case.reference) } },
            html! { (visit.local(&name)) },
            state_tag(&visit, case.state),
        ]);
    }
    Ok(visit.page(visit.t("services.cases.title")).body(html! {
        @if cases.is_empty() { p { (visit.t("services.cases.none")) } } @else { (table) }
        (show::button_link("/services", &visit.t("services.cases.find")))
    }))
}

/// Where a case is gone on with.
fn href(case: &Case) -> String {
    match case.state {
        CaseState::Draft => format!("/my/cases/{}/data", case.id),
        _ => format!("/my/cases/{}", case.id),
    }
}

/// All that belongs to a case.
struct Whole {
    mine: Mine,
    tasks: Vec<Task>,
    questions: Vec<Question>,
    outputs: Vec<(Issued, bool)>,
    /// What of the fee goes back, once it was taken back.
    returned: Option<payments::Return>,
    /// What would go back if it were taken back now.
    goes_back: Option<Money>,
}

async fn whole(services: &Services, visit: &Visit, case: &str) -> Result<Whole, Refusal> {
    let mine = Mine::read(services, visit, case).await?;
    let (id, case, engine) = (mine.case.id, mine.case.clone(), services.clone());
    let (tasks, questions, outputs, returned, goes_back) = services
        .acts()
        .read(visit.caller(), move |cx| {
            let mut outputs = Vec::new();
            for issued in rows::outputs(cx.tx(), id)? {
                let drawn = rows::document(cx.tx(), issued.id)?.is_some();
                outputs.push((issued, drawn));
            }
            let tasks = rows::tasks_of_case(cx.tx(), id)?;
            let payment = case.payment.as_ref().and_then(|payment| payment.parse().ok());
            let returned = payment.map(|payment| payments::returned(cx, payment)).transpose()?.flatten();
            let goes_back = goes_back(cx, &engine, &case, &tasks)?;
            Ok((tasks, rows::questions(cx.tx(), id)?, outputs, returned, goes_back))
        })
        .await?;
    Ok(Whole { mine, tasks, questions, outputs, returned, goes_back })
}

async fn one(State(services): State<Services>, visit: Visit, Path(case): Path<String>) -> Reply {
    let whole = whole(&services, &visit, &case).await?;
    let case = &whole.mine.case;
    if case.state == CaseState::Draft {
        return Ok(see_other(&href(case)));
    }
    let name = visit.local(&whole.mine.service.pack.service.name).to_owned();
    let page = visit.page(name).caption(case.reference.as_str()).back("/my/cases").body(html! {
        p { (state_tag(&visit, case.state)) }
        (what_now(&visit, &whole))
        (steps(&visit, &whole)?)
        (documents(&visit, &whole))
        @if !whole.questions.is_empty() {
            h2 { (visit.t("services.case.questions")) }
            @for question in &whole.questions {
                p { b { (question.question) } }
                @if let Some(answer) = &question.answer { (show::inset(html! { p { (answer) } })) }
            }
        }
        (show::details(&visit.t("services.case.answers"), application::answers(&visit, &services, &whole.mine, false)?))
        (show::details(&visit.t("services.case.known"), application::known(&visit, &services, &whole.mine)))
        @if !case.state.is_final() {
            p { a href={ "/my/cases/" (case.id) "/withdraw" } { (visit.t("services.case.withdraw")) } }
        }
    });
    Ok(page.into_response())
}

/// The one thing the applicant can do now, if there is one.
fn what_now(visit: &Visit, whole: &Whole) -> Markup {
    let case = &whole.mine.case;
    match case.state {
        CaseState::Paying => match &case.payment {
            Some(payment) => show::button_link(&format!("/pay/{payment}"), &visit.t("services.case.pay")),
            None => html! {
                p { (visit.t("services.case.unpaid")) }
                (visit.button_form(&format!("/my/cases/{}/pay", case.id), &visit.t("services.case.pay_again")))
            },
        },
        CaseState::Asking => show::banner(
            Tone::Plain,
            &visit.t("services.case.asked"),
            html! {
                @for question in whole.questions.iter().filter(|question| question.answer.is_none()) { p { (question.question) } }
                p { a href={ "/my/cases/" (case.id) "/answer" } { (visit.t("services.case.reply")) } }
            },
        ),
        CaseState::Withdrawn => html! {
            @if let Some(returned) = &whole.returned {
                @let key = match returned.state {
                    payments::ReturnState::Going => "services.withdraw.going",
                    payments::ReturnState::Done => "services.withdraw.done",
                    payments::ReturnState::Review => "services.withdraw.stuck",
                };
                (show::inset(html! { p { (visit.t1(key, "amount", returned.amount)) } }))
            }
        },
        CaseState::Refused => show::banner(
            Tone::Bad,
            &visit.t("services.case.refused"),
            html! {
                @if let Some(reason) = &case.reason { p { (reason) } }
                p { (visit.local(&whole.mine.service.pack.service.appeal)) }
            },
        ),
        _ => html! {},
    }
}

fn steps(visit: &Visit, whole: &Whole) -> Result<Markup, Refusal> {
    let case = &whole.mine.case;
    let sent = case.submitted_at.map(|at| visit.moment(at)).unwrap_or_default();
    let mut shown = Steps::new().step(Progress::Done, visit.t("services.case.sent"), sent);
    let declared = whole.mine.service.steps(&whole.mine.facts)?;
    let now = case.step.as_ref().and_then(|at| declared.iter().position(|step| step.id.get_ref() == at));
    for (place, step) in declared.iter().enumerate() {
        let done = case.state == CaseState::Granted || now.is_some_and(|now| place < now);
        let current = now == Some(place) && !case.state.is_final();
        let progress = match (done, current) {
            (true, _) => Progress::Done,
            (_, true) => Progress::Now,
            _ => Progress::Later,
        };
        let task = whole.tasks.iter().find(|task| &task.step == step.id.get_ref());
        let note = match (step.kind, task) {
            (StepKind::Payment, _) if done => case
                .receipt
                .clone()
                .map_or_else(String::new, |receipt| visit.t1("services.case.receipt", "receipt", receipt)),
            (StepKind::Task, Some(task)) if current => visit.t1("services.case.due", "date", task.due_on),
            _ => step.note.as_ref().map(|note| visit.local(note).to_owned()).unwrap_or_default(),
        };
        shown = shown.step(progress, visit.local(&step.name), note);
    }
    Ok(html! { h2 { (visit.t("services.case.steps")) } (shown) })
}

fn documents(visit: &Visit, whole: &Whole) -> Markup {
    let case = &whole.mine.case;
    html! {
        @if !whole.outputs.is_empty() {
            h2 { (visit.t("services.case.documents")) }
            @for (issued, drawn) in &whole.outputs {
                @let name = whole.mine.service.output(&issued.output).map(|output| visit.local(&output.name)).unwrap_or_default();
                @if *drawn {
                    (show::card(html! { (name) }, html! {
                        @if issued.revoked_at.is_some() { (documents::why(visit, issued, true)) }
                        p { (show::button_link(&format!("/my/cases/{}/documents/{}.pdf", case.id, issued.id), &visit.t("services.case.pdf"))) }
                        p { a href={ "/my/cases/" (case.id) "/documents/" (issued.id) ".json" } { (visit.t("services.case.json")) } }
                        p { (visit.t("services.case.code")) " " a href={ "/verify/" (issued.code) } { (issued.code) } }
                    }))
                } @else {
                    p { (visit.t1("services.case.preparing", "name", name)) " " a href={ "/my/cases/" (case.id) } { (visit.t("services.case.look_again")) } }
                }
            }
        }
    }
}

async fn renew_payment(State(services): State<Services>, visit: Visit, Path(case): Path<String>, form: Form) -> Reply {
    let mine = Mine::read(&services, &visit, &case).await?;
    let key = Key::new(&scope(&visit, "services.pay"), form.key.text(), form.key.request());
    let (engine, id) = (services.clone(), mine.case.id);
    let payment = services.acts().write(visit.caller(), &key, move |cx| pay(cx, &engine, id)).await?;
    Ok(see_other(&format!("/pay/{payment}")))
}

fn answer_page(visit: &Visit, mine: &Mine, question: &str, sheet: &edge::Sheet) -> Page {
    let action = format!("/my/cases/{}/answer", mine.case.id);
    let body = html! {
        (show::inset(html! { p { (question) } }))
        (sheet.area("answer", visit.t("services.reply.label")).rows(4))
        (sheet.go_on())
    };
    visit
        .page(visit.t("services.reply.title"))
        .caption(mine.case.reference.as_str())
        .back(format!("/my/cases/{}", mine.case.id))
        .sheet(sheet)
        .body(visit.form(&action, body))
}

async fn open_question(services: &Services, visit: &Visit, case: &str) -> Result<(Mine, String), Refusal> {
    let whole = whole(services, visit, case).await?;
    let open = whole.questions.into_iter().find(|question| question.answer.is_none());
    let open = open.ok_or_else(|| Fault::conflict("services.question.none"))?;
    Ok((whole.mine, open.question))
}

async fn asked(State(services): State<Services>, visit: Visit, Path(case): Path<String>) -> Result<Page, Refusal> {
    let (mine, question) = open_question(&services, &visit, &case).await?;
    Ok(answer_page(&visit, &mine, &question, &visit.sheet()))
}

async fn answered(State(services): State<Services>, visit: Visit, Path(case): Path<String>, form: Form) -> Reply {
    let mine = Mine::read(&services, &visit, &case).await?;
    let key = Key::new(&scope(&visit, "services.reply"), form.key.text(), form.key.request());
    let (id, text) = (mine.case.id, form.answers.one("answer").to_owned());
    let outcome = services.acts().write(visit.caller(), &key, move |cx| reply(cx, id, &text)).await;
    match outcome {
        Ok(()) => Ok(see_other(&format!("/my/cases/{id}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            let (mine, question) = open_question(&services, &visit, &case).await?;
            let sheet = visit.sheet_with(form.answers, &faults);
            Ok(answer_page(&visit, &mine, &question, &sheet).into_response())
        }
    }
}

async fn sure(State(services): State<Services>, visit: Visit, Path(case): Path<String>) -> Result<Page, Refusal> {
    let Whole { mine, goes_back, .. } = whole(&services, &visit, &case).await?;
    let action = format!("/my/cases/{}/withdraw", mine.case.id);
    let fee = services.money(mine.case.fee_minor);
    let rule = mine.service.pack.withdrawal.as_ref();
    Ok(visit
        .page(visit.t("services.withdraw.title"))
        .caption(mine.case.reference.as_str())
        .back(format!("/my/cases/{}", mine.case.id))
        .body(html! {
            p { (visit.t("services.withdraw.lead")) }
            @if let Some(back) = goes_back {
                (Summary::new(&visit)
                    .row(visit.t("services.withdraw.paid"), visit.money(fee))
                    .row(visit.t("services.withdraw.back"), visit.money(back)))
                @if let Some(rule) = rule.filter(|_| back != fee) {
                    p { (visit.local(&rule.cite)) }
                    @if rule.illustrative { p.hint { (visit.t("services.illustrative")) } }
                }
            }
            (visit.form(&action, show::warning_button(&visit.t("services.withdraw.go"))))
        }))
}

async fn withdrawn(State(services): State<Services>, visit: Visit, Path(case): Path<String>, form: Form) -> Reply {
    let mine = Mine::read(&services, &visit, &case).await?;
    let key = Key::new(&scope(&visit, "services.withdraw"), form.key.text(), form.key.request());
    let (id, engine) = (mine.case.id, services.clone());
    services.acts().write(visit.caller(), &key, move |cx| withdraw(cx, &engine, id)).await?;
    Ok(see_other(&format!("/my/cases/{id}")))
}

async fn document(State(services): State<Services>, visit: Visit, Path((case, file)): Path<(String, String)>) -> Reply {
    let whole = whole(&services, &visit, &case).await?;
    let missing = || Refusal::from(Fault::not_found("services.document.missing"));
    let (id, ending) = file.rsplit_once('.').ok_or_else(missing)?;
    let known = whole.outputs.iter().find(|(issued, drawn)| *drawn && issued.id.to_string() == id);
    let (issued, _) = known.ok_or_else(missing)?;
    let id = issued.id;
    let found = services.acts().read(visit.caller(), move |cx| Ok(rows::document(cx.tx(), id)?)).await?;
    let (evidence, pdf) = found.ok_or_else(missing)?;
    let name = format!("{}.{ending}", whole.mine.case.reference);
    match ending {
        "pdf" => Ok(Download::new(name, "application/pdf", pdf).into_response()),
        "json" => {
            let text = serde_json::to_vec_pretty(&json!(evidence))
                .map_err(|error| Fault::internal("services.evidence.unwritable", error))?;
            Ok(Download::new(name, "application/json", text).into_response())
        }
        _ => Err(missing()),
    }
}
