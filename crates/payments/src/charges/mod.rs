//! What a rail charges for a payment, and who bears it: the payer on top of the amount, whoever asks for the money out of it, or
//! the state. The rules are the pack's.
//!
//! **Invariant:** what the payer is asked for is what the biller gets and the charge, less what the state bears of it, to the last
//! minor unit; the charge is fixed before she agrees, and booked in the commit of the payment. Without a rule nothing is charged.
//!
//! | file | its job |
//! |---|---|
//! | `pack.rs` | [`Charges`]: the rules, and what they come to |
//! | `book.rs` | fixed for a payment, booked with it, given back with it |
//! | `show.rs` | what people read of it |

mod book;
mod pack;
pub(crate) mod show;

pub(crate) use book::{booked, fix, given_back, of, payee, returned};
pub use pack::{Charges, ChargesError};
use serde::{Deserialize, Serialize};
use spine::{Fault, Money};

/// Who bears a charge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bears {
    /// Whoever pays, on top of the amount.
    Payer,
    /// Whoever asks for the money, out of the amount.
    Biller,
    /// The government.
    State,
}

impl Bears {
    /// As it stands in rows and in the pack.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Payer => "payer",
            Self::Biller => "biller",
            Self::State => "state",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Payer, Self::Biller, Self::State].into_iter().find(|one| one.code() == code)
    }
}

/// What a rail charges for one payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Charge {
    /// Who bears it.
    pub bears: Bears,
    /// How much, more than nothing.
    pub fee: Money,
    /// Whether it goes back when all of the payment does.
    pub returned: bool,
}

/// Who has how much of a payment, in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
    /// What the payer pays.
    pub payer: Money,
    /// What whoever asked for the money keeps.
    pub biller: Money,
    /// What the rail gets.
    pub fee: Money,
    /// What the government adds.
    pub state: Money,
}

impl Charge {
    /// What the payer is asked for when `amount` is to be paid.
    ///
    /// # Errors
    /// `payments.request.amount` if it would be more than can be.
    pub fn total(&self, amount: Money) -> Result<Money, Fault> {
        match self.bears {
            Bears::Payer => amount.plus(self.fee).map_err(|_| Fault::invalid("payments.request.amount")),
            Bears::Biller | Bears::State => Ok(amount),
        }
    }

    /// Who has how much of it.
    ///
    /// # Errors
    /// As [`Charge::total`].
    pub fn split(&self, amount: Money) -> Result<Split, Fault> {
        let (payer, nothing) = (self.total(amount)?, Money::new(0, amount.currency()));
        let of_biller = if self.bears == Bears::Biller { self.fee.minor() } else { 0 };
        Ok(Split {
            payer,
            biller: Money::new(amount.minor() - of_biller, amount.currency()),
            fee: self.fee,
            state: if self.bears == Bears::State { self.fee } else { nothing },
        })
    }
}

/// What is asked of a payer by a rail: the amount, with the charge if she bears it.
///
/// # Errors
/// As [`Charge::total`].
pub(crate) fn asked(amount: Money, charge: Option<&Charge>) -> Result<Money, Fault> {
    charge.map_or(Ok(amount), |charge| charge.total(amount))
}
