//! What a wallet tells of an attempt, by callback or when asked: the one place where money comes in.
//!
//! **Invariant:** money that a wallet says it took is in the ledger, always: with the request if that can
//! still be paid and the amount is right, else in suspense. The same news twice is news once.

use serde::{Deserialize, Serialize};
use spine::{Currency, Cx, Fault, Money, Personal, Resource};

use crate::Emit;
use crate::bills;
use crate::charges::{self, Charge};
use crate::gateway::arrive::Arrival;
use crate::gateway::attempt::{declined, fail};
use crate::gateway::channel::channel;
use crate::gateway::check_digit::{HOW_MANY, receipt_number};
use crate::gateway::model::{
    Attempt, AttemptId, AttemptState, Payment, PaymentId, PaymentState, Request, RequestState,
};
use crate::gateway::refund;
use crate::gateway::request;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rails::cards::acquirers;
use crate::rails::wallets::Wallet;
use crate::rows::{charges as charge_rows, requests as rows};

/// What a wallet says of an attempt, or a rail of whatever else goes by an identifier of ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told<I = AttemptId, S = ToldState> {
    /// The attempt, or what else it is, as we pushed it.
    pub id: I,
    /// What became of it.
    pub state: S,
    /// What the rail calls the movement of money; one for each movement, for ever.
    #[serde(default)]
    pub reference: String,
    /// How much moved, in minor units.
    #[serde(default)]
    pub amount_minor: i64,
    /// Its currency.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Why it did not, as a code.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of an attempt, as the wallet sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldState {
    /// The payer has not answered.
    Pending,
    /// The money was taken.
    Paid,
    /// The payer or the wallet said no.
    Declined,
}

/// What the news did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Nothing: it was known, or came too late to matter.
    Old,
    /// The attempt was declined.
    Declined,
    /// The request is paid.
    Paid,
    /// The money is in suspense.
    Suspense,
}

/// Takes what a wallet says. The caller has made sure that it is this wallet who says it.
///
/// # Errors
/// `payments.attempt.unknown`; `payments.callback.{amount,reference,reused}`; a refusal; the store's faults.
pub fn receive(cx: &mut Cx<'_>, wallet: &Wallet, told: &Told) -> Result<News, Fault> {
    let own = cx.actor().id == wallet.account();
    cx.may("payments.wallet.report", &Resource::new("Wallet", &wallet.id).is("own", own))?;
    let (attempt, request, receipt) = asked(cx, told.id, &wallet.id, &told.reference)?;
    match told.state {
        ToldState::Pending => Ok(News::Old),
        ToldState::Declined => {
            let did = declined(cx, &attempt, &request, &code(told.reason.as_deref()))?;
            Ok(if did { News::Declined } else { News::Old })
        }
        ToldState::Paid => {
            let amount = told.money(wallet.currency)?;
            credited(cx, &wallet.id, &attempt, request, (amount, &told.reference), receipt)
        }
    }
}

/// The attempt of a rail with its request, and a [`likely_receipt`]. What [`credited`] will ask of the database goes with it, in one
/// journey.
pub(crate) fn asked(
    cx: &mut Cx<'_>,
    id: AttemptId,
    rail: &str,
    reference: &str,
) -> Result<(Attempt, Request, String), Fault> {
    let receipt = likely_receipt(cx)?;
    charge_rows::ask_of_attempt(cx.tx(), id, rail)?;
    let asked = rows::asked(cx.tx(), id, (rail, reference))?.filter(|(attempt, _)| attempt.wallet == rail);
    let (attempt, request) = asked.ok_or_else(|| Fault::not_found("payments.attempt.unknown"))?;
    Ok((attempt, request, receipt))
}

/// A reason is a code; anything else a wallet says is none.
pub(crate) fn code(reason: Option<&str>) -> String {
    let fine = |text: &&str| {
        (1..=40).contains(&text.len())
            && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
    };
    reason.filter(fine).unwrap_or("declined").to_owned()
}

/// Money came by a rail for a request: it pays it, or it is set aside. `rail` is a wallet's id, or another rail's account;
/// `receipt` is a [`likely_receipt`].
pub(crate) fn credited(
    cx: &mut Cx<'_>,
    rail: &str,
    attempt: &Attempt,
    request: Request,
    (amount, reference): (Money, &str),
    receipt: String,
) -> Result<News, Fault> {
    if let Some(known) = rows::payment_called(cx.tx(), rail, reference)? {
        let same = known.attempt == attempt.id && known.amount == amount;
        return if same { Ok(News::Old) } else { Err(Fault::conflict("payments.callback.reused")) };
    }
    let request = if request.state.is_payable() && request.expires_at <= cx.now() {
        request::end(cx, &request)?;
        Request { state: RequestState::Expired, ..request }
    } else {
        request
    };
    let charge = charge_rows::of_attempt(cx.tx(), attempt.id, rail)?;
    let reason = match request.state {
        RequestState::Paid => Some("paid_already"),
        RequestState::Withdrawn => Some("withdrawn"),
        RequestState::Expired => Some("expired"),
        _ if amount != charges::asked(request.amount, charge.as_ref())? => Some("wrong_amount"),
        _ if !bills::takes(cx, &request)? => Some("paid_already"),
        _ => None,
    };
    let payment = Payment {
        id: cx.id(),
        wallet: rail.to_owned(),
        wallet_reference: reference.to_owned(),
        attempt: attempt.id,
        request: request.id,
        amount,
        state: if reason.is_some() { PaymentState::Review } else { PaymentState::Applied },
        reason: reason.map(str::to_owned),
        hold: None,
        received_at: cx.now(),
    };
    let debit = account_of(cx, &rail_account(rail), amount.currency())?;
    match reason {
        None => {
            let receipt = free_receipt(cx, receipt)?;
            take_in(cx, debit, &payment, request.account)?;
            settle(cx, &payment, &request, &receipt, charge.as_ref())?;
            Ok(News::Paid)
        }
        Some(reason) => {
            let suspense = suspense(cx, amount.currency())?;
            take_in(cx, debit, &payment, suspense)?;
            set_aside(cx, &payment, attempt, &request, reason)?;
            Ok(News::Suspense)
        }
    }
}

/// The account of a rail by what payments call it: a wallet's id, or the account itself.
pub(crate) fn rail_account(rail: &str) -> String {
    if rail.contains(':') { rail.to_owned() } else { format!("wallet:{rail}") }
}

/// Whether a rail takes money back by itself. What came by another goes back by a payment that an officer makes.
pub(crate) fn gives_back(rail: &str) -> bool {
    !rail.contains(':') || rail.starts_with(acquirers::PREFIX)
}

/// Money that waited in suspense pays a request after all.
pub(crate) fn from_suspense(cx: &mut Cx<'_>, arrival: &Arrival, request: Request) -> Result<(), Fault> {
    let attempt = Attempt {
        id: cx.id(),
        request: request.id,
        wallet: arrival.rail.clone(),
        msisdn: Personal::new(String::new()),
        wallet_reference: None,
        state: AttemptState::Pushed,
        reason: None,
        made_at: cx.now(),
        expires_at: cx.now(),
    };
    let channel = channel(cx.caller().via, &attempt.wallet);
    rows::insert_attempt(cx.tx(), &attempt, channel)?;
    let payment = Payment {
        id: cx.id(),
        wallet: arrival.rail.clone(),
        wallet_reference: arrival.reference.clone(),
        attempt: attempt.id,
        request: request.id,
        amount: arrival.amount,
        state: PaymentState::Applied,
        reason: None,
        hold: None,
        received_at: cx.now(),
    };
    let likely = likely_receipt(cx)?;
    let receipt = free_receipt(cx, likely)?;
    let debit = suspense(cx, arrival.amount.currency())?;
    take_in(cx, debit, &payment, request.account)?;
    settle(cx, &payment, &request, &receipt, None)
}

impl<I, S> Told<I, S> {
    /// What was taken, if it is said as it must be: a reference of visible characters, an amount in this currency.
    pub(crate) fn money(&self, currency: Currency) -> Result<Money, Fault> {
        let reference = &self.reference;
        if !(1..=64).contains(&reference.len()) || !reference.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::invalid("payments.callback.reference"));
        }
        let fits = (1..=ledger::LARGEST_MINOR).contains(&self.amount_minor);
        if self.currency != Some(currency) || !fits {
            return Err(Fault::invalid("payments.callback.amount"));
        }
        Ok(Money::new(self.amount_minor, currency))
    }
}

/// Books the money into `account`, and keeps the payment. The transfer's id is the payment's own.
fn take_in(cx: &mut Cx<'_>, debit: AccountId, payment: &Payment, account: AccountId) -> Result<(), Fault> {
    let step = Step::Move { debit, credit: account, amount: payment.amount };
    let id = TransferId::from_bytes(*payment.id.as_bytes());
    ledger::book_new(cx, &[Transfer { id, step, reference: payment.id.to_string() }])?;
    rows::insert_payment(cx.tx(), payment)?;
    Ok(())
}

pub(crate) fn suspense(cx: &mut Cx<'_>, currency: Currency) -> Result<AccountId, Fault> {
    let reference = format!("suspense:{currency}");
    let name = "payments.account.suspense";
    let kind = AccountKind::Suspense;
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}

/// The request is paid.
fn settle(
    cx: &mut Cx<'_>,
    payment: &Payment,
    request: &Request,
    receipt: &str,
    charge: Option<&Charge>,
) -> Result<(), Fault> {
    let now = cx.now();
    let reference = Some(payment.wallet_reference.as_str());
    rows::set_attempt_state(cx.tx(), payment.attempt, AttemptState::Paid, None, reference)?;
    rows::pay_request(cx.tx(), request.id, payment.attempt, receipt, now)?;
    let act = about(request.act("payments.request.paid"), payment).with("receipt", receipt);
    cx.record(match charge {
        Some(charge) => act.with("charge_minor", charge.fee.minor()).with("charge_borne_by", charge.bears.code()),
        None => act,
    });
    bills::applied(cx, request, receipt)?;
    if let Some(charge) = charge {
        charges::booked(cx, request, payment, charge)?;
    }
    cx.tell("payments.request.paid", request);
    Ok(())
}

/// A receipt's number that is hardly ever taken; whether it is goes to the database with the next question.
pub(crate) fn likely_receipt(cx: &mut Cx<'_>) -> Result<String, Fault> {
    let number = receipt_number(cx.random_below(HOW_MANY));
    rows::ask_receipt(cx.tx(), &number)?;
    Ok(number)
}

/// The likely number if it is free, else another.
fn free_receipt(cx: &mut Cx<'_>, likely: String) -> Result<String, Fault> {
    let mut number = likely;
    for _ in 0..8 {
        if !rows::receipt_is_taken(cx.tx(), &number)? {
            return Ok(number);
        }
        number = receipt_number(cx.random_below(HOW_MANY));
    }
    Err(Fault::unavailable("payments.receipt.numbers"))
}

/// The money belongs to nothing: back it goes, or an officer looks at it.
fn set_aside(
    cx: &mut Cx<'_>,
    payment: &Payment,
    attempt: &Attempt,
    request: &Request,
    reason: &str,
) -> Result<(), Fault> {
    let wrong_amount = reason == "wrong_amount";
    let state = if wrong_amount { AttemptState::Mismatched } else { AttemptState::Paid };
    rows::set_attempt_state(cx.tx(), attempt.id, state, None, Some(&payment.wallet_reference))?;
    cx.record(about(request.act("payments.payment.suspended"), payment).with("reason", reason));
    match (wrong_amount, gives_back(&payment.wallet)) {
        (true, _) => fail(cx, attempt, request),
        (false, true) => refund::start(cx, payment),
        (false, false) => Ok(()),
    }
}

fn about(act: spine::Act, payment: &Payment) -> spine::Act {
    let id: PaymentId = payment.id;
    act.with("payment", id.to_string())
        .with("amount_minor", payment.amount.minor())
        .with("wallet", payment.wallet.as_str())
}
