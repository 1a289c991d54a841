//! Requests that a client pushes ahead of the browser (RFC 9126).
//!
//! **Invariant:** the client proves itself before anything is read; what it gets back says nothing, is good for its own
//! request only, and is used up with the code.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use edge::Visit;
use journal::Key;
use serde_json::json;
use spine::{Act, Cx, Fault, Resource};

use crate::keys::{Token, token_hash};
use crate::provider::answer::{Refused, form, private, refused};
use crate::provider::client::Client;
use crate::provider::once::{self, Once};
use crate::provider::request::{self, AuthRequest, Extras};
use crate::provider::signed_request;
use crate::rows::grants::{self, Pushed};
use crate::settings::Identity;

/// What a reference begins with (RFC 9126 §2.2).
pub(crate) const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a pushed request is good (FAPI 2.0 Security Profile §5.3.2.2: less than 600).
const PUSHED_SECONDS: i64 = 90;
pub(crate) const PAR: &str = "/oauth2/par";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route(PAR, post(push))
}

async fn push(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let proven = identity.proven(&visit, &headers, &form)?;
    let proof = identity.proof(&visit, &headers, "POST", proven.client.is_fapi(), None)?;
    if form.get("request_uri").is_some() {
        return Err(refused("invalid_request", "request_uri cannot be pushed (RFC 9126 §2.1)"));
    }
    let client = &proven.client;
    let mut once = proven.once;
    let parameters = match form.get("request") {
        Some(object) => {
            if form.get("client_id").is_some_and(|own| own != client.id) {
                return Err(refused("invalid_request", "client_id is another's"));
            }
            let now = identity.inner.acts.now();
            signed_request::open(object, client, &identity.inner.issuer, now)?
        }
        None if client.declared.require_signed_request_object => {
            return Err(refused("invalid_request", "this client must sign its requests (RFC 9101)"));
        }
        None => form.without_proof(),
    };
    let known = parameters.get("redirect_uri").is_some_and(|uri| client.redirect_uris.iter().any(|own| own == uri));
    if !known {
        return Err(refused("invalid_request", "redirect_uri is not one of the client's"));
    }
    let (mut request, extras) = request::check(&parameters, client)?;
    if let Some(proof) = proof {
        // The proof binds the code as dpop_jkt does, and must agree with it (RFC 9449 §10.1).
        if request.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt) {
            return Err(refused("invalid_dpop_proof", "dpop_jkt names another key"));
        }
        request.dpop_jkt = Some(proof.jkt);
        once.push(proof.once);
    }
    let reference = Token::fresh(&visit);
    let row = Pushed {
        client: client.id.clone(),
        request: json!({"request": request, "extras": extras}),
        expires_at: identity.inner.acts.now().plus_seconds(PUSHED_SECONDS),
        used_at: None,
    };
    let (hash, caller) = (reference.hash, identity.client_caller(client, &visit));
    let keep = move |cx: &mut Cx<'_>| remember(cx, &hash, &row, &once);
    identity.inner.acts.write(&caller, &Key::none(), keep).await?;
    let uri = format!("{URN}{}", reference.value.reveal());
    Ok(private(StatusCode::CREATED, &json!({"request_uri": uri, "expires_in": PUSHED_SECONDS})))
}

/// Keeps a pushed request.
fn remember(cx: &mut Cx<'_>, hash: &str, row: &Pushed, spent: &[Once]) -> Result<(), Fault> {
    cx.may("identity.request.push", &Resource::new("Grant", &row.client))?;
    once::spend(cx, spent)?;
    grants::insert_pushed(cx.tx(), hash, row)?;
    cx.record(Act::new("identity.request.pushed").on(&row.client).because("sign-in", "identity-service"));
    Ok(())
}

/// The request behind a reference, if it is this client's and still good. It may be looked at again until a code was
/// given for it: browsers reload.
pub(crate) async fn taken(
    identity: &Identity,
    visit: &Visit,
    client: &Client,
    reference: &str,
) -> Result<Option<(AuthRequest, Extras)>, Fault> {
    let Some(token) = reference.strip_prefix(URN) else { return Ok(None) };
    let hash = token_hash(token);
    let wanted = hash.clone();
    let look = move |cx: &mut Cx<'_>| Ok(grants::pushed(cx.tx(), &wanted)?);
    let now = identity.inner.acts.now();
    let row = identity.inner.acts.read(visit.caller(), look).await?;
    let Some(row) = row.filter(|row| row.client == client.id && row.used_at.is_none() && now < row.expires_at) else {
        return Ok(None);
    };
    let part = |name: &str| row.request.get(name).cloned().unwrap_or_default();
    let unreadable = |error| Fault::internal("identity.request.unreadable", error);
    let mut request: AuthRequest = serde_json::from_value(part("request")).map_err(unreadable)?;
    let extras: Extras = serde_json::from_value(part("extras")).map_err(unreadable)?;
    // It may have lost an address since.
    if !client.redirect_uris.contains(&request.redirect_uri) {
        return Ok(None);
    }
    request.pushed = Some(hash);
    Ok(Some((request, extras)))
}
