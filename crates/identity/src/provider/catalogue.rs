//! What can be told of a person: scopes, the claims they stand for, and their values.
//!
//! **Invariant:** a claim is told only if its value is known; nothing is told as an empty string. Names are those of
//! OpenID Connect Core §5.1; `individual_id` is what eSignet calls the national number.
//! Where next: `asked.rs` for what a client asks for, `assurance.rs` for claims with evidence.

use civil::Population;
use serde_json::{Map, Value as Json, json};
use spine::{Cx, Fault, Personal};

use crate::rows::{accounts, mandates};

/// What can be asked for; `openid` must be.
pub(crate) const SCOPES: [&str; 7] = ["openid", "profile", "email", "phone", "address", "offline_access", ACT];

/// Asks that somebody may be signed in who acts for another (RFC 8693 §4.1).
pub(crate) const ACT: &str = "act";

/// Each claim, and the scope that stands for it.
const CLAIMS: [(&str, Option<&str>); 12] = [
    ("name", Some("profile")),
    ("given_name", Some("profile")),
    ("family_name", Some("profile")),
    ("birthdate", Some("profile")),
    ("gender", Some("profile")),
    ("locale", Some("profile")),
    ("email", Some("email")),
    ("email_verified", Some("email")),
    ("phone_number", Some("phone")),
    ("phone_number_verified", Some("phone")),
    ("address", Some("address")),
    ("individual_id", None),
];

/// The claims that the population register is evidence for.
pub(crate) const EVIDENT: [&str; 6] = ["given_name", "family_name", "birthdate", "gender", "address", "individual_id"];

pub(crate) fn is_claim(name: &str) -> bool {
    CLAIMS.iter().any(|(own, _)| *own == name)
}

/// Every claim by name.
pub(crate) fn claims() -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().map(|(name, _)| *name)
}

/// The claims a scope stands for (§5.4).
pub(crate) fn of_scope(scope: &str) -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().filter(move |(_, own)| *own == Some(scope)).map(|(name, _)| *name)
}

/// The claim whose consent covers this one: that a number was checked is not told by itself.
pub(crate) fn covered_by(claim: &str) -> &str {
    claim.strip_suffix("_verified").unwrap_or(claim)
}

/// A person as far as she can be told of.
#[derive(Clone, Default)]
pub(crate) struct Facts(Map<String, Json>);

impl Facts {
    /// What the account says, and beside it the population if it knows the person.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) fn of(cx: &mut Cx<'_>, population: Option<&Population>, account: &str) -> Result<Self, Fault> {
        let mut facts = Map::new();
        let mut say = |name: &str, value: Json| drop(facts.insert(name.to_owned(), value));
        if let Some(account) = accounts::shown(cx.tx(), account)? {
            say("name", json!(account.name.reveal()));
            say("locale", json!(account.language.tag()));
            for (name, value) in [("phone_number", &account.phone), ("email", &account.email)] {
                if let Some(value) = value.as_ref().map(Personal::reveal).filter(|value| !value.is_empty()) {
                    say(name, json!(value));
                    // One-time codes go there: that it is hers was proven when she signed in with one.
                    say(&format!("{name}_verified"), json!(true));
                }
            }
        }
        // An organisation has a name and no account.
        if let Some(organisation) = mandates::organisation(cx.tx(), account)? {
            say("name", json!(organisation.name));
        }
        let known = match population {
            Some(population) => population.person(cx, account)?,
            None => None,
        };
        if let Some(person) = known {
            say("name", json!(person.name()));
            let texts = [
                ("given_name", person.given.as_str()),
                ("family_name", &person.family),
                ("gender", &person.sex),
                ("individual_id", &person.national_id),
            ];
            for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
                say(name, json!(value));
            }
            say("birthdate", json!(person.born.to_string()));
            if !person.district.is_empty() {
                say("address", json!({"region": person.district}));
            }
        }
        Ok(Self(facts))
    }

    /// The value of a claim.
    pub(crate) fn value(&self, claim: &str) -> Option<&Json> {
        self.0.get(claim)
    }

    /// A claim as a person reads it on a page.
    pub(crate) fn shown(&self, claim: &str) -> Option<String> {
        match self.0.get(claim)? {
            Json::String(text) => Some(text.clone()),
            Json::Object(members) => Some(members.values().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")),
            other => Some(other.to_string()),
        }
    }

    /// The claims of these names that are known.
    pub(crate) fn told<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Map<String, Json> {
        names.into_iter().filter_map(|name| Some((name.to_owned(), self.0.get(name)?.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_that_tells_something_stands_for_claims() {
        for scope in ["profile", "email", "phone", "address"] {
            assert!(of_scope(scope).next().is_some(), "{scope}");
        }
        assert!(of_scope("openid").next().is_none());
        assert!(EVIDENT.iter().all(|claim| is_claim(claim)));
        assert_eq!(covered_by("phone_number_verified"), "phone_number");
        assert_eq!(covered_by("birthdate"), "birthdate");
    }
}
