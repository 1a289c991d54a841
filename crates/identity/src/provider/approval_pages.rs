//! What programs ask of a person, on her own page: each with its message and what is passed on, yes or no.
//!
//! **Invariant:** she sees only what is asked of her; saying no is as easy as saying yes.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::Summary;
use edge::{Answers, Form, Reply, Visit, html};
use spine::{Cx, Fault};

use crate::provider::approval::Decided;
use crate::provider::consent_pages::{agreed, items, questions};
use crate::recognise::Current;
use crate::rows::approvals::{self, Approval};
use crate::settings::Identity;

const LIST: &str = "/account/approvals";
const ONE: &str = "/account/approvals/one";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route(LIST, get(list)).route(ONE, get(one)).route("/account/approvals/answer", post(answer))
}

impl Identity {
    async fn asked_of(&self, visit: &Visit) -> Result<Vec<Approval>, Fault> {
        let account = visit.actor().id.clone();
        let look = move |cx: &mut Cx<'_>| {
            let now = cx.now();
            Ok(approvals::of_account(cx.tx(), &account, now)?)
        };
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let all = identity.asked_of(&visit).await?;
    let named = |row: &Approval| identity.client(&row.client).map(|client| visit.local(&client.name).to_owned());
    let links: Vec<(String, String)> =
        all.iter().filter_map(|row| Some((format!("{ONE}?id={}", row.hash), named(row)?))).collect();
    let body = html! {
        p { (visit.t("identity.approvals.about")) }
        @if links.is_empty() { p { (visit.t("identity.approvals.none")) } }
        @else {
            ul { @for (href, name) in &links {
                li { a href=(href) { (visit.t1("identity.approvals.open", "client", name.clone())) } }
            } }
        }
    };
    Ok(visit.page(visit.t("identity.approvals.title")).body(body).into_response())
}

async fn one(State(identity): State<Identity>, visit: Visit) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let query = Answers::parse(visit.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let row = identity.asked_of(&visit).await?.into_iter().find(|row| row.hash == query.one("id"));
    let known = row.and_then(|row| identity.client(&row.client).map(|client| (row, client)));
    let Some((row, client)) = known else { return Ok(said(&visit, "identity.approvals.gone")) };
    let facts = identity.facts(&visit, &account).await?;
    let items = items(&row.asked, &facts);
    let name = visit.local(&client.name).to_owned();
    let hidden = html! { input type="hidden" name="id" value=(row.hash); };
    let page = visit.page(visit.t1("identity.consent.title", "client", name)).back(LIST).body(html! {
        @if let Some(message) = &row.message {
            (Summary::new(&visit).row(visit.t("identity.approvals.message"), message))
        }
        (visit.form("/account/approvals/answer", html! {
            (hidden)
            (questions(&visit, &client, &row.scope, &items))
            button.b name="answer" value="yes" { (visit.t("identity.consent.allow")) }
        }))
        (visit.form("/account/approvals/answer", html! {
            (hidden) button.b.b2 name="answer" value="no" { (visit.t("identity.consent.deny")) }
        }))
    });
    Ok(page.into_response())
}

fn said(visit: &Visit, key: &str) -> axum::response::Response {
    let body = html! { p { (visit.t(key)) } };
    visit.page(visit.t("identity.approvals.title")).back(LIST).body(body).into_response()
}

/// She is not known surely enough here: to the factor that is, and back to the question.
fn weak(visit: &Visit) -> axum::response::Response {
    let body = html! {
        p { (visit.t("identity.approvals.weak")) }
        p { a.b href=(format!("/sign-in?more=high&next={LIST}")) { (visit.t("identity.more.title")) } }
    };
    visit.page(visit.t("identity.approvals.title")).back(LIST).body(body).into_response()
}

async fn answer(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let account = visit.must_sign_in()?.id.clone();
    let id = form.answers.one("id").to_owned();
    let Some(row) = identity.asked_of(&visit).await?.into_iter().find(|row| row.hash == id) else {
        return Ok(said(&visit, "identity.approvals.gone"));
    };
    let facts = identity.facts(&visit, &account).await?;
    let yes = form.answers.one("answer") == "yes";
    let agreed = yes.then(|| agreed(&row.asked, &facts, form.answers.all("claim")));
    let key = match identity.decide_here(&visit, current, row, agreed).await? {
        Decided::Kept => "identity.approvals.kept",
        Decided::Gone => "identity.approvals.gone",
        Decided::TooWeak => return Ok(weak(&visit)),
    };
    Ok(said(&visit, key))
}
