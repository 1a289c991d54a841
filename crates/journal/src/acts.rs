//! The one way to change state.
//!
//! **Invariant:** under one key an operation happens once: the same request again gets the first answer,
//! another request under the same key is refused, and a commit whose outcome is unknown is looked up by
//! its key and never guessed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Authority, Caller, Clock, Cx, Database, Entropy, Fault, Leavings, Timestamp, Tx, Work};
use tokio::sync::Notify;

use crate::jobs::Subscriptions;
use crate::record::{self, ActId};
use crate::rows;

/// How often a write whose commit is unknown is looked up before the caller is told to come back.
const LOOK_UPS: u32 = 5;

/// Runs operations: the database, the clock, the source of randomness and the authority together. Cheap to clone.
#[derive(Clone)]
pub struct Acts {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    authority: Arc<dyn Authority>,
    subscriptions: Subscriptions,
    last: AtomicI64,
    work: Arc<Notify>,
}

/// What makes a request recognisable when it comes again.
#[derive(Clone, Debug)]
pub struct Key {
    key: Option<(String, [u8; 32])>,
}

impl Key {
    /// A key within a scope (an operation and whoever asks), and the bytes of the request that it stands for.
    #[must_use]
    pub fn new(scope: &str, key: &str, request: &[u8]) -> Self {
        Self { key: Some((format!("{scope}:{key}"), crypto::sha256(&[request]))) }
    }

    /// No key: the operation may happen each time it is asked for.
    #[must_use]
    pub const fn none() -> Self {
        Self { key: None }
    }
}

impl Acts {
    /// Brings together what operations need.
    #[must_use]
    pub fn new(
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        authority: Arc<dyn Authority>,
        subscriptions: Subscriptions,
    ) -> Self {
        let (last, work) = (AtomicI64::new(0), Arc::new(Notify::new()));
        Self { inner: Arc::new(Inner { database, clock, entropy, authority, subscriptions, last, work }) }
    }

    /// The moment now. It never goes back within the program: when the clock steps back, time stands still.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.inner.clock.now().as_micros();
        Timestamp::from_micros(self.inner.last.fetch_max(now, Ordering::Relaxed).max(now))
    }

    /// The database, for the journal's own bookkeeping and the evidence log.
    #[must_use]
    pub fn database(&self) -> &Arc<dyn Database> {
        &self.inner.database
    }

    /// Told whenever an operation left work for the workers or the sequencer.
    #[must_use]
    pub fn work(&self) -> &Arc<Notify> {
        &self.inner.work
    }

    /// Runs an operation that changes state, in one durable transaction.
    ///
    /// # Errors
    /// The operation's fault; `journal.key.reused` when another request came under this key; the store's faults.
    pub async fn write<T, F>(&self, caller: &Caller, key: &Key, operation: F) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (now, seed) = (self.now(), self.inner.entropy.seed());
        let operation = Arc::new(Mutex::new(operation));
        let mut look_ups = 0;
        loop {
            let (inner, caller, key, operation) =
                (Arc::clone(&self.inner), caller.clone(), key.clone(), Arc::clone(&operation));
            let has_key = key.key.is_some();
            let work: Work = Box::new(move |tx| {
                let mut operation = operation.lock().unwrap_or_else(PoisonError::into_inner);
                let outcome = inner.once(tx, now, seed, &caller, &key, &mut *operation)?;
                Ok(Box::new(outcome))
            });
            let answer = self.inner.database.write(work).await;
            match answer {
                Err(fault) if fault.code() == "store.commit.unknown" && has_key && look_ups < LOOK_UPS => {
                    look_ups += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(200 * u64::from(look_ups))).await;
                }
                answer => {
                    self.inner.work.notify_waiters();
                    return unpack(answer);
                }
            }
        }
    }

    /// Runs an operation that only reads, on a snapshot. Looking at personal data that is not the caller's own is a
    /// deed and goes through [`Acts::write`].
    ///
    /// # Errors
    /// The operation's fault or the store's.
    pub async fn read<T, F>(&self, caller: &Caller, mut operation: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (now, seed) = (self.now(), self.inner.entropy.seed());
        let (inner, caller) = (Arc::clone(&self.inner), caller.clone());
        let work: Work = Box::new(move |tx| {
            let mut cx = Cx::new(tx, now, &caller, inner.authority.as_ref(), seed);
            let outcome = operation(&mut cx)?;
            let left = cx.finish()?;
            if !left.acts.is_empty() {
                return Err(Fault::internal(
                    "journal.read.acted",
                    "an operation that was run as a read recorded an act",
                ));
            }
            Ok(Box::new(outcome))
        });
        unpack(self.inner.database.read(work).await)
    }
}

fn unpack<T: 'static>(answer: Result<spine::Answer, Fault>) -> Result<T, Fault> {
    answer?
        .downcast::<T>()
        .map(|value| *value)
        .map_err(|_| Fault::internal("journal.answer.type", "an answer of another type"))
}

impl Inner {
    /// One run inside a transaction: the key, the operation, what it leaves behind.
    fn once<T, F>(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        seed: [u8; 32],
        caller: &Caller,
        key: &Key,
        operation: &mut F,
    ) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault>,
    {
        if let Some((key, hash)) = &key.key
            && let Some((known_hash, outcome)) = rows::request(tx, key)?
        {
            if !crypto::constant_time_eq(&known_hash, hash) {
                return Err(Fault::conflict("journal.key.reused"));
            }
            return serde_json::from_str(&outcome)
                .map_err(|error| Fault::internal("journal.outcome.unreadable", error));
        }
        let mut cx = Cx::new(tx, now, caller, self.authority.as_ref(), seed);
        let outcome = operation(&mut cx)?;
        let left = cx.finish()?;
        self.keep(&mut cx, &left)?;
        if let Some((key, hash)) = &key.key {
            let outcome = serde_json::to_string(&outcome)
                .map_err(|error| Fault::internal("journal.outcome.unwritable", error))?;
            rows::insert_request(cx.tx(), key, hash, &outcome, now)?;
        }
        Ok(outcome)
    }

    /// Writes what an operation left behind.
    fn keep(&self, cx: &mut Cx<'_>, left: &Leavings) -> Result<(), Fault> {
        let (now, caller) = (cx.now(), cx.caller());
        for act in &left.acts {
            let (id, salt): (ActId, [u8; 32]) = (cx.id(), cx.random_bytes());
            let record = record::record(id, now, caller, act)
                .map_err(|error| Fault::internal("journal.act.unwritable", error))?;
            rows::insert_act(cx.tx(), id, now, caller, act, &salt, &record)?;
        }
        for event in &left.events {
            let id = cx.id();
            rows::insert_event(cx.tx(), id, now, event)?;
            for kind in self.subscriptions.of(event.topic) {
                let id = cx.id();
                rows::insert_job(cx.tx(), id, kind, &event.body, now, now)?;
            }
        }
        for job in &left.jobs {
            let id = cx.id();
            rows::insert_job(cx.tx(), id, &job.kind, &job.body, now, job.run_at.unwrap_or(now))?;
        }
        Ok(())
    }
}
