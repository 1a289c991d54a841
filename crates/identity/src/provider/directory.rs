//! Every client and every signing key, in memory: those declared with the program, and those that came in since.
//!
//! **Invariant:** read anew when it is older than two seconds and something changed, so that a change made on one
//! instance holds on all of them before three are over; a client that cannot be read is left out and logged.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use crypto::jose::{self, KeySet};
use crypto::{Algorithm, SigningKey};
use edge::{Refusal, Visit};
use serde_json::Value as Json;
use spine::{Caller, Fault, Timestamp};

use crate::provider::client::Client;
use crate::rows::clients::{self, KeyRow};
use crate::settings::Identity;

/// How old it may be, in seconds.
const FRESH_SECONDS: i64 = 2;

/// Clients and keys as they stand.
#[derive(Clone)]
pub(crate) struct Directory {
    clients: HashMap<String, Arc<Client>>,
    /// The key each algorithm is signed with.
    current: Vec<Arc<SigningKey>>,
    /// Those that sign, will sign or have signed.
    pub(crate) key_set: KeySet,
    mark: clients::Mark,
    read_at: Timestamp,
}

impl Directory {
    /// What the program starts with.
    pub(crate) fn new(declared: Vec<Client>, keys: &[Arc<SigningKey>], retired: &[crypto::PublicKey]) -> Self {
        let public: Vec<crypto::PublicKey> =
            keys.iter().map(|key| key.public()).chain(retired.iter().cloned()).collect();
        Self {
            clients: declared.into_iter().map(|client| (client.id.clone(), Arc::new(client))).collect(),
            current: keys.to_vec(),
            key_set: KeySet::of(&public),
            mark: clients::Mark::default(),
            read_at: Timestamp::BEGINNING,
        }
    }

    pub(crate) fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.clients.get(id).cloned()
    }

    /// The key to sign with.
    pub(crate) fn signing(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.current.iter().find(|key| key.algorithm() == algorithm)
    }

    /// The algorithms there is a key for, the first the one to choose.
    pub(crate) fn algorithms(&self) -> Vec<&'static str> {
        self.current.iter().map(|key| key.algorithm().name()).collect()
    }
}

impl Identity {
    /// The directory as it was last read.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.inner.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.directory().client(id)
    }

    /// Signs claims.
    ///
    /// # Errors
    /// An internal fault if there is no key of this algorithm, or it fails.
    pub(crate) fn sign(&self, algorithm: Algorithm, typ: &str, claims: &Json) -> Result<String, Fault> {
        let directory = self.directory();
        let key = directory.signing(algorithm);
        let key = key.ok_or_else(|| Fault::internal("identity.sign.failed", "no key of this algorithm"))?;
        jose::sign(key, typ, claims).map_err(|error| Fault::internal("identity.sign.failed", error))
    }

    /// Reads the directory anew if it is old and something changed, or whatever its age.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn refresh(&self, whatever_its_age: bool) -> Result<(), Fault> {
        let (old, now) = (self.directory(), self.inner.acts.now());
        if !whatever_its_age && now.seconds_since(old.read_at) < FRESH_SECONDS {
            return Ok(());
        }
        let known = old.mark;
        let look = move |cx: &mut spine::Cx<'_>| {
            let mark = clients::mark(cx.tx())?;
            if mark == known {
                return Ok(None);
            }
            Ok(Some((mark, clients::active(cx.tx())?, clients::keys(cx.tx())?)))
        };
        let caller = Caller::system("identity");
        let changed = self.inner.acts.read(&caller, look).await?;
        let mut new = Directory { read_at: now, ..(*old).clone() };
        if let Some((mark, rows, keys)) = changed {
            let declared = &self.inner.declared;
            new.clients = declared.iter().map(|client| (client.id.clone(), Arc::clone(client))).collect();
            for row in rows.iter().filter(|row| !declared.iter().any(|own| own.id == row.id)) {
                match Client::of(&row.declared) {
                    Ok(client) => drop(new.clients.insert(client.id.clone(), Arc::new(client))),
                    Err(error) => tracing::error!(client = row.id, %error, "a registered client cannot be read"),
                }
            }
            self.take_keys(&mut new, &keys)?;
            new.mark = mark;
        }
        *self.inner.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(())
    }

    /// Puts keys that came in since beside those the program started with: the newest current one signs.
    fn take_keys(&self, new: &mut Directory, rows: &[KeyRow]) -> Result<(), Fault> {
        let mut current: Vec<Arc<SigningKey>> = self.inner.first_keys.clone();
        let mut public: Vec<crypto::PublicKey> = current.iter().map(|key| key.public()).collect();
        public.extend(self.inner.retired_keys.iter().cloned());
        for row in rows {
            let der = self.inner.keys.open(&format!("signing:{}", row.kid), &row.sealed)?;
            let key = SigningKey::from_pkcs8(der.reveal(), row.algorithm);
            let key = Arc::new(key.map_err(|error| Fault::internal("identity.key.unreadable", error))?);
            public.push(key.public());
            if row.is_current {
                current.retain(|own| own.algorithm() != row.algorithm);
                current.push(key);
            }
        }
        // The first algorithm of all stays the first.
        let place = |key: &Arc<SigningKey>| Algorithm::ALL.iter().position(|own| *own == key.algorithm());
        current.sort_by_key(place);
        new.key_set = KeySet::of(&public);
        new.current = current;
        Ok(())
    }
}

/// The middleware before every route: what is in memory is fresh.
pub(crate) async fn fresh(
    State(identity): State<Identity>,
    _: Visit,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    identity.refresh(false).await?;
    Ok(next.run(request).await)
}
