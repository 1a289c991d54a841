//! One's own printed codes: how many are left, and a new set, shown once on a page made to be printed.
//!
//! **Invariant:** the codes stand in the answer to the form that made them and nowhere else; the page is kept by nobody
//! on the way.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Summary, Tone};
use edge::{Form, Markup, OwnStyle, Reply, Visit, html};
use journal::Key;
use spine::{Cx, Secret};

use crate::fresh;
use crate::letters;
use crate::recognise::Current;
use crate::second::printed::{self, CODES};
use crate::settings::Identity;

const PATH: &str = "/account/recovery-codes";
const MAKE: &str = "/account/recovery-codes/make";

pub(super) fn routes() -> Router<Identity> {
    Router::new().route(PATH, get(own)).route(MAKE, post(make))
}

fn current_of(current: Option<Extension<Current>>) -> Option<Current> {
    current.map(|Extension(current)| current)
}

async fn own(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    visit.must_sign_in()?;
    if let Some(again) = fresh::again(&visit, current_of(current), PATH) {
        return Ok(again);
    }
    let left = identity.inner.acts.read(visit.caller(), printed::left).await?;
    let make = if left.made_at.is_some() { "identity.printed.make_new" } else { "identity.printed.make" };
    let page = visit.page(visit.t("identity.printed.title")).back("/account/sign-in").body(html! {
        p { (visit.t("identity.printed.about")) }
        @if let Some(made_at) = left.made_at {
            (Summary::new(&visit)
                .row(visit.t("identity.printed.left"), left.codes.to_string())
                .row(visit.t("identity.printed.made_at"), visit.moment(made_at)))
            p { (visit.t("identity.printed.ends")) }
        }
        (visit.form(MAKE, show::button(&visit.t(make))))
    });
    Ok(page.into_response())
}

async fn make(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let actor = visit.must_sign_in()?.clone();
    let current = current_of(current);
    if let Some(again) = fresh::again(&visit, current, PATH) {
        return Ok(again);
    }
    let set = crypto::base64url(&visit.site().settings().entropy.seed());
    let mut codes: Vec<(String, Secret<String>)> = Vec::new();
    while codes.len() < CODES {
        let code = letters::draw(&visit);
        let name: String = code.reveal().chars().take(letters::NAME).collect();
        if codes.iter().all(|(known, _)| *known != name) {
            codes.push((name, code));
        }
    }
    let mut hashed = Vec::new();
    for (name, code) in &codes {
        hashed.push((name.clone(), identity.hash_secret(code).await?.reveal().clone()));
    }
    let (messages, own) = (identity.inner.messages.clone(), set.clone());
    let work = move |cx: &mut Cx<'_>| printed::make(cx, &messages, current, &own, &hashed);
    let key = Key::new(&format!("identity.recovery_code:{}", actor.id), form.key.text(), form.key.request());
    let kept = identity.inner.acts.write(visit.caller(), &key, work).await?;
    if kept != set {
        // The form came twice: the codes of the first answer are the ones that count.
        let body = html! { p { (visit.t("identity.printed.once")) } p { a.b href=(PATH) { (visit.t("identity.printed.title")) } } };
        return Ok(visit.page(visit.t("identity.printed.title")).body(body).into_response());
    }
    let shown: Vec<String> = codes.iter().map(|(_, code)| letters::shown(code.reveal())).collect();
    let body = html! {
        (show::banner(Tone::Waiting, &visit.t("identity.printed.now"), html! { p { (visit.t("identity.printed.now_hint")) } }))
        (card(&visit, actor.name.reveal(), &shown))
        p { (visit.t("identity.printed.each")) }
        p { a.b href="/account/sign-in" { (visit.t("identity.printed.kept")) } }
    };
    Ok(visit.page(visit.t("identity.printed.title")).style(CARD).body(body).into_response())
}

/// How the card looks, on the screen and on paper.
const CARD: OwnStyle = OwnStyle::new(include_str!("printed.css"));

/// The codes as a card for the wallet: 85 by 54 millimetres on paper.
fn card(visit: &Visit, name: &str, codes: &[String]) -> Markup {
    let made = visit.moment(visit.now());
    html! {
        section.wal aria-label=(visit.t("identity.printed.caption")) {
            p { b { (visit.t("identity.printed.caption")) } br; (name) " · " (made) }
            ol { @for code in codes { li { code { (code) } } } }
        }
    }
}
