//! The browsers somebody signs in with: remembered by a cookie, named by her, and a message when a new one comes.
//!
//! **Invariant:** the cookie opens nothing: it only says that this browser was there before. One that she does not know
//! is ended with all its sessions, and her account is locked until she gets back in by recovery.
//! Devices that organisations register are another matter: `devices/`.

use messages::Messages;
use spine::{Act, Cx, Fault, Id, IdKind, Resource, Text, Timestamp};

use crate::account::Account;
use crate::post;
use crate::rows::{accounts, browsers as rows};
use crate::session::{self, SessionId};
use crate::sign_in::Opening;
use crate::ussd::lock_own;

/// The kind of a browser's identifier.
#[derive(Debug)]
pub(crate) struct BrowserKind;

impl IdKind for BrowserKind {
    const PREFIX: &'static str = "brw";
}

/// The cookie that a browser is known by.
pub(crate) const COOKIE: &str = "browser";
/// For how long: what browsers keep at most (RFC 6265bis §5.5).
pub(crate) const COOKIE_SECONDS: u32 = 400 * 86_400;
/// What was not used for so long is forgotten.
pub(crate) const FORGET_SECONDS: i64 = 400 * 86_400;

/// Notes in which browser a session was opened. One that is new to an account that knows others is told of.
pub(crate) fn note(
    cx: &mut Cx<'_>,
    messages: &Messages,
    account: &Account,
    session: SessionId,
    opening: &Opening,
) -> Result<(), Fault> {
    let now = cx.now();
    let known = rows::find(cx.tx(), &account.id, &opening.browser)?;
    let id = match known {
        Some(known) => {
            rows::seen(cx.tx(), &known.id, &opening.user_agent, now)?;
            known.id
        }
        None => {
            let others = !rows::of_account(cx.tx(), &account.id)?.is_empty();
            let id: Id<BrowserKind> = cx.id();
            let id = id.to_string();
            rows::insert(cx.tx(), &id, &account.id, &opening.browser, &opening.user_agent, now)?;
            if others {
                let agent =
                    Text::new("identity.told.new_browser").with("browser", opening.user_agent.clone()).with("at", now);
                post::tell(cx, messages, account, Text::new("identity.told.subject"), agent)?;
            }
            id
        }
    };
    rows::mark(cx.tx(), &session.to_string(), &id)?;
    Ok(())
}

/// A browser as its owner sees it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) first_seen_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// Its sessions that are open.
    pub(crate) sessions: Vec<String>,
}

/// The actor's own browsers, the last used first.
pub(crate) fn own(cx: &mut Cx<'_>) -> Result<Vec<Known>, Fault> {
    let account = cx.actor().id.clone();
    let open = rows::open(cx.tx(), &account)?;
    let with = |one: rows::Browser| {
        let sessions = open.iter().filter(|(_, browser)| browser.as_ref() == Some(&one.id));
        Known {
            sessions: sessions.map(|(session, _)| session.clone()).collect(),
            id: one.id,
            name: one.name,
            user_agent: one.user_agent,
            first_seen_at: one.first_seen_at,
            last_seen_at: one.last_seen_at,
        }
    };
    Ok(rows::of_account(cx.tx(), &account)?.into_iter().map(with).collect())
}

/// Names one of the actor's own browsers.
pub(crate) fn name(cx: &mut Cx<'_>, id: &str, name: &str) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.browser.name", &Resource::new("Account", &account).is("own", true))?;
    if !rows::name(cx.tx(), id, &account, name)? {
        return Err(Fault::not_found("identity.browser.missing"));
    }
    cx.record(Act::new("identity.browser.named").about(&account).on(id).because("sign-in", "identity-service"));
    Ok(())
}

/// Ends the sessions of one of the actor's own browsers and forgets it: it is new the next time.
pub(crate) fn forget(cx: &mut Cx<'_>, id: &str) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.browser.forget", &Resource::new("Account", &account).is("own", true))?;
    let sessions = rows::sessions(cx.tx(), &account, id)?;
    if !rows::forget(cx.tx(), id, &account)? {
        return Err(Fault::not_found("identity.browser.missing"));
    }
    for session in sessions.iter().filter_map(|session| session.parse().ok()) {
        session::end(cx, session)?;
    }
    cx.record(Act::new("identity.browser.forgotten").about(&account).on(id).because("sign-in", "identity-service"));
    Ok(())
}

/// It was not her: the browser is forgotten, everything is signed out, and the account is locked until she gets back in.
pub(crate) fn disown(cx: &mut Cx<'_>, messages: &Messages, id: &str) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    let known = accounts::account_by_id(cx.tx(), &account)?;
    let known = known.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
    forget(cx, id)?;
    let act = Act::new("identity.browser.disowned").about(&account).on(id);
    cx.record(act.because("sign-in", "identity-service"));
    lock_own(cx, messages, &known)
}
