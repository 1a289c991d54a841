//! The payer's page of a dispute, `/pay/{id}/dispute`, and the officers', `/disputes`.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Tone, banner, button, card, tag};
use edge::{Answers, Form, Markup, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{FieldFault, Text};

use super::{Dispute, DisputeId, DisputeState, Reason, answer, decide, of, open, raise};
use crate::Gateway;
use crate::gateway::model::{Request, RequestId};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/pay/{id}/dispute", get(ask).post(raised))
        .route("/disputes", get(desk))
        .route("/disputes/{id}/answer", post(answered))
        .route("/disputes/{id}/decide", post(decided))
}

fn reason_key(reason: Reason) -> String {
    format!("payments.dispute.reason.{}", reason.code())
}

async fn ask(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>) -> Reply {
    payers(&gateway, &visit, id, Answers::default(), &[]).await
}

async fn payers(gateway: &Gateway, visit: &Visit, id: RequestId, answers: Answers, faults: &[FieldFault]) -> Reply {
    visit.must_sign_in()?;
    let (request, dispute) = gateway.acts().read(visit.caller(), move |cx| of(cx, id)).await?;
    let sheet = visit.sheet_with(answers, faults);
    let page = visit.page(visit.t("payments.dispute.title")).back(format!("/pay/{id}")).sheet(&sheet);
    let body = match dispute {
        Some(dispute) => html! { (stands(visit, &dispute)) (facts(visit, &request)) },
        None => {
            let reasons = Reason::ALL
                .into_iter()
                .map(|reason| Choice::new(reason.code(), visit.t(&reason_key(reason))))
                .collect();
            let words = sheet.area("words", visit.t("payments.dispute.words")).max_length(1_000);
            let fields = html! {
                (sheet.radios("reason", visit.t("payments.dispute.what"), reasons)) (words)
                (button(&visit.t("payments.dispute.send")))
            };
            html! {
                (facts(visit, &request))
                p { (visit.t("payments.dispute.says")) }
                (visit.form(&format!("/pay/{id}/dispute"), fields))
            }
        }
    };
    Ok(page.body(body).into_response())
}

fn facts(visit: &Visit, request: &Request) -> Summary {
    Summary::new(visit)
        .row(visit.t("payments.fact.for"), visit.local(&request.description))
        .row(visit.t("payments.fact.amount"), visit.money(request.amount))
        .row(visit.t("payments.fact.receipt"), request.receipt.as_deref().unwrap_or("–"))
}

/// How it stands, for its payer.
fn stands(visit: &Visit, dispute: &Dispute) -> Markup {
    let (tone, key) = match dispute.state {
        DisputeState::Open | DisputeState::Answered => (Tone::Waiting, "payments.dispute.waits"),
        DisputeState::Upheld => (Tone::Good, "payments.dispute.upheld"),
        DisputeState::Rejected => (Tone::Bad, "payments.dispute.rejected"),
    };
    banner(
        tone,
        &visit.t(key),
        html! {
            @if dispute.rail_reference.is_some() {
                p { (visit.t("payments.chargeback.title")) }
            } @else {
                p { (visit.t(&reason_key(dispute.reason))) }
                p { (dispute.words) }
            }
            @if let Some(said) = &dispute.answer { p { b { (visit.t("payments.dispute.their_answer")) } " " (said) } }
            @if let Some(verdict) = &dispute.verdict { p { b { (visit.t("payments.dispute.verdict")) } " " (verdict) } }
            @if dispute.state.is_open() {
                p { (visit.t1("payments.dispute.by", "date", dispute.decide_by)) }
                @if dispute.hold.is_some() { p { (visit.t("payments.dispute.held")) } }
            }
        },
    )
}

async fn raised(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<RequestId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let Some(reason) = Reason::of(sent.answers.one("reason")) else {
        let fault = FieldFault { field: "reason".to_owned(), text: Text::new("payments.dispute.what") };
        return payers(&gateway, &visit, id, sent.answers, &[fault]).await;
    };
    let (recourse, words) = (*gateway.recourse()?, sent.answers.one("words").to_owned());
    let today = gateway.acts().now().date_in(visit.site().words().zone());
    let key = Key::new(&format!("payments.dispute.raise:{id}"), sent.key.text(), sent.key.request());
    let made = gateway.acts().post(visit.caller(), &key, move |cx| raise(cx, &recourse, today, id, reason, &words));
    match made.await {
        Ok(_) => Ok(see_other(&format!("/pay/{id}/dispute"))),
        Err(fault) if fault.code() == "payments.dispute.words" => {
            let fault = FieldFault { field: "words".to_owned(), text: fault.text().clone() };
            payers(&gateway, &visit, id, sent.answers, &[fault]).await
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            payers(&gateway, &visit, id, sent.answers, &faults).await
        }
    }
}

async fn desk(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let known = gateway.acts().write(visit.caller(), &Key::none(), open).await?;
    let today = gateway.acts().now().date_in(visit.site().words().zone());
    let page = visit.page(visit.t("payments.dispute.desk")).wide().body(html! {
        @if known.is_empty() { p { (visit.t("payments.dispute.none")) } }
        @for dispute in &known { (one(&visit, dispute, today)) }
    });
    Ok(page.into_response())
}

fn one(visit: &Visit, dispute: &Dispute, today: spine::Date) -> Markup {
    let waits_for = if dispute.state == DisputeState::Open { dispute.answer_by } else { dispute.decide_by };
    let sheet = visit.sheet();
    let words = |label: &str| sheet.area("words", visit.t(label)).max_length(1_000);
    let (what, give_back, keep) = match &dispute.rail_reference {
        Some(_) => {
            ("payments.chargeback.title".to_owned(), "payments.chargeback.accept", "payments.chargeback.contest")
        }
        None => (reason_key(dispute.reason), "payments.dispute.give_back", "payments.dispute.keep"),
    };
    let verdicts = vec![Choice::new("upheld", visit.t(give_back)), Choice::new("rejected", visit.t(keep))];
    card(
        html! { a href=(format!("/pay/{}", dispute.request)) { (visit.t(&what)) } },
        html! {
            p {
                (visit.t1("payments.dispute.by", "date", waits_for)) " "
                @if dispute.is_late(today) { (tag(Tone::Bad, &visit.t("payments.dispute.late"))) }
            }
            @if let Some(reference) = &dispute.rail_reference {
                p { (visit.say(&Text::new("payments.chargeback.says").with("reference", reference.as_str()).with("reason", dispute.words.as_str()))) }
            } @else { p { (dispute.words) } }
            @if let Some(said) = &dispute.answer { p { b { (visit.t("payments.dispute.their_answer")) } " " (said) } }
            @if dispute.state == DisputeState::Open {
                (visit.form(&format!("/disputes/{}/answer", dispute.id), html! {
                    (words("payments.dispute.your_answer")) (button(&visit.t("payments.dispute.answer")))
                }))
            } @else {
                (visit.form(&format!("/disputes/{}/decide", dispute.id), html! {
                    (sheet.radios("verdict", visit.t("payments.dispute.decide"), verdicts))
                    (words("payments.dispute.why")) (button(&visit.t("payments.dispute.decide")))
                }))
            }
        },
    )
}

async fn answered(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<DisputeId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let (key, words) = (
        Key::new(&format!("payments.dispute.answer:{id}"), sent.key.text(), sent.key.request()),
        sent.answers.one("words").to_owned(),
    );
    gateway.acts().write(visit.caller(), &key, move |cx| answer(cx, id, &words)).await?;
    Ok(see_other("/disputes"))
}

async fn decided(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<DisputeId>, sent: Form) -> Reply {
    visit.must_sign_in()?;
    let upheld = match sent.answers.one("verdict") {
        "upheld" => true,
        "rejected" => false,
        _ => return Ok(see_other("/disputes")),
    };
    let (key, words) = (
        Key::new(&format!("payments.dispute.decide:{id}"), sent.key.text(), sent.key.request()),
        sent.answers.one("words").to_owned(),
    );
    gateway.acts().post(visit.caller(), &key, move |cx| decide(cx, id, upheld, &words)).await?;
    Ok(see_other("/disputes"))
}
