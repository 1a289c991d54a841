//! Back in by herself: a printed code and a code by message, both hers before.
//!
//! **Invariant:** begun and weighed alike for a number that is nobody's; both codes are wrong together or right together.

use crypto::constant_time_eq;
use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Timestamp};

use crate::account::{Account, Kind};
use crate::keys::Keys;
use crate::post;
use crate::recovery::{Recovery, warn};
use crate::rows::accounts::{self, Challenge};
use crate::rows::{recoveries, second};
use crate::rules::RecoveryRules;
use crate::second::Way;
use crate::sign_in::CODE_SECONDS;
use crate::throttle::{self, Turn};

/// The account of a login that may be recovered: active, or locked by its owner.
pub(super) fn recoverable(cx: &mut Cx<'_>, login: &str) -> Result<Option<Account>, Fault> {
    let Some(account) = accounts::account_by_login(cx.tx(), Kind::Person, login)? else { return Ok(None) };
    let open = account.active || recoveries::locked_by_self(cx.tx(), &account.id)?;
    Ok(open.then_some(account))
}

/// Begins: a challenge, and for somebody we know who has printed codes a code by message.
pub(crate) fn begin(
    cx: &mut Cx<'_>,
    keys: &Keys,
    messages: &Messages,
    login: &str,
    challenge: &str,
) -> Result<(), Fault> {
    cx.may("identity.recovery.begin", &Resource::new("Login", "person"))?;
    let account = recoverable(cx, login)?;
    let account = match account {
        Some(account) if second::printed_left(cx.tx(), &account.id)? > 0 => Some(account),
        _ => None,
    };
    let now = cx.now();
    let drawn = format!("{:06}", cx.random_below(1_000_000));
    let code = keys.code_hash(challenge, &drawn);
    if let Some(account) = &account {
        post::send_code(cx, messages, account, drawn)?;
    }
    // It is no sign-in's: what stands in `passkey` keeps it from being taken for one.
    let row = Challenge {
        account: account.map(|account| account.id),
        code: Some(code),
        tries: 0,
        passkey: Some("recovery".to_owned()),
        expires_at: now.plus_seconds(CODE_SECONDS),
    };
    accounts::insert_challenge(cx.tx(), challenge, &row, now)?;
    cx.record(Act::new("identity.recovery.begun").because("sign-in", "identity-service"));
    Ok(())
}

/// Whether the codes may be tried, and against which hash the printed one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Tried {
    Go { hash: Option<String>, then_wait: Option<i64> },
    Wait(i64),
}

/// Counts a try.
pub(crate) fn try_codes(
    cx: &mut Cx<'_>,
    keys: &Keys,
    (challenge, login, name): (&str, &str, &str),
) -> Result<Tried, Fault> {
    cx.may("identity.recovery.begin", &Resource::new("Login", "person"))?;
    let then_wait = match throttle::count(cx, &keys.attempt_key("recover", Kind::Person, login))? {
        Turn::Wait(seconds) => return Ok(Tried::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let now = cx.now();
    let row = accounts::challenge(cx.tx(), challenge)?.filter(|row| now < row.expires_at);
    let account = row.and_then(|row| row.account);
    let hash = match &account {
        Some(account) if Way::Printed.is_open(cx.tx(), account)? => second::printed(cx.tx(), account, name)?,
        _ => None,
    };
    let act = Act::new("identity.recovery.tried").because("sign-in", "identity-service");
    cx.record(match account {
        Some(account) => act.about(account),
        None => act,
    });
    Ok(Tried::Go { hash, then_wait })
}

/// What she is given: the code for her new PIN, and from when on it counts.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) code: String,
    pub(crate) ready_at: Timestamp,
}

/// Both codes, as they were given.
#[derive(Clone, Debug)]
pub(crate) struct Both {
    pub(crate) challenge: String,
    pub(crate) login: String,
    /// The printed code's name, and the hash it is right for.
    pub(crate) printed: (String, String),
    pub(crate) message: String,
    /// The code she will set her PIN with.
    pub(crate) activation: String,
}

/// The printed code was right: if the other is too, a recovery waits. None if it is not.
pub(crate) fn open(
    cx: &mut Cx<'_>,
    (keys, messages): (&Keys, &Messages),
    rules: &RecoveryRules,
    both: &Both,
) -> Result<Option<Timestamp>, Fault> {
    cx.may("identity.recovery.begin", &Resource::new("Login", "person"))?;
    let now = cx.now();
    let row = accounts::challenge(cx.tx(), &both.challenge)?.filter(|row| now < row.expires_at);
    let given = keys.code_hash(&both.challenge, &both.message);
    let right =
        |row: &Challenge| row.code.as_ref().is_some_and(|hash| constant_time_eq(hash.as_bytes(), given.as_bytes()));
    let Some(row) = row.filter(right) else { return Ok(None) };
    let Some(account) = row.account else { return Ok(None) };
    let Some(account) = accounts::account_by_id(cx.tx(), &account)? else { return Ok(None) };
    let (name, hash) = &both.printed;
    if !second::use_printed(cx.tx(), &account.id, name, hash, now)? {
        return Ok(None);
    }
    accounts::delete_challenge(cx.tx(), &both.challenge)?;
    throttle::clear(cx, &keys.attempt_key("recover", Kind::Person, &both.login))?;
    let (ready_at, expires_at) = rules.times(now);
    let id = cx.id();
    let new = Recovery {
        id,
        account: account.id.clone(),
        way: "code".to_owned(),
        state: "waiting".to_owned(),
        phone: None,
        opened_by: account.id.clone(),
        code_hash: Some(keys.code_hash(&id.to_string(), &both.activation)),
        made_at: now,
        ready_at: Some(ready_at),
        expires_at,
    };
    let stop = warn(cx, keys, messages, &account)?;
    recoveries::insert(cx.tx(), &new, (&["printed-code".to_owned(), "message".to_owned()], &stop))?;
    let act = Act::new("identity.recovery.opened").about(&account.id).on(id);
    cx.record(act.because("sign-in", "identity-service").with("way", "code"));
    Ok(Some(ready_at))
}

/// One of the codes was wrong.
pub(crate) fn wrong(cx: &mut Cx<'_>, challenge: &str) -> Result<(), Fault> {
    cx.may("identity.recovery.begin", &Resource::new("Login", "person"))?;
    let now = cx.now();
    if let Some(row) = accounts::challenge(cx.tx(), challenge)?.filter(|row| now < row.expires_at) {
        accounts::set_tries(cx.tx(), challenge, row.tries + 1)?;
        if row.tries + 1 >= 5 {
            accounts::delete_challenge(cx.tx(), challenge)?;
        }
    }
    cx.record(Act::new("identity.recovery.failed").because("sign-in", "identity-service"));
    Ok(())
}
