//! More assurance for what needs more: to the factor that gives it and back, not to a dead end.
//!
//! **Invariant:** she stays who she is: only her own factors are asked for. What she cannot reach is said with why, and
//! leads back.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::{Form, Reply, Visit, html, see_other};
use spine::{Assurance, Cx, Fault};

use crate::assurance;
use crate::flow::{MORE, SECRET, START, SignedIn};
use crate::rows::accounts;
use crate::settings::Identity;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route(MORE, get(ask))
        .route("/oauth2/sign-in/more/again", post(again))
        .route("/oauth2/sign-in/more/without", post(without))
}

/// What she can do about it.
struct Can {
    most: Assurance,
    passkeys: bool,
}

impl Identity {
    async fn can(&self, visit: &Visit, who: &SignedIn) -> Result<Can, Fault> {
        let (account, rules) = (who.found.account.clone(), self.inner.rules.assurance.clone());
        let look = move |cx: &mut Cx<'_>| {
            let known = accounts::account_by_id(cx.tx(), &account)?;
            let known = known.ok_or_else(|| Fault::not_found("identity.account.missing"))?;
            let passkeys = !accounts::passkeys(cx.tx(), &account)?.is_empty();
            Ok(Can { most: assurance::most(cx, &rules, &known)?, passkeys })
        };
        self.inner.acts.read(visit.caller(), look).await
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    let wanted = running.request.wished().unwrap_or(Assurance::High);
    let can = identity.can(&visit, &who).await?;
    let reachable = wanted <= can.most;
    let by_code = reachable && wanted <= Assurance::Substantial;
    let by_passkey = reachable && can.passkeys && identity.inner.webauthn.is_some();
    let why = match (reachable, by_code || by_passkey) {
        (false, _) => "identity.more.never",
        (true, false) => "identity.more.no_passkey",
        (true, true) => "identity.more.about",
    };
    let page = visit.page(visit.t("identity.more.title")).body(html! {
        p { (visit.t(why)) }
        @if by_passkey { (visit.button_form("/oauth2/sign-in/passkey/start", &visit.t("identity.passkey.use"))) }
        @if by_code { (visit.button_form("/oauth2/sign-in/more/again", &visit.t("identity.more.again"))) }
        @if reachable && !can.passkeys { p { a href="/account/passkeys" { (visit.t("identity.passkeys.make")) } } }
        (visit.button_form("/oauth2/sign-in/more/without", &visit.t("identity.more.without")))
    });
    Ok(identity.dress(&visit, &running, page).into_response())
}

/// PIN and second step again, for herself.
async fn again(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, _form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    running.kind = Some(who.found.kind.as_str().to_owned());
    running.login = identity.login_of(&visit, &who.found.account).await?;
    identity.go_on(&visit, &running, SECRET)
}

/// Back as she is: what only wished for more goes on, what needs it is told.
async fn without(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, _form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    running.as_she_is = true;
    let who = identity.provider_session(&visit, &headers).await?;
    identity.proceed(&visit, running, who, START).await
}
