//! Money that arrives by another rail than a wallet: a transfer to our bank, a card, cash at a counter, a voucher.
//!
//! **Invariant:** as for `receive.rs`: whatever a rail says arrived is in the ledger, once by what the rail calls it; with its
//! request if it names one that can be paid with it, else in suspense.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Id, IdKind, Money, Personal, Resource, Timestamp};

use crate::bills;
use crate::charges::{self, Charges};
use crate::gateway::channel::channel;
use crate::gateway::check_digit::{read_bill_number, read_fee_number};
use crate::gateway::model::{Attempt, AttemptState, Request, RequestId};
use crate::gateway::receive::{self, News, suspense};
use crate::ledger::{self, Step, Transfer, TransferId};
use crate::rails::account_of;
use crate::rows::{arrivals as rows, bills as bill_rows, requests};

/// The kind of an arrival's identifier.
#[derive(Debug)]
pub struct ArrivalKind;

impl IdKind for ArrivalKind {
    const PREFIX: &'static str = "arr";
}

/// The identifier of money that names no request.
pub type ArrivalId = Id<ArrivalKind>;

/// Where money stands that named no request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalState {
    /// An officer must look.
    Waiting,
    /// An officer found its request.
    Applied,
    /// It is on its way back.
    Returning,
    /// It went back.
    Returned,
}

impl ArrivalState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Returning => "returning",
            Self::Returned => "returned",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Applied, Self::Returning, Self::Returned].into_iter().find(|state| state.code() == code)
    }
}

/// Money that arrived and named no request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Its identifier.
    pub id: ArrivalId,
    /// The account of the rail: `bank:cbl`.
    pub rail: String,
    /// What the rail calls it.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// What whoever paid said of its purpose.
    pub said: String,
    /// Where it stands.
    pub state: ArrivalState,
    /// The request it was found to be for.
    pub request: Option<RequestId>,
    /// When it came.
    pub received_at: Timestamp,
}

/// What a rail says arrived.
pub(crate) struct Arrived<'a> {
    /// The account of the rail: `bank:cbl`, `card:acquirer`, `cash:outlet`, `voucher`.
    pub(crate) rail: &'a str,
    /// What the rail calls the movement, for ever.
    pub(crate) reference: &'a str,
    pub(crate) amount: Money,
    /// What whoever paid said of its purpose, the most telling first.
    pub(crate) said: &'a [&'a str],
}

/// Takes it. The caller has permission, and has made sure that it is the rail who says it.
pub(crate) fn arrive(cx: &mut Cx<'_>, charges: &Charges, arrived: &Arrived<'_>) -> Result<News, Fault> {
    let (rail, reference) = (arrived.rail, arrived.reference);
    if let Some(known) = requests::payment_called(cx.tx(), rail, reference)? {
        return if known.amount == arrived.amount { Ok(News::Old) } else { Err(reused()) };
    }
    if let Some(known) = rows::called(cx.tx(), rail, reference)? {
        return if known.amount == arrived.amount { Ok(News::Old) } else { Err(reused()) };
    }
    let named = match bill_named(cx, arrived)? {
        Some(request) => Some(request),
        None => request_named(cx, arrived.said)?,
    };
    match named {
        Some(request) => {
            charges::fix(cx, charges, &request, rail)?;
            paid_by(cx, rail, reference, arrived.amount, request)
        }
        None => wait(cx, arrived),
    }
}

fn reused() -> Fault {
    Fault::conflict("payments.callback.reused")
}

/// A try that succeeded as it was made: the money is there.
pub(crate) fn paid_by(
    cx: &mut Cx<'_>,
    rail: &str,
    reference: &str,
    amount: Money,
    request: Request,
) -> Result<News, Fault> {
    let attempt = Attempt {
        id: cx.id(),
        request: request.id,
        wallet: rail.to_owned(),
        msisdn: Personal::new(String::new()),
        wallet_reference: None,
        state: AttemptState::Pushed,
        reason: None,
        made_at: cx.now(),
        expires_at: cx.now(),
    };
    let channel = channel(cx.caller().via, &attempt.wallet);
    requests::insert_attempt(cx.tx(), &attempt, channel)?;
    let receipt = receive::likely_receipt(cx)?;
    receive::credited(cx, rail, &attempt, request, (amount, reference), receipt)
}

/// A request for the bill whose number is given, if it can be paid with what arrived.
pub(crate) fn bill_named(cx: &mut Cx<'_>, arrived: &Arrived<'_>) -> Result<Option<Request>, Fault> {
    let words = arrived.said.iter().flat_map(|said| std::iter::once(*said).chain(said.split_whitespace()));
    for number in words.filter_map(read_bill_number) {
        let Some(bill) = bill_rows::bill_numbered(cx.tx(), &number)? else { continue };
        let now = cx.now();
        return match bills::payable(&bill, Some(arrived.amount), now) {
            Ok(amount) => bills::ask(cx, &bill, amount, bill.expires_at).map(Some),
            Err(_) => Ok(None),
        };
    }
    Ok(None)
}

/// The request that one of the words names, by its number, its identifier or its reference; none if there are several.
pub(crate) fn request_named(cx: &mut Cx<'_>, said: &[&str]) -> Result<Option<Request>, Fault> {
    for words in said {
        for number in std::iter::once(*words).chain(words.split_whitespace()).filter_map(read_fee_number) {
            if let Some(request) = requests::numbered(cx.tx(), &number)? {
                return Ok(Some(request));
            }
        }
        for word in words.split_whitespace().filter(|word| (3..=64).contains(&word.len())) {
            if let Ok(id) = word.parse::<RequestId>()
                && let Some(request) = requests::request(cx.tx(), id)?
            {
                return Ok(Some(request));
            }
            let found = requests::recent(cx.tx(), "~", 20, None, Some(word))?;
            let mut payable = found.iter().filter(|request| request.state.is_payable());
            match (payable.next(), payable.next(), found.as_slice()) {
                (Some(one), None, _) | (None, None, [one]) => return Ok(Some(one.clone())),
                (None, None, []) => {}
                _ => return Ok(None),
            }
        }
    }
    Ok(None)
}

fn wait(cx: &mut Cx<'_>, arrived: &Arrived<'_>) -> Result<News, Fault> {
    let said: String = arrived.said.join(" ").chars().filter(|letter| !letter.is_control()).take(200).collect();
    let arrival = Arrival {
        id: cx.id(),
        rail: arrived.rail.to_owned(),
        reference: arrived.reference.to_owned(),
        amount: arrived.amount,
        said,
        state: ArrivalState::Waiting,
        request: None,
        received_at: cx.now(),
    };
    let debit = account_of(cx, arrived.rail, arrived.amount.currency())?;
    let credit = suspense(cx, arrived.amount.currency())?;
    let step = Step::Move { debit, credit, amount: arrived.amount };
    let id = TransferId::from_bytes(*arrival.id.as_bytes());
    ledger::book_new(cx, &[Transfer { id, step, reference: arrival.id.to_string() }])?;
    rows::insert(cx.tx(), &arrival)?;
    cx.record(act("payments.arrival.suspended", &arrival));
    Ok(News::Suspense)
}

fn act(kind: &'static str, arrival: &Arrival) -> Act {
    let act = Act::new(kind).on(arrival.id).because("payment", "contract");
    act.with("amount_minor", arrival.amount.minor()).with("rail", arrival.rail.as_str())
}

/// Money that waits, for an officer of the treasury.
pub(crate) fn waiting(cx: &mut Cx<'_>, id: ArrivalId, action: &str) -> Result<Arrival, Fault> {
    let known = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.arrival.unknown"))?;
    cx.may(action, &Resource::new("Payment", id).with("state", known.state.code()))?;
    if known.state == ArrivalState::Waiting { Ok(known) } else { Err(Fault::conflict("payments.arrival.settled")) }
}

/// An officer has found what the money is for: it pays that request, as if it had named it.
///
/// # Errors
/// `payments.arrival.{unknown,settled,amount}`, `payments.request.{unknown,over}`; a refusal; the store's faults.
pub fn apply(cx: &mut Cx<'_>, id: ArrivalId, reference: &str) -> Result<RequestId, Fault> {
    let arrival = waiting(cx, id, "payments.arrival.apply")?;
    let request = request_named(cx, &[reference])?;
    let request = request.ok_or_else(|| Fault::not_found("payments.request.unknown"))?;
    if !request.state.is_payable() || request.expires_at <= cx.now() || !bills::takes(cx, &request)? {
        return Err(Fault::conflict("payments.request.over"));
    }
    if request.amount != arrival.amount {
        return Err(Fault::conflict("payments.arrival.amount"));
    }
    let now = cx.now();
    rows::set(cx.tx(), id, ArrivalState::Applied, Some(request.id), Some(now))?;
    let of = request.id;
    receive::from_suspense(cx, &arrival, request)?;
    cx.record(act("payments.arrival.applied", &arrival).with("request", of.to_string()));
    Ok(of)
}
