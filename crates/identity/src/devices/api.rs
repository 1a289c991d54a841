//! Devices registered by an organisation's own program: `/api/identity/devices`.
//!
//! **Invariant:** asked with an access token (scope `devices.manage`) of a client that an organisation answers for; it sees and
//! changes that organisation's devices and no others.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, put};
use edge::{Answers, Path, Visit};
use journal::Key;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use spine::{Caller, Cx, Date, Fault};

use crate::devices::device::{Device, DeviceState};
use crate::devices::register::{self, NewDevice};
use crate::provider::answer::{Refused, private, refused};
use crate::settings::Identity;

const SCOPE: &str = "devices.manage";
/// The largest body, in bytes.
const LARGEST: usize = 16 * 1024;

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route("/api/identity/devices", get(list).post(take_in))
        .route("/api/identity/devices/{device}/state", put(set_state))
        .route("/api/identity/devices/{device}/key", put(set_key))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    kind: String,
    name: String,
    purpose: String,
    place: String,
    proves: String,
    jwk: Json,
    scope: String,
    valid_to: Date,
}

/// Who asks, and the organisation that answers for it.
async fn asker(
    identity: &Identity,
    visit: &Visit,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(Caller, Option<String>), Refused> {
    let client = identity.bearer(visit, method, headers, &[SCOPE]).await?;
    Ok((identity.client_caller(&client, visit), client.declared.organisation.clone()))
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let wrong = refused("invalid_request", "the body is not the JSON that is asked for");
    if body.len() > LARGEST {
        return Err(wrong);
    }
    serde_json::from_slice(body).map_err(|_| wrong)
}

/// A fault as this interface says it.
fn said(fault: Fault) -> Refused {
    match fault.code() {
        "identity.device.wrong" => refused("invalid_request", "a field is missing, too long or not what it must be"),
        "identity.device.missing" => {
            Refused { status: StatusCode::NOT_FOUND, ..refused("invalid_request", "there is no such device") }
        }
        "identity.device.over" => {
            Refused { status: StatusCode::CONFLICT, ..refused("invalid_request", "it cannot take this step any more") }
        }
        _ => fault.into(),
    }
}

fn told(device: &Device) -> Json {
    json!({
        "client_id": device.id, "kind": device.kind.name(), "name": device.name, "purpose": device.purpose,
        "place": device.place, "proves": device.proves.name(), "scope": device.scopes.join(" "),
        "valid_to": device.valid_to, "state": device.state.name(),
    })
}

async fn list(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (caller, own) = asker(&identity, &visit, &method, &headers).await?;
    let query = Answers::parse(visit.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let after = query.one("after").to_owned();
    let look = move |cx: &mut Cx<'_>| register::list(cx, own.as_deref(), &after);
    let devices = identity.inner.acts.read(&caller, look).await.map_err(said)?;
    Ok(private(StatusCode::OK, &json!({ "devices": devices.iter().map(told).collect::<Vec<_>>() })))
}

async fn take_in(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let (caller, own) = asker(&identity, &visit, &method, &headers).await?;
    let sent: Sent = read(&body)?;
    let new = NewDevice {
        kind: sent.kind,
        name: sent.name,
        purpose: sent.purpose,
        place: sent.place,
        proves: sent.proves,
        key: sent.jwk.to_string(),
        scopes: sent.scope.split_ascii_whitespace().map(str::to_owned).collect(),
        valid_to: sent.valid_to,
    };
    let engine = identity.clone();
    let work = move |cx: &mut Cx<'_>| register::register(cx, &engine, own.as_deref(), &new);
    let id = identity.inner.acts.write(&caller, &Key::none(), work).await.map_err(said)?;
    Ok(private(StatusCode::CREATED, &json!({ "client_id": id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewState {
    state: DeviceState,
}

async fn set_state(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    Path(device): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let (caller, own) = asker(&identity, &visit, &method, &headers).await?;
    let state = read::<NewState>(&body)?.state;
    let id = device.parse().map_err(|_| said(Fault::not_found("identity.device.missing")))?;
    let work = move |cx: &mut Cx<'_>| register::set_state(cx, own.as_deref(), id, state);
    identity.inner.acts.write(&caller, &Key::none(), work).await.map_err(said)?;
    Ok(private(StatusCode::OK, &json!({ "client_id": device, "state": state.name() })))
}

async fn set_key(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    Path(device): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let (caller, own) = asker(&identity, &visit, &method, &headers).await?;
    let key = read::<Json>(&body)?.to_string();
    let id = device.parse().map_err(|_| said(Fault::not_found("identity.device.missing")))?;
    let work = move |cx: &mut Cx<'_>| register::rotate(cx, own.as_deref(), id, &key);
    identity.inner.acts.write(&caller, &Key::none(), work).await.map_err(said)?;
    Ok(private(StatusCode::OK, &json!({ "client_id": device })))
}
