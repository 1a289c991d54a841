//! A fee paid by whoever holds its number or reference, on any phone: the clerk's paper says it, a son pays for his mother.
//!
//! **Invariant:** who holds one is told what is to pay and nothing of what for, or for whom.

use spine::{Cx, Fault, Money, Resource};

use crate::charges::payee;
use crate::gateway::arrive::request_named;
use crate::gateway::check_digit::read_fee_number;
use crate::gateway::choose::{attempt, must_be_payable};
use crate::gateway::model::{Request, RequestId, RequestState};
use crate::rails::wallets::Wallets;

/// A fee, as whoever holds its number or reference sees it.
#[derive(Clone, Debug)]
pub struct Fee {
    /// How much.
    pub amount: Money,
    /// Where it stands; over time it is [`RequestState::Expired`].
    pub state: RequestState,
    /// Whom it is for, as the rules of charges call it.
    pub payee: String,
}

/// The fee under a number or reference; none if there is none, or several.
///
/// # Errors
/// A refusal; the store's faults.
pub fn fee(cx: &mut Cx<'_>, typed: &str) -> Result<Option<Fee>, Fault> {
    let Some(request) = named(cx, "payments.fee.view", typed)? else { return Ok(None) };
    let over = request.state.is_payable() && request.expires_at <= cx.now();
    let state = if over { RequestState::Expired } else { request.state };
    Ok(Some(Fee { amount: request.amount, state, payee: payee(cx, &request)? }))
}

/// The fee under a number, if it can be paid now.
///
/// # Errors
/// `payments.request.{unknown,over,paid}`; a refusal; the store's faults.
pub(crate) fn payable_fee(cx: &mut Cx<'_>, number: &str) -> Result<Request, Fault> {
    let request = named(cx, "payments.fee.view", number)?;
    let request = request.ok_or_else(|| Fault::not_found("payments.request.unknown"))?;
    must_be_payable(cx, &request)?;
    Ok(request)
}

/// Pays a fee from a wallet.
///
/// # Errors
/// `payments.request.unknown`; as [`crate::choose_wallet`].
pub fn pay_fee(
    cx: &mut Cx<'_>,
    wallets: &Wallets,
    typed: &str,
    wallet: &str,
    msisdn: &str,
) -> Result<RequestId, Fault> {
    let request = named(cx, "payments.fee.pay", typed)?;
    let request = request.ok_or_else(|| Fault::not_found("payments.request.unknown"))?;
    attempt(cx, wallets, &request, wallet, msisdn)?;
    Ok(request.id)
}

/// Only these are names here: an identifier stands in addresses, and whoever has one of those is let in by other rules.
fn named(cx: &mut Cx<'_>, action: &'static str, typed: &str) -> Result<Option<Request>, Fault> {
    let typed = typed.trim().to_ascii_uppercase();
    cx.may(action, &Resource::new("Fee", &typed))?;
    let numbered = read_fee_number(&typed).is_some();
    let one = numbered || !typed.contains(char::is_whitespace) && typed.parse::<RequestId>().is_err();
    let found = if one { request_named(cx, &[&typed])? } else { None };
    // A bill's number names its bill, not the tries to pay it.
    Ok(found.filter(|request| request.bill.is_none()))
}
