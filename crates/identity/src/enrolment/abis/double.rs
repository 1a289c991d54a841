//! An ABIS to try the port with: a process of its own (`letsema abis-double`) that speaks the same words and misbehaves on
//! demand. It matches nobody by body: two templates are alike if both hold the same line `finger:…`, `eye:…` or `face:…`.
//!
//! A line `double: …` of a template says how it behaves for it:
//!
//! | line | what it does |
//! |---|---|
//! | `double: busy N` | fails N times with reason 4, then does as asked |
//! | `double: slow N` | takes N milliseconds |
//! | `double: late` | answers 202 to `identify`, and tells the answer later |
//! | `double: twice` | the same, told twice, and before it an answer to a request nobody made |
//! | `double: broken` | answers what is no JSON, once |
//! | `double: silent` | answers 503 to `identify`, always |
//! | `double: refuses` | refuses the templates (reason 5) |
//!
//! **Invariant:** the same `requestId` is the same request; it keeps nothing after it ends. It is for demonstrations and
//! tests, and holds no real body's data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed, sign};
use edge::Outbound;
use serde_json::{Value as Json, json};
use spine::{Clock, Secret};

/// What the double needs to know.
#[derive(Clone)]
pub struct DoubleSettings {
    /// Where it tells answers that come late: `http://127.0.0.1:8080/api/identity/abis/answers`.
    pub answers_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
    /// The time, to sign with.
    pub clock: Arc<dyn Clock>,
    /// How it calls there and fetches templates.
    pub outbound: Outbound,
}

impl fmt::Debug for DoubleSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DoubleSettings")
    }
}

/// The templates it has, by reference; how often it was asked for each; what it answered.
#[derive(Default)]
struct Memory {
    templates: BTreeMap<String, String>,
    tries: BTreeMap<String, u64>,
    answered: BTreeMap<String, Json>,
}

#[derive(Clone)]
struct Double {
    settings: DoubleSettings,
    memory: Arc<Mutex<Memory>>,
}

/// Its interface.
pub fn routes(settings: DoubleSettings) -> Router {
    let double = Double { settings, memory: Arc::default() };
    Router::new().route("/{operation}", post(asked)).with_state(double)
}

fn answer(operation: &str, request: &str, more: Json) -> Json {
    let mut said = json!({"id": format!("mosip.abis.{operation}"), "requestId": request, "returnValue": 1});
    if let (Some(members), Some(more)) = (said.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    said
}

fn failed(operation: &str, request: &str, reason: u8) -> Json {
    answer(operation, request, json!({"returnValue": 2, "failureReason": reason}))
}

/// What a template asks of the double.
fn manner<'t>(template: &'t str, word: &str) -> Option<&'t str> {
    let said = template.lines().filter_map(|line| line.trim().strip_prefix("double:"));
    said.map(str::trim).find_map(|said| said.strip_prefix(word)).map(str::trim)
}

async fn asked(
    State(double): State<Double>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now = double.settings.clock.now();
    if !is_signed(&double.settings.secret, now, header(TIMESTAMP), header(SIGNATURE), &body) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(said) = serde_json::from_slice::<Json>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let text = |name: &str| said.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (request, reference) = (text("requestId"), text("referenceId"));
    if let Some(known) = double.lock(|memory| memory.answered.get(&request).cloned()) {
        return axum::Json(known).into_response();
    }
    match operation.as_str() {
        "ping" => axum::Json(answer("ping", &request, json!({}))).into_response(),
        "insert" => double.insert(&request, reference, &text("referenceURL")).await,
        "identify" => double.identify(&request, &reference).await,
        "delete" => {
            double.lock(|memory| memory.templates.remove(&reference));
            double.remember("delete", &request, json!({}))
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Double {
    fn lock<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn remember(&self, operation: &str, request: &str, more: Json) -> Response {
        let said = answer(operation, request, more);
        self.lock(|memory| memory.answered.insert(request.to_owned(), said.clone()));
        axum::Json(said).into_response()
    }

    /// Counts this try; the first is 1.
    fn tries(&self, request: &str) -> u64 {
        self.lock(|memory| {
            let tries = memory.tries.entry(request.to_owned()).or_default();
            *tries += 1;
            *tries
        })
    }

    async fn insert(&self, request: &str, reference: String, url: &str) -> Response {
        let tries = self.tries(request);
        let Some(template) = self.fetched(url).await else {
            return axum::Json(failed("insert", request, 7)).into_response();
        };
        if let Some(wait) = manner(&template, "slow").and_then(|wait| wait.parse().ok()) {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        if manner(&template, "refuses").is_some() {
            return axum::Json(failed("insert", request, 5)).into_response();
        }
        if manner(&template, "broken").is_some() && tries == 1 {
            return "<html>gateway</html>".into_response();
        }
        if manner(&template, "busy").and_then(|times| times.parse().ok()).is_some_and(|times: u64| tries <= times) {
            return axum::Json(failed("insert", request, 4)).into_response();
        }
        self.lock(|memory| memory.templates.insert(reference, template));
        self.remember("insert", request, json!({}))
    }

    async fn fetched(&self, url: &str) -> Option<String> {
        // Fetched from where answers are told: behind a proxy the program's own name may lead elsewhere.
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"))?;
        let origin: Vec<&str> = self.settings.answers_url.splitn(4, '/').take(3).collect();
        let url = format!("{}{path}", origin.join("/"));
        let time = self.settings.clock.now().as_seconds();
        let request = Request::get(url)
            .header(TIMESTAMP, time.to_string())
            .header(SIGNATURE, sign(&self.settings.secret, time, path.as_bytes()))
            .body(Bytes::new())
            .ok()?;
        let answer = self.settings.outbound.send(request).await.ok()?;
        (answer.status() == StatusCode::OK).then(|| String::from_utf8_lossy(answer.body()).into_owned())
    }

    async fn identify(&self, request: &str, reference: &str) -> Response {
        let Some(own) = self.lock(|memory| memory.templates.get(reference).cloned()) else {
            return axum::Json(failed("identify", request, 5)).into_response();
        };
        if manner(&own, "silent").is_some() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let found = self.lock(|memory| alike(&memory.templates, reference, &own));
        let count = found.len().to_string();
        let list = json!({"candidateList": {"count": count, "candidates": found}});
        let twice = manner(&own, "twice").is_some();
        if !twice && manner(&own, "late").is_none() {
            return self.remember("identify", request, list);
        }
        if self.tries(request) == 1 {
            let (double, said) = (self.clone(), answer("identify", request, list));
            tokio::spawn(async move { double.tell_later(&said, twice).await });
        }
        StatusCode::ACCEPTED.into_response()
    }

    async fn tell_later(&self, said: &Json, twice: bool) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if twice {
            self.tell(&answer("identify", "00000000-0000-4000-8000-000000000000", json!({}))).await;
            self.tell(said).await;
        }
        self.tell(said).await;
    }

    async fn tell(&self, said: &Json) {
        let (body, time) = (Bytes::from(said.to_string()), self.settings.clock.now().as_seconds());
        let request = Request::post(&self.settings.answers_url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, time.to_string())
            .header(SIGNATURE, sign(&self.settings.secret, time, &body))
            .body(body);
        if let Ok(request) = request {
            let _ = self.settings.outbound.send(request).await;
        }
    }
}

/// Who shares a line with a template.
fn alike(all: &BTreeMap<String, String>, reference: &str, own: &str) -> Vec<Json> {
    let marks = |template: &str| -> Vec<String> {
        let is_mark = |line: &&str| ["finger:", "eye:", "face:"].iter().any(|start| line.starts_with(start));
        template.lines().map(str::trim).filter(is_mark).map(str::to_owned).collect()
    };
    let own = marks(own);
    let shares = |template: &str| marks(template).iter().any(|mark| own.contains(mark));
    all.iter()
        .filter(|(name, template)| name.as_str() != reference && shares(template))
        .map(|(name, _)| json!({"referenceId": name, "analytics": {"confidence": "97"}}))
        .collect()
}
