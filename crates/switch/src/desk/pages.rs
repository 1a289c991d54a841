//! `/switch`: everybody at a glance, and the two buttons of a day.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Table, Tone, button, tag};
use edge::{Form, Markup, Path, Reply, Visit, html, see_other};
use journal::Key;
use spine::{Cx, Money, Text};

use super::view::{Desk, Standing, desk};
use crate::Switch;
use crate::settlement::{close_window, settle};

pub(super) fn routes() -> Router<Switch> {
    Router::new()
        .route("/switch", get(page))
        .route("/switch/windows/{id}/close", post(close))
        .route("/switch/windows/{id}/settle", post(settle_window))
}

/// How near its cap a participant is, as a bar and in words.
pub(super) fn gauge(visit: &Visit, one: &Standing) -> Markup {
    let (cap, owes) = (one.cap.minor(), one.owes.minor().min(one.cap.minor()));
    let said = visit.say(&Text::new("switch.desk.of_cap").with("owes", one.owes).with("cap", one.cap));
    html! {
        @if one.owes.minor() < 0 {
            (visit.t1("switch.desk.is_owed", "amount", Money::new(one.owes.minor().saturating_abs(), one.owes.currency())))
        } @else {
            @if cap > 0 { meter min="0" max=(cap) high=(cap - cap / 10) value=(owes) title=(said) { (said) } " " }
            (visit.money(one.owes))
        }
    }
}

/// What is to be seen of a participant at once.
pub(super) fn state(visit: &Visit, one: &Standing) -> Markup {
    match (one.active, one.alarm) {
        (false, _) => tag(Tone::Off, &visit.t("switch.state.inactive")),
        (true, true) => tag(Tone::Bad, &visit.t("switch.state.low")),
        (true, false) => tag(Tone::Good, &visit.t("switch.state.active")),
    }
}

async fn page(State(switch): State<Switch>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let seen = switch.inner.acts.read(visit.caller(), desk).await?;
    Ok(visit
        .page(visit.t("switch.desk.title"))
        .wide()
        .body(html! {
            (standings(&visit, &seen.standings))
            (window(&visit, &seen))
            @if !seen.closed.is_empty() { (closed(&visit, &seen)) }
            @if !seen.settlements.is_empty() { (settlements(&visit, &seen)) }
        })
        .into_response())
}

fn standings(visit: &Visit, all: &[Standing]) -> Markup {
    if all.is_empty() {
        return html! { p { (visit.t("switch.desk.nobody")) } };
    }
    let mut table = Table::new(visit.t("switch.desk.participants"))
        .column(visit.t("switch.fact.participant"))
        .numbers(visit.t("switch.fact.owes"))
        .numbers(visit.t("switch.fact.left"))
        .numbers(visit.t("switch.fact.deposit"))
        .column(visit.t("switch.fact.state"));
    for one in all {
        table = table.row([
            html! { a href=(format!("/switch/participants/{}", one.name)) { (one.name) } },
            gauge(visit, one),
            html! { (visit.money(one.left)) },
            html! { (visit.money(one.deposit)) },
            state(visit, one),
        ]);
    }
    html! { (table) }
}

fn window(visit: &Visit, seen: &Desk) -> Markup {
    let Some((open, sums)) = &seen.open else { return html! {} };
    html! {
        h2 { (visit.t1("switch.window.open", "number", open.id)) }
        p { (visit.t1("switch.window.since", "moment", visit.moment(open.opened_at))) }
        @if sums.is_empty() { p { (visit.t("switch.window.nothing")) } }
        @for (currency, count, minor) in sums {
            @let text = Text::new("switch.window.sum").with("count", *count).with("amount", Money::new(*minor, *currency));
            p { a href=(format!("/switch/windows/{}", open.id)) { (visit.say(&text)) } }
        }
        (visit.form(&format!("/switch/windows/{}/close", open.id), button(&visit.t("switch.window.close"))))
    }
}

fn closed(visit: &Visit, seen: &Desk) -> Markup {
    let mut table = Table::new(visit.t("switch.desk.closed"))
        .column(visit.t("switch.fact.window"))
        .column(visit.t("switch.fact.closed_at"))
        .column(visit.t("switch.fact.act"));
    for one in &seen.closed {
        let settle = format!("/switch/windows/{}/settle", one.id);
        table = table.row([
            html! { a href=(format!("/switch/windows/{}", one.id)) { (one.id) } },
            html! { (one.closed_at.map(|at| visit.moment(at)).unwrap_or_default()) },
            visit.button_form(&settle, &visit.t1("switch.window.settle", "number", one.id)),
        ]);
    }
    html! { (table) }
}

/// The tag of a settlement's state.
pub(super) fn settled_tag(visit: &Visit, state: &str) -> Markup {
    match state {
        "SETTLED" => tag(Tone::Good, &visit.t("switch.settlement.settled")),
        "ABORTED" => tag(Tone::Off, &visit.t("switch.settlement.aborted")),
        _ => tag(Tone::Waiting, &visit.t("switch.settlement.going")),
    }
}

fn settlements(visit: &Visit, seen: &Desk) -> Markup {
    let mut table = Table::new(visit.t("switch.desk.settlements"))
        .column(visit.t("switch.fact.settlement"))
        .column(visit.t("switch.fact.begun_at"))
        .column(visit.t("switch.fact.reason"))
        .column(visit.t("switch.fact.state"));
    for one in &seen.settlements {
        table = table.row([
            html! { a href=(format!("/switch/settlements/{}", one.id)) { (one.id) } },
            html! { (visit.moment(one.made_at)) },
            html! { (one.reason) },
            settled_tag(visit, &one.state),
        ]);
    }
    html! { (table) }
}

async fn close(State(switch): State<Switch>, visit: Visit, Path(id): Path<i64>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("switch.close:{id}"), form.key.text(), form.key.request());
    let reason = visit.t("switch.window.by_hand");
    switch.inner.acts.write(visit.caller(), &key, move |cx: &mut Cx<'_>| close_window(cx, id, &reason)).await?;
    Ok(see_other("/switch"))
}

async fn settle_window(State(switch): State<Switch>, visit: Visit, Path(id): Path<i64>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("switch.settle:{id}"), form.key.text(), form.key.request());
    let reason = visit.t1("switch.window.day", "number", id);
    let write = move |cx: &mut Cx<'_>| settle(cx, &[id], &reason, &format!("W{id}"));
    let settlement = switch.inner.acts.write(visit.caller(), &key, write).await?;
    Ok(see_other(&format!("/switch/settlements/{settlement}")))
}
