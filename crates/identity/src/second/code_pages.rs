//! The second step of a sign-in: the page for a code in whichever way, and another way for who has more than one.
//!
//! **Invariant:** nobody comes here before the right secret; which ways there are is told here and nowhere earlier.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::Checked;
use edge::show::Choice;
use edge::{Bucket, Form, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Secret, Text};

use crate::account::Kind;
use crate::flow::{CODE, Running, SECRET, START};
use crate::keys::{Token, token_hash};
use crate::letters;
use crate::pages::{TRIES, fault, kind_of, wait};
use crate::second::Way;
use crate::second::answer::{self, Answered, Given, TriedPrinted};
use crate::settings::Identity;
use crate::sign_in;

/// Where another way is chosen.
const WAY: &str = "/oauth2/sign-in/way";
/// Codes sent again.
const SENDS: Bucket = Bucket { name: "identity.send", burst: 20, seconds: 600 };
/// Codes sent again in one sign-in.
const SENDS_EACH: Bucket = Bucket { name: "identity.send.each", burst: 3, seconds: 900 };

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(CODE, get(ask_code).post(take_code))
        .route("/oauth2/sign-in/code/again", post(send_again))
        .route(WAY, get(ask_way).post(take_way))
}

fn way_of(running: &Running) -> Way {
    running.way.as_deref().and_then(Way::named).unwrap_or(Way::Message)
}

async fn ask_code(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let (Some(kind), Some(_)) = (kind_of(&running), &running.challenge) else { return Ok(see_other(START)) };
    Ok(identity.code_page(&visit, &running, kind, None))
}

impl Identity {
    fn code_page(&self, visit: &Visit, running: &Running, kind: Kind, wrong: Option<Text>) -> Response {
        let faults: Vec<FieldFault> = wrong.map(|text| fault("code", text)).into_iter().collect();
        let sheet = visit.sheet().faults(&faults);
        let way = way_of(running);
        let field = match way {
            Way::Message => {
                sheet.code("code", visit.t("identity.code.person")).hint(visit.t("identity.code.person_hint"))
            }
            Way::Ussd => {
                let dial = visit.t1("identity.code.ussd_hint", "code", self.service_code().unwrap_or_default());
                sheet.code("code", visit.t("identity.code.ussd")).hint(dial)
            }
            Way::Authenticator => {
                sheet.code("code", visit.t("identity.code.officer")).hint(visit.t("identity.code.officer_hint"))
            }
            Way::Printed => sheet
                .text("code", visit.t("identity.code.printed"))
                .hint(visit.t("identity.code.printed_hint"))
                .autocomplete("off")
                .max_length(40),
        };
        let page = sheet.ask(CODE, field.width(if way == Way::Printed { 12 } else { 6 })).back(SECRET);
        let more = html! {
            @if way == Way::Message && kind == Kind::Person {
                (visit.button_form("/oauth2/sign-in/code/again", &visit.t("identity.code.again")))
            }
            p { a href=(WAY) { (visit.t("identity.code.other_way")) } }
        };
        self.dress(visit, running, page.body(more)).into_response()
    }
}

async fn take_code(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let (Some(kind), Some(login), Some(challenge)) =
        (kind_of(&running), running.login.clone(), running.challenge.clone())
    else {
        return Ok(see_other(START));
    };
    visit.limit(&TRIES)?;
    let way = way_of(&running);
    let typed: String = form.answers.one("code").chars().filter(|letter| !letter.is_whitespace()).take(60).collect();
    let again = |key| Ok(identity.code_page(&visit, &running, kind, Some(key)));
    let missing = if way == Way::Printed { "identity.code.printed_missing" } else { "identity.code.missing" };
    if typed.is_empty() || (way != Way::Printed && typed.len() > 20) {
        return again(Text::new(missing));
    }
    let session = Token::fresh(&visit);
    let (opening, browser) = identity.opening(&visit, &headers, &session);
    let challenge = token_hash(&challenge);
    let answered = if way == Way::Printed {
        identity.weigh_printed(&visit, (challenge, login), &typed, opening).await?
    } else {
        let (keys, given) = (identity.inner.keys.clone(), Given { way, login, code: typed });
        let work = move |cx: &mut Cx<'_>| answer::answer_code(cx, &keys, &challenge, &given, &opening);
        identity.inner.acts.write(visit.caller(), &Key::none(), work).await?
    };
    match answered {
        Answered::Wrong => again(Text::new("identity.code.wrong")),
        Answered::Wait(seconds) => again(wait(seconds)),
        Answered::Over => {
            (running.challenge, running.way) = (None, None);
            Ok(identity.secret_page(&visit, &running, kind, Some(Text::new("identity.code.over"))))
        }
        Answered::SignedIn(_) => identity.signed_in(&visit, running, session, browser).await,
    }
}

impl Identity {
    /// Counts the try with a printed code, weighs it outside any transaction, and does what comes of it.
    async fn weigh_printed(
        &self,
        visit: &Visit,
        (challenge, login): (String, String),
        typed: &str,
        opening: sign_in::Opening,
    ) -> Result<Answered, Fault> {
        let acts = &self.inner.acts;
        // What cannot be a code is weighed like one that is wrong.
        let code = letters::typed(typed).unwrap_or_default();
        let name: String = code.chars().take(letters::NAME).collect();
        let (keys, whose, own, by) = (self.inner.keys.clone(), challenge.clone(), login.clone(), name.clone());
        let tried = move |cx: &mut Cx<'_>| answer::try_printed(cx, &keys, &whose, &own, &by);
        let (hash, then_wait) = match acts.write(visit.caller(), &Key::none(), tried).await? {
            TriedPrinted::Over => return Ok(Answered::Over),
            TriedPrinted::Wait(seconds) => return Ok(Answered::Wait(seconds)),
            TriedPrinted::Go { hash, then_wait } => (hash, then_wait),
        };
        let checked = self.inner.hasher.check(&Secret::new(code), hash.as_deref()).await;
        let checked = checked.map_err(|error| Fault::internal("identity.hash.failed", error))?;
        let (Checked::Right, Some(hash)) = (checked, hash) else {
            let work = move |cx: &mut Cx<'_>| answer::printed_wrong(cx, &challenge, then_wait);
            return acts.write(visit.caller(), &Key::none(), work).await;
        };
        let (keys, messages) = (self.inner.keys.clone(), self.inner.messages.clone());
        let work = move |cx: &mut Cx<'_>| {
            answer::printed_right(cx, (&keys, &messages), &challenge, (&login, &name, &hash), &opening)
        };
        acts.write(visit.caller(), &Key::none(), work).await
    }

    /// The ways of whoever's sign-in this is.
    async fn ways_here(&self, visit: &Visit, running: &Running) -> Result<Option<Vec<Way>>, Fault> {
        let Some(challenge) = running.challenge.as_deref().map(token_hash) else { return Ok(None) };
        let dials = self.dials();
        let look = move |cx: &mut Cx<'_>| answer::ways_of(cx, &challenge, dials);
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn send_again(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, _form: Form) -> Reply {
    let running = identity.running(&visit, &headers)?;
    Ok(see_other(if identity.send(&visit, &running).await? { CODE } else { SECRET }))
}

impl Identity {
    /// Sends a code for the sign-in on its way.
    async fn send(&self, visit: &Visit, running: &Running) -> Result<bool, edge::Refusal> {
        let Some(challenge) = &running.challenge else { return Ok(false) };
        visit.limit(&SENDS)?;
        let hash = token_hash(challenge);
        visit.site().limiter().take(&SENDS_EACH, &hash)?;
        let (keys, messages) = (self.inner.keys.clone(), self.inner.messages.clone());
        let work = move |cx: &mut Cx<'_>| sign_in::send_again(cx, &keys, &messages, &hash);
        Ok(self.inner.acts.write(visit.caller(), &Key::none(), work).await?)
    }
}

/// What a way is called, and what is said of it.
pub(super) const fn label(way: Way) -> (&'static str, &'static str) {
    match way {
        Way::Message => ("identity.way.message", "identity.way.message_hint"),
        Way::Ussd => ("identity.way.ussd", "identity.way.ussd_hint"),
        Way::Authenticator => ("identity.way.authenticator", "identity.way.authenticator_hint"),
        Way::Printed => ("identity.way.printed", "identity.way.printed_hint"),
    }
}

/// The ways as choices.
pub(super) fn choices(visit: &Visit, ways: &[Way]) -> Vec<Choice> {
    let choice = |way: &Way| {
        let (name, hint) = label(*way);
        Choice::new(way.as_str(), visit.t(name)).hint(visit.t(hint))
    };
    ways.iter().map(choice).collect()
}

async fn ask_way(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(ways) = identity.ways_here(&visit, &running).await? else { return Ok(see_other(START)) };
    let sheet = visit.sheet();
    let question = sheet.radios("way", visit.t("identity.way.question"), choices(&visit, &ways));
    let page = sheet.ask(WAY, question.chosen([way_of(&running).as_str().to_owned()])).back(CODE);
    let help = html! { p { a href="/recover" { (visit.t("identity.way.none")) } } };
    Ok(identity.dress(&visit, &running, page.body(help)).into_response())
}

async fn take_way(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let Some(ways) = identity.ways_here(&visit, &running).await? else { return Ok(see_other(START)) };
    let Some(way) = Way::named(form.answers.one("way")).filter(|way| ways.contains(way)) else {
        return Ok(see_other(WAY));
    };
    let anew = way == Way::Message && way_of(&running) != Way::Message;
    running.way = Some(way.as_str().to_owned());
    if anew && !identity.send(&visit, &running).await? {
        return Ok(see_other(SECRET));
    }
    identity.go_on(&visit, &running, CODE)
}
