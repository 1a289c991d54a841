//! The pages for who pays from abroad: `/bill/{number}/abroad`, `/fee/{number}/abroad` with every cost, and how it goes.
//!
//! **Invariant:** nobody need sign in; the sender sees rate, fee and total before she gives her name, and agrees to that total.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Tone, banner, button, button_link, card, cards};
use edge::{Answers, Bucket, Form, Markup, Page, Path, Query, Reply, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{FieldFault, Personal};

use super::owed::{Owed, home, owed};
use super::{NewOrder, Partner, Quote, Remittance, RemittanceId, RemittanceState, order, quote, remittance};
use crate::Gateway;
use crate::bills::pages::LOOKS;

const ORDERS: Bucket = Bucket { name: "payments.remittances", burst: 30, seconds: 900 };

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/bill/{number}/abroad", get(ask).post(answer))
        .route("/fee/{number}/abroad", get(ask).post(answer))
        .route("/remittance/{id}", get(see))
}

#[derive(Deserialize)]
struct Asked {
    partner: Option<String>,
}

async fn sought(gateway: &Gateway, visit: &Visit, number: String) -> Reply<Owed> {
    visit.limit(&LOOKS)?;
    Ok(gateway.acts().read(visit.caller(), move |cx| owed(cx, &number)).await?)
}

async fn ask(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Reply {
    let owed = sought(&gateway, &visit, number).await?;
    let chosen = asked.partner.as_deref().and_then(|id| gateway.corridors().offered().find(|partner| partner.id == id));
    Ok(match chosen.and_then(|partner| Some((partner, quote(partner, owed.left).ok()?))) {
        Some((partner, quoted)) => form(&visit, &owed, partner, &quoted, Answers::default(), &[]).into_response(),
        None => offers(&gateway, &visit, &owed).into_response(),
    })
}

/// Each partner with what it costs by way of it.
fn offers(gateway: &Gateway, visit: &Visit, owed: &Owed) -> Page {
    let offers: Vec<(&Partner, Quote)> =
        gateway.corridors().offered().filter_map(|partner| Some((partner, quote(partner, owed.left).ok()?))).collect();
    let back = home(&owed.number);
    visit.page(visit.t("payments.remittance.title")).caption(owed.number.as_str()).back(back).body(html! {
        p { (visit.t1("payments.remittance.says", "amount", owed.left)) }
        @if offers.is_empty() { p { (visit.t("payments.remittance.none")) } }
        (cards(offers.iter().map(|(partner, quoted)| card(html! { (visit.local(&partner.name)) }, html! {
            (costs(visit, quoted))
            p { (button_link(
                &format!("{}/abroad?partner={}", home(&owed.number), partner.id),
                &visit.t1("payments.remittance.choose", "total", quoted.total),
            )) }
        }))))
    })
}

/// All of what it costs.
fn costs(visit: &Visit, quoted: &Quote) -> Markup {
    let (whole, part) = (quoted.rate_millionths / 1_000_000, quoted.rate_millionths % 1_000_000);
    let (from, to) = (quoted.total.currency(), quoted.gets.currency());
    html! {
        (Summary::new(visit)
            .row(visit.t("payments.remittance.gets"), visit.money(quoted.gets))
            .row(visit.t("payments.remittance.rate"), format!("1 {from} = {whole}.{part:06} {to}"))
            .row(visit.t("payments.remittance.principal"), visit.money(quoted.principal))
            .row(visit.t("payments.remittance.fee"), visit.money(quoted.fee))
            .markup(visit.t("payments.remittance.total"), html! { b { (visit.money(quoted.total)) } }))
    }
}

fn form(
    visit: &Visit,
    owed: &Owed,
    partner: &Partner,
    quoted: &Quote,
    answers: Answers,
    faults: &[FieldFault],
) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let address = format!("{}/abroad", home(&owed.number));
    let name = sheet.text("sender", visit.t("payments.remittance.sender")).max_length(100);
    let phone = sheet.phone("phone", visit.t("payments.remittance.phone")).prefix(partner.prefix());
    let fields = html! {
        input type="hidden" name="partner" value=(partner.id);
        input type="hidden" name="agreed" value=(quoted.total.minor());
        (name.hint(visit.t("payments.remittance.sender_hint"))) (phone)
        (button(&visit.t1("payments.remittance.button", "total", quoted.total)))
    };
    let title = visit.local(&partner.name).to_owned();
    visit.page(title).caption(owed.number.as_str()).back(address.as_str()).sheet(&sheet).body(html! {
        @if let Some(what) = &owed.what { p { (visit.local(what)) } }
        (costs(visit, quoted))
        (visit.form(&address, fields))
    })
}

async fn answer(State(gateway): State<Gateway>, visit: Visit, Path(number): Path<String>, sent: Form) -> Reply {
    let owed = sought(&gateway, &visit, number.clone()).await?;
    visit.limit(&ORDERS)?;
    let answers = &sent.answers;
    let key = Key::new(&format!("payments.remittance.order:{number}"), sent.key.text(), sent.key.request());
    let new = NewOrder {
        bill: number,
        partner: answers.one("partner").to_owned(),
        sender: Personal::new(answers.one("sender").trim().to_owned()),
        number: answers.one("phone").to_owned(),
        agreed_minor: answers.one("agreed").parse().unwrap_or(0),
    };
    let (corridors, partner) = (gateway.corridors().clone(), new.partner.clone());
    let screening = gateway.rails().screening.clone();
    let ordered = gateway.acts().post(visit.caller(), &key, move |cx| Ok(order(cx, &corridors, &screening, &new)?.id));
    match ordered.await {
        Ok(id) => Ok(see_other(&format!("/remittance/{id}"))),
        Err(fault) => {
            let partner = gateway.corridors().find(&partner).cloned();
            let quoted = partner.and_then(|partner| Some((quote(&partner, owed.left).ok()?, partner)));
            let Some((quoted, partner)) = quoted else { return Err(fault.into()) };
            let faults = correctable(fault)?;
            Ok(form(&visit, &owed, &partner, &quoted, sent.answers, &faults).into_response())
        }
    }
}

async fn see(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RemittanceId>) -> Reply {
    visit.limit(&LOOKS)?;
    let seen = gateway.acts().read(visit.caller(), move |cx| {
        let remittance = remittance(cx, id)?;
        let receipt = crate::find(cx, remittance.request)?.and_then(|request| request.receipt);
        Ok((remittance, receipt))
    });
    let (remittance, receipt) = seen.await?;
    Ok(state(&gateway, &visit, &remittance, receipt.as_deref()).into_response())
}

fn state(gateway: &Gateway, visit: &Visit, of: &Remittance, receipt: Option<&str>) -> Page {
    let partner = gateway.corridors().find(&of.partner).map_or("", |partner| visit.local(&partner.name));
    let (tone, key) = match of.state {
        RemittanceState::Ordered if of.is_held() => (Tone::Waiting, "held"),
        RemittanceState::Ordered | RemittanceState::Told => (Tone::Waiting, "waiting"),
        RemittanceState::Paid => (Tone::Good, "paid"),
        RemittanceState::Declined => (Tone::Bad, "declined"),
        RemittanceState::Expired => (Tone::Off, "expired"),
        RemittanceState::Review => (Tone::Bad, "review"),
    };
    let title = visit.t(&format!("payments.remittance.{key}"));
    let facts = Summary::new(visit)
        .row(visit.t("payments.fact.reference"), &of.bill)
        .row(visit.t("payments.remittance.principal"), visit.money(of.principal))
        .row(visit.t("payments.remittance.fee"), visit.money(of.fee))
        .row(visit.t("payments.remittance.total"), visit.money(of.total()));
    let facts = match receipt {
        Some(number) => facts.row(visit.t("payments.fact.receipt"), number),
        None => facts,
    };
    // Who waits for an officer has nothing to approve.
    let look = if key == "held" { "payments.remittance.look" } else { "payments.wait.look" };
    visit.page(visit.t("payments.remittance.title")).body(html! {
        (banner(tone, &title, html! {
            p { (visit.t1(
                match key {
                    "held" => "payments.remittance.held_say",
                    "waiting" => "payments.remittance.waiting_say",
                    "paid" => "payments.remittance.paid_say",
                    "declined" => "payments.remittance.declined_say",
                    "expired" => "payments.remittance.expired_say",
                    _ => "payments.remittance.review_say",
                },
                "partner", partner,
            )) }
        }))
        (facts)
        @if of.state.is_open() { p { (button_link(&format!("/remittance/{}", of.id), &visit.t(look))) } }
        p { a href=(home(&of.bill)) { (visit.t("payments.remittance.back")) } }
    })
}
