//! The interface of organisations: a question, a file of questions, watches and changes, proof of life.
//!
//! **Invariant:** the caller is a client with an access token of its own and the scope `verification`, bound to its key
//! where its profile says so; what it may do is its licence's to say.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json as Answered, body};
use edge::{Query, Refusal, Visit, body_limit};
use journal::Key;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use spine::{Caller, Cx, Fault};

use crate::settings::Identity;
use crate::verification::batch::{self, Asking};
use crate::verification::check::{Question, verify};
use crate::verification::licence::Verifier;
use crate::verification::watch::{Wanted, changes, unwatch, watch};

/// The scope that opens these doors.
const SCOPE: &str = "verification";
/// Bytes of a file of questions: three million lines.
const FILE_BYTES: usize = 512 << 20;
/// Bytes of anything else.
const BYTES: usize = 256 << 10;

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route("/api/verification/checks", post(check))
        .route("/api/verification/batches", post(batches).layer(body_limit(FILE_BYTES)))
        .route("/api/verification/watches", post(watched))
        .route("/api/verification/watches/{reference}", delete(unwatched))
        .route("/api/verification/changes", get(changed))
}

/// Who asks: the organisation, and the caller its acts are recorded under.
async fn asker(
    identity: &Identity,
    visit: &Visit,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(Verifier, Caller), Response> {
    let client = identity.bearer(visit, method, headers, &[SCOPE]).await.map_err(IntoResponse::into_response)?;
    let verifier = identity.inner.licences.of_client(&client.id).cloned();
    let verifier = verifier.ok_or_else(|| refused(Fault::forbidden("identity.verification.licence")))?;
    Ok((verifier, identity.client_caller(&client, visit)))
}

/// Takes so many questions from what the organisation may ask in a day.
fn counted(visit: &Visit, verifier: &Verifier, questions: usize) -> Result<(), Fault> {
    let questions = u32::try_from(questions).unwrap_or(u32::MAX);
    visit.site().limiter().take_many(&verifier.bucket(), &verifier.id, questions)
}

fn refused(fault: Fault) -> Response {
    Refusal::from(fault).into_response()
}

/// A body of JSON, within its limit.
async fn told<T: DeserializeOwned>(body: Body) -> Result<T, Response> {
    let bytes = body::to_bytes(body, BYTES).await.map_err(|_| {
        Refusal::from(Fault::invalid("identity.verification.long"))
            .status(StatusCode::PAYLOAD_TOO_LARGE)
            .into_response()
    })?;
    serde_json::from_slice(&bytes).map_err(|_| refused(Fault::invalid("identity.verification.wrong")))
}

async fn check(State(identity): State<Identity>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let (verifier, caller) = asker(&identity, &visit, &parts.method, &parts.headers).await?;
    counted(&visit, &verifier, 1).map_err(refused)?;
    let question: Question = told(body).await?;
    let engine = identity.clone();
    let ask = move |cx: &mut Cx<'_>| verify(cx, &engine, &verifier, &question);
    let answer = identity.inner.acts.write(&caller, &Key::none(), ask).await.map_err(refused)?;
    Ok(private(Answered(answer)))
}

fn private(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize)]
struct Batch {
    purpose: Option<String>,
}

async fn batches(
    State(identity): State<Identity>,
    visit: Visit,
    Query(asked): Query<Batch>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let (verifier, caller) = asker(&identity, &visit, &parts.method, &parts.headers).await?;
    if !verifier.bulk {
        return Err(refused(Fault::forbidden("identity.verification.licence")));
    }
    let purpose = asked.purpose.or_else(|| verifier.purposes.first().cloned()).unwrap_or_default();
    if !verifier.purposes.contains(&purpose) {
        return Err(refused(Fault::invalid("identity.verification.purpose")));
    }
    let asking = Asking { identity, site: visit.site().clone(), verifier, purpose, caller };
    let mut response = Response::new(batch::stream(asking, body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watches {
    people: Vec<Wanted>,
}

async fn watched(State(identity): State<Identity>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let (verifier, caller) = asker(&identity, &visit, &parts.method, &parts.headers).await?;
    let wanted: Watches = told(body).await?;
    let asked = wanted.people.len();
    counted(&visit, &verifier, asked).map_err(refused)?;
    let engine = identity.clone();
    let work = move |cx: &mut Cx<'_>| watch(cx, &engine, &verifier, &wanted.people);
    let known = identity.inner.acts.write(&caller, &Key::none(), work).await.map_err(refused)?;
    Ok(private(Answered(json!({"watched": known, "unknown": asked - known}))))
}

async fn unwatched(
    State(identity): State<Identity>,
    visit: Visit,
    Path(reference): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (verifier, caller) = asker(&identity, &visit, request.method(), request.headers()).await?;
    counted(&visit, &verifier, 1).map_err(refused)?;
    let work = move |cx: &mut Cx<'_>| unwatch(cx, &verifier, &reference);
    let gone = identity.inner.acts.write(&caller, &Key::none(), work).await.map_err(refused)?;
    Ok(if gone { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }.into_response())
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    after: i64,
}

async fn changed(
    State(identity): State<Identity>,
    visit: Visit,
    Query(since): Query<Since>,
    request: Request,
) -> Result<Response, Response> {
    let (verifier, caller) = asker(&identity, &visit, request.method(), request.headers()).await?;
    counted(&visit, &verifier, 1).map_err(refused)?;
    let work = move |cx: &mut Cx<'_>| changes(cx, &verifier, since.after);
    let told = identity.inner.acts.read(&caller, work).await.map_err(refused)?;
    Ok(private(Answered(json!({"changes": told}))))
}
