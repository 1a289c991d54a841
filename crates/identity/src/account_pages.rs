//! One's own sessions: where one is signed in, and ending any of it.
//!
//! **Invariant:** it shows and ends the visitor's own sessions only; the operation checks, not the page.

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Table, Tone, tag};
use edge::{Form, Markup, Reply, Visit, html, see_other};
use journal::Key;
use spine::Fault;

use crate::recognise::Current;
use crate::session::{self, SessionView};
use crate::settings::Identity;

const PATH: &str = "/account/sessions";

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(PATH, get(list))
        .route("/account/sessions/end", post(end))
        .route("/account/sessions/end-others", post(end_others))
}

async fn list(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    visit.must_sign_in()?;
    let sessions = identity.inner.acts.read(visit.caller(), session::own_sessions).await?;
    let mut table = Table::new(visit.t("identity.sessions.caption"))
        .column(visit.t("identity.sessions.device"))
        .column(visit.t("identity.sessions.started"))
        .column(visit.t("identity.sessions.seen"))
        .column(visit.t("identity.sessions.end"));
    for one in &sessions {
        let own = current.as_ref().is_some_and(|Extension(current)| current.provider == one.id);
        table = table.row([
            device(&visit, one, own),
            html! { (visit.moment(one.made_at)) },
            html! { (visit.moment(one.last_seen_at)) },
            visit.form(
                "/account/sessions/end",
                html! {
                    input type="hidden" name="session" value=(one.id);
                    button.b.b2 { (visit.t("identity.sessions.end")) }
                },
            ),
        ]);
    }
    let others = html! {
        @if sessions.len() > 1 {
            (visit.button_form("/account/sessions/end-others", &visit.t("identity.sessions.end_others")))
        }
    };
    let page = visit.page(visit.t("identity.sessions.title")).body(html! {
        p { (visit.t("identity.sessions.about")) }
        (table)
        (others)
        p { a href="/account/passkeys" { (visit.t("identity.passkeys.title")) } }
        p { a href="/account/consents" { (visit.t("identity.consents.title")) } }
        p { a href="/account/approvals" { (visit.t("identity.approvals.title")) } }
        p { a href="/device" { (visit.t("identity.device.title")) } }
    });
    Ok(page.into_response())
}

fn device(visit: &Visit, one: &SessionView, own: bool) -> Markup {
    html! {
        @if one.user_agent.is_empty() { (visit.t("identity.sessions.unknown")) } @else { (one.user_agent) }
        @if own { " " (tag(Tone::Good, &visit.t("identity.sessions.this"))) }
    }
}

async fn end(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    headers: HeaderMap,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let id = form.answers.one("session").parse().map_err(|_| Fault::not_found("identity.session.missing"))?;
    if current.is_some_and(|Extension(current)| current.provider == id) {
        return identity.end_here(&visit, &headers, "/").await;
    }
    let key = Key::new("identity.session.end", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| session::end_own(cx, id)).await?;
    Ok(see_other(PATH))
}

async fn end_others(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let but = current.map(|Extension(current)| current.provider);
    let key = Key::new("identity.session.end_others", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| session::end_all_own(cx, but)).await?;
    Ok(see_other(PATH))
}
