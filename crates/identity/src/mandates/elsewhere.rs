//! Signing in at another program for another: asked where the client has declared that it can read both names.
//!
//! **Invariant:** a client that does not ask for `act` is never told of anybody but who signs in. What is agreed to for
//! another is agreed to each time, and ends with the session or the mandate. Where next: `provider/grant.rs`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::Choice as Radio;
use edge::{Form, Page, Reply, Visit, see_other};
use spine::{Behalf, Cx, Fault, FieldFault, Text};

use crate::account::Kind;
use crate::flow::{FOR, Running, START, SignedIn};
use crate::mandates::acting::{ActedBy, Choice, behalf, choices};
use crate::mandates::rules::ELSEWHERE;
use crate::provider::catalogue::ACT;
use crate::provider::grant::Whom;
use crate::settings::Identity;

/// What stands for oneself among the choices.
const ONESELF: &str = "-";

pub(super) fn routes() -> Router<Identity> {
    Router::new().route(FOR, get(ask).post(take))
}

impl Identity {
    /// Whether she is to be asked for whom she signs in: the client wants to know, and she may act for somebody there.
    pub(crate) async fn must_choose(&self, visit: &Visit, running: &Running, who: &SignedIn) -> Result<bool, Fault> {
        let wanted = running.request.scope.split(' ').any(|scope| scope == ACT);
        if !wanted || running.asked_for || running.request.silent || who.found.kind != Kind::Person {
            return Ok(false);
        }
        Ok(!self.elsewhere(visit, who).await?.is_empty())
    }

    /// For whom she may sign in at other programs.
    async fn elsewhere(&self, visit: &Visit, who: &SignedIn) -> Result<Vec<Choice>, Fault> {
        let (identity, account) = (self.clone(), who.found.account.clone());
        let look = move |cx: &mut Cx<'_>| {
            let mut fit = Vec::new();
            for choice in choices(cx, &identity, &account)? {
                let by = ActedBy { account: account.clone(), mandate: choice.mandate };
                if behalf(cx, &identity, &choice.person, &by)?.is_some_and(|behalf| behalf.covers(ELSEWHERE, None)) {
                    fit.push(choice);
                }
            }
            Ok(fit)
        };
        self.inner.acts.read(visit.caller(), look).await
    }

    /// How far she may act for another, for the acts of this sign-in.
    pub(crate) async fn behalf_of(
        &self,
        visit: &Visit,
        account: &str,
        whom: &Whom,
    ) -> Result<Option<Arc<Behalf>>, Fault> {
        let by = ActedBy { account: account.to_owned(), mandate: whom.mandate };
        let (identity, person) = (self.clone(), whom.person.clone());
        let look = move |cx: &mut Cx<'_>| behalf(cx, &identity, &person, &by);
        Ok(self.inner.acts.read(visit.caller(), look).await?.map(Arc::new))
    }

    fn for_page(&self, visit: &Visit, running: &Running, choices: &[Choice], faults: &[FieldFault]) -> Page {
        let mut radios = vec![Radio::new(ONESELF, visit.t("identity.acting.oneself"))];
        for choice in choices {
            radios.push(
                Radio::new(value(choice), choice.name.reveal().as_str()).hint(self.kind_name(visit, &choice.kind)),
            );
        }
        let client = self.client(&running.request.client);
        let client = client.map(|client| visit.local(&client.name).to_owned()).unwrap_or_default();
        let sheet = visit.sheet().faults(faults);
        let question = visit.t1("identity.acting.elsewhere", "client", client);
        let field = sheet.radios("for", question, radios).hint(visit.t("identity.acting.elsewhere_hint"));
        sheet.ask(FOR, field).form_action(Self::client_origin(&running.request))
    }
}

/// How a choice is written in the form: the mandate, or the ward.
fn value(choice: &Choice) -> String {
    choice.mandate.map_or_else(|| choice.person.clone(), |id| id.to_string())
}

async fn ask(State(identity): State<Identity>, visit: Visit, headers: HeaderMap) -> Reply {
    let running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    let choices = identity.elsewhere(&visit, &who).await?;
    Ok(identity.for_page(&visit, &running, &choices, &[]).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, headers: HeaderMap, form: Form) -> Reply {
    let mut running = identity.running(&visit, &headers)?;
    let Some(who) = identity.provider_session(&visit, &headers).await? else { return Ok(see_other(START)) };
    let choices = identity.elsewhere(&visit, &who).await?;
    let wanted = form.answers.one("for");
    running.acting = match choices.iter().find(|choice| value(choice) == wanted) {
        Some(choice) => Some(Whom { person: choice.person.clone(), mandate: choice.mandate }),
        None if wanted == ONESELF => None,
        None => {
            let fault = FieldFault { field: "for".to_owned(), text: Text::new("identity.acting.missing") };
            return Ok(identity.for_page(&visit, &running, &choices, &[fault]).into_response());
        }
    };
    running.asked_for = true;
    identity.proceed(&visit, running, Some(who), START).await
}
