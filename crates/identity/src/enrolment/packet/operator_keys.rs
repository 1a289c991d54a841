//! The keys with which operators sign what they take without a network, and their page: `/enrolment/key`.
//!
//! **Invariant:** an operator brings her own public key, signed in with two factors; one that is ended signs nothing more.
//! What it signed before and arrives later waits for a person.

use axum::Router;
use axum::extract::State as Of;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use crypto::jose::from_jwk;
use edge::show::{self, Table};
use edge::{Form, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use serde_json::Value as Json;
use spine::{Act, Cx, Fault, Resource, Text, Timestamp};

use crate::enrolment::Enrolment;
use crate::enrolment::desk_pages::key;
use crate::rows::packets as rows;

const PATH: &str = "/enrolment/key";
/// At most so many keys of one operator, and bytes of one.
const KEYS: usize = 5;
const BYTES: usize = 2_000;

pub(super) fn routes() -> Router<Enrolment> {
    Router::new().route(PATH, get(page).post(sent)).route("/enrolment/key/end", post(ended))
}

fn resource() -> Resource {
    Resource::new("OperatorKey", "own").is("own", true)
}

/// Adds a public key (JWK) of the actor's own.
///
/// # Errors
/// `identity.packet.key` if it is no key that signs, or she has as many as one can have; the authority's refusal.
pub fn add_operator_key(cx: &mut Cx<'_>, written: &str) -> Result<(), Fault> {
    cx.may("identity.packet.key", &resource())?;
    let wrong = |key: &'static str| Fault::invalid("identity.packet.key").field("jwk", Text::new(key));
    let jwk: Option<Json> = serde_json::from_str(written.trim()).ok().filter(|_| written.len() <= BYTES);
    let jwk = jwk.ok_or_else(|| wrong("identity.packet.key_wrong"))?;
    // A private half is nobody's business here.
    if jwk.get("d").is_some() {
        return Err(wrong("identity.packet.key_private"));
    }
    let named = from_jwk(&jwk).map_err(|_| wrong("identity.packet.key_wrong"))?;
    let public = crypto::jose::jwk(&named.key);
    let kid = crypto::jose::thumbprint(&named.key);
    let (officer, now) = (cx.actor().id.clone(), cx.now());
    if rows::keys(cx.tx(), &officer)?.len() >= KEYS || !rows::add_key(cx.tx(), &officer, &kid, &public, now)? {
        return Err(wrong("identity.packet.key_many"));
    }
    cx.record(Act::new("identity.packet.key_added").on(&officer).because("national-id", "national-id"));
    Ok(())
}

/// Ends one of the actor's own keys.
///
/// # Errors
/// `identity.packet.no_key`, the authority's refusal.
pub fn end_operator_key(cx: &mut Cx<'_>, kid: &str) -> Result<(), Fault> {
    cx.may("identity.packet.key", &resource())?;
    let (officer, now) = (cx.actor().id.clone(), cx.now());
    if !rows::end_key(cx.tx(), &officer, kid, now)? {
        return Err(Fault::not_found("identity.packet.no_key"));
    }
    cx.record(Act::new("identity.packet.key_ended").on(&officer).because("national-id", "national-id"));
    Ok(())
}

/// The actor's own keys that count: name and since when.
///
/// # Errors
/// The authority's refusal.
pub fn operator_keys(cx: &mut Cx<'_>) -> Result<Vec<(String, Timestamp)>, Fault> {
    cx.may("identity.packet.key", &resource())?;
    let officer = cx.actor().id.clone();
    Ok(rows::keys(cx.tx(), &officer)?.into_iter().map(|(kid, _, at)| (kid, at)).collect())
}

async fn page(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    shown(&enrolment, &visit, &visit.sheet()).await
}

async fn shown(enrolment: &Enrolment, visit: &Visit, sheet: &Sheet) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let keys = enrolment.acts().read(visit.caller(), operator_keys).await?;
    let mut table = Table::new(visit.t("identity.packet.keys"))
        .column(visit.t("identity.packet.key_name"))
        .column(visit.t("identity.enrolment.since"))
        .column(visit.t("identity.packet.key_end"));
    for (kid, at) in &keys {
        table = table.row([
            html! { (kid) },
            html! { (visit.moment(*at)) },
            visit.form(
                "/enrolment/key/end",
                html! {
                    input type="hidden" name="kid" value=(kid);
                    button.b.b2 { (visit.t("identity.packet.key_end")) }
                },
            ),
        ]);
    }
    Ok(visit.page(visit.t("identity.packet.key_title")).back("/enrolment").sheet(sheet).body(html! {
        p { (visit.t("identity.packet.key_about")) }
        p { (visit.t("identity.packet.your_name")) " " code { (visit.actor().id) } }
        @if !keys.is_empty() { (table) }
        (visit.form(PATH, html! {
            (sheet.area("jwk", visit.t("identity.packet.key_jwk")).hint(visit.t("identity.packet.key_hint")).rows(4))
            (show::button(&visit.t("identity.packet.key_add")))
        }))
    }))
}

async fn sent(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (written, key) = (form.answers.one("jwk").to_owned(), key(&visit, "identity.packet.key", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| add_operator_key(cx, &written)).await {
        Ok(()) => Ok(see_other(PATH)),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(shown(&enrolment, &visit, &visit.sheet_with(form.answers, &faults)).await?.into_response())
        }
    }
}

async fn ended(Of(enrolment): Of<Enrolment>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (kid, key) = (form.answers.one("kid").to_owned(), key(&visit, "identity.packet.key_end", &form));
    enrolment.acts().write(visit.caller(), &key, move |cx| end_operator_key(cx, &kid)).await?;
    Ok(see_other(PATH))
}
