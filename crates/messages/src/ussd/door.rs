//! The door for an aggregator: `POST /api/messages/ussd` with the form `sessionId`, `serviceCode`, `phoneNumber`,
//! `networkCode` and `text` (all that was typed so far, joined by `*`), answered in plain text by `CON ` or `END ` and a
//! screen.
//!
//! **Invariant:** the order of the walls: size, address, secret, shape, rate, and only then the menu. A request that
//! comes again is answered as before and decides nothing again; one that does not follow the last is turned away.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};
use crypto::{base64, base64url, constant_time_eq, hmac_sha256};
use edge::{Answers, Bucket, Network, Refusal, Reply, Visit, body_limit};
use journal::Acts;
use spine::{Caller, Cx, Fault, FaultKind, Personal, Secret, Text, Words, Work};

use super::rows::{self, Standing};
use super::screen::{Menu, Screen, Turn};

/// Where aggregators come.
pub(super) const PATH: &str = "/api/messages/ussd";
/// The largest request.
const BODY_BYTES: usize = 4 * 1024;
/// The most that is typed in one session.
const TEXT_BYTES: usize = 400;
/// Turns of one phone.
const TURNS: Bucket = Bucket { name: "messages.ussd", burst: 40, seconds: 120 };
/// For how long a session that dropped is gone on with.
const RESUME_SECONDS: i64 = 15 * 60;
/// After so long where she stood is forgotten.
const FORGET_SECONDS: i64 = 3_600;

/// How an aggregator proves itself.
#[derive(Clone)]
pub enum DoorKey {
    /// Each request is signed, as with wallets and SMS gateways (`crypto::signed_call`).
    Signed(Secret<Vec<u8>>),
    /// The secret comes as the password of HTTP Basic (RFC 7617), for aggregators that cannot sign.
    Password(Secret<Vec<u8>>),
}

impl DoorKey {
    const fn secret(&self) -> &Secret<Vec<u8>> {
        match self {
            Self::Signed(secret) | Self::Password(secret) => secret,
        }
    }
}

/// What a [`Door`] is made of.
#[derive(Clone)]
pub struct DoorSettings {
    /// The aggregator's proof.
    pub key: DoorKey,
    /// From where it asks; from anywhere if empty, which only signed requests may.
    pub networks: Vec<Network>,
}

/// A code that people dial, and what answers them.
#[derive(Clone)]
pub struct Dialled {
    /// What people dial: `*123#`.
    pub code: String,
    /// What answers.
    pub menu: Arc<dyn Menu>,
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    inner: Arc<Inner>,
}

struct Inner {
    acts: Acts,
    words: Arc<Words>,
    menus: Vec<Dialled>,
    settings: DoorSettings,
}

/// What an aggregator says.
struct Asked {
    session: String,
    code: String,
    phone: String,
    text: String,
}

impl Door {
    /// A door to these menus, each under its own code.
    #[must_use]
    pub fn new(acts: Acts, words: Arc<Words>, menus: Vec<Dialled>, settings: DoorSettings) -> Self {
        Self { inner: Arc::new(Inner { acts, words, menus, settings }) }
    }

    /// `POST /api/messages/ussd`.
    pub fn routes(&self) -> Router {
        Router::new().route(PATH, post(taken).layer(body_limit(BODY_BYTES))).with_state(self.clone())
    }

    pub(super) fn settings(&self) -> &DoorSettings {
        &self.inner.settings
    }

    pub(super) fn menus(&self) -> &[Dialled] {
        &self.inner.menus
    }

    /// Whether whoever asks shares the secret, and asks from where it should.
    fn knows(&self, visit: &Visit, headers: &HeaderMap, body: &[u8]) -> bool {
        let settings = self.settings();
        let here = settings.networks.is_empty() || settings.networks.iter().any(|one| one.contains(visit.address()));
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let proven = match &settings.key {
            DoorKey::Signed(secret) => is_signed(secret, visit.now(), header(TIMESTAMP), header(SIGNATURE), body),
            DoorKey::Password(secret) => {
                let expected = base64(&[b"ussd:", secret.reveal().as_slice()].concat());
                let given = header(header::AUTHORIZATION.as_str()).strip_prefix("Basic ").unwrap_or_default();
                !settings.networks.is_empty() && constant_time_eq(expected.as_bytes(), given.as_bytes())
            }
        };
        here && proven
    }

    /// A keyed hash, so that the table tells nobody's number and nothing that was typed.
    fn hash(&self, what: &str, text: &str) -> String {
        base64url(&hmac_sha256(
            self.settings().key.secret().reveal(),
            &[b"ussd ", what.as_bytes(), b":", text.as_bytes()],
        ))
    }

    async fn answer(&self, menu: &dyn Menu, asked: Asked) -> Result<String, Fault> {
        let acts = &self.inner.acts;
        // Where she stands in one menu says nothing in another.
        let phone = self.hash("phone", &format!("{}{}", asked.phone, asked.code));
        let session = self.hash("session", &asked.session);
        let (now, key) = (acts.now(), phone.clone());
        let look = move |cx: &mut Cx<'_>| Ok(rows::standing(cx.tx(), &key)?);
        let stood = acts.read(&Caller::system("messages.ussd"), look).await?;
        let fresh = stood.filter(|one| now.seconds_since(one.used_at) < RESUME_SECONDS);
        let same = fresh.as_ref().filter(|one| one.session == session);
        let seen = |text: &str| self.hash("text", &format!("{session}:{text}"));
        let (place, input) = match same {
            Some(one) if one.seen == seen(&asked.text) => {
                // It came again: the network did not hear the answer.
                let again =
                    || self.said(&Screen::end(self.inner.words.default_language(), Text::new("messages.ussd.again")));
                return Ok(one.answer.clone().unwrap_or_else(again));
            }
            Some(one) => {
                let length = usize::try_from(one.seen_length).unwrap_or(0);
                let heard = asked.text.get(..length).filter(|heard| one.seen == seen(heard));
                let rest = heard.and_then(|_| asked.text.get(length..));
                let input =
                    rest.map(|rest| if length == 0 { rest } else { rest.strip_prefix('*').unwrap_or_default() });
                let Some(input) = input.filter(|_| one.place.is_some()) else { return Ok(self.out_of_turn()) };
                (one.place.clone(), Some(Personal::new(input.to_owned())))
            }
            None if menu.hears_what_is_dialled() && !asked.text.is_empty() => {
                (None, Some(Personal::new(asked.text.clone())))
            }
            None => (fresh.as_ref().and_then(|one| one.place.clone()), None),
        };
        let turn = Turn { phone: Personal::new(asked.phone), place, input };
        let screen = menu.turn(&turn).await?;
        let answer = self.said(&screen);
        let standing = Standing {
            session: session.clone(),
            seen_length: i64::try_from(asked.text.len()).unwrap_or(i64::MAX),
            seen: seen(&asked.text),
            place: screen.place.clone(),
            answer: (!screen.secret).then(|| answer.clone()),
            used_at: now,
        };
        let old = now.plus_seconds(-FORGET_SECONDS);
        let keep: Work = Box::new(move |tx| Ok(Box::new(rows::stand(tx, &phone, &standing, old)?)));
        acts.database().write(keep).await?;
        Ok(answer)
    }

    fn said(&self, screen: &Screen) -> String {
        let word = if screen.place.is_some() { "CON" } else { "END" };
        format!("{word} {}", screen.said(&self.inner.words))
    }

    fn out_of_turn(&self) -> String {
        self.said(&Screen::end(self.inner.words.default_language(), Text::new("messages.ussd.out_of_turn")))
    }
}

/// The form, taken apart; none if it is not one.
fn asked(headers: &HeaderMap, body: &[u8]) -> Option<Asked> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.split(';').next()?.trim() != "application/x-www-form-urlencoded" {
        return None;
    }
    let form = Answers::parse(body).ok()?;
    let one = |name: &str| form.all(name).first().filter(|_| form.all(name).len() == 1).cloned();
    let text = form.all("text").first().cloned().unwrap_or_default();
    let phone = one("phoneNumber")?;
    let digits = phone.strip_prefix('+')?;
    let fine = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let session = one("sessionId").filter(|session| (1..=100).contains(&session.len()))?;
    let code = one("serviceCode")?;
    (fine && text.len() <= TEXT_BYTES).then_some(Asked { session, code, phone, text })
}

async fn taken(
    State(door): State<Door>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::from(Fault::new(FaultKind::TooLarge, "messages.ussd.large")),
        _ => Refusal::from(Fault::invalid("messages.ussd.shape")).status(StatusCode::BAD_REQUEST),
    })?;
    if !door.knows(&visit, &headers, &body) {
        return Err(Fault::unauthenticated("messages.ussd.signature").into());
    }
    let shape = || Refusal::from(Fault::invalid("messages.ussd.shape")).status(StatusCode::BAD_REQUEST);
    let asked = asked(&headers, &body).ok_or_else(shape)?;
    visit.site().limiter().take(&TURNS, &asked.phone)?;
    let dialled = door.menus().iter().find(|one| one.code == asked.code).ok_or_else(shape)?;
    let answer: Response = door.answer(dialled.menu.as_ref(), asked).await?.into_response();
    Ok(answer)
}
