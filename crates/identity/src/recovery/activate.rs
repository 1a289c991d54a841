//! The end of a recovery: a new PIN with the code she was given, or a stop.
//!
//! **Invariant:** a try is counted before the code is looked at, for numbers that are nobody's too; what her PIN may be
//! is said only to who has the right code, for it tells of her birth. Every session ends, and she is known less surely
//! for some days.

use crypto::constant_time_eq;
use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Personal, Resource, Secret, Text, Timestamp};

use crate::account::Kind;
use crate::enrol::end_everything;
use crate::factor::Factor;
use crate::keys::Keys;
use crate::post;
use crate::recovery::by_code::recoverable;
use crate::rows::{accounts, factors, recoveries};
use crate::settings::Identity;
use crate::throttle::{self, Turn};

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Activated {
    /// The new PIN counts.
    Done,
    /// Number and code do not belong together.
    Wrong,
    /// Not for so many seconds.
    Wait(i64),
    /// The code is right, and counts from then on.
    Early(Timestamp),
    /// The code is right, and the PIN is one that others guess: which sentence says why.
    Pin(String),
}

/// What she brings.
#[derive(Clone)]
pub(crate) struct Brought {
    pub(crate) login: String,
    pub(crate) code: String,
    pub(crate) pin: Secret<String>,
    pub(crate) hash: Secret<String>,
}

/// Sets her new PIN.
pub(crate) fn activate(cx: &mut Cx<'_>, identity: &Identity, brought: &Brought) -> Result<Activated, Fault> {
    let (keys, rules) = (&identity.inner.keys, &identity.inner.rules);
    cx.may("identity.recovery.activate", &Resource::new("Login", "person"))?;
    let key = keys.attempt_key("activate", Kind::Person, &brought.login);
    let then_wait = match throttle::count(cx, &key)? {
        Turn::Wait(seconds) => return Ok(Activated::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let now = cx.now();
    let account = recoverable(cx, &brought.login)?;
    let rows = match &account {
        Some(account) => recoveries::open_of(cx.tx(), &account.id, now)?,
        None => Vec::new(),
    };
    let right = rows.into_iter().find(|row| {
        let given = keys.code_hash(&row.id.to_string(), &brought.code);
        let hash = row.code_hash.as_deref().filter(|_| row.state == "waiting");
        hash.is_some_and(|hash| constant_time_eq(hash.as_bytes(), given.as_bytes()))
    });
    let (Some(account), Some(row)) = (account, right) else {
        cx.record(Act::new("identity.recovery.failed").because("sign-in", "identity-service"));
        return Ok(then_wait.map_or(Activated::Wrong, Activated::Wait));
    };
    throttle::clear(cx, &key)?;
    let about = |kind| Act::new(kind).about(&account.id).on(row.id).because("sign-in", "identity-service");
    if let Some(ready_at) = row.ready_at.filter(|ready_at| now < *ready_at) {
        cx.record(about("identity.recovery.tried"));
        return Ok(Activated::Early(ready_at));
    }
    let known = match &identity.inner.population {
        Some(population) => population.person(cx, &account.id)?,
        None => None,
    };
    if let Some(why) = rules.pin.wrong(brought.pin.reveal(), known.map(|known| known.born), &brought.login) {
        cx.record(about("identity.recovery.tried"));
        return Ok(Activated::Pin(why.key().to_owned()));
    }
    let lowered_until = now.plus_seconds(rules.recovery.lowered_days.saturating_mul(86_400));
    recoveries::renew(cx.tx(), &account.id, brought.hash.reveal(), lowered_until, row.phone.as_deref())?;
    recoveries::end(cx.tx(), row.id, "done", now)?;
    // A PIN she locked because it was seen is another one now; what an officer locked stays locked.
    if factors::locks(cx.tx(), &account.id)?.iter().any(|lock| lock.factor == Factor::Pin && !lock.at_desk) {
        factors::unlock(cx.tx(), &account.id, Factor::Pin)?;
    }
    end_everything(cx, &account.id)?;
    cx.record(about("identity.recovery.done"));
    let said = || Text::new("identity.told.recovered");
    post::tell(cx, &identity.inner.messages, &account, Text::new("identity.told.subject"), said())?;
    if let Some(phone) = row.phone {
        let there = crate::account::Account { phone: Some(Personal::new(phone)), email: None, ..account.clone() };
        post::tell(cx, &identity.inner.messages, &there, Text::new("identity.told.subject"), said())?;
    }
    Ok(Activated::Done)
}

/// Stops a recovery by the code that was sent with the warning; nothing is told of whether there was one.
pub(crate) fn stop(cx: &mut Cx<'_>, keys: &Keys, messages: &Messages, code: &str) -> Result<(), Fault> {
    cx.may("identity.recovery.stop", &Resource::new("Recovery", "-"))?;
    let row = recoveries::by_stop(cx.tx(), &keys.code_hash("recovery stop", code))?;
    stopped(cx, messages, row.map(|row| (row.id, row.account)))
}

/// Stops every recovery of the actor's own account.
pub(crate) fn stop_own(cx: &mut Cx<'_>, messages: &Messages) -> Result<(), Fault> {
    let (account, now) = (cx.actor().id.clone(), cx.now());
    cx.may("identity.recovery.stop", &Resource::new("Account", &account))?;
    for row in recoveries::open_of(cx.tx(), &account, now)? {
        stopped(cx, messages, Some((row.id, row.account)))?;
    }
    Ok(())
}

fn stopped(
    cx: &mut Cx<'_>,
    messages: &Messages,
    which: Option<(spine::Id<super::RecoveryKind>, String)>,
) -> Result<(), Fault> {
    let now = cx.now();
    let act = Act::new("identity.recovery.stopped").because("sign-in", "identity-service");
    let Some((id, account)) = which else {
        cx.record(act);
        return Ok(());
    };
    if recoveries::end(cx.tx(), id, "stopped", now)?
        && let Some(known) = accounts::account_by_id(cx.tx(), &account)?
    {
        post::tell(cx, messages, &known, Text::new("identity.told.subject"), Text::new("identity.told.stopped"))?;
    }
    cx.record(act.about(account).on(id));
    Ok(())
}
