//! The middleware that knows who visits: layered on the program's router, inside `edge::frame`.
//!
//! **Invariant:** it only ever says who somebody is; a session that does not count makes an anonymous visit. That a
//! session was used is noted at most once a minute, as bookkeeping and not as an act: looking at a page is no deed.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use edge::cookie::guarded_name;
use edge::{Lapsed, Refusal, Session, Visit};
use spine::{Caller, Secret, Timestamp, Via, Work};

use crate::keys::token_hash;
use crate::rows::sessions;
use crate::session::{self, Found, SessionId, TOUCH_SECONDS};
use crate::settings::Identity;

/// The cookie of the portal's session.
pub(crate) const SESSION_COOKIE: &str = "session";

/// The session a request came with, for handlers that show or end it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    /// The provider's session behind it.
    pub(crate) provider: SessionId,
    /// When the sign-in was.
    pub(crate) auth_time: Timestamp,
}

/// Recognises the session cookie: `router.layer(from_fn_with_state(identity, recognise))`.
///
/// # Errors
/// The store's faults.
pub async fn recognise(
    State(identity): State<Identity>,
    visit: Visit,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let name = guarded_name(visit.site(), SESSION_COOKIE);
    let token = edge::cookie::read(request.headers(), &name).map(str::to_owned);
    if let Some(token) = token {
        let binding = Secret::new(crypto::sha256(&[b"identity binding 1:", token.as_bytes()]).to_vec());
        if let Some(found) = identity.portal_session(&visit, token_hash(&token)).await? {
            request
                .extensions_mut()
                .insert(Current { provider: found.parent.unwrap_or(found.id), auth_time: found.auth_time });
            visit.recognise(Session { actor: found.actor(), binding, via: Via::Web });
            if let Some(kept) = edge::kept::resume(&visit, request.method(), request.headers()) {
                return Ok(kept);
            }
        } else if request.method() == Method::POST
            && let Some(who) = identity.lapsed(&visit, token_hash(&token)).await?
        {
            visit.lapse(Lapsed { who, binding });
        }
    }
    Ok(next.run(request).await)
}

impl Identity {
    /// Whose portal session a token was, though it counts no more.
    async fn lapsed(&self, visit: &Visit, hash: String) -> Result<Option<String>, Refusal> {
        let look = move |cx: &mut spine::Cx<'_>| {
            let found = sessions::by_token(cx.tx(), &hash)?.filter(|found| found.client.is_some());
            Ok(found.map(|found| found.account))
        };
        Ok(self.inner.acts.read(visit.caller(), look).await?)
    }

    /// The portal's session of a token, noted as used.
    async fn portal_session(&self, visit: &Visit, hash: String) -> Result<Option<Found>, Refusal> {
        let acts = &self.inner.acts;
        let look = move |cx: &mut spine::Cx<'_>| {
            let now = cx.now();
            Ok(session::recognise(cx.tx(), &hash, now)?.filter(|found| found.client.is_some()))
        };
        let found = acts.read(&Caller { via: Via::Web, ..visit.caller().clone() }, look).await?;
        if let Some(found) = &found {
            let now = acts.now();
            if now.seconds_since(found.last_seen_at) >= TOUCH_SECONDS {
                let (id, parent) = (found.id, found.parent);
                let touch: Work = Box::new(move |tx| Ok(Box::new(sessions::touch(tx, id, parent, now)?)));
                acts.database().write(touch).await?;
            }
        }
        Ok(found)
    }
}
