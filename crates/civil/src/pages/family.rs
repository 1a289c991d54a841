//! One's own family, as civil registration knows it.
//!
//! **Invariant:** a person sees her own family and nobody else's; a family member is a name and what she is, no more.

use axum::Router;
use axum::extract::State as Of;
use axum::routing::get;
use edge::show::Table;
use edge::{Page, Refusal, Visit, html};
use spine::{ActorKind, Cx, Fault};

use super::state_tag;
use crate::engine::Civil;
use crate::event::Event;
use crate::family::{Tie, guardians};
use crate::look_at_family::relatives;
use crate::notify::own_notices;
use crate::reference;

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
        let (relatives, _) = relatives(cx, &engine, &person)?;
        Ok((relatives, guardians(cx, &engine, &person)?.len(), own_notices(cx)?))
    };
    let (relatives, guardians, notices) = civil.acts().read(visit.caller(), read).await?;
    let mut table = Table::new(visit.t("civil.family.caption"))
        .column(visit.t("civil.family.name"))
        .column(visit.t("civil.family.tie"))
        .column(visit.t("civil.family.since"));
    for one in &relatives {
        let tie = visit.t(tie_key(one.tie, one.holds));
        table = table.row([html! { (one.name) }, html! { (tie) }, html! { (visit.date(one.since)) }]);
    }
    Ok(visit.page(visit.t("civil.family.title")).body(html! {
        p { (visit.t("civil.family.lead")) }
        @if relatives.is_empty() { p { (visit.t("civil.family.none")) } } @else { (table) }
        @if guardians > 0 { p { (visit.t("civil.family.guarded")) } }
        p { a href=(visit.site().settings().acting_path) { (visit.t("civil.family.act")) } }
        h2 { (visit.t("civil.family.notify")) }
        p { (visit.t("civil.family.notify_lead")) }
        ul {
            @for kind in civil.kinds().iter().filter(|kind| kind.notice_by_people) {
                li { a href={ "/civil/notify/" (kind.id) } { (visit.local(&kind.name)) } }
            }
        }
        @if !notices.is_empty() { (given(&civil, &visit, &notices)) }
    }))
}

/// The notices she gave, and what became of them.
fn given(civil: &Civil, visit: &Visit, notices: &[Event]) -> Table {
    let table = Table::new(visit.t("civil.family.notices"))
        .column(visit.t("civil.event.reference"))
        .column(visit.t("civil.event.kind"))
        .column(visit.t("civil.event.occurred"))
        .column(visit.t("civil.event.state"));
    notices.iter().fold(table, |table, event| {
        let name = civil.kinds().get(&event.kind).map(|kind| visit.local(&kind.name)).unwrap_or_default();
        table.row([
            html! { (reference::shown(&event.reference)) },
            html! { (name) },
            html! { (visit.date(event.occurred_on)) },
            state_tag(visit, event.state),
        ])
    })
}

/// What a relative is, as one says it to the person herself.
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
