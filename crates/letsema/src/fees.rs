//! A fee paid by each rail in a demonstration: by wallet, card, voucher, from abroad and in cash here, by a transfer at the bank
//! in `reconciling.rs`, through the switch in `institutions.rs`. And what somebody can try herself: a bill that takes parts, with
//! vouchers for it; and a payment from abroad that a rule has stopped.
//!
//! **Invariant:** each is paid as it is in earnest, by whoever is beside the program; once for a demonstration. Vouchers to try
//! are made at every start, because a number is told once. Nothing of it is real.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, header};
use edge::{Outbound, OutboundLimits};
use grants::vouchers::{self, NewVoucher};
use payments::bills::{self, Bill, BillState};
use payments::remittance::{self, NewOrder};
use payments::vouchers::ToPay;
use payments::{RequestState, cards, take_cash};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Money, Personal, Secret};

use crate::acting::once;
use crate::billing::{self, Wanted, share};
use crate::granting::officer;
use crate::listing;
use crate::program::Program;
use crate::reconciling;

/// The programme whose vouchers pay school fees, what it has for them, and what each is worth, in lisente.
const BURSARY: &str = "student-bursary";
const FUNDS_MINOR: i64 = 10_000_000;
const FEE_MINOR: i64 = 15_000;
/// How many vouchers there are to try.
const VOUCHERS: usize = 4;
/// What pays the fee by wallet; who pays one from abroad, and who sends what a rule stops: a name like one on the
/// invented list of `listing.rs`.
const PHONE: &str = "58001201";
const SENDER: (&str, &str) = ("Puseletso Example", "82 000 1212");
const STOPPED: (&str, &str) = ("Mohlalafela Seqhoqho", "82 000 1201");

/// The fees that are paid here.
const RAILS: [&str; 5] = ["wallet", "cash", "card", "voucher", "abroad"];

/// Whoever holds the number of a bill.
fn anybody() -> Caller {
    Caller { actor: Actor::anonymous(), ..Caller::system("demo") }
}

/// The ministry's system that has vouchers made.
fn system() -> Caller {
    let actor = Actor { assurance: Assurance::High, ..Actor::bare(ActorKind::Client, "social-development") };
    Caller { actor, ..Caller::system("demo") }
}

fn fee(reference: &'static str, words: [(&'static str, &'static str); 2], minor: i64, in_parts: bool) -> Wanted {
    let shares = vec![share("income:ministry-education", minor)];
    Wanted { biller: "ministry-education", reference, payer: None, description: words, shares, in_parts }
}

/// A fee's bill, by its rail.
fn by(rail: &str) -> Wanted {
    let (reference, one, other) = match rail {
        "wallet" => ("RAIL-WALLET-DEMO", "School books (example)", "Libuka tsa sekolo (mohlala)"),
        "cash" => ("RAIL-CASH-DEMO", "School uniform (example)", "Junifomo ea sekolo (mohlala)"),
        "abroad" => ("RAIL-ABROAD-DEMO", "School meals (example)", "Lijo tsa sekolo (mohlala)"),
        "card" => ("RAIL-CARD-DEMO", "School journey (example)", "Leeto la sekolo (mohlala)"),
        _ => ("RAIL-VOUCHER-DEMO", "School fee (example)", "Tefo ea sekolo (mohlala)"),
    };
    fee(reference, [("en", one), ("st", other)], FEE_MINOR, false)
}

/// Makes the bills; answers what `demo.json` says: which bill is paid by which rail, and what there is to try.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn arrange(program: &Program, made: &Json) -> Result<Json, Fault> {
    let currency = program.country.currency;
    let mut paid = Vec::new();
    for rail in RAILS {
        let bill = by(rail).make(program, currency).await?;
        paid.push(json!({ "rail": rail, "number": bill.number, "amount": bill.amount.to_string() }));
    }
    let levy = reconciling::levy(program).await?;
    paid.push(json!({ "rail": "bank", "number": levy.number, "amount": levy.amount.to_string() }));
    if let Ok(by_hub) = billing::by_hub(made, currency) {
        paid.push(json!({ "rail": "hub", "number": by_hub.number, "amount": by_hub.amount.to_string() }));
    }
    let words = [("en", "Boarding fee (example)"), ("st", "Tefo ea bolulo ba sekolo (mohlala)")];
    let boarding = fee("BOARDING-2027-DEMO", words, 30 * FEE_MINOR, true).make(program, currency).await?;
    let vouchers = to_try(program).await?;
    let stopped = stopped(program).await?;
    Ok(json!({
        "paid": paid,
        "exam": billing::exam(made),
        "bill": boarding.number,
        "vouchers": vouchers,
        "worth": Money::new(FEE_MINOR, currency).to_string(),
        "stopped": stopped,
    }))
}

/// Vouchers for whoever looks; their numbers are told nowhere but in `demo.json`.
async fn to_try(program: &Program) -> Result<Vec<String>, Fault> {
    let (engine, treasury) = (program.grants.clone(), officer("payments-officer"));
    let fund = move |cx: &mut Cx<'_>| grants::fund(cx, &engine, BURSARY, FUNDS_MINOR).map(drop);
    once(program, &treasury, ("demo.fees.fund", BURSARY), fund).await?;
    let mut numbers = Vec::new();
    for _ in 0..VOUCHERS {
        let engine = program.grants.clone();
        let make = move |cx: &mut Cx<'_>| voucher(cx, &engine);
        numbers.push(program.acts.write(&system(), &journal::Key::none(), make).await?);
    }
    Ok(numbers)
}

/// A voucher that is good now; its number.
fn voucher(cx: &mut Cx<'_>, engine: &grants::Grants) -> Result<String, Fault> {
    let new = NewVoucher { programme: BURSARY.to_owned(), group: "school fees".to_owned(), amount_minor: FEE_MINOR };
    let issued = vouchers::pre_activate(cx, engine, &new)?;
    vouchers::activate(cx, engine, &issued.serial)?;
    Ok(issued.number)
}

/// A payment from abroad by somebody whose name is like one on the list: it waits for two officers.
async fn stopped(program: &Program) -> Result<Json, Fault> {
    listing::arrange(program).await?;
    let words = [("en", "Registration fee (example)"), ("st", "Tefo ea ngoliso (mohlala)")];
    let bill = fee("ABROAD-2027-DEMO", words, 20_000, false).make(program, program.country.currency).await?;
    let id = from_abroad(program, &bill, STOPPED).await?;
    Ok(json!({ "bill": bill.number, "remittance": id }))
}

/// Somebody abroad pays a bill through the first partner, once; what her payment is called. None without a partner.
async fn from_abroad(program: &Program, bill: &Bill, (name, number): (&str, &str)) -> Result<Option<String>, Fault> {
    let (corridors, screening) = (program.gateway.corridors().clone(), program.gateway.rails().screening.clone());
    let Some(partner) = corridors.offered().next().cloned() else { return Ok(None) };
    let new = NewOrder {
        bill: bill.number.clone(),
        agreed_minor: remittance::quote(&partner, bill.amount)?.total.minor(),
        partner: partner.id,
        sender: Personal::new(name.to_owned()),
        number: number.to_owned(),
    };
    let order = move |cx: &mut Cx<'_>| Ok(remittance::order(cx, &corridors, &screening, &new)?.id.to_string());
    once(program, &anybody(), ("demo.fees.abroad", &bill.number), order).await.map(Some)
}

/// Pays those that are not paid, as soon as the program answers.
///
/// # Errors
/// The engines' faults.
pub(crate) async fn pay(program: &Program, base_url: &str) -> Result<(), Fault> {
    by_wallet(program).await?;
    by_voucher(program).await?;
    if let Some((bill, _)) = opened(program, "abroad").await? {
        from_abroad(program, &bill, SENDER).await?;
    }
    let attempt = match opened(program, "card").await? {
        Some((bill, a_try)) => {
            let rails = program.gateway.rails().clone();
            let acquirer = rails.acquirers.iter().next().map(|it| it.id.clone()).unwrap_or_default();
            let begin = move |cx: &mut Cx<'_>| cards::begin_bill(cx, &rails, &bill.number, None, &acquirer);
            Some(once(program, &anybody(), ("demo.fees.card", &a_try), begin).await?)
        }
        None => None,
    };
    let cash = opened(program, "cash").await?;
    let (acts, wallets, clerk) =
        (program.acts.clone(), program.gateway.wallets().clone(), officer("post-office-clerk"));
    let base_url = base_url.to_owned();
    tokio::spawn(async move {
        if let Some(attempt) = attempt {
            reconciling::answers(&format!("{base_url}/health")).await;
            by_card(&base_url, &attempt.to_string()).await;
        }
        let Some((bill, _)) = cash else { return };
        // The office's money for its counter comes from the bank.
        for _ in 0..120 {
            let (charges, number, amount) = (wallets.charges().clone(), bill.number.clone(), bill.amount);
            let take = move |cx: &mut Cx<'_>| take_cash(cx, &charges, &number, amount).map(drop);
            match acts.post(&clerk, &journal::Key::new("demo.fees.cash", "taken", b""), take).await {
                Err(fault) if fault.code() == "payments.cash.float" => {
                    tokio::time::sleep(Duration::from_millis(500)).await
                }
                Err(fault) => return tracing::warn!(%fault, "the demonstration's fee was not taken in cash"),
                Ok(()) => return,
            }
        }
    });
    Ok(())
}

/// The bill of a rail, if it is not paid, and the try that it is now: one that is under way is the same try.
async fn opened(program: &Program, rail: &str) -> Result<Option<(Bill, String)>, Fault> {
    let made = by(rail).make(program, program.country.currency).await?;
    let look = move |cx: &mut Cx<'_>| {
        let bill = bills::find(cx, &made.number)?;
        let over = |request: &payments::Request| !matches!(request.state, RequestState::Open | RequestState::Sent);
        let tried = bills::payments_of(cx, &bill)?.iter().filter(|request| over(request)).count();
        Ok((bill, format!("try {tried}")))
    };
    let found = program.acts.read(&anybody(), look).await?;
    Ok((found.0.state == BillState::Open).then_some(found))
}

async fn by_wallet(program: &Program) -> Result<(), Fault> {
    let Some((bill, a_try)) = opened(program, "wallet").await? else { return Ok(()) };
    let wallets = program.gateway.wallets().clone();
    let number = wallets.number(PHONE);
    let wallet = number.and_then(|number| wallets.iter().find(|it| it.serves(&number)).map(|it| it.id.clone()));
    let wallet = wallet.unwrap_or_default();
    let pay = move |cx: &mut Cx<'_>| bills::pay(cx, &wallets, &bill.number, None, &wallet, PHONE).map(drop);
    once(program, &anybody(), ("demo.fees.wallet", &a_try), pay).await
}

/// Makes a voucher and spends it, so that nobody learns its number.
async fn by_voucher(program: &Program) -> Result<(), Fault> {
    let Some((bill, _)) = opened(program, "voucher").await? else { return Ok(()) };
    let engine = program.grants.clone();
    let pay = move |cx: &mut Cx<'_>| {
        let number = Secret::new(voucher(cx, &engine)?);
        vouchers::pay(cx, &engine, &ToPay::Bill(bill.number.clone()), &number).map(drop)
    };
    once(program, &system(), ("demo.fees.voucher", "spent"), pay).await
}

/// As a browser would: to the acquirer's page, a test card, and back.
async fn by_card(base_url: &str, attempt: &str) {
    let outbound = Outbound::new(OutboundLimits::default());
    let Ok(request) = Request::get(format!("{base_url}/card/{attempt}")).body(Bytes::new()) else { return };
    let there = match outbound.send(request).await {
        Ok(answer) => answer.headers().get(header::LOCATION).and_then(|it| it.to_str().ok()).map(str::to_owned),
        Err(_) => None,
    };
    let chosen = there.and_then(|url| {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(Bytes::from_static(b"card=pays")).ok()
    });
    let is_paid = match chosen {
        Some(request) => outbound.send(request).await.is_ok(),
        None => false,
    };
    if !is_paid {
        tracing::warn!("the demonstration's fee was not paid by card");
    }
}

/// The lines of the tour about it.
pub(crate) fn tour(said: &Json) -> Vec<String> {
    let text = |one: &Json, name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let paid = said.get("paid").and_then(Json::as_array).into_iter().flatten();
    let mut lines = vec!["\n  A fee paid by each rail (/bill/NUMBER)".to_owned()];
    lines.extend(
        paid.map(|one| format!("    {:<8} {}  {}", text(one, "rail"), text(one, "number"), text(one, "amount"))),
    );
    let exam = text(said, "exam");
    lines.push(format!(
        "  To pay: /bill/{exam}/abroad, the second person's exam, by a sister in Johannesburg who signs in nowhere"
    ));
    let vouchers = said.get("vouchers").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let bill = text(said, "bill");
    lines.push(format!("          /bill/{bill}/card with a test card; /bill/{bill}/voucher with one of these numbers"));
    lines.push(format!("          ({} each): {}", text(said, "worth"), vouchers.collect::<Vec<_>>().join(" ")));
    lines
}
