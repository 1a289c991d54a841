//! Operations on accounts: enrol a person or an officer, set a new secret, lock and unlock.
//!
//! **Invariant:** whoever enrols never sees the secret stored: it comes hashed (`Identity::hash_secret`) and, for an
//! officer's authenticator, sealed (`Identity::seal_totp`). A new secret or a lock ends every session.

use spine::{Act, Cx, Fault, FaultKind, Language, Personal, Resource, Secret};

use crate::account::{Kind, NewAccount, normal_login};
use crate::mandates::end::end_all_of;
use crate::rows::{accounts, grants};
use crate::session;

/// A person who is to be able to sign in.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Her identifier in the population (`per_…`).
    pub id: String,
    /// Her ID number; spaces do not count.
    pub login: Personal<String>,
    /// Her name as pages show it.
    pub name: Personal<String>,
    /// Where codes are sent by SMS.
    pub phone: Option<Personal<String>>,
    /// Where codes are sent by e-mail.
    pub email: Option<Personal<String>>,
    /// The language of messages to her.
    pub language: Language,
    /// The hash of her PIN, from `Identity::hash_secret`.
    pub pin_hash: Secret<String>,
}

/// An officer who is to be able to sign in.
#[derive(Clone, Debug)]
pub struct NewOfficer {
    /// The officer's identifier (`off_…`).
    pub id: String,
    /// The user name; case does not count.
    pub login: Personal<String>,
    /// The name as pages show it.
    pub name: Personal<String>,
    /// For messages by SMS.
    pub phone: Option<Personal<String>>,
    /// For messages by e-mail.
    pub email: Option<Personal<String>>,
    /// The language of messages.
    pub language: Language,
    /// The hash of the password, from `Identity::hash_secret`.
    pub password_hash: Secret<String>,
    /// The authenticator's secret, from `Identity::seal_totp`.
    pub totp_sealed: Vec<u8>,
    /// Roles held.
    pub roles: Vec<String>,
    /// The public body worked for.
    pub institution: String,
}

/// Makes a person's account; returns its identifier.
///
/// # Errors
/// `identity.login.invalid`, `identity.account.exists`, the authority's refusal.
pub fn enrol_person(cx: &mut Cx<'_>, person: &NewPerson) -> Result<String, Fault> {
    let new = NewAccount {
        id: person.id.clone(),
        kind: Kind::Person,
        login: person.login.clone(),
        name: person.name.clone(),
        phone: person.phone.clone(),
        email: person.email.clone(),
        language: person.language.clone(),
        secret_hash: person.pin_hash.clone(),
        totp: None,
        roles: Vec::new(),
        institution: None,
    };
    enrol(cx, new)
}

/// Makes an officer's account; returns its identifier.
///
/// # Errors
/// `identity.login.invalid`, `identity.account.exists`, the authority's refusal.
pub fn enrol_officer(cx: &mut Cx<'_>, officer: &NewOfficer) -> Result<String, Fault> {
    let new = NewAccount {
        id: officer.id.clone(),
        kind: Kind::Officer,
        login: officer.login.clone(),
        name: officer.name.clone(),
        phone: officer.phone.clone(),
        email: officer.email.clone(),
        language: officer.language.clone(),
        secret_hash: officer.password_hash.clone(),
        totp: Some(officer.totp_sealed.clone()),
        roles: officer.roles.clone(),
        institution: Some(officer.institution.clone()),
    };
    enrol(cx, new)
}

fn enrol(cx: &mut Cx<'_>, mut new: NewAccount) -> Result<String, Fault> {
    let resource = Resource::new("Account", &new.id).with("kind", new.kind.as_str());
    let resource = match &new.institution {
        Some(institution) => resource.with("institution", institution),
        None => resource,
    };
    cx.may("identity.account.enrol", &resource)?;
    let login = normal_login(new.login.reveal()).ok_or_else(|| Fault::invalid("identity.login.invalid"))?;
    let taken = accounts::account_by_login(cx.tx(), new.kind, &login)?.is_some()
        || accounts::account_by_id(cx.tx(), &new.id)?.is_some();
    if taken {
        return Err(Fault::new(FaultKind::Conflict, "identity.account.exists"));
    }
    new.login = Personal::new(login);
    let now = cx.now();
    accounts::insert_account(cx.tx(), &new, now)?;
    let act = Act::new("identity.account.enrolled").about(&new.id).on(&new.id).because("sign-in", "identity-service");
    cx.record(act.with("kind", new.kind.as_str()));
    Ok(new.id)
}

/// Sets a new PIN or password (its hash) and ends every session of the account.
///
/// # Errors
/// `identity.account.missing`, the authority's refusal.
pub fn set_secret(cx: &mut Cx<'_>, account: &str, hash: &Secret<String>) -> Result<(), Fault> {
    let own = cx.actor().id == account;
    cx.may("identity.account.reset", &Resource::new("Account", account).is("own", own))?;
    if accounts::set_secret(cx.tx(), account, hash.reveal())? == 0 {
        return Err(Fault::not_found("identity.account.missing"));
    }
    end_everything(cx, account)?;
    cx.record(Act::new("identity.account.reset").about(account).on(account).because("sign-in", "identity-service"));
    Ok(())
}

/// Ends every session, and what clients hold beyond them.
pub(crate) fn end_everything(cx: &mut Cx<'_>, account: &str) -> Result<(), Fault> {
    let now = cx.now();
    session::end_all(cx, account, "")?;
    grants::end_of_account(cx.tx(), account, now)?;
    Ok(())
}

/// Locks an account, which ends every session of it at once, or unlocks it.
///
/// # Errors
/// `identity.account.missing`, the authority's refusal.
pub fn set_lock(cx: &mut Cx<'_>, account: &str, locked: bool) -> Result<(), Fault> {
    cx.may("identity.account.lock", &Resource::new("Account", account))?;
    if accounts::set_state(cx.tx(), account, !locked)? == 0 {
        return Err(Fault::not_found("identity.account.missing"));
    }
    if locked {
        end_everything(cx, account)?;
        end_all_of(cx, account, "lock")?;
    }
    let kind = if locked { "identity.account.locked" } else { "identity.account.unlocked" };
    cx.record(Act::new(kind).about(account).on(account).because("sign-in", "identity-service"));
    Ok(())
}
