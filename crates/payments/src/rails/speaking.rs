//! One way to talk to whoever takes money for us or pays it out, whichever protocol that speaks.
//!
//! **Invariant:** what comes back means the same from each. M-Pesa's OpenAPI does not tell how much was moved: there the amount that
//! was asked for stands.

use journal::JobFault;
use spine::{Money, Personal};

use super::open_api::line::{self as theirs, Stands};
use super::talk::{Asked, Line, Pushed, Returned, ToldOfPayment};
use crate::Gateway;
use crate::gateway::model::{Attempt, AttemptId};
use crate::gateway::receive::{Told, ToldState};
use crate::ledger::TransferId;
use crate::rails::payout::outcome::PaidOutState;
use crate::rails::payout::{Disbursement, DisbursementId};
use crate::rails::wallets::Wallet;

/// A line to it at one moment.
pub(crate) enum Speaking<'a> {
    Ours(Line<'a>),
    OpenApi(theirs::Line<'a>),
}

impl Gateway {
    /// A line to a wallet in its own protocol.
    pub(crate) fn speaking<'a>(&'a self, wallet: &'a Wallet) -> Result<Speaking<'a>, JobFault> {
        match wallet.open_api() {
            Some(open_api) => {
                let (outbound, now) = (self.outbound(), self.clock().now());
                Ok(Speaking::OpenApi(theirs::Line { outbound, open_api, now }))
            }
            None => self.line(wallet).map(Speaking::Ours),
        }
    }

    /// The same to whoever runs a rail: a wallet by its id, an acquirer by its account.
    pub(crate) fn speaking_to<'a>(&'a self, rail: &str) -> Result<Speaking<'a>, JobFault> {
        match self.wallets().find(rail) {
            Some(wallet) => self.speaking(wallet),
            None => self.line_of(rail).map(Speaking::Ours),
        }
    }
}

impl Speaking<'_> {
    /// Asks the wallet to ask the payer.
    pub(crate) async fn push(&self, attempt: &Attempt, amount: Money, reference: &str) -> Pushed {
        match self {
            Self::Ours(line) => line.push(attempt, amount, reference).await,
            Self::OpenApi(line) => line.push(&attempt.id.to_string(), &attempt.msisdn, amount, reference).await,
        }
    }

    /// Asks what became of an attempt at `amount`.
    pub(crate) async fn ask(&self, id: AttemptId, amount: Money) -> Asked {
        let line = match self {
            Self::Ours(line) => return line.ask(id).await,
            Self::OpenApi(line) => line,
        };
        match line.ask(&id.to_string()).await {
            Stands::Completed(reference) => Asked::Told(moved(id, ToldState::Paid, reference, amount)),
            Stands::Over => Asked::Told(over(id, ToldState::Declined)),
            Stands::Unheard => Asked::Unheard,
            Stands::Open => Asked::Later,
        }
    }

    /// Pays one of its numbers.
    pub(crate) async fn pay_out(
        &self,
        id: DisbursementId,
        number: &Personal<String>,
        amount: Money,
        reference: &str,
    ) -> Pushed {
        match self {
            Self::Ours(line) => line.pay_out(id, number, amount, reference).await,
            Self::OpenApi(line) => line.pay_out(&id.to_string(), number, amount, reference).await,
        }
    }

    /// Asks what became of a payment to one of its numbers.
    pub(crate) async fn ask_of_payment(&self, of: &Disbursement) -> ToldOfPayment {
        let line = match self {
            Self::Ours(line) => return line.ask_of_payment(of.id).await,
            Self::OpenApi(line) => line,
        };
        match line.ask(&of.id.to_string()).await {
            Stands::Completed(reference) => ToldOfPayment::Said(moved(of.id, PaidOutState::Paid, reference, of.amount)),
            Stands::Over => ToldOfPayment::Said(over(of.id, PaidOutState::Failed)),
            Stands::Unheard => ToldOfPayment::Unheard,
            Stands::Open => ToldOfPayment::Later,
        }
    }

    /// Hands money back.
    pub(crate) async fn give_back(&self, hold: TransferId, of: &str, amount: Money) -> Returned {
        match self {
            Self::Ours(line) => line.give_back(hold, of, amount).await,
            Self::OpenApi(line) => line.give_back(&hold.to_string(), of, amount).await,
        }
    }
}

fn moved<I, S>(id: I, state: S, reference: String, amount: Money) -> Told<I, S> {
    let (amount_minor, currency) = (amount.minor(), Some(amount.currency()));
    Told { id, state, reference, amount_minor, currency, reason: None }
}

fn over<I, S>(id: I, state: S) -> Told<I, S> {
    Told { id, state, reference: String::new(), amount_minor: 0, currency: None, reason: None }
}
