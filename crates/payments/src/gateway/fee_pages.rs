//! The page of a fee for whoever holds its number: `/fee/{number}`.
//!
//! **Invariant:** as for a bill: so many look-ups from one address and no more. What the fee is for stands on the payer's own page
//! only (`by_reference.rs`).

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Tone, banner, button, button_link};
use edge::{Answers, Form, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault};

use super::by_reference::{Fee, fee, pay_fee};
use super::check_digit::read_fee_number;
use super::model::RequestState;
use super::pages::state_tag;
use crate::Gateway;
use crate::bills::pages::{LOOKS, TRIES, as_phone, elsewhere};
use crate::charges::show as charges;
use crate::hubs::pages::by_hub;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/fee/{number}", get(see).post(answer))
}

/// A fee under the one form of its number.
async fn read(gateway: &Gateway, visit: &Visit, typed: &str) -> Reply<(String, Fee)> {
    visit.limit(&LOOKS)?;
    let unknown = || Fault::not_found("payments.request.unknown");
    let number = read_fee_number(typed).ok_or_else(unknown)?;
    let sought = number.clone();
    let found = gateway.acts().read(visit.caller(), move |cx: &mut Cx<'_>| fee(cx, &sought)).await?;
    Ok((number, found.ok_or_else(unknown)?))
}

async fn see(State(gateway): State<Gateway>, visit: Visit, Path(typed): Path<String>) -> Reply {
    let (number, fee) = read(&gateway, &visit, &typed).await?;
    Ok(page(&gateway, &visit, (&number, &fee), Answers::default(), &[]).into_response())
}

async fn answer(State(gateway): State<Gateway>, visit: Visit, Path(typed): Path<String>, sent: Form) -> Reply {
    let (number, fee) = read(&gateway, &visit, &typed).await?;
    visit.limit(&TRIES)?;
    let key = Key::new(&format!("payments.fee.pay:{number}"), sent.key.text(), sent.key.request());
    let (wallets, answers, sought) = (gateway.wallets().clone(), sent.answers.clone(), number.clone());
    let paid = gateway.acts().post(visit.caller(), &key, move |cx| {
        pay_fee(cx, &wallets, &sought, answers.one("wallet"), answers.one("phone")).map(drop)
    });
    match paid.await {
        Ok(()) => Ok(see_other(&format!("/fee/{number}"))),
        // From two phones at once: how it goes is what both want to see.
        Err(fault) if matches!(fault.code(), "payments.request.busy" | "payments.request.paid") => {
            Ok(see_other(&format!("/fee/{number}")))
        }
        Err(fault) => {
            let faults = as_phone(correctable(fault)?);
            Ok(page(&gateway, &visit, (&number, &fee), sent.answers, &faults).into_response())
        }
    }
}

fn page(
    gateway: &Gateway,
    visit: &Visit,
    (number, fee): (&str, &Fee),
    answers: Answers,
    faults: &[FieldFault],
) -> Page {
    let (home, sheet) = (format!("/fee/{number}"), visit.sheet_with(answers, faults));
    let facts = Summary::new(visit)
        .row(visit.t("payments.fact.amount"), visit.money(fee.amount))
        .markup(visit.t("payments.fact.state"), state_tag(visit, fee.state));
    let is_open = matches!(fee.state, RequestState::Open | RequestState::Failed);
    let (choices, charged) = charges::choices(gateway, visit, &fee.payee, fee.amount);
    let label = match charged {
        true => visit.t("payments.charge.button"),
        false => visit.t1("payments.pay.button", "amount", fee.amount),
    };
    visit.page(visit.t("payments.fee.title")).caption(number).sheet(&sheet).body(html! {
        @if fee.state == RequestState::Sent {
            (banner(Tone::Waiting, &visit.t("payments.bill.waiting"), html! {
                p { (visit.t("payments.bill.approve")) }
                p { (button_link(&home, &visit.t("payments.wait.look"))) }
            }))
        }
        (facts)
        p.hint { (visit.t("payments.fee.say")) }
        @if is_open {
            @if choices.is_empty() { p { (visit.t("payments.pay.none")) } } @else {
                (visit.form(&home, html! {
                    (sheet.radios("wallet", visit.t("payments.pay.wallet"), choices))
                    (sheet.phone("phone", visit.t("payments.pay.number"))
                        .hint(visit.t("payments.bill.phone_hint"))
                        .prefix(gateway.wallets().prefix()))
                    (button(&label))
                }))
            }
            (by_hub(gateway, visit, number, false))
            p { a href=(format!("{home}/abroad")) { (visit.t("payments.remittance.title")) } }
        }
    })
}

/// The same fee for somebody else, on the payer's own page.
pub(super) fn for_others(gateway: &Gateway, visit: &Visit, number: &str) -> edge::Markup {
    let (home, keys) = (format!("/fee/{number}"), ["payments.fee.others_say", "payments.fee.code"]);
    let abroad = html! { p { a href=(format!("{home}/abroad")) { (visit.t("payments.remittance.title")) } } };
    elsewhere(gateway, visit, (&home, number), keys, abroad)
}
