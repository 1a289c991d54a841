//! An officer's pages: mandates registered on evidence, those that wait for a second officer, and organisations.
//!
//! **Invariant:** who proposed one does not see a button to agree to it; the policy refuses her all the same.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table};
use edge::{Answers, Form, Markup, Page, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, FieldFault, Resource, Text};

use crate::mandates::pages::{Named, day, named, of_form};
use crate::mandates::register::{Proposal, approve, propose, register_organisation};
use crate::mandates::rules::Arises;
use crate::rows::mandates as rows;
use crate::settings::Identity;

const PATH: &str = "/identity/mandates";
const NEW: &str = "/identity/mandates/new";
const ORGANISATIONS: &str = "/identity/organisations";

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(PATH, get(list))
        .route(NEW, get(ask).post(take))
        .route("/identity/mandates/approve", post(decided))
        .route(ORGANISATIONS, get(organisations).post(add_organisation))
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let engine = identity.clone();
    let read = move |cx: &mut Cx<'_>| {
        cx.may("identity.mandate.list", &Resource::new("Mandate", "desk"))?;
        let waiting = rows::proposed(cx.tx())?;
        named(cx, &engine, waiting)
    };
    let waiting = identity.inner.acts.read(visit.caller(), read).await?;
    let body = html! {
        p { (visit.t("identity.mandates.desk_lead")) }
        p { a.b href=(NEW) { (visit.t("identity.mandates.propose")) } }
        p { a href=(ORGANISATIONS) { (visit.t("identity.mandates.organisations")) } }
        h2 { (visit.t("identity.mandates.waiting")) }
        @if waiting.is_empty() { p { (visit.t("identity.mandates.none_waiting")) } }
        @for one in &waiting { (identity.waiting_card(&visit, one)) }
    };
    Ok(visit.page(visit.t("identity.mandates.desk")).body(body).into_response())
}

impl Identity {
    fn waiting_card(&self, visit: &Visit, one: &Named) -> Markup {
        let mandate = &one.mandate;
        let evidence = self.inner.mandates.evidence.iter().find(|known| Some(&known.id) == mandate.evidence.as_ref());
        let evidence = evidence.map(|known| visit.local(&known.name)).unwrap_or_default();
        let reference = mandate.reference.as_deref().unwrap_or_default();
        let facts = Summary::new(visit)
            .row(visit.t("identity.mandates.for"), &one.represented)
            .row(visit.t("identity.mandates.kind"), self.kind_name(visit, &mandate.kind))
            .row(visit.t("identity.mandates.covers"), self.scope_names(visit, mandate))
            .row(visit.t("identity.mandates.until"), visit.date(mandate.valid_to))
            .row(visit.t("identity.mandates.evidence"), format!("{evidence}, {reference}"));
        html! {
            h3 { (one.representative) }
            (facts)
            @if mandate.made_by != visit.actor().id {
                (visit.form("/identity/mandates/approve", html! {
                    input type="hidden" name="mandate" value=(mandate.id);
                    button.b name="answer" value="yes" { (visit.t("identity.mandates.approve")) }
                    " "
                    button.b.b2 name="answer" value="no" { (visit.t("identity.mandates.refuse")) }
                }))
            } @else { p { (visit.t("identity.mandates.second")) } }
        }
    }

    fn propose_page(&self, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
        let rules = &self.inner.mandates;
        let kinds: Vec<_> = rules.arising(Arises::Registered).collect();
        let radios = kinds
            .iter()
            .map(|kind| Choice::new(&kind.part.id, visit.local(&kind.part.name)).hint(visit.local(&kind.part.about)));
        let scopes = rules
            .scopes
            .iter()
            .filter(|scope| kinds.iter().any(|kind| kind.scopes.iter().any(|own| own.id == scope.id)))
            .map(|scope| Choice::new(&scope.id, visit.local(&scope.name)));
        let evidence = rules.evidence.iter().map(|known| Choice::new(&known.id, visit.local(&known.name)));
        let sheet = visit.sheet_with(answers, faults);
        let body = html! {
            (sheet.radios("kind", visit.t("identity.mandates.kind_question"), radios.collect()))
            (sheet.text("represented", visit.t("identity.mandates.represented")).width(20).autocomplete("off"))
            (sheet.text("representative", visit.t("identity.mandates.representative")).inputmode("numeric").width(20).autocomplete("off"))
            (sheet.checkboxes("scopes", visit.t("identity.mandates.scopes_question"), scopes.collect()))
            (sheet.day("valid_to", visit.t("identity.mandates.until_question")))
            (sheet.radios("evidence", visit.t("identity.mandates.evidence_question"), evidence.collect()))
            (sheet.text("reference", visit.t("identity.mandates.reference")).width(20).max_length(64))
            (edge::show::button(&visit.t("identity.mandates.propose_button")))
        };
        visit.page(visit.t("identity.mandates.propose")).back(PATH).sheet(&sheet).body(visit.form(NEW, body))
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    Ok(identity.propose_page(&visit, Answers::default(), &[]).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let valid_to = match day(&form.answers) {
        Ok(day) => day,
        Err(fault) => return Ok(identity.propose_page(&visit, form.answers, &[fault]).into_response()),
    };
    let text = |name: &str| form.answers.one(name).to_owned();
    let proposal = Proposal {
        kind: text("kind"),
        represented: text("represented"),
        representative: text("representative"),
        scopes: form.answers.all("scopes").to_vec(),
        valid_to,
        evidence: text("evidence"),
        reference: text("reference"),
    };
    let engine = identity.clone();
    let key = Key::new(&format!("identity.mandate:{}", visit.actor().id), form.key.text(), form.key.request());
    match identity.inner.acts.write(visit.caller(), &key, move |cx| propose(cx, &engine, &proposal)).await {
        Ok(_) => Ok(see_other(PATH)),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(identity.propose_page(&visit, form.answers, &faults).into_response())
        }
    }
}

async fn decided(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (id, agrees, engine) = (of_form(&form)?, form.answers.one("answer") == "yes", identity.clone());
    let work = move |cx: &mut Cx<'_>| approve(cx, &engine, id, agrees);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other(PATH))
}

async fn organisations(State(identity): State<Identity>, visit: Visit) -> Reply {
    organisations_page(&identity, &visit, Answers::default(), &[]).await
}

async fn organisations_page(identity: &Identity, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Reply {
    visit.must_sign_in()?;
    let read = |cx: &mut Cx<'_>| {
        cx.may("identity.mandate.list", &Resource::new("Mandate", "desk"))?;
        Ok(rows::organisations(cx.tx())?)
    };
    let all = identity.inner.acts.read(visit.caller(), read).await?;
    let mut table = Table::new(visit.t("identity.organisations.caption"))
        .column(visit.t("identity.organisations.name"))
        .column(visit.t("identity.organisations.number"));
    for one in &all {
        table = table.row([html! { (one.name) }, html! { (one.number) }]);
    }
    let sheet = visit.sheet_with(answers, faults);
    let form = html! {
        (sheet.text("name", visit.t("identity.organisations.name_question")).max_length(200))
        (sheet.text("number", visit.t("identity.organisations.number_question")).width(20).max_length(64))
        (edge::show::button(&visit.t("identity.organisations.add")))
    };
    let body = html! {
        @if !all.is_empty() { (table) }
        h2 { (visit.t("identity.organisations.new")) }
        (visit.form(ORGANISATIONS, form))
    };
    let page = visit.page(visit.t("identity.mandates.organisations")).back(PATH).sheet(&sheet).body(body);
    Ok(page.into_response())
}

async fn add_organisation(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (number, name) = (form.answers.one("number").to_owned(), form.answers.one("name").to_owned());
    let key = Key::new(&format!("identity.organisation:{}", visit.actor().id), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| register_organisation(cx, &number, &name);
    match identity.inner.acts.write(visit.caller(), &key, work).await {
        Ok(_) => Ok(see_other(ORGANISATIONS)),
        Err(fault) if fault.code().starts_with("identity.organisation.") => {
            let text = Text::named(format!("fault.{}", fault.code()));
            let fault = FieldFault { field: "number".to_owned(), text };
            organisations_page(&identity, &visit, form.answers, &[fault]).await
        }
        Err(fault) => Err(fault.into()),
    }
}
