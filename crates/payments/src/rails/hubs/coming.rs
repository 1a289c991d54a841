//! Money that comes through a hub: what a number stands for, and the payment of it.
//!
//! **Invariant:** money is ours when the hub has committed its transfer, and not before; then it is in the ledger always: with what
//! its number stands for if that can be paid with it, else in suspense.

use spine::{Cx, Fault, Localised, Money};

use super::{act, speaking, stated};
use crate::bills;
use crate::gateway::arrive::{Arrived, arrive, request_named};
use crate::gateway::check_digit::read_bill_number;
use crate::gateway::receive::News;
use crate::rails::payout::Rails;
use crate::rows::bills as rows;

/// What a number stands for, as a payer's institution may know it.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The number in its one form.
    pub number: String,
    /// What it is for; only a bill says so, because anybody may hold its number.
    pub description: Option<Localised>,
    /// What is left to pay.
    pub left: Money,
    /// Whether less than that is taken.
    pub in_parts: bool,
}

impl Sought {
    /// Whether it can be paid with an amount, while `promised` of it has been promised to others.
    #[must_use]
    pub fn takes(&self, amount: Money, promised: i64) -> bool {
        let left = self.left.minor().saturating_sub(promised);
        let fits = amount.currency() == self.left.currency() && (1..=left).contains(&amount.minor());
        fits && (self.in_parts || amount == self.left)
    }
}

/// What came.
#[derive(Clone, Debug)]
pub struct Came {
    /// What the hub calls the transfer, for ever.
    pub reference: String,
    /// The number that it is for.
    pub number: String,
    /// How much.
    pub amount: Money,
}

/// What a number stands for, if it can be paid now: a bill's, or a request's reference.
///
/// # Errors
/// `payments.hub.unknown`; a refusal; the store's faults.
pub fn sought(cx: &mut Cx<'_>, rails: &Rails, hub: &str, written: &str) -> Result<Option<Sought>, Fault> {
    speaking(cx, rails, hub)?;
    let now = cx.now();
    if let Some(number) = read_bill_number(written) {
        let bill = rows::bill_numbered(cx.tx(), &number)?;
        let bill = bill.filter(|bill| bills::payable(bill, None, now).is_ok());
        return Ok(bill.map(|bill| {
            let left = bill.left();
            Sought { number, description: Some(bill.description), left, in_parts: bill.in_parts }
        }));
    }
    if !(3..=64).contains(&written.len()) || !written.bytes().all(|letter| letter.is_ascii_graphic()) {
        return Ok(None);
    }
    let request = request_named(cx, &[written])?;
    let request = request.filter(|request| request.state.is_payable() && request.expires_at > now);
    let one = |request: crate::Request| Sought {
        number: request.called().to_owned(),
        description: None,
        left: request.amount,
        in_parts: false,
    };
    Ok(request.map(one))
}

/// Takes money that a hub says it has committed to us. Twice is once.
///
/// # Errors
/// `payments.hub.unknown`, `payments.callback.reused`; a refusal; the store's and the ledger's faults.
pub fn came(cx: &mut Cx<'_>, rails: &Rails, hub: &str, came: &Came) -> Result<News, Fault> {
    let hub = speaking(cx, rails, hub)?;
    let Came { reference, number, amount } = came;
    let rail = hub.account();
    let arrived = Arrived { rail: &rail, reference, amount: *amount, said: &[number] };
    let news = arrive(cx, rails.wallets.charges(), &arrived)?;
    if news != News::Old {
        stated(cx, rails, hub, (reference, true, *amount), None)?;
        cx.record(act("payments.hub.came", hub, *amount).with("reference", reference.as_str()));
    }
    Ok(news)
}
