//! Looking: the payer at her own requests, officers at all of them, engines along their declared edges.
//!
//! **Invariant:** whoever looks at another's payment leaves an act; a number is shown masked.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Localised, Money, Resource, Timestamp};

use crate::charges::{self, Charge};
use crate::gateway::model::{Attempt, AttemptState, Payment, Request, RequestId, RequestState, Return};
use crate::gateway::request::{found, is_own, resource};
use crate::rails::wallets::masked;
use crate::rows::{requests as rows, returns};

/// What of a paid fee goes back, for an engine along its declared edge: no permission asked, no act left.
///
/// # Errors
/// The store's faults.
pub fn returned(cx: &mut Cx<'_>, id: RequestId) -> Result<Option<Return>, Fault> {
    Ok(returns::of_request(cx.tx(), id)?)
}

/// A request with what is happening to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestView {
    /// The request.
    pub request: Request,
    /// The last try, or the one that paid.
    pub attempt: Option<AttemptView>,
    /// All money that arrived for it.
    pub payments: Vec<Payment>,
    /// What of the fee goes back.
    pub returned: Option<Return>,
    /// What the rail of the last try charges, or of the one that paid.
    #[serde(default)]
    pub charge: Option<Charge>,
    /// Whom it is for, as the rules of charges call it.
    #[serde(default)]
    pub payee: String,
}

/// A try as its payer sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttemptView {
    /// The wallet's id.
    pub wallet: String,
    /// The number, all but two digits hidden.
    pub number: String,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it came to nothing, as a code.
    pub reason: Option<String>,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
}

/// A receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Its number, with a check digit.
    pub number: String,
    /// The request it is for.
    pub request: RequestId,
    /// Who paid.
    pub payer: String,
    /// How much, without what the rail charges.
    pub amount: Money,
    /// What the rail charges.
    #[serde(default)]
    pub charge: Option<Charge>,
    /// What the payer knows it by.
    pub reference: String,
    /// What it was for.
    pub description: Localised,
    /// When.
    pub paid_at: Timestamp,
    /// The wallet's id.
    pub wallet: String,
    /// The number it was paid from, masked.
    pub number_paid_from: String,
    /// What the wallet calls it.
    pub wallet_reference: String,
}

/// The request, for an engine along its declared edge: no permission asked, no act left.
///
/// # Errors
/// The store's faults.
pub fn find(cx: &mut Cx<'_>, id: RequestId) -> Result<Option<Request>, Fault> {
    Ok(rows::request(cx.tx(), id)?)
}

/// A request as its payer or an officer sees it. The look of anybody but the payer is an act, so it must run as a write.
///
/// # Errors
/// `payments.request.unknown`; a refusal; the store's faults.
pub fn view(cx: &mut Cx<'_>, id: RequestId) -> Result<RequestView, Fault> {
    let request = looked_at(cx, id)?;
    let attempt = attempt_of(cx, &request)?;
    let charge = match &attempt {
        Some(attempt) => charges::of(cx, &request, &attempt.wallet)?,
        None => None,
    };
    let payee = charges::payee(cx, &request)?;
    let attempt = attempt.map(|attempt| AttemptView {
        number: masked(&attempt.msisdn),
        wallet: attempt.wallet,
        state: attempt.state,
        reason: attempt.reason,
        expires_at: attempt.expires_at,
    });
    let payments = rows::payments_of(cx.tx(), id)?;
    let returned = returns::of_request(cx.tx(), id)?;
    Ok(RequestView { request, attempt, payments, returned, charge, payee })
}

/// The receipt of a paid request. As [`view`].
///
/// # Errors
/// `payments.receipt.none` while it is not paid; as [`view`].
pub fn receipt(cx: &mut Cx<'_>, id: RequestId) -> Result<Receipt, Fault> {
    let request = looked_at(cx, id)?;
    let none = || Fault::not_found("payments.receipt.none");
    let attempt = attempt_of(cx, &request)?.ok_or_else(none)?;
    let charge = charges::of(cx, &request, &attempt.wallet)?;
    Ok(Receipt {
        number: request.receipt.ok_or_else(none)?,
        request: id,
        payer: request.payer,
        amount: request.amount,
        charge,
        reference: request.reference,
        description: request.description,
        paid_at: request.paid_at.ok_or_else(none)?,
        number_paid_from: masked(&attempt.msisdn),
        wallet: attempt.wallet,
        wallet_reference: attempt.wallet_reference.unwrap_or_default(),
    })
}

fn attempt_of(cx: &mut Cx<'_>, request: &Request) -> Result<Option<Attempt>, Fault> {
    let Some(id) = request.attempt else { return Ok(None) };
    Ok(rows::attempt(cx.tx(), id)?)
}

/// Whoever may not see it is told that there is none.
fn looked_at(cx: &mut Cx<'_>, id: RequestId) -> Result<Request, Fault> {
    let request = found(cx, id)?;
    cx.may("payments.request.view", &resource(cx, &request))?;
    if !is_own(cx, &request.payer) {
        cx.record(request.act("payments.request.viewed"));
    }
    Ok(request)
}

/// What an officer looks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<RequestState>,
    /// Only those with this reference; then the state does not matter.
    pub reference: Option<String>,
    /// Only those older than this one.
    pub before: Option<RequestId>,
}

/// The officer's desk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk {
    /// Requests, newest first.
    pub requests: Vec<Request>,
    /// Money that was not applied, newest first.
    pub suspense: Vec<Payment>,
    /// Fees that go back and are not there yet, newest first.
    pub returns: Vec<Return>,
}

/// Requests on one page.
pub(crate) const PAGE: i64 = 50;

/// What an officer of payments sees. The look is an act, so it must run as a write.
///
/// # Errors
/// A refusal; the store's faults.
pub fn desk(cx: &mut Cx<'_>, filter: &Filter) -> Result<Desk, Fault> {
    cx.may("payments.desk.view", &Resource::new("PaymentDesk", "desk"))?;
    let before = filter.before.map_or_else(|| "~".to_owned(), |id| id.to_string());
    let requests = rows::recent(cx.tx(), &before, PAGE, filter.state, filter.reference.as_deref())?;
    let suspense = rows::unapplied(cx.tx(), PAGE)?;
    let returns = returns::open(cx.tx(), PAGE)?;
    cx.record(Act::new("payments.desk.viewed").on("desk").with("requests", requests.len()));
    Ok(Desk { requests, suspense, returns })
}
