//! The rules of charges, from the pack's `charges.toml`.
//!
//! **Invariant:** a charge is whole minor units, rounded as the file says; the first rule that fits is the one. Who pays by a bank or a hub
//! sends what the bill says, so she cannot be made to add to it.

use std::sync::Arc;

use serde::Deserialize;
use spine::{Currency, Money};

use super::{Bears, Charge};
use crate::ledger::LARGEST_MINOR;

/// Parts of an amount are in ten thousand.
const WHOLE: i128 = 10_000;

/// The rules. Cheap to clone; with none, nothing is charged.
#[derive(Clone, Debug, Default)]
pub struct Charges {
    rules: Arc<Vec<Rule>>,
    rounding: Rounding,
    currency: Option<Currency>,
}

/// What becomes of a part of a minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rounding {
    /// It counts as a whole.
    Up,
    /// It counts as nothing.
    Down,
    /// From a half on it counts as a whole.
    #[default]
    HalfUp,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// A wallet's id, `wallets`, `cash`, `card`, `voucher`, `hub`, `bank`, or one bank's account `bank:cbl`.
    rail: String,
    /// Only of payments for this institution or account, or for all `shops` or `associations`.
    biller: Option<String>,
    bears: Bears,
    #[serde(default)]
    fixed_minor: i64,
    /// In ten thousand.
    #[serde(default)]
    parts: i64,
    #[serde(default)]
    least_minor: i64,
    most_minor: i64,
    /// Whether it goes back when all of the payment does.
    returned: bool,
}

/// The pack's file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ChargesError {
    /// Not of the declared shape.
    #[error("charges.toml: {0}")]
    Shape(#[from] toml::de::Error),
    /// Of the right shape with a wrong value.
    #[error("charges.toml: the rule of {rail}: {problem}")]
    Value {
        /// The rule's rail.
        rail: String,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers of the pack")]
    illustrative: bool,
    currency: Currency,
    rounding: Rounding,
    #[serde(default)]
    rules: Vec<Rule>,
}

impl Charges {
    /// Reads the pack's `charges.toml`.
    ///
    /// # Errors
    /// [`ChargesError`] naming the rule.
    pub fn parse(text: &str) -> Result<Self, ChargesError> {
        let file: File = toml::from_str(text)?;
        for rule in &file.rules {
            let refuse = |problem| Err(ChargesError::Value { rail: rule.rail.clone(), problem });
            if rule.rail.trim().is_empty() {
                return refuse("a rail has a name");
            }
            if !(0..=i64::try_from(WHOLE).unwrap_or(0)).contains(&rule.parts) || rule.fixed_minor < 0 {
                return refuse("the fixed part is not below nothing, and the parts are from 0 to 10000");
            }
            if rule.least_minor < 0 || rule.most_minor < rule.least_minor.max(1) || rule.most_minor > LARGEST_MINOR {
                return refuse("the most must be at least 1 and no less than the least");
            }
            if rule.bears == Bears::Payer && matches!(rule.rail.split(':').next(), Some("bank" | "hub" | "voucher")) {
                return refuse(
                    "who pays by a bank, a hub or a voucher sends what the bill says: she cannot bear it on top",
                );
            }
        }
        Ok(Self { rules: Arc::new(file.rules), rounding: file.rounding, currency: Some(file.currency) })
    }

    /// What `rail` charges for a payment of `amount` to `payee`: an institution's id, an account, a shop or an association.
    #[must_use]
    pub fn reckon(&self, rail: &str, payee: &str, amount: Money) -> Option<Charge> {
        if self.currency != Some(amount.currency()) || amount.minor() < 1 {
            return None;
        }
        let rule = self.rules.iter().find(|rule| rule.is_for(rail, payee))?;
        let product = i128::from(amount.minor()) * i128::from(rule.parts);
        let part = match self.rounding {
            Rounding::Up => (product + WHOLE - 1) / WHOLE,
            Rounding::Down => product / WHOLE,
            Rounding::HalfUp => (product + WHOLE / 2) / WHOLE,
        };
        let fee = (part + i128::from(rule.fixed_minor)).max(i128::from(rule.least_minor));
        let fee = i64::try_from(fee.min(i128::from(rule.most_minor))).unwrap_or(rule.most_minor);
        // Out of an amount no more can be taken than it is.
        let fee = if rule.bears == Bears::Biller { fee.min(amount.minor()) } else { fee };
        (fee > 0).then(|| Charge {
            bears: rule.bears,
            fee: Money::new(fee, amount.currency()),
            returned: rule.returned,
        })
    }
}

impl Rule {
    fn is_for(&self, rail: &str, payee: &str) -> bool {
        let is_wallet = !rail.contains(':');
        let by_rail = self.rail == rail
            || rail
                .split_once(':')
                .is_some_and(|(kind, _)| self.rail == kind || (kind, self.rail.as_str()) == ("acquirer", "card"))
            || (is_wallet && self.rail == "wallets");
        let by_payee = match self.biller.as_deref() {
            None => true,
            Some("shops") => payee.starts_with("mer_"),
            Some("associations") => payee.starts_with("ass_"),
            Some(biller) => payee == biller,
        };
        by_rail && by_payee
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACK: &str = include_str!("../../../../packs/lesotho/charges.toml");

    fn lsl(minor: i64) -> Money {
        Money::new(minor, Currency::parse("LSL").unwrap())
    }

    fn rules(rounding: &str, bears: &str, (fixed, parts): (i64, i64), (least, most): (i64, i64)) -> Charges {
        let text = format!(
            "illustrative = true\ncurrency = \"LSL\"\nrounding = \"{rounding}\"\n[[rules]]\nrail = \"wallets\"\n\
             bears = \"{bears}\"\nfixed_minor = {fixed}\nparts = {parts}\nleast_minor = {least}\nmost_minor = {most}\n\
             returned = true\n"
        );
        Charges::parse(&text).unwrap()
    }

    proptest! {
        /// Invariant 16: what the payer pays and the state adds is what the biller and the rail get.
        #[test]
        fn every_split_adds_up(
            rounding in prop::sample::select(vec!["up", "down", "half_up"]),
            bears in prop::sample::select(vec!["payer", "biller", "state"]),
            amount in 1..=LARGEST_MINOR, fixed in 0..100_000_i64, parts in 0..=10_000_i64,
            least in 0..50_000_i64, above in 1..10_000_000_i64,
        ) {
            let charges = rules(rounding, bears, (fixed, parts), (least, least + above));
            let Some(charge) = charges.reckon("mpesa", "ministry-trade", lsl(amount)) else {
                // Nothing is charged where the rule comes to nothing.
                prop_assert!(fixed == 0 && least == 0 && parts < 10_000);
                return Ok(());
            };
            let split = charge.split(lsl(amount)).unwrap();
            prop_assert_eq!(split.payer.minor() + split.state.minor(), split.biller.minor() + split.fee.minor());
            prop_assert!(split.biller.minor() >= 0 && split.fee.minor() <= least + above);
            prop_assert_eq!(split.payer.minor(), if bears == "payer" { amount + split.fee.minor() } else { amount });
        }

        /// More paid is never less charged, and the three roundings are at most one minor unit apart.
        #[test]
        fn charges_grow_with_the_amount(amount in 1..1_000_000_000_i64, more in 0..1_000_000_i64, parts in 0..=10_000_i64) {
            let fee = |rounding: &str, amount| {
                rules(rounding, "state", (0, parts), (0, LARGEST_MINOR)).reckon("mpesa", "x", lsl(amount)).map_or(0, |it| it.fee.minor())
            };
            prop_assert!(fee("half_up", amount) <= fee("half_up", amount + more));
            let (down, half, up) = (fee("down", amount), fee("half_up", amount), fee("up", amount));
            prop_assert!(down <= half && half <= up && up <= down + 1);
        }
    }

    #[test]
    fn to_the_lisente_by_the_stated_rule() {
        let fee = |rounding, amount| {
            let charges = rules(rounding, "payer", (100, 75), (0, 2_000));
            charges.reckon("ecocash", "x", lsl(amount)).map(|it| it.fee.minor())
        };
        // 0.75 % of 10.00 is 7.5 lisente.
        assert_eq!((fee("down", 1_000), fee("half_up", 1_000), fee("up", 1_000)), (Some(107), Some(108), Some(108)));
        assert_eq!((fee("down", 1_020), fee("half_up", 1_020), fee("up", 1_020)), (Some(107), Some(108), Some(108)));
        assert_eq!((fee("half_up", 1_080), fee("up", 1_080)), (Some(108), Some(109)));
        assert_eq!(fee("half_up", 100_000_000), Some(2_000), "the cap");
        assert_eq!(fee("half_up", 0), None);
    }

    #[test]
    fn the_first_rule_that_fits() {
        let charges = Charges::parse(PACK).unwrap();
        let other = Money::new(1_000, Currency::parse("ZAR").unwrap());
        assert_eq!(charges.reckon("ecocash", "ministry-trade", other), None, "another currency");
        assert_eq!(Charges::default().reckon("mpesa", "x", lsl(1_000)), None);
        let borne = |rail, payee| charges.reckon(rail, payee, lsl(12_000)).map(|it| it.bears);
        assert_eq!(borne("ecocash", "ministry-trade"), Some(Bears::Payer));
        assert_eq!(borne("cash:lesotho-post-bank", "ministry-trade"), Some(Bears::State));
        assert_eq!(borne("ecocash", "ministry-of-nothing"), None);
    }

    #[test]
    fn a_wrong_pack_is_refused() {
        for (is, wrong) in [
            ("rounding = \"half_up\"", "rounding = \"to_even\""),
            ("rail = \"ecocash\"", "rail = \"\""),
            ("rail = \"ecocash\"", "rail = \"bank\""),
            ("parts = 75", "parts = 10001"),
            ("most_minor = 2000", "most_minor = 0"),
            ("most_minor = 2000", "most_minor = 50"),
            ("fixed_minor = 100", "fixed_minor = 1.5"),
            ("fixed_minor = 100", "fixed_minor = -1"),
            ("returned = true", "given_back = true"),
        ] {
            let text = PACK.replacen(is, wrong, 1);
            assert_ne!(text, PACK, "{is}");
            assert!(Charges::parse(&text).is_err(), "{wrong}");
        }
    }
}
