//! A run as officers see it: how far it is, what it comes to, who agreed, and what may be done.
//!
//! **Invariant:** its sums are added up anew each time it is looked at; if rows, tally and ledger did not agree, the page says so.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Progress, Steps, Summary, Table, Tone, banner, pagination, tag};
use edge::{Form, Markup, Path, Query, Reply, Visit, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::Cx;

use super::{account, id, key, payment_tag, progress, reason, run_tag};
use crate::engine::Grants;
use crate::model::{PaymentState, Run, RunId, RunState};
use crate::runs::{self, RunView, approve, view::LINES, withdraw};

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/grants/runs/{id}", get(one))
        .route("/grants/runs/{id}/lines", get(lines))
        .route("/grants/runs/{id}/approve", post(approved))
        .route("/grants/runs/{id}/withdraw", post(withdrawn))
}

async fn one(State(grants): State<Grants>, visit: Visit, Path(run): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let seen = grants.acts().read(visit.caller(), move |cx| runs::run(cx, &engine, run)).await?;
    let programme = grants.programme(&seen.run.programme)?;
    let title = format!("{} {}", visit.local(&programme.about().name), seen.run.period);
    Ok(visit
        .page(title)
        .caption(seen.list.as_str())
        .wide()
        .back(format!("/grants/programmes/{}", programme.id()))
        .body(html! {
            @if let Some(trouble) = &seen.run.trouble {
                (banner(Tone::Bad, &visit.t("grants.run.trouble"), html! { p { (reason(&visit, "trouble", trouble)) } }))
            }
            @if !seen.reconciled.agrees && seen.run.state != RunState::Withdrawn {
                (banner(Tone::Bad, &visit.t("grants.run.disagrees"), html! { p { (visit.t("grants.run.disagrees_hint")) } }))
            }
            (show::columns(main(&visit, &grants, &seen), side(&visit, &grants, &seen)))
        })
        .into_response())
}

fn main(visit: &Visit, grants: &Grants, seen: &RunView) -> Markup {
    let (run, told) = (&seen.run, &seen.reconciled);
    let sum = |minor: i64| visit.money(grants.money(minor));
    let mut table = Table::new(visit.t("grants.run.sums"))
        .column(visit.t("grants.fact.state"))
        .numbers(visit.t("grants.run.lines"))
        .numbers(visit.t("grants.fact.amount"));
    for (key, (lines, minor)) in [
        ("grants.run.sum_paid", told.paid),
        ("grants.run.sum_pending", told.pending),
        ("grants.run.sum_refused", told.refused),
    ] {
        table = table.row([html! { (visit.t(key)) }, html! { (lines) }, html! { (sum(minor)) }]);
    }
    table = table.row([
        html! { b { (visit.t("grants.run.sum_list")) } },
        html! { b { (told.listed) } },
        html! { b { (sum(told.control_minor)) } },
    ]);
    let whole = run.tally.lines.max(told.listed);
    html! {
        p { (run_tag(visit, run.state)) " " (visit.t("grants.run.pay_on")) " " (visit.date(run.pay_on)) }
        @match run.state {
            RunState::Checking => (progress(&visit.t("grants.run.progress_checked"), run.tally.lines, whole)),
            RunState::Paying | RunState::Sent | RunState::Approved => {
                (progress(&visit.t("grants.run.progress_paid"), run.tally.paid, run.tally.lines - run.tally.refused - run.tally.stopped))
            }
            _ => {}
        }
        @if matches!(run.state, RunState::Checking | RunState::Paying | RunState::Sent | RunState::Approved) {
            p { a href={ "/grants/runs/" (run.id) } { (visit.t("grants.again")) } }
        }
        (table)
        (ledger(visit, grants, seen))
        (reasons(visit, run, "grants.run.why_refused", PaymentState::Refused, &seen.refused))
        (reasons(visit, run, "grants.run.why_failed", PaymentState::Failed, &seen.failed))
        (reasons(visit, run, "grants.run.why_stopped", PaymentState::Stopped, &seen.stopped))
    }
}

/// What the ledger says of the run.
fn ledger(visit: &Visit, grants: &Grants, seen: &RunView) -> Markup {
    let (told, sum) = (&seen.reconciled, |minor: i64| visit.money(grants.money(minor)));
    html! {
        @if seen.run.approved_by.is_some() {
            h2 { (visit.t("grants.run.ledger")) @if told.agrees { " " (tag(Tone::Good, &visit.t("grants.run.agrees"))) } }
            (Summary::new(visit)
                .row(visit.t("grants.run.reserved"), sum(told.reserved_minor))
                .row(visit.t("grants.run.posted"), sum(told.posted_minor))
                .row(visit.t("grants.purse.held"), sum(told.held_minor))
                .row(visit.t("grants.run.returned"), sum(told.returned_minor)))
        }
    }
}

fn reasons(visit: &Visit, run: &Run, caption: &str, state: PaymentState, reasons: &[(String, i64)]) -> Markup {
    let mut table =
        Table::new(visit.t(caption)).column(visit.t("grants.list.why")).numbers(visit.t("grants.run.lines"));
    for (code, lines) in reasons {
        table = table.row([html! { (reason(visit, "reason", code)) }, html! { (lines) }]);
    }
    html! {
        @if !reasons.is_empty() {
            (table)
            p { a href={ "/grants/runs/" (run.id) "/lines?state=" (state.code()) } { (visit.t("grants.run.show_lines")) } }
        }
    }
}

/// Where the run stands, who agreed, and what may be done.
fn side(visit: &Visit, grants: &Grants, seen: &RunView) -> Markup {
    let run = &seen.run;
    let path = format!("/grants/runs/{}", run.id);
    let order = [RunState::Checking, RunState::Checked, RunState::Approved, RunState::Paying, RunState::Sent];
    let stands = order.iter().position(|state| *state == run.state).unwrap_or(order.len());
    let step = |place: usize| match stands.cmp(&place) {
        std::cmp::Ordering::Greater => Progress::Done,
        std::cmp::Ordering::Equal => Progress::Now,
        std::cmp::Ordering::Less => Progress::Later,
    };
    let approved = run.approved_at.map(|at| visit.moment(at)).unwrap_or_default();
    let steps = Steps::new()
        .step(Progress::Done, visit.t("grants.run.step_prepared"), visit.moment(run.prepared_at))
        .step(step(0), visit.t("grants.run.step_checked"), "")
        .step(step(1), visit.t("grants.run.step_approved"), approved)
        .step(
            if run.state == RunState::Approved { Progress::Now } else { step(3) },
            visit.t("grants.run.step_paid"),
            "",
        )
        .step(step(4), visit.t("grants.run.step_closed"), "");
    html! {
        @if run.state != RunState::Withdrawn { (steps) }
        @if run.state == RunState::Checked {
            @if seen.may_approve {
                p { (visit.t("grants.run.approve_lead")) " " b { (visit.money(grants.money(run.tally.ready_minor))) } }
                (visit.form(&format!("{path}/approve"), show::button(&visit.t("grants.run.approve"))))
            } @else { p.hint { (visit.t("grants.run.other_officer")) } }
        }
        @if seen.may_withdraw && matches!(run.state, RunState::Checking | RunState::Checked) {
            (visit.form(&format!("{path}/withdraw"), show::warning_button(&visit.t("grants.run.withdraw"))))
        }
        @if let Some(signed) = &run.signed {
            (show::details(&visit.t("grants.run.signed"), html! { p.hint { (visit.t("grants.run.signed_hint")) } p { code { (signed) } } }))
        }
    }
}

#[derive(Deserialize)]
struct Which {
    state: Option<String>,
    after: Option<i64>,
}

async fn lines(
    State(grants): State<Grants>,
    visit: Visit,
    Path(run): Path<String>,
    Query(asked): Query<Which>,
) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let state = asked.state.as_deref().and_then(PaymentState::of).unwrap_or(PaymentState::Refused);
    let after = asked.after.unwrap_or(0);
    let look = move |cx: &mut Cx<'_>| runs::lines(cx, &engine, run, state, after);
    let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
    let mut table = Table::new(visit.t("grants.run.lines"))
        .numbers(visit.t("grants.list.line"))
        .column(visit.t("grants.fact.account"))
        .numbers(visit.t("grants.fact.amount"))
        .column(visit.t("grants.fact.state"))
        .column(visit.t("grants.list.why"));
    for one in &seen {
        let place = one.account.as_ref().map_or_else(String::new, |it| account(&visit, &grants, it));
        table = table.row([
            html! { a href={ "/grants/payments/" (run) "/" (one.line) } { (one.line) } },
            html! { (place) },
            html! { (visit.money(grants.money(one.amount_minor))) },
            payment_tag(&visit, one.state),
            html! { (one.reason.as_ref().map_or_else(String::new, |code| reason(&visit, "reason", code))) },
        ]);
    }
    let path = format!("/grants/runs/{run}/lines?state={}", state.code());
    let full = i64::try_from(seen.len()).is_ok_and(|count| count >= LINES);
    let next = seen.last().filter(|_| full).map(|last| format!("{path}&after={}", last.line));
    Ok(visit
        .page(visit.t("grants.run.lines"))
        .wide()
        .back(format!("/grants/runs/{run}"))
        .body(html! {
            @if seen.is_empty() { p { (visit.t("grants.run.no_lines")) } } @else { (table) }
            (pagination(&visit, (after > 0).then_some(path.as_str()), next.as_deref()))
        })
        .into_response())
}

async fn approved(State(grants): State<Grants>, visit: Visit, Path(run): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let key = key(&visit, "grants.approve", &form.key);
    grants.acts().write(visit.caller(), &key, move |cx| approve(cx, &engine, run)).await?;
    Ok(see_other(&format!("/grants/runs/{run}")))
}

async fn withdrawn(State(grants): State<Grants>, visit: Visit, Path(run): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let key = key(&visit, "grants.withdraw", &form.key);
    grants.acts().write(visit.caller(), &key, move |cx| withdraw(cx, &engine, run)).await?;
    Ok(see_other(&format!("/grants/runs/{run}")))
}
