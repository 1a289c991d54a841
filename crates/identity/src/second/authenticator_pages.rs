//! One's own authenticator apps: the list, adding one by QR code or by typing its secret, taking one away.
//!
//! **Invariant:** the secret stands on the page that adds it and, sealed, in that page's form; nothing is stored before
//! a code of the app proves it.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{self, Table};
use edge::{Form, Reply, Visit, html, see_other};
use journal::Key;
use spine::{ActorKind, Cx, Fault, FieldFault, Secret, Text};

use crate::fresh;
use crate::pages::{TRIES, fault};
use crate::recognise::Current;
use crate::rows::second as rows;
use crate::second::authenticator::{self, Added, OFFER_SECONDS, Offered};
use crate::settings::Identity;

const PATH: &str = "/account/authenticators";
const ADD: &str = "/account/authenticators/add";
/// What an offer is sealed for.
const OFFER: &str = "authenticator offer";

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(PATH, get(list))
        .route(ADD, get(offer).post(take))
        .route("/account/authenticators/remove", post(remove))
}

/// People add apps here; an officer's authenticator is handed over with the account.
fn person(visit: &Visit) -> Result<String, edge::Refusal> {
    let actor = visit.must_sign_in()?;
    if actor.kind == ActorKind::Person {
        Ok(actor.id.clone())
    } else {
        Err(Fault::forbidden("identity.authenticator.people").into())
    }
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let account = person(&visit)?;
    let look = move |cx: &mut Cx<'_>| {
        let apps = rows::authenticators(cx.tx(), &account)?;
        Ok(apps.into_iter().map(|app| (app.id, app.name, app.made_at, app.used_at)).collect::<Vec<_>>())
    };
    let apps = identity.inner.acts.read(visit.caller(), look).await?;
    let mut table = Table::new(visit.t("identity.apps.caption"))
        .column(visit.t("identity.apps.name"))
        .column(visit.t("identity.passkeys.made"))
        .column(visit.t("identity.passkeys.used"))
        .column(visit.t("identity.passkeys.remove"));
    for (id, name, made_at, used_at) in &apps {
        let take = html! {
            input type="hidden" name="app" value=(id);
            button.b.b2 { (visit.t("identity.passkeys.remove")) span.vh { " " (name) } }
        };
        table = table.row([
            html! { (name) },
            html! { (visit.moment(*made_at)) },
            html! { (used_at.map(|at| visit.moment(at)).unwrap_or_default()) },
            visit.form("/account/authenticators/remove", take),
        ]);
    }
    let page = visit.page(visit.t("identity.apps.title")).back("/account/sign-in").body(html! {
        p { (visit.t("identity.apps.about")) }
        @if !apps.is_empty() { (table) }
        p { a.b href=(ADD) { (visit.t("identity.apps.add")) } }
    });
    Ok(page.into_response())
}

async fn offer(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    let account = person(&visit)?;
    if let Some(again) = fresh::again(&visit, current.map(|Extension(current)| current), ADD) {
        return Ok(again);
    }
    let secret = visit.site().settings().entropy.seed().into_iter().take(20).collect();
    let offered = Offered { account, secret, made_at: visit.now() };
    identity.offer_page(&visit, &offered, None)
}

impl Identity {
    fn offer_page(&self, visit: &Visit, offered: &Offered, wrong: Option<Text>) -> Reply {
        let faults: Vec<FieldFault> = wrong.map(|text| fault("code", text)).into_iter().collect();
        let sheet = visit.sheet().faults(&faults);
        let secret = Secret::new(offered.secret.clone());
        let address = crypto::totp_uri(&secret, &self.inner.site_name, visit.actor().name.reveal());
        let typed: String = spaced(&crypto::base32(secret.reveal()));
        let sealed = self.inner.keys.seal_cookie(OFFER, offered)?;
        let form = html! {
            input type="hidden" name="offer" value=(sealed);
            (sheet.text("name", visit.t("identity.apps.name")).hint(visit.t("identity.apps.name_hint")).max_length(40).width(20))
            (sheet.code("code", visit.t("identity.apps.code")).hint(visit.t("identity.code.officer_hint")).width(6))
            (show::button(&visit.t("identity.apps.add")))
        };
        let page = visit.page(visit.t("identity.apps.add")).back(PATH).sheet(&sheet).body(html! {
            p { (visit.t("identity.apps.scan")) }
            @if let Some(code) = show::qr(&address, &visit.t("identity.apps.qr")) { p { (code) } }
            p { (visit.t("identity.apps.type")) br; code { (typed) } }
            (visit.form(ADD, form))
        });
        Ok(page.into_response())
    }
}

/// In groups of four, for typing.
fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

async fn take(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Result<Response, edge::Refusal> {
    let account = person(&visit)?;
    visit.limit(&TRIES)?;
    let current = current.map(|Extension(current)| current);
    let offered: Option<Offered> = identity.inner.keys.open_cookie(OFFER, form.answers.one("offer"));
    let good =
        |offered: &Offered| offered.account == account && visit.now().seconds_since(offered.made_at) < OFFER_SECONDS;
    let Some(offered) = offered.filter(good) else { return Ok(see_other(ADD)) };
    let code: String = form.answers.one("code").chars().filter(|letter| !letter.is_whitespace()).take(20).collect();
    let name: String = form.answers.one("name").trim().chars().take(40).collect();
    let name = if name.is_empty() { visit.t("identity.apps.unnamed") } else { name };
    let (keys, messages, given) = (identity.inner.keys.clone(), identity.inner.messages.clone(), offered.clone());
    let key = Key::new(&format!("identity.authenticator:{account}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| authenticator::add(cx, (&keys, &messages), current, &given, &name, &code);
    match identity.inner.acts.write(visit.caller(), &key, work).await? {
        Added::Yes => Ok(see_other(PATH)),
        Added::Wrong => identity.offer_page(&visit, &offered, Some(Text::new("identity.code.wrong"))),
    }
}

async fn remove(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let account = person(&visit)?;
    let current = current.map(|Extension(current)| current);
    if let Some(again) = fresh::again(&visit, current, PATH) {
        return Ok(again);
    }
    let (messages, id) = (identity.inner.messages.clone(), form.answers.one("app").to_owned());
    let key = Key::new(&format!("identity.authenticator:{account}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| authenticator::remove(cx, &messages, current, &id);
    identity.inner.acts.write(visit.caller(), &key, work).await?;
    Ok(see_other(PATH))
}
