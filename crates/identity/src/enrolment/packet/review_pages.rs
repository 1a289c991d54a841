//! Packets that wait for a person: `/enrolment/packets`, and each with both sides.
//!
//! **Invariant:** what a packet says is decrypted for the one who looks, and kept nowhere else.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{self, Summary, Table, Tone};
use edge::{Form, Markup, Page, Refusal, Reply, Sheet, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault};

use super::format::Packet;
use super::review::{dismiss_packet, here, packets_to_review, review, waiting};
use super::upload::{Upload, UploadId};
use crate::enrolment::Enrolment;
use crate::enrolment::application::Told;
use crate::enrolment::desk_pages::key;

const LIST: &str = "/enrolment/packets";

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route(LIST, get(list))
        .route("/enrolment/packets/{packet}", get(open))
        .route("/enrolment/packets/{packet}/again", post(again))
        .route("/enrolment/packets/{packet}/dismiss", post(dismissed))
}

fn id(text: &str) -> Result<UploadId, Fault> {
    text.parse().map_err(|_| Fault::not_found("identity.packet.missing"))
}

/// Why it waits, in words.
fn problem(visit: &Visit, upload: &Upload) -> String {
    let code = upload.problem.as_deref().unwrap_or_default();
    let key = format!("fault.{code}");
    if visit.site().words().knows(visit.language(), &key) { visit.t(&key) } else { code.to_owned() }
}

async fn list(Of(enrolment): Of<Enrolment>, visit: Visit) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let waiting = enrolment.acts().read(visit.caller(), packets_to_review).await?;
    let mut table = Table::new(visit.t("identity.packet.caption"))
        .column(visit.t("identity.enrolment.since"))
        .column(visit.t("identity.packet.device"))
        .numbers(visit.t("identity.packet.number"))
        .column(visit.t("identity.packet.problem"));
    for one in &waiting {
        table = table.row([
            html! { a href={ (LIST) "/" (one.id) } { (visit.moment(one.made_at)) } },
            html! { (one.device) },
            html! { @if let Some(number) = one.number { (number) } },
            html! { (problem(&visit, one)) },
        ]);
    }
    Ok(visit.page(visit.t("identity.packet.title")).wide().back("/enrolment").body(html! {
        p { (visit.t("identity.packet.about")) }
        @if waiting.is_empty() { p { (visit.t("identity.packet.none")) } } @else { (table) }
    }))
}

async fn open(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>) -> Result<Page, Refusal> {
    page(&enrolment, &visit, &name, &visit.sheet()).await
}

async fn page(enrolment: &Enrolment, visit: &Visit, name: &str, sheet: &Sheet) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let own = id(name)?;
    let upload = enrolment.acts().write(visit.caller(), &Key::none(), move |cx| review(cx, own)).await?;
    let packet = enrolment.read_packet(visit.caller(), own).await?.ok();
    let here = match packet.clone() {
        Some(packet) => {
            let engine = enrolment.clone();
            enrolment.acts().read(visit.caller(), move |cx: &mut Cx<'_>| here(cx, &engine, &packet)).await?
        }
        None => Vec::new(),
    };
    let path = format!("{LIST}/{name}");
    let body = html! {
        (show::banner(Tone::Bad, &problem(visit, &upload), html! {}))
        (about(visit, &upload))
        @match &packet {
            Some(packet) => (sides(enrolment, visit, packet, &here)?),
            None => { p { (visit.t("identity.packet.unreadable_here")) } }
        }
        @if packet.is_some() {
            (visit.form(&format!("{path}/again"), html! { p { (visit.t("identity.packet.again_hint")) } (show::button(&visit.t("identity.packet.again"))) }))
        }
        (visit.form(&format!("{path}/dismiss"), html! {
            (sheet.area("words", visit.t("identity.packet.why")).rows(3))
            (show::warning_button(&visit.t("identity.packet.dismiss")))
        }))
    };
    Ok(visit.page(visit.t("identity.packet.one")).back(LIST).sheet(sheet).body(body))
}

fn about(visit: &Visit, upload: &Upload) -> Markup {
    let mut summary = Summary::new(visit)
        .row(visit.t("identity.packet.came"), visit.moment(upload.made_at))
        .row(visit.t("identity.packet.device"), &upload.device)
        .row(visit.t("identity.packet.bytes"), upload.received.to_string());
    if let Some(number) = upload.number {
        summary = summary.row(visit.t("identity.packet.number"), number.to_string());
    }
    if let Some(operator) = &upload.operator {
        summary = summary.row(visit.t("identity.packet.operator"), operator);
    }
    html! { (summary) }
}

/// What the packet says beside what is here.
fn sides(enrolment: &Enrolment, visit: &Visit, packet: &Packet, here: &[Told]) -> Result<Markup, Fault> {
    let ask = &enrolment.rules().taking.ask;
    let said = |told: &Told| enrolment.civil().person_said(visit, told, ask);
    let left = said(&packet.form.fields)?;
    let right: Vec<_> = here.iter().map(said).collect::<Result<_, _>>()?;
    let mut table = Table::new(visit.t("identity.alike.beside"))
        .column(visit.t("identity.alike.field"))
        .column(visit.t("identity.packet.says"));
    for _ in &right {
        table = table.column(visit.t("identity.packet.here"));
    }
    for name in ask {
        let of = |all: &[(String, String, String)]| all.iter().find(|(own, ..)| own == name).cloned();
        let all: Vec<_> = std::iter::once(of(&left)).chain(right.iter().map(|one| of(one))).collect();
        let Some(label) = all.iter().flatten().map(|(_, label, _)| label.clone()).next() else { continue };
        let cells = all.into_iter().map(|one| one.map(|(.., said)| said).unwrap_or_default());
        table = table.row(std::iter::once(html! { (label) }).chain(cells.map(|said| html! { (said) })));
    }
    Ok(html! { (table) @if here.is_empty() { p { (visit.t("identity.packet.nobody_here")) } } })
}

async fn again(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, _form: Form) -> Reply {
    visit.must_sign_in()?;
    let own = id(&name)?;
    let upload = enrolment.acts().read(visit.caller(), move |cx: &mut Cx<'_>| waiting(cx, own)).await?;
    let upload = enrolment.receive_packet(visit.caller(), upload, true).await?;
    match upload.application {
        Some(application) => Ok(see_other(&format!("/enrolment/{application}"))),
        None => Ok(see_other(&format!("{LIST}/{name}"))),
    }
}

async fn dismissed(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (own, words, key) =
        (id(&name)?, form.answers.one("words").to_owned(), key(&visit, "identity.packet.dismiss", &form));
    match enrolment.acts().write(visit.caller(), &key, move |cx| dismiss_packet(cx, own, &words)).await {
        Ok(()) => Ok(see_other(LIST)),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(page(&enrolment, &visit, &name, &visit.sheet_with(form.answers, &faults)).await?.into_response())
        }
    }
}
