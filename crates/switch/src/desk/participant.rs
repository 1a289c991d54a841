//! `/switch/participants/{name}`: one participant, its cap, what it pays in and takes out.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Tone, banner, button, details};
use edge::{Answers, Form, Markup, Path, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Currency, Cx, Fault, FieldFault, Money, Text};

use super::pages::{gauge, state};
use super::view::{Seen, Standing, participant};
use crate::Switch;
use crate::amount::read_digits;
use crate::participants::{Cap, Direction, Funds, fund, set_active, set_cap};

pub(super) fn routes() -> Router<Switch> {
    Router::new()
        .route("/switch/participants/{name}", get(page))
        .route("/switch/participants/{name}/cap", post(cap))
        .route("/switch/participants/{name}/funds", post(funds))
        .route("/switch/participants/{name}/active", post(active))
}

async fn page(State(switch): State<Switch>, visit: Visit, Path(name): Path<String>) -> Reply {
    visit.must_sign_in()?;
    shown(&switch, &visit, &name, Answers::default(), &[]).await
}

async fn shown(switch: &Switch, visit: &Visit, name: &str, answers: Answers, faults: &[FieldFault]) -> Reply {
    let asked = name.to_owned();
    let seen = switch.inner.acts.read(visit.caller(), move |cx| participant(cx, &asked)).await?;
    let sheet = visit.sheet_with(answers, faults);
    let own = format!("/switch/participants/{name}");
    let active = seen.participant.active;
    let toggle = if active { "switch.participant.stop" } else { "switch.participant.start" };
    Ok(visit
        .page(name)
        .back("/switch")
        .body(html! {
            (sheet.summary())
            @if seen.waiting > 0 {
                (banner(Tone::Waiting, &visit.t("switch.participant.away"), html! {
                    p { (visit.t1("switch.participant.waiting", "count", seen.waiting)) }
                }))
            }
            @for one in &seen.standings { (facts(visit, one)) }
            @if !seen.standings.is_empty() { (forms(visit, &sheet, &own, &seen)) }
            (visit.button_form(&format!("{own}/active"), &visit.t(toggle)))
        })
        .into_response())
}

fn facts(visit: &Visit, one: &Standing) -> Markup {
    let set = Money::new(one.position.cap_minor, one.position.currency);
    let summary = Summary::new(visit)
        .markup(visit.t("switch.fact.owes"), gauge(visit, one))
        .row(visit.t("switch.fact.left"), visit.money(one.left))
        .row(visit.t("switch.fact.cap"), visit.money(set))
        .row(visit.t("switch.fact.deposit"), visit.money(one.deposit))
        .markup(visit.t("switch.fact.state"), state(visit, one));
    html! { (summary) }
}

fn forms(visit: &Visit, sheet: &Sheet, own: &str, seen: &Seen) -> Markup {
    let currencies = || {
        let codes = seen.standings.iter().map(|one| one.position.currency.code().to_owned());
        codes.map(|code| Choice::new(code.clone(), code)).collect::<Vec<_>>()
    };
    let one_currency = seen.standings.len() == 1;
    let currency = |name: &str| {
        html! {
            @if one_currency {
                @for one in &seen.standings { input type="hidden" name=(name) value=(one.position.currency.code()); }
            } @else { (sheet.select(name, visit.t("switch.fact.currency"), currencies())) }
        }
    };
    let ways = ["in", "out"].map(|way| Choice::new(way, visit.t(&format!("switch.funds.{way}"))));
    // What is wrong with a form must not be folded away.
    let folded = |title: &str, form: Markup| {
        if sheet.has_faults() {
            html! { h2 { (visit.t(title)) } (form) }
        } else {
            details(&visit.t(title), form)
        }
    };
    html! {
        (folded("switch.cap.title", visit.form(&format!("{own}/cap"), html! {
            (sheet.text("cap", visit.t("switch.fact.cap")).hint(visit.t("switch.cap.hint")).width(12).autocomplete("off"))
            (currency("cap_currency"))
            (button(&visit.t("switch.cap.set")))
        })))
        (folded("switch.funds.title", visit.form(&format!("{own}/funds"), html! {
            (sheet.radios("way", visit.t("switch.funds.way"), ways.to_vec()))
            (sheet.text("amount", visit.t("switch.fact.amount")).width(12).autocomplete("off"))
            (currency("currency"))
            (button(&visit.t("switch.funds.record")))
        })))
    }
}

/// An amount a person typed: `1250`, `1250.5` or `1250.50`.
fn typed(answers: &Answers, field: &str, currency: &str) -> Result<Money, Fault> {
    let text = answers.one(field).trim();
    let plain = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    let money = Currency::parse(answers.one(currency)).ok().and_then(|currency| read_digits(plain, currency));
    money.ok_or_else(|| Fault::invalid("switch.form.wrong").field(field, Text::new("switch.form.amount")))
}

/// Shows the page again with what is wrong with the form, or goes on to it.
async fn done(
    switch: &Switch,
    visit: &Visit,
    name: &str,
    answers: Answers,
    outcome: Result<(), Fault>,
) -> Reply<Response> {
    match outcome {
        Ok(()) => {
            switch.refresh().await?;
            Ok(see_other(&format!("/switch/participants/{name}")))
        }
        Err(fault) => {
            let faults = correctable(fault)?;
            shown(switch, visit, name, answers, &faults).await
        }
    }
}

async fn cap(State(switch): State<Switch>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("switch.cap:{name}"), form.key.text(), form.key.request());
    let outcome = match typed(&form.answers, "cap", "cap_currency") {
        Ok(amount) => {
            let (of, cap) = (name.clone(), Cap { amount, alarm_percent: 10 });
            switch.inner.acts.write(visit.caller(), &key, move |cx: &mut Cx<'_>| set_cap(cx, &of, &cap)).await
        }
        Err(fault) => Err(fault),
    };
    done(&switch, &visit, &name, form.answers, outcome).await
}

async fn funds(State(switch): State<Switch>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("switch.funds:{name}"), form.key.text(), form.key.request());
    let direction = match form.answers.one("way") {
        "in" => Ok(Direction::In),
        "out" => Ok(Direction::Gone),
        _ => Err(Fault::invalid("switch.form.wrong").field("way", Text::new("switch.form.way"))),
    };
    let outcome = match (typed(&form.answers, "amount", "currency"), direction) {
        (Ok(amount), Ok(direction)) => {
            let participant = name.clone();
            let write = move |cx: &mut Cx<'_>| by_hand(cx, &participant, amount, direction);
            switch.inner.acts.write(visit.caller(), &key, write).await
        }
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
    };
    done(&switch, &visit, &name, form.answers, outcome).await
}

/// An officer records what the settlement bank has already done.
fn by_hand(cx: &mut Cx<'_>, participant: &str, amount: Money, direction: Direction) -> Result<(), Fault> {
    if amount.minor() == 0 {
        return Err(Fault::invalid("switch.form.wrong").field("amount", Text::new("switch.form.amount")));
    }
    let id = crate::uuid_of(cx.random_bytes());
    fund(cx, &Funds { id, participant: participant.to_owned(), amount, direction })
}

async fn active(State(switch): State<Switch>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("switch.active:{name}"), form.key.text(), form.key.request());
    let of = name.clone();
    let write = move |cx: &mut Cx<'_>| {
        let now = participant(cx, &of)?.participant.active;
        set_active(cx, &of, !now)
    };
    let outcome = switch.inner.acts.write(visit.caller(), &key, write).await;
    done(&switch, &visit, &name, form.answers, outcome).await
}
