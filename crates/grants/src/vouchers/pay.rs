//! A voucher pays a fee or a bill, where its programme says whom it may pay.
//!
//! **Invariant:** the value moves from the voucher's hold to what is paid in one commit, whole, and the voucher is redeemed by
//! it. Whoever has the number may spend it; a number that is wrong, spent, over or for something else changes nothing.

use payments::ledger::{self, Step, Transfer};
use payments::vouchers::{Paid, ToPay, account, due, pay as pay_with};
use spine::{Act, Cx, Fault, Resource, Secret, Text};

use super::redeem::fetched;
use super::{Voucher, VoucherState, number};
use crate::engine::Grants;
use crate::money;
use crate::rows::vouchers as rows;

/// The place under which redemptions by payment stand.
const PLACE: &str = "payments";

/// What is wrong with the number that was typed.
fn wrong(code: &'static str, text: Text) -> Fault {
    Fault::invalid(code).field("number", text)
}

fn plainly(code: &'static str, key: &'static str) -> Fault {
    wrong(code, Text::new(key))
}

/// Pays with the voucher of this number, as it was typed.
///
/// # Errors
/// `grants.voucher.{number,strange,not_active,redeemed,expired,cancelled,foreign,more,less}` with the field `number`; as
/// [`payments::vouchers::due`]; a refusal; the store's faults.
pub fn pay(cx: &mut Cx<'_>, grants: &Grants, what: &ToPay, typed: &Secret<String>) -> Result<Paid, Fault> {
    cx.may("grants.voucher.pay", &Resource::new("Voucher", "voucher"))?;
    let due = due(cx, what)?;
    let voucher = good(cx, grants, typed)?;
    let programme = grants.programme(&voucher.programme)?;
    let value = grants.money(voucher.amount_minor);
    if !programme.vouchers_pay(&due.payee) {
        let text = Text::new("fault.grants.voucher.foreign").with("programme", programme.about().name.clone());
        return Err(wrong("grants.voucher.foreign", text));
    }
    let said = |key| Text::new(key).with("value", value).with("due", due.amount);
    if value.currency() != due.amount.currency() || value.minor() > due.amount.minor() {
        return Err(wrong("grants.voucher.more", said("fault.grants.voucher.more")));
    }
    if value.minor() < due.amount.minor() && !due.in_parts {
        return Err(wrong("grants.voucher.less", said("fault.grants.voucher.less")));
    }
    let (debit, credit) = (money::vouchers(cx, grants)?, account(cx, programme.id(), value.currency())?);
    let (post, give) = (cx.id(), cx.id());
    let reference = voucher.serial.clone();
    let posted =
        Transfer { id: post, step: Step::Post { of: voucher.hold, amount: None }, reference: reference.clone() };
    let step = Step::Move { debit, credit, amount: value };
    ledger::book(cx, &[posted, Transfer { id: give, step, reference }])?;
    fetched(cx, grants, PLACE, &voucher)?;
    let charges = grants.rails().wallets.charges();
    let paid = pay_with(cx, charges, what, (programme.id(), &voucher.serial), value)?;
    let (id, now) = (format!("{PLACE}:{}", paid.request), cx.now());
    rows::insert_redemption(cx.tx(), (&id, &voucher.serial, PLACE), ("accepted", 0), (now, now))?;
    let act = Act::new("grants.voucher.redeemed").on(&voucher.serial).with("place", PLACE);
    cx.record(act.with("amount_minor", voucher.amount_minor));
    Ok(paid)
}

/// The voucher of a number, if it can be spent now.
fn good(cx: &mut Cx<'_>, grants: &Grants, typed: &Secret<String>) -> Result<Voucher, Fault> {
    let number = number::parse(typed.reveal());
    let number = number.ok_or_else(|| plainly("grants.voucher.number", "fault.grants.voucher.number"))?;
    // Found by a keyed hash: how long that takes says nothing of any number.
    let voucher = rows::by_lookup(cx.tx(), &number::lookup(grants, &number))?;
    let voucher = voucher.ok_or_else(|| plainly("grants.voucher.strange", "fault.grants.voucher.strange"))?;
    match voucher.state {
        VoucherState::Activated if voucher.expires_at > cx.now() => Ok(voucher),
        VoucherState::Activated | VoucherState::Expired => {
            Err(plainly("grants.voucher.expired", "fault.grants.voucher.expired"))
        }
        VoucherState::PreActivated => Err(plainly("grants.voucher.not_active", "fault.grants.voucher.not_active")),
        VoucherState::Redeemed => Err(plainly("grants.voucher.redeemed", "fault.grants.voucher.redeemed")),
        VoucherState::Cancelled => Err(plainly("grants.voucher.cancelled", "fault.grants.voucher.cancelled")),
    }
}
