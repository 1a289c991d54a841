//! The pages of a sign-in, one thing each: who you are, your number, your PIN. The second step stands in
//! `second/code_pages.rs`, what another program asks to know in `provider/consent_pages.rs`.
//!
//! **Invariant:** they work without JavaScript; a wrong number and a wrong PIN look alike; every page says which
//! program one signs in to.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::Checked;
use edge::cookie::guarded_name;
use edge::show::Choice;
use edge::{Bucket, Form, Page, Reply, SetCookie, Sheet, Visit, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Secret, Text};

use crate::account::{Kind, normal_login};
use crate::browsers;
use crate::flow::{CODE, LOGIN, Running, SECRET, START, set_provider_cookie};
use crate::keys::{Token, token_hash};
use crate::session::short_agent;
use crate::settings::Identity;
use crate::sign_in::{self, Opening, Tried};

/// Tries from one address, with whatever login: a whole village may share one.
pub(crate) const TRIES: Bucket = Bucket { name: "identity.try", burst: 60, seconds: 600 };
/// The longest secret read, in bytes.
const LONGEST_SECRET: usize = 200;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(START, get(ask_kind).post(take_kind))
        .route(LOGIN, get(ask_login).post(take_login))
        .route(SECRET, get(ask_secret).post(take_secret))
        .route("/oauth2/sign-in/cancel", post(cancel))
}

impl Identity {
    /// What every page of a sign-in has: the program one signs in to, and leave to send the browser back to it.
    pub(crate) fn dress(&self, visit: &Visit, running: &Running, page: Page) -> Page {
        let page = page.form_action(Self::client_origin(&running.request));
        match self.client(&running.request.client).filter(|client| !client.first_party) {
            Some(client) => page.caption(visit.t1("identity.for_client", "client", visit.local(&client.name))),
            None => page,
        }
    }
}

pub(crate) fn kind_of(running: &Running) -> Option<Kind> {
    running.kind.as_deref().and_then(Kind::named)
}

async fn ask_kind(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    Ok(identity.kind_page(&visit, &running, &visit.sheet()).into_response())
}

impl Identity {
    fn kind_page(&self, visit: &Visit, running: &Running, sheet: &Sheet) -> Page {
        let choices = vec![
            Choice::new("person", visit.t("identity.kind.person")).hint(visit.t("identity.kind.person_hint")),
            Choice::new("officer", visit.t("identity.kind.officer")).hint(visit.t("identity.kind.officer_hint")),
        ];
        let chosen = running.kind.clone().unwrap_or_else(|| "person".to_owned());
        let question = sheet.radios("kind", visit.t("identity.kind.question"), choices).chosen([chosen]);
        let page = sheet.ask(START, question);
        let third = self.client(&running.request.client).is_some_and(|client| !client.first_party);
        let cancel = html! { @if third { (visit.button_form("/oauth2/sign-in/cancel", &visit.t("identity.cancel"))) } };
        self.dress(visit, running, page.body(cancel))
    }
}

async fn take_kind(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let Some(kind) = Kind::named(form.answers.one("kind")) else {
        let sheet = visit.sheet_with(form.answers, &[fault("kind", Text::new("identity.kind.missing"))]);
        return Ok(identity.kind_page(&visit, &running, &sheet).into_response());
    };
    running.kind = Some(kind.as_str().to_owned());
    running.challenge = None;
    identity.go_on(&visit, &running, LOGIN)
}

pub(crate) fn fault(field: &str, text: Text) -> FieldFault {
    FieldFault { field: field.to_owned(), text }
}

async fn ask_login(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(kind) = kind_of(&running) else { return Ok(see_other(START)) };
    Ok(identity.login_page(&visit, &running, kind, &visit.sheet()).into_response())
}

impl Identity {
    fn login_page(&self, visit: &Visit, running: &Running, kind: Kind, sheet: &Sheet) -> Page {
        let field = match kind {
            Kind::Person => sheet
                .text("login", visit.t("identity.login.person"))
                .hint(visit.t("identity.login.person_hint"))
                .inputmode("numeric")
                .width(20),
            Kind::Officer => sheet.text("login", visit.t("identity.login.officer")).width(20),
        };
        // What the client said, or she before.
        let field = match &running.login {
            Some(login) => field.value(login),
            None => field,
        };
        let page = sheet.ask(LOGIN, field.autocomplete("username").max_length(64)).back(START);
        let passkey = html! {
            @if self.inner.webauthn.is_some() {
                (visit.button_form("/oauth2/sign-in/passkey/start", &visit.t("identity.passkey.use")))
            }
        };
        self.dress(visit, running, page.body(passkey))
    }
}

async fn take_login(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let Some(kind) = kind_of(&running) else { return Ok(see_other(START)) };
    let Some(login) = normal_login(form.answers.one("login")) else {
        let key = match kind {
            Kind::Person => "identity.login.person_missing",
            Kind::Officer => "identity.login.officer_missing",
        };
        let sheet = visit.sheet_with(form.answers, &[fault("login", Text::new(key))]);
        return Ok(identity.login_page(&visit, &running, kind, &sheet).into_response());
    };
    running.login = Some(login);
    running.challenge = None;
    identity.go_on(&visit, &running, SECRET)
}

async fn ask_secret(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let (Some(kind), Some(_)) = (kind_of(&running), &running.login) else { return Ok(see_other(START)) };
    Ok(identity.secret_page(&visit, &running, kind, None))
}

impl Identity {
    pub(crate) fn secret_page(&self, visit: &Visit, running: &Running, kind: Kind, wrong: Option<Text>) -> Response {
        let faults: Vec<FieldFault> = wrong.map(|text| fault("secret", text)).into_iter().collect();
        let sheet = visit.sheet().faults(&faults);
        let field = match kind {
            Kind::Person => sheet.secret("secret", visit.t("identity.secret.person")).inputmode("numeric").width(6),
            Kind::Officer => sheet.secret("secret", visit.t("identity.secret.officer")),
        };
        let lost = html! {
            @if kind == Kind::Person { p { a href="/recover" { (visit.t("identity.recover.lost")) } } }
        };
        self.dress(visit, running, sheet.ask(SECRET, field).back(LOGIN).body(lost)).into_response()
    }
}

/// What is wrong when a login and its secret do not belong together.
pub(crate) const fn not_right(kind: Kind) -> Text {
    match kind {
        Kind::Person => Text::new("identity.secret.person_wrong"),
        Kind::Officer => Text::new("identity.secret.officer_wrong"),
    }
}

/// How long to wait, in whole minutes.
pub(crate) fn wait(seconds: i64) -> Text {
    Text::new("identity.wait").with("count", (seconds + 59) / 60)
}

/// A secret as it was typed; spaces in a PIN do not count.
fn secret_in(form: &Form, kind: Kind) -> Option<Secret<String>> {
    let typed = form.answers.all("secret").first()?;
    let secret = match kind {
        Kind::Person => typed.chars().filter(|letter| !letter.is_whitespace()).collect(),
        Kind::Officer => typed.clone(),
    };
    (1..=LONGEST_SECRET).contains(&secret.len()).then(|| Secret::new(secret))
}

async fn take_secret(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let (Some(kind), Some(login)) = (kind_of(&running), running.login.clone()) else { return Ok(see_other(START)) };
    visit.limit(&TRIES)?;
    let Some(secret) = secret_in(&form, kind) else {
        let key = match kind {
            Kind::Person => "identity.secret.person_missing",
            Kind::Officer => "identity.secret.officer_missing",
        };
        return Ok(identity.secret_page(&visit, &running, kind, Some(Text::new(key))));
    };
    let again = |text| Ok(identity.secret_page(&visit, &running, kind, Some(text)));
    match identity.weigh_secret(&visit, kind, &login, &secret).await? {
        Weighed::Right(challenge, way) => {
            (running.challenge, running.way) = (Some(challenge), Some(way));
            identity.go_on(&visit, &running, CODE)
        }
        Weighed::Wrong => again(not_right(kind)),
        Weighed::Wait(seconds) => again(wait(seconds)),
    }
}

enum Weighed {
    /// The token of the challenge that comes next, and the way it is answered.
    Right(String, String),
    Wrong,
    Wait(i64),
}

impl Identity {
    /// Counts the try, compares outside any transaction, and records what came of it.
    async fn weigh_secret(
        &self,
        visit: &Visit,
        kind: Kind,
        login: &str,
        secret: &Secret<String>,
    ) -> Result<Weighed, Fault> {
        let acts = &self.inner.acts;
        let (keys, typed) = (self.inner.keys.clone(), login.to_owned());
        let tried = move |cx: &mut spine::Cx<'_>| sign_in::try_secret(cx, &keys, kind, &typed);
        let (account, then_wait) = match acts.write(visit.caller(), &Key::none(), tried).await? {
            Tried::Wait(seconds) => return Ok(Weighed::Wait(seconds)),
            Tried::Go { account, then_wait } => (account, then_wait),
        };
        let phc = account.as_ref().map(|(_, phc)| phc.as_str());
        let checked = self.inner.hasher.check(secret, phc).await;
        let checked = checked.map_err(|error| Fault::internal("identity.hash.failed", error))?;
        let account = account.map(|(id, _)| id);
        if let (Checked::Right, Some(id)) = (checked, &account) {
            let challenge = Token::fresh(visit);
            let (keys, messages) = (self.inner.keys.clone(), self.inner.messages.clone());
            let (id, typed, hash) = (id.clone(), login.to_owned(), challenge.hash.clone());
            let dials = self.dials();
            let right =
                move |cx: &mut spine::Cx<'_>| sign_in::secret_right(cx, (&keys, &messages), &id, &typed, &hash, dials);
            if let Some(way) = acts.write(visit.caller(), &Key::none(), right).await? {
                return Ok(Weighed::Right(challenge.value.reveal().clone(), way));
            }
        }
        let wrong = move |cx: &mut spine::Cx<'_>| sign_in::secret_wrong(cx, account.as_deref(), then_wait.is_some());
        acts.write(visit.caller(), &Key::none(), wrong).await?;
        Ok(then_wait.map_or(Weighed::Wrong, Weighed::Wait))
    }
}

impl Identity {
    /// What a session opened here needs to know, and the cookie that the browser is known by from then on.
    pub(crate) fn opening(&self, visit: &Visit, headers: &HeaderMap, session: &Token) -> (Opening, SetCookie) {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let name = guarded_name(visit.site(), browsers::COOKIE);
        let kept = edge::cookie::read(headers, &name).filter(|kept| kept.len() == 43).map(str::to_owned);
        let token = kept.unwrap_or_else(|| Token::fresh(visit).value.reveal().clone());
        let browser = token_hash(&token);
        let cookie = SetCookie::new(name, token).max_age(browsers::COOKIE_SECONDS);
        let opening = Opening {
            token_hash: session.hash.clone(),
            user_agent: short_agent(agent),
            browser,
            rules: self.inner.rules.assurance.clone(),
            messages: self.inner.messages.clone(),
        };
        (opening, cookie)
    }

    /// Somebody has just signed in: the request goes on with the new session.
    pub(crate) async fn signed_in(
        &self,
        visit: &Visit,
        mut running: Running,
        session: Token,
        browser: SetCookie,
    ) -> Reply {
        (running.login, running.challenge, running.way) = (None, None, None);
        let who = self.session_of(visit, session.hash.clone()).await?;
        let mut response = self.proceed(visit, running, who, START).await?;
        set_provider_cookie(&mut response, visit, &session);
        browser.set(response.headers_mut(), visit.site());
        Ok(response)
    }
}

async fn cancel(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, _form: Form) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let answer = identity.error_answer(&running.request, "access_denied", "the person did not agree")?;
    Ok(identity.to_client(&visit, &answer))
}
