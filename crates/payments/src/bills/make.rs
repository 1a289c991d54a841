//! Making bills, and taking them back.
//!
//! **Invariant:** a biller has one bill under one reference: made again it is the same, or refused if it differs.

use serde_json::json;
use spine::{Cx, Fault, FaultKind, Job, Money, Resource};

use super::model::{Bill, BillId, BillState, NewBill, Standing};
use crate::gateway::check_digit::{HOW_MANY_BILLS, bill_number};
use crate::ledger::{self, AccountId, AccountKind, Bound, LARGEST_MINOR, NewAccount};
use crate::rows::bills as rows;

/// The job that ends a bill nobody paid.
pub(crate) const EXPIRE: &str = "payments.bill.expire";

/// At most so many bills at once.
const AT_ONCE: usize = 1_000;
/// At most so many beneficiaries of one.
const SHARES: usize = 32;

/// Makes bills, in order, all of them or none.
///
/// # Errors
/// `payments.bill.{many,amount,shares,account,reference,expiry,differs}` with the number of the bill among them as
/// the argument `line`, from 1; a refusal; the store's faults.
pub fn make(cx: &mut Cx<'_>, bills: &[NewBill]) -> Result<Vec<Bill>, Fault> {
    if bills.len() > AT_ONCE {
        return Err(Fault::new(FaultKind::TooLarge, "payments.bill.many"));
    }
    let line = |place: usize| i64::try_from(place + 1).unwrap_or(i64::MAX);
    bills.iter().enumerate().map(|(place, new)| one(cx, new).map_err(|fault| fault.with("line", line(place)))).collect()
}

fn one(cx: &mut Cx<'_>, new: &NewBill) -> Result<Bill, Fault> {
    let own = cx.actor().institution.as_deref() == Some(new.biller.as_str());
    cx.may("payments.bill.make", &Resource::new("Bill", &new.reference).with("biller", &new.biller).is("own", own))?;
    check(new, cx.now())?;
    if let Some(known) = rows::bill_of(cx.tx(), &new.biller, &new.reference)? {
        let same = known.amount == new.amount && known.payer == new.payer && known.description == new.description;
        return if same { Ok(known) } else { Err(Fault::conflict("payments.bill.differs")) };
    }
    let mut accounts = Vec::new();
    for share in &new.shares {
        let account = NewAccount {
            reference: &share.account,
            kind: AccountKind::Income,
            currency: new.amount.currency(),
            name: &share.account,
            bound: Bound::None,
        };
        accounts.push(ledger::account(cx, &account)?);
    }
    open(cx, new, &accounts)
}

/// Opens a bill whose shares go to these accounts, in their order, within an operation that has checked it.
pub(crate) fn open(cx: &mut Cx<'_>, new: &NewBill, accounts: &[AccountId]) -> Result<Bill, Fault> {
    let bill = Bill {
        id: cx.id(),
        number: new_number(cx)?,
        biller: new.biller.clone(),
        reference: new.reference.clone(),
        payer: new.payer.clone(),
        description: new.description.clone(),
        amount: new.amount,
        paid: Money::new(0, new.amount.currency()),
        in_parts: new.in_parts,
        state: BillState::Open,
        due_on: new.due_on,
        made_at: cx.now(),
        expires_at: new.expires_at,
    };
    rows::insert_bill(cx.tx(), &bill)?;
    for (place, (share, account)) in (0..).zip(new.shares.iter().zip(accounts)) {
        let standing = Standing { place, account: *account, amount_minor: share.amount_minor, paid_minor: 0 };
        rows::insert_share(cx.tx(), bill.id, &standing)?;
    }
    cx.enqueue(Job::new(EXPIRE, json!({ "bill": bill.id })).not_before(bill.expires_at));
    cx.record(bill.act("payments.bill.made").with("amount_minor", bill.amount.minor()));
    Ok(bill)
}

fn check(new: &NewBill, now: spine::Timestamp) -> Result<(), Fault> {
    if !(1..=LARGEST_MINOR).contains(&new.amount.minor()) {
        return Err(Fault::invalid("payments.bill.amount"));
    }
    let sum: i128 = new.shares.iter().map(|share| i128::from(share.amount_minor)).sum();
    let each = new.shares.iter().all(|share| share.amount_minor > 0);
    if !(1..=SHARES).contains(&new.shares.len()) || !each || sum != i128::from(new.amount.minor()) {
        return Err(Fault::invalid("payments.bill.shares"));
    }
    if !new.shares.iter().all(|share| share.account.starts_with("income:") && share.account.len() <= 200) {
        return Err(Fault::invalid("payments.bill.account"));
    }
    let fits = (1..=64).contains(&new.reference.len());
    if !fits || !new.reference.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::invalid("payments.bill.reference"));
    }
    if new.expires_at <= now {
        return Err(Fault::invalid("payments.bill.expiry"));
    }
    Ok(())
}

fn new_number(cx: &mut Cx<'_>) -> Result<String, Fault> {
    for _ in 0..8 {
        let number = bill_number(cx.random_below(HOW_MANY_BILLS));
        if rows::bill_numbered(cx.tx(), &number)?.is_none() {
            return Ok(number);
        }
    }
    Err(Fault::unavailable("payments.receipt.numbers"))
}

/// Takes a bill back. What was paid of it stays paid; what comes for it afterwards goes back. Twice is once.
///
/// # Errors
/// `payments.bill.unknown`, `payments.bill.paid`; a refusal; the store's faults.
pub fn withdraw(cx: &mut Cx<'_>, id: BillId) -> Result<(), Fault> {
    let bill = rows::bill(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.bill.unknown"))?;
    let own = cx.actor().institution.as_deref() == Some(bill.biller.as_str());
    cx.may("payments.bill.withdraw", &Resource::new("Bill", id).with("biller", &bill.biller).is("own", own))?;
    match bill.state {
        BillState::Paid => Err(Fault::conflict("payments.bill.paid")),
        BillState::Withdrawn | BillState::Expired => Ok(()),
        BillState::Open => {
            rows::set_bill_state(cx.tx(), id, BillState::Withdrawn)?;
            cx.record(bill.act("payments.bill.withdrawn"));
            Ok(())
        }
    }
}

/// Ends a bill whose time is over.
pub(crate) fn expire(cx: &mut Cx<'_>, id: BillId) -> Result<(), Fault> {
    let bill = rows::bill(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.bill.unknown"))?;
    cx.may("payments.bill.expire", &Resource::new("Bill", id))?;
    if bill.state == BillState::Open && bill.expires_at <= cx.now() {
        rows::set_bill_state(cx.tx(), id, BillState::Expired)?;
        cx.record(bill.act("payments.bill.expired"));
    }
    Ok(())
}
