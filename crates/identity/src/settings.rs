//! What the engine is made of, and the few things it does outside an operation: hashing, sealing, sweeping.
//!
//! **Invariant:** made once when the program starts; a wrong declaration of clients is refused there and then.

use std::sync::{Arc, RwLock};

use axum::Router;
use axum::http::{HeaderMap, Method};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use civil::{Consequence, Population};
use crypto::{Algorithm, Hasher, PublicKey, SealKey, SigningKey};
use edge::{Outbound, Visit};
use journal::{Acts, Key, Workers};
use messages::Messages;
use spine::{Act, Actor, ActorKind, Caller, Date, Fault, Resource, Secret, Via};
use webauthn_rs::Webauthn;

use crate::devices::{self, DeviceRules};
use crate::keys::Keys;
use crate::mandates::{self, Mandates};
use crate::provider::assurance::TrustFramework;
use crate::provider::client::{self, Client, ClientError};
use crate::provider::directory::{self, Directory};
use crate::provider::metadata::ClientMetadata;
use crate::rows;
use crate::rules::SignInRules;
use crate::verification::{self, LicenceError, Licences};
use crate::{
    account_pages, browsers, pages, passkey, passkey_pages, portal, provider, recovery, second, secret_pages, step_up,
};

/// What [`Identity`] is made of.
pub struct IdentitySettings {
    /// Runs operations.
    pub acts: Acts,
    /// Hashes PINs and passwords.
    pub hasher: Hasher,
    /// Seals authenticator secrets and cookies.
    pub seal_key: Arc<SealKey>,
    /// Signs tokens; a P-256 key (ES256).
    pub signing_key: Arc<SigningKey>,
    /// Keys for clients that want another algorithm, one for each.
    pub other_signing_keys: Vec<Arc<SigningKey>>,
    /// Public keys of signing keys used before, still offered to clients.
    pub retired_keys: Vec<PublicKey>,
    /// The engine's own secret: pairwise identifiers, hashes of codes. Changing it changes every `sub`.
    pub secret: Secret<[u8; 32]>,
    /// Scheme, host and port without a slash at the end; also the issuer's name.
    pub base_url: String,
    /// What authenticator apps and passkeys show: `Letsema`.
    pub site_name: String,
    /// Programs that let people sign in here, beside the portal.
    pub clients: Vec<ClientMetadata>,
    /// Sends one-time codes.
    pub messages: Messages,
    /// Who people are, for claims the account does not hold.
    pub population: Option<Population>,
    /// What the country calls its way of knowing them; none, and no claims are told with evidence.
    pub trust: Option<TrustFramework>,
    /// Which organisations may ask about people.
    pub licences: Licences,
    /// Who may act for whom.
    pub mandates: Mandates,
    /// What devices may be let do.
    pub devices: DeviceRules,
    /// Tells clients of sessions that ended and of approvals.
    pub outbound: Outbound,
    /// What the country decides about signing in.
    pub rules: SignInRules,
}

/// The settings are wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A client is declared wrongly.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// ID tokens are signed with ES256.
    #[error("the signing key of the identity engine must be a P-256 key")]
    SigningKey,
    /// A licence to verify is declared wrongly.
    #[error(transparent)]
    Licence(#[from] LicenceError),
    /// The base URL is not one.
    #[error("the base URL is not an address without a path: {0}")]
    BaseUrl(String),
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) acts: Acts,
    pub(crate) hasher: Hasher,
    pub(crate) keys: Keys,
    /// Keys the program started with, and the public halves of those before.
    pub(crate) first_keys: Vec<Arc<SigningKey>>,
    pub(crate) retired_keys: Vec<PublicKey>,
    pub(crate) issuer: String,
    /// Clients the program started with.
    pub(crate) declared: Vec<Arc<Client>>,
    pub(crate) directory: RwLock<Arc<Directory>>,
    pub(crate) messages: Messages,
    pub(crate) population: Option<Population>,
    pub(crate) trust: Option<TrustFramework>,
    pub(crate) licences: Licences,
    pub(crate) mandates: Mandates,
    pub(crate) devices: DeviceRules,
    pub(crate) outbound: Outbound,
    pub(crate) rules: SignInRules,
    /// What authenticator apps show.
    pub(crate) site_name: String,
    /// None where the site's name is an address: passkeys need a name.
    pub(crate) webauthn: Option<Webauthn>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Identity({})", self.inner.issuer)
    }
}

impl Identity {
    /// Brings the engine together.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(settings: IdentitySettings) -> Result<Self, SettingsError> {
        let issuer = settings.base_url.trim_end_matches('/').to_owned();
        if issuer.split_once("://").is_none_or(|(_, host)| host.is_empty() || host.contains('/')) {
            return Err(SettingsError::BaseUrl(issuer));
        }
        if settings.signing_key.algorithm() != Algorithm::Es256 {
            return Err(SettingsError::SigningKey);
        }
        let mut clients = vec![Client::of(&client::portal(&issuer))?];
        for declared in &settings.clients {
            let client = Client::of(declared)?;
            if clients.iter().any(|known| known.id == client.id) {
                return Err(ClientError::Id(client.id).into());
            }
            clients.push(client);
        }
        settings.licences.check()?;
        let first_keys: Vec<Arc<SigningKey>> =
            std::iter::once(settings.signing_key).chain(settings.other_signing_keys).collect();
        let directory = Directory::new(clients.clone(), &first_keys, &settings.retired_keys);
        let inner = Inner {
            acts: settings.acts,
            hasher: settings.hasher,
            keys: Keys::new(settings.secret, settings.seal_key),
            rules: settings.rules,
            site_name: settings.site_name.clone(),
            first_keys,
            retired_keys: settings.retired_keys,
            webauthn: passkey::relying_party(&issuer, &settings.site_name),
            issuer,
            declared: clients.into_iter().map(Arc::new).collect(),
            directory: RwLock::new(Arc::new(directory)),
            messages: settings.messages,
            population: settings.population,
            trust: settings.trust,
            licences: settings.licences,
            mandates: settings.mandates,
            devices: settings.devices,
            outbound: settings.outbound,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Every page and endpoint of the engine.
    pub fn routes(&self) -> Router {
        Router::new()
            .merge(provider::routes())
            .merge(pages::routes())
            .merge(second::routes())
            .merge(recovery::routes())
            .merge(secret_pages::routes())
            .merge(step_up::routes())
            .merge(portal::routes())
            .merge(account_pages::routes())
            .merge(passkey_pages::routes())
            .merge(verification::routes())
            .merge(mandates::routes())
            .merge(devices::routes())
            .layer(from_fn_with_state(self.clone(), directory::fresh))
            .with_state(self.clone())
    }

    /// Adds the engine's jobs: telling clients of sessions that ended, and of approvals.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        recovery::handlers(self, provider::handlers(self, workers))
    }

    /// Whether people may dial here.
    pub(crate) fn dials(&self) -> bool {
        self.inner.rules.ussd.is_some()
    }

    /// What people dial: `*123#`; none where nobody can.
    #[must_use]
    pub fn service_code(&self) -> Option<String> {
        self.inner.rules.ussd.as_ref().map(|ussd| ussd.service_code.clone())
    }

    /// Hashes a PIN or password for [`crate::enrol_person`] and its like.
    ///
    /// # Errors
    /// An internal fault if the backend fails.
    pub async fn hash_secret(&self, secret: &Secret<String>) -> Result<Secret<String>, Fault> {
        let hashed = self.inner.hasher.hash(secret).await;
        hashed.map(Secret::new).map_err(|error| Fault::internal("identity.hash.failed", error))
    }

    /// Seals an authenticator's secret for the officer `id`.
    ///
    /// # Errors
    /// An internal fault if the backend fails.
    pub fn seal_totp(&self, id: &str, secret: &Secret<Vec<u8>>) -> Result<Vec<u8>, Fault> {
        self.inner.keys.seal_totp(id, secret)
    }

    /// Forgets what is of no use any more: tries, challenges, codes and tokens a day after their end, sessions a month
    /// after theirs; ends cards whose time is over. To be called now and then; returns how many rows it was.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn sweep(&self) -> Result<u64, Fault> {
        let identity = self.clone();
        let sweep = move |cx: &mut spine::Cx<'_>| {
            cx.may("identity.sweep.run", &Resource::new("Identity", "sweep"))?;
            let (day, month) = (cx.now().plus_seconds(-86_400), cx.now().plus_seconds(-30 * 86_400));
            let (now, today) = (cx.now(), identity.inner.population.as_ref().map(|people| people.today(cx)));
            let expired = today.map_or(Ok(0), |today| rows::cards::expire(cx.tx(), today, now))?;
            let unused = cx.now().plus_seconds(-browsers::FORGET_SECONDS);
            let count = expired
                + rows::accounts::sweep(cx.tx(), day)?
                + rows::grants::sweep(cx.tx(), day)?
                + rows::approvals::sweep(cx.tx(), day)?
                + rows::vids::sweep(cx.tx(), month)?
                + rows::browsers::sweep(cx.tx(), unused)?
                + rows::participants::sweep(cx.tx(), month)?
                + rows::sessions::sweep(cx.tx(), month)?;
            cx.record(Act::new("identity.sweep.done").with("rows", i64::try_from(count).unwrap_or(i64::MAX)));
            Ok(count)
        };
        self.inner.acts.write(&Caller::system("identity"), &Key::none(), sweep).await
    }

    /// Who the country's people are.
    ///
    /// # Errors
    /// `identity.population.none` where the program was started without them.
    pub(crate) fn population(&self) -> Result<&Population, Fault> {
        self.inner.population.as_ref().ok_or_else(|| Fault::unavailable("identity.population.none"))
    }

    /// What follows in the same commit when civil registration registers a death or takes one back, for `Civil::new`.
    #[must_use]
    pub fn consequence(&self) -> Consequence {
        let identity = self.clone();
        Arc::new(move |cx, vital| {
            let today = identity.population()?.today(cx);
            verification::follow(cx, vital, today)
        })
    }

    /// When somebody was born, as the register says; none where it does not know her.
    pub(crate) async fn born(&self, caller: &Caller, person: &str) -> Result<Option<Date>, Fault> {
        let Some(population) = self.inner.population.clone() else { return Ok(None) };
        let person = person.to_owned();
        let look = move |cx: &mut spine::Cx<'_>| Ok(population.person(cx, &person)?.map(|known| known.born));
        self.inner.acts.read(caller, look).await
    }

    /// How an account is called towards a client.
    pub(crate) fn subject(&self, client: &Client, account: &str) -> String {
        if client.first_party { account.to_owned() } else { self.inner.keys.pairwise(client.sector(), account) }
    }

    /// The program behind an access token of its own that holds this scope, as the caller of an operation.
    ///
    /// # Errors
    /// The answer it gets where there is none.
    pub async fn calling_program(
        &self,
        visit: &Visit,
        (method, headers): (&Method, &HeaderMap),
        scope: &str,
    ) -> Result<Caller, Response> {
        let client = self.bearer(visit, method, headers, &[scope]).await.map_err(IntoResponse::into_response)?;
        Ok(self.client_caller(&client, visit))
    }

    /// A client as the caller of an operation.
    pub(crate) fn client_caller(&self, client: &Client, visit: &Visit) -> Caller {
        let actor = match &client.device {
            Some(device) => devices::client::actor_of(device, ""),
            None => Actor::bare(ActorKind::Client, client.id.clone()),
        };
        Caller { actor, via: Via::Api, language: visit.language().clone() }
    }
}
