//! The middleware that knows who visits: layered on the program's router, inside `edge::frame`.
//!
//! **Invariant:** it only ever says who somebody is; a session that does not count makes an anonymous visit. That a
//! session was used is noted at most once a minute, as bookkeeping and not as an act: looking at a page is no deed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use edge::cookie::guarded_name;
use edge::{Lapsed, Refusal, Session, Visit};
use spine::{Actor, Behalf, Caller, Secret, Timestamp, Via, Work};

use crate::keys::token_hash;
use crate::mandates::acting::{Standing, standing};
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

/// For whom a session was chosen to act.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// The portal's session.
    pub(crate) session: SessionId,
    /// Whom she chose to act for, whether she still may or not.
    pub(crate) acting_for: Option<String>,
    /// For whom it acts, if it may, also where the page is the visitor's own affair.
    pub(crate) acting: Option<Arc<Behalf>>,
}

/// Pages that are about the visitor herself, whomever she acts for: signing in and out, her sessions, keys and mandates.
/// What she agreed to pass on is among what a mandate may cover.
fn is_own_affair(path: &str) -> bool {
    let within = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let own =
        ["/oauth2", "/sign-in", "/sign-out", "/account", "/acting", "/device", "/my/number"].into_iter().any(within);
    own && !within("/account/consents")
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
        let bound = |acting: &[u8]| crypto::sha256(&[b"identity binding 1:", token.as_bytes(), acting]).to_vec();
        let binding = Secret::new(bound(b""));
        if let Some((found, standing)) = identity.portal_session(&visit, token_hash(&token)).await? {
            let acting = standing.behalf().cloned();
            request
                .extensions_mut()
                .insert(Current { provider: found.parent.unwrap_or(found.id), auth_time: found.auth_time });
            request.extensions_mut().insert(Chosen {
                session: found.id,
                acting_for: found.acting_for.clone(),
                acting: acting.clone(),
            });
            // A form opened for one person is no form for another.
            let binding = match &acting {
                Some(behalf) => Secret::new(bound(format!(":{}", behalf.person).as_bytes())),
                None => binding,
            };
            let aside = is_own_affair(visit.path());
            let actor = Actor { on_behalf_of: acting.filter(|_| !aside), ..found.actor() };
            visit.recognise(Session { actor, binding, via: Via::Web, acting: standing.shown(aside) });
            if let Some(kept) = edge::kept::resume(&visit, request.method(), request.headers()) {
                return Ok(kept);
            }
        } else if request.method() == Method::POST
            && let Some(who) = identity.lapsed(&visit, token_hash(&token)).await?
        {
            visit.lapse(Lapsed { who, binding });
        }
    }
    if !visit.signed_in()
        && takes_devices(visit.path())
        && let Some(session) = identity.device_session(&visit, request.method(), request.headers()).await?
    {
        visit.recognise(session);
    }
    Ok(next.run(request).await)
}

/// Interfaces that know who asks by the visit. Those of this engine read their tokens themselves, once.
fn takes_devices(path: &str) -> bool {
    path.starts_with("/api/") && !["/api/identity/", "/api/verification/"].iter().any(|own| path.starts_with(own))
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

    /// The portal's session of a token and for whom it acts, noted as used.
    async fn portal_session(&self, visit: &Visit, hash: String) -> Result<Option<(Found, Standing)>, Refusal> {
        let (acts, identity) = (&self.inner.acts, self.clone());
        let look = move |cx: &mut spine::Cx<'_>| {
            let now = cx.now();
            let found = session::recognise(cx.tx(), &hash, now)?.filter(|found| found.client.is_some());
            let Some(found) = found else { return Ok(None) };
            let standing = standing(cx, &identity, &found)?;
            Ok(Some((found, standing)))
        };
        let found = acts.read(&Caller { via: Via::Web, ..visit.caller().clone() }, look).await?;
        if let Some((found, _)) = &found {
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
