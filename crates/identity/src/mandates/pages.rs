//! One's own mandates: those one gave and those one acts under; giving one, accepting, ending.
//!
//! **Invariant:** both see the same; either ends it with one button. The pages are always the visitor's own, whomever she
//! acts for elsewhere.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Tone, tag};
use edge::{Answers, Bucket, Form, Markup, Page, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{ActorKind, Cx, Fault, FieldFault, Text};

use crate::mandates::acting::name_of;
use crate::mandates::give::{Offer, answer, offer};
use crate::mandates::mandate::{Mandate, MandateId, MandateState};
use crate::mandates::rules::{Arises, Represents};
use crate::rows::mandates as rows;
use crate::settings::Identity;

const PATH: &str = "/account/mandates";
const NEW: &str = "/account/mandates/new";
/// A wrong pair of number and name tells little, and little often.
const OFFERS: Bucket = Bucket { name: "identity.mandates", burst: 10, seconds: 3600 };

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(PATH, get(list))
        .route(NEW, get(ask).post(take))
        .route("/account/mandates/answer", post(answered))
        .route("/account/mandates/end", post(end))
}

/// A mandate with the names of both.
pub(super) struct Named {
    pub(super) mandate: Mandate,
    pub(super) represented: String,
    pub(super) representative: String,
}

/// Adds the names.
pub(super) fn named(cx: &mut Cx<'_>, identity: &Identity, mandates: Vec<Mandate>) -> Result<Vec<Named>, Fault> {
    let mut all = Vec::new();
    for mandate in mandates {
        let represented = name_of(cx, identity, &mandate.represented)?.reveal().clone();
        let representative = name_of(cx, identity, &mandate.representative)?.reveal().clone();
        all.push(Named { mandate, represented, representative });
    }
    Ok(all)
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let actor = visit.must_sign_in()?;
    if actor.kind != ActorKind::Person {
        return Err(Fault::forbidden("identity.mandate.people").into());
    }
    let (engine, account) = (identity.clone(), actor.id.clone());
    let read = move |cx: &mut Cx<'_>| {
        let given = rows::of_represented(cx.tx(), &account)?;
        let held = rows::of_representative(cx.tx(), &account)?;
        Ok((named(cx, &engine, given)?, named(cx, &engine, held)?))
    };
    let (given, held) = identity.inner.acts.read(visit.caller(), read).await?;
    let body = html! {
        p { (visit.t("identity.mandates.lead")) }
        p { a.b href=(NEW) { (visit.t("identity.mandates.give")) } }
        h2 { (visit.t("identity.mandates.given")) }
        @if given.is_empty() { p { (visit.t("identity.mandates.none_given")) } }
        @for one in &given { (identity.mandate_card(&visit, one, false)) }
        h2 { (visit.t("identity.mandates.held")) }
        @if held.is_empty() { p { (visit.t("identity.mandates.none_held")) } }
        @for one in &held { (identity.mandate_card(&visit, one, true)) }
        p { a href="/acting" { (visit.t("edge.acting.choose")) } }
    };
    Ok(visit.page(visit.t("identity.mandates.title")).body(body).into_response())
}

impl Identity {
    /// Where it stands, as a tag.
    pub(super) fn mandate_tag(&self, visit: &Visit, mandate: &Mandate) -> Markup {
        let today = visit.now().date_in(visit.site().words().zone());
        let over = mandate.state != MandateState::Ended && today > mandate.valid_to;
        let (tone, key) = match mandate.state {
            _ if over => (Tone::Off, "identity.mandates.expired"),
            MandateState::Offered => (Tone::Waiting, "identity.mandates.offered"),
            MandateState::Proposed => (Tone::Waiting, "identity.mandates.proposed"),
            MandateState::Active => (Tone::Good, "identity.mandates.active"),
            MandateState::Ended => (Tone::Off, "identity.mandates.ended"),
        };
        tag(tone, &visit.t(key))
    }

    /// What it covers, in words.
    pub(super) fn scope_names(&self, visit: &Visit, mandate: &Mandate) -> String {
        let covered = self.inner.mandates.covered(&mandate.kind, &mandate.scopes);
        covered.iter().map(|scope| visit.local(&scope.name).to_owned()).collect::<Vec<_>>().join("; ")
    }

    fn mandate_card(&self, visit: &Visit, one: &Named, held: bool) -> Markup {
        let mandate = &one.mandate;
        let facts = Summary::new(visit)
            .row(visit.t("identity.mandates.kind"), self.kind_name(visit, &mandate.kind))
            .row(visit.t("identity.mandates.covers"), self.scope_names(visit, mandate))
            .row(visit.t("identity.mandates.until"), visit.date(mandate.valid_to))
            .markup(visit.t("identity.mandates.state"), self.mandate_tag(visit, mandate));
        let waits = mandate.state == MandateState::Offered;
        let live = mandate.state != MandateState::Ended;
        let hidden = html! { input type="hidden" name="mandate" value=(mandate.id); };
        let name = if held { &one.represented } else { &one.representative };
        html! {
            h3 { (name) }
            (facts)
            @if held && waits {
                (visit.form("/account/mandates/answer", html! {
                    (hidden)
                    button.b name="answer" value="yes" { (visit.t1("identity.mandates.accept", "name", name.clone())) }
                    " "
                    button.b.b2 name="answer" value="no" { (visit.t1("identity.mandates.decline", "name", name.clone())) }
                }))
            } @else if live {
                (visit.form("/account/mandates/end", html! {
                    (hidden)
                    button.b.b2 { (visit.t1("identity.mandates.end", "name", name.clone())) }
                }))
            }
        }
    }

    fn giving_page(&self, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
        let rules = &self.inner.mandates;
        let kinds: Vec<_> =
            rules.arising(Arises::Given).filter(|kind| kind.part.represents == Represents::Person).collect();
        let radios = kinds
            .iter()
            .map(|kind| Choice::new(&kind.part.id, visit.local(&kind.part.name)).hint(visit.local(&kind.part.about)));
        let scopes = rules
            .scopes
            .iter()
            .filter(|scope| kinds.iter().any(|kind| kind.scopes.iter().any(|own| own.id == scope.id)))
            .map(|scope| Choice::new(&scope.id, visit.local(&scope.name)));
        let sheet = visit.sheet_with(answers, faults);
        let body = html! {
            p { (visit.t("identity.mandates.give_lead")) }
            (sheet.radios("kind", visit.t("identity.mandates.kind_question"), radios.collect()))
            (sheet.text("number", visit.t("identity.mandates.number")).inputmode("numeric").width(20).autocomplete("off"))
            (sheet.text("family", visit.t("identity.mandates.family")).width(20).autocomplete("off"))
            (sheet.checkboxes("scopes", visit.t("identity.mandates.scopes_question"), scopes.collect()))
            (sheet.day("valid_to", visit.t("identity.mandates.until_question")))
            (edge::show::button(&visit.t("identity.mandates.give_button")))
        };
        visit.page(visit.t("identity.mandates.give")).back(PATH).sheet(&sheet).body(visit.form(NEW, body))
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    Ok(identity.giving_page(&visit, Answers::default(), &[]).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    visit.limit(&OFFERS)?;
    let valid_to = match day(&form.answers) {
        Ok(day) => day,
        Err(fault) => return Ok(identity.giving_page(&visit, form.answers, &[fault]).into_response()),
    };
    let wanted = Offer {
        kind: form.answers.one("kind").to_owned(),
        number: form.answers.one("number").to_owned(),
        family: form.answers.one("family").to_owned(),
        scopes: form.answers.all("scopes").to_vec(),
        valid_to,
    };
    let engine = identity.clone();
    let key = Key::new(&format!("identity.mandate:{}", visit.actor().id), form.key.text(), form.key.request());
    match identity.inner.acts.write(visit.caller(), &key, move |cx| offer(cx, &engine, &wanted)).await {
        Ok(_) => Ok(see_other(PATH)),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(identity.giving_page(&visit, form.answers, &faults).into_response())
        }
    }
}

/// The last day, which must be named.
pub(super) fn day(answers: &Answers) -> Result<spine::Date, FieldFault> {
    let missing = || FieldFault { field: "valid_to".to_owned(), text: Text::new("identity.mandates.until_missing") };
    answers.date("valid_to")?.ok_or_else(missing)
}

/// The mandate a form is about.
pub(super) fn of_form(form: &Form) -> Result<MandateId, Fault> {
    form.answers.one("mandate").parse().map_err(|_| Fault::not_found("identity.mandate.missing"))
}

async fn answered(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (id, accepts, engine) = (of_form(&form)?, form.answers.one("answer") == "yes", identity.clone());
    let work = move |cx: &mut Cx<'_>| answer(cx, &engine, id, accepts);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other(PATH))
}

async fn end(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let id = of_form(&form)?;
    identity.inner.acts.write(visit.caller(), &Key::none(), move |cx| super::end::end(cx, id)).await?;
    Ok(see_other(PATH))
}
