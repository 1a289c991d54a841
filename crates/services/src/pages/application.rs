//! The way to a case: before you start, what is known, the questions, check your answers, send.
//!
//! **Invariant:** a form's token is the key of its submit, so a double press or a replay gives the first outcome.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Summary, Tone};
use edge::{Answers, Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde_json::Value as Json;
use spine::Fault;

use super::{ask, catalogue, claimed, id, said, scope};
use crate::model::{Case, CaseId, CaseState};
use crate::pack::{Field, Page as PackPage};
use crate::service::Service;
use crate::{Services, answer, questions, rows, start, submit};
use rules::Facts;

pub(super) fn routes() -> Router<Services> {
    Router::new()
        .route("/services/{service}/start", get(before).post(begin))
        .route("/my/cases/{case}/data", get(data))
        .route("/my/cases/{case}/ask/{page}", get(question).post(answered))
        .route("/my/cases/{case}/check", get(check).post(send))
}

/// Before anything is looked at: what will be, and why. Signing in comes first, and leads back here.
async fn before(State(services): State<Services>, visit: Visit, Path(service): Path<String>) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let service = services.catalogue().offered(&service)?;
    let about = &service.pack.service;
    let action = format!("/services/{}/start", service.id());
    Ok(visit
        .page(visit.t("services.before.title"))
        .caption(visit.local(&about.name))
        .back(format!("/services/{}", service.id()))
        .body(html! {
            p { (visit.t("services.before.looks")) }
            ul {
                @for evidence in &service.pack.evidence { li { (visit.local(&evidence.name)) } }
            }
            p { (visit.t1("services.before.law", "law", about.legal_basis.clone())) }
            (visit.form(&action, show::button(&visit.t("services.before.go"))))
        }))
}

async fn begin(State(services): State<Services>, visit: Visit, Path(service): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&scope(&visit, "services.start"), form.key.text(), form.key.request());
    let engine = services.clone();
    let case = services.acts().write(visit.caller(), &key, move |cx| start(cx, &engine, &service)).await?;
    Ok(see_other(&format!("/my/cases/{case}/data")))
}

/// A case of one's own with its service and facts.
pub(super) struct Mine {
    pub(super) case: Case,
    pub(super) service: std::sync::Arc<Service>,
    pub(super) facts: Facts,
}

impl Mine {
    /// Reads one's own case.
    pub(super) async fn read(services: &Services, visit: &Visit, case: &str) -> Result<Self, Refusal> {
        visit.must_sign_in()?;
        let case: CaseId = id(case)?;
        let case = services
            .acts()
            .read(visit.caller(), move |cx| {
                let case = rows::case(cx.tx(), case)?.ok_or_else(|| Fault::not_found("services.case.missing"))?;
                // Somebody else's case is no more there than one that does not exist.
                if !cx.actor().is_for(&case.applicant) {
                    return Err(Fault::not_found("services.case.missing"));
                }
                cx.actor().allows("services.case.view", Some(&case.service))?;
                Ok(case)
            })
            .await?;
        let service = std::sync::Arc::clone(services.catalogue().version(&case.service, &case.version)?);
        let today = visit.now().date_in(visit.site().words().zone());
        let facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today);
        Ok(Self { case, service, facts })
    }

    fn href(&self, rest: &str) -> String {
        format!("/my/cases/{}{rest}", self.case.id)
    }

    /// The page after this one, or the check of all.
    fn after(&self, page: Option<&str>) -> Result<String, Fault> {
        let asked = self.service.asked(&self.facts)?;
        let next = match page {
            None => asked.first(),
            Some(page) => {
                let place = asked.iter().position(|(own, _)| own.id.get_ref() == page);
                place.and_then(|place| asked.get(place + 1))
            }
        };
        Ok(next.map_or_else(|| self.href("/check"), |(page, _)| self.href(&format!("/ask/{}", page.id.get_ref()))))
    }

    /// The page before this one, or what is known.
    fn before(&self, page: &str) -> Result<String, Fault> {
        let asked = self.service.asked(&self.facts)?;
        let place = asked.iter().position(|(own, _)| own.id.get_ref() == page).unwrap_or(0);
        let before = place.checked_sub(1).and_then(|place| asked.get(place));
        Ok(before.map_or_else(|| self.href("/data"), |(page, _)| self.href(&format!("/ask/{}", page.id.get_ref()))))
    }

    /// The draft's pages, or the case's if it was sent already.
    fn must_be_draft(&self) -> Result<(), Refusal> {
        if self.case.state == CaseState::Draft { Ok(()) } else { Err(Fault::conflict("services.case.sent").into()) }
    }
}

/// What registers said, each value with where it comes from.
pub(super) fn known(visit: &Visit, services: &Services, mine: &Mine) -> Markup {
    html! {
        @for evidence in &mine.service.pack.evidence {
            @let found = mine.case.evidence.get(evidence.id.get_ref()).unwrap_or(&Json::Null);
            h2 { (visit.local(&evidence.name)) }
            @if let Some(fields) = found.get("fields").filter(|fields| fields.is_object()) {
                @let source = source(visit, visit.local(&evidence.name), found);
                (evidence.claims.iter().filter(|claim| !claim.hidden).fold(Summary::new(visit), |summary, claim| {
                    let value = fields.get(claim.field.get_ref()).unwrap_or(&Json::Null);
                    summary.row(visit.local(&claim.name), claimed(visit, services, &mine.service, claim, value)).from(source.clone())
                }))
            } @else {
                p { (evidence.missing.as_ref().map_or_else(|| visit.t("services.data.none"), |missing| visit.local(missing).to_owned())) }
            }
        }
    }
}

/// "from the civil register, 24 November 2026".
fn source(visit: &Visit, register: &str, found: &Json) -> String {
    let read = found.get("read_at").and_then(Json::as_str).and_then(|at| spine::Timestamp::parse(at).ok());
    let day = read.map_or_else(String::new, |at| visit.date(at.date_in(visit.site().words().zone())));
    visit.say(&spine::Text::new("services.data.source").with("register", register.to_lowercase()).with("date", day))
}

async fn data(State(services): State<Services>, visit: Visit, Path(case): Path<String>) -> Result<Page, Refusal> {
    let mine = Mine::read(&services, &visit, &case).await?;
    mine.must_be_draft()?;
    let name = visit.local(&mine.service.pack.service.name).to_owned();
    // Only what registers decide already; conditions on answers are weighed when they are given.
    let unmet = refused_already(&mine)?;
    Ok(visit.page(visit.t("services.data.title")).caption(name).back(format!("/services/{}", mine.service.id())).body(
        html! {
            p { (visit.t("services.data.lead")) }
            (known(&visit, &services, &mine))
            @if unmet.is_empty() {
                (show::button_link(&mine.after(None)?, &visit.t("edge.continue")))
                p.hint { (visit.t("services.data.wrong")) }
            } @else {
                (show::banner(Tone::Bad, &visit.t("services.data.refused"), html! {
                    @for unmet in &unmet {
                        p { (visit.local(&unmet.reason)) }
                        @if let Some(advice) = &unmet.advice { p { (visit.local(advice)) } }
                        p.hint { (visit.local(&unmet.cite)) }
                    }
                }))
                p { (visit.local(&mine.service.pack.service.appeal)) }
            }
        },
    ))
}

fn refused_already(mine: &Mine) -> Result<Vec<crate::Unmet>, Fault> {
    let fields: Vec<&str> =
        mine.service.pack.pages.iter().flat_map(|page| &page.fields).map(|field| field.id.get_ref().as_str()).collect();
    let on_answers = |rule: &str| {
        let rule = mine.service.pack.rules.iter().find(|own| own.id.get_ref() == rule);
        rule.is_some_and(|rule| {
            rule.all.iter().any(|condition| {
                mine.service
                    .rules
                    .variables(condition.when.get_ref())
                    .iter()
                    .any(|name| fields.contains(&name.as_str()))
            })
        })
    };
    Ok(mine.service.unmet(&mine.facts)?.into_iter().filter(|unmet| !on_answers(&unmet.rule)).collect())
}

fn asked<'a>(mine: &'a Mine, page: &str) -> Result<(&'a PackPage, Vec<&'a Field>), Refusal> {
    let asked = mine.service.asked(&mine.facts)?;
    let found = asked.into_iter().find(|(own, _)| own.id.get_ref() == page);
    found.ok_or_else(|| Fault::not_found("services.page.missing").into())
}

fn form(visit: &Visit, services: &Services, mine: &Mine, page: &str, sheet: &Sheet) -> Result<Page, Refusal> {
    let (declared, fields) = asked(mine, page)?;
    let name = visit.local(&mine.service.pack.service.name).to_owned();
    let alone = fields.len() == 1;
    let title = match (&declared.title, fields.first()) {
        (Some(title), _) if !alone => visit.local(title).to_owned(),
        (_, Some(field)) => visit.local(&field.label).to_owned(),
        _ => String::new(),
    };
    let body = html! {
        @for field in &fields { (ask::field(visit, services, sheet, field, alone)) }
        (sheet.go_on())
    };
    let action = mine.href(&format!("/ask/{page}"));
    let shown = visit.page(title).caption(name).back(mine.before(page)?).sheet(sheet).body(visit.form(&action, body));
    Ok(if alone { shown.own_heading() } else { shown })
}

async fn question(
    State(services): State<Services>,
    visit: Visit,
    Path((case, page)): Path<(String, String)>,
) -> Result<Page, Refusal> {
    let mine = Mine::read(&services, &visit, &case).await?;
    mine.must_be_draft()?;
    let (_, fields) = asked(&mine, &page)?;
    let sheet = visit.sheet_with(questions::shown(&fields, &mine.case.answers), &[]);
    form(&visit, &services, &mine, &page, &sheet)
}

async fn answered(
    State(services): State<Services>,
    visit: Visit,
    Path((case, page)): Path<(String, String)>,
    sent: Form,
) -> Reply {
    let mine = Mine::read(&services, &visit, &case).await?;
    let key = Key::new(&scope(&visit, "services.answer"), sent.key.text(), sent.key.request());
    let (engine, id, place, given) = (services.clone(), mine.case.id, page.clone(), sent.answers.clone());
    let kept = services.acts().write(visit.caller(), &key, move |cx| answer(cx, &engine, id, &place, &given)).await;
    match kept {
        Ok(()) => {
            let mine = Mine::read(&services, &visit, &case).await?;
            Ok(see_other(&mine.after(Some(&page))?))
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            let sheet = visit.sheet_with(sent.answers, &faults);
            Ok(form(&visit, &services, &mine, &page, &sheet)?.into_response())
        }
    }
}

/// Everything answered, each with a way to change it.
pub(super) fn answers(visit: &Visit, services: &Services, mine: &Mine, change: bool) -> Result<Markup, Refusal> {
    let mut summary = Summary::new(visit);
    for (page, fields) in mine.service.asked(&mine.facts)? {
        for field in fields {
            let value = said(visit, services, field, mine.case.answers.get(field.id.get_ref()));
            summary = summary.row(visit.local(&field.label), value);
            if change {
                summary = summary.change(mine.href(&format!("/ask/{}", page.id.get_ref())));
            }
        }
    }
    Ok(html! { (summary) })
}

async fn check(State(services): State<Services>, visit: Visit, Path(case): Path<String>) -> Result<Page, Refusal> {
    let mine = Mine::read(&services, &visit, &case).await?;
    mine.must_be_draft()?;
    check_page(&visit, &services, &mine, None)
}

fn check_page(visit: &Visit, services: &Services, mine: &Mine, said: Option<Markup>) -> Result<Page, Refusal> {
    let price = mine.service.price(&mine.facts)?;
    let open: Answers = Answers::default();
    let sheet = visit.sheet_with(open, &[]);
    let body = html! {
        @if let Some(said) = said { (said) }
        (answers(visit, services, mine, true)?)
        h2 { (visit.t("services.check.fee")) }
        @if price.minor == 0 { p { (visit.t("services.about.free")) } }
        @else {
            (price.parts.iter().fold(Summary::new(visit), |summary, (name, minor, _)| summary.row(visit.local(name), visit.money(services.money(*minor)))))
            @if price.parts.iter().any(|(.., example)| *example) { (catalogue::illustrative(visit)) }
        }
        h2 { (visit.t("services.check.known")) }
        (show::details(&visit.t("services.check.see"), known(visit, services, mine)))
        p { (visit.t("services.check.declare")) }
        (visit.form(&mine.href("/check"), show::button(&visit.t(if price.minor == 0 { "services.check.send" } else { "services.check.pay" }))))
    };
    let name = visit.local(&mine.service.pack.service.name).to_owned();
    let back = match mine.service.asked(&mine.facts)?.last() {
        Some((page, _)) => mine.href(&format!("/ask/{}", page.id.get_ref())),
        None => mine.href("/data"),
    };
    Ok(visit.page(visit.t("services.check.title")).caption(name).back(back).sheet(&sheet).body(body))
}

async fn send(State(services): State<Services>, visit: Visit, Path(case): Path<String>, sent: Form) -> Reply {
    let mine = Mine::read(&services, &visit, &case).await?;
    let key = Key::new(&scope(&visit, "services.submit"), sent.key.text(), sent.key.request());
    let (engine, id) = (services.clone(), mine.case.id);
    let outcome = services.acts().write(visit.caller(), &key, move |cx| submit(cx, &engine, id)).await;
    match outcome {
        Ok(CaseState::Paying) => {
            let mine = Mine::read(&services, &visit, &case).await?;
            let to = mine.case.payment.as_ref().map_or_else(|| mine.href(""), |pay| format!("/pay/{pay}"));
            Ok(see_other(&to))
        }
        Ok(_) => Ok(see_other(&mine.href(""))),
        Err(fault) if matches!(fault.code(), "services.case.incomplete" | "services.case.ineligible") => {
            let said = show::banner(Tone::Bad, &visit.t("edge.problem"), html! { p { (visit.say(fault.text())) } });
            Ok(check_page(&visit, &services, &mine, Some(said))?.into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}
