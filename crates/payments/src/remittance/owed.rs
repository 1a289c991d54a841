//! What somebody abroad can pay: a bill or a fee, by its number.
//!
//! **Invariant:** as on their own pages: nobody's name is told, and of a fee nothing of what it is for.

use spine::{Cx, Fault, Localised, Money, Timestamp};

use crate::bills::{self, Bill};
use crate::gateway::by_reference::payable_fee;
use crate::gateway::check_digit::read_fee_number;
use crate::gateway::model::Request;

/// What is owed under a number.
#[derive(Debug)]
pub(crate) struct Owed {
    /// Its number in the one form.
    pub(super) number: String,
    /// What it is for, if anybody may know.
    pub(super) what: Option<Localised>,
    /// How much.
    pub(super) left: Money,
    /// Until when it can be paid.
    pub(super) until: Timestamp,
    of: Of,
}

#[derive(Debug)]
enum Of {
    Bill(Box<Bill>),
    Fee(Box<Request>),
}

/// The bill or the fee under a number, as people type it.
///
/// # Errors
/// As [`bills::find`]; `payments.request.{unknown,over,paid}`; a refusal; the store's faults.
pub(super) fn owed(cx: &mut Cx<'_>, typed: &str) -> Result<Owed, Fault> {
    if let Some(number) = read_fee_number(typed) {
        let fee = payable_fee(cx, &number)?;
        return Ok(Owed { number, what: None, left: fee.amount, until: fee.expires_at, of: Of::Fee(Box::new(fee)) });
    }
    let bill = bills::find(cx, typed)?;
    let (number, what, left) = (bill.number.clone(), Some(bill.description.clone()), bill.left());
    Ok(Owed { number, what, left, until: bill.expires_at, of: Of::Bill(Box::new(bill)) })
}

impl Owed {
    /// What all of it comes to.
    ///
    /// # Errors
    /// `payments.bill.over`.
    pub(super) fn payable(&self, now: Timestamp) -> Result<Money, Fault> {
        match &self.of {
            Of::Bill(bill) => bills::payable(bill, None, now),
            Of::Fee(fee) => Ok(fee.amount),
        }
    }

    /// The request that the money is to pay.
    ///
    /// # Errors
    /// The store's faults.
    pub(super) fn ask(&self, cx: &mut Cx<'_>, until: Timestamp) -> Result<Request, Fault> {
        match &self.of {
            Of::Bill(bill) => bills::ask(cx, bill, bill.left(), until),
            Of::Fee(fee) => Ok((**fee).clone()),
        }
    }
}

/// The page of what goes by a number.
pub(super) fn home(number: &str) -> String {
    let kind = if read_fee_number(number).is_some() { "fee" } else { "bill" };
    format!("/{kind}/{number}")
}
