//! Somebody's family as an officer sees it, and what she enters there: a guardian by a court's order, the end of one, a
//! household.
//!
//! **Invariant:** numbers of people stand in forms and never in addresses.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::show::{self, Table};
use edge::{Answers, Form, Markup, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Resource, Text};

use super::key;
use crate::engine::Civil;
use crate::family::{LinkId, Tie};
use crate::guardian::{appoint, dismiss};
use crate::household::{MEMBERS, gather};
use crate::look_at_family::{FamilySeen, Relative, find_for_family, look_at_family};

const FIND: &str = "/civil/families";

pub(super) fn routes() -> Router<Civil> {
    Router::new()
        .route(FIND, get(find_form).post(found))
        .route("/civil/families/{person}", get(family))
        .route("/civil/families/{person}/guardians", post(appointed))
        .route("/civil/families/{person}/dismiss", post(dismissed))
        .route("/civil/families/{person}/household", post(gathered))
}

async fn find_form(Of(civil): Of<Civil>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let may = |cx: &mut Cx<'_>| cx.may("civil.family.look", &Resource::new("Person", "by-number"));
    civil.acts().read(visit.caller(), may).await?;
    Ok(find_page(&visit, &visit.sheet()))
}

fn find_page(visit: &Visit, sheet: &Sheet) -> Response {
    let form = html! {
        p { (visit.t("civil.families.lead")) }
        (sheet.text("number", visit.t("civil.families.number")).inputmode("numeric").width(20).autocomplete("off"))
        (show::button(&visit.t("edge.search")))
    };
    let page = visit.page(visit.t("civil.families.title")).back("/civil").sheet(sheet);
    page.body(visit.form(FIND, form)).into_response()
}

async fn found(Of(civil): Of<Civil>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    match person_of(&civil, &visit, form.answers.one("number")).await {
        Ok(person) => Ok(see_other(&format!("{FIND}/{person}"))),
        Err(fault) => {
            let faults = unknown(fault, "number")?;
            Ok(find_page(&visit, &visit.sheet_with(form.answers, &faults)))
        }
    }
}

async fn person_of(civil: &Civil, visit: &Visit, number: &str) -> Result<String, Fault> {
    let (engine, number) = (civil.clone(), number.to_owned());
    civil.acts().read(visit.caller(), move |cx| find_for_family(cx, &engine, &number)).await
}

/// A number that nobody has is a fault of its field; anything else is what it is.
fn unknown(fault: Fault, field: &str) -> Result<Vec<FieldFault>, Refusal> {
    if fault.code() == "civil.person.unknown" {
        return Ok(vec![FieldFault { field: field.to_owned(), text: Text::new("civil.party.unknown") }]);
    }
    correctable(fault)
}

async fn family(Of(civil): Of<Civil>, visit: Visit, Path(person): Path<String>) -> Reply {
    shown(&civil, &visit, &person, &visit.sheet()).await
}

async fn shown(civil: &Civil, visit: &Visit, person: &str, sheet: &Sheet) -> Reply {
    visit.must_sign_in()?;
    let (engine, of) = (civil.clone(), person.to_owned());
    let look = move |cx: &mut Cx<'_>| look_at_family(cx, &engine, &of);
    let seen = civil.acts().write(visit.caller(), &Key::none(), look).await?;
    let page = visit.page(seen.person.name()).caption(visit.t("civil.families.title")).back(FIND).sheet(sheet);
    Ok(page.body(body(visit, &seen, sheet)).into_response())
}

fn body(visit: &Visit, seen: &FamilySeen, sheet: &Sheet) -> Markup {
    let here = format!("{FIND}/{}", seen.person.id);
    let order = || sheet.text("order", visit.t("civil.entry.order")).autocomplete("off");
    let guardian = html! {
        p { (visit.t("civil.families.guardian_hint")) }
        (sheet.text("guardian", visit.t("civil.families.guardian")).inputmode("numeric").width(20).autocomplete("off"))
        (order())
        (show::button(&visit.t("civil.families.appoint")))
    };
    let household = html! {
        p { (visit.t("civil.families.household_hint")) }
        (sheet.area("members", visit.t("civil.families.members")).rows(5).max_length(1_000))
        (show::button(&visit.t("civil.families.gather")))
    };
    html! {
        @if seen.relatives.is_empty() { p { (visit.t("civil.families.none")) } } @else { (table(visit, seen)) }
        @for relative in seen.relatives.iter().filter(|one| one.tie == Tie::Guardian && one.holds) {
            (show::details(
                &visit.t1("civil.families.dismiss", "name", relative.name.as_str()),
                visit.form(&format!("{here}/dismiss"), html! {
                    input type="hidden" name="link" value=(relative.link);
                    (order())
                    (show::warning_button(&visit.t("civil.families.end")))
                }),
            ))
        }
        h2 { (visit.t("civil.families.household")) }
        @if seen.household.is_empty() { p { (visit.t("civil.families.no_household")) } }
        @else { ul { @for name in &seen.household { li { (name) } } } }
        (show::details(&visit.t("civil.families.appoint"), visit.form(&format!("{here}/guardians"), guardian)))
        (show::details(&visit.t("civil.families.gather"), visit.form(&format!("{here}/household"), household)))
    }
}

fn table(visit: &Visit, seen: &FamilySeen) -> Table {
    let table = Table::new(visit.t("civil.families.caption"))
        .column(visit.t("civil.family.name"))
        .column(visit.t("civil.families.tie"))
        .column(visit.t("civil.family.since"));
    seen.relatives.iter().fold(table, |table, one: &Relative| {
        table.row([
            html! { (one.name) },
            html! { (visit.t(tie_key(one.tie, one.holds))) },
            html! { (visit.date(one.since)) },
        ])
    })
}

async fn appointed(Of(civil): Of<Civil>, visit: Visit, Path(ward): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let done = async {
        let guardian = person_of(&civil, &visit, form.answers.one("guardian")).await?;
        let (engine, of, order) = (civil.clone(), ward.clone(), form.answers.one("order").to_owned());
        let work = move |cx: &mut Cx<'_>| appoint(cx, &engine, &guardian, &of, &order);
        civil.acts().write(visit.caller(), &key(&visit, "civil.appoint", &form), work).await
    };
    let done = done.await;
    finished(&civil, &visit, &ward, done, form.answers, "guardian").await
}

async fn dismissed(Of(civil): Of<Civil>, visit: Visit, Path(ward): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let link: LinkId = form.answers.one("link").parse().map_err(|_| Fault::not_found("civil.guardian.none"))?;
    let (engine, of, order) = (civil.clone(), ward.clone(), form.answers.one("order").to_owned());
    let work = move |cx: &mut Cx<'_>| dismiss(cx, &engine, &of, link, &order);
    let done = civil.acts().write(visit.caller(), &key(&visit, "civil.dismiss", &form), work).await;
    finished(&civil, &visit, &ward, done, form.answers, "order").await
}

async fn gathered(Of(civil): Of<Civil>, visit: Visit, Path(person): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let done = async {
        let mut people = vec![person.clone()];
        let numbers = form.answers.one("members").lines().map(str::trim).filter(|line| !line.is_empty());
        for number in numbers.take(MEMBERS) {
            people.push(person_of(&civil, &visit, number).await?);
        }
        let engine = civil.clone();
        let work = move |cx: &mut Cx<'_>| gather(cx, &engine, &people).map(drop);
        civil.acts().write(visit.caller(), &key(&visit, "civil.gather", &form), work).await
    };
    let done = done.await;
    finished(&civil, &visit, &person, done, form.answers, "members").await
}

async fn finished(
    civil: &Civil,
    visit: &Visit,
    person: &str,
    done: Result<(), Fault>,
    answers: Answers,
    field: &str,
) -> Reply {
    match done {
        Ok(()) => Ok(see_other(&format!("{FIND}/{person}"))),
        Err(fault) => {
            let faults = unknown(fault, field)?;
            shown(civil, visit, person, &visit.sheet_with(answers, &faults)).await
        }
    }
}

/// What a relative is, as one says it of somebody else.
const fn tie_key(tie: Tie, holds: bool) -> &'static str {
    match (tie, holds) {
        (Tie::Mother, true) => "civil.families.is_mother",
        (Tie::Father, true) => "civil.families.is_father",
        (Tie::Adopter, true) => "civil.families.is_adopter",
        (Tie::Guardian, true) => "civil.families.is_guardian",
        (Tie::Guardian, false) => "civil.families.is_ward",
        (Tie::Mother | Tie::Father | Tie::Adopter, false) => "civil.families.is_child",
        (Tie::Spouse | Tie::Household, _) => "civil.families.is_spouse",
    }
}
