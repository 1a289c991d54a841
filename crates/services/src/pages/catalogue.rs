//! The catalogue: all services, found by word, and what one needs to know of each.
//!
//! **Invariant:** nobody has to sign in to read it.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use edge::show::{self, Tone, card, cards, inset};
use edge::{Page, Refusal, Visit, html};
use serde::Deserialize;

use crate::Services;
use crate::service::Service;

pub(super) fn routes() -> Router<Services> {
    Router::new().route("/services", get(all)).route("/services/{service}", get(one))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn all(State(services): State<Services>, visit: Visit, Query(asked): Query<Asked>) -> Page {
    let today = visit.now().date_in(visit.site().words().zone());
    let words: String = asked.q.chars().take(200).collect();
    let catalogue = services.catalogue();
    let found = if words.trim().is_empty() {
        catalogue.all(visit.language(), today)
    } else {
        catalogue.search(&words, visit.language(), today)
    };
    let title = visit.t("services.catalogue.title");
    visit.page(title).body(html! {
        (show::search(&visit, "/services", &visit.t("services.catalogue.search"), &words))
        @if found.is_empty() {
            p { (visit.t1("services.catalogue.nothing", "words", words.as_str())) }
        }
        (cards(found.iter().map(|service| {
            let about = &service.pack.service;
            card(
                html! { a href={ "/services/" (service.id()) } { (visit.local(&about.name)) } },
                html! { p { (visit.local(&about.summary)) } },
            )
        })))
    })
}

async fn one(State(services): State<Services>, visit: Visit, Path(service): Path<String>) -> Result<Page, Refusal> {
    let service = services.catalogue().offered(&service)?;
    let about = &service.pack.service;
    let authority = services.catalogue().institution(about.authority.get_ref());
    Ok(visit.page(visit.local(&about.name)).back("/services").body(html! {
        p.lead { (visit.local(&about.summary)) }
        @if about.illustrative { (illustrative(&visit)) }
        h2 { (visit.t("services.about.known")) }
        p { (visit.t("services.about.known_hint")) }
        ul {
            @for evidence in &service.pack.evidence {
                li {
                    (visit.local(&evidence.name)) ": "
                    (evidence.claims.iter().filter(|claim| !claim.hidden).map(|claim| visit.local(&claim.name).to_lowercase()).collect::<Vec<_>>().join(", "))
                }
            }
        }
        @if !about.needs.is_empty() {
            h2 { (visit.t("services.about.needs")) }
            ul { @for need in &about.needs { li { (visit.local(need)) } } }
        }
        h2 { (visit.t("services.about.fee")) }
        (fees(&services, &visit, service))
        h2 { (visit.t("services.about.time")) }
        p { (days(&visit, about.sla.decide.get_ref())) " " (visit.t("services.about.by")) " " (visit.local(&authority)) "." }
        (show::button_link(&format!("/services/{}/start", service.id()), &visit.t("services.about.start")))
        (show::details(&visit.t("services.about.law"), html! {
            p { (visit.local(&about.legal_basis)) }
            p { (visit.local(&about.appeal)) }
        }))
    }))
}

/// Says that figures are examples.
pub(super) fn illustrative(visit: &Visit) -> edge::Markup {
    inset(html! { p { (show::tag(Tone::Plain, &visit.t("services.example"))) " " (visit.t("services.illustrative")) } })
}

fn fees(services: &Services, visit: &Visit, service: &Service) -> edge::Markup {
    html! {
        @if service.pack.fees.is_empty() { p { (visit.t("services.about.free")) } }
        @else {
            ul {
                @for fee in &service.pack.fees {
                    li { (visit.local(&fee.name)) ": " b { (visit.money(services.money(fee.minor))) } }
                }
            }
        }
    }
}

/// An ISO 8601 duration in whole days, as a sentence.
fn days(visit: &Visit, duration: &str) -> String {
    let start = jiff::civil::date(2026, 1, 1);
    let days = crate::later(start, duration).and_then(|end| start.until(end).ok()).map_or(0, |span| span.get_days());
    visit.t1("services.about.days", "count", i64::from(days))
}
