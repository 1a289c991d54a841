//! What people read of a charge: beside each wallet before they choose, while they wait, and on the receipt.
//!
//! **Invariant:** whoever bears a charge herself sees it, and the sum, before she agrees.

use edge::Visit;
use edge::show::{Choice, Summary};
use spine::{Money, Text};

use super::{Bears, Charge};
use crate::Gateway;
use crate::rails::wallets::Wallet;

/// What a wallet charges on top of an amount.
fn on_top(gateway: &Gateway, wallet: &Wallet, payee: &str, amount: Money) -> Option<(Charge, Money)> {
    let charge = gateway.wallets().charges().reckon(&wallet.id, payee, amount);
    let charge = charge.filter(|charge| charge.bears == Bears::Payer)?;
    let total = charge.total(amount).ok()?;
    Some((charge, total))
}

/// The wallets that a payment of `amount` can be made with, each with what it charges; and whether any does.
pub(crate) fn choices(gateway: &Gateway, visit: &Visit, payee: &str, amount: Money) -> (Vec<Choice>, bool) {
    let (mut choices, mut charged) = (Vec::new(), false);
    for wallet in gateway.wallets().iter() {
        let charge = on_top(gateway, wallet, payee, amount);
        let asked = charge.map_or(amount, |(_, total)| total);
        if !gateway.wallets().offered(asked).any(|one| one.id == wallet.id) {
            continue;
        }
        let choice = Choice::new(wallet.id.as_str(), visit.local(&wallet.name));
        choices.push(match charge {
            Some((charge, total)) => {
                charged = true;
                let said = Text::new("payments.charge.on_top").with("amount", amount).with("charge", charge.fee);
                choice.hint(visit.say(&said.with("total", total)))
            }
            None => choice,
        });
    }
    (choices, charged)
}

/// The same for a bill of which parts may be paid: what is charged follows from the part.
pub(crate) fn choices_in_parts(gateway: &Gateway, visit: &Visit, payee: &str, left: Money) -> Vec<Choice> {
    let connected = |wallet: &&Wallet| gateway.wallets().offered(wallet.least).any(|one| one.id == wallet.id);
    let shown = gateway.wallets().iter().filter(connected).map(|wallet| {
        let choice = Choice::new(wallet.id.as_str(), visit.local(&wallet.name));
        match on_top(gateway, wallet, payee, left) {
            Some((charge, _)) => {
                let said = Text::new("payments.charge.in_parts").with("amount", left).with("charge", charge.fee);
                choice.hint(visit.say(&said))
            }
            None => choice,
        }
    });
    shown.collect()
}

/// What the payer pays besides the amount, if she does.
pub(crate) fn besides(visit: &Visit, summary: Summary, amount: Money, charge: Option<&Charge>) -> Summary {
    let Some(charge) = charge.filter(|charge| charge.bears == Bears::Payer) else { return summary };
    let Ok(total) = charge.total(amount) else { return summary };
    summary
        .row(visit.t("payments.charge.charge"), visit.money(charge.fee))
        .row(visit.t("payments.charge.total"), visit.money(total))
}

/// The charge on a receipt, whoever bears it.
pub(crate) fn on_receipt(visit: &Visit, summary: Summary, amount: Money, charge: Option<&Charge>) -> Summary {
    let Some(charge) = charge else { return summary };
    let key = match charge.bears {
        Bears::Payer => return besides(visit, summary, amount, Some(charge)),
        Bears::Biller => "payments.charge.by_biller",
        Bears::State => "payments.charge.by_state",
    };
    summary.row(visit.t("payments.charge.charge"), visit.t1(key, "charge", charge.fee))
}
