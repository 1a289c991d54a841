//! Answering the second step: a code by message or dialling, an authenticator's, or a printed one.
//!
//! **Invariant:** a try is counted before a code is looked at; five wrong ones end the challenge. A code that is right
//! is used up in the transaction that opens the session.

use crypto::constant_time_eq;
use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Resource, Text};

use crate::account::{Account, Kind};
use crate::enrolment::vid;
use crate::keys::Keys;
use crate::post;
use crate::rows::accounts::{self, Challenge};
use crate::rows::second as rows;
use crate::second::{Way, authenticator, ways};
use crate::session::SessionId;
use crate::sign_in::{self, Opening};
use crate::throttle::{self, Turn};

/// Wrong codes before a challenge is used up.
const CODE_TRIES: i64 = 5;

/// A challenge that is not over, with its account.
pub(crate) fn running(cx: &mut Cx<'_>, challenge: &str) -> Result<Option<(Challenge, Account)>, Fault> {
    let now = cx.now();
    let Some(row) = accounts::challenge(cx.tx(), challenge)?.filter(|row| now < row.expires_at) else {
        return Ok(None);
    };
    let Some(account) = row.account.clone().filter(|_| row.passkey.is_none()) else { return Ok(None) };
    let account = accounts::account_by_id(cx.tx(), &account)?.filter(|account| account.active);
    Ok(account.map(|account| (row, account)))
}

/// The ways of whoever's challenge this is; none if it is over.
pub(crate) fn ways_of(cx: &mut Cx<'_>, challenge: &str, dials: bool) -> Result<Option<Vec<Way>>, Fault> {
    let Some((_, account)) = running(cx, challenge)? else { return Ok(None) };
    Ok(Some(ways(cx.tx(), &account, dials)?))
}

/// What came of a code.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answered {
    /// It is right: the session that was opened.
    SignedIn(SessionId),
    /// It is wrong; another may be tried.
    Wrong,
    /// No code may be tried for so many seconds.
    Wait(i64),
    /// The challenge is over: start again.
    Over,
}

/// A code as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) way: Way,
    pub(crate) login: String,
    pub(crate) code: String,
}

/// Weighs a code of six digits against its challenge; the right one opens the provider's session.
pub(crate) fn answer_code(
    cx: &mut Cx<'_>,
    keys: &Keys,
    challenge: &str,
    given: &Given,
    opening: &Opening,
) -> Result<Answered, Fault> {
    let Some((row, account)) = running(cx, challenge)? else { return Ok(Answered::Over) };
    cx.may("identity.session.start", &Resource::new("Account", &account.id))?;
    if !given.way.is_open(cx.tx(), &account.id)? {
        return Ok(Answered::Over);
    }
    let own = vid::login_of(cx, keys, account.kind, &given.login)?;
    let key = keys.attempt_key("code", account.kind, &own);
    let then_wait = match throttle::count(cx, &key)? {
        Turn::Wait(seconds) => return Ok(Answered::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let right = match given.way {
        Way::Message | Way::Ussd => row
            .code
            .as_ref()
            .is_some_and(|hash| constant_time_eq(hash.as_bytes(), keys.code_hash(challenge, &given.code).as_bytes())),
        Way::Authenticator => authenticator::spend(cx, keys, &account, &given.code)?,
        Way::Printed => false,
    };
    if !right {
        return wrong(cx, challenge, &row, &account, then_wait);
    }
    throttle::clear(cx, &key)?;
    accounts::delete_challenge(cx.tx(), challenge)?;
    if !vid::spend(cx, keys, account.kind, &given.login)? {
        cx.record(sign_in::failed(Some(&account.id), "vid", false));
        return Ok(Answered::Over);
    }
    let session = sign_in::open(cx, &account, methods(account.kind), Assurance::Substantial, opening)?;
    Ok(Answered::SignedIn(session))
}

const fn methods(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Person => &["pin", "otp", "mfa"],
        Kind::Officer => &["pwd", "otp", "mfa"],
    }
}

/// One try less.
fn wrong(
    cx: &mut Cx<'_>,
    challenge: &str,
    row: &Challenge,
    account: &Account,
    then_wait: Option<i64>,
) -> Result<Answered, Fault> {
    let tries = row.tries + 1;
    accounts::set_tries(cx.tx(), challenge, tries)?;
    if tries >= CODE_TRIES {
        accounts::delete_challenge(cx.tx(), challenge)?;
    }
    cx.record(sign_in::failed(Some(&account.id), "code", then_wait.is_some()));
    Ok(match then_wait {
        Some(seconds) => Answered::Wait(seconds),
        None if tries >= CODE_TRIES => Answered::Over,
        None => Answered::Wrong,
    })
}

/// Whether a printed code may be tried, and against what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TriedPrinted {
    /// Compare with this hash; with none, take the same time and say it is wrong.
    Go { hash: Option<String>, then_wait: Option<i64> },
    /// Not for so many seconds.
    Wait(i64),
    /// The challenge is over.
    Over,
}

/// Counts a try with a printed code.
pub(crate) fn try_printed(
    cx: &mut Cx<'_>,
    keys: &Keys,
    challenge: &str,
    login: &str,
    name: &str,
) -> Result<TriedPrinted, Fault> {
    let Some((_, account)) = running(cx, challenge)? else { return Ok(TriedPrinted::Over) };
    cx.may("identity.secret.try", &Resource::new("Account", &account.id))?;
    if !Way::Printed.is_open(cx.tx(), &account.id)? {
        return Ok(TriedPrinted::Over);
    }
    let own = vid::login_of(cx, keys, account.kind, login)?;
    let then_wait = match throttle::count(cx, &keys.attempt_key("printed", account.kind, &own))? {
        Turn::Wait(seconds) => return Ok(TriedPrinted::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let hash = rows::printed(cx.tx(), &account.id, name)?;
    let act = Act::new("identity.recovery_code.tried").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(TriedPrinted::Go { hash, then_wait })
}

/// The code that was right is used up and opens the session; she is told how many are left.
pub(crate) fn printed_right(
    cx: &mut Cx<'_>,
    (keys, messages): (&Keys, &Messages),
    challenge: &str,
    (login, name, hash): (&str, &str, &str),
    opening: &Opening,
) -> Result<Answered, Fault> {
    let Some((_, account)) = running(cx, challenge)? else { return Ok(Answered::Over) };
    cx.may("identity.session.start", &Resource::new("Account", &account.id))?;
    let now = cx.now();
    if !Way::Printed.is_open(cx.tx(), &account.id)? {
        return Ok(Answered::Over);
    }
    if !rows::use_printed(cx.tx(), &account.id, name, hash, now)? {
        return Ok(Answered::Over);
    }
    let own = vid::login_of(cx, keys, account.kind, login)?;
    throttle::clear(cx, &keys.attempt_key("printed", account.kind, &own))?;
    accounts::delete_challenge(cx.tx(), challenge)?;
    if !vid::spend(cx, keys, account.kind, login)? {
        cx.record(sign_in::failed(Some(&account.id), "vid", false));
        return Ok(Answered::Over);
    }
    let left = rows::printed_left(cx.tx(), &account.id)?;
    let said = Text::new("identity.told.printed_used").with("count", left);
    post::tell(cx, messages, &account, Text::new("identity.told.subject"), said)?;
    let act = Act::new("identity.recovery_code.used").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service").with("left", left));
    sign_in::open(cx, &account, methods(account.kind), Assurance::Substantial, opening).map(Answered::SignedIn)
}

/// The printed code was wrong.
pub(crate) fn printed_wrong(cx: &mut Cx<'_>, challenge: &str, then_wait: Option<i64>) -> Result<Answered, Fault> {
    let Some((row, account)) = running(cx, challenge)? else { return Ok(Answered::Over) };
    cx.may("identity.secret.try", &Resource::new("Account", &account.id))?;
    wrong(cx, challenge, &row, &account, then_wait)
}
