//! The page of a bill: `/bill` to type its number, `/bill/{number}` to see and pay it.
//!
//! **Invariant:** anybody who holds the number may open it, signed in or not, and nobody's name stands on it. Numbers cannot
//! be tried out: so many look-ups from one address and no more.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Table, Tone, banner, button, button_link, tag};
use edge::{Answers, Bucket, Download, Form, Markup, Page, Path, Query, Reply, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Currency, Fault, FieldFault, Money, Text};

use super::pay::waits_by_card;
use super::{Bill, BillState, find, mine, pay, payments_of};
use crate::Gateway;
use crate::charges::show as charges;
use crate::gateway::check_digit::{read_bill_number, read_fee_number};
use crate::gateway::model::AttemptId;
use crate::gateway::model::{Request, RequestState};
use crate::gateway::pages::{other_ways, proof_of, state_tag};
use crate::hubs::pages::by_hub;
use crate::rails::cards;

/// Each look-up may be a guess, each try makes a phone ring; but a whole village may share one address.
pub(crate) const LOOKS: Bucket = Bucket { name: "payments.bills", burst: 120, seconds: 600 };
pub(crate) const TRIES: Bucket = Bucket { name: "payments.bill.attempts", burst: 60, seconds: 900 };

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/bill", get(ask))
        .route("/bill/{number}", get(see).post(answer))
        .route("/bill/{number}/receipts/{receipt}", get(proof))
        .route("/my/bills", get(own))
}

#[derive(Deserialize)]
struct Asked {
    number: Option<String>,
}

async fn ask(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let typed = asked.number.unwrap_or_default();
    if let Some(number) = read_bill_number(&typed) {
        return Ok(see_other(&format!("/bill/{number}")));
    }
    if let Some(number) = read_fee_number(&typed) {
        return Ok(see_other(&format!("/fee/{number}")));
    }
    let wrong = FieldFault { field: "number".to_owned(), text: Text::new("fault.payments.bill.number") };
    let faults = if typed.trim().is_empty() { Vec::new() } else { vec![wrong] };
    let sheet = visit.sheet_with(Answers::default().with("number", &typed), &faults);
    let number = sheet.text("number", visit.t("payments.bill.number")).hint(visit.t("payments.bill.number_hint"));
    let page = visit.page(visit.t("payments.bill.ask")).sheet(&sheet).body(html! {
        form method="get" action="/bill" { (number.max_length(24)) (button(&visit.t("payments.bill.look"))) }
    });
    Ok(page.into_response())
}

/// The open bills of whoever is signed in.
async fn own(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let bills = gateway.acts().read(visit.caller(), mine).await?;
    let mut table = Table::new(visit.t("payments.bill.mine"))
        .column(visit.t("payments.fact.for"))
        .column(visit.t("payments.bill.biller"))
        .numbers(visit.t("payments.bill.left"))
        .column(visit.t("payments.bill.due"));
    for bill in &bills {
        table = table.row([
            html! { a href=(format!("/bill/{}", bill.number)) { (visit.local(&bill.description)) } },
            html! { (gateway.institution(&visit, &bill.biller)) },
            html! { (visit.money(bill.left())) },
            html! { (bill.due_on.map_or_else(|| "–".to_owned(), |day| visit.date(day))) },
        ]);
    }
    let page = visit.page(visit.t("payments.bill.mine")).body(html! {
        @if bills.is_empty() { p { (visit.t("payments.bill.mine_none")) } } @else { (table) }
        p { (button_link("/bill", &visit.t("payments.bill.ask"))) }
    });
    Ok(page.into_response())
}

/// A bill, what was tried and paid of it, and the try by card that waits.
struct Seen {
    bill: Bill,
    payments: Vec<Request>,
    by_card: Option<AttemptId>,
}

async fn read(gateway: &Gateway, visit: &Visit, number: String) -> Reply<Seen> {
    visit.limit(&LOOKS)?;
    let look = move |cx: &mut spine::Cx<'_>| {
        let bill = find(cx, &number)?;
        let payments = payments_of(cx, &bill)?;
        let by_card = waits_by_card(cx, &payments)?;
        Ok((bill, payments, by_card))
    };
    let (bill, payments, by_card) = gateway.acts().read(visit.caller(), look).await?;
    Ok(Seen { bill, payments, by_card })
}

async fn see(State(gateway): State<Gateway>, visit: Visit, Path(number): Path<String>) -> Reply {
    let seen = read(&gateway, &visit, number).await?;
    Ok(page(&gateway, &visit, &seen, Answers::default(), &[]).into_response())
}

/// The proof of a payment, for whoever paid without signing in. What is proven names the person that a bill is for, so a bill
/// for one person has it on her own receipt only.
async fn proof(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((number, receipt)): Path<(String, String)>,
) -> Reply<Download> {
    let Seen { bill, payments, .. } = read(&gateway, &visit, number).await?;
    let paid = payments.into_iter().find(|request| request.receipt.as_deref() == Some(receipt.as_str()));
    let request = paid.filter(|_| bill.payer.is_none()).ok_or_else(|| Fault::not_found("payments.receipt.none"))?;
    Ok(proof_of(&gateway, visit.caller(), request.id, &receipt).await?)
}

async fn answer(State(gateway): State<Gateway>, visit: Visit, Path(number): Path<String>, sent: Form) -> Reply {
    let answers = sent.answers.clone();
    let key = Key::new(&format!("payments.bill.pay:{number}"), sent.key.text(), sent.key.request());
    let seen = read(&gateway, &visit, number.clone()).await?;
    let part = match part_of(&seen.bill, answers.one("amount")) {
        Ok(part) => part,
        Err(fault) => {
            return Ok(page(&gateway, &visit, &seen, sent.answers, &[fault]).into_response());
        }
    };
    visit.limit(&TRIES)?;
    let wallets = gateway.wallets().clone();
    let paid = gateway.acts().post(visit.caller(), &key, move |cx| {
        pay(cx, &wallets, &number, part, answers.one("wallet"), answers.one("phone")).map(|_| ())
    });
    match paid.await {
        Ok(()) => Ok(see_other(&format!("/bill/{}", seen.bill.number))),
        Err(fault) => {
            let faults = as_phone(correctable(fault)?);
            Ok(page(&gateway, &visit, &seen, sent.answers, &faults).into_response())
        }
    }
}

/// The form of a request calls the phone's number `number`; where that is a bill's, it is `phone`.
pub(crate) fn as_phone(faults: Vec<FieldFault>) -> Vec<FieldFault> {
    let phone = |fault: FieldFault| {
        if fault.field == "number" { FieldFault { field: "phone".to_owned(), ..fault } } else { fault }
    };
    faults.into_iter().map(phone).collect()
}

/// The part that was typed; none is all that is left.
pub(crate) fn part_of(bill: &Bill, typed: &str) -> Result<Option<Money>, FieldFault> {
    if !bill.in_parts || typed.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || FieldFault {
        field: "amount".to_owned(),
        text: Text::new("fault.payments.bill.part").with("left", bill.left()),
    };
    let amount = typed_amount(typed, bill.amount.currency()).ok_or_else(wrong)?;
    if (1..=bill.left().minor()).contains(&amount.minor()) { Ok(Some(amount)) } else { Err(wrong()) }
}

/// An amount as people type it, `50`, `50.5` or `50.50`; nothing looser.
#[must_use]
pub fn typed_amount(typed: &str, currency: Currency) -> Option<Money> {
    let (typed, places) = (typed.trim(), currency.minor_digits() as usize);
    let (whole, part) = typed.split_once('.').unwrap_or((typed, ""));
    let text = if places == 0 { whole.to_owned() } else { format!("{whole}.{part:0<places$}") };
    (places > 0 || part.is_empty()).then(|| format!("{currency} {text}").parse().ok())?
}

fn page(gateway: &Gateway, visit: &Visit, seen: &Seen, answers: Answers, faults: &[FieldFault]) -> Page {
    let Seen { bill, payments, by_card } = seen;
    let home = format!("/bill/{}", bill.number);
    let sheet = visit.sheet_with(answers, faults);
    let waiting = payments.iter().any(|request| request.state == RequestState::Sent);
    let is_open = bill.state == BillState::Open && bill.expires_at > visit.now();
    visit.page(visit.t("payments.bill.title")).caption(bill.number.as_str()).sheet(&sheet).body(html! {
        @if waiting {
            (banner(Tone::Waiting, &visit.t("payments.bill.waiting"), html! {
                @match by_card {
                    Some(attempt) => { (cards::pages::waits(visit, *attempt, &home)) }
                    None => {
                        p { (visit.t("payments.bill.approve")) }
                        p { (button_link(&home, &visit.t("payments.wait.look"))) }
                    }
                }
            }))
        }
        (facts(gateway, visit, bill))
        @if is_open && !waiting { (form(gateway, visit, bill, &sheet)) }
        @if is_open && !waiting { (other_ways(gateway, visit, &home, &bill.biller, bill.left())) }
        (history(visit, bill, payments))
        @if is_open {
            (by_hub(gateway, visit, &bill.number, bill.in_parts))
            (by_other_ways(gateway, visit, bill))
        }
    })
}

fn facts(gateway: &Gateway, visit: &Visit, bill: &Bill) -> Markup {
    let facts = Summary::new(visit).row(visit.t("payments.fact.for"), visit.local(&bill.description));
    // A shop or an association is no institution of the pack: the line above names it.
    let biller = gateway.institution(visit, &bill.biller);
    let facts = if biller == bill.biller { facts } else { facts.row(visit.t("payments.bill.biller"), biller) };
    let facts = facts.row(visit.t("payments.fact.amount"), visit.money(bill.amount));
    let facts = if bill.paid.minor() > 0 && bill.state == BillState::Open {
        facts.row(visit.t("payments.bill.left"), visit.money(bill.left()))
    } else {
        facts
    };
    let facts = match bill.due_on {
        Some(day) => facts.row(visit.t("payments.bill.due"), visit.date(day)),
        None => facts,
    };
    html! { (facts.markup(visit.t("payments.fact.state"), bill_tag(visit, bill.state))) }
}

/// Where a bill stands, in one or two words.
pub(crate) fn bill_tag(visit: &Visit, state: BillState) -> Markup {
    let (tone, key) = match state {
        BillState::Open => (Tone::Plain, "payments.bill.open"),
        BillState::Paid => (Tone::Good, "payments.state.paid"),
        BillState::Withdrawn => (Tone::Off, "payments.state.withdrawn"),
        BillState::Expired => (Tone::Off, "payments.state.expired"),
    };
    tag(tone, &visit.t(key))
}

fn form(gateway: &Gateway, visit: &Visit, bill: &Bill, sheet: &edge::Sheet) -> Markup {
    let (choices, charged) = match bill.in_parts {
        true => (charges::choices_in_parts(gateway, visit, &bill.biller, bill.left()), false),
        false => charges::choices(gateway, visit, &bill.biller, bill.left()),
    };
    if choices.is_empty() {
        return html! { p { (visit.t("payments.pay.none")) } };
    }
    let phone = sheet
        .phone("phone", visit.t("payments.pay.number"))
        .hint(visit.t("payments.bill.phone_hint"))
        .prefix(gateway.wallets().prefix());
    let label = match (bill.in_parts, charged) {
        (true, _) => visit.t("payments.bill.pay"),
        (_, true) => visit.t("payments.charge.button"),
        _ => visit.t1("payments.pay.button", "amount", bill.left()),
    };
    let fields = html! {
        @if bill.in_parts {
            (sheet.text("amount", visit.t("payments.bill.part")).optional().max_length(20)
                .hint(visit.t1("payments.bill.part_hint", "left", bill.left())))
        }
        (sheet.radios("wallet", visit.t("payments.pay.wallet"), choices)) (phone)
        (button(&label))
    };
    visit.form(&format!("/bill/{}", bill.number), fields)
}

/// What was paid of it, each with its receipt.
fn history(visit: &Visit, bill: &Bill, payments: &[Request]) -> Markup {
    if payments.is_empty() {
        return Markup::default();
    }
    let mut table = Table::new(visit.t("payments.bill.history"))
        .column(visit.t("payments.fact.made_at"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.fact.state"))
        .column(visit.t("payments.fact.receipt"));
    let proven = |receipt: &str| {
        html! {
            @if bill.payer.is_none() { a href=(format!("/bill/{}/receipts/{receipt}", bill.number)) { (receipt) } } @else { (receipt) }
        }
    };
    for request in payments {
        table = table.row([
            html! { (visit.moment(request.made_at)) },
            html! { (visit.money(request.amount)) },
            state_tag(visit, request.state),
            request.receipt.as_deref().map_or_else(|| html! { "–" }, proven),
        ]);
    }
    html! { (table) }
}

/// The same bill for a shop, a brother abroad, or another phone.
fn by_other_ways(gateway: &Gateway, visit: &Visit, bill: &Bill) -> Markup {
    let home = format!("/bill/{}", bill.number);
    let abroad = html! { p { a href=(format!("{home}/abroad")) { (visit.t("payments.remittance.title")) } } };
    elsewhere(gateway, visit, (&home, &bill.number), ["payments.bill.others_say", "payments.bill.code"], abroad)
}

/// What is under a number for somebody else, somewhere else: to say, to dial, to send and to scan.
pub(crate) fn elsewhere(
    gateway: &Gateway,
    visit: &Visit,
    (home, number): (&str, &str),
    [say, scan]: [&'static str; 2],
    more: Markup,
) -> Markup {
    let code = gateway.wallets().service_code().and_then(|code| code.strip_suffix('#'));
    let dial = code.map(|code| format!("{code}*{}#", number.replace('-', "")));
    let link = format!("{}{home}", visit.site().base_url());
    let code = edge::show::qr(&link, &visit.t(scan));
    edge::show::details(
        &visit.t("payments.bill.others"),
        html! {
            p { (visit.t1(say, "number", number)) }
            @if let Some(dial) = dial { p { (visit.t1("payments.bill.dial", "code", dial)) } }
            (more)
            @if let Some(code) = code { (code) }
            p.hint { (link) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them_and_nothing_looser() {
        let lsl = Currency::parse("LSL").unwrap();
        let read = |typed| typed_amount(typed, lsl).map(Money::minor);
        for (typed, minor) in [("50", 5_000), ("50.5", 5_050), (" 50.55 ", 5_055), ("0.01", 1), ("0", 0)] {
            assert_eq!(read(typed), Some(minor), "{typed}");
        }
        for wrong in ["", ".", "1,000", "1e3", "50.555", "1 000", "+5", "M50", "٥", "99999999999999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!((typed_amount("50", yen).map(Money::minor), typed_amount("50.5", yen)), (Some(50), None));
    }
}
