//! Getting back in, as people meet it: her number, her two codes, the waiting, her new PIN; and stopping it.
//!
//! **Invariant:** every page is the same for a number that is nobody's; codes and PINs stand in forms that are sent and in
//! no address. On the way a sealed cookie holds her number.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::Checked;
use edge::cookie::guarded_name;
use edge::show::{self, Tone};
use edge::{Bucket, Form, Reply, SetCookie, Sheet, Visit, html, see_other};
use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, FieldFault, Secret, Text, Timestamp};

use crate::account::normal_login;
use crate::flow::no_store;
use crate::keys::{Token, token_hash};
use crate::letters;
use crate::pages::{TRIES, fault, wait};
use crate::recovery::activate::{self, Activated, Brought};
use crate::recovery::by_code::{self, Begun, Both, Tried};
use crate::rows::recoveries;
use crate::settings::Identity;

const START: &str = "/recover";
const PROVE: &str = "/recover/prove";
const ACTIVATE: &str = "/recover/activate";
const STOP: &str = "/recover/stop";
const OWN: &str = "/account/recovery";
/// The cookie of a recovery on its way.
const COOKIE: &str = "recover";
const COOKIE_SECONDS: i64 = 15 * 60;
/// Codes sent for one number.
const SENDS_EACH: Bucket = Bucket { name: "identity.recover.each", burst: 3, seconds: 3_600 };

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(START, get(ask_number).post(take_number))
        .route(PROVE, get(ask_codes).post(take_codes))
        .route(ACTIVATE, get(ask_activation).post(take_activation))
        .route(STOP, get(ask_stop).post(take_stop))
        .route(OWN, get(own))
        .route("/account/recovery/stop", post(stop_own))
}

/// A recovery on its way.
#[derive(Clone, Serialize, Deserialize)]
struct Under {
    login: String,
    challenge: String,
    started_at: Timestamp,
}

impl Identity {
    fn under(&self, visit: &Visit, headers: &HeaderMap) -> Option<Under> {
        let cookie = edge::cookie::read(headers, &guarded_name(visit.site(), COOKIE))?;
        let under: Under = self.inner.keys.open_cookie(COOKIE, cookie)?;
        (visit.now().seconds_since(under.started_at) < COOKIE_SECONDS).then_some(under)
    }
}

async fn ask_number(visit: Visit) -> Reply {
    Ok(number_page(&visit, &visit.sheet()))
}

fn number_page(visit: &Visit, sheet: &Sheet) -> Response {
    let form = html! {
        (sheet.text("login", visit.t("identity.login.person")).hint(visit.t("identity.login.person_hint")).inputmode("numeric").autocomplete("username").width(20).max_length(64))
        (show::button(&visit.t("identity.recover.go_on")))
    };
    let page = visit.page(visit.t("identity.recover.title")).sheet(sheet).body(html! {
        p { (visit.t("identity.recover.about")) }
        h2 { (visit.t("identity.recover.by_code")) }
        p { (visit.t("identity.recover.by_code_about")) }
        (visit.form(START, form))
        h2 { (visit.t("identity.recover.by_point")) }
        p { (visit.t("identity.recover.by_point_about")) }
        p { a href=(ACTIVATE) { (visit.t("identity.recover.have_code")) } }
    });
    page.into_response()
}

async fn take_number(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.limit(&TRIES)?;
    let Some(login) = normal_login(form.answers.one("login")) else {
        let faults = [fault("login", Text::new("identity.login.person_missing"))];
        return Ok(number_page(&visit, &visit.sheet_with(form.answers, &faults)));
    };
    visit.site().limiter().take(&SENDS_EACH, &login)?;
    let challenge = Token::fresh(&visit);
    let (keys, messages) = (identity.inner.keys.clone(), identity.inner.messages.clone());
    let (own, hash) = (login.clone(), challenge.hash.clone());
    let work = move |cx: &mut Cx<'_>| by_code::begin(cx, &keys, &messages, &own, &hash);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    let under = Under { login, challenge: challenge.value.reveal().clone(), started_at: visit.now() };
    let mut response = see_other(PROVE);
    let value = identity.inner.keys.seal_cookie(COOKIE, &under)?;
    SetCookie::new(guarded_name(visit.site(), COOKIE), value).set(response.headers_mut(), visit.site());
    Ok(response)
}

async fn ask_codes(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    if identity.under(&visit, &headers).is_none() {
        return Ok(see_other(START));
    }
    Ok(codes_page(&visit, None))
}

fn codes_page(visit: &Visit, wrong: Option<Text>) -> Response {
    let faults: Vec<FieldFault> = wrong.map(|text| fault("printed", text)).into_iter().collect();
    let sheet = visit.sheet().faults(&faults);
    let form = html! {
        (sheet.text("printed", visit.t("identity.code.printed")).hint(visit.t("identity.code.printed_hint")).autocomplete("off").max_length(40).width(12))
        (sheet.code("code", visit.t("identity.code.person")).hint(visit.t("identity.code.person_hint")).width(6))
        (show::button(&visit.t("identity.recover.go_on")))
    };
    let page = visit.page(visit.t("identity.recover.prove")).back(START).sheet(&sheet);
    page.body(html! { p { (visit.t("identity.recover.prove_about")) } (visit.form(PROVE, form)) }).into_response()
}

async fn take_codes(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    visit.limit(&TRIES)?;
    let Some(under) = identity.under(&visit, &headers) else { return Ok(see_other(START)) };
    let message: String = form.answers.one("code").chars().filter(|one| !one.is_whitespace()).take(20).collect();
    match identity.weigh_codes(&visit, &under, form.answers.one("printed"), &message).await? {
        Weighed::Wrong => Ok(codes_page(&visit, Some(Text::new("identity.recover.wrong")))),
        Weighed::Wait(seconds) => Ok(codes_page(&visit, Some(wait(seconds)))),
        Weighed::Right(begun) => {
            let mut response = begun_page(&visit, &begun);
            no_store(&mut response);
            SetCookie::forget(guarded_name(visit.site(), COOKIE)).set(response.headers_mut(), visit.site());
            Ok(response)
        }
    }
}

fn begun_page(visit: &Visit, begun: &Begun) -> Response {
    let body = html! {
        (show::panel(&visit.t("identity.recover.begun"), Some((&visit.t("identity.recover.your_code"), &letters::shown(&begun.code)))))
        p { (visit.t1("identity.recover.from", "at", visit.moment(begun.ready_at))) }
        p { (visit.t("identity.recover.told")) }
        p { a href=(ACTIVATE) { (visit.t("identity.recover.have_code")) } }
    };
    visit.page(visit.t("identity.recover.begun")).own_heading().body(body).into_response()
}

enum Weighed {
    Right(Begun),
    Wrong,
    Wait(i64),
}

impl Identity {
    async fn weigh_codes(&self, visit: &Visit, under: &Under, printed: &str, message: &str) -> Result<Weighed, Fault> {
        let acts = &self.inner.acts;
        let printed = letters::typed(printed).unwrap_or_default();
        let name: String = printed.chars().take(letters::NAME).collect();
        let challenge = token_hash(&under.challenge);
        let (keys, hash, login, by) = (self.inner.keys.clone(), challenge.clone(), under.login.clone(), name.clone());
        let tried = move |cx: &mut Cx<'_>| by_code::try_codes(cx, &keys, (&hash, &login, &by));
        let (hash, then_wait) = match acts.write(visit.caller(), &Key::none(), tried).await? {
            Tried::Wait(seconds) => return Ok(Weighed::Wait(seconds)),
            Tried::Go { hash, then_wait } => (hash, then_wait),
        };
        let checked = self.inner.hasher.check(&Secret::new(printed), hash.as_deref()).await;
        let checked = checked.map_err(|error| Fault::internal("identity.hash.failed", error))?;
        if let (Checked::Right, Some(hash)) = (checked, hash) {
            let activation = letters::draw(visit).reveal().clone();
            let both = Both {
                challenge: challenge.clone(),
                login: under.login.clone(),
                printed: (name, hash),
                message: message.to_owned(),
                activation: activation.clone(),
            };
            let engine = self.clone();
            let open = move |cx: &mut Cx<'_>| {
                let inner = &engine.inner;
                by_code::open(cx, (&inner.keys, &inner.messages), &inner.rules.recovery, &both)
            };
            if let Some(ready_at) = acts.write(visit.caller(), &Key::none(), open).await? {
                return Ok(Weighed::Right(Begun { code: activation, ready_at }));
            }
        }
        let wrong = move |cx: &mut Cx<'_>| by_code::wrong(cx, &challenge);
        acts.write(visit.caller(), &Key::none(), wrong).await?;
        Ok(then_wait.map_or(Weighed::Wrong, Weighed::Wait))
    }
}

async fn ask_activation(State(identity): State<Identity>, visit: Visit) -> Reply {
    Ok(identity.activation_page(&visit, &visit.sheet()))
}

impl Identity {
    fn activation_page(&self, visit: &Visit, sheet: &Sheet) -> Response {
        let digits = visit.t1("identity.secret.new_pin_hint", "digits", self.inner.rules.pin.digits);
        let form = html! {
            (sheet.text("login", visit.t("identity.login.person")).hint(visit.t("identity.login.person_hint")).inputmode("numeric").autocomplete("username").width(20).max_length(64))
            (sheet.text("code", visit.t("identity.recover.code")).hint(visit.t("identity.recover.code_hint")).autocomplete("off").width(12).max_length(40))
            (sheet.secret("secret", visit.t("identity.secret.new_pin")).hint(digits).inputmode("numeric").autocomplete("new-password").width(6))
            (sheet.secret("secret_again", visit.t("identity.secret.again")).inputmode("numeric").autocomplete("new-password").width(6))
            (show::button(&visit.t("identity.recover.set")))
        };
        let page = visit.page(visit.t("identity.recover.activate")).back(START).sheet(sheet);
        page.body(html! { p { (visit.t("identity.recover.activate_about")) } (visit.form(ACTIVATE, form)) })
            .into_response()
    }
}

/// The digits of a PIN as it was typed.
fn typed_pin(form: &Form, field: &str) -> String {
    form.answers.one(field).chars().filter(|letter| !letter.is_whitespace()).take(40).collect()
}

async fn take_activation(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.limit(&TRIES)?;
    let (pin, again) = (typed_pin(&form, "secret"), typed_pin(&form, "secret_again"));
    let login = normal_login(form.answers.one("login"));
    let refuse = |field: &str, text: Text| -> Reply {
        let sheet = visit.sheet().answers(form.answers.clone()).faults(&[fault(field, text)]);
        Ok(identity.activation_page(&visit, &sheet))
    };
    let Some(login) = login else { return refuse("login", Text::new("identity.login.person_missing")) };
    // What any PIN must be is said at once; what hers must not be only to who has her code.
    if let Some(why) = identity.inner.rules.pin.wrong(&pin, None, "") {
        return refuse("secret", why);
    }
    if pin != again {
        return refuse("secret_again", Text::new("identity.secret.differs"));
    }
    let hash = identity.hash_secret(&Secret::new(pin.clone())).await?;
    let code = letters::typed(form.answers.one("code")).unwrap_or_default();
    let (engine, brought) = (identity.clone(), Brought { login, code, pin: Secret::new(pin), hash });
    let work = move |cx: &mut Cx<'_>| activate::activate(cx, &engine, &brought);
    match identity.inner.acts.write(visit.caller(), &Key::none(), work).await? {
        Activated::Wrong => refuse("code", Text::new("identity.recover.code_wrong")),
        Activated::Wait(seconds) => refuse("code", wait(seconds)),
        Activated::Early(ready_at) => {
            refuse("code", Text::new("identity.recover.early").with("at", visit.moment(ready_at)))
        }
        Activated::Pin(key) if key.ends_with("birth") => refuse("secret", Text::new("identity.pin.birth")),
        Activated::Pin(_) => refuse("secret", Text::new("identity.pin.number")),
        Activated::Done => {
            let body = html! {
                (show::panel(&visit.t("identity.recover.done"), None))
                p { (visit.t1("identity.recover.lowered", "count", identity.inner.rules.recovery.lowered_days)) }
                p { a.b href="/sign-in" { (visit.t("edge.sign_in")) } }
            };
            Ok(visit.page(visit.t("identity.recover.done")).own_heading().body(body).into_response())
        }
    }
}

async fn ask_stop(visit: Visit) -> Reply {
    let sheet = visit.sheet();
    let form = html! {
        (sheet.text("stop", visit.t("identity.recover.stop_code")).hint(visit.t("identity.recover.code_hint")).autocomplete("off").width(12).max_length(40))
        (show::warning_button(&visit.t("identity.recover.stop")))
    };
    let page = visit.page(visit.t("identity.recover.stop_title"));
    Ok(page.body(html! { p { (visit.t("identity.recover.stop_about")) } (visit.form(STOP, form)) }).into_response())
}

async fn take_stop(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.limit(&TRIES)?;
    let code = letters::typed(form.answers.one("stop")).unwrap_or_default();
    let (keys, messages) = (identity.inner.keys.clone(), identity.inner.messages.clone());
    let work = move |cx: &mut Cx<'_>| activate::stop(cx, &keys, &messages, &code);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(stopped_page(&visit))
}

fn stopped_page(visit: &Visit) -> Response {
    let body = html! { p { (visit.t("identity.recover.stopped")) } p { a href="/recover" { (visit.t("identity.recover.title")) } } };
    visit.page(visit.t("identity.recover.stop_title")).body(body).into_response()
}

async fn own(State(identity): State<Identity>, visit: Visit) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let look = move |cx: &mut Cx<'_>| {
        let now = cx.now();
        Ok(recoveries::open_of(cx.tx(), &account, now)?.into_iter().map(|row| row.made_at).collect::<Vec<_>>())
    };
    let open = identity.inner.acts.read(visit.caller(), look).await?;
    let page = visit.page(visit.t("identity.recover.own")).back("/account/sign-in").body(html! {
        @if open.is_empty() { p { (visit.t("identity.recover.none")) } }
        @for made_at in &open {
            (show::banner(Tone::Bad, &visit.t("identity.recover.under_way"), html! { p { (visit.moment(*made_at)) } }))
        }
        @if !open.is_empty() { (visit.form("/account/recovery/stop", show::warning_button(&visit.t("identity.recover.stop")))) }
    });
    Ok(page.into_response())
}

async fn stop_own(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let messages = identity.inner.messages.clone();
    let key = Key::new(&format!("identity.recovery.stop:{account}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| activate::stop_own(cx, &messages);
    identity.inner.acts.write(visit.caller(), &key, work).await?;
    Ok(see_other(OWN))
}
