//! Signing in, step by step: a secret is tried, then a second step is answered (`second/answer.rs`), then there is a
//! session.
//!
//! **Invariant:** an unknown login, a locked account and a wrong secret are answered alike; a challenge is used up
//! by the code that is right, by five that are wrong, or by time. Secrets are hashed outside (`Hasher`), between
//! [`try_secret`] and its outcome.

use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Resource};

use crate::account::{Account, Kind};
use crate::assurance::{self, AssuranceRules};
use crate::browsers;
use crate::enrolment::vid;
use crate::factor::{self, Factor};
use crate::keys::Keys;
use crate::post;
use crate::rows::accounts::{self, Challenge};
use crate::rows::sessions;
use crate::second::answer::running;
use crate::second::{self, Way};
use crate::session::{NewSession, SessionId};
use crate::throttle::{self, Turn};

/// How long a one-time code is good.
pub(crate) const CODE_SECONDS: i64 = 5 * 60;

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

pub(crate) fn failed(account: Option<&str>, step: &str, locks: bool) -> Act {
    let kind = if locks { "identity.session.locked" } else { "identity.session.failed" };
    let act = Act::new(kind).because("sign-in", "identity-service").with("step", step);
    match account {
        Some(account) => act.about(account).on(account),
        None => act,
    }
}

/// After the right secret: a challenge, answered in the way that is given; a code is sent where that is a message. None
/// if the account went away or was locked in the meantime, or has no second step at all.
pub(crate) fn secret_right(
    cx: &mut Cx<'_>,
    (keys, messages): (&Keys, &Messages),
    account: &str,
    login: &str,
    challenge: &str,
    dials: bool,
) -> Result<Option<String>, Fault> {
    cx.may("identity.code.send", &Resource::new("Account", account))?;
    let Some(account) = accounts::account_by_id(cx.tx(), account)?.filter(|account| account.active) else {
        return Ok(None);
    };
    let ways = second::ways(cx.tx(), &account, dials)?;
    let Some(way) = second::usual(&account, &ways) else { return Ok(None) };
    let login = &vid::login_of(cx, keys, account.kind, login)?;
    throttle::clear(cx, &keys.attempt_key("secret", account.kind, login))?;
    let now = cx.now();
    let code = match way {
        Way::Message => Some(send_code(cx, keys, messages, &account, challenge)?),
        Way::Ussd | Way::Authenticator | Way::Printed => None,
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
    Ok(Some(way.as_str().to_owned()))
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

/// Sends a code for a challenge that still runs, be it the first or another; false if it does not, or she has no
/// address to send to.
pub(crate) fn send_again(cx: &mut Cx<'_>, keys: &Keys, messages: &Messages, challenge: &str) -> Result<bool, Fault> {
    let Some((_, account)) = running(cx, challenge)? else { return Ok(false) };
    cx.may("identity.code.send", &Resource::new("Account", &account.id))?;
    if account.kind == Kind::Officer || !second::ways(cx.tx(), &account, false)?.contains(&Way::Message) {
        return Ok(false);
    }
    let hash = send_code(cx, keys, messages, &account, challenge)?;
    let expires_at = cx.now().plus_seconds(CODE_SECONDS);
    accounts::set_code(cx.tx(), challenge, &hash, expires_at)?;
    let act = Act::new("identity.code.sent").about(&account.id).on(&account.id);
    cx.record(act.because("sign-in", "identity-service"));
    Ok(true)
}

/// What a session opened by a sign-in needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) token_hash: String,
    pub(crate) user_agent: String,
    /// The hash of the cookie that this browser is known by.
    pub(crate) browser: String,
    /// What the country says of how surely people are known.
    pub(crate) rules: AssuranceRules,
    /// Tells of browsers that are new.
    pub(crate) messages: Messages,
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
    let assurance = assurance::reached(cx, &opening.rules, account, assurance)?;
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
    browsers::note(cx, &opening.messages, account, id, opening)?;
    let act = Act::new("identity.session.started").about(&account.id).on(id).because("sign-in", "identity-service");
    cx.record(act.with("methods", methods.join(" ")).with("assurance", sessions::assurance_name(assurance)));
    Ok(id)
}
