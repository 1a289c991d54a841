//! Bills in a demonstration: an examination fee that a relative abroad can pay, a licence that is paid in parts and divided, and two
//! fees of a market, one paid through the switch.
//!
//! **Invariant:** made as an institution's own program makes them; an earlier start's are not made again.

use jiff::ToSpan;
use payments::bills::{self, Bill, NewBill, Share};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Caller, Fault, Localised, Money};

use crate::acting::once;
use crate::demo::Enrolled;
use crate::institutions::PaidByHub;
use crate::program::Program;
use crate::society;

/// The cast's places: whose examination it is, and whose shop.
const LEARNER: usize = 1;
const TRADER: usize = 3;

/// What the bill is for that a sister pays from abroad.
const EXAM: &str = "EXAM-2027-DEMO";

/// What the bill is for that is paid through the switch.
const BY_HUB: &str = "STALL-2027-DEMO";

/// A share of a bill.
pub(crate) fn share(account: &str, amount_minor: i64) -> Share {
    Share { account: account.to_owned(), amount_minor }
}

/// Makes them; answers what `demo.json` says of them.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled]) -> Result<Json, Fault> {
    society::arrange(program, cast).await?;
    let currency = program.country.currency;
    let (learner, trader) = (cast.get(LEARNER).map(|one| one.id.clone()), cast.get(TRADER).map(|one| one.id.clone()));
    let exam = Wanted {
        biller: "ministry-education",
        reference: EXAM,
        payer: learner,
        description: [("en", "Examination fee (example)"), ("st", "Tefiso ea tlhahlobo (mohlala)")],
        shares: vec![share("income:ministry-education", 50_000)],
        in_parts: false,
    };
    let licence = Wanted {
        biller: "ministry-trade",
        reference: "TRADE-2027-DEMO",
        payer: trader,
        description: [("en", "Trading licence (example)"), ("st", "Laesense ea khoebo (mohlala)")],
        shares: vec![share("income:ministry-trade", 35_000), share("income:council", 15_000)],
        in_parts: true,
    };
    let stall = Wanted {
        biller: "ministry-trade",
        reference: BY_HUB,
        payer: None,
        description: [("en", "Market stall (example)"), ("st", "Setala sa ’maraka (mohlala)")],
        shares: vec![share("income:ministry-trade", 12_500)],
        in_parts: false,
    };
    let stand = Wanted {
        biller: "ministry-trade",
        reference: "STAND-2027-DEMO",
        payer: None,
        description: [("en", "Stand at a fair (example)"), ("st", "Sebaka pontšong ea thepa (mohlala)")],
        shares: vec![share("income:ministry-trade", 7_500)],
        in_parts: false,
    };
    // One wallet charges for this one on top, another takes it out of the amount (charges.toml).
    let permit = Wanted {
        biller: "ministry-trade",
        reference: "VENDOR-2027-DEMO",
        payer: None,
        description: [("en", "Street vendor’s permit (example)"), ("st", "Tumello ea ho rekisa seterateng (mohlala)")],
        shares: vec![share("income:ministry-trade", 9_000), share("income:council", 3_000)],
        in_parts: false,
    };
    let mut shown = Vec::new();
    for wanted in [exam, licence, stall, stand, permit] {
        let bill = wanted.make(program, currency).await?;
        let amount = bill.amount.to_string();
        shown.push(json!({ "number": bill.number, "for": bill.reference, "amount": amount, "payer": bill.payer }));
    }
    Ok(json!(shown))
}

/// The bill that a customer of a wallet pays through the switch.
pub(crate) fn by_hub(bills: &Json, currency: spine::Currency) -> Result<PaidByHub, String> {
    let number = number_of(bills, BY_HUB).ok_or("no bill is to be paid through the switch")?;
    Ok(PaidByHub { number: number.to_owned(), amount: Money::new(12_500, currency) })
}

/// The number of the exam's bill.
pub(crate) fn exam(bills: &Json) -> Option<&str> {
    number_of(bills, EXAM)
}

fn number_of<'a>(bills: &'a Json, reference: &str) -> Option<&'a str> {
    let text = |bill: &'a Json, name: &str| bill.get(name).and_then(Json::as_str);
    let bill = bills.as_array().into_iter().flatten().find(|bill| text(bill, "for") == Some(reference));
    bill.and_then(|bill| text(bill, "number"))
}

/// A bill to be made.
pub(crate) struct Wanted {
    pub(crate) biller: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) payer: Option<String>,
    pub(crate) description: [(&'static str, &'static str); 2],
    pub(crate) shares: Vec<Share>,
    pub(crate) in_parts: bool,
}

impl Wanted {
    /// Makes it as the institution's own program does; an earlier start's is found again.
    pub(crate) async fn make(self, program: &Program, currency: spine::Currency) -> Result<Bill, Fault> {
        let mut actor = Actor::bare(ActorKind::Client, format!("biller:{}", self.biller));
        actor.institution = Some(self.biller.to_owned());
        let caller = Caller { actor, ..Caller::system("demo") };
        let now = program.acts.now();
        let due_on = now.date_in(program.country.words.zone()).saturating_add(30.days());
        let key = self.reference;
        let new = NewBill {
            biller: self.biller.to_owned(),
            reference: self.reference.to_owned(),
            payer: self.payer,
            description: Localised::from(self.description),
            amount: Money::new(self.shares.iter().map(|share| share.amount_minor).sum(), currency),
            shares: self.shares,
            in_parts: self.in_parts,
            due_on: Some(due_on),
            expires_at: now.plus_seconds(365 * 86_400),
        };
        let make = move |cx: &mut spine::Cx<'_>| {
            let made = bills::make(cx, std::slice::from_ref(&new))?.pop();
            made.ok_or_else(|| Fault::internal("demo.bill.missing", "no bill was made"))
        };
        once(program, &caller, ("demo.bill", key), make).await
    }
}
