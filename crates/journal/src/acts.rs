//! The one way to change state.
//!
//! **Invariant:** under one key an operation happens once, because the key's row is unique and commits with it: the same
//! request again gets the first answer, another request under the same key is refused, and a commit whose outcome is
//! unknown is looked up by its key and never guessed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Authority, Caller, Clock, Cx, Database, Entropy, Fault, FaultKind, Lane, Leavings, Timestamp, Tx, Work};
use tokio::sync::Notify;

use crate::jobs::Subscriptions;
use crate::record::{self, ActId};
use crate::rows;

/// How far the clock may step back and time stands still instead.
const STILL_MICROS: i64 = 5_000_000;

/// How often a write whose commit is unknown is looked up before the caller is told to come back.
const LOOK_UPS: u64 = 5;

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

    /// The moment now. While the clock is put right by a little, time stands still; a clock that steps back further is
    /// followed, for codes, tokens and jobs must go by the time that everybody else has.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.inner.clock.now().as_micros();
        let goes_on = |last: i64| (now >= last || last.saturating_sub(now) > STILL_MICROS).then_some(now);
        let kept = self.inner.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, goes_on);
        Timestamp::from_micros(kept.map_or_else(|last| last, |_| now))
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

    /// Runs an operation that changes state, in one durable transaction. One that turns out to belong in the posting lane
    /// is run again there; who knows it beforehand saves that by [`Acts::post`].
    ///
    /// # Errors
    /// The operation's fault; `journal.key.reused` when another request came under this key; the store's faults.
    pub async fn write<T, F>(&self, caller: &Caller, key: &Key, operation: F) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.run(Lane::Shared, caller, key, operation).await
    }

    /// As [`Acts::write`], for an operation that books in the ledger: one writer runs it after the other, and many share a
    /// commit.
    ///
    /// # Errors
    /// As [`Acts::write`]; `store.queue.slow` when the lane is behind.
    pub async fn post<T, F>(&self, caller: &Caller, key: &Key, operation: F) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.run(Lane::Posting, caller, key, operation).await
    }

    /// As [`Acts::post`], for large work that can wait its turn: thousands of transfers of a file.
    ///
    /// # Errors
    /// As [`Acts::write`].
    pub async fn post_bulk<T, F>(&self, caller: &Caller, key: &Key, operation: F) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.run(Lane::Bulk, caller, key, operation).await
    }

    async fn run<T, F>(&self, mut lane: Lane, caller: &Caller, key: &Key, operation: F) -> Result<T, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let request = Request {
            inner: Arc::clone(&self.inner),
            now: self.now(),
            seed: self.inner.entropy.seed(),
            caller: caller.clone(),
            key: key.key.clone(),
            operation,
        };
        let request = Arc::new(Mutex::new(request));
        for again in 1.. {
            let run = Arc::clone(&request);
            let work: Work =
                Box::new(move |tx| Ok(Box::new(run.lock().unwrap_or_else(PoisonError::into_inner).run(tx)?)));
            let fault = match self.inner.database.write_in(lane, work).await {
                Ok(answer) => {
                    self.inner.work.notify_waiters();
                    return unpack(answer);
                }
                Err(fault) if fault.code() == "store.lane.shared" && lane == Lane::Shared => {
                    lane = Lane::Posting;
                    continue;
                }
                Err(fault) => fault,
            };
            let is_unknown = fault.code() == "store.commit.unknown";
            let Some(key) = key.key.as_ref().filter(|_| is_unknown || fault.kind() != FaultKind::Unavailable) else {
                return Err(fault);
            };
            if is_unknown {
                tokio::time::sleep(Duration::from_millis(200 * again)).await;
            }
            // What could be done once cannot be done again: the fault may be a repeat's, and the first answer stands.
            match self.remembered(key).await {
                Ok(Some(outcome)) => return read_outcome(&outcome),
                Ok(None) | Err(_) if is_unknown && again <= LOOK_UPS => {}
                Ok(None) => return Err(fault),
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::unavailable("store.commit.unknown"))
    }

    /// The answer that was given under a key, if the key is known.
    async fn remembered(&self, key: &(String, [u8; 32])) -> Result<Option<String>, Fault> {
        let (name, hash) = key.clone();
        let look: Work = Box::new(move |tx| Ok(Box::new(rows::request(tx, &name)?)));
        match unpack::<Option<(Vec<u8>, String)>>(self.inner.database.read(look).await?)? {
            Some((known, _)) if !crypto::constant_time_eq(&known, &hash) => Err(Fault::conflict("journal.key.reused")),
            known => Ok(known.map(|(_, outcome)| outcome)),
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
        unpack(self.inner.database.read(work).await?)
    }
}

fn read_outcome<T: DeserializeOwned>(outcome: &str) -> Result<T, Fault> {
    serde_json::from_str(outcome).map_err(|error| Fault::internal("journal.outcome.unreadable", error))
}

fn unpack<T: 'static>(answer: spine::Answer) -> Result<T, Fault> {
    answer
        .downcast::<T>()
        .map(|value| *value)
        .map_err(|_| Fault::internal("journal.answer.type", "an answer of another type"))
}

/// A request to run an operation, with all that it needs to run in any transaction, and again.
struct Request<F> {
    inner: Arc<Inner>,
    now: Timestamp,
    seed: [u8; 32],
    caller: Caller,
    key: Option<(String, [u8; 32])>,
    operation: F,
}

impl<F> Request<F> {
    /// One run inside a transaction: the operation, what it leaves behind, the key. The key is not looked up: nearly all
    /// are new, and its row is unique.
    fn run<T>(&mut self, tx: &mut dyn Tx) -> Result<T, Fault>
    where
        T: Serialize,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault>,
    {
        let mut cx = Cx::new(tx, self.now, &self.caller, self.inner.authority.as_ref(), self.seed);
        let outcome = (self.operation)(&mut cx)?;
        let left = cx.finish()?;
        self.inner.keep(&mut cx, left)?;
        if let Some((key, hash)) = &self.key {
            let outcome = serde_json::to_string(&outcome)
                .map_err(|error| Fault::internal("journal.outcome.unwritable", error))?;
            rows::append_request(cx.tx(), key, hash, outcome, self.now);
        }
        Ok(outcome)
    }
}

impl Inner {
    /// Writes what an operation left behind. Nothing reads it in the same transaction, so all of it is appended.
    fn keep(&self, cx: &mut Cx<'_>, left: Leavings) -> Result<(), Fault> {
        let (now, caller) = (cx.now(), cx.caller());
        for act in left.acts {
            let (id, salt): (ActId, [u8; 32]) = (cx.id(), cx.random_bytes());
            let record = record::record(id, now, caller, &act)
                .map_err(|error| Fault::internal("journal.act.unwritable", error))?;
            rows::append_act(cx.tx(), id, now, &caller.actor, act, &salt, record);
        }
        for event in left.events {
            let id = cx.id();
            rows::append_event(cx.tx(), id, now, &event);
            for kind in self.subscriptions.of(event.topic) {
                let id = cx.id();
                rows::append_job(cx.tx(), id, kind.into(), &event.body, now, now);
            }
        }
        for job in left.jobs {
            let id = cx.id();
            rows::append_job(cx.tx(), id, job.kind, &job.body, now, job.run_at.unwrap_or(now));
        }
        Ok(())
    }
}
