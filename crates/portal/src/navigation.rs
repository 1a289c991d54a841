//! What stands in the navigation bar and at the foot of every page.
//!
//! **Invariant:** a link is shown to whoever may follow it; the policies decide again when she does.

use edge::Link;
use spine::{Actor, ActorKind};

/// The bar, by who visits.
#[must_use]
pub fn navigation(actor: &Actor) -> Vec<Link> {
    match actor.kind {
        // Who acts for an organisation looks after its devices.
        ActorKind::Person if actor.on_behalf_of.as_ref().is_some_and(|behalf| behalf.person.starts_with("org_")) => {
            vec![Link::new("/devices", "portal.nav.devices")]
        }
        ActorKind::Person => vec![
            Link::new("/services", "portal.nav.services"),
            Link::new("/my/cases", "portal.nav.cases"),
            Link::new("/my/looks", "portal.nav.looks"),
            Link::new("/my/notices", "portal.nav.notices"),
        ],
        ActorKind::Officer => {
            let mut links =
                vec![Link::new("/desk", "portal.nav.tasks"), Link::new("/registers", "portal.nav.registers")];
            let civil = ["registration-officer", "registrar", "health-worker", "chief"];
            if civil.iter().any(|role| actor.has_role(role)) {
                links.push(Link::new("/civil", "portal.nav.civil"));
                links.push(Link::new("/life", "portal.nav.life"));
            }
            if ["enrolment-officer", "enrolment-supervisor"].iter().any(|role| actor.has_role(role)) {
                links.push(Link::new("/enrolment", "portal.nav.enrolment"));
                links.push(Link::new("/enrolment/people", "portal.nav.people"));
            }
            if actor.has_role("card-officer") {
                links.push(Link::new("/enrolment/cards", "portal.nav.cards"));
            }
            if actor.has_role("chief") {
                links.push(Link::new("/introductions", "portal.nav.introductions"));
            }
            if ["grants-officer", "grants-approver", "payments-officer"].iter().any(|role| actor.has_role(role)) {
                links.push(Link::new("/grants", "portal.nav.grants"));
            }
            if actor.has_role("post-office-clerk") {
                links.push(Link::new("/post-office", "portal.nav.counter"));
            }
            if actor.has_role("agents-officer") {
                links.push(Link::new("/agents", "portal.nav.agents"));
            }
            if actor.has_role("agent-clerk") {
                links.push(Link::new("/agent", "portal.nav.counter"));
            }
            if ["post-office-clerk", "agent-clerk"].iter().any(|role| actor.has_role(role)) {
                links.push(Link::new("/cash", "portal.nav.cash"));
            }
            if ["billing-officer", "payments-officer"].iter().any(|role| actor.has_role(role)) {
                links.push(Link::new("/billers", "portal.nav.billers"));
            }
            if actor.has_role("payments-officer") {
                links.push(Link::new("/treasury", "portal.nav.treasury"));
                links.push(Link::new("/payments", "portal.nav.payments"));
                links.push(Link::new("/disputes", "portal.nav.disputes"));
            }
            if actor.has_role("fund-officer") {
                links.push(Link::new("/funds", "portal.nav.funds"));
            }
            if actor.has_role("switch-operator") {
                links.push(Link::new("/switch", "portal.nav.switch"));
            }
            if actor.has_role("identity-officer") {
                links.push(Link::new("/identity/clients", "portal.nav.clients"));
                links.push(Link::new("/identity/mandates", "portal.nav.mandates"));
                links.push(Link::new("/devices", "portal.nav.devices"));
                links.push(Link::new("/recovery", "portal.nav.recovery"));
            }
            if actor.has_role("operator") {
                links.push(Link::new("/operations/jobs", "portal.nav.jobs"));
            }
            links
        }
        _ => vec![Link::new("/services", "portal.nav.services"), Link::new("/verify", "portal.nav.verify")],
    }
}

/// The foot.
#[must_use]
pub fn footer() -> Vec<Link> {
    vec![
        Link::new("/bill", "portal.nav.bill"),
        Link::new("/verify", "portal.nav.verify"),
        Link::new("/card", "portal.nav.card"),
        Link::new("/log/checkpoint", "portal.nav.log"),
        Link::new("/funds", "portal.nav.funds"),
        Link::new("/api/openapi.json", "portal.nav.api"),
    ]
}
