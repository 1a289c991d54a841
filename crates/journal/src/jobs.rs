//! The workers: outside calls (wallets, SMS, other nodes) and reactions to events.
//!
//! **Invariant:** a job runs at least once after its transaction committed, survives kill -9 through
//! its lease, and ends either done or as a dead letter. A handler that changes state does so through
//! [`crate::Acts::write`] under the job's id as key, so that running twice happens once.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use spine::{Caller, Fault, FaultKind, Timestamp, Work};
use tokio::sync::Semaphore;

use crate::acts::{Acts, Key};
use crate::rows::{self, JobId, JobRow};

/// How long a worker may take before another may take the job over.
const LEASE_SECONDS: i64 = 60;
/// Jobs at work at once, in one instance.
const AT_ONCE: usize = 32;
/// Tries before a job becomes a dead letter: with the pauses below, about two hours.
const TRIES: i64 = 14;
/// The longest pause between tries.
const LONGEST_PAUSE_SECONDS: i64 = 900;

/// Which handlers hear of which events.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    topics: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Subscriptions {
    /// The handler `job_kind` gets a job for every event on `topic`.
    #[must_use]
    pub fn on(mut self, topic: &'static str, job_kind: &'static str) -> Self {
        self.topics.entry(topic).or_default().push(job_kind);
        self
    }

    pub(crate) fn of(&self, topic: &str) -> impl Iterator<Item = &'static str> {
        self.topics.get(topic).into_iter().flatten().copied()
    }
}

/// A job at work.
#[derive(Debug)]
pub struct RunningJob {
    /// Its identifier.
    pub id: JobId,
    /// What the handler needs.
    pub body: Value,
    /// 1 for the first try.
    pub attempt: i64,
}

impl RunningJob {
    /// The caller for the handler's own operations.
    #[must_use]
    pub fn caller(&self, part: &str) -> Caller {
        Caller::system(part)
    }

    /// The key under which this job's change of state happens once, however often the job runs.
    #[must_use]
    pub fn key(&self, step: &str) -> Key {
        Key::new("job", &format!("{}:{step}", self.id), b"")
    }
}

/// Why a job did not succeed.
#[derive(Debug)]
pub enum JobFault {
    /// Try again later; the code says why.
    Again(&'static str),
    /// Try again not before this moment, without spending patience faster.
    At(Timestamp, &'static str),
    /// Trying again will not help: a person must look.
    Dead(&'static str),
}

impl From<Fault> for JobFault {
    fn from(fault: Fault) -> Self {
        match fault.kind() {
            FaultKind::Unavailable | FaultKind::TooMany | FaultKind::Internal | FaultKind::Expired => {
                Self::Again(fault.code())
            }
            _ => Self::Dead(fault.code()),
        }
    }
}

type Done = Pin<Box<dyn Future<Output = Result<(), JobFault>> + Send>>;
type Handler = Arc<dyn Fn(RunningJob) -> Done + Send + Sync>;

/// The handlers by name, and the loop that feeds them.
#[derive(Clone, Default)]
pub struct Workers {
    handlers: HashMap<&'static str, Handler>,
}

impl Workers {
    /// Adds a handler.
    #[must_use]
    pub fn handle<F, R>(mut self, kind: &'static str, handler: F) -> Self
    where
        F: Fn(RunningJob) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobFault>> + Send + 'static,
    {
        self.handlers.insert(kind, Arc::new(move |job| Box::pin(handler(job))));
        self
    }

    /// Runs until the task is dropped. Looks for work when told of some, and every half second.
    pub async fn run(self, acts: Acts) {
        let workers = Arc::new(self);
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let told = acts.work().notified();
            let free = places.available_permits();
            let leased = if free > 0 { lease(&acts, free).await } else { Vec::new() };
            let found = leased.len();
            for job in leased {
                let (workers, acts, places) = (Arc::clone(&workers), acts.clone(), Arc::clone(&places));
                tokio::spawn(async move {
                    let _place = places.acquire().await;
                    workers.run_one(&acts, job).await;
                });
            }
            if found == 0 || places.available_permits() == 0 {
                let _ = tokio::time::timeout(Duration::from_millis(500), told).await;
            }
        }
    }

    /// Runs every job that is due, one after the other, until none is left; for tests and the command line.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn drain(&self, acts: &Acts) -> Result<usize, Fault> {
        let mut count = 0;
        loop {
            let leased = lease(acts, AT_ONCE).await;
            if leased.is_empty() {
                return Ok(count);
            }
            for job in leased {
                self.run_one(acts, job).await;
                count += 1;
            }
        }
    }

    async fn run_one(&self, acts: &Acts, row: JobRow) {
        let (id, attempts) = (row.id, row.attempts);
        let outcome = match self.handlers.get(row.kind.as_str()) {
            Some(handler) => handler(RunningJob { id, body: row.body, attempt: attempts }).await,
            None => Err(JobFault::Dead("journal.job.no_handler")),
        };
        let now = acts.now();
        let work: Work = match outcome {
            Ok(()) => Box::new(move |tx| Ok(Box::new(rows::delete_job(tx, id)?))),
            Err(JobFault::At(moment, code)) => {
                Box::new(move |tx| Ok(Box::new(rows::postpone_job(tx, id, moment, code)?)))
            }
            Err(JobFault::Again(code)) if attempts < TRIES => {
                let run_at = now.plus_seconds(pause_seconds(attempts));
                Box::new(move |tx| Ok(Box::new(rows::postpone_job(tx, id, run_at, code)?)))
            }
            Err(JobFault::Again(code) | JobFault::Dead(code)) => {
                tracing::warn!(job = %id, kind = row.kind, code, "a job needs a person");
                Box::new(move |tx| Ok(Box::new(rows::bury_job(tx, id, code)?)))
            }
        };
        if let Err(fault) = acts.database().write(work).await {
            // The lease runs out and the job is run again: that is what at least once means.
            tracing::warn!(job = %id, %fault, "the end of a job was not kept");
        }
    }
}

/// 1 s, 2 s, 4 s … up to a quarter of an hour.
fn pause_seconds(attempts: i64) -> i64 {
    let doubled = 1_i64.checked_shl(u32::try_from(attempts - 1).unwrap_or(0)).unwrap_or(LONGEST_PAUSE_SECONDS);
    doubled.clamp(1, LONGEST_PAUSE_SECONDS)
}

async fn lease(acts: &Acts, limit: usize) -> Vec<JobRow> {
    let now = acts.now();
    let until = now.plus_seconds(LEASE_SECONDS);
    let limit = i64::try_from(limit).unwrap_or(1);
    // A look on a snapshot first, so that an idle program does not write twice a second.
    let due = acts.database().read(Box::new(move |tx| Ok(Box::new(rows::any_due(tx, now)?)))).await;
    if !due.ok().and_then(|answer| answer.downcast::<bool>().ok()).is_some_and(|due| *due) {
        return Vec::new();
    }
    let work: Work = Box::new(move |tx| Ok(Box::new(rows::lease_jobs(tx, now, until, limit)?)));
    match acts.database().write(work).await {
        Ok(answer) => answer.downcast::<Vec<JobRow>>().map(|jobs| *jobs).unwrap_or_default(),
        Err(fault) => {
            tracing::warn!(%fault, "no jobs could be leased");
            Vec::new()
        }
    }
}
