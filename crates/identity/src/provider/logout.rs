//! Signing out at a client's wish (OpenID Connect RP-Initiated Logout 1.0).
//!
//! **Invariant:** only a client that shows an ID token of whoever is signed in ends her session without asking her;
//! she is sent on to a registered address, letter by letter, or to nowhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::{Answers, Form, Page, Refusal, Reply, Visit, html};
use serde_json::Value as Json;
use spine::Fault;

use crate::provider::client::{Client, origin_of};
use crate::settings::Identity;

const PATH: &str = "/oauth2/logout";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route(PATH, get(ask).post(end))
}

/// What a client wishes.
struct Wish {
    client: Option<Arc<Client>>,
    hint: Option<String>,
    to: Option<String>,
    state: Option<String>,
}

impl Identity {
    fn wish(&self, params: &Answers) -> Result<Wish, Refusal> {
        let refuse = |code| Err(Refusal::from(Fault::invalid(code)).status(StatusCode::BAD_REQUEST));
        let one = |name: &str| params.all(name).first().cloned().filter(|value| !value.is_empty());
        let hint = one("id_token_hint");
        let audience = hint.as_deref().and_then(|token| self.audience(token));
        if hint.is_some() && audience.is_none() {
            return refuse("identity.request.malformed");
        }
        if let (Some(named), Some(audience)) = (one("client_id"), &audience)
            && named != *audience
        {
            return refuse("identity.request.client");
        }
        let client = one("client_id").or(audience).and_then(|id| self.client(&id));
        let to = one("post_logout_redirect_uri");
        let known = |uri: &String| client.as_ref().is_some_and(|client| client.post_logout_redirect_uris.contains(uri));
        if to.as_ref().is_some_and(|uri| !known(uri)) {
            return refuse("identity.request.redirect");
        }
        Ok(Wish { client, hint, to, state: one("state").filter(|state| state.len() <= 1024) })
    }

    /// Whom an ID token of ours was made for.
    fn audience(&self, token: &str) -> Option<String> {
        let claims = self.directory().key_set.open(token, Some("JWT")).ok()?;
        claims.get("aud").and_then(Json::as_str).map(str::to_owned)
    }
}

impl Wish {
    /// Where to go afterwards.
    fn address(&self) -> String {
        let Some(to) = &self.to else { return "/".to_owned() };
        let joint = if to.contains('?') { '&' } else { '?' };
        match &self.state {
            Some(state) => format!("{to}{joint}state={}", edge::origin::encode_query(state)),
            None => to.clone(),
        }
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let params = Answers::parse(visit.query().unwrap_or_default().as_bytes());
    let params = params.map_err(|fault| Refusal::from(fault).status(StatusCode::BAD_REQUEST))?;
    let wish = identity.wish(&params)?;
    let who = identity.provider_session(&visit, &headers).await?;
    let hinted = wish.client.as_ref().zip(wish.hint.as_deref());
    let shown = match (&who, hinted) {
        (Some(who), Some((client, hint))) => {
            identity.hinted(client, hint) == Some(identity.subject(client, &who.found.account))
        }
        (None, _) => true,
        (Some(_), None) => false,
    };
    if shown {
        return identity.end_here(&visit, &headers, &wish.address()).await;
    }
    Ok(page(&visit, &wish).into_response())
}

/// Asks whether she wants to sign out.
fn page(visit: &Visit, wish: &Wish) -> Page {
    let client = wish.client.as_ref().map(|client| client.id.as_str()).unwrap_or_default();
    let body = html! {
        input type="hidden" name="client_id" value=(client);
        @if let Some(to) = &wish.to { input type="hidden" name="post_logout_redirect_uri" value=(to); }
        @if let Some(state) = &wish.state { input type="hidden" name="state" value=(state); }
        button.b { (visit.t("edge.sign_out")) }
    };
    let page = visit.page(visit.t("identity.sign_out.title")).body(visit.form(PATH, body));
    wish.to.iter().fold(page, |page, to| page.form_action(origin_of(to)))
}

async fn end(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let wish = identity.wish(&form.answers)?;
    identity.end_here(&visit, &headers, &wish.address()).await
}
