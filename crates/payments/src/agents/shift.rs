//! A shift: what lies in the drawer when it begins and when it ends, against what should.
//!
//! **Invariant:** one shift at a time at a counter. What should lie there is what lay there, with all cash taken and all that came
//! and went for float; the float has moved by as much the other way.

use spine::{Act, Cx, Fault, Id, Money, Resource};

use super::model::{Shift, ShiftKind, account, place};
use crate::ledger;
use crate::rows::agents as rows;

/// The counter of whoever acts, for a deed of its clerk.
pub(super) fn own(cx: &mut Cx<'_>) -> Result<(String, ledger::Account), Fault> {
    let place = place(cx)?;
    cx.may("payments.shift.keep", &Resource::new("Counter", &place).is("own", true))?;
    let account = ledger::called(cx, &account(&place))?.ok_or_else(|| Fault::conflict("payments.cash.closed"))?;
    Ok((place, account))
}

/// All cash that ever came into a counter's drawer, less what left it, in minor units: what it took, itself and by its devices,
/// and what changed hands for float. It follows from the ledger and the moves of float, so it does not hang on a clock.
fn ever(cx: &mut Cx<'_>, place: &str, own: &ledger::Account) -> Result<i64, Fault> {
    let moved = rows::moved_at(cx.tx(), place)?;
    let banked = rows::banked(cx.tx(), own.id)?;
    let taken = own.debits_posted - moved.gave - moved.lent - banked;
    let by_devices = moved.lent - moved.back - lent(cx, place)?;
    Ok(taken + by_devices - moved.got + moved.gave)
}

/// What a counter's devices may still take, in minor units.
pub(super) fn lent(cx: &mut Cx<'_>, place: &str) -> Result<i64, Fault> {
    let mut lent = 0;
    for device in rows::devices(cx.tx(), place)?.iter().filter(|device| device.ended_at.is_none()) {
        lent += ledger::called(cx, &account(&device.allowance))?.map_or(0, |it| it.available());
    }
    Ok(lent)
}

/// What should lie in the drawer now.
pub(super) fn expected(cx: &mut Cx<'_>, shift: &Shift, own: &ledger::Account) -> Result<Money, Fault> {
    let since = ever(cx, &shift.place, own)? - shift.base_minor;
    Ok(Money::new(shift.cash.minor() + since, shift.cash.currency()))
}

/// Begins a shift with what lies in the drawer.
///
/// # Errors
/// `payments.shift.{open,cash}`, `payments.cash.{place,closed}`; a refusal; the store's faults.
pub fn begin_shift(cx: &mut Cx<'_>, cash: Money) -> Result<(), Fault> {
    let (place, account) = own(cx)?;
    if rows::open_shift(cx.tx(), &place, account.currency)?.is_some() {
        return Err(Fault::conflict("payments.shift.open"));
    }
    let fits = (0..=ledger::LARGEST_MINOR).contains(&cash.minor()) && cash.currency() == account.currency;
    if !fits {
        return Err(Fault::invalid("payments.shift.cash"));
    }
    let base_minor = ever(cx, &place, &account)?;
    let id: Id<ShiftKind> = cx.id();
    let shift = Shift { id, place, clerk: cx.actor().id.clone(), cash, base_minor, opened_at: cx.now(), ended: None };
    rows::insert_shift(cx.tx(), &shift)?;
    cx.record(Act::new("payments.shift.begun").on(id).with("place", shift.place).with("cash_minor", cash.minor()));
    Ok(())
}

/// Ends the shift with what was counted; answers what should have been there and what was.
///
/// # Errors
/// `payments.shift.{none,cash}`, `payments.cash.{place,closed}`; a refusal; the store's faults.
pub fn end_shift(cx: &mut Cx<'_>, counted: Money) -> Result<Shift, Fault> {
    let (place, account) = own(cx)?;
    let open = rows::open_shift(cx.tx(), &place, account.currency)?;
    let shift = open.ok_or_else(|| Fault::conflict("payments.shift.none"))?;
    let fits = (0..=ledger::LARGEST_MINOR).contains(&counted.minor()) && counted.currency() == account.currency;
    if !fits {
        return Err(Fault::invalid("payments.shift.cash"));
    }
    let (expected, now) = (expected(cx, &shift, &account)?, cx.now());
    rows::close_shift(cx.tx(), shift.id, (expected.minor(), counted.minor()), now)?;
    let act = Act::new("payments.shift.ended").on(shift.id).with("place", place);
    cx.record(act.with("expected_minor", expected.minor()).with("counted_minor", counted.minor()));
    Ok(Shift { ended: Some((expected, counted)), ..shift })
}
