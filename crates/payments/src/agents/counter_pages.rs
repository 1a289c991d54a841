//! The clerk's page of her own counter: `/agent`, with float, drawer, commission, and devices that take without a network.
//!
//! **Invariant:** what should lie in the drawer is shown while a shift is open, and what was counted is kept beside it at its end.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Summary, Table, Tone, banner, button};
use edge::{Answers, Form, Markup, Page, Path, Reply, Sheet, Visit, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Money, Text};

use super::desk_pages::{amount, folded, of_amount, standing_tag};
use super::model::{CounterDeviceId, Shift, TakingState};
use super::offline::{lend, take_back};
use super::shift::{begin_shift, end_shift};
use super::sight::{CounterView, counter};
use crate::Gateway;

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/agent", get(page))
        .route("/agent/shift", post(shift))
        .route("/agent/devices", post(lent))
        .route("/agent/devices/{id}/end", post(ended))
}

async fn seen(gateway: &Gateway, visit: &Visit) -> Reply<CounterView> {
    visit.must_sign_in()?;
    let rails = gateway.rails().clone();
    Ok(gateway.acts().read(visit.caller(), move |cx| counter(cx, &rails)).await?)
}

async fn page(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    let seen = seen(&gateway, &visit).await?;
    Ok(shown(&visit, &seen, Answers::default(), &[]).into_response())
}

fn shown(visit: &Visit, seen: &CounterView, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let standing = &seen.standing;
    let facts = Summary::new(visit)
        .markup(visit.t("payments.fact.state"), standing_tag(visit, standing))
        .row(visit.t("payments.agent.float"), visit.money(standing.float))
        .row(visit.t("payments.agent.today"), visit.money(standing.today))
        .row(visit.t("payments.agent.usual"), visit.money(standing.usual))
        .row(visit.t("payments.agent.commission"), visit.money(standing.commission));
    let facts = match &seen.shift {
        Some((_, expected)) => facts.row(visit.t("payments.agent.drawer"), visit.money(*expected)),
        None => facts,
    };
    visit.page(visit.t("payments.agent.counter")).caption(seen.place.as_str()).sheet(&sheet).body(html! {
        (facts)
        p { a href="/cash" { (visit.t("cash.title")) } }
        (shift_form(visit, seen.shift.is_some(), &sheet))
        (devices(visit, seen, &sheet))
    })
}

fn shift_form(visit: &Visit, is_open: bool, sheet: &Sheet) -> Markup {
    let (title, label, name) = match is_open {
        true => ("payments.shift.end_title", "payments.shift.end", "end"),
        false => ("payments.shift.begin_title", "payments.shift.begin", "begin"),
    };
    let fields = html! {
        (sheet.text("cash", visit.t("payments.shift.counted")).hint(visit.t("payments.shift.counted_hint")).max_length(20))
        input type="hidden" name="do" value=(name);
        (button(&visit.t(label)))
    };
    html! { h2 { (visit.t(title)) } (visit.form("/agent/shift", fields)) }
}

fn devices(visit: &Visit, seen: &CounterView, sheet: &Sheet) -> Markup {
    let mut table = Table::new(visit.t("payments.allowance.title"))
        .column(visit.t("payments.allowance.name"))
        .numbers(visit.t("payments.allowance.left"))
        .column(visit.t("payments.allowance.until"))
        .column(visit.t("payments.desk.act"));
    for (device, left) in &seen.devices {
        table = table.row([
            html! { (device.name) br; code { (breakable(&device.id.to_string())) } },
            html! { (visit.money(*left)) },
            html! { (visit.moment(device.until)) },
            visit.button_form(&format!("/agent/devices/{}/end", device.id), &visit.t("payments.allowance.end")),
        ]);
    }
    let fields = html! {
        (sheet.text("name", visit.t("payments.allowance.name")).max_length(40))
        (sheet.area("key", visit.t("payments.allowance.key")).hint(visit.t("payments.allowance.key_hint")))
        (sheet.text("amount", visit.t("payments.allowance.amount")).max_length(20))
        (button(&visit.t("payments.allowance.lend")))
    };
    let form = html! { p { (visit.t("payments.allowance.says")) } (visit.form("/agent/devices", fields)) };
    html! {
        h2 { (visit.t("payments.allowance.title")) }
        @if !seen.devices.is_empty() { (table) }
        (trouble(visit, seen))
        (folded(visit, sheet, "payments.allowance.new", form))
    }
}

/// An identifier that a small screen may break.
fn breakable(id: &str) -> Markup {
    let letters: Vec<char> = id.chars().collect();
    html! { @for part in letters.chunks(8) { (part.iter().collect::<String>()) wbr; } }
}

/// What devices sent that did not pay.
fn trouble(visit: &Visit, seen: &CounterView) -> Markup {
    if seen.trouble.is_empty() {
        return Markup::default();
    }
    let mut table = Table::new(visit.t("payments.allowance.trouble"))
        .column(visit.t("payments.bill.number"))
        .numbers(visit.t("payments.fact.amount"))
        .column(visit.t("payments.desk.why"));
    for one in &seen.trouble {
        let why = match (one.state, one.reason.as_deref()) {
            (TakingState::Suspended, _) => "payments.allowance.suspended",
            (_, Some("float")) => "payments.allowance.over",
            (_, Some("unknown")) => "payments.allowance.unknown_bill",
            _ => "payments.allowance.other_amount",
        };
        let amount = Money::new(one.amount_minor, seen.standing.float.currency());
        table = table.row([html! { (one.number) }, html! { (visit.money(amount)) }, html! { (visit.t(why)) }]);
    }
    html! { (table) }
}

async fn shift(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.shift", sent.key.text(), sent.key.request());
    let ends = sent.answers.one("do") == "end";
    let done = match amount(&gateway, &sent.answers, "cash") {
        Ok(cash) => {
            let work = move |cx: &mut spine::Cx<'_>| match ends {
                true => end_shift(cx, cash).map(Some),
                false => begin_shift(cx, cash).map(|()| None),
            };
            gateway.acts().write(visit.caller(), &key, work).await
        }
        Err(fault) => Err(fault),
    };
    match done {
        Ok(Some(shift)) => Ok(at_the_end(&visit, &shift).into_response()),
        Ok(None) => Ok(see_other("/agent")),
        Err(fault) => {
            let faults = of_amount(fault)?.into_iter().map(|fault| FieldFault { field: "cash".to_owned(), ..fault });
            let faults: Vec<FieldFault> = faults.collect();
            let seen = seen(&gateway, &visit).await?;
            Ok(shown(&visit, &seen, sent.answers, &faults).into_response())
        }
    }
}

fn at_the_end(visit: &Visit, shift: &Shift) -> Page {
    let nothing = Money::new(0, shift.cash.currency());
    let (expected, counted) = shift.ended.unwrap_or((nothing, nothing));
    let (tone, key) = match counted.minor().cmp(&expected.minor()) {
        std::cmp::Ordering::Equal => (Tone::Good, "payments.shift.agrees"),
        std::cmp::Ordering::Less => (Tone::Bad, "payments.shift.lacks"),
        std::cmp::Ordering::Greater => (Tone::Waiting, "payments.shift.over"),
    };
    let apart = Money::new((counted.minor() - expected.minor()).abs(), shift.cash.currency());
    let said = visit.say(&Text::new(key).with("amount", apart));
    visit.page(visit.t("payments.shift.ended")).back("/agent").body(html! {
        (banner(tone, &said, html! { p { (visit.t("payments.shift.kept")) } }))
        (Summary::new(visit)
            .row(visit.t("payments.agent.drawer"), visit.money(expected))
            .row(visit.t("payments.shift.counted"), visit.money(counted)))
    })
}

async fn lent(State(gateway): State<Gateway>, visit: Visit, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new("payments.allowance.lend", sent.key.text(), sent.key.request());
    let answers = sent.answers.clone();
    let done = match amount(&gateway, &sent.answers, "amount") {
        Ok(amount) => {
            let work =
                move |cx: &mut spine::Cx<'_>| lend(cx, answers.one("name"), answers.one("key"), amount).map(drop);
            gateway.acts().post(visit.caller(), &key, work).await
        }
        Err(fault) => Err(fault),
    };
    let Err(fault) = done else { return Ok(see_other("/agent")) };
    let field = |fault: &Fault| match fault.code() {
        "payments.allowance.name" => Some("name"),
        "payments.allowance.key" => Some("key"),
        _ => None,
    };
    let faults = match field(&fault) {
        Some(field) => vec![FieldFault { field: field.to_owned(), text: fault.text().clone() }],
        None => of_amount(fault)?,
    };
    let seen = seen(&gateway, &visit).await?;
    Ok(shown(&visit, &seen, sent.answers, &faults).into_response())
}

async fn ended(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<CounterDeviceId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.allowance.end:{id}"), sent.key.text(), sent.key.request());
    gateway.acts().post(visit.caller(), &key, move |cx| take_back(cx, id)).await?;
    Ok(see_other("/agent"))
}
