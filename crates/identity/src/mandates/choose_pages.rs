//! For whom the visitor acts: everybody she may act for, and herself.
//!
//! **Invariant:** the choice stands with the session, on our side; a form opened for one is no form for another.

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::Choice as Radio;
use edge::{Form, Reply, Visit, html, see_other};
use journal::Key;
use spine::{ActorKind, Cx, Fault, FieldFault, Text};

use crate::mandates::acting::{self, Choice};
use crate::recognise::Chosen;
use crate::settings::Identity;

const PATH: &str = "/acting";
/// What stands for oneself among the choices.
const ONESELF: &str = "-";

pub(super) fn routes() -> Router<Identity> {
    Router::new().route(PATH, get(ask).post(take)).route("/acting/stop", post(stop))
}

impl Identity {
    /// Whom the visitor may act for.
    async fn choices(&self, visit: &Visit) -> Result<Vec<Choice>, edge::Refusal> {
        let actor = visit.must_sign_in()?;
        if actor.kind != ActorKind::Person {
            return Err(Fault::forbidden("identity.mandate.people").into());
        }
        let (identity, account) = (self.clone(), actor.id.clone());
        let read = move |cx: &mut Cx<'_>| acting::choices(cx, &identity, &account);
        Ok(self.inner.acts.read(visit.caller(), read).await?)
    }

    /// What a kind of mandate is called.
    pub(super) fn kind_name(&self, visit: &Visit, kind: &str) -> String {
        let known = self.inner.mandates.kind(kind);
        known.map_or_else(|| kind.to_owned(), |kind| visit.local(&kind.part.name).to_owned())
    }

    fn acting_page(&self, visit: &Visit, choices: &[Choice], current: &Chosen, faults: &[FieldFault]) -> edge::Page {
        let mut radios = vec![Radio::new(ONESELF, visit.t("identity.acting.oneself"))];
        for choice in choices {
            let kind = self.kind_name(visit, &choice.kind);
            let hint = match choice.until {
                Some(day) => format!("{kind}, {}", visit.t1("identity.acting.until", "day", day)),
                None => kind,
            };
            radios.push(Radio::new(value(choice), choice.name.reveal().as_str()).hint(hint));
        }
        let sheet = visit.sheet().faults(faults);
        let chosen = current.acting.as_ref().and_then(|behalf| {
            choices.iter().find(|choice| choice.person == behalf.person && text(choice) == behalf.mandate)
        });
        let chosen = chosen.map_or_else(|| ONESELF.to_owned(), value);
        let field = sheet.radios("for", visit.t("identity.acting.question"), radios).chosen([chosen]);
        sheet.ask(PATH, field.hint(visit.t("identity.acting.hint"))).body(html! {
            p { a href="/account/mandates" { (visit.t("identity.mandates.title")) } }
        })
    }
}

fn text(choice: &Choice) -> Option<String> {
    choice.mandate.map(|id| id.to_string())
}

/// How a choice is written in the form: the mandate, or the ward.
fn value(choice: &Choice) -> String {
    text(choice).unwrap_or_else(|| choice.person.clone())
}

async fn ask(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Chosen>>) -> Reply {
    let choices = identity.choices(&visit).await?;
    let Some(Extension(current)) = current else { return Err(Fault::unauthenticated("edge.signin.needed").into()) };
    Ok(identity.acting_page(&visit, &choices, &current, &[]).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, current: Option<Extension<Chosen>>, form: Form) -> Reply {
    let choices = identity.choices(&visit).await?;
    let Some(Extension(current)) = current else { return Err(Fault::unauthenticated("edge.signin.needed").into()) };
    let wanted = form.answers.one("for").to_owned();
    if wanted == ONESELF {
        return identity.stop_acting(&visit, &current).await;
    }
    let Some(choice) = choices.into_iter().find(|choice| value(choice) == wanted) else {
        let fault = FieldFault { field: "for".to_owned(), text: Text::new("identity.acting.missing") };
        let choices = identity.choices(&visit).await?;
        return Ok(identity.acting_page(&visit, &choices, &current, &[fault]).into_response());
    };
    let (engine, session) = (identity.clone(), current.session);
    let work = move |cx: &mut Cx<'_>| acting::choose(cx, &engine, session, &choice.person, choice.mandate);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other("/my"))
}

async fn stop(
    State(identity): State<Identity>,
    visit: Visit,
    current: Option<Extension<Chosen>>,
    _form: Form,
) -> Reply {
    visit.must_sign_in()?;
    let Some(Extension(current)) = current else { return Ok(see_other("/")) };
    identity.stop_acting(&visit, &current).await
}

impl Identity {
    async fn stop_acting(&self, visit: &Visit, current: &Chosen) -> Reply {
        let Some(person) = current.acting_for.clone() else { return Ok(see_other("/my")) };
        let session = current.session;
        let work = move |cx: &mut Cx<'_>| acting::stop(cx, session, &person);
        self.inner.acts.write(visit.caller(), &Key::none(), work).await?;
        Ok(see_other("/my"))
    }
}
