//! The JSON API of every register, as `openapi.rs` describes it.
//!
//! **Invariant:** thin: a handler reads the request, calls one operation and writes its answer. What a register's
//! API is follows from its declaration; there is nothing here for any one register.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::{IdempotencyKey, IfMatch, Json, Paging, Path, Refusal, Reply, Visit, body_limit, etag};
use journal::{Acts, Key};
use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Date, Fault, FaultKind, Timestamp};

use crate::change::{Change, Kind, change};
use crate::enrol::{Enrol, enrol};
use crate::export::{Export, export};
use crate::import::{Format, Import, import};
use crate::look_up::{Look, history, look_up};
use crate::openapi::declaration;
use crate::record::{Record, Stored};
use crate::register::{Fields, Register, Registers};
use crate::search::{Query, search};

/// Bytes of a file sent to be imported; larger ones go through the command line.
const IMPORT_BYTES: usize = 32 << 20;

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) acts: Acts,
    pub(crate) registers: Registers,
}

pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/api/registers", get(list))
        .route("/api/registers/{register}", get(one))
        .route("/api/registers/{register}/records", get(find_records).post(enrol_record))
        .route("/api/registers/{register}/records/{key}", get(look).patch(change_record))
        .route("/api/registers/{register}/records/{key}/history", get(look_back))
        .route("/api/registers/{register}/import", post(take_in).layer(body_limit(IMPORT_BYTES)))
        .route("/api/registers/{register}/export", get(give_out))
        .with_state(desk)
}

async fn list(State(desk): State<Desk>) -> Json<Value> {
    let registers: Vec<Value> = desk.registers.iter().map(summary).collect();
    Json(json!({"registers": registers}))
}

async fn one(State(desk): State<Desk>, Path(register): Path<String>) -> Reply<Json<Value>> {
    Ok(Json(declaration(desk.registers.need(&register)?)))
}

fn summary(register: &Register) -> Value {
    json!({
        "id": register.id(),
        "name": register.name(),
        "owner": register.owner(),
        "class": register.class(),
        "illustrative": register.illustrative(),
    })
}

/// A record as the API shows it.
pub(crate) fn shown(register: &Register, record: &Record) -> Value {
    let mut value = json!({
        "id": record.id(),
        "register": record.register(),
        "revision": record.revision(),
        "version": record.number(),
        "cause": record.cause(),
        "valid_from": record.valid_from(),
        "valid_to": record.valid_to(),
        "known_from": record.known_from(),
        "known_to": record.known_to(),
        "title": register.title(record.fields()),
        "fields": record.fields(),
    });
    if let Value::Object(members) = &mut value {
        if !record.key().is_empty() {
            members.insert("key".to_owned(), record.key().into());
        }
        if let Some(reason) = record.reason() {
            members.insert("reason".to_owned(), reason.into());
        }
    }
    value
}

fn malformed() -> Refusal {
    Refusal::from(Fault::invalid("edge.query.malformed")).status(StatusCode::BAD_REQUEST)
}

async fn find_records(
    State(desk): State<Desk>,
    visit: Visit,
    Path(register): Path<String>,
    paging: Paging,
    edge::Query(pairs): edge::Query<Vec<(String, String)>>,
) -> Reply<Json<Value>> {
    let mut query = Query::new(&register).page(paging.after, paging.limit.into());
    for (name, value) in pairs {
        query = match name.as_str() {
            "q" => query.words(value),
            "view" => query.view(Some(value)),
            "purpose" => query.because(value),
            "after" | "limit" | "lang" => query,
            _ => query.with(name, value),
        };
    }
    let registers = desk.registers.clone();
    let found = desk.acts.write(visit.caller(), &Key::none(), move |cx| search(cx, &registers, &query)).await?;
    let register = desk.registers.need(&register)?;
    let records: Vec<Value> = found.records.iter().map(|record| shown(register, record)).collect();
    Ok(Json(json!({"records": records, "next": found.next})))
}

#[derive(Deserialize)]
struct AsOf {
    valid: Option<String>,
    known: Option<String>,
    view: Option<String>,
    purpose: Option<String>,
}

impl AsOf {
    fn look(&self, register: &str, key: &str) -> Result<Look, Refusal> {
        let valid: Option<Date> = self.valid.as_deref().map(str::parse).transpose().map_err(|_| malformed())?;
        let known = self.known.as_deref().map(Timestamp::parse).transpose().map_err(|_| malformed())?;
        let purpose = self.purpose.as_deref().unwrap_or("administration");
        Ok(Look::new(register, key, purpose).view(self.view.clone()).as_of(valid, known))
    }
}

async fn look(
    State(desk): State<Desk>,
    visit: Visit,
    Path((register, key)): Path<(String, String)>,
    edge::Query(as_of): edge::Query<AsOf>,
) -> Reply {
    let (look, registers) = (as_of.look(&register, &key)?, desk.registers.clone());
    let record = desk.acts.write(visit.caller(), &Key::none(), move |cx| look_up(cx, &registers, &look)).await?;
    let body = shown(desk.registers.need(&register)?, &record);
    Ok((etag(record.revision()), Json(body)).into_response())
}

async fn look_back(
    State(desk): State<Desk>,
    visit: Visit,
    Path((register, key)): Path<(String, String)>,
    edge::Query(as_of): edge::Query<AsOf>,
) -> Reply<Json<Value>> {
    let (look, registers) = (as_of.look(&register, &key)?, desk.registers.clone());
    let versions = desk.acts.write(visit.caller(), &Key::none(), move |cx| history(cx, &registers, &look)).await?;
    let register = desk.registers.need(&register)?;
    let versions: Vec<Value> = versions.iter().map(|version| shown(register, version)).collect();
    Ok(Json(json!({"versions": versions})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnrolBody {
    fields: Fields,
    from: Option<Date>,
    purpose: Option<String>,
}

async fn enrol_record(
    State(desk): State<Desk>,
    visit: Visit,
    Path(register): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<EnrolBody>,
) -> Reply {
    let request = json!([register, body.fields, body.from, body.purpose]).to_string();
    let mut command = Enrol::new(&register, body.fields);
    if let Some(day) = body.from {
        command = command.from(day);
    }
    if let Some(purpose) = body.purpose {
        command = command.because(purpose);
    }
    let key = keyed("registers.record.enrol", &visit, &key, &request);
    let registers = desk.registers.clone();
    let stored = desk.acts.write(visit.caller(), &key, move |cx| enrol(cx, &registers, &command)).await?;
    let place = format!("/api/registers/{register}/records/{}", stored.id);
    let mut response = (StatusCode::CREATED, answer(stored)).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    #[serde(default = "changed")]
    kind: Kind,
    #[serde(default)]
    fields: Fields,
    from: Option<Date>,
    reason: Option<String>,
    purpose: Option<String>,
}

const fn changed() -> Kind {
    Kind::Change
}

async fn change_record(
    State(desk): State<Desk>,
    visit: Visit,
    Path((register, record)): Path<(String, String)>,
    IdempotencyKey(key): IdempotencyKey,
    IfMatch(seen): IfMatch,
    Json(body): Json<ChangeBody>,
) -> Reply {
    let request = json!([register, record, seen, body.kind, body.fields, body.from, body.reason, body.purpose]);
    // A tag that is no revision is none we gave, so it cannot match.
    let seen: i64 = seen.parse().unwrap_or(0);
    let command = Change::new(body.kind, &register, record, seen, body.fields)
        .from(body.from)
        .reason(body.reason.unwrap_or_default())
        .because(body.purpose.unwrap_or_else(|| "registration".to_owned()));
    let key = keyed("registers.record.change", &visit, &key, &request.to_string());
    let registers = desk.registers.clone();
    let stored = desk.acts.write(visit.caller(), &key, move |cx| change(cx, &registers, &command)).await;
    Ok(answer(stored.map_err(precondition)?))
}

/// RFC 9110 §13.1.1: an If-Match that does not match is 412.
fn precondition(fault: Fault) -> Refusal {
    let is_stale = fault.kind() == FaultKind::Conflict && fault.code() == "registers.record.stale";
    let refusal = Refusal::from(fault);
    if is_stale { refusal.status(StatusCode::PRECONDITION_FAILED) } else { refusal }
}

fn answer(stored: Stored) -> Response {
    (etag(stored.revision), Json(stored)).into_response()
}

/// The key of a call: the caller's own, within the operation.
fn keyed(operation: &str, visit: &Visit, key: &str, request: &str) -> Key {
    Key::new(&format!("{operation}:{}", visit.actor().id), key, request.as_bytes())
}

async fn take_in(
    State(desk): State<Desk>,
    visit: Visit,
    Path(register): Path<String>,
    IdempotencyKey(name): IdempotencyKey,
    headers: HeaderMap,
    body: Bytes,
) -> Reply<Json<Value>> {
    let told = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(Format::told_by);
    let unknown = || Refusal::from(Fault::invalid("edge.body.type")).status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let order = Import { register, format: told.ok_or_else(unknown)?, name, purpose: "registration".to_owned() };
    let report = import(&desk.acts, &desk.registers, visit.caller(), &order, body.as_ref(), |_| {}).await?;
    let faults: Vec<Value> = report
        .faults
        .iter()
        .map(|fault| {
            json!({
                "line": fault.line,
                "field": fault.field,
                "problem": fault.problem.key(),
                "detail": visit.say(&fault.problem),
            })
        })
        .collect();
    Ok(Json(json!({"enrolled": report.enrolled, "refused": report.refused, "faults": faults})))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    format: Format,
    view: Option<String>,
    purpose: Option<String>,
}

async fn give_out(
    State(desk): State<Desk>,
    visit: Visit,
    Path(register): Path<String>,
    edge::Query(wanted): edge::Query<Wanted>,
) -> Reply {
    let format = wanted.format;
    let purpose = wanted.purpose.unwrap_or_else(|| "administration".to_owned());
    let order = Export { register, format, view: wanted.view, purpose };
    let mut exporting = export(&desk.acts, &desk.registers, visit.caller(), order).await?;
    let (mut pieces, body) = edge::streamed();
    let caller = visit.caller().clone();
    tokio::spawn(async move {
        loop {
            let piece = match exporting.next(&desk.acts, &desk.registers, &caller).await {
                Ok(Some(piece)) => piece,
                Ok(None) => return,
                Err(fault) => {
                    tracing::warn!(code = fault.code(), "an export broke off");
                    return pieces.abort(fault);
                }
            };
            if !pieces.send(piece).await {
                return;
            }
        }
    });
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    Ok(response)
}
