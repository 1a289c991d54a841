//! The hubs between banks and wallets that the government is a member of: whoever has an account with any institution of such a
//! hub can pay a number of ours from there, and can be paid. From the pack; where a hub is, and with which keys, comes from the
//! configuration and stays with the adapter that speaks its protocol.
//!
//! **Invariant:** nothing of a protocol is known here. The adapter says what a hub itself has said was done, and nothing less
//! certain; what it says is booked in the operation that it runs.
//!
//! | file | its job |
//! |---|---|
//! | `coming.rs` | what a number of ours stands for, and money that came for it |
//! | `going.rs` | payments to people that a hub finds |
//! | `pages.rs` | what a payer types into her own app |

mod coming;
mod going;
pub(crate) mod pages;

use std::sync::Arc;

pub use coming::{Came, Sought, came, sought};
pub use going::{Ended, PUSH, ended, going, sent};
use serde::Deserialize;
use spine::{Act, Currency, Cx, Fault, Localised, Money, Personal, Resource};

use super::banking::line::{Did, RailLine};
use super::payout::Rails;
use super::wallets::Wallets;
use super::wrong_id;
use crate::rows::arrivals;

/// By what a hub can be asked for somebody (FSPIOP API Definition §7.5.6), as far as we pay out to it.
const KINDS: [&str; 3] = ["MSISDN", "ACCOUNT_ID", "ALIAS"];

/// A hub that we are a member of.
#[derive(Clone, Debug)]
pub struct Hub {
    /// Stable, lower case: `switch`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What we are called among its members: `government`.
    pub member: String,
    /// Under which name of a business our numbers are found: `LESOTHO`.
    pub business: String,
    /// The version of its protocol that we ask in.
    pub version: String,
    /// The most that goes in or out at once.
    pub most: Money,
    /// The most that those who carry a payment of ours may keep of it, together.
    pub most_fee: Money,
    reach: Vec<String>,
    is_connected: bool,
}

/// All hubs that we are a member of. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Hubs(Arc<Vec<Hub>>);

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum HubsError {
    /// Not of the declared shape.
    #[error("hubs.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("hubs.toml: {hub}: {problem}")]
    Value {
        /// The hub's id.
        hub: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    #[serde(default)]
    hubs: Vec<HubPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HubPart {
    id: String,
    name: Localised,
    member: String,
    business: String,
    version: String,
    currency: Currency,
    most_minor: i64,
    most_fee_minor: i64,
    reach: Vec<String>,
}

impl Hubs {
    /// Reads the pack's `hubs.toml`; `is_connected` says of which the configuration knows where they are.
    ///
    /// # Errors
    /// [`HubsError`] naming the hub.
    pub fn parse(text: &str, is_connected: impl Fn(&str) -> bool) -> Result<Self, HubsError> {
        let file: File = toml::from_str(text)?;
        let mut hubs: Vec<Hub> = Vec::new();
        for part in file.hubs {
            let refuse = |problem| HubsError::Value { hub: part.id.clone(), problem };
            if let Some(problem) = wrong_id(&part.id, hubs.iter().map(|known| known.id.as_str())) {
                return Err(refuse(problem));
            }
            let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
            let named = |name: &str| (1..=32).contains(&name.len()) && name.bytes().all(plain);
            if !named(&part.member) || !named(&part.business) {
                return Err(refuse("member and business have 1 to 32 letters, digits, dashes, underscores or points"));
            }
            if !matches!(part.version.as_str(), "1.1" | "2.0") {
                return Err(refuse("the version is 1.1 or 2.0: before that a hub does not say how a transfer ended"));
            }
            if part.most_minor < 1 || !(0..=part.most_minor).contains(&part.most_fee_minor) {
                return Err(refuse("the most is at least 1, and what may be kept of it no more than that"));
            }
            if !part.reach.iter().all(|kind| KINDS.contains(&kind.as_str())) {
                return Err(refuse("people are reached by MSISDN, ACCOUNT_ID or ALIAS"));
            }
            let money = |minor| Money::new(minor, part.currency);
            hubs.push(Hub {
                is_connected: is_connected(&part.id),
                most: money(part.most_minor),
                most_fee: money(part.most_fee_minor),
                id: part.id,
                name: part.name,
                member: part.member,
                business: part.business,
                version: part.version,
                reach: part.reach,
            });
        }
        Ok(Self(Arc::new(hubs)))
    }

    /// Each hub, in the pack's order.
    pub fn iter(&self) -> impl Iterator<Item = &Hub> {
        self.0.iter()
    }

    /// Those that the installation is connected to.
    pub fn connected(&self) -> impl Iterator<Item = &Hub> {
        self.iter().filter(|hub| hub.is_connected)
    }

    /// The hub called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Hub> {
        self.iter().find(|hub| hub.id == id)
    }
}

impl Hub {
    /// The account that holds what the hub's members owe us: `hub:switch`.
    #[must_use]
    pub fn account(&self) -> String {
        format!("hub:{}", self.id)
    }

    /// Whether the installation knows where it is.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// By what people can be paid out to through it.
    #[must_use]
    pub fn reach(&self) -> &[String] {
        &self.reach
    }

    /// Whether people can be paid out to by this kind of identifier.
    #[must_use]
    pub fn reaches(&self, kind: &str) -> bool {
        self.reach.iter().any(|own| own == kind)
    }

    /// An identifier in its one form; none if it cannot be one.
    pub(crate) fn number(&self, wallets: &Wallets, kind: &str, written: &str) -> Option<Personal<String>> {
        if kind == "MSISDN" {
            return wallets.number(written);
        }
        let plain: String = written.chars().filter(|letter| !letter.is_whitespace()).collect();
        let fine = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.' | b'@');
        ((1..=34).contains(&plain.len()) && plain.bytes().all(fine)).then(|| Personal::new(plain))
    }
}

/// The hub whose adapter asks, or the program itself for it.
fn speaking<'a>(cx: &mut Cx<'_>, rails: &'a Rails, id: &str) -> Result<&'a Hub, Fault> {
    let hub = rails.hubs.find(id).ok_or_else(|| Fault::not_found("payments.hub.unknown"))?;
    let own = cx.actor().id == hub.account();
    cx.may("payments.hub.report", &Resource::new("Hub", &hub.id).is("own", own))?;
    Ok(hub)
}

/// What the hub said moved, for the treasury's day.
fn stated(
    cx: &mut Cx<'_>,
    rails: &Rails,
    hub: &Hub,
    (reference, comes_in, amount): (&str, bool, Money),
    ours: Option<String>,
) -> Result<(), Fault> {
    let (rail, now) = (hub.account(), cx.now());
    if arrivals::line(cx.tx(), &rail, reference)?.is_some() {
        return Ok(());
    }
    let line = RailLine {
        id: cx.id(),
        source: rail.clone(),
        rail,
        reference: reference.to_owned(),
        day: rails.banks.day(now),
        comes_in,
        amount,
        did: Did::Told,
        end_to_end: ours.clone(),
        ours,
        heard_at: now,
    };
    Ok(arrivals::insert_line(cx.tx(), &line)?)
}

fn act(kind: &'static str, hub: &Hub, amount: Money) -> Act {
    let act = Act::new(kind).on(hub.account()).because("payment", "contract");
    act.with("amount_minor", amount.minor())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = include_str!("../../../../../packs/lesotho/hubs.toml");

    #[test]
    fn the_pack_is_read_and_a_wrong_one_refused() {
        let hubs = Hubs::parse(PACK, |id| id == "switch").unwrap();
        let hub = hubs.connected().next().unwrap();
        assert!(hub.reaches("MSISDN") && !hub.reaches("IBAN"));
        assert_eq!(Hubs::parse(PACK, |_| false).unwrap().connected().count(), 0);
        for (from, to) in [
            ("\"switch\"", "\"The switch\""),
            ("version = \"2.0\"", "version = \"1.0\""),
            ("\"MSISDN\"", "\"PHONE\""),
            ("most_fee_minor = 0", "most_fee_minor = -1"),
            ("member = ", "fsp = "),
        ] {
            assert!(PACK.contains(from) && Hubs::parse(&PACK.replace(from, to), |_| true).is_err(), "{from}");
        }
    }
}
