//! How the tests ask: a small application with one route of each sort, and a visitor with cookies.
//!
//! **Invariant:** everything goes through `edge::frame`, as in the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::{Form, Json, Limits, Path, Query, Reply, Session, Site, Visit, frame, html, see_other};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use spine::{Actor, Assurance, Fault, Personal, Secret, Text, Via};
use tower::ServiceExt;

use crate::world;

/// What a response was.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: usize,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The form token in the page.
    pub(crate) fn token(&self) -> &str {
        let start = self.body.find("name=\"_form\" value=\"").unwrap() + 20;
        self.body[start..].split('"').next().unwrap()
    }
}

/// A browser, more or less.
pub(crate) struct Visitor {
    app: Router,
    pub(crate) cookies: Vec<String>,
}

impl Visitor {
    pub(crate) fn new(site: &Site) -> Self {
        Self::with(site, Limits::default())
    }

    pub(crate) fn with(site: &Site, limits: Limits) -> Self {
        Self { app: frame(routes(), site, limits), cookies: Vec::new() }
    }

    pub(crate) fn signed_in(mut self, who: &str) -> Self {
        self.cookies.push(format!("session={who}"));
        self
    }

    pub(crate) async fn ask(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(target);
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            let name = pair.split('=').next().unwrap().to_owned() + "=";
            self.cookies.retain(|own| !own.starts_with(&name));
            self.cookies.push(pair);
        }
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, bytes: bytes.len(), body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn page(&mut self, target: &str) -> Answer {
        self.ask("GET", target, &[("accept", "text/html")], "").await
    }

    pub(crate) async fn api(&mut self, target: &str) -> Answer {
        self.ask("GET", target, &[("accept", "application/json")], "").await
    }

    pub(crate) async fn send(&mut self, target: &str, body: &str) -> Answer {
        let headers = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "http://localhost:8080"),
        ];
        self.ask("POST", target, &headers, body.to_owned()).await
    }

    pub(crate) async fn post_json(&mut self, target: &str, body: &str) -> Answer {
        self.ask("POST", target, &[("content-type", "application/json")], body.to_owned()).await
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
}

#[derive(Deserialize)]
struct Count {
    count: u32,
}

fn routes() -> Router {
    let sent = Arc::new(AtomicU32::new(0));
    Router::new()
        .route("/", get(|visit: Visit| async move { visit.page("Home") }))
        .route("/name", get(ask_name).post(take_name))
        .route("/upload", post(take_files))
        .route("/mine", get(mine).post(mine))
        .route("/echo", get(|visit: Visit| async move { visit.page(visit.query().unwrap_or("").to_owned()) }))
        .route("/fault/{kind}", get(fault))
        .route("/api/fault/{kind}", get(fault))
        .route("/api/things", post(|Json(thing): Json<Thing>| async move { Json(thing) }))
        .route("/api/count", get(|Query(count): Query<Count>| async move { Json(count.count) }))
        .route("/api/things/{number}", get(|Path(number): Path<u32>| async move { Json(number) }))
        .route(
            "/api/keyed",
            post(|key: edge::IdempotencyKey, seen: edge::IfMatch| async move { Json([key.0, seen.0]) }),
        )
        .route("/api/paging", get(|paging: edge::Paging| async move { format!("{paging:?}") }))
        .route("/panic", get(panics))
        .route("/slow", get(|| async { tokio::time::sleep(std::time::Duration::from_secs(5)).await }))
        .with_state(sent)
        .layer(from_fn(recognise))
}

async fn panics() {
    panic!("the cause, with a name in it");
}

/// What the identity engine's middleware does, in short: the cookie `session` holds a name.
async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    let name = edge::cookie::read(request.headers(), "session").map(str::to_owned);
    if let Some(name) = name {
        let actor = Actor::person(format!("per_{name}"), Personal::new(name.clone()), Assurance::Substantial);
        visit.recognise(Session { actor, binding: Secret::new(name.into_bytes()), via: Via::Web, acting: None });
    }
    next.run(request).await
}

async fn ask_name(visit: Visit) -> edge::Page {
    let sheet = visit.sheet();
    sheet.ask("/name", sheet.text("name", "What is your name?"))
}

async fn take_name(State(sent): State<Arc<AtomicU32>>, visit: Visit, form: Form) -> Reply {
    if !form.answers.has("name") {
        let fault = Fault::invalid("test.name").field("name", Text::new("edge.choose"));
        let faults = edge::correctable(fault)?;
        let sheet = visit.sheet_with(form.answers, &faults);
        return Ok(sheet.ask("/name", sheet.text("name", "What is your name?")).into_response());
    }
    if form.answers.one("name") == "key" {
        return Ok(form.key.text().to_owned().into_response());
    }
    sent.fetch_add(1, Ordering::Relaxed);
    Ok(see_other("/"))
}

async fn take_files(form: Form) -> String {
    form.files.iter().map(|file| format!("{} {} {}", file.field, file.file_name, file.bytes.len())).collect()
}

async fn mine(visit: Visit) -> Reply {
    let name = visit.must_sign_in()?.name.reveal().clone();
    Ok(visit.page(name).body(html! { (visit.token_field()) }).into_response())
}

async fn fault(Path(kind): Path<String>) -> Reply {
    use spine::FaultKind::{
        Conflict, Expired, Forbidden, Internal, Invalid, NotFound, TooLarge, TooMany, Unauthenticated, Unavailable,
    };
    let kind = match kind.as_str() {
        "invalid" => Invalid,
        "unauthenticated" => Unauthenticated,
        "forbidden" => Forbidden,
        "not_found" => NotFound,
        "conflict" => Conflict,
        "expired" => Expired,
        "too_large" => TooLarge,
        "too_many" => TooMany,
        "unavailable" => Unavailable,
        _ => Internal,
    };
    let fault = Fault::new(kind, "test.some.fault").caused_by("SECRET CAUSE").retry_after(7);
    Err(fault.field("/name", Text::new("edge.choose")).field("age", Text::new("edge.choose")).into())
}

pub(crate) fn visitor() -> (Visitor, Arc<world::HandClock>) {
    let clock = world::clock();
    (Visitor::new(&world::site(clock.clone())), clock)
}
