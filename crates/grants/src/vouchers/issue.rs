//! Vouchers are made: for another system in two steps, or with a run for those who are paid so.
//!
//! **Invariant:** no voucher without its backing: the hold and the voucher are one commit.

use payments::ledger::{self, Step, Transfer, TransferId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Act, Cx, Fault, Job, Timestamp};

use super::{Voucher, VoucherState, end, number, resource};
use crate::engine::Grants;
use crate::model::{Payment, Run};
use crate::money::{self, Booking};
use crate::programme::Way;
use crate::rows::vouchers as rows;

/// Longest name of a group.
const GROUP_BYTES: usize = 64;

/// A voucher to be made.
#[derive(Clone, Debug)]
pub struct NewVoucher {
    /// The programme whose money it is.
    pub programme: String,
    /// What it is for.
    pub group: String,
    /// Its value.
    pub amount_minor: i64,
}

/// A voucher that was made. The number is told once, to whoever had it made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its serial.
    pub serial: String,
    /// Its secret number.
    pub number: String,
    /// When its time is over.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Issued({})", self.serial)
    }
}

/// Makes a voucher that has still to be activated. The answer holds its number, so it is never kept under a key.
///
/// # Errors
/// `grants.programme.unknown`; `grants.voucher.{amount,group}`; `payments.account.bound`; a refusal; the store's faults.
pub fn pre_activate(cx: &mut Cx<'_>, grants: &Grants, new: &NewVoucher) -> Result<Issued, Fault> {
    cx.may("grants.voucher.make", &resource(cx, grants))?;
    let programme = grants.programme(&new.programme)?;
    if !(1..=programme.most_minor()).contains(&new.amount_minor) {
        return Err(Fault::invalid("grants.voucher.amount"));
    }
    if new.group.trim().is_empty() || new.group.len() > GROUP_BYTES || new.group.chars().any(char::is_control) {
        return Err(Fault::invalid("grants.voucher.group"));
    }
    let hold: TransferId = cx.id();
    let (debit, credit) = (money::programme_account(cx, grants, programme.id())?, money::vouchers(cx, grants)?);
    let amount = grants.money(new.amount_minor);
    let step = Step::Hold { debit, credit, amount, expires_at: None };
    ledger::book(cx, &[Transfer { id: hold, step, reference: "voucher".to_owned() }])?;
    let voucher = Voucher {
        serial: number::draw(cx),
        programme: programme.id().to_owned(),
        group: new.group.trim().to_owned(),
        amount_minor: new.amount_minor,
        state: VoucherState::PreActivated,
        payment: None,
        hold,
        made_by: cx.actor().id.clone(),
        made_at: cx.now(),
        expires_at: programme.fetch_until(cx.now()),
    };
    let number = keep(cx, grants, std::slice::from_ref(&voucher))?.pop().unwrap_or_default();
    let act = Act::new("grants.voucher.made").on(&voucher.serial).with("programme", voucher.programme.as_str());
    cx.record(act.with("amount_minor", voucher.amount_minor));
    Ok(Issued { serial: voucher.serial, number, expires_at: voucher.expires_at })
}

/// Makes vouchers of a run's payments, whose holds are their backing.
pub(crate) fn for_payments(cx: &mut Cx<'_>, grants: &Grants, run: &Run, lines: &[Payment]) -> Result<(), Fault> {
    let programme = grants.programme(&run.programme)?;
    let by_voucher = lines.iter().filter(|line| line.account.as_ref().is_some_and(|it| it.way == Way::Voucher));
    let mut vouchers = Vec::new();
    for line in by_voucher {
        vouchers.push(Voucher {
            serial: number::draw(cx),
            programme: run.programme.clone(),
            group: run.programme.clone(),
            amount_minor: line.amount_minor,
            state: VoucherState::Activated,
            payment: Some((run.id, line.line)),
            hold: money::id_of(line, Booking::Hold),
            made_by: run.prepared_by.clone(),
            made_at: cx.now(),
            expires_at: programme.fetch_until(cx.now()),
        });
    }
    if vouchers.is_empty() {
        return Ok(());
    }
    keep(cx, grants, &vouchers)?;
    cx.record(Act::new("grants.vouchers.made").on(run.id).with("vouchers", vouchers.len()));
    Ok(())
}

/// Keeps vouchers with their numbers, and leaves the end of their time to a job; answers the numbers.
fn keep(cx: &mut Cx<'_>, grants: &Grants, vouchers: &[Voucher]) -> Result<Vec<String>, Fault> {
    let mut numbers = Vec::with_capacity(vouchers.len());
    let mut kept = Vec::with_capacity(vouchers.len());
    for voucher in vouchers {
        let number = number::draw(cx);
        kept.push((voucher, number::lookup(grants, &number), number::seal(grants, &number)?));
        numbers.push(number);
    }
    rows::insert(cx.tx(), &kept)?;
    if let Some(first) = vouchers.first() {
        let serials: Vec<&str> = vouchers.iter().map(|voucher| voucher.serial.as_str()).collect();
        cx.enqueue(Job::new(end::EXPIRE, json!({ "serials": serials })).not_before(first.expires_at));
    }
    Ok(numbers)
}

/// Makes a voucher good to be redeemed.
///
/// # Errors
/// `grants.voucher.{unknown,not_pre_activated}`; a refusal; the store's faults.
pub fn activate(cx: &mut Cx<'_>, grants: &Grants, serial: &str) -> Result<Voucher, Fault> {
    cx.may("grants.voucher.make", &resource(cx, grants))?;
    let mut voucher = super::look::own_of(cx, serial)?;
    if voucher.state != VoucherState::PreActivated {
        return Err(Fault::conflict("grants.voucher.not_pre_activated"));
    }
    voucher.state = VoucherState::Activated;
    rows::set_state(cx.tx(), &voucher, None)?;
    cx.record(Act::new("grants.voucher.activated").on(serial));
    Ok(voucher)
}
