//! Signing in, step by step: a secret is tried, then a code is answered, then there is a session.
//!
//! **Invariant:** an unknown login, a locked account and a wrong secret are answered alike; a challenge is used up
//! by the code that is right, by five that are wrong, or by time. Secrets are hashed outside (`Hasher`), between
//! [`try_secret`] and its outcome.

use crypto::constant_time_eq;
use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Resource};

use crate::account::{Account, Kind};
use crate::enrolment::vid;
use crate::factor::{self, Factor};
use crate::keys::Keys;
use crate::post;
use crate::rows::accounts::{self, Challenge};
use crate::rows::sessions;
use crate::session::{NewSession, SessionId};
use crate::throttle::{self, Turn};

/// How long a one-time code is good.
pub(crate) const CODE_SECONDS: i64 = 5 * 60;
/// Wrong codes before a challenge is used up.
const CODE_TRIES: i64 = 5;

/// Whether a secret may be tried, and against what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Tried {
    /// Compare with this hash; with none, take the same time and say it is wrong.
    Go { account: Option<(String, String)>, then_wait: Option<i64> },
    /// Not for so many seconds.
    Wait(i64),
}

/// Counts a try with the secret of a login and gives the hash to compare with.
pub(crate) fn try_secret(cx: &mut Cx<'_>, keys: &Keys, kind: Kind, login: &str) -> Result<Tried, Fault> {
    cx.may("identity.secret.try", &Resource::new("Login", kind.as_str()))?;
    let login = &vid::login_of(cx, keys, kind, login)?;
    let then_wait = match throttle::count(cx, &keys.attempt_key("secret", kind, login))? {
        Turn::Wait(seconds) => return Ok(Tried::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let account = accounts::account_by_login(cx.tx(), kind, login)?.filter(|account| account.active);
    let account = match account {
        Some(account) if !factor::is_open(cx, &account.id, Factor::secret_of(kind))? => None,
        account => account,
    };
    let act = Act::new("identity.secret.tried").because("sign-in", "identity-service").with("kind", kind.as_str());
    cx.record(match &account {
        Some(account) => act.about(&account.id).on(&account.id),
        None => act,
    });
    let account = account.map(|account| (account.id, account.secret_hash.reveal().clone()));
    Ok(Tried::Go { account, then_wait })
}

/// Records that the secret was wrong, and the lock if that was one try too many.
pub(crate) fn secret_wrong(cx: &mut Cx<'_>, account: Option<&str>, locks: bool) -> Result<(), Fault> {
    cx.may("identity.secret.try", &Resource::new("Login", "-"))?;
    cx.record(failed(account, "secret", locks));
    Ok(())
}

fn failed(account: Option<&str>, step: &str, locks: bool) -> Act {
    let kind = if locks { "identity.session.locked" } else { "identity.session.failed" };
    let act = Act::new(kind).because("sign-in", "identity-service").with("step", step);
    match account {
        Some(account) => act.about(account).on(account),
        None => act,
    }
}

/// After the right secret: a challenge, and for a person the code that answers it. False if the account went away
/// or was locked in the meantime.
pub(crate) fn secret_right(
    cx: &mut Cx<'_>,
    keys: &Keys,
    messages: &Messages,
    account: &str,
    login: &str,
    challenge: &str,
) -> Result<bool, Fault> {
    cx.may("identity.code.send", &Resource::new("Account", account))?;
    let Some(account) = accounts::account_by_id(cx.tx(), account)?.filter(|account| account.active) else {
        return Ok(false);
    };
    if account.kind == Kind::Person && !factor::is_open(cx, &account.id, Factor::Code)? {
        return Ok(false);
    }
    let login = &vid::login_of(cx, keys, account.kind, login)?;
    throttle::clear(cx, &keys.attempt_key("secret", account.kind, login))?;
    let now = cx.now();
    let code = match account.kind {
        Kind::Person => Some(send_code(cx, keys, messages, &account, challenge)?),
        Kind::Officer => None,
    };
    let row = Challenge {
        account: Some(account.id.clone()),
        code,
        tries: 0,
        passkey: None,
        expires_at: now.plus_seconds(CODE_SECONDS),
    };
    accounts::insert_challenge(cx.tx(), challenge, &row, now)?;
    cx.record(
        Act::new("identity.secret.accepted").about(&account.id).on(&account.id).because("sign-in", "identity-service"),
    );
    Ok(true)
}

/// Sends a fresh code and gives what is stored of it.
fn send_code(
    cx: &mut Cx<'_>,
    keys: &Keys,
    messages: &Messages,
    account: &Account,
    challenge: &str,
) -> Result<String, Fault> {
    let code = format!("{:06}", cx.random_below(1_000_000));
    let hash = keys.code_hash(challenge, &code);
    post::send_code(cx, messages, account, code)?;
    Ok(hash)
}

/// Sends another code for a challenge that still runs; false if it does not.
pub(crate) fn send_again(cx: &mut Cx<'_>, keys: &Keys, messages: &Messages, challenge: &str) -> Result<bool, Fault> {
    let Some((row, account)) = running(cx, challenge)? else { return Ok(false) };
    cx.may("identity.code.send", &Resource::new("Account", &account.id))?;
    if row.code.is_none() || !factor::is_open(cx, &account.id, Factor::Code)? {
        return Ok(false);
    }
    let hash = send_code(cx, keys, messages, &account, challenge)?;
    let expires_at = cx.now().plus_seconds(CODE_SECONDS);
    accounts::set_code(cx.tx(), challenge, &hash, expires_at)?;
    let act = Act::new("identity.code.sent").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(true)
}

/// A challenge that is not over, with its account.
fn running(cx: &mut Cx<'_>, challenge: &str) -> Result<Option<(Challenge, Account)>, Fault> {
    let now = cx.now();
    let Some(row) = accounts::challenge(cx.tx(), challenge)?.filter(|row| now < row.expires_at) else {
        return Ok(None);
    };
    let Some(account) = row.account.clone() else { return Ok(None) };
    let account = accounts::account_by_id(cx.tx(), &account)?.filter(|account| account.active);
    Ok(account.map(|account| (row, account)))
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

/// What a session opened by a sign-in needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) token_hash: String,
    pub(crate) user_agent: String,
}

/// Weighs a code against its challenge; the right one opens the provider's session.
pub(crate) fn answer_code(
    cx: &mut Cx<'_>,
    keys: &Keys,
    challenge: &str,
    given: &str,
    login: &str,
    opening: &Opening,
) -> Result<Answered, Fault> {
    let Some((row, account)) = running(cx, challenge)? else { return Ok(Answered::Over) };
    cx.may("identity.session.start", &Resource::new("Account", &account.id))?;
    let asked = if row.code.is_some() { Factor::Code } else { Factor::Authenticator };
    if !factor::is_open(cx, &account.id, asked)? {
        return Ok(Answered::Over);
    }
    let own = vid::login_of(cx, keys, account.kind, login)?;
    let key = keys.attempt_key("code", account.kind, &own);
    let then_wait = match throttle::count(cx, &key)? {
        Turn::Wait(seconds) => return Ok(Answered::Wait(seconds)),
        Turn::Go { then_wait } => then_wait,
    };
    let now = cx.now();
    let step = match (&row.code, &account.totp) {
        (Some(hash), _) => constant_time_eq(hash.as_bytes(), keys.code_hash(challenge, given).as_bytes()).then_some(0),
        (None, Some(sealed)) => crypto::verify_totp(&keys.open_totp(&account.id, sealed)?, given, now)
            .filter(|step| *step > account.totp_step),
        (None, None) => None,
    };
    let Some(step) = step else {
        let tries = row.tries + 1;
        accounts::set_tries(cx.tx(), challenge, tries)?;
        if tries >= CODE_TRIES {
            accounts::delete_challenge(cx.tx(), challenge)?;
        }
        cx.record(failed(Some(&account.id), "code", then_wait.is_some()));
        return Ok(match then_wait {
            Some(seconds) => Answered::Wait(seconds),
            None if tries >= CODE_TRIES => Answered::Over,
            None => Answered::Wrong,
        });
    };
    if step > 0 {
        accounts::set_totp_step(cx.tx(), &account.id, step)?;
    }
    throttle::clear(cx, &key)?;
    accounts::delete_challenge(cx.tx(), challenge)?;
    if !vid::spend(cx, keys, account.kind, login)? {
        cx.record(failed(Some(&account.id), "vid", false));
        return Ok(Answered::Over);
    }
    let methods: &[&str] = match account.kind {
        Kind::Person => &["pin", "otp", "mfa"],
        Kind::Officer => &["pwd", "otp", "mfa"],
    };
    let session = open(cx, &account, methods, Assurance::Substantial, opening)?;
    Ok(Answered::SignedIn(session))
}

/// Opens the provider's session of an account that has proven itself.
pub(crate) fn open(
    cx: &mut Cx<'_>,
    account: &Account,
    methods: &[&str],
    assurance: Assurance,
    opening: &Opening,
) -> Result<SessionId, Fault> {
    let (now, id) = (cx.now(), cx.id());
    let methods: Vec<String> = methods.iter().map(|method| (*method).to_owned()).collect();
    let session = NewSession {
        token_hash: &opening.token_hash,
        account: &account.id,
        parent: None,
        client: None,
        assurance,
        methods: &methods,
        user_agent: &opening.user_agent,
        auth_time: now,
        ends_at: now.plus_seconds(account.kind.session_seconds()),
    };
    sessions::insert(cx.tx(), id, &session, now)?;
    let act = Act::new("identity.session.started").about(&account.id).on(id).because("sign-in", "identity-service");
    cx.record(act.with("methods", methods.join(" ")).with("assurance", sessions::assurance_name(assurance)));
    Ok(id)
}
