//! A sign-in on its way: what its cookie holds, and how a request goes on from wherever it stands.
//!
//! **Invariant:** the cookie is sealed, so nobody writes or reads it but us; before the right secret nothing is
//! stored, so that visitors who only look leave no rows and no acts. Where next: `provider/request.rs` decides,
//! `provider/grant.rs` acts.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use edge::cookie::guarded_name;
use edge::{Reply, SetCookie, Visit, see_other};
use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Actor, Caller, Fault, Timestamp, Via};

use crate::keys::{Token, token_hash};
use crate::provider::client::Client;
use crate::provider::grant::{self, Given, Giving, Whom};
use crate::provider::request::{self, AuthRequest, Next, Standing};
use crate::rows::accounts;
use crate::rows::consents::{self, Consent};
use crate::session::{self, Found};
use crate::settings::Identity;

/// The cookie of the provider's session.
pub(crate) const PROVIDER_COOKIE: &str = "id";
/// The cookie of a sign-in on its way.
const RUNNING_COOKIE: &str = "sign_in";
/// How long a sign-in may take.
const RUNNING_SECONDS: i64 = 30 * 60;
/// What browsers keep of a cookie, with room for its name.
const LONGEST_COOKIE: usize = 3900;

pub(crate) const START: &str = "/oauth2/sign-in";
pub(crate) const LOGIN: &str = "/oauth2/sign-in/login";
pub(crate) const SECRET: &str = "/oauth2/sign-in/secret";
pub(crate) const CODE: &str = "/oauth2/sign-in/code";
pub(crate) const MORE: &str = "/oauth2/sign-in/more";
pub(crate) const CONSENT: &str = "/oauth2/sign-in/consent";
/// For whom she signs in, where the client asks.
pub(crate) const FOR: &str = "/oauth2/sign-in/for";

/// A sign-in on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) request: AuthRequest,
    pub(crate) started_at: Timestamp,
    pub(crate) kind: Option<String>,
    pub(crate) login: Option<String>,
    /// The token of the challenge that waits for a code or a passkey.
    pub(crate) challenge: Option<String>,
    /// In which way its code is answered.
    #[serde(default)]
    pub(crate) way: Option<String>,
    /// She goes on as she is, though more was wished for.
    #[serde(default)]
    pub(crate) as_she_is: bool,
    /// Whether she was asked for whom she signs in, and the answer where that is another.
    #[serde(default)]
    pub(crate) asked_for: bool,
    #[serde(default)]
    pub(crate) acting: Option<Whom>,
}

impl Running {
    pub(crate) const fn new(request: AuthRequest, started_at: Timestamp) -> Self {
        Self {
            request,
            started_at,
            kind: None,
            login: None,
            challenge: None,
            way: None,
            asked_for: false,
            acting: None,
            as_she_is: false,
        }
    }
}

/// Somebody who has signed in at the provider.
pub(crate) struct SignedIn {
    pub(crate) found: Found,
    pub(crate) hash: String,
}

impl Identity {
    /// The sign-in that this browser has under way.
    ///
    /// # Errors
    /// `identity.sign_in.over` if there is none or it took too long.
    pub(crate) fn running(&self, visit: &Visit, headers: &HeaderMap) -> Result<Running, Fault> {
        let cookie = edge::cookie::read(headers, &guarded_name(visit.site(), RUNNING_COOKIE));
        let running: Option<Running> = cookie.and_then(|cookie| self.inner.keys.open_cookie(RUNNING_COOKIE, cookie));
        let now = self.inner.acts.now();
        running
            .filter(|running| now.seconds_since(running.started_at) < RUNNING_SECONDS)
            .ok_or_else(|| Fault::expired("identity.sign_in.over"))
    }

    /// Sends the browser on with the sign-in in its cookie.
    pub(crate) fn go_on(&self, visit: &Visit, running: &Running, to: &str) -> Reply {
        let value = self.inner.keys.seal_cookie(RUNNING_COOKIE, running)?;
        if value.len() > LONGEST_COOKIE {
            let answer = self.error_answer(&running.request, "invalid_request", "the request is too long")?;
            return Ok(see_other(&answer));
        }
        let mut response = see_other(to);
        SetCookie::new(guarded_name(visit.site(), RUNNING_COOKIE), value).set(response.headers_mut(), visit.site());
        Ok(response)
    }

    /// Who has signed in at the provider in this browser, if anybody.
    pub(crate) async fn provider_session(&self, visit: &Visit, headers: &HeaderMap) -> Result<Option<SignedIn>, Fault> {
        let Some(cookie) = edge::cookie::read(headers, &guarded_name(visit.site(), PROVIDER_COOKIE)) else {
            return Ok(None);
        };
        self.session_of(visit, token_hash(cookie)).await
    }

    pub(crate) async fn session_of(&self, visit: &Visit, hash: String) -> Result<Option<SignedIn>, Fault> {
        let wanted = hash.clone();
        let look = move |cx: &mut spine::Cx<'_>| {
            let now = cx.now();
            Ok(session::recognise(cx.tx(), &wanted, now)?.filter(|found| found.parent.is_none()))
        };
        let found = self.inner.acts.read(visit.caller(), look).await?;
        Ok(found.map(|found| SignedIn { found, hash }))
    }

    /// Goes on with a request: asks for what is missing, or gives the code.
    pub(crate) async fn proceed(
        &self,
        visit: &Visit,
        mut running: Running,
        who: Option<SignedIn>,
        start: &str,
    ) -> Reply {
        let request = &running.request;
        let client = self.client(&request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
        let decided = match &who {
            Some(who) if !client.first_party && running.acting.is_none() => {
                self.decision(visit, who, &client).await?.is_some_and(|consent| covers(&consent, request))
            }
            _ => false,
        };
        let next = self.next(&running, &client, who.as_ref(), decided);
        let refuse =
            |error| -> Reply { Ok(self.to_client(visit, &self.error_answer(request, error, "the person must act")?)) };
        match (next, who) {
            (Next::Code | Next::Consent, Some(who)) if self.must_choose(visit, &running, &who).await? => {
                self.go_on(visit, &running, FOR)
            }
            (Next::Code, Some(who)) => self.finish(visit, running.clone(), &who, None).await,
            (Next::Consent, _) if request.silent => refuse("consent_required"),
            (Next::Consent, Some(_)) => self.go_on(visit, &running, CONSENT),
            (Next::TooWeak, _) => refuse("unmet_authentication_requirements"),
            (Next::Other, _) => refuse("login_required"),
            (Next::More, _) if !request.silent => self.go_on(visit, &running, MORE),
            _ if request.silent => refuse("login_required"),
            // At home she is asked again who she has shown to be: her PIN and not her number.
            (_, Some(who)) if client.first_party => {
                let login = self.login_of(visit, &who.found.account).await?;
                running.kind = Some(who.found.kind.as_str().to_owned());
                running.login = login;
                self.go_on(visit, &running, SECRET)
            }
            _ => self.go_on(visit, &running, start),
        }
    }

    pub(crate) async fn login_of(&self, visit: &Visit, account: &str) -> Result<Option<String>, Fault> {
        let account = account.to_owned();
        let look = move |cx: &mut spine::Cx<'_>| Ok(accounts::login(cx.tx(), &account)?);
        self.inner.acts.read(visit.caller(), look).await
    }

    /// Goes on after the person agreed to what is passed on; all else that was asked for must still hold.
    pub(crate) async fn agree(&self, visit: &Visit, running: Running, who: SignedIn, agreed: Vec<String>) -> Reply {
        let client = self.client(&running.request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
        match self.next(&running, &client, Some(&who), true) {
            Next::Code => self.finish(visit, running.clone(), &who, Some(agreed)).await,
            _ => self.go_on(visit, &running, START),
        }
    }

    fn next(&self, running: &Running, client: &Client, who: Option<&SignedIn>, decided: bool) -> Next {
        let about = |who: &SignedIn| match &running.acting {
            Some(whom) => self.subject(client, &whom.person),
            None => self.subject(client, &who.found.account),
        };
        let subject = who.map(about).unwrap_or_default();
        let standing = Standing {
            session: who.map(|who| &who.found),
            subject: &subject,
            decided,
            as_she_is: running.as_she_is,
            started_at: running.started_at,
            now: self.inner.acts.now(),
        };
        request::next(&running.request, client, &standing)
    }

    async fn decision(&self, visit: &Visit, who: &SignedIn, client: &Client) -> Result<Option<Consent>, Fault> {
        let (account, client) = (who.found.account.clone(), client.id.clone());
        let look = move |cx: &mut spine::Cx<'_>| Ok(consents::of(cx.tx(), &account, &client)?);
        self.inner.acts.read(visit.caller(), look).await
    }

    /// Gives the code and sends the browser to the client with it.
    pub(crate) async fn finish(
        &self,
        visit: &Visit,
        running: Running,
        who: &SignedIn,
        decided: Option<Vec<String>>,
    ) -> Reply {
        let client = self.client(&running.request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
        let code = Token::fresh(visit);
        let on_behalf_of = match &running.acting {
            Some(whom) => self.behalf_of(visit, &who.found.account, whom).await?,
            None => None,
        };
        if running.acting.is_some() && on_behalf_of.is_none() {
            return Err(Fault::forbidden("identity.mandate.missing").into());
        }
        let actor = Actor { on_behalf_of, ..who.found.actor() };
        let caller = Caller { actor, via: Via::Web, language: visit.language().clone() };
        let giving = Giving {
            request: running.request.clone(),
            session_hash: who.hash.clone(),
            code_hash: code.hash.clone(),
            decided,
            subject: self.subject(&client, &who.found.account),
            needs_consent: !client.first_party,
            is_told: client.declared.backchannel_logout_uri.is_some(),
            acting: running.acting.clone(),
        };
        let engine = self.clone();
        let give = move |cx: &mut spine::Cx<'_>| grant::give_code(cx, &engine, &giving);
        match self.inner.acts.write(&caller, &Key::none(), give).await? {
            Given::Code => {
                let answer = self.answer(&running.request, &[("code", code.value.reveal().as_str())])?;
                Ok(self.to_client(visit, &answer))
            }
            Given::NoSession => self.go_on(visit, &running, START),
            Given::Spent => Err(Fault::invalid("identity.request.pushed").into()),
        }
    }

    /// The end of a sign-in: the browser goes to the client, its cookie is forgotten.
    pub(crate) fn to_client(&self, visit: &Visit, address: &str) -> Response {
        let mut response = see_other(address);
        no_store(&mut response);
        SetCookie::forget(guarded_name(visit.site(), RUNNING_COOKIE)).set(response.headers_mut(), visit.site());
        response
    }
}

/// Whether a decision is about all that is asked now.
fn covers(consent: &Consent, request: &AuthRequest) -> bool {
    let scopes = request.scope.split(' ').all(|scope| consent.scope.split(' ').any(|own| own == scope));
    scopes && request.asked.items().keys().all(|item| consent.asked.contains(item))
}

/// Nothing on the way may keep this answer.
pub(crate) fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Adds the cookie of the provider's session.
pub(crate) fn set_provider_cookie(response: &mut Response, visit: &Visit, token: &Token) {
    let name = guarded_name(visit.site(), PROVIDER_COOKIE);
    SetCookie::new(name, token.value.reveal()).set(response.headers_mut(), visit.site());
}
