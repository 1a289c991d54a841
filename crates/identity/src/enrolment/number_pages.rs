//! One's own number and the numbers in its stead: `/my/number`; and one's ways of signing in: `/account/factors`.
//!
//! **Invariant:** a person sees and changes her own only; the operation checks, not the page. Numbers stand in pages, in
//! no address.

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Choice, Summary, Table, Tone, tag};
use edge::{Bucket, Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{ActorKind, Cx, Fault, FieldFault};

use crate::enrolment::Enrolment;
use crate::enrolment::card::{Card, CardState, Place, ask_for_card, cards_of, lose_card};
use crate::enrolment::vid::{OwnVid, make_vid, own_vids, revoke_vid};
use crate::factor::{Factor, FactorLock, factor_locks, lock_factor, unlock_factor};
use crate::recognise::Current;

const NUMBER: &str = "/my/number";
const FACTORS: &str = "/account/factors";
/// Numbers made by one person.
const MAKES: Bucket = Bucket { name: "identity.vid", burst: 30, seconds: 86_400 };

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(NUMBER, get(number))
        .route("/my/number/make", post(make))
        .route("/my/number/revoke", post(revoke))
        .route("/my/number/card", post(card))
        .route("/my/number/card-lost", post(card_lost))
        .route(FACTORS, get(factors))
        .route("/account/factors/lock", post(lock))
        .route("/account/factors/unlock", post(unlock))
}

fn person(visit: &Visit) -> Result<String, Refusal> {
    let actor = visit.must_sign_in()?;
    if actor.kind == ActorKind::Person {
        Ok(actor.id.clone())
    } else {
        Err(Fault::forbidden("identity.vid.people").into())
    }
}

async fn number(State(enrolment): State<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    number_page(&enrolment, &visit, &[]).await
}

async fn number_page(enrolment: &Enrolment, visit: &Visit, faults: &[FieldFault]) -> Result<Page, Refusal> {
    let own = person(visit)?;
    let engine = enrolment.clone();
    let look = move |cx: &mut Cx<'_>| {
        let known = engine.civil().population().person(cx, &own)?;
        Ok((known, own_vids(cx, &engine)?, cards_of(cx, &engine, &own)?))
    };
    let (known, vids, cards) = enrolment.acts().read(visit.caller(), look).await?;
    let sheet = visit.sheet().faults(faults);
    let kinds = enrolment.rules().vids();
    let choices =
        kinds.map(|kind| Choice::new(&kind.id, visit.local(&kind.name)).hint(visit.local(&kind.hint))).collect();
    let page = visit.page(visit.t("identity.vid.title")).sheet(&sheet).body(html! {
        @if let Some(known) = &known {
            (Summary::new(visit).row(visit.t("identity.vid.own"), civil::national_id::shown(&known.national_id)))
        }
        p { (visit.t("identity.vid.about")) }
        @if vids.is_empty() { p { (visit.t("identity.vid.none")) } } @else { (table(enrolment, visit, &vids)) }
        (visit.form("/my/number/make", html! {
            (sheet.radios("kind", visit.t("identity.vid.question"), choices))
            (show::button(&visit.t("identity.vid.make")))
        }))
        @if !cards.is_empty() { (own_cards(visit, &cards, &sheet)) }
    });
    Ok(page.back("/account"))
}

fn table(enrolment: &Enrolment, visit: &Visit, vids: &[OwnVid]) -> Markup {
    let mut table = Table::new(visit.t("identity.vid.caption"))
        .column(visit.t("identity.vid.number"))
        .column(visit.t("identity.vid.kind"))
        .column(visit.t("identity.vid.until"))
        .column(visit.t("identity.vid.revoke"));
    for one in vids {
        let kind = enrolment.rules().vid(&one.kind).map(|kind| visit.local(&kind.name)).unwrap_or_default();
        table = table.row([
            html! { strong { (one.shown.reveal()) } },
            html! { (kind) },
            html! {
                @if let Some(end) = one.expires_at { (visit.moment(end)) } @else { (visit.t("identity.vid.always")) }
                @if let Some(uses) = one.uses_left { ", " (visit.t1("identity.vid.uses", "count", uses)) }
            },
            visit.form(
                "/my/number/revoke",
                html! {
                    input type="hidden" name="vid" value=(one.name);
                    button.b.b2 { (visit.t("identity.vid.revoke")) }
                },
            ),
        ]);
    }
    html! { (table) }
}

/// Cards, and the place of one that waits.
pub(super) fn card_table(visit: &Visit, cards: &[(Card, Option<Place>)]) -> Markup {
    let mut table = Table::new(visit.t("identity.card.caption"))
        .column(visit.t("identity.cards.number"))
        .column(visit.t("identity.factors.state"))
        .column(visit.t("identity.card.when"));
    for (card, place) in cards {
        let number = card.number.as_deref().map(civil::reference::shown).unwrap_or_default();
        let when = match place {
            Some(Place { promised_on: Some(day), .. }) => visit.t1("identity.card.promised", "day", visit.date(*day)),
            Some(Place { before, .. }) => visit.t1("identity.card.no_promise", "count", *before),
            None => {
                card.expires_on.map(|day| visit.t1("identity.card.until", "day", visit.date(day))).unwrap_or_default()
            }
        };
        table = table.row([html! { (number) }, card_tag(visit, card.state), html! { (when) }]);
    }
    html! { @if !cards.is_empty() { (table) } }
}

/// Where a card stands.
fn card_tag(visit: &Visit, state: CardState) -> Markup {
    let (tone, key) = match state {
        CardState::Queued => (Tone::Waiting, "identity.card.state.queued"),
        CardState::Printed => (Tone::Waiting, "identity.card.state.printed"),
        CardState::Active => (Tone::Good, "identity.card.state.active"),
        CardState::Lost => (Tone::Bad, "identity.card.state.lost"),
        CardState::Revoked => (Tone::Off, "identity.card.state.revoked"),
        CardState::Expired => (Tone::Off, "identity.card.state.expired"),
    };
    tag(tone, &visit.t(key))
}

fn own_cards(visit: &Visit, cards: &[(Card, Option<Place>)], sheet: &Sheet) -> Markup {
    let waits = cards.iter().any(|(card, _)| matches!(card.state, CardState::Queued | CardState::Printed));
    let held = cards.iter().any(|(card, _)| card.state == CardState::Active);
    let reasons = [
        ("lost", "identity.card.ask.lost"),
        ("expired", "identity.card.ask.expired"),
        ("damaged", "identity.card.ask.damaged"),
        ("changed", "identity.card.ask.changed"),
    ]
    .map(|(value, key)| Choice::new(value, visit.t(key)));
    html! {
        h2 { (visit.t("identity.card.own")) }
        (card_table(visit, cards))
        @if held { (visit.form("/my/number/card-lost", html! { p { (visit.t("identity.card.lose.about")) } (show::warning_button(&visit.t("identity.card.lose.button"))) })) }
        @if !waits {
            (visit.form("/my/number/card", html! {
                (sheet.radios("reason", visit.t("identity.card.ask.why"), reasons.to_vec()))
                (show::button(&visit.t("identity.card.ask.button")))
            }))
        }
    }
}

async fn card(State(enrolment): State<Enrolment>, visit: Visit, form: Form) -> Reply {
    let (own, reason) = (person(&visit)?, form.answers.one("reason").to_owned());
    let key = Key::new(&format!("identity.card.ask:{own}"), form.key.text(), form.key.request());
    match enrolment.acts().write(visit.caller(), &key, move |cx: &mut Cx<'_>| ask_for_card(cx, &own, &reason)).await {
        Ok(()) => Ok(see_other(NUMBER)),
        Err(fault) => Ok(number_page(&enrolment, &visit, &correctable(fault)?).await?.into_response()),
    }
}

async fn card_lost(State(enrolment): State<Enrolment>, visit: Visit, form: Form) -> Reply {
    let own = person(&visit)?;
    let key = Key::new(&format!("identity.card.lose:{own}"), form.key.text(), form.key.request());
    enrolment.acts().write(visit.caller(), &key, move |cx: &mut Cx<'_>| lose_card(cx, &own)).await?;
    Ok(see_other(NUMBER))
}

async fn make(State(enrolment): State<Enrolment>, visit: Visit, form: Form) -> Reply {
    let own = person(&visit)?;
    visit.site().limiter().take(&MAKES, &own)?;
    let kind = form.answers.one("kind").to_owned();
    let engine = enrolment.clone();
    let key = Key::new(&format!("identity.vid.make:{own}"), form.key.text(), form.key.request());
    match enrolment.acts().write(visit.caller(), &key, move |cx| make_vid(cx, &engine, &kind)).await {
        Ok(_) => Ok(see_other(NUMBER)),
        Err(fault) => Ok(number_page(&enrolment, &visit, &correctable(fault)?).await?.into_response()),
    }
}

async fn revoke(State(enrolment): State<Enrolment>, visit: Visit, form: Form) -> Reply {
    let own = person(&visit)?;
    let name = form.answers.one("vid").to_owned();
    let key = Key::new(&format!("identity.vid.revoke:{own}"), form.key.text(), form.key.request());
    enrolment.acts().write(visit.caller(), &key, move |cx| revoke_vid(cx, &name)).await?;
    Ok(see_other(NUMBER))
}

/// The ways of signing in that a person has and may lock.
pub(super) const OWN_FACTORS: [(Factor, &str); 6] = [
    (Factor::Pin, "identity.factor.pin"),
    (Factor::Code, "identity.factor.code"),
    (Factor::Passkey, "identity.factor.passkey"),
    (Factor::Authenticator, "identity.factor.authenticator"),
    (Factor::RecoveryCode, "identity.factor.recovery-code"),
    (Factor::Ussd, "identity.factor.ussd"),
];

async fn factors(State(enrolment): State<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    let own = person(&visit)?;
    let locks = enrolment.acts().read(visit.caller(), move |cx: &mut Cx<'_>| factor_locks(cx, &own)).await?;
    let mut table = Table::new(visit.t("identity.factors.caption"))
        .column(visit.t("identity.factors.way"))
        .column(visit.t("identity.factors.state"))
        .column(visit.t("identity.factors.change"));
    for (factor, name) in OWN_FACTORS {
        let lock = locks.iter().find(|lock| lock.factor == factor);
        table = table.row([html! { (visit.t(name)) }, lock_state(&visit, lock), change(&visit, factor, lock)]);
    }
    Ok(visit.page(visit.t("identity.factors.title")).back("/account").body(html! {
        p { (visit.t("identity.factors.about")) }
        (table)
        p { (visit.t("identity.factors.desk")) }
    }))
}

pub(super) fn lock_state(visit: &Visit, lock: Option<&FactorLock>) -> Markup {
    match lock {
        None => tag(Tone::Good, &visit.t("identity.factors.open")),
        Some(lock) => html! {
            (tag(Tone::Bad, &visit.t(if lock.at_desk { "identity.factors.locked_at_desk" } else { "identity.factors.locked" })))
            " " (visit.moment(lock.locked_at))
        },
    }
}

fn change(visit: &Visit, factor: Factor, lock: Option<&FactorLock>) -> Markup {
    let (action, label) = match lock {
        None => ("/account/factors/lock", "identity.factors.lock"),
        Some(lock) if lock.at_desk => return html! {},
        Some(_) => ("/account/factors/unlock", "identity.factors.unlock"),
    };
    visit.form(
        action,
        html! {
            input type="hidden" name="factor" value=(factor.as_str());
            button.b.b2 { (visit.t(label)) }
        },
    )
}

fn chosen(form: &Form) -> Result<Factor, Fault> {
    Factor::named(form.answers.one("factor")).ok_or_else(|| Fault::invalid("identity.factor.unknown"))
}

async fn lock(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let (own, factor) = (person(&visit)?, chosen(&form)?);
    let here = current.map(|Extension(current)| current.provider);
    let key = Key::new(&format!("identity.factor.lock:{own}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| lock_factor(cx, &own, factor, here);
    enrolment.acts().write(visit.caller(), &key, work).await?;
    Ok(see_other(FACTORS))
}

async fn unlock(State(enrolment): State<Enrolment>, visit: Visit, form: Form) -> Reply {
    let (own, factor) = (person(&visit)?, chosen(&form)?);
    let key = Key::new(&format!("identity.factor.unlock:{own}"), form.key.text(), form.key.request());
    enrolment.acts().write(visit.caller(), &key, move |cx: &mut Cx<'_>| unlock_factor(cx, &own, factor)).await?;
    Ok(see_other(FACTORS))
}
