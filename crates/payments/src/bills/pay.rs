//! Paying a bill: a request to pay for all of it or a part, and an attempt at once.
//!
//! **Invariant:** whoever holds the number may pay, and sees no more than the bill's page shows. Several may try at once;
//! what is more than the bill asks for goes back.

use spine::{Cx, Fault, Money, Resource, Timestamp};

use super::model::{Bill, BillState};
use crate::gateway::check_digit::read_bill_number;
use crate::gateway::choose::attempt;
use crate::gateway::model::{AttemptId, NewRequest, Request, RequestId, RequestState};
use crate::gateway::request::make_request;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount};
use crate::rails::cards::acquirers;
use crate::rails::wallets::Wallets;
use crate::rows::{bills as rows, requests as rows_of_requests};

/// How long a try for a bill may take.
const TRY_SECONDS: i64 = 900;

/// The bill under a number, as people type it.
///
/// # Errors
/// `payments.bill.number` if it cannot be one, `payments.bill.unknown`; a refusal; the store's faults.
pub fn find(cx: &mut Cx<'_>, typed: &str) -> Result<Bill, Fault> {
    let number = read_bill_number(typed).ok_or_else(|| Fault::invalid("payments.bill.number"))?;
    cx.may("payments.bill.view", &Resource::new("Bill", &number))?;
    rows::bill_numbered(cx.tx(), &number)?.ok_or_else(|| Fault::not_found("payments.bill.unknown"))
}

/// The open bills of whoever acts, the oldest first.
///
/// # Errors
/// A refusal; the store's faults.
pub fn mine(cx: &mut Cx<'_>) -> Result<Vec<Bill>, Fault> {
    let person = cx.actor().whose("payments.bill.view")?.to_owned();
    cx.may("payments.bill.view", &Resource::new("Bill", &person))?;
    Ok(rows::bills_for(cx.tx(), &person)?)
}

/// The requests that were made for a bill, the newest first.
///
/// # Errors
/// The store's faults.
pub fn payments_of(cx: &mut Cx<'_>, bill: &Bill) -> Result<Vec<Request>, Fault> {
    Ok(rows::requests_for(cx.tx(), bill.id)?)
}

/// The try by card among these requests that waits for its payer, if one does.
pub(super) fn waits_by_card(cx: &mut Cx<'_>, requests: &[Request]) -> Result<Option<AttemptId>, Fault> {
    let waiting = requests.iter().find(|request| request.state == RequestState::Sent);
    let Some(id) = waiting.and_then(|request| request.attempt) else { return Ok(None) };
    let attempt = rows_of_requests::attempt(cx.tx(), id)?;
    Ok(attempt.filter(|attempt| attempt.wallet.starts_with(acquirers::PREFIX)).map(|attempt| attempt.id))
}

/// Pays a bill, or a part of it if it may be paid in parts, from a wallet.
///
/// # Errors
/// `payments.bill.{number,unknown,over,part}`; as [`crate::choose_wallet`].
pub fn pay(
    cx: &mut Cx<'_>,
    wallets: &Wallets,
    typed: &str,
    part: Option<Money>,
    wallet: &str,
    msisdn: &str,
) -> Result<RequestId, Fault> {
    let bill = find(cx, typed)?;
    cx.may("payments.bill.pay", &Resource::new("Bill", &bill.number))?;
    let amount = payable(&bill, part, cx.now())?;
    let expires_at = cx.now().plus_seconds(TRY_SECONDS).min(bill.expires_at);
    let request = ask(cx, &bill, amount, expires_at)?;
    attempt(cx, wallets, &request, wallet, msisdn)?;
    Ok(request.id)
}

/// What a payment of a bill may come to.
pub(crate) fn payable(bill: &Bill, part: Option<Money>, now: Timestamp) -> Result<Money, Fault> {
    if bill.state != BillState::Open || bill.expires_at <= now {
        return Err(Fault::expired("payments.bill.over"));
    }
    let (left, amount) = (bill.left(), part.unwrap_or_else(|| bill.left()));
    let fits = amount.currency() == left.currency() && (1..=left.minor()).contains(&amount.minor());
    if !fits || (!bill.in_parts && amount != left) {
        return Err(Fault::invalid("payments.bill.part").with("left", left));
    }
    Ok(amount)
}

/// A request to pay for a bill; whatever rail then brings the money.
pub(crate) fn ask(cx: &mut Cx<'_>, bill: &Bill, amount: Money, expires_at: Timestamp) -> Result<Request, Fault> {
    clearing(cx, bill.amount)?;
    let new = NewRequest {
        payer: bill.payer.clone().unwrap_or_else(|| bill.id.to_string()),
        amount,
        account: clearing_reference(bill.amount),
        reference: bill.number.clone(),
        description: bill.description.clone(),
        return_path: format!("/bill/{}", bill.number),
        expires_at,
    };
    let request = make_request(cx, &new, None)?;
    rows::belongs_to(cx.tx(), request.id, bill.id)?;
    Ok(Request { bill: Some(bill.id), ..request })
}

fn clearing_reference(amount: Money) -> String {
    format!("bills:{}", amount.currency())
}

/// The account through which a bill's money passes on its way to the beneficiaries: empty after every commit.
pub(super) fn clearing(cx: &mut Cx<'_>, amount: Money) -> Result<AccountId, Fault> {
    let reference = clearing_reference(amount);
    let (kind, currency, name) = (AccountKind::Income, amount.currency(), reference.as_str());
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}
