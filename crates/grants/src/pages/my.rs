//! A person's own money from the government: what she gets, when, where to, and how to change it.
//!
//! **Invariant:** it is her own, so reading it leaves no act; a change takes two factors and is told to her phone.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Table, Tone, banner, inset};
use edge::{Form, Page, Reply, Sheet, Visit, html, see_other};
use spine::{ActorKind, Cx, Fault};

use super::account::{at_fields, questions, stands, wish};
use super::{account, key, payment_tag, reason};
use crate::engine::Grants;
use crate::mapper::{self, Chosen, OwnPayments, Resolved, choose, stop_change};
use crate::model::PaymentState;

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/my/grants", get(own))
        .route("/my/grants/account", get(change).post(changed))
        .route("/my/grants/account/stop", post(stopped))
}

async fn seen(grants: &Grants, visit: &Visit) -> Reply<(Resolved, OwnPayments)> {
    if visit.must_sign_in()?.kind != ActorKind::Person {
        return Err(Fault::forbidden("grants.own.people").into());
    }
    let engine = grants.clone();
    Ok(grants.acts().read(visit.caller(), move |cx: &mut Cx<'_>| mapper::own(cx, &engine)).await?)
}

async fn own(State(grants): State<Grants>, visit: Visit) -> Reply {
    let (resolved, payments) = seen(&grants, &visit).await?;
    let came_back = payments.iter().any(|(one, _)| one.state == PaymentState::Failed);
    let ready = payments.iter().map(|(one, _)| one).filter(|one| {
        one.state == PaymentState::Held && one.account.as_ref().is_some_and(|account| !account.way.is_carried())
    });
    let mut table = Table::new(visit.t("grants.my.payments"))
        .column(visit.t("grants.my.what"))
        .numbers(visit.t("grants.fact.amount"))
        .column(visit.t("grants.fact.state"))
        .column(visit.t("grants.fact.account"));
    for (one, pay_on) in &payments {
        let name = grants.programmes().get(&one.programme).map(|it| visit.local(&it.about().name).to_owned());
        let place = one.account.as_ref().map_or_else(String::new, |it| account(&visit, &grants, it));
        table = table.row([
            html! { (name.unwrap_or_else(|| one.programme.clone())) br; span.hint { (one.period) } },
            html! { (visit.money(grants.money(one.amount_minor))) },
            html! {
                (payment_tag(&visit, one.state)) br;
                span.hint {
                    @if one.state == PaymentState::Ready { (visit.t("grants.run.pay_on")) " " (visit.date(*pay_on)) }
                    @else { (visit.moment(one.changed_at)) }
                }
                @if let Some(code) = &one.reason { br; span.hint { (reason(&visit, "reason", code)) } }
            },
            html! { (place) },
        ]);
    }
    Ok(visit
        .page(visit.t("grants.my.title"))
        .body(html! {
            @if came_back {
                (banner(Tone::Bad, &visit.t("grants.my.came_back"), html! { p { (visit.t("grants.my.came_back_hint")) } }))
            }
            @for one in ready {
                @let way = one.account.as_ref().map_or("", |account| account.way.code());
                (banner(Tone::Waiting, &visit.t("grants.my.ready"), html! {
                    p { b { (visit.money(grants.money(one.amount_minor))) } " " (visit.t(&format!("grants.my.ready_{way}"))) }
                    @if way == "voucher" { p { a href="/my/grants/vouchers" { (visit.t("grants.my.vouchers")) } } }
                }))
            }
            (stands(&visit, &grants, &resolved))
            @if resolved.waiting.is_some() {
                (inset(html! { p { (visit.t("grants.my.not_me")) } }))
                (visit.form("/my/grants/account/stop", show::warning_button(&visit.t("grants.my.stop"))))
            }
            p { (show::button_link("/my/grants/account", &visit.t("grants.my.change"))) }
            @if payments.is_empty() { p { (visit.t("grants.my.none")) } } @else { (table) }
            p { a href="/my/life" { (visit.t("grants.my.life")) } }
        })
        .into_response())
}

async fn change(State(grants): State<Grants>, visit: Visit) -> Reply {
    let (resolved, payments) = seen(&grants, &visit).await?;
    Ok(change_page(&visit, &grants, (&resolved, &payments), &visit.sheet()).into_response())
}

fn change_page(visit: &Visit, grants: &Grants, (resolved, payments): (&Resolved, &OwnPayments), sheet: &Sheet) -> Page {
    // An account that sent money back may be left at once.
    let at_once = payments.iter().any(|(one, _)| one.state == PaymentState::Failed);
    let waits = spine::Text::new("grants.my.waits").with("hours", grants.programmes().cooling_off_hours());
    visit.page(visit.t("grants.my.change")).back("/my/grants").sheet(sheet).body(html! {
        (stands(visit, grants, resolved))
        @if resolved.account.is_some() && !at_once { p.hint { (visit.say(&waits)) } }
        (visit.form("/my/grants/account", html! {
            (questions(visit, grants, sheet))
            (show::button(&visit.t("grants.account.choose")))
        }))
    })
}

async fn changed(State(grants): State<Grants>, visit: Visit, form: Form) -> Reply {
    let (resolved, payments) = seen(&grants, &visit).await?;
    let faults = match wish(&form.answers) {
        Err(fault) => vec![fault],
        Ok(wish) => {
            let (engine, payee) = (grants.clone(), resolved.payee.clone());
            let key = key(&visit, "grants.choose", &form.key);
            let work = move |cx: &mut Cx<'_>| choose(cx, &engine, &payee, &wish);
            match grants.acts().write::<Chosen, _>(visit.caller(), &key, work).await {
                Ok(_) => return Ok(see_other("/my/grants")),
                Err(fault) => at_fields(fault)?,
            }
        }
    };
    let sheet = visit.sheet_with(form.answers, &faults);
    Ok(change_page(&visit, &grants, (&resolved, &payments), &sheet).into_response())
}

async fn stopped(State(grants): State<Grants>, visit: Visit, form: Form) -> Reply {
    let (resolved, _) = seen(&grants, &visit).await?;
    let engine = grants.clone();
    let key = key(&visit, "grants.stop_change", &form.key);
    let work = move |cx: &mut Cx<'_>| stop_change(cx, &engine, &resolved.payee);
    grants.acts().write(visit.caller(), &key, work).await?;
    Ok(see_other("/my/grants"))
}
