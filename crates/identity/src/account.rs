//! Accounts: a person's, who signs in by ID number, PIN and code, and an officer's, with password and code or a
//! passkey.
//!
//! **Invariant:** an account's identifier is the person's (`per_…`) or officer's (`off_…`) own; a login names one
//! account of its kind; secrets arrive here hashed or sealed. Where next: `enrol.rs`, `sign_in.rs`.

use std::collections::{BTreeMap, BTreeSet};

use spine::{Actor, ActorKind, Assurance, Cx, Fault, Language, Personal, Secret, Timestamp};

use crate::rows::accounts as rows;

/// Whose account it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A resident's.
    Person,
    /// A public officer's.
    Officer,
}

impl Kind {
    /// Its name in tables, cookies and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Officer => "officer",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "person" => Some(Self::Person),
            "officer" => Some(Self::Officer),
            _ => None,
        }
    }

    /// How long a session may last at most, in seconds: twelve hours for a person, a working day for an officer.
    pub(crate) const fn session_seconds(self) -> i64 {
        match self {
            Self::Person => 12 * 3600,
            Self::Officer => 8 * 3600,
        }
    }
}

/// An account as the engine reads it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) phone: Option<Personal<String>>,
    pub(crate) email: Option<Personal<String>>,
    pub(crate) language: Language,
    pub(crate) secret_hash: Secret<String>,
    pub(crate) totp: Option<Vec<u8>>,
    pub(crate) totp_step: i64,
    pub(crate) active: bool,
    /// The second step she chose, by name.
    pub(crate) second_step: Option<String>,
    /// After a recovery she is known less surely, until then.
    pub(crate) lowered_until: Option<Timestamp>,
}

/// What accounts are called, by identifier; those that are none are left out.
///
/// # Errors
/// The store's faults.
pub fn names_of(cx: &mut Cx<'_>, accounts: BTreeSet<String>) -> Result<BTreeMap<String, String>, Fault> {
    let mut names = BTreeMap::new();
    for id in accounts {
        if let Some(shown) = rows::shown(cx.tx(), &id)? {
            names.insert(id, shown.name.reveal().clone());
        }
    }
    Ok(names)
}

/// An account to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) login: Personal<String>,
    pub(crate) name: Personal<String>,
    pub(crate) phone: Option<Personal<String>>,
    pub(crate) email: Option<Personal<String>>,
    pub(crate) language: Language,
    pub(crate) secret_hash: Secret<String>,
    pub(crate) totp: Option<Vec<u8>>,
    pub(crate) roles: Vec<String>,
    pub(crate) institution: Option<String>,
}

/// A login as it is compared: without spaces, in lower case; none if nothing is left or it is too long.
#[must_use]
pub fn normal_login(typed: &str) -> Option<String> {
    let login: String = typed.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    (1..=64).contains(&login.len()).then_some(login)
}

/// The actor that a session of this account is.
pub(crate) fn actor(
    kind: Kind,
    id: &str,
    name: &Personal<String>,
    roles: &[String],
    institution: Option<&str>,
    assurance: Assurance,
) -> Actor {
    match kind {
        Kind::Person => Actor::person(id, name.clone(), assurance),
        Kind::Officer => Actor {
            name: name.clone(),
            roles: roles.to_vec(),
            institution: institution.map(str::to_owned),
            assurance,
            ..Actor::bare(ActorKind::Officer, id)
        },
    }
}

/// The language somebody wants messages in; none without an account.
///
/// # Errors
/// The store's faults.
pub fn language_of(cx: &mut Cx<'_>, account: &str) -> Result<Option<Language>, Fault> {
    Ok(rows::account_by_id(cx.tx(), account)?.map(|account| account.language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_compared_without_spaces_and_case() {
        assert_eq!(normal_login(" 012 345 678 9 ").as_deref(), Some("0123456789"));
        assert_eq!(normal_login("M.Mokoena").as_deref(), Some("m.mokoena"));
        assert_eq!(normal_login(" \u{a0} "), None);
        assert_eq!(normal_login(&"x".repeat(65)), None);
    }
}
