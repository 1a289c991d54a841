//! What another program asks to know, one line for each thing, and what it wants it for; and the person's own list of
//! what she agreed to, where she takes it back.
//!
//! **Invariant:** nothing is passed on that was not shown with its value; what the program can do without can be left
//! out; taking consent back ends every token at once. The page cannot be framed (`headers.rs` of edge).

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, inset};
use edge::{Form, Markup, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Act, Cx, Fault, Resource};

use crate::flow::{CONSENT, Running, START};
use crate::provider::asked::{Asked, Want};
use crate::provider::catalogue::Facts;
use crate::provider::client::Client;
use crate::rows::consents::{self, Consent};
use crate::rows::grants;
use crate::settings::Identity;

/// The person's own list.
const OWN: &str = "/account/consents";

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(CONSENT, get(ask).post(take))
        .route(OWN, get(list))
        .route("/account/consents/withdraw", post(take_back))
}

/// One thing asked for, as the page shows it.
pub(crate) struct Item {
    /// The name consent is kept under.
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) want: Want,
}

/// What is asked for and known; what is not known is not passed on and not shown.
pub(crate) fn items(asked: &Asked, facts: &Facts) -> Vec<Item> {
    let known = |(name, want): (String, Want)| {
        let value = facts.shown(name.strip_prefix("verified.").unwrap_or(&name))?;
        Some(Item { name, value, want })
    };
    asked.items().into_iter().filter_map(known).collect()
}

/// The names agreed to, of those that were shown: what could not be left out, and what was chosen.
pub(crate) fn agreed(asked: &Asked, facts: &Facts, chosen: &[String]) -> Vec<String> {
    let shown = items(asked, facts).into_iter();
    shown.filter(|item| item.want.essential || chosen.contains(&item.name)).map(|item| item.name).collect()
}

impl Identity {
    pub(crate) async fn facts(&self, visit: &Visit, account: &str) -> Result<Facts, Fault> {
        let (identity, account) = (self.clone(), account.to_owned());
        let look = move |cx: &mut Cx<'_>| Facts::of(cx, identity.inner.population.as_ref(), &account);
        self.inner.acts.read(visit.caller(), look).await
    }
}

/// What a claim is called on a page.
pub(crate) fn claim_label(visit: &Visit, name: &str) -> String {
    match name.strip_prefix("verified.") {
        Some(claim) => visit.t1("identity.claim.with_evidence", "claim", visit.t(&format!("identity.claim.{claim}"))),
        None => visit.t(&format!("identity.claim.{name}")),
    }
}

/// What a program wants something for: in its own words, or as it was declared.
fn purpose(visit: &Visit, client: &Client, item: &Item) -> Option<String> {
    let purposes = &client.declared.claim_purposes;
    let bare = item.name.strip_prefix("verified.").unwrap_or(&item.name);
    let declared = || purposes.get(bare).or_else(|| purposes.get("*")).map(|text| visit.local(text).to_owned());
    item.want.purpose.clone().or_else(declared)
}

/// The questions of the consent page, for whichever form they stand in.
pub(crate) fn questions(visit: &Visit, client: &Client, scope: &str, items: &[Item]) -> Markup {
    let hint = |item: &Item| match purpose(visit, client, item) {
        Some(purpose) => format!("{} · {purpose}", item.value),
        None => item.value.clone(),
    };
    let mut fixed =
        Summary::new(visit).row(visit.t("identity.consent.number"), visit.t("identity.consent.number_hint"));
    for item in items.iter().filter(|item| item.want.essential) {
        fixed = fixed.row(claim_label(visit, &item.name), hint(item));
    }
    if scope.split(' ').any(|scope| scope == "offline_access") {
        fixed = fixed.row(visit.t("identity.consent.offline"), visit.t("identity.consent.offline_hint"));
    }
    let free: Vec<&Item> = items.iter().filter(|item| !item.want.essential).collect();
    let choices: Vec<Choice> = free
        .iter()
        .map(|item| Choice::new(item.name.clone(), claim_label(visit, &item.name)).hint(hint(item)))
        .collect();
    let names: Vec<String> = free.iter().map(|item| item.name.clone()).collect();
    html! {
        p { (visit.t("identity.consent.about")) }
        (fixed)
        @if !choices.is_empty() {
            (visit.sheet().checkboxes("claim", visit.t("identity.consent.choose"), choices).chosen(names))
        }
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    let client = identity.client(&running.request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
    let about = running.acting.as_ref().map_or(who.found.account.as_str(), |whom| &whom.person);
    let facts = identity.facts(&visit, about).await?;
    let items = items(&running.request.asked, &facts);
    let name = visit.local(&client.name).to_owned();
    let questions = questions(&visit, &client, &running.request.scope, &items);
    let whom = running.acting.as_ref().and_then(|_| facts.shown("name"));
    let page = visit.page(visit.t1("identity.consent.title", "client", name)).body(html! {
        @if let Some(name) = &whom { (inset(html! { p { (visit.t1("identity.acting.consent", "name", name.clone())) } })) }
        (visit.form(CONSENT, html! { (questions) button.b { (visit.t("identity.consent.allow")) } }))
        (visit.button_form("/oauth2/sign-in/cancel", &visit.t("identity.consent.deny")))
        @if whom.is_none() { p.hint { (visit.t("identity.consent.remembered")) } }
    });
    Ok(page.form_action(Identity::client_origin(&running.request)).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running: Running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    let about = running.acting.as_ref().map_or(who.found.account.as_str(), |whom| &whom.person);
    let facts = identity.facts(&visit, about).await?;
    let agreed = agreed(&running.request.asked, &facts, form.answers.all("claim"));
    // The rest of the request still has to hold: a fresh sign-in if one was asked for, the person expected.
    running.request.ask_consent = false;
    identity.agree(&visit, running, who, agreed).await
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let account = visit.must_sign_in()?.whose("identity.consent.view")?.to_owned();
    let look = move |cx: &mut Cx<'_>| Ok(consents::of_account(cx.tx(), &account)?);
    let all = identity.inner.acts.read(visit.caller(), look).await?;
    let body = html! {
        p { (visit.t("identity.consents.about")) }
        @if all.is_empty() { p { (visit.t("identity.consents.none")) } }
        @for consent in &all { (identity.consent_card(&visit, consent)) }
    };
    Ok(visit.page(visit.t("identity.consents.title")).body(body).into_response())
}

impl Identity {
    fn consent_card(&self, visit: &Visit, consent: &Consent) -> Markup {
        let known = self.client(&consent.client);
        let name = known.as_ref().map(|client| visit.local(&client.name).to_owned()).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| consent.client.clone());
        let claims: Vec<String> = consent.agreed.iter().map(|claim| claim_label(visit, claim)).collect();
        let said = if claims.is_empty() { visit.t("identity.consents.nothing") } else { claims.join(", ") };
        let facts = Summary::new(visit)
            .row(visit.t("identity.consents.passed"), said)
            .row(visit.t("identity.consents.since"), visit.moment(consent.made_at));
        let label = visit.t1("identity.consents.withdraw", "client", name.clone());
        html! {
            h2 { (name) }
            (facts)
            (visit.form("/account/consents/withdraw", html! {
                input type="hidden" name="client" value=(consent.client);
                button.b.b2 { (label) }
            }))
        }
    }
}

async fn take_back(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let client = form.answers.one("client").to_owned();
    let work = move |cx: &mut Cx<'_>| withdraw(cx, &client);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other(OWN))
}

/// Takes back what the actor, or whom she acts for, agreed to pass on to a client, and with it every token it holds of her.
fn withdraw(cx: &mut Cx<'_>, client: &str) -> Result<(), Fault> {
    let account = cx.actor().principal().to_owned();
    cx.may("identity.consent.withdraw", &Resource::new("Grant", client).is("own", true))?;
    let now = cx.now();
    if !consents::withdraw(cx.tx(), &account, client)? {
        return Err(Fault::not_found("identity.consent.missing"));
    }
    let ended = grants::end_of_client(cx.tx(), &account, client, now)?;
    let act = Act::new("identity.consent.withdrawn").about(&account).on(client).because("sign-in", "consent");
    cx.record(act.with("tokens", i64::try_from(ended).unwrap_or(i64::MAX)));
    Ok(())
}
