//! A voucher is redeemed: at once while the centre is asked, or told later by a device that had no network.
//!
//! **Invariant:** the first redemption that is heard is paid and posts the hold; one that comes again is answered as before; any
//! other of the same voucher is not paid, and where the device had given the money it is charged to it: its float goes
//! down and it owes. So no order of arrival pays twice, and what a device can lose is bounded by its float.

use payments::ledger::{self, AccountKind, Bound, NewAccount, Step, Transfer};
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Timestamp};

use super::{Voucher, VoucherState, number};
use crate::engine::Grants;
use crate::model::PaymentState;
use crate::money;
use crate::rows::{lines, vouchers as rows};
use crate::runs::{found, settle};

/// At most so many redemptions in one report of a device.
const REPORT: usize = 500;

/// A redemption as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Redemption {
    /// Chosen by whoever redeemed, once for ever.
    pub id: String,
    /// The voucher's number, as it was typed.
    pub number: String,
    /// When, as the device has it.
    pub at: Timestamp,
}

/// What became of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Paid.
    Accepted,
    /// Not paid, and charged to the device's float.
    Charged,
    /// Not paid: no such voucher.
    Unknown,
    /// Not paid: not activated yet.
    NotActive,
    /// Not paid: redeemed before.
    Redeemed,
    /// Not paid: taken back.
    Cancelled,
    /// Not paid: its time is over.
    Expired,
}

/// What became of one redemption of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The redemption.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The voucher's value, where there is one.
    pub amount_minor: i64,
}

/// Redeems a voucher at a place, before anything is given.
///
/// # Errors
/// `grants.redemption.wrong`; `grants.float.short`; a refusal; the store's faults.
pub fn redeem(cx: &mut Cx<'_>, grants: &Grants, place: &str, told: &Redemption) -> Result<Heard, Fault> {
    cx.may("grants.voucher.redeem", &super::resource(cx, grants))?;
    one(cx, grants, place, told, false)
}

/// Takes what a device tells that it redeemed without a network: its float is its own.
///
/// # Errors
/// `grants.redemption.{wrong,many}`; a refusal; the store's faults.
pub fn hear(cx: &mut Cx<'_>, grants: &Grants, told: &[Redemption]) -> Result<Vec<Heard>, Fault> {
    cx.may("grants.voucher.redeem", &Resource::new("Voucher", "voucher").is("licensed", false))?;
    if told.len() > REPORT {
        return Err(Fault::invalid("grants.redemption.many"));
    }
    let place = cx.actor().id.clone();
    told.iter().map(|one_told| one(cx, grants, &place, one_told, true)).collect()
}

fn one(cx: &mut Cx<'_>, grants: &Grants, place: &str, told: &Redemption, given: bool) -> Result<Heard, Fault> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte));
    if !(1..=80).contains(&told.id.len()) || !plain(&told.id) || !money::is_place(place) {
        return Err(Fault::invalid("grants.redemption.wrong"));
    }
    let heard = |outcome, amount_minor| Heard { id: told.id.clone(), outcome, amount_minor };
    let Some(number) = number::parse(&told.number) else { return Ok(heard(Outcome::Unknown, 0)) };
    let Some(voucher) = rows::by_lookup(cx.tx(), &number::lookup(grants, &number))? else {
        return Ok(heard(Outcome::Unknown, 0));
    };
    let id = format!("{place}:{}", told.id);
    if let Some((serial, outcome)) = rows::redemption(cx.tx(), &id)? {
        if serial != voucher.serial {
            return Err(Fault::conflict("grants.redemption.reused"));
        }
        let outcome = if outcome == "accepted" { Outcome::Accepted } else { Outcome::Charged };
        return Ok(heard(outcome, voucher.amount_minor));
    }
    let refused = match voucher.state {
        VoucherState::Activated if voucher.expires_at > cx.now() => {
            accept(cx, grants, place, &voucher)?;
            note(cx, (&id, place), &voucher, ("accepted", 0), told.at)?;
            return Ok(heard(Outcome::Accepted, voucher.amount_minor));
        }
        VoucherState::Activated | VoucherState::Expired => Outcome::Expired,
        VoucherState::PreActivated => Outcome::NotActive,
        VoucherState::Redeemed => Outcome::Redeemed,
        VoucherState::Cancelled => Outcome::Cancelled,
    };
    if !given {
        return Ok(heard(refused, voucher.amount_minor));
    }
    let charged = charge(cx, grants, place, &voucher)?;
    note(cx, (&id, place), &voucher, ("charged", charged), told.at)?;
    Ok(heard(Outcome::Charged, voucher.amount_minor))
}

fn note(
    cx: &mut Cx<'_>,
    (id, place): (&str, &str),
    voucher: &Voucher,
    (outcome, charged): (&'static str, i64),
    said_at: Timestamp,
) -> Result<(), Fault> {
    let now = cx.now();
    rows::insert_redemption(cx.tx(), (id, &voucher.serial, place), (outcome, charged), (said_at, now))?;
    let act = Act::new(if outcome == "accepted" { "grants.voucher.redeemed" } else { "grants.voucher.charged" });
    cx.record(act.on(&voucher.serial).with("place", place).with("amount_minor", voucher.amount_minor));
    Ok(())
}

/// Posts the hold, and takes the money from the place's float; a place without one is owed it.
fn accept(cx: &mut Cx<'_>, grants: &Grants, place: &str, voucher: &Voucher) -> Result<(), Fault> {
    let amount = grants.money(voucher.amount_minor);
    let debit = money::vouchers(cx, grants)?;
    let enough = money::float_left(cx, place)? >= amount.minor();
    let credit = if enough { money::float(cx, grants, place)? } else { owed(cx, grants, place)? };
    let (post, give) = (cx.id(), cx.id());
    let reference = voucher.serial.clone();
    let posted = Step::Post { of: voucher.hold, amount: None };
    ledger::book(
        cx,
        &[
            Transfer { id: post, step: posted, reference: reference.clone() },
            Transfer { id: give, step: Step::Move { debit, credit, amount }, reference },
        ],
    )?;
    fetched(cx, grants, place, voucher)
}

/// A voucher was redeemed at a place: it is spent, and the payment it carried has arrived.
pub(super) fn fetched(cx: &mut Cx<'_>, grants: &Grants, place: &str, voucher: &Voucher) -> Result<(), Fault> {
    let now = cx.now();
    rows::set_state(cx.tx(), &Voucher { state: VoucherState::Redeemed, ..voucher.clone() }, Some(now))?;
    let Some((run, line)) = voucher.payment else { return Ok(()) };
    let mut run = found(cx, run)?;
    if let Some(mut payment) = lines::find(cx.tx(), run.id, line)?.filter(|it| it.state == PaymentState::Held) {
        payment.state = PaymentState::Paid;
        payment.carrier_reference = Some(place.to_owned());
        payment.changed_at = now;
        lines::set(cx.tx(), &payment)?;
        run.tally.held -= 1;
        run.tally.paid += 1;
        run.tally.paid_minor += payment.amount_minor;
        settle::close_if_done(cx, grants, run)?;
    }
    Ok(())
}

/// What a place gave for a voucher that was not good any more: its float is down, and it owes. Answers what was charged.
fn charge(cx: &mut Cx<'_>, grants: &Grants, place: &str, voucher: &Voucher) -> Result<i64, Fault> {
    let left = money::float_left(cx, place)?.min(voucher.amount_minor);
    if left < 1 {
        return Ok(0);
    }
    let (debit, credit) = (owes(cx, grants, place)?, money::float(cx, grants, place)?);
    let (id, amount) = (cx.id(), grants.money(left));
    let step = Step::Move { debit, credit, amount };
    ledger::book(cx, &[Transfer { id, step, reference: voucher.serial.clone() }])?;
    Ok(left)
}

/// What we owe a place for vouchers it took without a float of ours.
fn owed(cx: &mut Cx<'_>, grants: &Grants, place: &str) -> Result<ledger::AccountId, Fault> {
    let (reference, name) = (format!("owed:{place}"), "grants.account.owed");
    let (kind, currency, bound) = (AccountKind::Liability, grants.inner.currency, Bound::None);
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound })
}

/// What a place owes us for vouchers that were not good any more.
fn owes(cx: &mut Cx<'_>, grants: &Grants, place: &str) -> Result<ledger::AccountId, Fault> {
    let (reference, name) = (format!("charged:{place}"), "grants.account.given");
    let (kind, currency, bound) = (AccountKind::Asset, grants.inner.currency, Bound::None);
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound })
}
