//! A new PIN or password on one's own page: the old one, the new one twice.
//!
//! **Invariant:** it takes a sign-in of a moment ago, which had two factors, and the old secret; everything else is signed
//! out. What a new one may be is the country's to say (`rules.rs`).

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use crypto::Checked;
use edge::show;
use edge::{Form, Reply, Sheet, Visit, html};
use journal::Key;
use spine::{ActorKind, Cx, Fault, Secret, Text};

use crate::account::Kind;
use crate::fresh;
use crate::pages::{TRIES, fault, not_right, wait};
use crate::recognise::Current;
use crate::rows::accounts;
use crate::rules::LONGEST_PASSWORD;
use crate::secret_change;
use crate::settings::Identity;
use crate::sign_in::{self, Tried};
use crate::throttle;

const PATH: &str = "/account/secret";

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route(PATH, get(ask).post(take))
}

fn kind(visit: &Visit) -> Result<Kind, edge::Refusal> {
    match visit.must_sign_in()?.kind {
        ActorKind::Officer => Ok(Kind::Officer),
        _ => Ok(Kind::Person),
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Current>>) -> Reply {
    let kind = kind(&visit)?;
    if let Some(again) = fresh::again(&visit, current.map(|Extension(current)| current), PATH) {
        return Ok(again);
    }
    Ok(identity.secret_change_page(&visit, kind, &visit.sheet()))
}

impl Identity {
    fn secret_change_page(&self, visit: &Visit, kind: Kind, sheet: &Sheet) -> Response {
        let rules = &self.inner.rules;
        let (title, old, new, hint) = match kind {
            Kind::Person => (
                visit.t("identity.secret.change_pin"),
                visit.t("identity.secret.old_pin"),
                visit.t("identity.secret.new_pin"),
                visit.t1("identity.secret.new_pin_hint", "digits", rules.pin.digits),
            ),
            Kind::Officer => (
                visit.t("identity.secret.change_password"),
                visit.t("identity.secret.old_password"),
                visit.t("identity.secret.new_password"),
                visit.t1("identity.secret.new_password_hint", "shortest", rules.password.shortest),
            ),
        };
        let field = |name, label: String, purpose| {
            let field = sheet.secret(name, label).autocomplete(purpose).max_length(128);
            if kind == Kind::Person { field.inputmode("numeric").width(6) } else { field }
        };
        let form = html! {
            (field("secret", old, "current-password"))
            (field("secret_new", new, "new-password").hint(hint))
            (field("secret_again", visit.t("identity.secret.again"), "new-password"))
            (show::button(&title))
        };
        let page = visit.page(title).back("/account/sign-in").sheet(sheet);
        page.body(html! { p { (visit.t("identity.secret.change_about")) } (visit.form(PATH, form)) }).into_response()
    }

    /// What is wrong with a new secret.
    async fn new_wrong(&self, visit: &Visit, kind: Kind, new: &str, login: &str) -> Result<Option<Text>, Fault> {
        Ok(match kind {
            Kind::Person => {
                let born = self.born(visit.caller(), &visit.actor().id).await?;
                self.inner.rules.pin.wrong(new, born, login)
            }
            Kind::Officer => self.inner.rules.password.wrong(new, login),
        })
    }
}

/// A secret as it was typed: spaces in a PIN do not count, in a password they do.
fn typed(form: &Form, field: &str, kind: Kind) -> String {
    let text = form.answers.all(field).first().cloned().unwrap_or_default();
    match kind {
        Kind::Person => text.chars().filter(|letter| !letter.is_whitespace()).take(40).collect(),
        Kind::Officer => text.chars().take(LONGEST_PASSWORD + 1).collect(),
    }
}

async fn take(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Current>>,
    form: Form,
) -> Reply {
    let kind = kind(&visit)?;
    let current = current.map(|Extension(current)| current);
    if let Some(again) = fresh::again(&visit, current, PATH) {
        return Ok(again);
    }
    visit.limit(&TRIES)?;
    let refuse = |field: &str, text: Text| -> Reply {
        let sheet = visit.sheet().faults(&[fault(field, text)]);
        Ok(identity.secret_change_page(&visit, kind, &sheet))
    };
    let account = visit.actor().id.clone();
    let login = identity.login_of(&visit, &account).await?.unwrap_or_default();
    let (old, new, again) =
        (typed(&form, "secret", kind), typed(&form, "secret_new", kind), typed(&form, "secret_again", kind));
    if let Some(why) = identity.new_wrong(&visit, kind, &new, &login).await? {
        return refuse("secret_new", why);
    }
    if new != again {
        return refuse("secret_again", Text::new("identity.secret.differs"));
    }
    if new == old {
        return refuse("secret_new", Text::new("identity.secret.same"));
    }
    match identity.change_secret(&visit, kind, (&login, &old, &new), current).await? {
        Changed::Yes => {
            let body = html! {
                (show::panel(&visit.t("identity.secret.changed"), None))
                p { (visit.t("identity.secret.changed_about")) }
                p { a href="/account/sign-in" { (visit.t("identity.own.title")) } }
            };
            Ok(visit.page(visit.t("identity.secret.changed")).own_heading().body(body).into_response())
        }
        Changed::Wrong => refuse("secret", not_right(kind)),
        Changed::Wait(seconds) => refuse("secret", wait(seconds)),
    }
}

enum Changed {
    Yes,
    Wrong,
    Wait(i64),
}

impl Identity {
    /// Counts the try with the old secret, weighs it outside any transaction, and sets the new one.
    async fn change_secret(
        &self,
        visit: &Visit,
        kind: Kind,
        (login, old, new): (&str, &str, &str),
        current: Option<Current>,
    ) -> Result<Changed, Fault> {
        let acts = &self.inner.acts;
        let (keys, typed) = (self.inner.keys.clone(), login.to_owned());
        let tried = move |cx: &mut Cx<'_>| sign_in::try_secret(cx, &keys, kind, &typed);
        let (account, then_wait) = match acts.write(visit.caller(), &Key::none(), tried).await? {
            Tried::Wait(seconds) => return Ok(Changed::Wait(seconds)),
            Tried::Go { account, then_wait } => (account, then_wait),
        };
        let phc = account.as_ref().map(|(_, phc)| phc.as_str());
        let checked = self.inner.hasher.check(&Secret::new(old.to_owned()), phc).await;
        let checked = checked.map_err(|error| Fault::internal("identity.hash.failed", error))?;
        let id = account.map(|(id, _)| id);
        let (Checked::Right, Some(id)) = (checked, id.clone()) else {
            let wrong = move |cx: &mut Cx<'_>| sign_in::secret_wrong(cx, id.as_deref(), then_wait.is_some());
            acts.write(visit.caller(), &Key::none(), wrong).await?;
            return Ok(then_wait.map_or(Changed::Wrong, Changed::Wait));
        };
        let hash = self.hash_secret(&Secret::new(new.to_owned())).await?;
        let (keys, messages, login) = (self.inner.keys.clone(), self.inner.messages.clone(), login.to_owned());
        let change = move |cx: &mut Cx<'_>| {
            let known = accounts::account_by_id(cx.tx(), &id)?;
            let known = known.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
            throttle::clear(cx, &keys.attempt_key("secret", kind, &login))?;
            let fresh = fresh::is(cx, current)?;
            secret_change::change(cx, &messages, &known, &hash, (fresh, current.map(|current| current.provider)))
        };
        acts.write(visit.caller(), &Key::none(), change).await?;
        Ok(Changed::Yes)
    }
}
