//! Sessions: opened after a sign-in, recognised by their token, listed and ended by whom they belong to.
//!
//! **Invariant:** a session counts while it has not ended, has not been idle for half an hour, has not reached its
//! end, its account is active, and the provider's session it hangs on counts too. Its token is never stored.

use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Id, IdKind, Personal, Resource, Timestamp, Tx, TxError};

use crate::account::{self, Kind};
use crate::mandates::MandateId;
use crate::provider::logout_notice;
use crate::rows::{participants, sessions};

/// The kind of a session's identifier.
#[derive(Debug)]
pub struct SessionKind;

impl IdKind for SessionKind {
    const PREFIX: &'static str = "ses";
}

/// A session's identifier; it opens nothing.
pub type SessionId = Id<SessionKind>;

/// How long a session may be idle.
pub(crate) const IDLE_SECONDS: i64 = 30 * 60;
/// Use is noted at most this often.
pub(crate) const TOUCH_SECONDS: i64 = 60;

/// A session to be opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) token_hash: &'a str,
    pub(crate) account: &'a str,
    pub(crate) parent: Option<SessionId>,
    pub(crate) client: Option<&'a str>,
    pub(crate) assurance: Assurance,
    pub(crate) methods: &'a [String],
    pub(crate) user_agent: &'a str,
    pub(crate) auth_time: Timestamp,
    pub(crate) ends_at: Timestamp,
}

/// A session with its account.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) id: SessionId,
    pub(crate) account: String,
    pub(crate) parent: Option<SessionId>,
    pub(crate) client: Option<String>,
    pub(crate) assurance: Assurance,
    pub(crate) methods: Vec<String>,
    pub(crate) user_agent: String,
    pub(crate) made_at: Timestamp,
    pub(crate) auth_time: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) kind: Kind,
    pub(crate) name: Personal<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) institution: Option<String>,
    pub(crate) active: bool,
    /// Whom it acts for, if she chose to, and under which mandate.
    pub(crate) acting_for: Option<String>,
    pub(crate) mandate: Option<MandateId>,
}

impl Found {
    /// Whether it counts at `now`, leaving its parent aside.
    fn counts(&self, now: Timestamp) -> bool {
        self.active
            && self.ended_at.is_none()
            && now < self.ends_at
            && now.seconds_since(self.last_seen_at) < IDLE_SECONDS
    }

    pub(crate) fn actor(&self) -> spine::Actor {
        let institution = self.institution.as_deref();
        account::actor(self.kind, &self.account, &self.name, &self.roles, institution, self.assurance)
    }
}

/// The session of a token, if it counts now.
pub(crate) fn recognise(tx: &mut dyn Tx, token_hash: &str, now: Timestamp) -> Result<Option<Found>, TxError> {
    let Some(found) = sessions::by_token(tx, token_hash)? else { return Ok(None) };
    standing(tx, found, now)
}

/// The session of an identifier, if it counts now.
pub(crate) fn by_id(tx: &mut dyn Tx, id: SessionId, now: Timestamp) -> Result<Option<Found>, TxError> {
    let Some(found) = sessions::by_id(tx, id)? else { return Ok(None) };
    standing(tx, found, now)
}

fn standing(tx: &mut dyn Tx, found: Found, now: Timestamp) -> Result<Option<Found>, TxError> {
    let parent_counts = match found.parent {
        Some(parent) => sessions::by_id(tx, parent)?.is_some_and(|parent| parent.counts(now)),
        None => true,
    };
    Ok((parent_counts && found.counts(now)).then_some(found))
}

/// What a client learnt from an ID token and opens its own session with.
#[derive(Clone, Debug)]
pub(crate) struct PortalSession<'a> {
    pub(crate) token_hash: &'a str,
    pub(crate) account: &'a str,
    pub(crate) provider: SessionId,
    pub(crate) client: &'a str,
}

/// Opens the portal's session, which hangs on the provider's and ends no later.
///
/// # Errors
/// `identity.session.over` if the provider's session does not count or is another's.
pub(crate) fn open_portal(cx: &mut Cx<'_>, new: &PortalSession<'_>) -> Result<SessionId, Fault> {
    cx.may("identity.session.open", &Resource::new("Session", new.provider))?;
    let now = cx.now();
    let provider = by_id(cx.tx(), new.provider, now)?
        .filter(|provider| provider.account == new.account && provider.parent.is_none())
        .ok_or_else(|| Fault::expired("identity.session.over"))?;
    let id = cx.id();
    let session = NewSession {
        token_hash: new.token_hash,
        account: new.account,
        parent: Some(provider.id),
        client: Some(new.client),
        assurance: provider.assurance,
        methods: &provider.methods,
        user_agent: &provider.user_agent,
        auth_time: provider.auth_time,
        ends_at: provider.ends_at,
    };
    sessions::insert(cx.tx(), id, &session, now)?;
    let act = Act::new("identity.session.opened").about(new.account).on(id).because("sign-in", "identity-service");
    cx.record(act.with("client", new.client));
    Ok(id)
}

/// A session as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionView {
    /// Its identifier.
    pub id: SessionId,
    /// Browser and system, roughly.
    pub user_agent: String,
    /// When the sign-in was.
    pub made_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
}

/// The sessions of the actor's own account that count, newest first.
///
/// # Errors
/// The store's faults.
pub fn own_sessions(cx: &mut Cx<'_>) -> Result<Vec<SessionView>, Fault> {
    let (account, now) = (cx.actor().id.clone(), cx.now());
    let found = sessions::of_account(cx.tx(), &account, now, now.plus_seconds(-IDLE_SECONDS))?;
    let view = |found: Found| SessionView {
        id: found.id,
        user_agent: found.user_agent,
        made_at: found.made_at,
        last_seen_at: found.last_seen_at,
    };
    Ok(found.into_iter().map(view).collect())
}

/// Ends a session with all that hangs on it; clients that took part in it are told.
pub(crate) fn end(cx: &mut Cx<'_>, id: SessionId) -> Result<(), Fault> {
    let now = cx.now();
    sessions::end(cx.tx(), id, now)?;
    let told = participants::take_of_session(cx.tx(), &id.to_string())?;
    logout_notice::leave(cx, &told);
    Ok(())
}

/// Ends every session of an account but one, and all that hangs on them; returns how many.
pub(crate) fn end_all(cx: &mut Cx<'_>, account: &str, but: &str) -> Result<u64, Fault> {
    let now = cx.now();
    let count = sessions::end_all(cx.tx(), account, but, now)?;
    let told = participants::take_of_account(cx.tx(), account, but)?;
    logout_notice::leave(cx, &told);
    Ok(count)
}

/// Ends one of the actor's own sessions with all that hangs on it. One that has ended already stays ended.
///
/// # Errors
/// `identity.session.missing` for another's or none.
pub fn end_own(cx: &mut Cx<'_>, id: SessionId) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.session.end", &Resource::new("Session", id).is("own", true))?;
    let found = sessions::by_id(cx.tx(), id)?.filter(|found| found.account == account);
    if found.is_none() {
        return Err(Fault::not_found("identity.session.missing"));
    }
    end(cx, id)?;
    cx.record(Act::new("identity.session.ended").about(&account).on(id).because("sign-in", "identity-service"));
    Ok(())
}

/// Ends all sessions of the actor's own account, but the one named if any.
///
/// # Errors
/// The store's faults.
pub fn end_all_own(cx: &mut Cx<'_>, but: Option<SessionId>) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    cx.may("identity.session.end", &Resource::new("Account", &account).is("own", true))?;
    let count = end_all(cx, &account, &but.map(|id| id.to_string()).unwrap_or_default())?;
    let act = Act::new("identity.session.ended").about(&account).on(&account).because("sign-in", "identity-service");
    cx.record(act.with("sessions", i64::try_from(count).unwrap_or(i64::MAX)));
    Ok(())
}

/// Ends the provider's session that a token opens, for signing out at the provider itself.
///
/// # Errors
/// The store's faults.
pub(crate) fn end_by_token(cx: &mut Cx<'_>, token_hash: &str) -> Result<(), Fault> {
    let Some(found) = sessions::by_token(cx.tx(), token_hash)?.filter(|found| found.ended_at.is_none()) else {
        return Ok(());
    };
    cx.may("identity.session.end", &Resource::new("Session", found.id).is("own", true))?;
    let root = found.parent.unwrap_or(found.id);
    end(cx, root)?;
    cx.record(Act::new("identity.session.ended").about(&found.account).on(root).because("sign-in", "identity-service"));
    Ok(())
}

/// Browser and system, roughly: `Firefox, Android`. Brand names, the same in every language.
pub(crate) fn short_agent(header: &str) -> String {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| header.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Opera", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("KAIOS", "KaiOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    browser.into_iter().chain(system).collect::<Vec<_>>().join(", ")
}
