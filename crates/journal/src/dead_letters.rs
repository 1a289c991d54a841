//! Jobs that failed for good: an officer sees why, and runs them again or gives them up with a reason.
//!
//! **Invariant:** a job is never lost in silence; giving one up is an act.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Timestamp};

use crate::rows::{self, JobId};

/// A job that needs a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its identifier.
    pub id: JobId,
    /// The handler's name.
    pub kind: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// The last fault's code.
    pub last_fault: String,
}

/// The dead letters after `after`, oldest first, at most `limit`.
///
/// # Errors
/// A refusal, or the store's faults.
pub fn dead_letters(cx: &mut Cx<'_>, after: Option<JobId>, limit: u16) -> Result<Vec<DeadLetter>, Fault> {
    cx.may("journal.job.view", &Resource::new("Job", "dead"))?;
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let found = rows::dead_jobs(cx.tx(), &after, limit.into())?;
    let mut letters = Vec::with_capacity(found.len());
    for row in &found {
        letters.push(DeadLetter {
            id: row.get(0)?,
            kind: row.get(1)?,
            made_at: row.get(2)?,
            attempts: row.get(3)?,
            last_fault: row.get::<Option<String>>(4)?.unwrap_or_default(),
        });
    }
    Ok(letters)
}

/// Runs a dead job again, from the beginning of its patience.
///
/// # Errors
/// `journal.job.unknown` if it is not dead; a refusal; the store's faults.
pub fn retry(cx: &mut Cx<'_>, id: JobId) -> Result<(), Fault> {
    cx.may("journal.job.retry", &Resource::new("Job", id))?;
    let now = cx.now();
    let kind = rows::revive_job(cx.tx(), id, now)?.ok_or_else(|| Fault::not_found("journal.job.unknown"))?;
    cx.record(Act::new("journal.job.retried").on(id).with("job_kind", kind));
    Ok(())
}

/// Gives a dead job up.
///
/// # Errors
/// `journal.job.unknown` if it is not dead; `journal.job.reason` without a reason; a refusal; the store's faults.
pub fn discard(cx: &mut Cx<'_>, id: JobId, reason: &str) -> Result<(), Fault> {
    cx.may("journal.job.discard", &Resource::new("Job", id))?;
    if reason.trim().is_empty() || reason.len() > 500 {
        return Err(Fault::invalid("journal.job.reason"));
    }
    let kind = rows::discard_job(cx.tx(), id)?.ok_or_else(|| Fault::not_found("journal.job.unknown"))?;
    cx.record(Act::new("journal.job.discarded").on(id).with("job_kind", kind).with("reason", reason));
    Ok(())
}
