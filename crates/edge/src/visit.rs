//! One request as an engine sees it: who visits, in which language, from where, and how to answer.
//!
//! **Invariant:** made by `frame.rs` for every request, before any route runs; the identity engine's
//! middleware may say once who it is ([`Visit::recognise`]). Nothing else changes it.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use maud::{Markup, html};
use spine::{
    Actor, ActorKind, Arg, Caller, Date, Fault, FieldFault, Language, Localised, Money, Personal, Secret, Text,
    Timestamp, Via,
};

use crate::answers::Answers;
use crate::kept::Lapsed;
use crate::page::Page;
use crate::rate::Bucket;
use crate::refusal::Refusal;
use crate::show::sheet::Sheet;
use crate::site::Site;
use crate::{address, cookie, language, token};

/// Who was recognised, by a session cookie or an access token.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who acts.
    pub actor: Actor,
    /// Bytes that only this session has, to bind its forms to it; a hash of its token, never the token.
    pub binding: Secret<Vec<u8>>,
    /// Through what.
    pub via: Via,
    /// For whom the visitor chose to act.
    pub acting: Option<Acting>,
}

/// For whom a visitor chose to act, as every page says it.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Who is acted for.
    pub name: Personal<String>,
    /// What this page makes of it.
    pub state: ActingState,
}

/// What a page makes of a visitor's choice to act for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActingState {
    /// What she does here she does for the other.
    Holds,
    /// This page is her own affair, whomever she acts for elsewhere.
    Aside,
    /// She may not act for the other any more.
    Over,
}

/// One request: who, in which language, from where.
#[derive(Clone)]
pub struct Visit {
    core: Arc<Core>,
}

struct Core {
    site: Site,
    path: String,
    query: Option<String>,
    /// The language was chosen by a link and is to be remembered.
    chosen: bool,
    anonymous: Caller,
    recognised: OnceLock<(Caller, Secret<Vec<u8>>, Option<Acting>)>,
    lapsed: OnceLock<Lapsed>,
    visit_cookie: Option<String>,
    minted: OnceLock<String>,
    address: IpAddr,
    by_proxy: bool,
    trace: String,
    wants_page: bool,
}

/// The cookie that binds the forms of somebody who has not signed in.
const VISIT_COOKIE: &str = "visit";

impl Visit {
    /// Reads a request. Only the frame does this, and tests.
    #[must_use]
    pub(crate) fn read(site: &Site, parts: &Parts) -> Self {
        let settings = site.settings();
        let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().map(str::to_owned));
        let (language, chosen) = language::choose(site.words(), query.as_deref(), &parts.headers);
        let via = if is_api(&path) { Via::Api } else { Via::Web };
        let visit_cookie = cookie::read(&parts.headers, &cookie::guarded_name(site, VISIT_COOKIE))
            .filter(|value| value.len() == 22)
            .map(str::to_owned);
        Self {
            core: Arc::new(Core {
                site: site.clone(),
                wants_page: !is_api(&path) && accepts_html(&parts.headers),
                path,
                query,
                chosen,
                anonymous: Caller { actor: Actor::anonymous(), via, language },
                recognised: OnceLock::new(),
                lapsed: OnceLock::new(),
                visit_cookie,
                minted: OnceLock::new(),
                address: address::client(&settings.trusted_proxies, &parts.headers, &parts.extensions),
                by_proxy: address::is_trusted(&settings.trusted_proxies, &parts.extensions),
                trace: crypto::hex(settings.entropy.seed().get(..8).unwrap_or_default()),
            }),
        }
    }

    /// Says who it is. Called once, by the middleware that knows sessions and tokens; later calls change nothing.
    pub fn recognise(&self, session: Session) {
        let Session { actor, binding, via, acting } = session;
        let caller = Caller { actor, via, language: self.core.anonymous.language.clone() };
        let _ = self.core.recognised.set((caller, binding, acting));
    }

    /// Says whose session this browser had until it ended, so that a form sent too late is kept for her.
    pub fn lapse(&self, lapsed: Lapsed) {
        let _ = self.core.lapsed.set(lapsed);
    }

    pub(crate) fn lapsed(&self) -> Option<&Lapsed> {
        self.core.lapsed.get().filter(|_| !self.signed_in())
    }

    /// Who asks, for `Acts::write` and `Acts::read`.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        self.core.recognised.get().map_or(&self.core.anonymous, |(caller, ..)| caller)
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.caller().actor
    }

    /// For whom the visitor chose to act.
    pub(crate) fn acting(&self) -> Option<&Acting> {
        self.core.recognised.get().and_then(|(.., acting)| acting.as_ref())
    }

    /// Whether somebody has signed in.
    #[must_use]
    pub fn signed_in(&self) -> bool {
        self.actor().kind != ActorKind::Anonymous
    }

    /// The actor, or the way to the sign-in page (401 for an API).
    ///
    /// # Errors
    /// `edge.signin.needed`, unauthenticated.
    pub fn must_sign_in(&self) -> Result<&Actor, Refusal> {
        if self.signed_in() { Ok(self.actor()) } else { Err(Fault::unauthenticated("edge.signin.needed").into()) }
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.core.site
    }

    /// The language of the answer.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.caller().language
    }

    /// The moment now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.site().settings().clock.now()
    }

    /// The path asked for.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.core.path
    }

    /// The query asked with, raw.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.core.query.as_deref()
    }

    /// The visitor's address, as far as trusted proxies tell it.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.core.address
    }

    /// The certificate (DER in base64) a client proved itself with to the proxy that ended its TLS connection (RFC 9440
    /// `Client-Cert`); none if the request did not come from a proxy we trust, whoever wrote the header.
    #[must_use]
    pub fn client_certificate<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut all = headers.get_all("client-cert").iter();
        let (one, more) = (all.next()?, all.next());
        let coded = one.to_str().ok()?.trim().strip_prefix(':')?.strip_suffix(':')?;
        (self.core.by_proxy && more.is_none()).then_some(coded)
    }

    /// What this request is called in the log and in the answer's `trace-id`.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.core.trace
    }

    /// Takes one token from the visitor's bucket: her account's, or her address's.
    ///
    /// # Errors
    /// `edge.rate.exceeded`.
    pub fn limit(&self, bucket: &Bucket) -> Result<(), Refusal> {
        let who = if self.signed_in() { self.actor().id.clone() } else { address::household(self.address()) };
        self.site().limiter().take(bucket, &who).map_err(Refusal::from)
    }

    /// Says the message `key`.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.site().words().word(self.language(), key)
    }

    /// Says the message `key` with one argument.
    #[must_use]
    pub fn t1(&self, key: &'static str, name: &'static str, arg: impl Into<Arg>) -> String {
        self.say(&Text::new(key).with(name, arg))
    }

    /// Says a sentence.
    #[must_use]
    pub fn say(&self, text: &Text) -> String {
        self.site().say(self.language(), text)
    }

    /// A pack's own words in the visitor's language.
    #[must_use]
    pub fn local<'a>(&self, text: &'a Localised) -> &'a str {
        text.in_language(self.language())
    }

    /// A day as the visitor's language writes it.
    #[must_use]
    pub fn date(&self, day: Date) -> String {
        self.site().words().date(self.language(), day)
    }

    /// A moment as the visitor's language writes it.
    #[must_use]
    pub fn moment(&self, moment: Timestamp) -> String {
        self.site().words().moment(self.language(), moment)
    }

    /// An amount as the visitor's language writes it.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        self.site().words().money(self.language(), amount)
    }

    /// A page in the site's shell.
    pub fn page(&self, title: impl Into<String>) -> Page {
        Page::new(self, title)
    }

    /// An empty sheet of answers, to make fields from.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        Sheet::new(self)
    }

    /// A sheet that shows what was answered and what is wrong with it.
    #[must_use]
    pub fn sheet_with(&self, answers: Answers, faults: &[FieldFault]) -> Sheet {
        Sheet::new(self).answers(answers).faults(faults)
    }

    /// A form that posts to `action`, with its token. For files call [`Visit::upload_form`].
    #[must_use]
    pub fn form(&self, action: &str, body: Markup) -> Markup {
        html! { form method="post" action=(action) novalidate { (self.token_field()) (body) } }
    }

    /// A form with files (`multipart/form-data`).
    #[must_use]
    pub fn upload_form(&self, action: &str, body: Markup) -> Markup {
        html! { form method="post" action=(action) enctype="multipart/form-data" novalidate { (self.token_field()) (body) } }
    }

    /// A single button that posts to `action`: claim, sign out, withdraw.
    #[must_use]
    pub fn button_form(&self, action: &str, label: &str) -> Markup {
        self.form(action, html! { button.b.b2 { (label) } })
    }

    /// The hidden field that proves a form is ours.
    #[must_use]
    pub fn token_field(&self) -> Markup {
        html! { input type="hidden" name=(token::FIELD) value=(self.mint_token()); }
    }

    fn mint_token(&self) -> String {
        let settings = self.site().settings();
        if self.core.recognised.get().is_none() && self.core.visit_cookie.is_none() {
            self.core.minted.get_or_init(|| crypto::base64url(settings.entropy.seed().get(..16).unwrap_or_default()));
        }
        token::mint(&settings.form_key, &self.binding(), settings.entropy.seed(), self.now())
    }

    /// What this visitor's forms are bound to: the session, or the anonymous visit.
    pub(crate) fn binding(&self) -> Secret<Vec<u8>> {
        match self.core.recognised.get() {
            Some((_, binding, _)) => session_binding(binding),
            None => Secret::new([b"visit:", self.visit_id().unwrap_or_default().as_bytes()].concat()),
        }
    }

    /// Whether this visitor has anything a form could be bound to.
    pub(crate) fn is_bound(&self) -> bool {
        self.core.recognised.get().is_some() || self.visit_id().is_some()
    }

    fn visit_id(&self) -> Option<&str> {
        self.core.visit_cookie.as_deref().or_else(|| self.core.minted.get().map(String::as_str))
    }

    /// Whether a person's browser asks, rather than a program.
    pub(crate) fn wants_page(&self) -> bool {
        self.core.wants_page
    }

    /// Cookies this answer must set: the language chosen, the anonymous visit a form was bound to.
    pub(crate) fn cookies(&self) -> Vec<cookie::SetCookie> {
        let language = self
            .core
            .chosen
            .then(|| cookie::SetCookie::new(language::COOKIE, self.language().tag()).max_age(31_536_000));
        let visit = self
            .core
            .minted
            .get()
            .map(|id| cookie::SetCookie::new(cookie::guarded_name(self.site(), VISIT_COOKIE), id));
        language.into_iter().chain(visit).collect()
    }

    /// Links to this page in the other languages: name, tag, address.
    pub(crate) fn other_languages(&self) -> Vec<(String, String, String)> {
        let words = self.site().words();
        let others = words.locales().filter(|locale| locale.language != *self.language());
        others
            .map(|locale| {
                let tag = locale.language.primary();
                (locale.name.clone(), locale.language.tag().to_owned(), language::link(self.path(), self.query(), tag))
            })
            .collect()
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Visit({})", self.trace())
    }
}

/// What the forms of a session are bound to.
pub(crate) fn session_binding(binding: &Secret<Vec<u8>>) -> Secret<Vec<u8>> {
    Secret::new([b"session:", binding.reveal().as_slice()].concat())
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Fault::internal("edge.internal", "no frame around the route").into())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
