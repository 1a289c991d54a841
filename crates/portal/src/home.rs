//! The home page, a person's own page, and her account.
//!
//! **Invariant:** the first page says what one can do here, in one screen of a small phone.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, card, cards};
use edge::{Page, Reply, Visit, html, see_other};
use spine::ActorKind;

use crate::Portal;

/// Services shown before one searches.
const SHOWN: usize = 6;

pub(crate) fn routes() -> Router<Portal> {
    Router::new().route("/", get(home)).route("/my", get(my)).route("/account", get(account))
}

async fn home(State(portal): State<Portal>, visit: Visit) -> Page {
    let today = visit.now().date_in(visit.site().words().zone());
    let services = portal.services.catalogue().all(visit.language(), today);
    visit.page(visit.t("portal.home.title")).body(html! {
        p.lead { (visit.t("portal.home.lead")) }
        (show::search(&visit, "/services", &visit.t("services.catalogue.search"), ""))
        (cards(services.iter().take(SHOWN).map(|service| {
            let about = &service.pack().service;
            card(
                html! { a href={ "/services/" (service.id()) } { (visit.local(&about.name)) } },
                html! { p { (visit.local(&about.summary)) } },
            )
        })))
        h2 { (visit.t("portal.home.trust")) }
        ul {
            li { (visit.t("portal.home.once")) }
            li { (visit.t("portal.home.looks")) }
            li { (visit.t("portal.home.check")) " " a href="/verify" { (visit.t("portal.nav.verify")) } }
        }
    })
}

async fn my(visit: Visit) -> Reply {
    let to = match visit.must_sign_in()?.kind {
        ActorKind::Officer => "/desk",
        _ => "/my/cases",
    };
    Ok(see_other(to))
}

async fn account(visit: Visit) -> Reply {
    let actor = visit.must_sign_in()?;
    let officer = actor.kind == ActorKind::Officer;
    let link = |href: &str, key: &str, hint: &str| {
        card(html! { a href=(href) { (visit.t(key)) } }, html! { p { (visit.t(hint)) } })
    };
    let mut all = Vec::new();
    if !officer {
        all.push(link("/my/cases", "portal.nav.cases", "portal.account.cases"));
        all.push(link("/my/number", "portal.nav.number", "portal.account.number"));
        all.push(link("/my/family", "portal.nav.family", "portal.account.family"));
        all.push(link("/my/grants", "portal.nav.my_grants", "portal.account.grants"));
        all.push(link("/my/life", "portal.nav.life", "portal.account.life"));
        all.push(link("/my/looks", "portal.nav.looks", "portal.account.looks"));
        all.push(link("/my/notices", "portal.nav.notices", "portal.account.notices"));
    }
    if !officer {
        all.push(link("/account/mandates", "identity.mandates.title", "portal.account.mandates"));
    }
    all.push(link("/account/sessions", "portal.account.sessions", "portal.account.sessions_hint"));
    if !officer {
        all.push(link("/account/factors", "portal.account.factors", "portal.account.factors_hint"));
    }
    all.push(link("/account/sign-in", "portal.account.sign_in", "portal.account.sign_in_hint"));
    if officer {
        all.push(link("/account/passkeys", "portal.account.passkeys", "portal.account.passkeys_hint"));
    }
    let page = visit.page(actor.name.reveal().as_str()).body(html! {
        (cards(all))
        p { a href="/sign-out" { (visit.t("edge.sign_out")) } }
    });
    Ok(page.into_response())
}
