//! Who a payee is and where she is paid.
//!
//! **Invariant:** looking at where somebody else is paid is an act she sees.

use civil::{Person, national_id};
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Resource};

use crate::engine::Grants;
use crate::model::{Account, Change, Payment, RunState};
use crate::rows::{accounts as rows, lines};
use crate::runs::found;

/// Longest name another system may give somebody.
const FOREIGN_BYTES: usize = 100;

/// Where somebody is paid, and will be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// Whom it is about, as payments name her.
    pub payee: String,
    /// The account that holds.
    pub account: Option<Account>,
    /// The change that waits.
    pub waiting: Option<Change>,
}

/// How payments name whoever is written so: a national number in any way people write it, or what another system says.
#[must_use]
pub fn payee_of(written: &str) -> Option<String> {
    if let Some(number) = national_id::parse(written) {
        return Some(number);
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:@/".contains(letter);
    let fine = !written.is_empty() && written.len() <= FOREIGN_BYTES && written.chars().all(plain);
    fine.then(|| format!("fid:{written}"))
}

/// The person behind a payee, if the population knows her.
pub(crate) fn person_of(cx: &mut Cx<'_>, grants: &Grants, payee: &str) -> Result<Option<Person>, Fault> {
    if payee.starts_with("fid:") { Ok(None) } else { grants.inner.population.by_national_id(cx, payee) }
}

pub(crate) fn resource(cx: &Cx<'_>, grants: &Grants, person: Option<&Person>) -> Resource {
    let own = person.is_some_and(|person| cx.actor().is_for(&person.id));
    let licensed = grants.inner.payouts.source(&cx.actor().id).is_some_and(|source| source.accounts);
    let resource = Resource::new("Payee", person.map_or("", |person| person.id.as_str()));
    resource.is("own", own).is("licensed", licensed)
}

/// Where a payee is paid, for whoever may ask.
///
/// # Errors
/// A refusal; the store's faults.
pub fn resolve(cx: &mut Cx<'_>, grants: &Grants, payee: &str) -> Result<Resolved, Fault> {
    let person = person_of(cx, grants, payee)?;
    cx.may("grants.account.resolve", &resource(cx, grants, person.as_ref()))?;
    let resolved = known(cx, payee)?;
    let mut act = Act::new("grants.account.viewed").because("grants", "grants-programme");
    act.subject = person.map(|person| person.id);
    cx.record(act);
    Ok(resolved)
}

pub(crate) fn known(cx: &mut Cx<'_>, payee: &str) -> Result<Resolved, Fault> {
    let (account, waiting) = (rows::of(cx.tx(), payee)?, rows::waiting(cx.tx(), payee)?);
    Ok(Resolved { payee: payee.to_owned(), account, waiting })
}

/// What somebody was and is paid, each with the day it is paid on.
pub type OwnPayments = Vec<(Payment, Date)>;

/// Where the asker herself is paid, and what she was and is paid: her own, so it leaves no act.
///
/// # Errors
/// `civil.person.unknown`; the store's faults.
pub fn own(cx: &mut Cx<'_>, grants: &Grants) -> Result<(Resolved, OwnPayments), Fault> {
    let person = cx.actor().whose("grants.account.resolve")?.to_owned();
    let person = grants.inner.population.person(cx, &person)?;
    let person = person.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    let resolved = known(cx, &person.national_id)?;
    let mut payments = OwnPayments::new();
    for payment in lines::of_payee(cx.tx(), &person.national_id, 24)? {
        // What is being prepared is no promise yet.
        let run = found(cx, payment.run)?;
        if !matches!(run.state, RunState::Checking | RunState::Checked | RunState::Withdrawn) {
            payments.push((payment, run.pay_on));
        }
    }
    Ok((resolved, payments))
}
