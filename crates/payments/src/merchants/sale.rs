//! A sale: a bill of the shop with its code; and its money given back.
//!
//! **Invariant:** a sale is open for an hour; what a shop gives back comes from what it is owed, and is never more than
//! was paid.

use spine::{Cx, Fault, Localised, Money, Resource};

use super::emv::Code;
use super::shop::{Counter, Merchant, MerchantId, own};
use crate::bills::{self, Bill, NewBill, Share};
use crate::gateway::give_back as returning;
use crate::gateway::model::RequestState;
use crate::rows::{bills as bill_rows, merchants as rows};

/// How long a sale may be paid.
const OPEN_SECONDS: i64 = 3_600;
const SHOWN: i64 = 30;

/// Asks for the price of a sale.
///
/// # Errors
/// `payments.merchant.unknown`, `payments.merchant.amount`; a refusal; the store's faults.
pub fn sell(cx: &mut Cx<'_>, counter: &Counter, id: MerchantId, amount: Money) -> Result<Bill, Fault> {
    let shop = own(cx, id, "payments.sale.make")?;
    opened(cx, counter, &shop, amount)
}

/// A sale that the payer begins, by the code on the counter.
pub(super) fn bought(cx: &mut Cx<'_>, counter: &Counter, id: MerchantId, amount: Money) -> Result<Bill, Fault> {
    let shop = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.merchant.unknown"))?;
    cx.may("payments.bill.pay", &Resource::new("Bill", id))?;
    opened(cx, counter, &shop, amount)
}

fn opened(cx: &mut Cx<'_>, counter: &Counter, shop: &Merchant, amount: Money) -> Result<Bill, Fault> {
    if !(counter.least_minor..=counter.most_minor).contains(&amount.minor()) {
        let money = |minor| Money::new(minor, amount.currency());
        let fault = Fault::invalid("payments.merchant.amount");
        return Err(fault.with("least", money(counter.least_minor)).with("most", money(counter.most_minor)));
    }
    let number: bills::BillId = cx.id();
    let new = NewBill {
        biller: shop.id.to_string(),
        reference: number.to_string(),
        payer: None,
        description: Localised::from([("und", shop.name.as_str())]),
        amount,
        shares: vec![Share { account: format!("merchant:{}", shop.id), amount_minor: amount.minor() }],
        in_parts: false,
        due_on: None,
        expires_at: cx.now().plus_seconds(OPEN_SECONDS),
    };
    bills::open(cx, &new, &[shop.account])
}

/// The last sales of a shop, the newest first.
///
/// # Errors
/// `payments.merchant.unknown`; a refusal; the store's faults.
pub fn sales(cx: &mut Cx<'_>, id: MerchantId) -> Result<(Merchant, Vec<Bill>), Fault> {
    let shop = own(cx, id, "payments.merchant.view")?;
    let sales = rows::sales(cx.tx(), id, SHOWN)?;
    Ok((shop, sales))
}

/// Gives the price of a paid sale back to who paid it.
///
/// # Errors
/// `payments.bill.unknown`, `payments.merchant.unpaid`, `payments.account.bound` when the shop has been paid out already;
/// a refusal; the store's faults.
pub fn give_back(cx: &mut Cx<'_>, id: MerchantId, number: &str) -> Result<(), Fault> {
    own(cx, id, "payments.sale.give_back")?;
    let bill = bill_rows::bill_numbered(cx.tx(), number)?.filter(|bill| bill.biller == id.to_string());
    let bill = bill.ok_or_else(|| Fault::not_found("payments.bill.unknown"))?;
    let paid = bill_rows::requests_for(cx.tx(), bill.id)?;
    let paid = paid.into_iter().find(|request| request.state == RequestState::Paid);
    let paid = paid.ok_or_else(|| Fault::conflict("payments.merchant.unpaid"))?;
    returning::go_back(cx, &paid, paid.amount).map(drop)
}

/// The code of a shop, or of one sale.
#[must_use]
pub(super) fn code(counter: &Counter, shop: &Merchant, sale: Option<&Bill>) -> Code {
    Code {
        is_dynamic: sale.is_some(),
        identifier: counter.identifier.clone(),
        merchant: shop.id.to_string(),
        category: counter.category.clone(),
        currency: counter.currency_numeric.clone(),
        amount: sale.map(|sale| sale.amount.digits()),
        country: counter.country.clone(),
        name: shop.name.clone(),
        city: if shop.city.is_empty() { counter.city.clone() } else { shop.city.clone() },
        bill: sale.map(|sale| sale.number.clone()),
        reference: None,
        alternate: None,
    }
}
