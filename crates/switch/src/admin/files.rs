//! `/api/switch/settlements/{id}/files/{name}`: the files of a settlement, for the settlement bank's and the participants' own systems.
//!
//! **Invariant:** the same bytes as an officer takes at `/switch/settlements/{id}`; `desk/files.rs` writes them.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::Download;
use spine::Cx;

use super::{Answer, operator};
use crate::Switch;
use crate::desk::files::{self, Wanted};
use crate::fspiop::error::{Refused, SYNTAX};

pub(super) fn routes() -> Router<Switch> {
    Router::new().route("/api/switch/settlements/{id}/files/{name}", get(file))
}

async fn file(State(switch): State<Switch>, headers: HeaderMap, Path((id, name)): Path<(i64, String)>) -> Answer {
    let caller = operator(&switch, &headers)?;
    let wanted = Wanted::read(&name);
    let wanted = wanted.ok_or_else(|| Refused::new(SYNTAX, "no such file").status(StatusCode::NOT_FOUND))?;
    let own = switch.clone();
    let read = move |cx: &mut Cx<'_>| files::write(cx, &own, id, wanted);
    let bytes = switch.inner.acts.read(&caller, read).await.map_err(Refused::from)?;
    let (name, kind) = wanted.called(id);
    Ok(Download::new(name, kind, bytes).into_response())
}
