//! Where a client sends a browser to have somebody sign in, and the keys our answers are checked with.
//!
//! **Invariant:** a request arrives as parameters, as a signed object or by reference to one that was pushed; whichever
//! way, it goes through the same checks. Keys are public halves only.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::{Refusal, Reply, Visit, see_other};
use serde_json::Value as Json;
use spine::{Fault, Words};

use crate::flow::{Running, START};
use crate::provider::client::Client;
use crate::provider::pushed::{self, URN};
use crate::provider::request::{self, Address, AuthRequest, Bad, Extras, Parameters};
use crate::provider::signed_request;
use crate::settings::Identity;

pub(crate) const AUTHORIZE: &str = "/oauth2/authorize";

pub(crate) fn routes() -> Router<Identity> {
    routes_at(AUTHORIZE, "/oauth2/jwks")
}

/// The same at other paths.
pub(crate) fn routes_at(authorize_path: &str, jwks_path: &str) -> Router<Identity> {
    Router::new().route(jwks_path, get(jwks)).route(authorize_path, get(authorize).post(authorize_by_post))
}

/// JSON that anybody may keep for five minutes.
pub(crate) fn public(value: Json) -> Response {
    let mut response = axum::Json(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

async fn jwks(State(identity): State<Identity>) -> Response {
    public(identity.directory().key_set.to_jwks())
}

/// Where a client sends a browser to have somebody sign in.
async fn authorize(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let (mut request, extras) = match identity.read(&visit).await? {
        Ok(read) => read,
        Err(bad) => return identity.turn_away(&visit, bad),
    };
    let client = identity.client(&request.client).ok_or_else(|| Fault::invalid("identity.request.client"))?;
    if let Some(hint) = &extras.hint {
        let Some(expected) = identity.hinted(&client, hint) else {
            let answer = identity.error_answer(&request, "invalid_request", "id_token_hint is not one of ours")?;
            return Ok(see_other(&answer));
        };
        request.expected = Some(expected);
    }
    let start = start_in(visit.site().words(), &extras.ui_locales);
    let who = identity.provider_session(&visit, &headers).await?;
    let mut running = Running::new(request, identity.inner.acts.now());
    running.login = extras.login_hint.as_deref().and_then(crate::account::normal_login);
    identity.proceed(&visit, running, who, &start).await
}

/// The same by a form of the client's page (OpenID Connect Core §3.1.2.1). The browser comes again by itself, so that
/// it brings the cookies it keeps from another site's forms.
async fn authorize_by_post(body: Bytes) -> Reply {
    let query = std::str::from_utf8(&body).ok().filter(|query| query.len() <= 3500);
    let fine = |query: &&str| query.bytes().all(|byte| byte.is_ascii_graphic());
    let query = query.filter(fine).ok_or_else(|| Fault::invalid("identity.request.malformed"));
    let query = query.map_err(|fault| Refusal::from(fault).status(StatusCode::BAD_REQUEST))?;
    Ok(see_other(&format!("{AUTHORIZE}?{query}")))
}

/// The first page, in the first of the languages wished for that the country speaks.
fn start_in(words: &Words, wished: &[String]) -> String {
    match wished.iter().find_map(|tag| words.language(tag)) {
        Some(language) => format!("{START}?lang={}", language.primary()),
        None => START.to_owned(),
    }
}

type Read = Result<(AuthRequest, Extras), Bad>;

impl Identity {
    /// Reads a request, whichever way it came.
    async fn read(&self, visit: &Visit) -> Result<Read, Fault> {
        let page = |code| Ok(Err(Bad::Page(Fault::invalid(code))));
        let Ok(query) = Parameters::parse(visit.query().unwrap_or_default().as_bytes()) else {
            return page("identity.request.malformed");
        };
        let client = query.get("client_id").and_then(|id| self.client(id));
        let Some(client) = client else { return page("identity.request.client") };
        if let Some(reference) = query.get("request_uri").filter(|reference| reference.starts_with(URN)) {
            return match pushed::taken(self, visit, &client, reference).await? {
                Some(read) => Ok(Ok(read)),
                None => page("identity.request.pushed"),
            };
        }
        Ok(self.read_here(&query, &client))
    }

    /// A request that came with the browser.
    fn read_here(&self, query: &Parameters, client: &Client) -> Read {
        let Some(object) = query.get("request") else {
            let address = Address::of(query, client).map_err(Bad::Page)?;
            if query.get("request_uri").is_some() {
                return Err(address.refuse(("request_uri_not_supported", "only requests that were pushed are taken")));
            }
            self.must_come_so(client, false).map_err(|why| address.refuse(why))?;
            return request::check(query, client).map_err(|why| address.refuse(why));
        };
        let opened = signed_request::open(object, client, &self.inner.issuer, self.inner.acts.now());
        let inner = match opened {
            Ok(inner) => inner,
            // An error is told where the plain parameters say, if that is a place of the client's.
            Err(why) => return Err(Address::of(query, client).map_or_else(Bad::Page, |address| address.refuse(why))),
        };
        let address = Address::of(&inner, client).map_err(Bad::Page)?;
        self.must_come_so(client, true).map_err(|why| address.refuse(why))?;
        request::check(&inner, client).map_err(|why| address.refuse(why))
    }

    /// Whether a request of this client may come with the browser.
    fn must_come_so(&self, client: &Client, signed: bool) -> Result<(), request::Refused> {
        if client.pushes() {
            return Err(("invalid_request", "this client must push its requests (RFC 9126)"));
        }
        if client.declared.require_signed_request_object && !signed {
            return Err(("invalid_request", "this client must sign its requests (RFC 9101)"));
        }
        Ok(())
    }

    /// Answers a request that is not in order.
    fn turn_away(&self, visit: &Visit, bad: Bad) -> Reply {
        match bad {
            Bad::Page(fault) => Err(Refusal::from(fault).status(StatusCode::BAD_REQUEST)),
            Bad::Answer { redirect_uri, state, mode, error, description } => {
                let pairs = [("error", error), ("error_description", description)];
                let state = state.as_deref().map(|state| ("state", state));
                let pairs: Vec<(&str, &str)> = pairs.into_iter().chain(state).collect();
                let query = Parameters::parse(visit.query().unwrap_or_default().as_bytes()).unwrap_or_default();
                let client = query.get("client_id").and_then(|id| self.client(id));
                let client = client.ok_or_else(|| Fault::invalid("identity.request.client"))?;
                Ok(see_other(&self.answer_at(&redirect_uri, mode, &client, &pairs)?))
            }
        }
    }

    /// The `sub` of an ID token of ours for this client, be it expired or not; none if it is not one.
    pub(crate) fn hinted(&self, client: &Client, token: &str) -> Option<String> {
        let claims = self.directory().key_set.open(token, Some("JWT")).ok()?;
        let text = |name: &str| claims.get(name).and_then(Json::as_str);
        let ours = text("iss") == Some(&self.inner.issuer) && text("aud") == Some(&client.id);
        ours.then(|| text("sub").map(str::to_owned)).flatten()
    }

    /// Where a browser at a page of this request may be sent by a form, for the page's policy.
    pub(crate) fn client_origin(request: &AuthRequest) -> String {
        crate::provider::client::origin_of(&request.redirect_uri)
    }
}
