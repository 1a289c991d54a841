//! Officers' pages of programmes: all of them, one, and money given to it.
//!
//! **Invariant:** a button is shown to whoever may press it; the policies decide again when she does.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Summary, Table, card, cards};
use edge::{Form, Markup, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, Text};

use super::{key, run_tag};
use crate::engine::Grants;
use crate::lists::line;
use crate::money::fund;
use crate::programme::{Every, Programme};
use crate::runs::{self, ProgrammeView};

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/grants", get(all))
        .route("/grants/programmes/{id}", get(one))
        .route("/grants/programmes/{id}/fund", get(fund_page).post(funded))
}

async fn all(State(grants): State<Grants>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let engine = grants.clone();
    let seen = grants.acts().read(visit.caller(), move |cx| runs::desk(cx, &engine)).await?;
    let shown = seen.iter().filter_map(|(id, purse)| Some((grants.programmes().get(id)?, purse)));
    Ok(visit
        .page(visit.t("grants.desk.title"))
        .body(html! {
            p.lead { (visit.t("grants.desk.lead")) }
            (cards(shown.map(|(programme, purse)| card(
                html! { a href={ "/grants/programmes/" (programme.id()) } { (visit.local(&programme.about().name)) } },
                html! {
                    p { (visit.local(&programme.about().summary)) }
                    p.hint { (visit.t("grants.purse.free")) " " b { (visit.money(grants.money(purse.free()))) } }
                },
            ))))
            p { a href="/grants/accounts" { (visit.t("grants.account.help")) } }
        })
        .into_response())
}

fn how_often(visit: &Visit, programme: &Programme) -> String {
    visit.t(match programme.every() {
        Every::Month => "grants.every.month",
        Every::Quarter => "grants.every.quarter",
        Every::Year => "grants.every.year",
    })
}

async fn one(State(grants): State<Grants>, visit: Visit, Path(id): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let (engine, asked) = (grants.clone(), id.clone());
    let seen = grants.acts().read(visit.caller(), move |cx| runs::programme(cx, &engine, &asked)).await?;
    let programme = grants.programme(&id)?;
    let about = programme.about();
    let owner = grants.inner.institutions.get(&about.owner).map_or(about.owner.as_str(), |name| visit.local(name));
    let amount = programme.fixed_amount().map(|minor| visit.money(grants.money(minor)));
    let today = visit.now().date_in(&grants.inner.zone);
    let facts = Summary::new(&visit)
        .row(visit.t("grants.fact.owner"), owner)
        .row(visit.t("grants.fact.law"), visit.local(&about.legal_basis))
        .row(visit.t("grants.fact.amount"), amount.unwrap_or_else(|| visit.t("grants.fact.by_list")))
        .row(visit.t("grants.fact.every"), how_often(&visit, programme))
        .row(visit.t("grants.fact.next"), visit.date(programme.next_pay_day(today)))
        .row(visit.t("grants.purse.free"), visit.money(grants.money(seen.purse.free())))
        .row(visit.t("grants.purse.paid"), visit.money(grants.money(seen.purse.paid)));
    Ok(visit
        .page(visit.local(&about.name))
        .wide()
        .back("/grants")
        .body(html! {
            p.lead { (visit.local(&about.summary)) }
            @if about.illustrative { p.hint { (visit.t("grants.programme.illustrative")) } }
            (facts)
            @if seen.failed > 0 {
                p { a href={ "/grants/programmes/" (id) "/failures" } { (visit.t("grants.failures.link")) " (" (seen.failed) ")" } }
            }
            (lists(&visit, &grants, &seen))
            @if seen.may_take { p { (show::button_link(&format!("/grants/programmes/{id}/list"), &visit.t("grants.list.new"))) } }
            (rounds(&visit, &grants, &seen))
            @if seen.may_fund { p { (show::button_link(&format!("/grants/programmes/{id}/fund"), &visit.t("grants.fund.title"))) } }
        })
        .into_response())
}

fn lists(visit: &Visit, grants: &Grants, seen: &ProgrammeView) -> Markup {
    let mut table = Table::new(visit.t("grants.list.all"))
        .column(visit.t("grants.list.name"))
        .numbers(visit.t("grants.list.accepted"))
        .numbers(visit.t("grants.list.refused"))
        .numbers(visit.t("grants.list.control"))
        .column(visit.t("grants.list.made"));
    for list in &seen.lists {
        table = table.row([
            html! { a href={ "/grants/lists/" (list.id) } { (list.name) } },
            html! { (list.accepted) },
            html! { (list.refused) },
            html! { (visit.money(grants.money(list.control_minor))) },
            html! { (visit.moment(list.made_at)) },
        ]);
    }
    html! { @if seen.lists.is_empty() { p { (visit.t("grants.list.none")) } } @else { (table) } }
}

fn rounds(visit: &Visit, grants: &Grants, seen: &ProgrammeView) -> Markup {
    let mut table = Table::new(visit.t("grants.run.all"))
        .column(visit.t("grants.run.period"))
        .column(visit.t("grants.fact.state"))
        .numbers(visit.t("grants.run.lines"))
        .numbers(visit.t("grants.state.paid"))
        .numbers(visit.t("grants.run.paid_sum"));
    for run in &seen.runs {
        table = table.row([
            html! { a href={ "/grants/runs/" (run.id) } { (run.period) } },
            run_tag(visit, run.state),
            html! { (run.tally.lines) },
            html! { (run.tally.paid) },
            html! { (visit.money(grants.money(run.tally.paid_minor))) },
        ]);
    }
    html! { @if !seen.runs.is_empty() { (table) } }
}

async fn fund_page(State(grants): State<Grants>, visit: Visit, Path(id): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let programme = grants.programme(&id)?;
    Ok(fund_sheet(&visit, programme, &visit.sheet()).into_response())
}

fn fund_sheet(visit: &Visit, programme: &Programme, sheet: &edge::Sheet) -> edge::Page {
    let path = format!("/grants/programmes/{}", programme.id());
    let amount = sheet.text("amount", visit.t("grants.fund.amount")).hint(visit.t("grants.fund.hint"));
    visit
        .page(visit.t("grants.fund.title"))
        .caption(visit.local(&programme.about().name))
        .back(path.as_str())
        .sheet(sheet)
        .body(visit.form(
            &format!("{path}/fund"),
            html! { (amount.inputmode("decimal").width(20).autocomplete("off")) (show::button(&visit.t("grants.fund.button"))) },
        ))
}

async fn funded(State(grants): State<Grants>, visit: Visit, Path(id): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let programme = grants.programme(&id)?;
    let wrong = || Fault::invalid("grants.fund.wrong").field("amount", Text::new("grants.line.amount"));
    let Some(minor) = line::minor(form.answers.one("amount").trim(), grants.inner.currency).filter(|it| *it > 0) else {
        let faults = correctable(wrong())?;
        return Ok(fund_sheet(&visit, programme, &visit.sheet_with(form.answers, &faults)).into_response());
    };
    let (engine, asked): (Grants, String) = (grants.clone(), id.clone());
    let key: Key = key(&visit, "grants.fund", &form.key);
    grants.acts().write(visit.caller(), &key, move |cx| fund(cx, &engine, &asked, minor)).await?;
    Ok(see_other(&format!("/grants/programmes/{id}")))
}
