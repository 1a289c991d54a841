//! Guardians by a court's order: appointed, and dismissed.
//!
//! **Invariant:** parents are never written here; that they are guardians follows from the family (`family.rs`).

use spine::{Act, Cx, Fault, Resource, Text};

use crate::engine::Civil;
use crate::family::{self, LinkId, Tie, tie, untie};

/// Makes somebody a person's guardian by a court's order, as from today.
///
/// # Errors
/// `civil.person.unknown`, `civil.guardian.self`, `civil.guardian.already`, `civil.order.missing`; the authority's refusal.
pub fn appoint(cx: &mut Cx<'_>, civil: &Civil, guardian: &str, ward: &str, order: &str) -> Result<(), Fault> {
    cx.may("civil.guardian.appoint", &Resource::new("Person", ward))?;
    if guardian == ward {
        return Err(Fault::invalid("civil.guardian.self").field("guardian", Text::new("fault.civil.guardian.self")));
    }
    let order = ordered(order)?;
    for person in [guardian, ward] {
        if !civil.families().is_alive(cx, person)? {
            return Err(Fault::not_found("civil.person.unknown"));
        }
    }
    let (today, known) = (civil.today(cx), cx.now());
    let others = family::family(cx, ward, today, known)?.others;
    if others.iter().any(|link| link.tie == Tie::Guardian && link.holder == guardian) {
        return Err(
            Fault::conflict("civil.guardian.already").field("guardian", Text::new("fault.civil.guardian.already"))
        );
    }
    tie(cx, guardian, Tie::Guardian, ward, today, order)?;
    cx.record(Act::new("civil.guardian.appointed").about(ward).on(guardian).because("guardianship", "court order"));
    Ok(())
}

/// Ends a guardianship that a court gave, as from today.
///
/// # Errors
/// `civil.guardian.none` if there is none; `civil.order.missing`; the authority's refusal.
pub fn dismiss(cx: &mut Cx<'_>, civil: &Civil, ward: &str, link: LinkId, order: &str) -> Result<(), Fault> {
    cx.may("civil.guardian.appoint", &Resource::new("Person", ward))?;
    let order = ordered(order)?;
    let (today, known) = (civil.today(cx), cx.now());
    let others = family::family(cx, ward, today, known)?.others;
    let link = others.into_iter().find(|own| own.id == link && own.tie == Tie::Guardian);
    let link = link.ok_or_else(|| Fault::not_found("civil.guardian.none"))?;
    untie(cx, &link, today, order)?;
    cx.record(Act::new("civil.guardian.dismissed").about(ward).on(&link.holder).because("guardianship", "court order"));
    Ok(())
}

fn ordered(order: &str) -> Result<&str, Fault> {
    let order = order.trim();
    if order.is_empty() {
        return Err(Fault::invalid("civil.order.missing").field("order", Text::new("civil.field.court")));
    }
    Ok(order)
}
