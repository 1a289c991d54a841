//! Whether somebody signed in a moment ago: asked before anything that changes how an account is opened.
//!
//! **Invariant:** the moment is the provider's session's own, read in the transaction of the deed; a policy says what
//! needs it (ASVS 5.0 7.5.1). A page sends her to sign in again and back to where she was.

use axum::response::Response;
use edge::origin::encode_query;
use edge::{Visit, see_other};
use spine::{Cx, Fault};

use crate::recognise::Current;
use crate::session;

/// How long a sign-in is fresh.
pub(crate) const FRESH_SECONDS: i64 = 10 * 60;

/// Whether the actor's own session began a moment ago.
pub(crate) fn is(cx: &mut Cx<'_>, current: Option<Current>) -> Result<bool, Fault> {
    let Some(current) = current else { return Ok(false) };
    let (now, account) = (cx.now(), cx.actor().id.clone());
    let found = session::by_id(cx.tx(), current.provider, now)?.filter(|found| found.account == account);
    Ok(found.is_some_and(|found| now.seconds_since(found.auth_time) < FRESH_SECONDS))
}

/// To sign in again and come back here, unless that was a moment ago. Anonymous visitors are told to sign in.
pub(crate) fn again(visit: &Visit, current: Option<Current>, path: &str) -> Option<Response> {
    let fresh = current.is_some_and(|current| visit.now().seconds_since(current.auth_time) < FRESH_SECONDS);
    (!fresh).then(|| see_other(&format!("/sign-in?fresh=yes&next={}", encode_query(path))))
}
