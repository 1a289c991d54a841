//! What came back: a programme's failures, and one payment with what to do about it.
//!
//! **Invariant:** opening a payment is an act its person sees; an officer sends it again only to the account she has chosen.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Summary, Table, inset};
use edge::{Form, Path, Reply, Visit, html, see_other};
use journal::Key;
use spine::Cx;

use super::{account, id, key, payment_tag, reason, said};
use crate::engine::Grants;
use crate::model::RunId;
use crate::runs::{self, give_up, repair};

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/grants/programmes/{id}/failures", get(failures))
        .route("/grants/payments/{run}/{line}", get(one))
        .route("/grants/payments/{run}/{line}/again", post(again))
        .route("/grants/payments/{run}/{line}/give-up", post(given_up))
}

async fn failures(State(grants): State<Grants>, visit: Visit, Path(programme): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let (engine, asked) = (grants.clone(), programme.clone());
    let look = move |cx: &mut Cx<'_>| runs::failures(cx, &engine, &asked);
    let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
    let mut table = Table::new(visit.t("grants.failures.caption"))
        .column(visit.t("grants.run.period"))
        .column(visit.t("grants.fact.account"))
        .numbers(visit.t("grants.fact.amount"))
        .column(visit.t("grants.list.why"))
        .column(visit.t("grants.failures.since"));
    for one in &seen {
        let place = one.account.as_ref().map_or_else(String::new, |it| account(&visit, &grants, it));
        table = table.row([
            html! { a href={ "/grants/payments/" (one.run) "/" (one.line) } { (one.period) " · " (one.line) } },
            html! { (place) },
            html! { (visit.money(grants.money(one.amount_minor))) },
            html! { (one.reason.as_ref().map_or_else(String::new, |code| reason(&visit, "reason", code))) },
            html! { (visit.moment(one.changed_at)) },
        ]);
    }
    let about = grants.programme(&programme)?.about();
    Ok(visit
        .page(visit.t("grants.failures.title"))
        .caption(visit.local(&about.name))
        .wide()
        .back(format!("/grants/programmes/{programme}"))
        .body(html! {
            p { (visit.t("grants.failures.lead")) }
            @if seen.is_empty() { p { (visit.t("grants.failures.none")) } } @else { (table) }
        })
        .into_response())
}

async fn one(State(grants): State<Grants>, visit: Visit, Path((run, line)): Path<(String, i64)>) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let look = move |cx: &mut Cx<'_>| runs::payment(cx, &engine, run, line);
    let seen = grants.acts().write(visit.caller(), &Key::none(), look).await?;
    let one = &seen.payment;
    let sent_to = one.account.as_ref().map(|it| account(&visit, &grants, it));
    let now = seen.resolved.account.as_ref().map(|it| account(&visit, &grants, it));
    let number = if one.payee.starts_with("fid:") {
        one.payee.trim_start_matches("fid:").to_owned()
    } else {
        civil::national_id::shown(&one.payee)
    };
    let mut facts = Summary::new(&visit)
        .row(visit.t("grants.fact.name"), seen.name.clone().unwrap_or_else(|| visit.t("grants.fact.unknown")))
        .row(visit.t("grants.fact.number"), number)
        .row(visit.t("grants.fact.amount"), visit.money(grants.money(one.amount_minor)))
        .markup(visit.t("grants.fact.state"), payment_tag(&visit, one.state));
    if let Some(code) = &one.reason {
        facts = facts.row(visit.t("grants.list.why"), reason(&visit, "reason", code));
    }
    facts = facts
        .row(visit.t("grants.payment.sent_to"), sent_to.unwrap_or_else(|| visit.t("grants.fact.none")))
        .row(visit.t("grants.payment.paid_now"), now.unwrap_or_else(|| visit.t("grants.fact.none")));
    if let Some(change) = &seen.resolved.waiting {
        let place = account(&visit, &grants, &change.account);
        facts = facts.row(visit.t("grants.payment.changes"), format!("{place}, {}", visit.moment(change.effective_at)));
    }
    let path = format!("/grants/payments/{run}/{line}");
    let what = one.reason.as_ref().and_then(|code| said(&visit, "what_to_do", code));
    Ok(visit
        .page(visit.t("grants.payment.title"))
        .caption(format!("{} · {line}", one.period))
        .back(format!("/grants/runs/{run}"))
        .body(html! {
            (facts)
            @if seen.may_repair {
                @if let Some(what) = what { (inset(html! { p { (what) } })) }
                (visit.form(&format!("{path}/again"), show::button(&visit.t("grants.payment.again"))))
                p { a href={ "/grants/accounts?number=" (one.payee) } { (visit.t("grants.payment.help")) } }
            }
            @if seen.may_give_up { (visit.form(&format!("{path}/give-up"), show::warning_button(&visit.t("grants.payment.give_up")))) }
        })
        .into_response())
}

async fn again(
    State(grants): State<Grants>,
    visit: Visit,
    Path((run, line)): Path<(String, i64)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let key = key(&visit, "grants.repair", &form.key);
    grants.acts().write(visit.caller(), &key, move |cx| repair(cx, &engine, run, line)).await?;
    Ok(see_other(&format!("/grants/payments/{run}/{line}")))
}

async fn given_up(
    State(grants): State<Grants>,
    visit: Visit,
    Path((run, line)): Path<(String, i64)>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let (engine, run): (Grants, RunId) = (grants.clone(), id(&run)?);
    let key = key(&visit, "grants.give_up", &form.key);
    grants.acts().write(visit.caller(), &key, move |cx| give_up(cx, &engine, run, line)).await?;
    Ok(see_other(&format!("/grants/payments/{run}/{line}")))
}
