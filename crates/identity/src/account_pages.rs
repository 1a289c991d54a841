//! One's own browsers and sessions: where one is signed in, what one calls each, ending any of it, and "this was not me".
//!
//! **Invariant:** it shows and ends the visitor's own only; the operation checks, not the page.

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Summary, Table, Tone, tag};
use edge::{Form, Markup, Query, Reply, Visit, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{ActorKind, Cx, Fault};

use crate::browsers::{self, Known};
use crate::recognise::Current;
use crate::session::{self, SessionView};
use crate::settings::Identity;

const PATH: &str = "/account/sessions";
const ONE: &str = "/account/browsers";

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(PATH, get(list))
        .route("/account/sessions/end", post(end))
        .route("/account/sessions/end-others", post(end_others))
        .route(ONE, get(one))
        .route("/account/browsers/name", post(name))
        .route("/account/browsers/forget", post(forget))
        .route("/account/browsers/not-me", post(disown))
}

/// What a browser is called.
fn called(visit: &Visit, known: &Known) -> String {
    match &known.name {
        Some(name) => name.clone(),
        None if known.user_agent.is_empty() => visit.t("identity.sessions.unknown"),
        None => known.user_agent.clone(),
    }
}

async fn list(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    visit.must_sign_in()?;
    let look = |cx: &mut Cx<'_>| Ok((session::own_sessions(cx)?, browsers::own(cx)?));
    let (sessions, known) = identity.inner.acts.read(visit.caller(), look).await?;
    let here = current.map(|Extension(current)| current.provider.to_string());
    let mut table = Table::new(visit.t("identity.sessions.caption"))
        .column(visit.t("identity.sessions.device"))
        .column(visit.t("identity.browsers.first"))
        .column(visit.t("identity.sessions.seen"))
        .column(visit.t("identity.sessions.signed_in"));
    for browser in &known {
        let own = here.as_ref().is_some_and(|here| browser.sessions.contains(here));
        let open = sessions.iter().filter(|one| browser.sessions.contains(&one.id.to_string()));
        let link = format!("{ONE}?id={}", browser.id);
        table = table.row([
            html! {
                a href=(link) { (called(&visit, browser)) }
                @if own { " " (tag(Tone::Good, &visit.t("identity.sessions.this"))) }
            },
            html! { (visit.moment(browser.first_seen_at)) },
            html! { (visit.moment(browser.last_seen_at)) },
            html! { @for one in open { (end_button(&visit, one)) } },
        ]);
    }
    // Opened before browsers were remembered.
    for one in sessions.iter().filter(|one| !known.iter().any(|known| known.sessions.contains(&one.id.to_string()))) {
        table = table.row([
            html! { (one.user_agent) },
            html! { (visit.moment(one.made_at)) },
            html! { (visit.moment(one.last_seen_at)) },
            end_button(&visit, one),
        ]);
    }
    let page = visit.page(visit.t("identity.sessions.title")).back("/account").body(html! {
        p { (visit.t("identity.sessions.about")) }
        (table)
        @if sessions.len() > 1 {
            (visit.button_form("/account/sessions/end-others", &visit.t("identity.sessions.end_others")))
        }
        p { a href="/account/sign-in" { (visit.t("identity.own.title")) } }
        p { a href="/account/consents" { (visit.t("identity.consents.title")) } }
        p { a href="/account/approvals" { (visit.t("identity.approvals.title")) } }
        p { a href="/device" { (visit.t("identity.device.title")) } }
    });
    Ok(page.into_response())
}

fn end_button(visit: &Visit, one: &SessionView) -> Markup {
    let form = html! {
        input type="hidden" name="session" value=(one.id);
        button.b.b2 { (visit.t("identity.sessions.end")) span.vh { " " (visit.moment(one.made_at)) } }
    };
    visit.form("/account/sessions/end", form)
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

impl Identity {
    async fn own_browser(&self, visit: &Visit, id: &str) -> Result<Known, Fault> {
        let known = self.inner.acts.read(visit.caller(), browsers::own).await?;
        known.into_iter().find(|known| known.id == id).ok_or_else(|| Fault::not_found("identity.browser.missing"))
    }
}

async fn one(State(identity): State<Identity>, visit: Visit, Query(named): Query<Named>) -> Reply {
    let person = visit.must_sign_in()?.kind == ActorKind::Person;
    let known = identity.own_browser(&visit, named.id.as_deref().unwrap_or_default()).await?;
    let id = || html! { input type="hidden" name="browser" value=(known.id); };
    let sheet = visit.sheet();
    let field = sheet.text("name", visit.t("identity.browsers.name")).hint(visit.t("identity.browsers.name_hint"));
    let field = field.value(known.name.clone().unwrap_or_default()).max_length(40).width(20);
    let page = visit.page(called(&visit, &known)).back(PATH).body(html! {
        (Summary::new(&visit)
            .row(visit.t("identity.browsers.kind"), &known.user_agent)
            .row(visit.t("identity.browsers.first"), visit.moment(known.first_seen_at))
            .row(visit.t("identity.sessions.seen"), visit.moment(known.last_seen_at)))
        (visit.form("/account/browsers/name", html! { (id()) (field) (show::button(&visit.t("identity.browsers.keep"))) }))
        (visit.form("/account/browsers/forget", html! { (id()) button.b.b2 { (visit.t("identity.browsers.forget")) } }))
        @if person {
            h2 { (visit.t("identity.browsers.not_me")) }
            p { (visit.t("identity.browsers.not_me_about")) }
            (visit.form("/account/browsers/not-me", html! { (id()) (show::warning_button(&visit.t("identity.browsers.disown"))) }))
        }
    });
    Ok(page.into_response())
}

async fn name(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let id = form.answers.one("browser").to_owned();
    let name: String = form.answers.one("name").trim().chars().filter(|letter| !letter.is_control()).take(40).collect();
    if name.is_empty() {
        return Ok(see_other(PATH));
    }
    let key = Key::new("identity.browser.name", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| browsers::name(cx, &id, &name)).await?;
    Ok(see_other(PATH))
}

async fn forget(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    headers: HeaderMap,
    form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let id = form.answers.one("browser").to_owned();
    let known = identity.own_browser(&visit, &id).await?;
    let here = current.is_some_and(|Extension(current)| known.sessions.contains(&current.provider.to_string()));
    let key = Key::new("identity.browser.forget", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| browsers::forget(cx, &id)).await?;
    if here { identity.end_here(&visit, &headers, "/").await } else { Ok(see_other(PATH)) }
}

async fn disown(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    if visit.must_sign_in()?.kind != ActorKind::Person {
        return Err(Fault::forbidden("identity.life.people").into());
    }
    let (id, messages) = (form.answers.one("browser").to_owned(), identity.inner.messages.clone());
    let key = Key::new("identity.browser.disown", form.key.text(), form.key.request());
    identity.inner.acts.write(visit.caller(), &key, move |cx| browsers::disown(cx, &messages, &id)).await?;
    let body = html! {
        p { (visit.t("identity.browsers.locked")) }
        p { a.b href="/recover" { (visit.t("identity.recover.title")) } }
    };
    Ok(visit.page(visit.t("identity.browsers.not_me")).body(body).into_response())
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
