//! The second step of a sign-in: which ways somebody has, which one she is asked for, and how she sets them up.
//!
//! **Invariant:** ways are shown after the right secret and to oneself only; a way that is taken away or locked is
//! refused from then on. A printed code is good once, an authenticator's code once and in its order.
//!
//! | file | its job |
//! |---|---|
//! | `printed.rs`, `printed_pages.rs` | recovery codes on paper |
//! | `authenticator.rs`, `authenticator_pages.rs` | a person's authenticator apps |
//! | `answer.rs`, `code_pages.rs` | the second step of a sign-in |
//! | `choice_pages.rs` | one's own ways to sign in, and which second step one is asked for |

pub(crate) mod answer;
pub(crate) mod authenticator;
mod authenticator_pages;
mod choice_pages;
mod code_pages;
pub(crate) mod printed;
mod printed_pages;

use axum::Router;
use spine::{Tx, TxError};

use crate::account::{Account, Kind};
use crate::factor::Factor;
use crate::rows::{factors, second as rows};
use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .merge(code_pages::routes())
        .merge(printed_pages::routes())
        .merge(authenticator_pages::routes())
        .merge(choice_pages::routes())
}

/// A way to answer the second step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// A code by SMS, or by e-mail to somebody without a phone.
    Message,
    /// A code that she fetches by dialling.
    Ussd,
    /// A code of her authenticator app.
    Authenticator,
    /// One of her printed codes.
    Printed,
}

impl Way {
    /// Its name in tables, cookies and forms.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Ussd => "ussd",
            Self::Authenticator => "authenticator",
            Self::Printed => "printed",
        }
    }

    /// The factors it is, each of which may be locked by itself. Who locked the codes because the phone is gone does not
    /// want them dialled for from that phone.
    const fn factors(self) -> &'static [Factor] {
        match self {
            Self::Message => &[Factor::Code],
            Self::Ussd => &[Factor::Ussd, Factor::Code],
            Self::Authenticator => &[Factor::Authenticator],
            Self::Printed => &[Factor::RecoveryCode],
        }
    }

    /// Whether the account may use it now.
    pub(crate) fn is_open(self, tx: &mut dyn Tx, account: &str) -> Result<bool, TxError> {
        let locks = factors::locks(tx, account)?;
        Ok(locks.iter().all(|lock| !self.factors().contains(&lock.factor)))
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Message, Self::Ussd, Self::Authenticator, Self::Printed].into_iter().find(|way| way.as_str() == name)
    }
}

/// The ways this account has now and that are not locked, the usual ones first. `dials` says that people may dial here.
pub(crate) fn ways(tx: &mut dyn Tx, account: &Account, dials: bool) -> Result<Vec<Way>, TxError> {
    let mut ways = Vec::new();
    let person = account.kind == Kind::Person;
    if person && (account.phone.is_some() || account.email.is_some()) {
        ways.push(Way::Message);
    }
    if person && dials && account.phone.is_some() {
        ways.push(Way::Ussd);
    }
    if account.totp.is_some() || !rows::authenticators(tx, &account.id)?.is_empty() {
        ways.push(Way::Authenticator);
    }
    if rows::printed_left(tx, &account.id)? > 0 {
        ways.push(Way::Printed);
    }
    let locks = factors::locks(tx, &account.id)?;
    ways.retain(|way| locks.iter().all(|lock| !way.factors().contains(&lock.factor)));
    Ok(ways)
}

/// The way she is asked for: the one she chose while she still has it, else the first she has.
pub(crate) fn usual(account: &Account, ways: &[Way]) -> Option<Way> {
    let chosen = account.second_step.as_deref().and_then(Way::named).filter(|way| ways.contains(way));
    chosen.or_else(|| ways.first().copied())
}
