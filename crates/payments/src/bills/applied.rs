//! Money came for a bill, or goes back: the beneficiaries get their parts, or give them back, in the same commit.
//!
//! **Invariant:** the account through which it passes is empty after every commit; a part goes back to whom it came from.

use spine::{Cx, Fault, Money};

use super::divide::divide;
use super::model::{Bill, BillId, BillState};
use super::pay::clearing;
use crate::billers;
use crate::gateway::model::{Request, RequestId};
use crate::ledger::{self, AccountId, Step, Transfer, TransferId};
use crate::rows::bills as rows;

/// Whether a bill's request can still be paid with what it asks for; a request that is for no bill always can.
pub(crate) fn takes(cx: &mut Cx<'_>, request: &Request) -> Result<bool, Fault> {
    let Some(bill) = request.bill else { return Ok(true) };
    let bill = known(cx, bill)?;
    Ok(bill.state == BillState::Open && request.amount.minor() <= bill.left().minor())
}

/// Whether a request's money went on to a bill's beneficiaries.
pub(crate) const fn is_divided(request: &Request) -> bool {
    request.bill.is_some()
}

fn known(cx: &mut Cx<'_>, id: BillId) -> Result<Bill, Fault> {
    rows::bill(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.bill.unknown"))
}

/// The request of a bill was paid: divides the money, and ends the bill if that was the rest.
pub(crate) fn applied(cx: &mut Cx<'_>, request: &Request, receipt: &str) -> Result<(), Fault> {
    let Some(id) = request.bill else { return Ok(()) };
    let bill = known(cx, id)?;
    let shares = rows::shares(cx.tx(), id)?;
    let left: Vec<i64> = shares.iter().map(|share| share.amount_minor - share.paid_minor).collect();
    let clearing = clearing(cx, request.amount)?;
    let mut legs = Vec::new();
    for (share, minor) in shares.iter().zip(divide(request.amount.minor(), &left)).filter(|(_, minor)| *minor > 0) {
        let amount = Money::new(minor, request.amount.currency());
        let step = Step::Move { debit: clearing, credit: share.account, amount };
        legs.push(Transfer { id: leg(request.id, share.place, b"to"), step, reference: bill.number.clone() });
        rows::pay_share(cx.tx(), id, share.place, minor)?;
        rows::insert_part(cx.tx(), request.id, share.place, minor)?;
    }
    ledger::book(cx, &legs)?;
    let paid = bill.paid.minor() + request.amount.minor();
    let state = if paid == bill.amount.minor() { BillState::Paid } else { BillState::Open };
    rows::pay_bill(cx.tx(), id, paid, state)?;
    billers::note(cx, &bill, request, receipt)?;
    cx.record(
        bill.act("payments.bill.applied").with("amount_minor", request.amount.minor()).with("state", state.code()),
    );
    Ok(())
}

/// Money of a bill's request goes back: the beneficiaries give `amount` of it back to where the return takes it from.
pub(crate) fn taken_back(cx: &mut Cx<'_>, request: &Request, amount: Money, returned: [u8; 16]) -> Result<(), Fault> {
    divided(cx, request, amount, (returned, b"back"), |share, clearing| (share, clearing))
}

/// Money that [`taken_back`] took for a charge is the beneficiaries' again, each what she gave.
pub(crate) fn given_again(cx: &mut Cx<'_>, request: &Request, amount: Money, returned: [u8; 16]) -> Result<(), Fault> {
    divided(cx, request, amount, (returned, b"again"), |share, clearing| (clearing, share))
}

/// Books `amount` between the beneficiaries and the clearing, each in proportion to what she got; `ends` says who is debited and
/// who is credited of a beneficiary and the clearing.
fn divided(
    cx: &mut Cx<'_>,
    request: &Request,
    amount: Money,
    (returned, way): ([u8; 16], &[u8]),
    ends: impl Fn(AccountId, AccountId) -> (AccountId, AccountId),
) -> Result<(), Fault> {
    let Some(id) = request.bill else { return Ok(()) };
    let parts = rows::parts(cx.tx(), request.id)?;
    let shares = rows::shares(cx.tx(), id)?;
    let clearing = clearing(cx, amount)?;
    let got: Vec<i64> = parts.iter().map(|(_, minor)| *minor).collect();
    let mut legs = Vec::new();
    for ((place, _), minor) in parts.iter().zip(divide(amount.minor(), &got)).filter(|(_, minor)| *minor > 0) {
        let share = shares.iter().find(|share| share.place == *place);
        let share = share.ok_or_else(|| Fault::internal("payments.bill.broken", "a part of no share"))?;
        let (debit, credit) = ends(share.account, clearing);
        let step = Step::Move { debit, credit, amount: Money::new(minor, amount.currency()) };
        let id = leg(RequestId::from_bytes(returned), *place, way);
        legs.push(Transfer { id, step, reference: request.reference.clone() });
    }
    ledger::book(cx, &legs).map(drop)
}

/// The transfer of a leg follows from what it belongs to, so that it happens once.
fn leg(of: RequestId, place: i64, way: &[u8]) -> TransferId {
    TransferId::from_bytes(crypto::short_hash(&[b"letsema/bill/leg/v1\0", way, of.as_bytes(), &place.to_be_bytes()]))
}
