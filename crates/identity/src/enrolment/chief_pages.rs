//! Chiefs: introducing a person, and confirming or denying letters shown in one's name.
//!
//! **Invariant:** a chief sees her own introductions only.

use axum::Router;
use axum::extract::State as Of;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Summary, Tone, card, tag};
use edge::{Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use spine::{Cx, Fault, Resource};

use crate::enrolment::Enrolment;
use crate::enrolment::desk_pages::key;
use crate::enrolment::introduce::{
    Introduced, IntroductionId, IntroductionState, TELLS, answer_introduction, introduce, own_introductions,
};

const LIST: &str = "/introductions";

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(LIST, get(list))
        .route("/introductions/new", get(new).post(new_sent))
        .route("/introductions/answer", post(answered))
}

fn names() -> Vec<String> {
    TELLS.iter().map(|name| (*name).to_owned()).collect()
}

async fn list(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let own = enrolment.acts().read(visit.caller(), own_introductions).await?;
    let mut cards = Vec::new();
    for one in &own {
        cards.push(shown(&enrolment, &visit, one)?);
    }
    Ok(visit.page(visit.t("identity.introduction.title")).body(html! {
        p { (visit.t("identity.introduction.about")) }
        p { (show::button_link("/introductions/new", &visit.t("identity.introduction.new"))) }
        @if own.is_empty() { p { (visit.t("identity.introduction.none")) } }
        @for card in cards { (card) }
    }))
}

fn shown(enrolment: &Enrolment, visit: &Visit, one: &Introduced) -> Result<Markup, Fault> {
    let introduction = &one.introduction;
    let (tone, key) = match introduction.state {
        IntroductionState::Waiting => (Tone::Waiting, "identity.introduction.waiting"),
        IntroductionState::Signed => (Tone::Good, "identity.introduction.signed"),
        IntroductionState::Denied => (Tone::Bad, "identity.introduction.denied"),
    };
    let mut summary = Summary::new(visit);
    for (_, label, value) in enrolment.civil().person_said(visit, &one.told, &names())? {
        summary = summary.row(label, value);
    }
    if let (Some(letter), Some(day)) = (&introduction.letter, introduction.letter_on) {
        summary = summary.row(visit.t("identity.introduction.letter"), format!("{letter}, {}", visit.date(day)));
    }
    let title = html! { (civil::reference::shown(&introduction.reference)) " " (tag(tone, &visit.t(key))) };
    let answer = |value: &str, label: &str| {
        visit.form(
            "/introductions/answer",
            html! {
                input type="hidden" name="introduction" value=(introduction.id);
                input type="hidden" name="answer" value=(value);
                @if value == "yes" { (show::button(label)) } @else { (show::warning_button(label)) }
            },
        )
    };
    Ok(card(
        title,
        html! {
            (summary)
            @if introduction.state == IntroductionState::Waiting {
                (answer("yes", &visit.t("identity.introduction.confirm")))
                (answer("no", &visit.t("identity.introduction.deny")))
            }
        },
    ))
}

async fn new(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let may =
        |cx: &mut Cx<'_>| cx.may("identity.introduction.sign", &Resource::new("Introduction", "new").is("own", true));
    enrolment.acts().read(visit.caller(), may).await?;
    new_page(&enrolment, &visit, &visit.sheet())
}

fn new_page(enrolment: &Enrolment, visit: &Visit, sheet: &Sheet) -> Result<Page, Refusal> {
    let inputs = enrolment.civil().person_inputs(sheet, &names())?;
    let form = html! { (inputs) p { (visit.t("identity.introduction.sign_hint")) } (show::button(&visit.t("identity.introduction.sign"))) };
    let page = visit.page(visit.t("identity.introduction.new")).back(LIST).sheet(sheet);
    Ok(page.body(visit.form("/introductions/new", form)))
}

async fn new_sent(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let signed = match enrolment.civil().person_told(&form.answers, &names()) {
        Ok(told) => {
            let (engine, key) = (enrolment.clone(), key(&visit, "identity.introduction.sign", &form));
            enrolment.acts().write(visit.caller(), &key, move |cx| introduce(cx, &engine, &told)).await
        }
        Err(fault) => Err(fault),
    };
    match signed {
        Ok(reference) => {
            let label = visit.t("identity.introduction.number");
            let body = html! {
                (show::panel(&visit.t("identity.introduction.done"), Some((&label, &civil::reference::shown(&reference)))))
                p { (visit.t("identity.introduction.next")) }
                p { a href=(LIST) { (visit.t("identity.introduction.title")) } }
            };
            Ok(visit.page(visit.t("identity.introduction.done")).own_heading().body(body).into_response())
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(new_page(&enrolment, &visit, &visit.sheet_with(form.answers, &faults))?.into_response())
        }
    }
}

async fn answered(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let missing = || Fault::not_found("identity.introduction.missing");
    let id: IntroductionId = form.answers.one("introduction").parse().map_err(|_| missing())?;
    let yes = match form.answers.one("answer") {
        "yes" => true,
        "no" => false,
        _ => return Err(missing().into()),
    };
    let key = key(&visit, "identity.introduction.answer", &form);
    enrolment.acts().write(visit.caller(), &key, move |cx| answer_introduction(cx, id, yes)).await?;
    Ok(see_other(LIST))
}
