//! Where somebody stands in the menu of her grants, and what her phone shows there.
//!
//! **Invariant:** before her PIN a screen says nothing of what she gets or where it goes: only what she has just typed.

use payments::{Bank, ByPhone};
use serde::{Deserialize, Serialize};
use spine::{Arg, Language, Localised, Personal, Text};

use crate::engine::Grants;
use crate::model::Account;
use crate::programme::Way;
use crate::tell;

/// Banks, or who pays a number, on one screen.
pub(super) const MOST: usize = 6;
/// Letters of a name on a screen.
const NAME: usize = 22;

/// Where she stands, sealed for her number.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    /// Who she is; none where a number is several people's and she has not said.
    pub(super) owner: Option<String>,
    pub(super) place: Place,
}

/// A place in the menu.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Place {
    /// The beginning.
    Home,
    /// Her PIN, to see what she gets.
    See,
    /// How the money is to come.
    Way,
    /// The number of another phone.
    Number,
    /// Who pays that number, where several do.
    By { number: String },
    /// Which bank.
    Bank,
    /// The account's number there.
    AccountNumber { bank: String },
    /// Her PIN, to choose that account.
    Confirm { account: Account },
    /// Her PIN, to stop the change that waits.
    Stop,
}

/// The beginning of a name, for a small screen.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { name.chars().take(NAME - 1).chain(['.']).collect() }
}

/// Who pays this number out, as far as is known here: its wallets before hubs.
pub(super) fn payers<'a>(grants: &'a Grants, number: &Personal<String>) -> Vec<ByPhone<'a>> {
    grants.inner.rails.phones().filter(|one| one.serves(number)).take(MOST).collect()
}

/// The banks that keep people's accounts; the government's own does not.
pub(super) fn banks(grants: &Grants) -> Vec<&Bank> {
    let banks = &grants.inner.rails.banks;
    let own = banks.own().map(|own| &own.bank.id);
    banks.iter().filter(|bank| own != Some(&bank.id)).take(MOST).collect()
}

/// An account in words: whole where she has just typed it, its last digits otherwise.
pub(super) fn account_words(grants: &Grants, account: &Account, language: &Language, whole: bool) -> Arg {
    match account.way {
        Way::PostOffice | Way::Voucher => Text::named(format!("grants.ussd.to_{}", account.way.code())).into(),
        Way::Wallet | Way::Bank => {
            let name = short(tell::place_name(grants, account, language));
            let number = if whole { account.address.clone() } else { format!("..{}", tell::ending(account)) };
            format!("{name} {number}").into()
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a Localised>, language: &Language) -> String {
    let lines = names.enumerate().map(|(place, name)| format!("{} {}", place + 1, short(name.in_language(language))));
    lines.collect::<Vec<_>>().join("\n")
}

impl Place {
    /// Where `0` leads.
    pub(super) const fn back(&self) -> Self {
        match self {
            Self::Home | Self::See | Self::Way | Self::Stop => Self::Home,
            Self::Number | Self::By { .. } | Self::Bank | Self::Confirm { .. } => Self::Way,
            Self::AccountNumber { .. } => Self::Bank,
        }
    }

    /// What her phone shows here.
    pub(super) fn shown(&self, grants: &Grants, language: &Language) -> Text {
        match self {
            Self::Home => Text::new("grants.ussd.home"),
            Self::See => Text::new("grants.ussd.pin_see"),
            Self::Way => Text::new("grants.ussd.way"),
            Self::Number => Text::new("grants.ussd.number"),
            Self::By { number } => {
                let names = list(payers(grants, &Personal::new(number.clone())).iter().map(ByPhone::name), language);
                Text::new("grants.ussd.by").with("list", names)
            }
            Self::Bank => {
                let names = list(banks(grants).iter().map(|bank| &bank.name), language);
                Text::new("grants.ussd.bank").with("list", names)
            }
            Self::AccountNumber { .. } => Text::new("grants.ussd.account_number"),
            Self::Confirm { account } => {
                Text::new("grants.ussd.pin_change").with("account", account_words(grants, account, language, true))
            }
            Self::Stop => Text::new("grants.ussd.pin_stop"),
        }
    }
}
