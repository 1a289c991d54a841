//! One's own family, as civil registration knows it.
//!
//! **Invariant:** a person sees her own family and nobody else's; a family member is a name and what she is, no more.

use axum::Router;
use axum::extract::State as Of;
use axum::routing::get;
use edge::show::Table;
use edge::{Page, Refusal, Visit, html};
use spine::{ActorKind, Cx, Fault};

use crate::engine::Civil;
use crate::family::{Tie, family, guardians};

pub(super) fn routes() -> Router<Civil> {
    Router::new().route("/my/family", get(own))
}

async fn own(Of(civil): Of<Civil>, visit: Visit) -> Result<Page, Refusal> {
    let actor = visit.must_sign_in()?;
    if actor.kind != ActorKind::Person {
        return Err(Fault::forbidden("civil.family.people").into());
    }
    let (person, engine) = (actor.whose("civil.family.view")?.to_owned(), civil.clone());
    let read = move |cx: &mut Cx<'_>| {
        let (today, known) = (engine.today(cx), cx.now());
        let family = family(cx, &person, today, known)?;
        let mut rows = Vec::new();
        for (link, holder) in
            family.others.iter().map(|link| (link, true)).chain(family.own.iter().map(|link| (link, false)))
        {
            // A marriage is written in both directions; one tells it all.
            if link.tie == Tie::Household || (link.tie == Tie::Spouse && !holder) {
                continue;
            }
            let other = if holder { &link.holder } else { &link.whose };
            let name = engine.population().person(cx, other)?.map(|person| person.name()).unwrap_or_default();
            rows.push((name, link.tie, holder, link.valid_from));
        }
        let guardians = guardians(cx, &engine, &person)?.len();
        Ok((rows, guardians))
    };
    let (rows, guardians) = civil.acts().read(visit.caller(), read).await?;
    let mut table = Table::new(visit.t("civil.family.caption"))
        .column(visit.t("civil.family.name"))
        .column(visit.t("civil.family.tie"))
        .column(visit.t("civil.family.since"));
    for (name, tie, holder, since) in &rows {
        table =
            table.row([html! { (name) }, html! { (visit.t(tie_key(*tie, *holder))) }, html! { (visit.date(*since)) }]);
    }
    Ok(visit.page(visit.t("civil.family.title")).body(html! {
        p { (visit.t("civil.family.lead")) }
        @if rows.is_empty() { p { (visit.t("civil.family.none")) } } @else { (table) }
        @if guardians > 0 { p { (visit.t("civil.family.guarded")) } }
        p { a href=(visit.site().settings().acting_path) { (visit.t("civil.family.act")) } }
    }))
}

const fn tie_key(tie: Tie, holder: bool) -> &'static str {
    match (tie, holder) {
        (Tie::Mother, true) => "civil.family.mother",
        (Tie::Father, true) => "civil.family.father",
        (Tie::Adopter, true) => "civil.family.adopter",
        (Tie::Guardian, true) => "civil.family.guardian",
        (Tie::Guardian, false) => "civil.family.ward",
        (Tie::Mother | Tie::Father | Tie::Adopter, false) => "civil.family.child",
        (Tie::Spouse, _) => "civil.family.spouse",
        (Tie::Household, _) => "civil.family.household",
    }
}
