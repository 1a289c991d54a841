//! An officer's pages: programs that let people sign in, and the keys that sign.
//!
//! **Invariant:** only who may change them sees them; a change that waits for a second officer is shown beside what holds.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use crypto::Algorithm;
use edge::show::{Summary, Table};
use edge::{Answers, Form, Page, Refusal, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault};

use crate::provider::manage;
use crate::provider::metadata::ClientMetadata;
use crate::rows::clients::ClientRow;
use crate::settings::Identity;

const LIST: &str = "/identity/clients";
const ONE: &str = "/identity/clients/one";
const NEW: &str = "/identity/clients/new";
const KEYS: &str = "/identity/keys";

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(LIST, get(list))
        .route(ONE, get(one))
        .route(NEW, get(ask).post(take))
        .route("/identity/clients/change", post(change))
        .route("/identity/clients/approve", post(approve))
        .route("/identity/clients/state", post(set_state))
        .route(KEYS, get(keys))
        .route("/identity/keys/prepare", post(prepare))
        .route("/identity/keys/promote", post(promote))
        .route("/identity/keys/forget", post(forget))
}

impl Identity {
    async fn registered(&self, visit: &Visit) -> Result<Vec<ClientRow>, Refusal> {
        visit.must_sign_in()?;
        Ok(self.inner.acts.read(visit.caller(), manage::list).await?)
    }
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let rows = identity.registered(&visit).await?;
    let mut table = Table::new(visit.t("identity.clients.caption"))
        .column(visit.t("identity.clients.id"))
        .column(visit.t("identity.clients.name"))
        .column(visit.t("identity.clients.organisation"))
        .column(visit.t("identity.clients.state"));
    for row in &rows {
        table = table.row([
            html! { a href={ (ONE) "?id=" (row.id) } { (row.id) } },
            html! { (visit.local(&row.declared.client_name)) },
            html! { (row.organisation.as_deref().unwrap_or("–")) },
            html! { (state(&visit, row)) },
        ]);
    }
    let body = html! {
        p { (visit.t("identity.clients.about")) }
        @if !rows.is_empty() { (table) }
        p { a.b href=(NEW) { (visit.t("identity.clients.register")) } }
        p { a href=(KEYS) { (visit.t("identity.keys.title")) } }
    };
    Ok(visit.page(visit.t("identity.clients.title")).wide().body(body).into_response())
}

fn state(visit: &Visit, row: &ClientRow) -> String {
    let key = match row.state.as_str() {
        _ if row.proposed_by.is_some() => "identity.clients.proposed",
        "active" => "identity.clients.active",
        _ => "identity.clients.inactive",
    };
    visit.t(key)
}

async fn one(State(identity): State<Identity>, visit: Visit) -> Reply {
    let rows = identity.registered(&visit).await?;
    let query = Answers::parse(visit.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let row = rows.into_iter().find(|row| row.id == query.one("id"));
    let row = row.ok_or_else(|| Fault::not_found("identity.client.missing"))?;
    let written = |declared: &ClientMetadata| serde_json::to_string_pretty(declared).unwrap_or_default();
    let hidden = html! { input type="hidden" name="id" value=(row.id); };
    let facts = Summary::new(&visit)
        .row(visit.t("identity.clients.name"), visit.local(&row.declared.client_name))
        .row(visit.t("identity.clients.organisation"), row.organisation.as_deref().unwrap_or("–"))
        .row(visit.t("identity.clients.state"), state(&visit, &row));
    let answers = Answers::default().with("declaration", written(&row.declared));
    let area = visit.sheet_with(answers, &[]).area("declaration", visit.t("identity.clients.declared"));
    let (to, label) = match row.state.as_str() {
        "active" => ("no", visit.t("identity.clients.deactivate")),
        _ => ("yes", visit.t("identity.clients.activate")),
    };
    let body = html! {
        (facts)
        @if let Some(proposed) = &row.proposed {
            h2 { (visit.t("identity.clients.waiting")) }
            pre { (written(proposed)) }
        }
        @if row.proposed_by.is_some() {
            (visit.form("/identity/clients/approve", html! { (hidden) button.b { (visit.t("identity.clients.approve")) } }))
        }
        (visit.form("/identity/clients/change", html! { (area) button.b.b2 { (visit.t("identity.clients.change")) } }))
        @if row.state != "proposed" {
            (visit.form("/identity/clients/state", html! {
                (hidden) button.b.b2 name="active" value=(to) { (label) }
            }))
        }
    };
    Ok(visit.page(row.id.clone()).back(LIST).wide().body(body).into_response())
}

async fn ask(visit: Visit) -> Reply {
    visit.must_sign_in()?;
    Ok(form_page(&visit, Answers::default(), &[]).into_response())
}

fn form_page(visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let field = sheet.area("declaration", visit.t("identity.clients.declaration"));
    let field = field.hint(visit.t("identity.clients.declaration_hint"));
    let body = visit.form(NEW, html! { (field) button.b { (visit.t("identity.clients.register")) } });
    visit.page(visit.t("identity.clients.register")).back(LIST).sheet(&sheet).body(body)
}

/// What was written, as a declaration.
fn declaration(form: &Form) -> Result<ClientMetadata, Fault> {
    let invalid = |error: serde_json::Error| Fault::invalid("identity.client.invalid").with("why", error.to_string());
    serde_json::from_str(form.answers.one("declaration")).map_err(invalid)
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let outcome = match declaration(&form) {
        Ok(declared) => identity.register_client(visit.caller(), declared, false).await,
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(id) => Ok(see_other(&format!("{ONE}?id={id}"))),
        Err(fault) if fault.code().starts_with("identity.client.") => {
            let fault = FieldFault { field: "declaration".to_owned(), text: fault.text().clone() };
            let page = form_page(&visit, form.answers, &[fault]);
            Ok(page.status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn change(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let declared = declaration(&form)?;
    let id = declared.client_id.clone();
    identity.change_client(visit.caller(), declared, false).await?;
    Ok(see_other(&format!("{ONE}?id={id}")))
}

async fn approve(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let id = form.answers.one("id").to_owned();
    let approved = id.clone();
    let work = move |cx: &mut Cx<'_>| manage::approve(cx, &approved);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    identity.refresh(true).await?;
    Ok(see_other(&format!("{ONE}?id={id}")))
}

async fn set_state(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (id, active) = (form.answers.one("id").to_owned(), form.answers.one("active") == "yes");
    identity.activate_client(visit.caller(), &id, active, false).await?;
    Ok(see_other(&format!("{ONE}?id={id}")))
}

async fn keys(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let rows = identity.stored_keys(&visit).await?;
    let mut table = Table::new(visit.t("identity.keys.caption"))
        .column(visit.t("identity.keys.kid"))
        .column(visit.t("identity.keys.algorithm"))
        .column(visit.t("identity.keys.state"));
    for row in &rows {
        let (key, action) = match row.state.as_str() {
            "next" => ("identity.keys.next", Some(("promote", "identity.keys.promote"))),
            "current" => ("identity.keys.current", None),
            _ => ("identity.keys.retired", Some(("forget", "identity.keys.forget"))),
        };
        let way = html! {
            (visit.t(key))
            @if let Some((path, label)) = action {
                (visit.form(&format!("{KEYS}/{path}"), html! {
                    input type="hidden" name="kid" value=(row.kid);
                    button.b.b2 { (visit.t(label)) }
                }))
            }
        };
        table = table.row([html! { (row.kid) }, html! { (row.algorithm.name()) }, way]);
    }
    let body = html! {
        p { (visit.t("identity.keys.about")) }
        @if !rows.is_empty() { (table) }
        @for name in identity.directory().algorithms() {
            (visit.form("/identity/keys/prepare", html! {
                input type="hidden" name="algorithm" value=(name);
                button.b.b2 { (visit.t1("identity.keys.prepare", "algorithm", name)) }
            }))
        }
    };
    Ok(visit.page(visit.t("identity.keys.title")).back(LIST).wide().body(body).into_response())
}

async fn prepare(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let algorithm = Algorithm::named(form.answers.one("algorithm"));
    let algorithm = algorithm.ok_or_else(|| Fault::not_found("identity.key.missing"))?;
    identity.prepare_key(visit.caller(), algorithm).await?;
    Ok(see_other(KEYS))
}

async fn promote(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    identity.promote_key(visit.caller(), form.answers.one("kid"), false).await?;
    Ok(see_other(KEYS))
}

async fn forget(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    identity.forget_key(visit.caller(), form.answers.one("kid")).await?;
    Ok(see_other(KEYS))
}
