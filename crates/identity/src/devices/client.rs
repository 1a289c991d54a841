//! A device as a client at the token endpoint, and as an actor at the program's interfaces.
//!
//! **Invariant:** read from its row each time, never remembered; a token of one that is not in use opens nothing.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, header};
use crypto::sha256;
use edge::{Session, Visit};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Localised, Personal, Secret, Timestamp, Via};

use crate::devices::device::{Device, DeviceId, Proves};
use crate::provider::client::Client;
use crate::provider::metadata::{AuthMethod, ClientMetadata, GrantType, TokenFormat};
use crate::rows::devices as rows;
use crate::settings::Identity;

/// How the identifier of a device begins.
const PREFIX: &str = "dev_";

/// Whether an identifier is a device's.
pub(crate) fn is_device(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// The device as a client.
fn client_of(device: Device, now: Timestamp) -> Option<Client> {
    let old = device.old_key.as_ref().filter(|(_, until)| now < *until).map(|(key, _)| key.clone());
    let keys: Vec<Json> = std::iter::once(device.key.clone()).chain(old).collect();
    let by_certificate = device.proves == Proves::Certificate;
    let declared = ClientMetadata {
        client_id: device.id.to_string(),
        client_name: Localised::from([("en", device.name.as_str())]),
        organisation: Some(device.owner.clone()),
        token_endpoint_auth_method: match device.proves {
            Proves::Key => AuthMethod::PrivateKeyJwt,
            Proves::Certificate => AuthMethod::SelfSignedTlsClientAuth,
        },
        jwks: Some(json!({ "keys": keys })),
        grant_types: vec![GrantType::ClientCredentials],
        scope: device.scopes.join(" "),
        tls_client_certificate_bound_access_tokens: by_certificate,
        access_token_format: TokenFormat::Jwt,
        ..ClientMetadata::default()
    };
    let client = Client::of(&declared).ok()?;
    Some(Client { device: Some(Arc::new(device)), ..client })
}

impl Identity {
    /// A device that is in use, as a client.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn device_client(&self, id: &str) -> Result<Option<Arc<Client>>, Fault> {
        let Ok(id) = id.parse::<DeviceId>() else { return Ok(None) };
        let identity = self.clone();
        let look = move |cx: &mut Cx<'_>| {
            let today = identity.population()?.today(cx);
            let device = rows::by_id(cx.tx(), id)?.filter(|device| device.counts_on(today));
            Ok(device.and_then(|device| client_of(device, cx.now())).map(Arc::new))
        };
        self.inner.acts.read(&Caller::system("identity"), look).await
    }

    /// A client by its identifier, be it a program or a device.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn client_or_device(&self, id: &str) -> Result<Option<Arc<Client>>, Fault> {
        if is_device(id) { self.device_client(id).await } else { Ok(self.client(id)) }
    }

    /// Who a device is, for the interfaces of other engines: it brought a token of its own with all it is bound to.
    /// Anything else is nobody known.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn device_session(
        &self,
        visit: &Visit,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Option<Session>, Fault> {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|text| text.split_once(' ')).map(|(_, token)| token.trim());
        let Some(claims) = token.and_then(|token| self.directory().key_set.open(token, Some("at+jwt")).ok()) else {
            return Ok(None);
        };
        if !claims.get("client_id").and_then(Json::as_str).is_some_and(is_device) {
            return Ok(None);
        }
        let Ok((client, scope)) = self.bearing(visit, method, headers).await else { return Ok(None) };
        let Some(device) = &client.device else { return Ok(None) };
        let binding = Secret::new(sha256(&[b"identity device 1:", token.unwrap_or_default().as_bytes()]).to_vec());
        Ok(Some(Session { actor: actor_of(device, &scope), binding, via: Via::Api, acting: None }))
    }
}

/// The device as an actor: its scopes are its roles, its organisation its institution.
pub(crate) fn actor_of(device: &Device, scope: &str) -> Actor {
    Actor {
        name: Personal::new(device.name.clone()),
        roles: scope.split_ascii_whitespace().map(str::to_owned).collect(),
        institution: Some(device.owner.clone()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Device, device.id.to_string())
    }
}
