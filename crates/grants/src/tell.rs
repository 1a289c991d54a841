//! What people are told of their money, in their language.
//!
//! **Invariant:** whoever may do the deed may tell of it; an account's number is told by its last digits only.

use civil::Person;
use messages::Notice;
use spine::{Cx, Fault, Personal, Text};

use crate::engine::Grants;
use crate::model::Account;

/// Tells a person by SMS and among her notices.
///
/// # Errors
/// The store's faults.
pub(crate) fn tell(cx: &mut Cx<'_>, grants: &Grants, person: &Person, subject: Text, body: Text) -> Result<(), Fault> {
    told(cx, grants, person, (subject, body), false)
}

/// The same for what holds a secret: it goes to her phone and is soon kept nowhere.
///
/// # Errors
/// The store's faults.
pub(crate) fn tell_secret(
    cx: &mut Cx<'_>,
    grants: &Grants,
    person: &Person,
    subject: Text,
    body: Text,
) -> Result<(), Fault> {
    told(cx, grants, person, (subject, body), true)
}

fn told(
    cx: &mut Cx<'_>,
    grants: &Grants,
    person: &Person,
    (subject, body): (Text, Text),
    secret: bool,
) -> Result<(), Fault> {
    let language = identity::language_of(cx, &person.id)?.unwrap_or_else(|| grants.inner.language.clone());
    let notice = Notice {
        person: Some(person.id.clone()),
        phone: person.phone.clone().map(Personal::new),
        email: None,
        language,
        subject,
        body,
        purpose: "grants",
        secret,
    };
    grants.inner.messages.send(cx, &notice).map(drop)
}

/// An account, as far as others may read it over a shoulder: `M-Pesa …1234`.
pub(crate) fn masked(grants: &Grants, account: &Account) -> String {
    let ending: String = account.address.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let wallet = grants.inner.rails.by_phone(&account.institution).map(|wallet| wallet.name());
    let name = wallet.or_else(|| grants.inner.rails.banks.find(&account.institution).map(|bank| &bank.name));
    let name = name.map_or(account.institution.as_str(), |name| name.in_language(&grants.inner.language));
    format!("{name} …{ending}")
}
