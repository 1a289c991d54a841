//! Vouchers looked at: one by its serial, and one's own with their numbers.
//!
//! **Invariant:** a number is shown to whose payment it is, and to nobody else.

use civil::Person;
use spine::{Act, Cx, Fault, Timestamp};

use super::{Voucher, number, resource};
use crate::engine::Grants;
use crate::model::PaymentState;
use crate::rows::{lines, vouchers as rows};

/// The voucher with this serial, if the asking system had it made.
pub(crate) fn own_of(cx: &mut Cx<'_>, serial: &str) -> Result<Voucher, Fault> {
    let voucher = rows::find(cx.tx(), serial)?.filter(|voucher| voucher.made_by == cx.actor().id);
    voucher.ok_or_else(|| Fault::not_found("grants.voucher.unknown"))
}

/// Looks at a voucher that the asking system had made.
///
/// # Errors
/// `grants.voucher.unknown`; a refusal; the store's faults.
pub fn look(cx: &mut Cx<'_>, grants: &Grants, serial: &str) -> Result<Voucher, Fault> {
    cx.may("grants.voucher.look", &resource(cx, grants))?;
    let voucher = own_of(cx, serial)?;
    cx.record(Act::new("grants.voucher.viewed").on(serial));
    Ok(voucher)
}

/// The asker's own vouchers that can be redeemed, each with its number and its signed slip. It is an act in her record, because a number is shown.
///
/// # Errors
/// `civil.person.unknown`; a refusal; the store's faults.
pub fn own(cx: &mut Cx<'_>, grants: &Grants) -> Result<Vec<(Voucher, String, String)>, Fault> {
    let id = cx.actor().whose("grants.account.resolve")?.to_owned();
    let person: Option<Person> = grants.inner.population.person(cx, &id)?;
    let person = person.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
    cx.may("grants.account.resolve", &crate::mapper::resolve::resource(cx, grants, Some(&person)))?;
    let mut found = Vec::new();
    for line in lines::open_of(cx.tx(), &person.national_id)? {
        if line.state != PaymentState::Held {
            continue;
        }
        for (voucher, sealed) in rows::of_payment(cx.tx(), line.run, line.line)? {
            let opened = number::unseal(grants, &sealed)?;
            let slip = slip_of(grants, &voucher, opened.reveal())?;
            found.push((voucher, number::shown(opened.reveal()), slip));
        }
    }
    let act = Act::new("grants.vouchers.shown").about(&person.id).because("grants", "grants-programme");
    cx.record(act.with("vouchers", found.len()));
    Ok(found)
}

fn slip_of(grants: &Grants, voucher: &Voucher, number: &str) -> Result<String, Fault> {
    let until: Timestamp = voucher.expires_at;
    number::slip(grants, (&voucher.serial, number), (voucher.amount_minor, &voucher.group), until)
}
