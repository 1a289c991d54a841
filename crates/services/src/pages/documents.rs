//! An officer's page for documents that were issued: find one, look at it, revoke it.
//!
//! **Invariant:** finding shows no words of a document; looking at one is a deed that its holder sees; revoking asks for a
//! ground and a reason, and is done once.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Choice, Summary, Table, Tone, tag};
use edge::{Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Date, FieldFault, Text};

use super::verify::written;
use super::{id, local, scope};
use crate::model::{Case, Issued, OutputId};
use crate::revoke::{Ground, find, look_at, revoke};
use crate::{Services, rows};

pub(super) fn routes() -> Router<Services> {
    Router::new().route("/desk/documents", get(search)).route("/desk/documents/{output}", get(open).post(revoked))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

/// How a document stands: it holds, has run out, or was revoked.
pub(super) fn standing(visit: &Visit, issued: &Issued) -> Markup {
    let today: Date = visit.now().date_in(visit.site().words().zone());
    let (tone, key) = match (issued.revoked_at, issued.valid_until) {
        (Some(_), _) => (Tone::Bad, "services.document.revoked"),
        (None, Some(until)) if until < today => (Tone::Off, "services.document.expired"),
        _ => (Tone::Good, "services.document.holds"),
    };
    tag(tone, &visit.t(key))
}

async fn search(State(services): State<Services>, visit: Visit, Query(asked): Query<Asked>) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let asked = asked.q.trim().to_uppercase();
    let (words, engine) = (if asked.len() > 13 { written(&asked) } else { asked.clone() }, services.clone());
    let found = services.acts().read(visit.caller(), move |cx| {
        cx.may("services.task.list", &spine::Resource::new("Desk", "documents"))?;
        if words.is_empty() { Ok(Vec::new()) } else { find(cx, &engine, &words) }
    });
    let found = found.await?;
    let mut table = Table::new(visit.t("services.document.found"))
        .column(visit.t("services.verify.code_is"))
        .column(visit.t("services.verify.kind"))
        .column(visit.t("services.verify.issued"))
        .column(visit.t("services.desk.state"));
    for issued in &found {
        let name = issued.content.get("name").map(|name| local(&visit, name)).unwrap_or_default();
        table = table.row([
            html! { a href={ "/desk/documents/" (issued.id) } { (issued.code) } },
            html! { (name) },
            html! { (visit.moment(issued.issued_at)) },
            standing(&visit, issued),
        ]);
    }
    Ok(visit.page(visit.t("services.document.title")).back("/desk").body(html! {
        p { (visit.t("services.document.lead")) }
        (show::search(&visit, "/desk/documents", &visit.t("services.document.search"), &asked))
        @if !found.is_empty() { (table) } @else if !asked.is_empty() { p { (visit.t("services.document.nothing")) } }
    }))
}

async fn opened(services: &Services, visit: &Visit, output: &str) -> Result<(Issued, Case), Refusal> {
    visit.must_sign_in()?;
    let (output, engine): (OutputId, _) = (id(output)?, services.clone());
    Ok(services.acts().write(visit.caller(), &Key::none(), move |cx| look_at(cx, &engine, output)).await?)
}

async fn open(State(services): State<Services>, visit: Visit, Path(output): Path<String>) -> Result<Page, Refusal> {
    let (issued, case) = opened(&services, &visit, &output).await?;
    Ok(page(&visit, &issued, &case, &visit.sheet()))
}

fn page(visit: &Visit, issued: &Issued, case: &Case, sheet: &Sheet) -> Page {
    let text = |name: &str| issued.content.get(name).map(|value| local(visit, value)).unwrap_or_default();
    let holder = case.applicant_data.get("name").map(|value| local(visit, value)).unwrap_or_default();
    let mut summary = Summary::new(visit)
        .row(visit.t("services.verify.kind"), text("name"))
        .row(visit.t("services.desk.applicant"), holder)
        .row(visit.t("services.verify.reference"), &case.reference)
        .row(visit.t("services.verify.issued"), visit.moment(issued.issued_at));
    if let Some(until) = issued.valid_until {
        summary = summary.row(visit.t("services.verify.until"), visit.date(until));
    }
    let body = html! {
        p { (standing(visit, issued)) }
        (summary)
        @if issued.revoked_at.is_some() { (why(visit, issued, true)) } @else { (form(visit, issued, sheet)) }
    };
    visit.page(issued.code.as_str()).caption(text("name")).back("/desk/documents").sheet(sheet).body(body)
}

/// When and why a document was revoked; the reason in words for its holder and officers only.
pub(super) fn why(visit: &Visit, issued: &Issued, in_words: bool) -> Markup {
    let ground = issued.ground.map(|ground| visit.t(&format!("services.ground.{}", ground.name())));
    let day = issued.revoked_at.map(|at| visit.moment(at)).unwrap_or_default();
    show::banner(
        Tone::Bad,
        &visit.t1("services.document.revoked_on", "day", day),
        html! {
            @if let Some(ground) = ground { p { (ground) } }
            @if let Some(reason) = issued.reason.as_ref().filter(|_| in_words) { p { (reason) } }
        },
    )
}

fn form(visit: &Visit, issued: &Issued, sheet: &Sheet) -> Markup {
    let grounds = Ground::ALL
        .into_iter()
        .map(|ground| Choice::new(ground.name(), visit.t(&format!("services.ground.{}", ground.name()))))
        .collect();
    let inputs = html! {
        (sheet.radios("ground", visit.t("services.revoke.ground"), grounds))
        (sheet.area("reason", visit.t("services.revoke.reason")).rows(4).hint(visit.t("services.revoke.reason_hint")))
        (show::warning_button(&visit.t("services.revoke.go")))
    };
    html! {
        h2 { (visit.t("services.revoke.title")) }
        p { (visit.t("services.revoke.lead")) }
        (visit.form(&format!("/desk/documents/{}", issued.id), inputs))
    }
}

async fn revoked(State(services): State<Services>, visit: Visit, Path(output): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let number: OutputId = id(&output)?;
    let outcome = match Ground::named(form.answers.one("ground")) {
        None => Err(vec![FieldFault { field: "ground".to_owned(), text: Text::new("services.answer.choose") }]),
        Some(ground) => {
            let key = Key::new(&scope(&visit, "services.revoke"), form.key.text(), form.key.request());
            let (reason, engine) = (form.answers.one("reason").to_owned(), services.clone());
            let work = move |cx: &mut spine::Cx<'_>| revoke(cx, &engine, number, ground, &reason);
            services
                .acts()
                .write(visit.caller(), &key, work)
                .await
                .map_err(correctable)
                .map_or_else(|wrong| wrong.map(Err), |()| Ok(Ok(())))?
        }
    };
    match outcome {
        Ok(()) => Ok(see_other(&format!("/desk/documents/{number}"))),
        Err(faults) => {
            let (issued, case) = opened(&services, &visit, &output).await?;
            let sheet = visit.sheet_with(form.answers, &faults);
            Ok(page(&visit, &issued, &case, &sheet).into_response())
        }
    }
}

/// The document of a code, whoever asks: for the pages and the interface where anybody checks.
pub(super) async fn by_code(services: &Services, visit: &Visit, code: String) -> Result<Option<Issued>, Refusal> {
    Ok(services.acts().read(visit.caller(), move |cx| Ok(rows::output_by_code(cx.tx(), &code)?)).await?)
}
