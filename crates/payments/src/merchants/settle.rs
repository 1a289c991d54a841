//! What a shop is owed goes to its wallet, once a day.
//!
//! **Invariant:** each settlement has its number, and is paid out once under it; more than the wallet takes at once goes in the
//! next one.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Money, Resource};

use super::shop::{Merchant, MerchantId};
use crate::ledger;
use crate::rails::payout::disburse::go;
use crate::rails::payout::{Destination, DisbursementId, NewDisbursement, Rails};
use crate::rows::merchants as rows;
use crate::screening::stop;

/// The job that settles with a shop.
pub(crate) const SETTLE: &str = "payments.merchant.settle";

const DAY: i64 = 86_400;

/// Pays a shop what it is owed; answers how much goes, in minor units.
/// Nothing goes while a rule or an officer stops the shop; the money stays its own.
///
/// # Errors
/// `payments.merchant.unknown`; as [`crate::disburse`]; a refusal; the store's faults.
pub fn settle(cx: &mut Cx<'_>, rails: &Rails, id: MerchantId) -> Result<i64, Fault> {
    let shop = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.merchant.unknown"))?;
    let own = cx.actor().is_for(&shop.owner);
    cx.may("payments.merchant.settle", &Resource::new("Merchant", id).with("owner", &shop.owner).is("own", own))?;
    let account = ledger::find(cx, shop.account)?.ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
    let most = rails.wallets.find(&shop.wallet).map_or((1, 0), |wallet| (wallet.least.minor(), wallet.most.minor()));
    let minor = account.available().min(most.1);
    if minor < most.0 {
        return Ok(0);
    }
    let (payment, amount) = (numbered(&shop), Money::new(minor, account.currency));
    if stop::shop(cx, &rails.screening, &shop, &payment.to_string(), amount)? {
        return Ok(0);
    }
    let new = NewDisbursement {
        id: payment,
        from: shop.account,
        to: Destination::Wallet { wallet: shop.wallet.clone(), number: shop.msisdn.clone() },
        amount,
        reference: format!("TILL-{}", shop.settlements + 1),
    };
    go(cx, rails, &new)?;
    rows::settled(cx.tx(), id)?;
    cx.record(Act::new("payments.merchant.settled").about(&shop.owner).on(id).with("amount_minor", minor));
    Ok(minor)
}

/// The settlement of this number of this shop, for ever the same.
fn numbered(shop: &Merchant) -> DisbursementId {
    let number = shop.settlements.to_be_bytes();
    DisbursementId::from_bytes(crypto::short_hash(&[b"letsema/merchant/settlement/v1\0", shop.id.as_bytes(), &number]))
}

/// The same as a job, which leaves the next day's behind.
pub(crate) fn settle_again(cx: &mut Cx<'_>, rails: &Rails, id: MerchantId) -> Result<(), Fault> {
    settle(cx, rails, id)?;
    cx.enqueue(Job::new(SETTLE, json!({ "merchant": id })).not_before(cx.now().plus_seconds(DAY)));
    cx.record(Act::new("payments.merchant.settling").on(id));
    Ok(())
}
