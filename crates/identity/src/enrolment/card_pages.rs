//! The desk of cards: the queue and its date, blanks, printing, handing over, letters with codes; and what anybody may know
//! of a card's number.
//!
//! **Invariant:** a letter is shown once, to be printed; the public answers tell of a number only whether it is good.

use axum::Router;
use axum::extract::State as Of;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{self, Summary, Table, Tone};
use edge::{Bucket, Form, Json, Markup, Page, Query, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use serde_json::json;
use spine::{Cx, Fault, FieldFault, Text};

use crate::enrolment::Enrolment;
use crate::enrolment::activate::{LetterWaiting, letters_waiting, print_letter};
use crate::enrolment::card::{
    CardDesk, CardStanding, card_desk, card_standing, delivery_arrived, hand_over, print_cards, revoked_cards,
    spoil_card, stock_blanks,
};
use crate::enrolment::desk_pages::key;

const DESK: &str = "/enrolment/cards";
const STANDING: &str = "/card";
/// Questions about card numbers from one address.
const ASKS: Bucket = Bucket { name: "identity.card.standing", burst: 60, seconds: 60 };

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(DESK, get(desk))
        .route("/enrolment/cards/print", post(print))
        .route("/enrolment/cards/hand-over", post(handed))
        .route("/enrolment/cards/blanks", post(blanks))
        .route("/enrolment/cards/arrived", post(arrived))
        .route("/enrolment/cards/letter", post(letter))
        .route(STANDING, get(standing).post(standing_asked))
        .route("/api/identity/cards/revoked", get(revoked))
}

async fn desk(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    page(&enrolment, &visit, &visit.sheet()).await
}

async fn page(enrolment: &Enrolment, visit: &Visit, sheet: &Sheet) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let engine = enrolment.clone();
    let look = move |cx: &mut Cx<'_>| Ok((card_desk(cx, &engine)?, letters_waiting(cx, &engine)?));
    let (desk, letters) = enrolment.acts().read(visit.caller(), look).await?;
    let done = match desk.done_on {
        Some(day) => visit.date(day),
        None if desk.queued == 0 => visit.t("identity.cards.nobody"),
        None => visit.t("identity.cards.no_date"),
    };
    let numbers = Summary::new(visit)
        .row(visit.t("identity.cards.queued"), desk.queued.to_string())
        .row(visit.t("identity.cards.stock"), desk.stock.to_string())
        .row(visit.t("identity.cards.printed"), desk.printed.to_string())
        .row(visit.t("identity.cards.expired"), desk.expired.to_string())
        .row(visit.t("identity.cards.done_on"), done);
    let side = html! {
        h2 { (visit.t("identity.cards.print")) }
        (visit.form("/enrolment/cards/print", html! {
            (sheet.number("count", visit.t("identity.cards.count")).hint(visit.t("identity.cards.count_hint")).width(6))
            (show::button(&visit.t("identity.cards.print")))
        }))
        h2 { (visit.t("identity.cards.hand_over")) }
        (visit.form("/enrolment/cards/hand-over", html! {
            (sheet.text("number", visit.t("identity.cards.number")).hint(visit.t("identity.cards.number_hint")).width(12).autocomplete("off"))
            button.b name="what" value="hand-over" { (visit.t("identity.cards.hand_over")) }
            button.b.b2 name="what" value="spoilt" { (visit.t("identity.cards.spoilt")) }
        }))
        h2 { (visit.t("identity.cards.blanks")) }
        (visit.form("/enrolment/cards/blanks", html! {
            (sheet.number("blanks", visit.t("identity.cards.blanks_count")).width(6))
            (sheet.day("due_on", visit.t("identity.cards.due_on")).hint(visit.t("identity.cards.due_on_hint")).optional())
            (show::button(&visit.t("identity.cards.note")))
        }))
    };
    let main =
        html! { (numbers) (deliveries(visit, &desk)) (to_hand_over(visit, &desk)) (letter_table(visit, &letters)) };
    let page = visit.page(visit.t("identity.cards.title")).wide().back("/enrolment").sheet(sheet);
    Ok(page.body(show::columns(main, side)))
}

fn deliveries(visit: &Visit, desk: &CardDesk) -> Markup {
    let mut table = Table::new(visit.t("identity.cards.deliveries"))
        .numbers(visit.t("identity.cards.blanks_count"))
        .column(visit.t("identity.cards.due_on"))
        .column(visit.t("identity.cards.arrived"));
    for (id, count, day) in &desk.deliveries {
        table = table.row([
            html! { (count) },
            html! { (visit.date(*day)) },
            visit.form(
                "/enrolment/cards/arrived",
                html! {
                    input type="hidden" name="delivery" value=(id);
                    button.b.b2 { (visit.t("identity.cards.arrived")) }
                },
            ),
        ]);
    }
    html! { @if !desk.deliveries.is_empty() { (table) } }
}

fn to_hand_over(visit: &Visit, desk: &CardDesk) -> Markup {
    let mut table = Table::new(visit.t("identity.cards.to_hand_over"))
        .column(visit.t("identity.cards.number"))
        .column(visit.t("identity.cards.printed_at"));
    for card in &desk.to_hand_over {
        let number = card.number.as_deref().map(civil::reference::shown).unwrap_or_default();
        let at = card.printed_at.map(|at| visit.moment(at)).unwrap_or_default();
        table = table.row([html! { (number) }, html! { (at) }]);
    }
    html! { @if !desk.to_hand_over.is_empty() { (table) } }
}

fn letter_table(visit: &Visit, letters: &[LetterWaiting]) -> Markup {
    let mut table = Table::new(visit.t("identity.letter.caption"))
        .column(visit.t("identity.enrolment.name"))
        .column(visit.t("identity.enrolment.since"))
        .column(visit.t("identity.letter.print"));
    for one in letters {
        table = table.row([
            html! { (one.name.reveal()) },
            html! { (visit.moment(one.since)) },
            visit.form(
                "/enrolment/cards/letter",
                html! {
                    input type="hidden" name="person" value=(one.person);
                    button.b.b2 { (visit.t("identity.letter.print")) }
                },
            ),
        ]);
    }
    html! { @if !letters.is_empty() { (table) } }
}

fn number(form: &Form, name: &str) -> i64 {
    form.answers.one(name).replace([' ', '\u{a0}'], "").parse().unwrap_or(0)
}

async fn back(enrolment: &Enrolment, visit: &Visit, form: Form, fault: Fault) -> Reply {
    let faults = correctable(fault)?;
    Ok(page(enrolment, visit, &visit.sheet_with(form.answers, &faults)).await?.into_response())
}

async fn print(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (count, engine, key) = (number(&form, "count"), enrolment.clone(), key(&visit, "identity.card.print", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| print_cards(cx, &engine, count)).await {
        Ok(_) => Ok(see_other(DESK)),
        Err(fault) => back(&enrolment, &visit, form, fault).await,
    }
}

async fn handed(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let written = form.answers.one("number").to_owned();
    let spoilt = form.answers.one("what") == "spoilt";
    let (engine, key) = (enrolment.clone(), key(&visit, "identity.card.hand_over", &form));
    let work = move |cx: &mut Cx<'_>| match spoilt {
        true => spoil_card(cx, &written),
        false => hand_over(cx, &engine, &written),
    };
    match enrolment.acts().write(visit.caller(), &key, work).await {
        Ok(()) => Ok(see_other(DESK)),
        Err(fault) => back(&enrolment, &visit, form, fault).await,
    }
}

async fn blanks(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let due_on = match form.answers.date("due_on") {
        Ok(day) => day,
        Err(fault) => {
            let sheet = visit.sheet_with(form.answers, &[fault]);
            return Ok(page(&enrolment, &visit, &sheet).await?.into_response());
        }
    };
    let (count, engine, key) = (number(&form, "blanks"), enrolment.clone(), key(&visit, "identity.card.stock", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| stock_blanks(cx, &engine, count, due_on)).await {
        Ok(()) => Ok(see_other(DESK)),
        Err(fault) => back(&enrolment, &visit, form, fault).await,
    }
}

async fn arrived(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (id, key) = (form.answers.one("delivery").to_owned(), key(&visit, "identity.card.arrived", &form));
    enrolment.acts().write(visit.caller(), &key, move |cx| delivery_arrived(cx, &id)).await?;
    Ok(see_other(DESK))
}

async fn letter(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (person, engine) = (form.answers.one("person").to_owned(), enrolment.clone());
    let work = move |cx: &mut Cx<'_>| {
        let known = engine.civil().population().person(cx, &person)?;
        let known = known.ok_or_else(|| Fault::not_found("identity.letter.missing"))?;
        Ok((print_letter(cx, &person)?, known.name(), known.national_id))
    };
    // No key: a letter is taken once, and its code is in no remembered answer.
    let (sealed, name, national_id) = enrolment.acts().write(visit.caller(), &Key::none(), work).await?;
    let letter = enrolment.open_letter(&sealed, name, &national_id)?;
    let body = html! {
        p { (visit.t("identity.letter.about")) }
        (show::card(html! { (letter.name) }, html! {
            p { (visit.t("identity.letter.text")) }
            (Summary::new(&visit)
                .row(visit.t("identity.activate.number"), &letter.number)
                .row(visit.t("identity.activate.code"), &letter.code)
                .row(visit.t("identity.letter.until"), visit.moment(letter.expires_at)))
        }))
        p { a href=(DESK) { (visit.t("identity.cards.title")) } }
    };
    Ok(visit.page(visit.t("identity.letter.title")).body(body).into_response())
}

async fn standing(visit: Visit) -> Page {
    standing_page(&visit, &visit.sheet(), None)
}

fn standing_page(visit: &Visit, sheet: &Sheet, found: Option<CardStanding>) -> Page {
    let said = found.map(|standing| match standing {
        CardStanding::Valid => (Tone::Good, "identity.card.valid"),
        CardStanding::Revoked => (Tone::Bad, "identity.card.revoked"),
        CardStanding::Expired => (Tone::Bad, "identity.card.expired"),
        CardStanding::Unknown => (Tone::Off, "identity.card.unknown"),
    });
    visit.page(visit.t("identity.card.title")).sheet(sheet).body(html! {
        @if let Some((tone, key)) = said { (show::banner(tone, &visit.t(key), html! { p { (visit.t("identity.card.nothing_more")) } })) }
        p { (visit.t("identity.card.about")) }
        (visit.form(STANDING, html! {
            (sheet.text("number", visit.t("identity.cards.number")).hint(visit.t("identity.card.number_hint")).width(12).autocomplete("off"))
            (show::button(&visit.t("identity.card.ask_standing")))
        }))
    })
}

async fn standing_asked(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.limit(&ASKS)?;
    let written = form.answers.one("number").to_owned();
    if written.is_empty() {
        let missing = FieldFault { field: "number".to_owned(), text: Text::new("identity.cards.unknown") };
        return Ok(standing_page(&visit, &visit.sheet_with(form.answers, &[missing]), None).into_response());
    }
    let engine = enrolment.clone();
    let look = move |cx: &mut Cx<'_>| card_standing(cx, &engine, &written);
    let found = enrolment.acts().read(visit.caller(), look).await?;
    Ok(standing_page(&visit, &visit.sheet_with(form.answers, &[]), Some(found)).into_response())
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: String,
}

/// Numbers of cards that are worth nothing, for whoever keeps them for a day without network.
async fn revoked(Of(enrolment): Of<Enrolment>, visit: Visit, Query(from): Query<After>) -> Result<Response, Refusal> {
    visit.limit(&ASKS)?;
    let after = from.after.clone();
    let listed = enrolment.acts().read(visit.caller(), move |cx: &mut Cx<'_>| revoked_cards(cx, &after)).await?;
    let next = listed.last().map(|(number, _)| number.clone());
    let cards: Vec<_> =
        listed.iter().map(|(number, at)| json!({"number": number, "revoked_at": at.to_string()})).collect();
    let mut response = Json(json!({"cards": cards, "after": next})).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
