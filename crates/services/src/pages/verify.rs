//! Checking a document: by its code, or the file itself; and for programs whether it still holds. Open to everybody.
//!
//! **Invariant:** a code shows that a document was issued, by whom and until when, and nothing personal; what a
//! document says is shown only to whoever has the document.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Summary, Tone};
use edge::{Bucket, Form, Markup, Page, Refusal, Reply, Visit, body_limit, html, see_other};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spine::{Date, Fault};

use super::{documents, local};
use crate::Services;
use crate::model::Issued;
use crate::revoke::Ground;
use crate::verify::{MAX_FILE, Verified, verify};

/// Codes may not be tried out.
const TRIES: Bucket = Bucket { name: "services.verify", burst: 30, seconds: 60 };

pub(super) fn routes() -> Router<Services> {
    Router::new()
        .route("/verify", get(ask).post(check).layer(body_limit(MAX_FILE + 64 * 1024)))
        .route("/verify/{code}", get(by_code))
        .route("/api/verify/{code}", get(status))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn ask(State(services): State<Services>, visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let code = written(&asked.q);
    if !code.is_empty() {
        return Ok(see_other(&format!("/verify/{code}")));
    }
    Ok(page(&services, &visit, None).into_response())
}

fn page(services: &Services, visit: &Visit, said: Option<Markup>) -> Page {
    let sheet = visit.sheet();
    let upload = html! {
        (sheet.file("document", visit.t("services.verify.file")).accept(".pdf,.json,application/pdf,application/json").hint(visit.t("services.verify.file_hint")))
        (show::button(&visit.t("services.verify.go")))
    };
    visit.page(visit.t("services.verify.title")).body(html! {
        @if let Some(said) = said { (said) }
        p { (visit.t("services.verify.lead")) }
        (show::search(visit, "/verify", &visit.t("services.verify.code"), ""))
        h2 { (visit.t("services.verify.or_file")) }
        (visit.upload_form("/verify", upload))
        (show::details(&visit.t("services.verify.offline"), html! {
            p { (visit.t("services.verify.offline_lead")) }
            p { code { "letsema verify FILE --key " (services.inner.log_key) } }
        }))
    })
}

async fn check(State(services): State<Services>, visit: Visit, form: Form) -> Result<Page, Refusal> {
    visit.limit(&TRIES)?;
    let Some(file) = form.files.first() else {
        let said =
            show::banner(Tone::Bad, &visit.t("edge.problem"), html! { p { (visit.t("services.verify.no_file")) } });
        return Ok(page(&services, &visit, Some(said)));
    };
    match verify(&file.bytes, &services.inner.log_key) {
        Ok(verified) => {
            let code = verified.certificate.pointer("/fields/verify_code").and_then(Json::as_str);
            let issued = documents::by_code(&services, &visit, code.unwrap_or_default().to_owned()).await?;
            Ok(holds(&visit, &verified, issued.filter(|issued| issued.revoked_at.is_some()).as_ref()))
        }
        Err(fault) => {
            let key = match fault {
                crate::verify::VerifyFault::NotOurs => "services.verify.not_ours",
                crate::verify::VerifyFault::TooLarge => "services.verify.too_large",
                crate::verify::VerifyFault::Changed => "services.verify.changed",
                crate::verify::VerifyFault::Evidence(_) => "services.verify.evidence",
            };
            let said = show::banner(Tone::Bad, &visit.t("services.verify.bad"), html! { p { (visit.t(key)) } });
            Ok(page(&services, &visit, Some(said)))
        }
    }
}

/// What a document says whose evidence holds; and that it was revoked, if it was.
fn holds(visit: &Visit, verified: &Verified, revoked: Option<&Issued>) -> Page {
    let certificate = &verified.certificate;
    let text = |name: &str| certificate.get(name).map(|value| local(visit, value)).unwrap_or_default();
    let day = |name: &str| {
        let day = certificate.get(name).and_then(Json::as_str).and_then(|day| day.parse().ok());
        day.map(|day| visit.date(day))
    };
    let mut summary = Summary::new(visit)
        .row(visit.t("services.verify.kind"), text("name"))
        .row(visit.t("services.verify.authority"), text("authority"))
        .row(visit.t("services.verify.reference"), text("reference"))
        .row(visit.t("services.verify.issued"), day("issued_on").unwrap_or_default());
    if let Some(until) = day("valid_until") {
        summary = summary.row(visit.t("services.verify.until"), until);
    }
    let fields = certificate.get("fields").and_then(Json::as_object);
    let own = fields
        .into_iter()
        .flatten()
        .filter(|(name, value)| !crate::check::STANDARD_FIELDS.contains(&name.as_str()) && !value.is_array());
    let says = own
        .fold(Summary::new(visit), |summary, (name, value)| summary.row(name.replace('_', " "), local(visit, value)));
    let title = visit.t(if revoked.is_some() { "services.verify.revoked" } else { "services.verify.good" });
    visit.page(title.as_str()).own_heading().body(html! {
        @if let Some(issued) = revoked { h1 { (title) } (documents::why(visit, issued, false)) }
        @else { (show::panel(&title, None)) }
        (summary)
        h2 { (visit.t("services.verify.says")) }
        p { (visit.t("services.verify.compare")) }
        (says)
        p.hint { (visit.say(&spine::Text::new("services.verify.place").with("index", i64::try_from(verified.proven.index).unwrap_or(0)).with("log", verified.proven.log.as_str()))) }
    })
}

/// A code as people type it.
pub(super) fn written(code: &str) -> String {
    let mut letters: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        })
        .take(40)
        .collect();
    if letters.len() == 12 {
        letters.insert(8, '-');
        letters.insert(4, '-');
    }
    letters
}

async fn by_code(State(services): State<Services>, visit: Visit, Path(code): Path<String>) -> Reply {
    visit.limit(&TRIES)?;
    let tidy = written(&code);
    if tidy != code {
        return Ok(see_other(&format!("/verify/{tidy}")));
    }
    let issued = documents::by_code(&services, &visit, tidy)
        .await?
        .ok_or_else(|| Fault::not_found("services.document.unknown"))?;
    let text = |name: &str| issued.content.get(name).map(|value| local(&visit, value)).unwrap_or_default();
    let today = visit.now().date_in(visit.site().words().zone());
    let over = issued.valid_until.is_some_and(|until| until < today);
    let title = visit.t(match (issued.revoked_at.is_some(), over) {
        (true, _) => "services.verify.revoked",
        (_, true) => "services.verify.expired",
        _ => "services.verify.exists",
    });
    let mut summary = Summary::new(&visit)
        .row(visit.t("services.verify.kind"), text("name"))
        .row(visit.t("services.verify.authority"), text("authority"))
        .row(visit.t("services.verify.issued"), visit.date(issued.issued_at.date_in(visit.site().words().zone())));
    if let Some(until) = issued.valid_until {
        summary = summary.row(visit.t("services.verify.until"), visit.date(until));
    }
    let page = visit.page(title.as_str()).own_heading().body(html! {
        @if issued.revoked_at.is_none() && !over { (show::panel(&title, Some((&visit.t("services.verify.code_is"), &issued.code)))) }
        @else { h1 { (title) } }
        @if issued.revoked_at.is_some() { (documents::why(&visit, &issued, false)) }
        (summary)
        p { (visit.t("services.verify.person")) }
        (show::button_link("/verify", &visit.t("services.verify.check_file")))
    });
    Ok(page.into_response())
}

/// How a document stands, for programs.
#[derive(Serialize)]
struct Status {
    code: String,
    /// `valid`, `expired` or `revoked`.
    state: &'static str,
    issued_on: Date,
    valid_until: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ground: Option<Ground>,
    /// When this was so.
    as_of: String,
}

async fn status(State(services): State<Services>, visit: Visit, Path(code): Path<String>) -> Reply {
    visit.limit(&TRIES)?;
    let issued = documents::by_code(&services, &visit, written(&code)).await?;
    let issued = issued.ok_or_else(|| Fault::not_found("services.document.unknown"))?;
    let zone = visit.site().words().zone();
    let state = match (issued.revoked_at, issued.valid_until) {
        (Some(_), _) => "revoked",
        (None, Some(until)) if until < visit.now().date_in(zone) => "expired",
        _ => "valid",
    };
    let status = Status {
        code: issued.code,
        state,
        issued_on: issued.issued_at.date_in(zone),
        valid_until: issued.valid_until,
        revoked_on: issued.revoked_at.map(|at| at.date_in(zone)),
        ground: issued.ground,
        as_of: visit.now().to_string(),
    };
    Ok(edge::Json(status).into_response())
}
