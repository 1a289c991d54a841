//! Cash at a post office: a person is identified, shown what lies ready for her, and given it once.
//!
//! **Invariant:** what is given leaves the office's float, which cannot give what it was not given; posting the hold and
//! emptying the float are one booking. The clerk sees only whom she has before her, and the person sees that she looked.

use payments::ledger::{self, Step, Transfer};
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Text};

use crate::engine::Grants;
use crate::mapper::resolve::person_of;
use crate::model::{Payment, PaymentState, RunId};
use crate::money::{self, Booking};
use crate::programme::Way;
use crate::rows::lines;
use crate::runs::{found, settle};
use crate::tell::tell;

/// What a clerk sees of whom she has before her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtTheCounter {
    /// Her number.
    pub payee: String,
    /// Her name.
    pub name: String,
    /// What lies ready.
    pub ready: Vec<Payment>,
    /// What the office's float holds, in minor units.
    pub float_left: i64,
}

fn may(cx: &mut Cx<'_>, grants: &Grants, place: &str) -> Result<(), Fault> {
    if grants.inner.payouts.post_office(place).is_none() {
        return Err(Fault::not_found("grants.place.unknown"));
    }
    let same = cx.actor().institution.as_deref() == Some(grants.inner.payouts.post.as_str());
    cx.may("grants.cash.give", &Resource::new("Float", place).is("same_institution", same))
}

/// Shows what lies ready for somebody at a post office.
///
/// # Errors
/// `grants.place.unknown`; `grants.payee.unknown`; a refusal; the store's faults.
pub fn at_the_counter(cx: &mut Cx<'_>, grants: &Grants, place: &str, number: &str) -> Result<AtTheCounter, Fault> {
    may(cx, grants, place)?;
    let person = grants.inner.population.by_national_id(cx, number)?;
    let person = person.ok_or_else(|| {
        Fault::invalid("grants.payee.unknown").field("number", Text::new("fault.grants.payee.unknown"))
    })?;
    let ready = lines::open_of(cx.tx(), &person.national_id)?.into_iter().filter(lies_ready).collect();
    let float_left = money::float_left(cx, place)?;
    let act = Act::new("grants.cash.looked").about(&person.id).on(place);
    cx.record(act.because("grants", "grants-programme"));
    Ok(AtTheCounter { name: person.name(), payee: person.national_id, ready, float_left })
}

fn lies_ready(line: &Payment) -> bool {
    line.state == PaymentState::Held && line.account.as_ref().is_some_and(|account| account.way == Way::PostOffice)
}

/// Gives a payment in cash. `document` is the last digits of what she showed.
///
/// # Errors
/// `grants.place.unknown`; `grants.payment.{unknown,not_ready}`; `grants.float.short`; a refusal; the store's faults.
pub fn give(
    cx: &mut Cx<'_>,
    grants: &Grants,
    place: &str,
    (id, line): (RunId, i64),
    document: &str,
) -> Result<(), Fault> {
    may(cx, grants, place)?;
    let mut run = found(cx, id)?;
    let payment = lines::find(cx.tx(), id, line)?;
    let mut payment = payment.ok_or_else(|| Fault::not_found("grants.payment.unknown"))?;
    if !lies_ready(&payment) {
        return Err(Fault::conflict("grants.payment.not_ready"));
    }
    if document.trim().is_empty() || document.len() > 40 {
        return Err(Fault::invalid("grants.cash.document").field("document", Text::new("grants.cash.document_missing")));
    }
    let amount = grants.money(payment.amount_minor);
    if money::float_left(cx, place)? < amount.minor() {
        return Err(Fault::conflict("grants.float.short"));
    }
    let (debit, credit) = (money::ready_cash(cx, grants)?, money::float(cx, grants, place)?);
    let of = money::id_of(&payment, Booking::Hold);
    let post = money::booking(&payment, Booking::Post, Step::Post { of, amount: None });
    let given: Transfer = money::booking(&payment, Booking::Give, Step::Move { debit, credit, amount });
    ledger::book(cx, &[post, given])?;
    payment.state = PaymentState::Paid;
    payment.carrier_reference = Some(place.to_owned());
    payment.changed_at = cx.now();
    lines::set(cx.tx(), &payment)?;
    run.tally.held -= 1;
    run.tally.paid += 1;
    run.tally.paid_minor += payment.amount_minor;
    let mut act = Act::new("grants.cash.given").on(place).because("grants", "grants-programme");
    act.subject.clone_from(&payment.person);
    cx.record(act.with("run", id.to_string()).with("line", line).with("amount_minor", amount.minor()));
    if let Some(person) = person_of(cx, grants, &payment.payee)? {
        let name = grants.inner.payouts.post_office(place).map(|office| office.name.clone()).unwrap_or_default();
        let body = Text::new("grants.tell.given").with("amount", amount).with("place", name);
        tell(cx, grants, &person, Text::new("grants.tell.payment"), body)?;
    }
    settle::close_if_done(cx, grants, run)
}
