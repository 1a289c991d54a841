//! Bills in a demonstration: an examination fee that a relative abroad can pay, and a licence that is paid in parts and divided.
//!
//! **Invariant:** made as an institution's own program makes them; an earlier start's are not made again.

use jiff::ToSpan;
use payments::bills::{self, Bill, NewBill, Share};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Caller, Fault, Localised, Money};

use crate::acting::once;
use crate::demo::Enrolled;
use crate::program::Program;

/// The cast's places: whose examination it is, and whose shop.
const LEARNER: usize = 1;
const TRADER: usize = 3;

/// Makes them; answers what `demo.json` says of them.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn arrange(program: &Program, cast: &[Enrolled]) -> Result<Json, Fault> {
    let currency = program.country.currency;
    let (learner, trader) = (cast.get(LEARNER).map(|one| one.id.clone()), cast.get(TRADER).map(|one| one.id.clone()));
    let share = |account: &str, amount_minor| Share { account: account.to_owned(), amount_minor };
    let exam = Wanted {
        biller: "ministry-education",
        reference: "EXAM-2027-DEMO",
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
    let mut shown = Vec::new();
    for wanted in [exam, licence] {
        let bill = wanted.make(program, currency).await?;
        let amount = bill.amount.to_string();
        shown.push(json!({ "number": bill.number, "for": bill.reference, "amount": amount, "payer": bill.payer }));
    }
    Ok(json!(shown))
}

struct Wanted {
    biller: &'static str,
    reference: &'static str,
    payer: Option<String>,
    description: [(&'static str, &'static str); 2],
    shares: Vec<Share>,
    in_parts: bool,
}

impl Wanted {
    async fn make(self, program: &Program, currency: spine::Currency) -> Result<Bill, Fault> {
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
