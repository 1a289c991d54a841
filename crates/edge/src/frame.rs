//! The layers around every route, outermost first: compression; the visit, its cookies, headers, log line
//! and refusals; panics; limits of length, rate, origin, number and time.
//!
//! **Invariant:** whatever happens inside, the answer is well-formed, carries the security headers and a
//! trace id, and the log has one line for it without personal data (the route's pattern, never the path).

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, body::Body};
use spine::{Fault, FaultKind};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::limits::Limits;
use crate::refusal::{Pending, Refusal, Reply, write_out};
use crate::site::Site;
use crate::visit::Visit;
use crate::{address, headers, origin};

/// Puts the frame around all routes. A middleware that recognises sessions goes inside: layer it on the
/// router first.
pub fn frame(router: Router, site: &Site, limits: Limits) -> Router {
    let body_limit = DefaultBodyLimit::max(limits.body_bytes);
    let turns = Arc::new(Semaphore::new(limits.concurrency));
    router
        .fallback(|| async { Refusal::from(Fault::not_found("edge.route.missing")) })
        .method_not_allowed_fallback(|| async {
            Refusal::from(Fault::invalid("edge.route.method")).status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(body_limit)
        .layer(from_fn_with_state((Arc::new(limits), turns), limited))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(site.clone(), visited))
        .layer(CompressionLayer::new())
}

/// The outermost of ours: makes the visit, writes refusals out, completes the answer, logs it.
async fn visited(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::read(&site, &parts);
    parts.extensions.insert(visit.clone());
    let (method, started) = (parts.method.clone(), visit.now());
    let route = parts.extensions.get::<MatchedPath>().map_or_else(|| "-".to_owned(), |route| route.as_str().to_owned());

    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(Pending(refusal)) = response.extensions_mut().remove::<Pending>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = write_out(&refusal, &visit, &method);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    complete(response.headers_mut(), &visit);
    let micros = visit.now().as_micros() - started.as_micros();
    tracing::info!(%method, route, status = response.status().as_u16(), micros, trace = visit.trace(), "answered");
    response
}

fn complete(headers: &mut HeaderMap, visit: &Visit) {
    headers::complete(headers, visit.site().is_https(), visit.signed_in());
    for cookie in visit.cookies() {
        cookie.set(headers, visit.site());
    }
    let public = headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"));
    if !public {
        headers.append(header::VARY, HeaderValue::from_static("Cookie, Accept-Language, Accept"));
    }
    if let Ok(trace) = HeaderValue::from_str(visit.trace()) {
        headers.insert("trace-id", trace);
    }
}

type Bounds = (Arc<Limits>, Arc<Semaphore>);

async fn limited(State((limits, turns)): State<Bounds>, visit: Visit, request: Request, next: Next) -> Reply {
    check_lengths(&limits, &request)?;
    visit.site().limiter().take(&limits.per_address, &address::household(visit.address()))?;
    if request.headers().contains_key(header::COOKIE) {
        origin::check(visit.site().base_url(), request.method(), request.headers())?;
    }
    let busy = |code| Refusal::from(Fault::unavailable(code).retry_after(5));
    let turn = tokio::time::timeout(Duration::from_millis(limits.wait_ms), turns.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(busy("edge.busy")) };
    tokio::time::timeout(Duration::from_millis(limits.timeout_ms), next.run(request))
        .await
        .map_err(|_| busy("edge.timeout"))
}

fn check_lengths(limits: &Limits, request: &Request) -> Result<(), Refusal> {
    let refused = |status| Err(Refusal::from(Fault::new(FaultKind::TooLarge, "edge.request.long")).status(status));
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > limits.url_bytes) {
        return refused(StatusCode::URI_TOO_LONG);
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limits.header_bytes {
        return refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    Ok(())
}

/// A panic is a fault of ours; what it said is for the log.
fn panicked(what: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    let said = what.downcast_ref::<String>().map(String::as_str).or_else(|| what.downcast_ref::<&str>().copied());
    Refusal::from(Fault::internal("edge.internal", said.unwrap_or("a panic without words").to_owned())).into_response()
}
