//! Clients registered by a program: `/api/identity/clients`, in the words of RFC 7591.
//!
//! **Invariant:** asked with an access token of a client that was declared to manage others (scope `clients.manage`); what
//! is regulated takes two officers and is refused here. Registration without a token is off.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{post, put};
use edge::{Path, Visit};
use serde_json::json;
use spine::Fault;

use crate::provider::answer::{Refused, private, refused};
use crate::provider::metadata::{ClientMetadata, Profile};
use crate::settings::Identity;

const SCOPE: &str = "clients.manage";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route("/api/identity/clients", post(register)).route("/api/identity/clients/{client}", put(change))
}

/// A declaration out of a body.
fn declaration(body: &[u8]) -> Result<ClientMetadata, Refused> {
    let declared: Result<ClientMetadata, _> = serde_json::from_slice(body);
    let declared = declared.map_err(|_| refused("invalid_client_metadata", "the declaration cannot be read"))?;
    if declared.profile == Profile::Fapi2 {
        return Err(refused("invalid_client_metadata", "a regulated client is registered by two officers"));
    }
    Ok(declared)
}

fn said(fault: Fault) -> Refused {
    match fault.code() {
        "identity.client.invalid" => refused("invalid_client_metadata", "the declaration does not hold together"),
        "identity.client.exists" => Refused {
            status: StatusCode::CONFLICT,
            ..refused("invalid_client_metadata", "there is a client of this name")
        },
        "identity.client.missing" => {
            Refused { status: StatusCode::NOT_FOUND, ..refused("invalid_client_metadata", "there is no such client") }
        }
        _ => fault.into(),
    }
}

async fn register(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let manager = identity.bearer(&visit, &method, &headers, &[SCOPE]).await?;
    let declared = declaration(&body)?;
    let caller = identity.client_caller(&manager, &visit);
    let id = identity.register_client(&caller, declared, true).await.map_err(said)?;
    Ok(private(StatusCode::CREATED, &json!({"client_id": id})))
}

async fn change(
    State(identity): State<Identity>,
    visit: Visit,
    method: Method,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let manager = identity.bearer(&visit, &method, &headers, &[SCOPE]).await?;
    let declared = declaration(&body)?;
    if declared.client_id != id {
        return Err(refused("invalid_client_metadata", "client_id is another's"));
    }
    let caller = identity.client_caller(&manager, &visit);
    identity.change_client(&caller, declared, true).await.map_err(said)?;
    Ok(private(StatusCode::OK, &json!({"client_id": id})))
}
