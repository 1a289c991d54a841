//! Proof of life as people and attesting officers meet it: one button for oneself; for a chief or a nurse the number of
//! who stands before her.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{self, Tone};
use edge::{Form, Page, Refusal, Reply, Sheet, Visit, correctable, html};
use journal::Key;
use spine::{ActorKind, Cx, Fault, FieldFault, Text};

use crate::settings::Identity;
use crate::verification::check;
use crate::verification::life::{Life, attest_life, last_life};

pub(super) fn routes() -> Router<Identity> {
    Router::new().route("/my/life", get(own).post(own_sent)).route("/life", get(attest).post(attest_sent))
}

async fn own(State(identity): State<Identity>, visit: Visit) -> Result<Page, Refusal> {
    let actor = visit.must_sign_in()?;
    if actor.kind != ActorKind::Person {
        return Err(Fault::forbidden("identity.life.people").into());
    }
    let person = actor.whose("identity.life.attest")?.to_owned();
    let life = identity.inner.acts.read(visit.caller(), move |cx: &mut Cx<'_>| last_life(cx, &person)).await?;
    Ok(own_page(&visit, life.as_ref(), false))
}

fn own_page(visit: &Visit, life: Option<&Life>, now: bool) -> Page {
    let last = life.map(|life| visit.moment(life.at));
    visit.page(visit.t("identity.life.title")).body(html! {
        @if now { (show::banner(Tone::Good, &visit.t("identity.life.done"), html! { p { (visit.t("identity.life.done_hint")) } })) }
        p { (visit.t("identity.life.lead")) }
        p { @match &last {
            Some(at) => { (visit.t("identity.life.last")) " " (at) },
            None => (visit.t("identity.life.never")),
        } }
        (visit.form("/my/life", show::button(&visit.t("identity.life.prove"))))
    })
}

async fn own_sent(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let person = visit.must_sign_in()?.id.clone();
    let engine = identity.clone();
    let key = Key::new(&format!("identity.life:{person}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| attest_life(cx, &engine, &person);
    let life = identity.inner.acts.write(visit.caller(), &key, work).await?;
    Ok(own_page(&visit, Some(&life), true).into_response())
}

async fn attest(visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    Ok(attest_page(&visit, &visit.sheet()))
}

fn attest_page(visit: &Visit, sheet: &Sheet) -> Page {
    let form = html! {
        p { (visit.t("identity.life.attest_lead")) }
        (sheet.text("number", visit.t("identity.life.number")).inputmode("numeric").width(20).autocomplete("off"))
        (show::button(&visit.t("identity.life.attest")))
    };
    visit.page(visit.t("identity.life.attest_title")).sheet(sheet).body(visit.form("/life", form))
}

async fn attest_sent(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    let officer = visit.must_sign_in()?.id.clone();
    let (engine, number) = (identity.clone(), form.answers.one("number").to_owned());
    let key = Key::new(&format!("identity.life:{officer}"), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| {
        let known = check::person_of(cx, &engine, &number)?;
        let unknown = || Fault::invalid("civil.person.unknown").field("number", Text::new("civil.party.unknown"));
        attest_life(cx, &engine, &known.ok_or_else(unknown)?.id)
    };
    match identity.inner.acts.write(visit.caller(), &key, work).await {
        Ok(_) => Ok(visit
            .page(visit.t("identity.life.attested"))
            .own_heading()
            .body(html! {
                (show::panel(&visit.t("identity.life.attested"), None))
                p { a href="/life" { (visit.t("identity.life.another")) } }
            })
            .into_response()),
        Err(fault) => {
            let faults: Vec<FieldFault> = correctable(fault)?;
            Ok(attest_page(&visit, &visit.sheet_with(form.answers, &faults)).into_response())
        }
    }
}
