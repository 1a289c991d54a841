//! Getting back in after a lost PIN or phone, so that it is not the weakest door.
//!
//! **Invariant:** it takes two proofs of hers, or two officers of whom one saw her; then it waits, and everybody who can
//! be told is, by every address from before, with a code that stops it. She sets her PIN herself; no officer sees it.
//! Afterwards she is known less surely for some days. Whom there is no account of is answered alike.
//!
//! | file | its job |
//! |---|---|
//! | `by_code.rs` | a printed code and a code by message |
//! | `point.rs` | two officers at a service point |
//! | `activate.rs` | the new PIN; stopping |
//! | `pages.rs`, `officer_pages.rs` | the pages of people and of officers |

pub(crate) mod activate;
pub(crate) mod by_code;
mod officer_pages;
mod pages;
pub(crate) mod point;

use axum::Router;
use journal::{JobFault, RunningJob, Workers};
use messages::Messages;
use spine::{Cx, Fault, Id, IdKind, Text, Timestamp};

use crate::account::Account;
use crate::keys::Keys;
use crate::letters;
use crate::post;
use crate::rules::RecoveryRules;
use crate::settings::Identity;

/// The kind of a recovery's identifier.
#[derive(Debug)]
pub(crate) struct RecoveryKind;

impl IdKind for RecoveryKind {
    const PREFIX: &'static str = "rcv";
}

/// The job that sends a code when the waiting is over.
const SEND: &str = "identity.recovery.send";

/// A recovery.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(crate) id: Id<RecoveryKind>,
    pub(crate) account: String,
    /// `code` or `point`.
    pub(crate) way: String,
    /// `proposed`, `waiting`, `stopped`, `refused`, `done`.
    pub(crate) state: String,
    /// A telephone she has now, where the code goes and codes go from then on.
    pub(crate) phone: Option<String>,
    pub(crate) opened_by: String,
    pub(crate) code_hash: Option<String>,
    pub(crate) made_at: Timestamp,
    pub(crate) ready_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn routes() -> Router<Identity> {
    Router::new().merge(pages::routes()).merge(officer_pages::routes())
}

/// Adds the job that sends codes.
pub(crate) fn handlers(identity: &Identity, workers: Workers) -> Workers {
    let identity = identity.clone();
    workers.handle(SEND, move |job: RunningJob| {
        let identity = identity.clone();
        async move {
            let id = job.body.get("recovery").and_then(serde_json::Value::as_str).unwrap_or_default();
            let id = id.parse().map_err(|_| JobFault::Dead("identity.recovery.missing"))?;
            let (keys, messages) = (identity.inner.keys.clone(), identity.inner.messages.clone());
            let work = move |cx: &mut Cx<'_>| point::send(cx, &keys, &messages, id);
            identity.inner.acts.write(&job.caller("identity"), &job.key("send"), work).await?;
            Ok(())
        }
    })
}

impl RecoveryRules {
    /// When a recovery that is agreed to now can be used, and until when.
    pub(crate) fn times(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let ready = now.plus_seconds(self.wait_minutes.saturating_mul(60));
        (ready, ready.plus_seconds(self.good_days.saturating_mul(86_400)))
    }
}

/// Tells her by every address that somebody wants to get into her account, with a code that stops it; gives what is
/// stored of that code.
fn warn(cx: &mut Cx<'_>, keys: &Keys, messages: &Messages, account: &Account) -> Result<String, Fault> {
    let stop = letters::draw_in(cx);
    let said = Text::new("identity.told.recovery").with("stop", letters::shown(&stop));
    post::tell(cx, messages, account, Text::new("identity.told.subject"), said)?;
    Ok(keys.code_hash("recovery stop", &stop))
}
