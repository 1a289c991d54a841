//! What people are told of their money, in their language.
//!
//! **Invariant:** whoever may do the deed may tell of it; an account's number is told by its last digits only.

use civil::Person;
use messages::Notice;
use spine::{Cx, Fault, Language, Personal, Text};

use crate::engine::Grants;
use crate::model::Account;
use crate::programme::Way;

/// Tells a person by SMS and among her notices.
///
/// # Errors
/// The store's faults.
pub(crate) fn tell(cx: &mut Cx<'_>, grants: &Grants, person: &Person, subject: Text, body: Text) -> Result<(), Fault> {
    told(cx, grants, person, (subject, body), false)
}

/// Tells the phone whose wallet a person leaves, if it is not the one she is told on anyway: a thief of her number does not
/// have that one too. It hears neither her name nor where her money goes.
///
/// # Errors
/// The store's faults.
pub(crate) fn tell_former(
    cx: &mut Cx<'_>,
    grants: &Grants,
    person: &Person,
    former: &Account,
    body: Text,
) -> Result<(), Fault> {
    if former.way != Way::Wallet || person.phone.as_ref() == Some(&former.address) {
        return Ok(());
    }
    let notice = Notice {
        person: None,
        phone: Some(Personal::new(former.address.clone())),
        email: None,
        language: language_of(cx, grants, person)?,
        subject: Text::new("grants.tell.account"),
        body,
        purpose: "grants",
        secret: false,
    };
    grants.inner.messages.send(cx, &notice).map(drop)
}

fn language_of(cx: &mut Cx<'_>, grants: &Grants, person: &Person) -> Result<Language, Fault> {
    Ok(identity::language_of(cx, &person.id)?.unwrap_or_else(|| grants.inner.language.clone()))
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
    let language = language_of(cx, grants, person)?;
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
    format!("{} …{}", place_name(grants, account, &grants.inner.language), ending(account))
}

/// The last digits of an account.
pub(crate) fn ending(account: &Account) -> String {
    account.address.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect()
}

/// What the wallet or bank of an account is called.
pub(crate) fn place_name<'a>(grants: &'a Grants, account: &'a Account, language: &Language) -> &'a str {
    let wallet = grants.inner.rails.by_phone(&account.institution).map(|wallet| wallet.name());
    let name = wallet.or_else(|| grants.inner.rails.banks.find(&account.institution).map(|bank| &bank.name));
    name.map_or(account.institution.as_str(), |name| name.in_language(language))
}
