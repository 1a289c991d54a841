//! The payer's pages: what is to be paid and with what, the wait for the phone, the receipt.
//!
//! **Invariant:** every page shows how things stand when it is opened; nothing moves by itself, and nothing
//! needs JavaScript.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{Summary, Tone, banner, button, button_link, panel, tag};
use edge::{Answers, Bucket, Download, Form, Markup, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use journal::log::receipt as receipt_of;
use spine::{ActorKind, Caller, FieldFault};

use crate::charges::show as charges;
use crate::gateway::fee_pages::for_others;
use crate::gateway::model::{AttemptState, RequestId, RequestState};
use crate::gateway::view;
use crate::gateway::view::{AttemptView, RequestView};
use crate::hubs::pages::by_hub;
use crate::rails::cards::{self, acquirers};
use crate::treasury::rail_name;
use crate::{Gateway, choose_wallet};

/// Each attempt makes a phone ring.
const TRIES: Bucket = Bucket { name: "payments.attempts", burst: 10, seconds: 900 };

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/pay/{id}", get(ask).post(answer))
        .route("/pay/{id}/wait", get(wait))
        .route("/pay/{id}/receipt", get(receipt))
        .route("/pay/{id}/receipt.json", get(proof))
}

/// The payer's own look is a read; anybody else's is a deed.
pub(crate) async fn looked_at(gateway: &Gateway, visit: &Visit, id: RequestId) -> Reply<RequestView> {
    let actor = visit.must_sign_in()?;
    let acts = gateway.acts();
    if actor.kind == ActorKind::Person {
        let own = acts.read(visit.caller(), move |cx| view::view(cx, id)).await;
        match own {
            Err(fault) if fault.code() == "journal.read.acted" => {}
            own => return Ok(own?),
        }
    }
    Ok(acts.write(visit.caller(), &Key::none(), move |cx| view::view(cx, id)).await?)
}

async fn ask(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply {
    let seen = looked_at(&gateway, &visit, id).await?;
    Ok(match seen.request.state {
        RequestState::Sent => see_other(&format!("/pay/{id}/wait")),
        RequestState::Open | RequestState::Failed => {
            let answers = Answers::default();
            form(&gateway, &visit, &seen, answers, &[]).into_response()
        }
        RequestState::Paid => paid(&gateway, &visit, &seen).into_response(),
        RequestState::Expired | RequestState::Withdrawn => over(&gateway, &visit, &seen).into_response(),
    })
}

async fn answer(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>, form_sent: Form) -> Reply {
    visit.must_sign_in()?;
    visit.limit(&TRIES)?;
    let answers = form_sent.answers.clone();
    let key = Key::new(&format!("payments.choose:{id}"), form_sent.key.text(), form_sent.key.request());
    let wallets = gateway.wallets().clone();
    let chosen = gateway.acts().write(visit.caller(), &key, move |cx| {
        choose_wallet(cx, &wallets, id, answers.one("wallet"), answers.one("number"))
    });
    let to_wait = || see_other(&format!("/pay/{id}/wait"));
    match chosen.await {
        Ok(_) => Ok(to_wait()),
        // Sent twice, or from two windows: what she wants to see is how it goes.
        Err(fault) if matches!(fault.code(), "payments.request.busy" | "payments.request.paid") => Ok(to_wait()),
        Err(fault) => {
            let faults = correctable(fault)?;
            let seen = looked_at(&gateway, &visit, id).await?;
            Ok(form(&gateway, &visit, &seen, form_sent.answers, &faults).into_response())
        }
    }
}

fn form(gateway: &Gateway, visit: &Visit, seen: &RequestView, answers: Answers, faults: &[FieldFault]) -> Page {
    let id = seen.request.id;
    let sheet = visit.sheet_with(answers, faults);
    let (choices, charged) = charges::choices(gateway, visit, &seen.payee, seen.request.amount);
    let none = choices.is_empty();
    let number = sheet
        .phone("number", visit.t("payments.pay.number"))
        .hint(visit.t("payments.pay.number_hint"))
        .prefix(gateway.wallets().prefix());
    let wallets = sheet.radios("wallet", visit.t("payments.pay.wallet"), choices);
    let label = match charged {
        true => visit.t("payments.charge.button"),
        false => visit.t1("payments.pay.button", "amount", seen.request.amount),
    };
    let fields = html! { (wallets) (number) (button(&label)) };
    visit.page(visit.t("payments.pay.title")).back(seen.request.return_path.as_str()).sheet(&sheet).body(html! {
        (trouble(visit, seen.attempt.as_ref()))
        (facts(visit, seen))
        @if none { p { (visit.t("payments.pay.none")) } } @else { (visit.form(&format!("/pay/{id}"), fields)) }
        (other_ways(gateway, visit, &format!("/pay/{id}"), &seen.payee, seen.request.amount))
        (by_hub(gateway, visit, seen.request.called(), false))
        @if let Some(number) = &seen.request.number { (for_others(gateway, visit, number)) }
    })
}

/// The ways to pay that have a page of their own.
pub(crate) fn other_ways(gateway: &Gateway, visit: &Visit, home: &str, payee: &str, amount: spine::Money) -> Markup {
    let by_card = gateway.rails().acquirers.offered(amount).next().is_some();
    let by_voucher = gateway.takes_vouchers(payee);
    html! {
        @if by_card || by_voucher {
            p {
                @if by_card { a.b.b2 href=(format!("{home}/card")) { (visit.t("payments.card.title")) } }
                @if by_voucher { a.b.b2 href=(format!("{home}/voucher")) { (visit.t("payments.pay.voucher")) } }
            }
        }
    }
}

/// Why the try before came to nothing.
fn trouble(visit: &Visit, attempt: Option<&AttemptView>) -> Markup {
    let Some(attempt) = attempt else { return Markup::default() };
    let key = match attempt.state {
        AttemptState::Expired if attempt.wallet.starts_with(acquirers::PREFIX) => "payments.card.not_finished",
        AttemptState::Expired => "payments.trouble.no_answer",
        AttemptState::Mismatched => "payments.trouble.mismatched",
        AttemptState::Declined => match attempt.reason.as_deref() {
            Some("insufficient_funds") if !attempt.wallet.contains(':') => "payments.trouble.insufficient_funds",
            Some("unknown_number") => "payments.trouble.unknown_number",
            _ if attempt.wallet.starts_with(acquirers::PREFIX) => "payments.card.declined",
            _ => "payments.trouble.declined",
        },
        _ => return Markup::default(),
    };
    banner(Tone::Bad, &visit.t("payments.trouble.title"), html! { p { (visit.t(key)) } })
}

fn facts(visit: &Visit, seen: &RequestView) -> Summary {
    let request = &seen.request;
    let facts = Summary::new(visit)
        .row(visit.t("payments.fact.for"), visit.local(&request.description))
        .row(visit.t("payments.fact.reference"), &request.reference)
        .row(visit.t("payments.fact.amount"), visit.money(request.amount));
    let asked = matches!(request.state, RequestState::Sent | RequestState::Paid);
    charges::besides(visit, facts, request.amount, seen.charge.as_ref().filter(|_| asked))
        .markup(visit.t("payments.fact.state"), state_tag(visit, request.state))
}

/// A state in one or two words.
pub(crate) fn state_tag(visit: &Visit, state: RequestState) -> Markup {
    let (tone, key) = match state {
        RequestState::Open => (Tone::Plain, "payments.state.open"),
        RequestState::Sent => (Tone::Waiting, "payments.state.sent"),
        RequestState::Paid => (Tone::Good, "payments.state.paid"),
        RequestState::Failed => (Tone::Bad, "payments.state.failed"),
        RequestState::Expired => (Tone::Off, "payments.state.expired"),
        RequestState::Withdrawn => (Tone::Off, "payments.state.withdrawn"),
    };
    tag(tone, &visit.t(key))
}

fn wallet_name(gateway: &Gateway, visit: &Visit, id: &str) -> String {
    rail_name(gateway.rails(), visit, id)
}

async fn wait(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply {
    let seen = looked_at(&gateway, &visit, id).await?;
    let (RequestState::Sent, Some(attempt)) = (seen.request.state, &seen.attempt) else {
        return Ok(see_other(&format!("/pay/{id}")));
    };
    let wallet = wallet_name(&gateway, &visit, &attempt.wallet);
    if let (Some(of), true) = (seen.request.attempt, attempt.wallet.starts_with(acquirers::PREFIX)) {
        let page = visit.page(visit.t("payments.card.waiting")).body(html! {
            (facts(&visit, &seen)) (cards::pages::waits(&visit, of, &format!("/pay/{id}/wait")))
        });
        return Ok(page.into_response());
    }
    let summary = facts(&visit, &seen)
        .row(visit.t("payments.fact.wallet"), &wallet)
        .row(visit.t("payments.fact.number"), &attempt.number)
        .row(visit.t("payments.fact.until"), visit.moment(attempt.expires_at));
    Ok(visit
        .page(visit.t("payments.wait.title"))
        .body(html! {
            p { (visit.t1("payments.wait.approve", "wallet", wallet.as_str())) }
            (summary)
            p { (button_link(&format!("/pay/{id}/wait"), &visit.t("payments.wait.look"))) }
            p.hint { (visit.t("payments.wait.hint")) }
        })
        .into_response())
}

fn paid(gateway: &Gateway, visit: &Visit, seen: &RequestView) -> Page {
    let (id, request) = (seen.request.id, &seen.request);
    let label = visit.t("payments.fact.receipt");
    let number = request.receipt.as_deref().map(|number| (label.as_str(), number));
    visit.page(visit.t("payments.paid.title")).own_heading().body(html! {
        (panel(&visit.t("payments.paid.title"), number))
        (facts(visit, seen))
        (going_back(gateway, visit, seen))
        p { (button_link(&request.return_path, &visit.t("payments.paid.go_on"))) }
        p { a href=(format!("/pay/{id}/receipt")) { (visit.t("payments.paid.receipt")) } }
        p { a href=(format!("/pay/{id}/dispute")) { (visit.t("payments.dispute.title")) } }
    })
}

fn over(gateway: &Gateway, visit: &Visit, seen: &RequestView) -> Page {
    let key =
        if seen.request.state == RequestState::Expired { "payments.over.expired" } else { "payments.over.withdrawn" };
    visit.page(visit.t("payments.over.title")).body(html! {
        p { (visit.t(key)) }
        (going_back(gateway, visit, seen))
        (facts(visit, seen))
        p { (button_link(&seen.request.return_path, &visit.t("payments.over.go_back"))) }
    })
}

/// Money that is on its way back, or went.
fn going_back(gateway: &Gateway, visit: &Visit, seen: &RequestView) -> Markup {
    let says = |wallet: &str, key: (&'static str, &'static str), amount: spine::Money| {
        let (by_wallet, by_other) = key;
        let text = spine::Text::new(if wallet.contains(':') { by_other } else { by_wallet }).with("amount", amount);
        edge::show::inset(html! { (visit.say(&text.with("wallet", wallet_name(gateway, visit, wallet)))) })
    };
    html! {
        @for payment in seen.payments.iter().filter(|payment| payment.state != crate::PaymentState::Applied) {
            @let key = match payment.state {
                crate::PaymentState::Refunded => ("payments.back.done", "payments.back_by.done"),
                crate::PaymentState::Review => ("payments.back.review", "payments.back_by.review"),
                _ => ("payments.back.going", "payments.back_by.going"),
            };
            (says(&payment.wallet, key, payment.amount))
        }
        @if let Some(returned) = &seen.returned {
            @let key = match returned.state {
                crate::ReturnState::Done => ("payments.back.done", "payments.back_by.done"),
                crate::ReturnState::Review => ("payments.back.stuck", "payments.back_by.stuck"),
                crate::ReturnState::Going => ("payments.back.going", "payments.back_by.going"),
            };
            (says(&returned.wallet, key, returned.amount))
        }
    }
}

async fn receipt(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply<Response> {
    let seen = looked_at(&gateway, &visit, id).await?;
    let (RequestState::Paid, Some(attempt)) = (seen.request.state, &seen.attempt) else {
        return Err(spine::Fault::not_found("payments.receipt.none").into());
    };
    let request = &seen.request;
    let paid = seen.payments.iter().find(|payment| payment.state == crate::PaymentState::Applied);
    let summary = Summary::new(&visit)
        .row(visit.t("payments.fact.receipt"), request.receipt.as_deref().unwrap_or_default())
        .row(visit.t("payments.fact.amount"), visit.money(request.amount))
        .row(visit.t("payments.fact.for"), visit.local(&request.description))
        .row(visit.t("payments.fact.reference"), &request.reference)
        .row(visit.t("payments.fact.paid_at"), request.paid_at.map(|at| visit.moment(at)).unwrap_or_default())
        .row(visit.t("payments.fact.wallet"), wallet_name(&gateway, &visit, &attempt.wallet));
    let summary = match attempt.number.as_str() {
        "" => summary,
        number => summary.row(visit.t("payments.fact.number"), number),
    };
    let summary =
        summary.row(visit.t("payments.fact.wallet_reference"), paid.map_or("", |paid| paid.wallet_reference.as_str()));
    let summary = charges::on_receipt(&visit, summary, request.amount, seen.charge.as_ref());
    Ok(visit
        .page(visit.t("payments.receipt.title"))
        .back(format!("/pay/{id}"))
        .body(html! {
            (summary)
            p.hint { (visit.t("payments.receipt.check")) }
            p { a href=(format!("/pay/{id}/receipt.json")) { (visit.t("payments.receipt.proof")) } }
            p.hint { (visit.t("payments.receipt.proof_say")) }
        })
        .into_response())
}

/// The proof that the payment stands in the evidence log, for whoever wants to show it without us.
async fn proof(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply<Download> {
    let seen = looked_at(&gateway, &visit, id).await?;
    let (RequestState::Paid, Some(number)) = (seen.request.state, seen.request.receipt) else {
        return Err(spine::Fault::not_found("payments.receipt.none").into());
    };
    Ok(proof_of(&gateway, visit.caller(), id, &number).await?)
}

/// The file that proves a payment.
pub(crate) async fn proof_of(
    gateway: &Gateway,
    caller: &Caller,
    id: RequestId,
    number: &str,
) -> Result<Download, spine::Fault> {
    let look = move |cx: &mut spine::Cx<'_>| receipt_of(cx, "payments.request.paid", &id.to_string());
    let proof = gateway.acts().read(caller, look).await?;
    let proof = proof.ok_or_else(|| spine::Fault::unavailable("payments.receipt.not_yet").retry_after(1))?;
    let bytes = serde_json::to_vec_pretty(&proof).unwrap_or_default();
    Ok(Download::new(format!("{number}.json"), "application/json", bytes))
}
