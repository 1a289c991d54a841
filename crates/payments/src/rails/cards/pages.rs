//! The payer's way to the acquirer's page and back: `/pay/{id}/card`, `/bill/{number}/card`, `/card/{try}`.
//!
//! **Invariant:** a browser is sent to the acquirer's declared origin alone, and only from the page that says so; its return
//! moves nothing.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{Choice, Summary, Tone, banner, button, button_link, inset};
use edge::{Answers, Form, Markup, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Localised, Money};

use super::begin::{opened, to_hand_over, turned_away};
use super::{Acquirer, begin, begin_bill};
use crate::Gateway;
use crate::bills::pages::{LOOKS, TRIES, part_of};
use crate::bills::{self, Bill};
use crate::charges::show::besides;
use crate::gateway::model::{Attempt, AttemptId, Request, RequestId, RequestState};
use crate::gateway::pages::looked_at;
use crate::gateway::receive::code;
use crate::gateway::view::RequestView;
use crate::rails::talk::{Opened, Session};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/pay/{id}/card", get(ask).post(answer))
        .route("/bill/{number}/card", get(ask_bill).post(answer_bill))
        .route("/card/{attempt}", get(hand_over))
        .route("/card/{attempt}/back", get(come_back))
}

/// What stands on the page before the hand-over.
struct Before<'a> {
    caption: &'a str,
    /// Where it is paid, without `/card`.
    home: String,
    description: &'a Localised,
    amount: Money,
    /// Whom it is for, as the rules of charges call it.
    payee: &'a str,
    in_parts: bool,
}

async fn ask(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply {
    let seen = looked_at(&gateway, &visit, id).await?;
    if !matches!(seen.request.state, RequestState::Open | RequestState::Failed) {
        return Ok(see_other(&format!("/pay/{id}")));
    }
    Ok(page(&gateway, &visit, &of_request(&seen), Answers::default(), &[]).into_response())
}

fn of_request(seen: &RequestView) -> Before<'_> {
    let request = &seen.request;
    Before {
        caption: &request.reference,
        home: format!("/pay/{}", request.id),
        description: &request.description,
        amount: request.amount,
        payee: &seen.payee,
        in_parts: false,
    }
}

fn of_bill(bill: &Bill) -> Before<'_> {
    Before {
        caption: &bill.number,
        home: format!("/bill/{}", bill.number),
        description: &bill.description,
        amount: bill.left(),
        payee: &bill.biller,
        in_parts: bill.in_parts,
    }
}

fn page(gateway: &Gateway, visit: &Visit, of: &Before<'_>, answers: Answers, faults: &[FieldFault]) -> Page {
    let offered: Vec<&Acquirer> = gateway.rails().acquirers.offered(of.amount).collect();
    // With one acquirer there is nothing to choose.
    let only = offered.first().filter(|_| offered.len() == 1);
    let sheet = visit.sheet_with(answers, faults);
    let choices = || offered.iter().map(|it| Choice::new(it.id.as_str(), visit.local(&it.name))).collect();
    let fields = html! {
        @match only {
            Some(one) => { input type="hidden" name="acquirer" value=(one.id); }
            None => { (sheet.radios("acquirer", visit.t("payments.pay.wallet"), choices())) }
        }
        @if of.in_parts {
            (sheet.text("amount", visit.t("payments.bill.part")).optional().max_length(20)
                .hint(visit.t1("payments.bill.part_hint", "left", of.amount)))
        }
        (button(&visit.t("payments.card.go")))
    };
    let facts = Summary::new(visit)
        .row(visit.t("payments.fact.for"), visit.local(of.description))
        .row(visit.t("payments.fact.amount"), visit.money(of.amount));
    let charge = |one: &Acquirer| gateway.wallets().charges().reckon(&one.account(), of.payee, of.amount);
    let facts = match only {
        Some(one) => {
            let facts = besides(visit, facts, of.amount, charge(one).filter(|_| !of.in_parts).as_ref());
            facts.row(visit.t("payments.card.kinds"), &one.cards)
        }
        None => facts,
    };
    let mut page = visit.page(visit.t("payments.card.title")).caption(of.caption).back(of.home.as_str()).sheet(&sheet);
    for acquirer in &offered {
        if let Some(link) = acquirer.link() {
            page = page.form_action(link.pages.as_str());
        }
    }
    page.body(html! {
        (facts)
        @if offered.is_empty() {
            p { (visit.t("payments.card.none")) }
        } @else {
            p { (visit.t("payments.card.says")) }
            (inset(html! { p { (visit.t("payments.card.safe")) } }))
            (visit.form(&format!("{}/card", of.home), fields))
        }
    })
}

async fn answer(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    visit.limit(&TRIES)?;
    let key = Key::new(&format!("payments.card:{id}"), sent.key.text(), sent.key.request());
    let (rails, acquirer) = (gateway.rails().clone(), sent.answers.one("acquirer").to_owned());
    let begun = gateway.acts().write(visit.caller(), &key, move |cx| begin(cx, &rails, id, &acquirer)).await;
    match begun {
        Ok(attempt) => Ok(see_other(&format!("/card/{attempt}"))),
        Err(fault) if matches!(fault.code(), "payments.request.busy" | "payments.request.paid") => {
            Ok(see_other(&format!("/pay/{id}")))
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            let seen = looked_at(&gateway, &visit, id).await?;
            Ok(page(&gateway, &visit, &of_request(&seen), sent.answers, &faults).into_response())
        }
    }
}

async fn the_bill(gateway: &Gateway, visit: &Visit, number: String) -> Reply<Bill> {
    visit.limit(&LOOKS)?;
    Ok(gateway.acts().read(visit.caller(), move |cx| bills::find(cx, &number)).await?)
}

async fn ask_bill(State(gateway): State<Gateway>, visit: Visit, Path(number): Path<String>) -> Reply {
    let bill = the_bill(&gateway, &visit, number).await?;
    if bills::payable(&bill, None, visit.now()).is_err() {
        return Ok(see_other(&format!("/bill/{}", bill.number)));
    }
    Ok(page(&gateway, &visit, &of_bill(&bill), Answers::default(), &[]).into_response())
}

async fn answer_bill(State(gateway): State<Gateway>, visit: Visit, Path(number): Path<String>, sent: Form) -> Reply {
    let bill = the_bill(&gateway, &visit, number.clone()).await?;
    visit.limit(&TRIES)?;
    let again =
        |answers, faults: &[FieldFault]| page(&gateway, &visit, &of_bill(&bill), answers, faults).into_response();
    let part = match part_of(&bill, sent.answers.one("amount")) {
        Ok(part) => part,
        Err(fault) => return Ok(again(sent.answers, &[fault])),
    };
    let key = Key::new(&format!("payments.bill.card:{number}"), sent.key.text(), sent.key.request());
    let (rails, acquirer) = (gateway.rails().clone(), sent.answers.one("acquirer").to_owned());
    let begin = move |cx: &mut spine::Cx<'_>| begin_bill(cx, &rails, &number, part, &acquirer);
    match gateway.acts().post(visit.caller(), &key, begin).await {
        Ok(attempt) => Ok(see_other(&format!("/card/{attempt}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(again(sent.answers, &faults))
        }
    }
}

async fn the_try(gateway: &Gateway, visit: &Visit, id: AttemptId) -> Reply<(Attempt, Request, Money)> {
    visit.limit(&LOOKS)?;
    Ok(gateway.acts().read(visit.caller(), move |cx| to_hand_over(cx, id)).await?)
}

/// Where it shows how a try goes: the bill, or the request's own page.
fn home(request: &Request) -> String {
    if request.bill.is_some() { request.return_path.clone() } else { format!("/pay/{}", request.id) }
}

/// Opens the session at the acquirer, or finds it again under the same key, and sends the browser there.
async fn hand_over(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AttemptId>) -> Reply<Response> {
    let (attempt, request, amount) = the_try(&gateway, &visit, id).await?;
    let is_over = !attempt.state.is_live() || attempt.expires_at <= visit.now() || request.attempt != Some(id);
    if is_over || request.state != RequestState::Sent {
        return Ok(see_other(&home(&request)));
    }
    let acquirer = gateway.rails().acquirers.find(&attempt.wallet);
    let link = acquirer.and_then(Acquirer::link).ok_or_else(|| Fault::unavailable("payments.card.away"))?;
    let line = gateway.line_of(&attempt.wallet).map_err(|_| Fault::unavailable("payments.card.away"))?;
    let session = Session {
        id,
        amount,
        reference: &request.reference,
        description: visit.local(&request.description),
        language: visit.language().tag(),
        return_url: format!("{}/card/{id}/back", visit.site().base_url()),
        expires_at: attempt.expires_at,
    };
    let acts = gateway.acts();
    match line.open(&session).await {
        Opened::At { reference, url } if link.may_send_to(&url) => {
            let key = Key::new("payments.card.opened", &id.to_string(), b"");
            acts.write(visit.caller(), &key, move |cx| opened(cx, id, &reference)).await?;
            Ok(see_other(&url))
        }
        Opened::Refused(reason) => {
            let (key, reason) = (Key::new("payments.card.refused", &id.to_string(), b""), code(Some(&reason)));
            acts.write(visit.caller(), &key, move |cx| turned_away(cx, id, &reason)).await?;
            Ok(see_other(&home(&request)))
        }
        Opened::At { .. } | Opened::Later => Ok(away(&visit, id, &request).into_response()),
    }
}

/// The acquirer does not answer just now. Nothing was paid.
fn away(visit: &Visit, id: AttemptId, request: &Request) -> Page {
    visit.page(visit.t("payments.card.title")).status(StatusCode::BAD_GATEWAY).back(home(request)).body(html! {
        (banner(Tone::Bad, &visit.t("payments.card.away"), html! { p { (visit.t("payments.card.away_say")) } }))
        p { (button_link(&format!("/card/{id}"), &visit.t("payments.card.again"))) }
    })
}

/// A browser came back. What became of it, the acquirer says; here one is only sent on.
async fn come_back(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AttemptId>) -> Reply {
    let (_, request, _) = the_try(&gateway, &visit, id).await?;
    Ok(see_other(&home(&request)))
}

/// The way on for a try by card that waits, on the pages that wait.
pub(crate) fn waits(visit: &Visit, attempt: AttemptId, look: &str) -> Markup {
    html! {
        p { (visit.t("payments.card.waiting_say")) }
        p {
            (button_link(look, &visit.t("payments.card.look")))
            a.b.b2 href=(format!("/card/{attempt}")) { (visit.t("payments.card.go")) }
        }
    }
}
