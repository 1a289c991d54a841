//! The pages of passkeys: signing in with one, and one's own.
//!
//! **Invariant:** the one script of the program runs here, allowed by its hash; it moves bytes between the browser's
//! authenticator and a form of ours. Without it the PIN or password and the code work as ever.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::Table;
use edge::{Form, Markup, OwnScript, Reply, Visit, html, see_other};
use journal::Key;
use spine::Fault;

use crate::flow::{LOGIN, START};
use crate::fresh;
use crate::keys::{Token, token_hash};
use crate::passkey::{self, Ceremony, Made};
use crate::recognise::Current;
use crate::rows::accounts::{self, Challenge, PasskeyRow};
use crate::settings::Identity;

const USE: &str = "/oauth2/sign-in/passkey";
const OWN: &str = "/account/passkeys";
const MAKE: &str = "/account/passkeys/make";
const SCRIPT: OwnScript = OwnScript::new(include_str!("passkey.js"));

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/oauth2/sign-in/passkey/start", post(start))
        .route(USE, get(ask).post(take))
        .route(OWN, get(list))
        .route("/account/passkeys/start", post(start_making))
        .route(MAKE, get(ask_making).post(take_making))
        .route("/account/passkeys/remove", post(remove))
}

impl Identity {
    fn webauthn(&self) -> Result<&webauthn_rs::Webauthn, Fault> {
        self.inner.webauthn.as_ref().ok_or_else(|| Fault::not_found("identity.passkey.unsupported"))
    }

    /// Keeps a ceremony and gives the token of its challenge.
    async fn begin(&self, visit: &Visit, ceremony: Ceremony, account: Option<String>) -> Result<Token, Fault> {
        let token = Token::fresh(visit);
        let hash = token.hash.clone();
        let work = move |cx: &mut spine::Cx<'_>| passkey::begin(cx, &hash, &ceremony, account.as_deref());
        self.inner.acts.write(visit.caller(), &Key::none(), work).await?;
        Ok(token)
    }

    /// The ceremony of a challenge, while it waits.
    async fn waiting(&self, visit: &Visit, token: &str) -> Result<Option<Challenge>, Fault> {
        let hash = token_hash(token);
        let look = move |cx: &mut spine::Cx<'_>| passkey::waiting(cx, &hash);
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn start(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, _form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let ceremony = passkey::to_sign_in(identity.webauthn()?)?;
    let token = identity.begin(&visit, ceremony, None).await?;
    running.challenge = Some(token.value.reveal().clone());
    identity.go_on(&visit, &running, USE)
}

/// What the script finds: its options, and a place for the answer.
fn ceremony_form(visit: &Visit, action: &str, options: &str, label: &str, more: &Markup) -> Markup {
    html! {
        (visit.form(action, html! {
            (more)
            input type="hidden" name="credential" id="credential" data-options=(options);
            button.b { (label) }
        }))
        p #passkey-failed .er hidden role="alert" { (visit.t("identity.passkey.failed")) }
        noscript { p { (visit.t("identity.passkey.script")) } }
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let row = match &running.challenge {
        Some(token) => identity.waiting(&visit, token).await?,
        None => None,
    };
    let Some(options) = row.as_ref().and_then(passkey::options) else { return Ok(see_other(START)) };
    let form = ceremony_form(&visit, USE, &options, &visit.t("identity.passkey.use"), &html! {});
    let page = visit.page(visit.t("identity.passkey.title")).back(LOGIN).script(SCRIPT);
    let page = page.body(html! { p { (visit.t("identity.passkey.about")) } (form) });
    Ok(identity.dress(&visit, &running, page).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(token) = running.challenge.clone() else { return Ok(see_other(START)) };
    let refuse = || Fault::invalid("identity.passkey.refused");
    let row = identity.waiting(&visit, &token).await?.ok_or_else(refuse)?;
    let answer = form.answers.one("credential");
    let id = passkey::answered_with(answer).ok_or_else(refuse)?;
    let look = move |cx: &mut spine::Cx<'_>| Ok(accounts::passkey(cx.tx(), &id)?);
    let known = identity.inner.acts.read(visit.caller(), look).await?.ok_or_else(refuse)?;
    let used = passkey::verify_used(identity.webauthn()?, &row, &known, answer)?;
    let session = Token::fresh(&visit);
    let ((opening, browser), challenge) = (identity.opening(&visit, &headers, &session), token_hash(&token));
    let work = move |cx: &mut spine::Cx<'_>| passkey::sign_in(cx, &challenge, &used, &opening);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?.ok_or_else(refuse)?;
    identity.signed_in(&visit, running, session, browser).await
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let passkeys = identity.own_passkeys(&visit).await?;
    let mut table = Table::new(visit.t("identity.passkeys.caption"))
        .column(visit.t("identity.passkeys.name"))
        .column(visit.t("identity.passkeys.made"))
        .column(visit.t("identity.passkeys.used"))
        .column(visit.t("identity.passkeys.remove"));
    for one in &passkeys {
        let used = one.last_used_at.map(|at| visit.moment(at)).unwrap_or_default();
        table = table.row([
            html! { (one.name) },
            html! { (visit.moment(one.made_at)) },
            html! { (used) },
            visit.form(
                "/account/passkeys/remove",
                html! {
                    input type="hidden" name="passkey" value=(one.id);
                    button.b.b2 { (visit.t("identity.passkeys.remove")) }
                },
            ),
        ]);
    }
    let page = visit.page(visit.t("identity.passkeys.title")).body(html! {
        p { (visit.t("identity.passkeys.about")) }
        @if !passkeys.is_empty() { (table) }
        @if identity.inner.webauthn.is_some() {
            (visit.button_form("/account/passkeys/start", &visit.t("identity.passkeys.make")))
        } @else { p { (visit.t("identity.passkeys.unsupported")) } }
    });
    Ok(page.into_response())
}

impl Identity {
    async fn own_passkeys(&self, visit: &Visit) -> Result<Vec<PasskeyRow>, Fault> {
        let look = |cx: &mut spine::Cx<'_>| {
            let account = cx.actor().id.clone();
            Ok(accounts::passkeys(cx.tx(), &account)?)
        };
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn start_making(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    _form: Form,
) -> Reply {
    let actor = visit.must_sign_in()?.clone();
    if let Some(again) = fresh::again(&visit, current.map(|Extension(current)| current), OWN) {
        return Ok(again);
    }
    let known = identity.own_passkeys(&visit).await?;
    let name = actor.name.reveal();
    let ceremony = passkey::to_make(identity.webauthn()?, &identity.inner.keys, &actor.id, name, &known)?;
    let token = identity.begin(&visit, ceremony, Some(actor.id)).await?;
    Ok(see_other(&format!("{MAKE}?ceremony={}", token.value.reveal())))
}

/// The token of a ceremony: it names, it does not open; the session does.
#[derive(serde::Deserialize)]
struct Named {
    ceremony: String,
}

async fn ask_making(State(identity): State<Identity>, visit: Visit, edge::Query(named): edge::Query<Named>) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let row = identity.waiting(&visit, &named.ceremony).await?;
    let row = row.filter(|row| row.account.as_deref() == Some(&account));
    let Some(options) = row.as_ref().and_then(passkey::options) else { return Ok(see_other(OWN)) };
    let name =
        visit.sheet().text("name", visit.t("identity.passkeys.name")).hint(visit.t("identity.passkeys.name_hint"));
    let more = html! {
        input type="hidden" name="ceremony" value=(named.ceremony);
        (name.max_length(40).width(20))
    };
    let form = ceremony_form(&visit, MAKE, &options, &visit.t("identity.passkeys.make"), &more);
    let page = visit.page(visit.t("identity.passkeys.make")).back(OWN).script(SCRIPT);
    Ok(page.body(form).into_response())
}

async fn take_making(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let token = form.answers.one("ceremony").to_owned();
    let refuse = || Fault::invalid("identity.passkey.refused");
    let row = identity.waiting(&visit, &token).await?.ok_or_else(refuse)?;
    let (id, credential) = passkey::verify_made(identity.webauthn()?, &row, form.answers.one("credential"))?;
    let name: String = form.answers.one("name").chars().take(40).collect();
    let name = if name.is_empty() { visit.t("identity.passkeys.unnamed") } else { name };
    let made = Made { id, credential, name };
    let (hash, key) = (token_hash(&token), Key::new("identity.passkey.add", form.key.text(), form.key.request()));
    let messages = identity.inner.messages.clone();
    let work = move |cx: &mut spine::Cx<'_>| passkey::add(cx, &messages, &hash, &made);
    let added = identity.inner.acts.write(visit.caller(), &key, work).await?;
    if added { Ok(see_other(OWN)) } else { Err(refuse().into()) }
}

async fn remove(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    if let Some(again) = fresh::again(&visit, current.map(|Extension(current)| current), OWN) {
        return Ok(again);
    }
    let messages = identity.inner.messages.clone();
    let id = form.answers.one("passkey").to_owned();
    let key = Key::new("identity.passkey.remove", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| passkey::remove(cx, &messages, &id)).await?;
    Ok(see_other(OWN))
}
