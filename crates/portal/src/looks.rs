//! Who looked at my data: every deed about a person, by whom, why, and by which right.
//!
//! **Invariant:** a person sees all of it, and nobody else's. Reading one's own record leaves no deed.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use edge::show::{Table, pagination};
use edge::{Page, Refusal, Visit, html};
use journal::{ActId, ActView, acts_about};
use serde::Deserialize;
use spine::Cx;

use crate::Portal;

/// Deeds on one page.
const LISTED: u16 = 50;
/// How many deeds are read to fill a page of looks.
const READ: u16 = 500;

pub(crate) fn routes() -> Router<Portal> {
    Router::new().route("/my/looks", get(looks))
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
    all: Option<String>,
}

/// Looking, as against doing.
fn is_look(act: &ActView) -> bool {
    ["looked", "viewed", "searched", "passed"].iter().any(|verb| act.kind.ends_with(verb))
}

async fn looks(State(portal): State<Portal>, visit: Visit, Query(asked): Query<Asked>) -> Result<Page, Refusal> {
    let person = visit.must_sign_in()?.whose("journal.act.view")?.to_owned();
    let whose = person.clone();
    let before = asked.before.as_deref().and_then(|id| id.parse::<ActId>().ok());
    let all = asked.all.is_some();
    let limit = if all { LISTED } else { READ };
    let read = move |cx: &mut Cx<'_>| {
        let acts = acts_about(cx, &person, before, limit)?;
        let people = acts.iter().filter(|act| act.actor.kind == "person").map(|act| act.actor.id.clone()).collect();
        Ok((acts, identity::names_of(cx, people)?))
    };
    let (mut acts, names) = portal.acts.read(visit.caller(), read).await?;
    let more = acts.len() == usize::from(limit);
    if !all {
        acts.retain(is_look);
        acts.truncate(usize::from(LISTED));
    }
    let next = acts
        .last()
        .filter(|_| more || acts.len() == usize::from(LISTED))
        .map(|act| format!("/my/looks?before={}{}", act.id, if all { "&all=1" } else { "" }));
    let mut table = Table::new(visit.t(if all { "portal.looks.all_caption" } else { "portal.looks.caption" }))
        .column(visit.t("portal.looks.when"))
        .column(visit.t("portal.looks.who"))
        .column(visit.t("portal.looks.what"))
        .column(visit.t("portal.looks.why"))
        .column(visit.t("portal.looks.law"));
    for act in &acts {
        table = table.row([
            html! { (visit.moment(act.at)) },
            html! { (who(&visit, &portal, act, &names, &whose)) },
            html! { (said(&visit, "act", &act.kind)) },
            html! { (said(&visit, "purpose", &act.purpose)) },
            html! { (said(&visit, "basis", &act.legal_basis)) },
        ]);
    }
    Ok(visit.page(visit.t("portal.looks.title")).wide().body(html! {
        p { (visit.t("portal.looks.lead")) }
        @if acts.is_empty() { p { (visit.t("portal.looks.none")) } } @else { (table) }
        (pagination(&visit, before.map(|_| "/my/looks"), next.as_deref()))
        @if all { p { a href="/my/looks" { (visit.t("portal.looks.only")) } } }
        @else { p { a href="/my/looks?all=1" { (visit.t("portal.looks.everything")) } } }
    }))
}

fn who(visit: &Visit, portal: &Portal, act: &ActView, names: &BTreeMap<String, String>, whose: &str) -> String {
    if act.actor.id == visit.actor().id {
        return visit.t("portal.looks.you");
    }
    match act.actor.kind.as_str() {
        "officer" => {
            let institution = act.actor.institution.as_ref().and_then(|id| portal.institutions.get(id));
            let name = institution.map(|name| visit.local(name)).unwrap_or_default();
            let short: String = act.actor.id.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
            format!("{name} ({} {short})", visit.t("portal.looks.officer"))
        }
        // Both see who acts for whom; so she sees by name who acted for her.
        "person" => {
            let name = names.get(&act.actor.id).cloned().unwrap_or_else(|| visit.t("portal.looks.somebody"));
            match act.on_behalf_of.as_deref() == Some(whose) {
                true => visit.t1("portal.looks.for_you", "name", name),
                false => name,
            }
        }
        "system" => visit.t("portal.looks.program"),
        "client" => act.actor.id.clone(),
        "device" => visit.t1("portal.looks.device", "id", act.actor.id.clone()),
        _ => visit.t("portal.looks.nobody"),
    }
}

/// A code in words, where the catalogue knows it.
fn said(visit: &Visit, group: &str, code: &str) -> String {
    let key = format!("{group}.{code}");
    if visit.site().words().knows(visit.language(), &key) { visit.t(&key) } else { code.to_owned() }
}
