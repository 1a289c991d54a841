//! How one signs in: one's own ways at a glance, and the second step one is asked for.
//!
//! **Invariant:** only ways that she has can be chosen; a printed code is for when the others fail and is no choice.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::Summary;
use edge::{Form, Reply, Visit, html, see_other};
use journal::Key;
use spine::{ActorKind, Cx, Fault};

use crate::fresh;
use crate::recognise::Current;
use crate::rows::{accounts, second as rows};
use crate::second::code_pages::{choices, label};
use crate::second::{Way, authenticator, usual, ways};
use crate::settings::Identity;

const PATH: &str = "/account/sign-in";
const CHOOSE: &str = "/account/second-step";

pub(super) fn routes() -> Router<Identity> {
    Router::new().route(PATH, get(overview)).route(CHOOSE, get(ask).post(take))
}

/// What the overview shows.
struct Own {
    ways: Vec<Way>,
    usual: Option<Way>,
    apps: usize,
    printed: i64,
    passkeys: usize,
}

impl Identity {
    async fn own_ways(&self, visit: &Visit) -> Result<Own, Fault> {
        let (account, dials) = (visit.actor().id.clone(), self.dials());
        let look = move |cx: &mut Cx<'_>| {
            let known = accounts::account_by_id(cx.tx(), &account)?;
            let known = known.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
            let ways = ways(cx.tx(), &known, dials)?;
            Ok(Own {
                usual: usual(&known, &ways),
                ways,
                apps: rows::authenticators(cx.tx(), &account)?.len(),
                printed: rows::printed_left(cx.tx(), &account)?,
                passkeys: accounts::passkeys(cx.tx(), &account)?.len(),
            })
        };
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn overview(State(identity): State<Identity>, visit: Visit) -> Reply {
    let person = visit.must_sign_in()?.kind == ActorKind::Person;
    let own = identity.own_ways(&visit).await?;
    let step = own.usual.map(|way| visit.t(label(way).0)).unwrap_or_default();
    let secret = if person { "identity.own.pin" } else { "identity.own.password" };
    let mut facts = Summary::new(&visit).row(visit.t(secret), "••••••").change("/account/secret");
    if person {
        facts = facts.row(visit.t("identity.own.step"), step).change(CHOOSE);
        facts = facts.row(visit.t("identity.own.apps"), own.apps.to_string()).change("/account/authenticators");
    }
    let facts = facts
        .row(visit.t("identity.own.printed"), own.printed.to_string())
        .change("/account/recovery-codes")
        .row(visit.t("identity.own.passkeys"), own.passkeys.to_string())
        .change("/account/passkeys");
    let page = visit.page(visit.t("identity.own.title")).back("/account").body(html! {
        p { (visit.t("identity.own.about")) }
        (facts)
        p { a href="/account/sessions" { (visit.t("identity.sessions.title")) } }
        @if person { p { a href="/account/recovery" { (visit.t("identity.recover.own")) } } }
    });
    Ok(page.into_response())
}

async fn ask(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    visit.must_sign_in()?;
    if let Some(again) = fresh::again(&visit, current.map(|Extension(current)| current), CHOOSE) {
        return Ok(again);
    }
    let own = identity.own_ways(&visit).await?;
    let offered: Vec<Way> = own.ways.into_iter().filter(|way| *way != Way::Printed).collect();
    let sheet = visit.sheet();
    let chosen = own.usual.map(|way| way.as_str().to_owned());
    let question = sheet.radios("way", visit.t("identity.own.question"), choices(&visit, &offered)).chosen(chosen);
    Ok(sheet.ask(CHOOSE, question).back(PATH).into_response())
}

async fn take(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let current = current.map(|Extension(current)| current);
    if let Some(again) = fresh::again(&visit, current, CHOOSE) {
        return Ok(again);
    }
    let (way, dials) = (Way::named(form.answers.one("way")), identity.dials());
    let key = Key::new(&format!("identity.second_step:{account}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| authenticator::choose(cx, current, way, dials);
    identity.inner.acts.write(visit.caller(), &key, work).await?;
    Ok(see_other(PATH))
}
