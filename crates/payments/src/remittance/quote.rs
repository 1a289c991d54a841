//! What it costs to pay an amount at home from abroad.
//!
//! **Invariant:** the payee gets exactly the amount; the principal is rounded up, by less than one minor unit; the sender
//! pays principal and fee and nothing else.

use serde::{Deserialize, Serialize};
use spine::{Fault, Money};

use super::corridors::Partner;

/// What a payment costs, all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What the payee gets, at home.
    pub gets: Money,
    /// What that is in the sender's currency.
    pub principal: Money,
    /// What the partner takes.
    pub fee: Money,
    /// What the sender pays.
    pub total: Money,
    /// What one unit of the sender's currency buys at home, in millionths.
    pub rate_millionths: i64,
}

/// What it costs to have the payee get `gets` by way of `partner`.
///
/// # Errors
/// `payments.remittance.amount` if it is below the partner's least or above its most.
pub fn quote(partner: &Partner, gets: Money) -> Result<Quote, Fault> {
    let refuse = || {
        let money = |minor| Money::new(minor, partner.currency);
        Fault::invalid("payments.remittance.amount")
            .with("least", money(partner.least_minor))
            .with("most", money(partner.most_minor))
    };
    // Between the two currencies' minor units, whatever their number of places.
    let places = |currency: spine::Currency| 10_i128.pow(currency.minor_digits());
    let up = i128::from(gets.minor()) * 1_000_000 * places(partner.currency);
    let down = i128::from(partner.rate_millionths) * places(gets.currency());
    let principal = i64::try_from((up + down - 1) / down).map_err(|_| refuse())?;
    if !(partner.least_minor..=partner.most_minor).contains(&principal) {
        return Err(refuse());
    }
    let part = i128::from(principal) * i128::from(partner.fee.thousandths);
    let part = i64::try_from((part + 999) / 1_000).map_err(|_| refuse())?;
    let fee = partner.fee.fixed_minor.saturating_add(part).min(partner.fee.most_minor);
    let money = |minor| Money::new(minor, partner.currency);
    let total = money(principal).plus(money(fee)).map_err(|_| refuse())?;
    Ok(Quote { gets, principal: money(principal), fee: money(fee), total, rate_millionths: partner.rate_millionths })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spine::{Currency, Secret};

    use super::super::Corridors;
    use super::*;
    use crate::rails::wallets::WalletLink;

    const PACK: &str = include_str!("../../../../packs/lesotho/corridors.toml");

    fn corridors() -> Corridors {
        let link = WalletLink { base_url: "http://x".to_owned(), secret: Secret::new(vec![1]) };
        Corridors::parse(PACK, |_| Some(link.clone())).unwrap()
    }

    fn lsl(minor: i64) -> Money {
        Money::new(minor, Currency::parse("LSL").unwrap())
    }

    #[test]
    fn every_fee_stands_there() {
        let all = corridors();
        let of = |id: &str, minor| {
            quote(all.find(id).unwrap(), lsl(minor)).map(|it| (it.principal.minor(), it.fee.minor(), it.total.minor()))
        };
        assert_eq!(of("pula", 50_000).unwrap(), (50_000, 1_000, 51_000));
        assert_eq!(of("pula", 490_000).unwrap(), (490_000, 5_000, 495_000), "never more than the most");
        assert_eq!(of("thaba", 50_000).unwrap(), (50_252, 754, 51_006), "a rate below par, rounded up");
        for wrong in [1, 999, 500_001] {
            assert_eq!(of("pula", wrong).unwrap_err().code(), "payments.remittance.amount");
        }
    }

    proptest! {
        #[test]
        fn the_payee_gets_it_all_and_rounding_costs_less_than_a_unit(minor in 1_100..400_000_i64) {
            for partner in corridors().iter() {
                let quote = quote(partner, lsl(minor)).unwrap();
                let buys = |principal: i64| i128::from(principal) * i128::from(partner.rate_millionths) / 1_000_000;
                prop_assert!(buys(quote.principal.minor()) >= i128::from(minor));
                prop_assert!(buys(quote.principal.minor() - 1) < i128::from(minor));
                prop_assert_eq!(quote.total.minor(), quote.principal.minor() + quote.fee.minor());
            }
        }
    }

    #[test]
    fn a_wrong_pack_is_refused() {
        for (from, to) in [
            ("\"pula\"", "\"Pula\""),
            ("\"thaba\"", "\"pula\""),
            ("rate_millionths = 995000", "rate_millionths = 0"),
            ("thousandths = 10", "thousandths = -1"),
            ("least_minor = 1000", "least_minor = 0"),
            ("illustrative", "illustrativ"),
        ] {
            assert!(Corridors::parse(&PACK.replace(from, to), |_| None).is_err(), "{to}");
        }
    }
}
