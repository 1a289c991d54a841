//! A person's authenticator apps (RFC 6238): added with a code that proves it, used, taken away.
//!
//! **Invariant:** a secret is sealed for its account and shown once, on the page that adds it; a code is good once and
//! for no step before the last one used (RFC 6238 §5.2).

use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Id, IdKind, Resource, Secret, Text, Timestamp};

use crate::account::Account;
use crate::fresh;
use crate::keys::Keys;
use crate::post;
use crate::recognise::Current;
use crate::rows::accounts;
use crate::rows::second::{self as rows, App};
use crate::second::Way;

/// Apps of one account.
const MOST: usize = 5;

/// The kind of an authenticator's identifier.
#[derive(Debug)]
pub(crate) struct AppKind;

impl IdKind for AppKind {
    const PREFIX: &'static str = "app";
}

/// Spends a code of one of the account's apps; false if it is of none, or was used. All are compared, so that the time
/// tells nothing.
pub(crate) fn spend(cx: &mut Cx<'_>, keys: &Keys, account: &Account, given: &str) -> Result<bool, Fault> {
    let now = cx.now();
    let mut right = false;
    if let Some(sealed) = &account.totp {
        let step = crypto::verify_totp(&keys.open_totp(&account.id, sealed)?, given, now);
        if let Some(step) = step.filter(|step| *step > account.totp_step) {
            accounts::set_totp_step(cx.tx(), &account.id, step)?;
            right = true;
        }
    }
    for app in rows::authenticators(cx.tx(), &account.id)? {
        let step = crypto::verify_totp(&keys.open_totp(&account.id, &app.sealed)?, given, now);
        if let Some(step) = step.filter(|step| *step > app.step) {
            rows::use_authenticator(cx.tx(), &app.id, step, now)?;
            right = true;
        }
    }
    Ok(right)
}

/// An app that is to be added: its secret, sealed into the page until its code proves it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Offered {
    pub(crate) account: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) made_at: Timestamp,
}

/// How long an offer is good.
pub(crate) const OFFER_SECONDS: i64 = 30 * 60;

/// What came of adding an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Added {
    /// It counts.
    Yes,
    /// The code is not the app's.
    Wrong,
}

/// Adds an app of the actor's own, whose code proves it; its first code is spent with that.
pub(crate) fn add(
    cx: &mut Cx<'_>,
    (keys, messages): (&Keys, &Messages),
    current: Option<Current>,
    offered: &Offered,
    name: &str,
    code: &str,
) -> Result<Added, Fault> {
    let account = cx.actor().id.clone();
    let fresh = fresh::is(cx, current)?;
    let own = offered.account == account;
    cx.may("identity.authenticator.add", &Resource::new("Account", &account).is("own", own).is("fresh", fresh))?;
    let known =
        accounts::account_by_id(cx.tx(), &account)?.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
    if rows::authenticators(cx.tx(), &account)?.len() >= MOST {
        return Err(Fault::conflict("identity.authenticator.many"));
    }
    let (now, secret) = (cx.now(), Secret::new(offered.secret.clone()));
    let Some(step) = crypto::verify_totp(&secret, code, now) else { return Ok(Added::Wrong) };
    let id: Id<AppKind> = cx.id();
    let sealed = keys.seal_totp(&account, &secret)?;
    let app = App { id: id.to_string(), name: name.to_owned(), sealed, step, made_at: now, used_at: None };
    rows::insert_authenticator(cx.tx(), &account, &app)?;
    let act = Act::new("identity.authenticator.added").about(&account).on(id);
    cx.record(act.because("sign-in", "identity-service"));
    post::tell(cx, messages, &known, Text::new("identity.told.subject"), Text::new("identity.told.app_added"))?;
    Ok(Added::Yes)
}

/// Takes one of the actor's own apps away.
pub(crate) fn remove(cx: &mut Cx<'_>, messages: &Messages, current: Option<Current>, id: &str) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    let fresh = fresh::is(cx, current)?;
    let resource = Resource::new("Account", &account).is("own", true).is("fresh", fresh);
    cx.may("identity.authenticator.remove", &resource)?;
    let known =
        accounts::account_by_id(cx.tx(), &account)?.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
    if !rows::delete_authenticator(cx.tx(), id, &account)? {
        return Err(Fault::not_found("identity.authenticator.missing"));
    }
    let act = Act::new("identity.authenticator.removed").about(&account).on(id);
    cx.record(act.because("sign-in", "identity-service"));
    post::tell(cx, messages, &known, Text::new("identity.told.subject"), Text::new("identity.told.app_removed"))
}

/// Chooses the second step the actor is asked for; none goes back to the usual one.
pub(crate) fn choose(cx: &mut Cx<'_>, current: Option<Current>, way: Option<Way>, dials: bool) -> Result<(), Fault> {
    let account = cx.actor().id.clone();
    let fresh = fresh::is(cx, current)?;
    let resource = Resource::new("Account", &account).is("own", true).is("fresh", fresh);
    cx.may("identity.second_step.choose", &resource)?;
    let known =
        accounts::account_by_id(cx.tx(), &account)?.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
    let has = super::ways(cx.tx(), &known, dials)?;
    if way.is_some_and(|way| way == Way::Printed || !has.contains(&way)) {
        return Err(Fault::invalid("identity.second_step.missing"));
    }
    rows::set_step(cx.tx(), &account, way.map(Way::as_str))?;
    let act = Act::new("identity.second_step.chosen").about(&account).on(&account);
    cx.record(act.because("sign-in", "identity-service").with("way", way.map_or("usual", Way::as_str)));
    Ok(())
}
