//! The portal as a client of this provider, like any other: it sends the browser to sign in, gets a code back,
//! exchanges it at the token endpoint, verifies the ID token and opens its own session. And signing out.
//!
//! **Invariant:** `state`, `nonce` and the PKCE verifier stand in a sealed cookie of ten minutes; `next` is a local
//! path or nothing. The token endpoint is called as HTTP, in the same process and without a socket.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use crypto::jose::Expect;
use crypto::{base64url, constant_time_eq, sha256};
use edge::cookie::guarded_name;
use edge::origin::encode_query;
use edge::{Answers, Form, Refusal, Reply, SetCookie, Visit, html, local_path, see_other};
use journal::Key;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spine::{Assurance, Fault, Timestamp};
use tower::ServiceExt;

use crate::flow::{PROVIDER_COOKIE, no_store};
use crate::keys::{Token, token_hash};
use crate::provider::client::{CALLBACK_PATH, PORTAL};
use crate::provider::id_token::{acr_of, at_hash};
use crate::provider::token_endpoint;
use crate::recognise::SESSION_COOKIE;
use crate::rows::sessions::assurance_named;
use crate::session::{self, PortalSession};
use crate::settings::Identity;

/// The cookie of a portal's sign-in on its way.
const PORTAL_COOKIE: &str = "portal_sign_in";
/// How long it may take, with the person's reading and typing.
const PORTAL_SECONDS: i64 = 40 * 60;
/// The largest answer of the token endpoint that is read.
const LARGEST_ANSWER: usize = 64 * 1024;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/sign-in", get(sign_in))
        .route(CALLBACK_PATH, get(callback))
        .route("/sign-out", get(ask_sign_out).post(sign_out))
}

#[derive(Serialize, Deserialize)]
struct PortalRun {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    started_at: Timestamp,
}

/// The first value of a query's parameter.
fn asked(visit: &Visit, name: &str) -> Option<String> {
    let params = Answers::parse(visit.query().unwrap_or_default().as_bytes()).ok()?;
    params.all(name).first().cloned()
}

async fn sign_in(State(identity): State<Identity>, visit: Visit) -> Reply {
    let next = asked(&visit, "next").and_then(|next| local_path(&next).map(str::to_owned));
    let next = next.unwrap_or_else(|| "/".to_owned());
    let again = asked(&visit, "fresh").is_some();
    // More assurance than she has: the name of an assurance and nothing else.
    let wanted = asked(&visit, "more").map(|name| assurance_named(&name)).filter(|wanted| *wanted > Assurance::None);
    let more = wanted.filter(|wanted| visit.actor().assurance < *wanted);
    if visit.signed_in() && !again && more.is_none() {
        return Ok(see_other(&next));
    }
    let fresh = || base64url(&visit.site().settings().entropy.seed());
    let run =
        PortalRun { state: fresh(), nonce: fresh(), verifier: fresh(), next, started_at: identity.inner.acts.now() };
    let inner = &identity.inner;
    let address = format!(
        "/oauth2/authorize?response_type=code&client_id={PORTAL}&redirect_uri={}&scope=openid%20profile&state={}&nonce={}\
         &code_challenge={}&code_challenge_method=S256{}{}",
        encode_query(&format!("{}{CALLBACK_PATH}", inner.issuer)),
        run.state,
        run.nonce,
        base64url(&sha256(&[run.verifier.as_bytes()])),
        if again { "&prompt=login" } else { "" },
        more.map(|wanted| format!("&acr_values={}", acr_of(wanted))).unwrap_or_default(),
    );
    let mut response = see_other(&address);
    let cookie =
        SetCookie::new(guarded_name(visit.site(), PORTAL_COOKIE), inner.keys.seal_cookie(PORTAL_COOKIE, &run)?);
    cookie.max_age(u32::try_from(PORTAL_SECONDS).unwrap_or(0)).set(response.headers_mut(), visit.site());
    Ok(response)
}

async fn callback(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let run = identity.portal_run(&visit, &headers)?;
    if let Some(error) = asked(&visit, "error") {
        return Ok(not_signed_in(&visit, &run, &error));
    }
    let code = asked(&visit, "code").ok_or_else(|| Fault::invalid("identity.portal.state"))?;
    let claims = identity.exchange(&visit, &run, &code).await?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let provider = text("sid").parse().map_err(|_| Fault::invalid("identity.portal.token"))?;
    let (token, account) = (Token::fresh(&visit), text("sub"));
    let hash = token.hash.clone();
    let open = move |cx: &mut spine::Cx<'_>| {
        let new = PortalSession { token_hash: &hash, account: &account, provider, client: PORTAL };
        session::open_portal(cx, &new)
    };
    identity.inner.acts.write(visit.caller(), &Key::none(), open).await?;
    let mut response = see_other(local_path(&run.next).unwrap_or("/"));
    no_store(&mut response);
    let site = visit.site();
    SetCookie::new(guarded_name(site, SESSION_COOKIE), token.value.reveal()).set(response.headers_mut(), site);
    SetCookie::forget(guarded_name(site, PORTAL_COOKIE)).set(response.headers_mut(), site);
    Ok(response)
}

/// The person did not agree, or the provider would not: say so, with a way to start again.
fn not_signed_in(visit: &Visit, run: &PortalRun, error: &str) -> Response {
    let key = if error == "access_denied" { "identity.portal.denied" } else { "identity.portal.failed" };
    let again = format!("/sign-in?next={}", encode_query(&run.next));
    visit
        .page(visit.t("identity.portal.title"))
        .status(StatusCode::FORBIDDEN)
        .body(html! { p { (visit.t(key)) } p { a.b href=(again) { (visit.t("identity.portal.again")) } } })
        .into_response()
}

impl Identity {
    /// The sign-in that this answer belongs to: sealed by us, in time, with our `state` and the provider's name.
    fn portal_run(&self, visit: &Visit, headers: &HeaderMap) -> Result<PortalRun, Refusal> {
        let refuse = || Refusal::from(Fault::invalid("identity.portal.state")).status(StatusCode::BAD_REQUEST);
        let cookie = edge::cookie::read(headers, &guarded_name(visit.site(), PORTAL_COOKIE));
        let run: Option<PortalRun> = cookie.and_then(|cookie| self.inner.keys.open_cookie(PORTAL_COOKIE, cookie));
        let now = self.inner.acts.now();
        let run = run.filter(|run| now.seconds_since(run.started_at) < PORTAL_SECONDS).ok_or_else(refuse)?;
        let state = asked(visit, "state").unwrap_or_default();
        let ours = constant_time_eq(state.as_bytes(), run.state.as_bytes());
        let issuer = asked(visit, "iss").is_some_and(|issuer| issuer == self.inner.issuer);
        if ours && issuer { Ok(run) } else { Err(refuse()) }
    }

    /// Exchanges a code at the token endpoint and gives the verified claims of the ID token.
    async fn exchange(
        &self,
        visit: &Visit,
        run: &PortalRun,
        code: &str,
    ) -> Result<serde_json::Map<String, Json>, Fault> {
        let body = format!(
            "grant_type=authorization_code&client_id={PORTAL}&code={}&redirect_uri={}&code_verifier={}",
            encode_query(code),
            encode_query(&format!("{}{CALLBACK_PATH}", self.inner.issuer)),
            run.verifier,
        );
        let broken = |error: String| Fault::internal("identity.portal.exchange", error);
        let mut request = Request::post("/oauth2/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .map_err(|error| broken(error.to_string()))?;
        request.extensions_mut().insert(visit.clone());
        let endpoint: Router = token_endpoint::routes().with_state(self.clone());
        let Ok(response) = endpoint.oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), LARGEST_ANSWER).await.map_err(|error| broken(error.to_string()))?;
        if status == StatusCode::BAD_REQUEST {
            return Err(Fault::expired("identity.sign_in.over"));
        }
        let answer: Json = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        let text = |name: &str| answer.get(name).and_then(Json::as_str).unwrap_or_default();
        let expect =
            Expect { typ: Some("JWT"), issuer: &self.inner.issuer, audience: PORTAL, now: self.inner.acts.now() };
        let claims =
            self.directory().key_set.verify(text("id_token"), &expect).map_err(|error| broken(error.to_string()))?;
        let says = |name: &str, value: &str| claims.get(name).and_then(Json::as_str) == Some(value);
        if says("nonce", &run.nonce) && says("at_hash", &at_hash(text("access_token"), crypto::Algorithm::Es256)) {
            Ok(claims)
        } else {
            Err(Fault::invalid("identity.portal.token"))
        }
    }
}

async fn ask_sign_out(visit: Visit) -> Reply {
    if !visit.signed_in() {
        return Ok(see_other("/"));
    }
    let everywhere = html! {
        input type="hidden" name="everywhere" value="yes";
        button.b.b2 { (visit.t("identity.sign_out.everywhere")) }
    };
    let page = visit.page(visit.t("identity.sign_out.title")).body(html! {
        (visit.form("/sign-out", html! { button.b { (visit.t("edge.sign_out")) } }))
        (visit.form("/sign-out", everywhere))
    });
    Ok(page.into_response())
}

async fn sign_out(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    if form.answers.has("everywhere") && visit.signed_in() {
        let all = |cx: &mut spine::Cx<'_>| session::end_all_own(cx, None);
        identity.inner.acts.write(visit.caller(), &Key::none(), all).await?;
    }
    identity.end_here(&visit, &headers, "/").await
}

impl Identity {
    /// Ends the sessions of this browser and forgets their cookies.
    pub(crate) async fn end_here(&self, visit: &Visit, headers: &HeaderMap, to: &str) -> Reply {
        let mut response = see_other(to);
        for cookie in [SESSION_COOKIE, PROVIDER_COOKIE] {
            let name = guarded_name(visit.site(), cookie);
            if let Some(token) = edge::cookie::read(headers, &name) {
                let hash = token_hash(token);
                let end = move |cx: &mut spine::Cx<'_>| session::end_by_token(cx, &hash);
                self.inner.acts.write(visit.caller(), &Key::none(), end).await?;
                SetCookie::forget(name).set(response.headers_mut(), visit.site());
            }
        }
        Ok(response)
    }
}
