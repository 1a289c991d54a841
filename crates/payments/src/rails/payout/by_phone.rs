//! Who can pay a phone number out: a wallet pays its own numbers, a hub finds whose the number is.

use spine::{Localised, Money, Personal};

use super::{Destination, Rails};
use crate::hubs::Hub;
use crate::rails::wallets::Wallet;

/// By what hubs know phone numbers.
const MSISDN: &str = "MSISDN";

/// One who pays phone numbers out.
#[derive(Clone, Copy, Debug)]
pub enum ByPhone<'a> {
    /// Its own numbers.
    Wallet(&'a Wallet),
    /// Any number that one of its members has registered.
    Hub(&'a Hub),
}

impl Rails {
    /// Who pays phone numbers out under this id; a wallet's comes before a hub's.
    #[must_use]
    pub fn by_phone(&self, id: &str) -> Option<ByPhone<'_>> {
        self.phones().find(|one| one.id() == id)
    }

    /// All who pay phone numbers out: wallets, and hubs that the installation is connected to.
    pub fn phones(&self) -> impl Iterator<Item = ByPhone<'_>> {
        let hubs = self.hubs.connected().filter(|hub| hub.reaches(MSISDN));
        self.wallets.iter().map(ByPhone::Wallet).chain(hubs.map(ByPhone::Hub))
    }
}

impl<'a> ByPhone<'a> {
    /// Its id in the pack.
    #[must_use]
    pub fn id(&self) -> &'a str {
        match self {
            Self::Wallet(wallet) => &wallet.id,
            Self::Hub(hub) => &hub.id,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &'a Localised {
        match self {
            Self::Wallet(wallet) => &wallet.name,
            Self::Hub(hub) => &hub.name,
        }
    }

    /// Whether a number in its one form can be paid by it, as far as is known here.
    #[must_use]
    pub fn serves(&self, number: &Personal<String>) -> bool {
        match self {
            Self::Wallet(wallet) => wallet.serves(number),
            Self::Hub(_) => true,
        }
    }

    /// Whether it pays this amount at once.
    #[must_use]
    pub fn takes(&self, amount: Money) -> bool {
        match self {
            Self::Wallet(wallet) => wallet.takes(amount),
            Self::Hub(hub) => {
                amount.currency() == hub.most.currency() && (1..=hub.most.minor()).contains(&amount.minor())
            }
        }
    }

    /// A number as where money is to go.
    #[must_use]
    pub fn destination(&self, number: Personal<String>) -> Destination {
        match self {
            Self::Wallet(wallet) => Destination::Wallet { wallet: wallet.id.clone(), number },
            Self::Hub(hub) => Destination::Hub { hub: hub.id.clone(), kind: MSISDN.to_owned(), number },
        }
    }
}
