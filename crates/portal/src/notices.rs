//! What a person was told, to read again.
//!
//! **Invariant:** one-time codes are never among it.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use edge::show::{Tone, card, tag};
use edge::{Page, Refusal, Visit, html};

use crate::Portal;

const LISTED: u16 = 50;

pub(crate) fn routes() -> Router<Portal> {
    Router::new().route("/my/notices", get(notices))
}

async fn notices(State(portal): State<Portal>, visit: Visit) -> Result<Page, Refusal> {
    let person = visit.must_sign_in()?.principal().to_owned();
    let messages = portal.messages.clone();
    let own = portal.acts.read(visit.caller(), move |cx| messages.notices_of(cx, &person, None, LISTED)).await?;
    Ok(visit.page(visit.t("portal.notices.title")).body(html! {
        @if own.is_empty() { p { (visit.t("portal.notices.none")) } }
        @for notice in &own {
            (card(html! { (notice.subject) }, html! { p { (notice.body) } @if notice.failed { p { (tag(Tone::Bad, &visit.t("portal.notices.failed"))) } } p.hint { (visit.moment(notice.at)) } }))
        }
    }))
}
