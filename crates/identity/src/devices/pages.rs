//! An organisation's devices: the list, a new one, and what can be done with each.
//!
//! **Invariant:** shown to whoever acts for the organisation or works for the public body; a key is shown to nobody, for
//! its owner has it.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, tag};
use edge::{Answers, Form, Markup, Page, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Cx, Fault, FieldFault, Text};

use crate::devices::device::{Device, DeviceId, DeviceState};
use crate::devices::register::{self, NewDevice};
use crate::settings::Identity;

const LIST: &str = "/devices";
const NEW: &str = "/devices/new";

pub(super) fn routes() -> Router<Identity> {
    Router::new()
        .route(LIST, get(list))
        .route(NEW, get(ask).post(take))
        .route("/devices/{device}", get(one))
        .route("/devices/{device}/state", post(set_state))
        .route("/devices/{device}/key", post(set_key))
}

impl Identity {
    async fn own_devices(&self, visit: &Visit) -> Result<Vec<Device>, edge::Refusal> {
        visit.must_sign_in()?;
        Ok(self.inner.acts.read(visit.caller(), |cx: &mut Cx<'_>| register::list(cx, None, "")).await?)
    }
}

fn state_tag(visit: &Visit, device: &Device) -> Markup {
    let today = visit.now().date_in(visit.site().words().zone());
    let (tone, key) = match device.state {
        DeviceState::Active if device.counts_on(today) => (Tone::Good, "identity.devices.active"),
        DeviceState::Active => (Tone::Off, "identity.devices.expired"),
        DeviceState::Suspended => (Tone::Waiting, "identity.devices.suspended"),
        DeviceState::Lost => (Tone::Bad, "identity.devices.lost"),
        DeviceState::Retired => (Tone::Off, "identity.devices.retired"),
    };
    tag(tone, &visit.t(key))
}

async fn list(State(identity): State<Identity>, visit: Visit) -> Reply {
    let devices = identity.own_devices(&visit).await?;
    let mut table = Table::new(visit.t("identity.devices.caption"))
        .column(visit.t("identity.devices.name"))
        .column(visit.t("identity.devices.place"))
        .column(visit.t("identity.devices.state"));
    for device in &devices {
        table = table.row([
            html! { a href={ (LIST) "/" (device.id) } { (device.name) } },
            html! { (device.place) },
            state_tag(&visit, device),
        ]);
    }
    let body = html! {
        p { (visit.t("identity.devices.lead")) }
        @if devices.is_empty() { p { (visit.t("identity.devices.none")) } } @else { (table) }
        p { a.b href=(NEW) { (visit.t("identity.devices.register")) } }
    };
    Ok(visit.page(visit.t("identity.devices.title")).body(body).into_response())
}

impl Identity {
    fn device_page(&self, visit: &Visit, answers: Answers, faults: &[FieldFault]) -> Page {
        let choice = |value: &str, key: &str, hint: &str| Choice::new(value, visit.t(key)).hint(visit.t(hint));
        let kinds = vec![
            choice("device", "identity.devices.device", "identity.devices.device_hint"),
            choice("system", "identity.devices.system", "identity.devices.system_hint"),
        ];
        let proofs = vec![
            choice("key", "identity.devices.key", "identity.devices.key_hint"),
            choice("certificate", "identity.devices.certificate", "identity.devices.certificate_hint"),
        ];
        let scopes = self.inner.devices.scopes.iter().map(|one| Choice::new(&one.id, visit.local(&one.name))).collect();
        let sheet = visit.sheet_with(answers, faults);
        let body = html! {
            (sheet.radios("kind", visit.t("identity.devices.kind"), kinds))
            (sheet.text("name", visit.t("identity.devices.name_question")).max_length(200))
            (sheet.text("purpose", visit.t("identity.devices.purpose_question")).max_length(200))
            (sheet.text("place", visit.t("identity.devices.place_question")).max_length(200))
            (sheet.checkboxes("scopes", visit.t("identity.devices.scopes"), scopes))
            (sheet.radios("proves", visit.t("identity.devices.proves"), proofs))
            (sheet.area("key", visit.t("identity.devices.jwk")).hint(visit.t("identity.devices.jwk_hint")))
            (sheet.day("valid_to", visit.t("identity.devices.until")))
            (edge::show::button(&visit.t("identity.devices.register")))
        };
        visit.page(visit.t("identity.devices.register")).back(LIST).sheet(&sheet).body(visit.form(NEW, body))
    }
}

async fn ask(State(identity): State<Identity>, visit: Visit) -> Reply {
    identity.own_devices(&visit).await?;
    Ok(identity.device_page(&visit, Answers::default(), &[]).into_response())
}

async fn take(State(identity): State<Identity>, visit: Visit, form: Form) -> Reply {
    visit.must_sign_in()?;
    let missing = || FieldFault { field: "valid_to".to_owned(), text: Text::new("identity.devices.too_long") };
    let valid_to = match form.answers.date("valid_to").and_then(|day| day.ok_or_else(missing)) {
        Ok(day) => day,
        Err(fault) => return Ok(identity.device_page(&visit, form.answers, &[fault]).into_response()),
    };
    let text = |name: &str| form.answers.one(name).to_owned();
    let new = NewDevice {
        kind: text("kind"),
        name: text("name"),
        purpose: text("purpose"),
        place: text("place"),
        proves: text("proves"),
        key: text("key"),
        scopes: form.answers.all("scopes").to_vec(),
        valid_to,
    };
    let engine = identity.clone();
    let key = Key::new(&format!("identity.device:{}", visit.actor().id), form.key.text(), form.key.request());
    let work = move |cx: &mut Cx<'_>| register::register(cx, &engine, None, &new);
    match identity.inner.acts.write(visit.caller(), &key, work).await {
        Ok(id) => Ok(see_other(&format!("{LIST}/{id}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(identity.device_page(&visit, form.answers, &faults).into_response())
        }
    }
}

/// The device an address names.
fn of_path(text: &str) -> Result<DeviceId, Fault> {
    text.parse().map_err(|_| Fault::not_found("identity.device.missing"))
}

async fn one(State(identity): State<Identity>, visit: Visit, Path(device): Path<String>) -> Reply {
    one_page(&identity, &visit, &device, Answers::default(), &[]).await
}

async fn one_page(identity: &Identity, visit: &Visit, device: &str, answers: Answers, faults: &[FieldFault]) -> Reply {
    let id = of_path(device)?;
    let device = identity.own_devices(visit).await?.into_iter().find(|device| device.id == id);
    let device = device.ok_or_else(|| Fault::not_found("identity.device.missing"))?;
    let scopes = identity.inner.devices.scopes.iter().filter(|scope| device.scopes.contains(&scope.id));
    let scopes: Vec<&str> = scopes.map(|scope| visit.local(&scope.name)).collect();
    let facts = Summary::new(visit)
        .row("client_id", device.id.to_string())
        .row(visit.t("identity.devices.purpose"), &device.purpose)
        .row(visit.t("identity.devices.place"), &device.place)
        .row(visit.t("identity.devices.scopes"), scopes.join("; "))
        .row(visit.t("identity.devices.until"), visit.date(device.valid_to))
        .markup(visit.t("identity.devices.state"), state_tag(visit, &device));
    let next = DeviceState::ALL.into_iter().filter(|next| device.state.may_become(*next));
    let label = |state: DeviceState| {
        visit.t(match state {
            DeviceState::Active => "identity.devices.to_active",
            DeviceState::Suspended => "identity.devices.to_suspended",
            DeviceState::Lost => "identity.devices.to_lost",
            DeviceState::Retired => "identity.devices.to_retired",
        })
    };
    let sheet = visit.sheet_with(answers, faults);
    let body = html! {
        (facts)
        @for state in next {
            (visit.form(&format!("{LIST}/{id}/state"), html! {
                input type="hidden" name="state" value=(state.name());
                button.b.b2 { (label(state)) }
            }))
        }
        @if device.state == DeviceState::Active {
            h2 { (visit.t("identity.devices.rotate")) }
            p { (visit.t("identity.devices.rotate_hint")) }
            (visit.form(&format!("{LIST}/{id}/key"), html! {
                (sheet.area("key", visit.t("identity.devices.jwk")))
                button.b.b2 { (visit.t("identity.devices.rotate")) }
            }))
        }
    };
    Ok(visit.page(device.name.as_str()).back(LIST).sheet(&sheet).body(body).into_response())
}

async fn set_state(State(identity): State<Identity>, visit: Visit, Path(device): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let id = of_path(&device)?;
    let state = DeviceState::named(form.answers.one("state"));
    let state = state.ok_or_else(|| Fault::conflict("identity.device.over"))?;
    let work = move |cx: &mut Cx<'_>| register::set_state(cx, None, id, state);
    identity.inner.acts.write(visit.caller(), &Key::none(), work).await?;
    Ok(see_other(&format!("{LIST}/{id}")))
}

async fn set_key(State(identity): State<Identity>, visit: Visit, Path(device): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let (id, key) = (of_path(&device)?, form.answers.one("key").to_owned());
    let work = move |cx: &mut Cx<'_>| register::rotate(cx, None, id, &key);
    match identity.inner.acts.write(visit.caller(), &Key::none(), work).await {
        Ok(()) => Ok(see_other(&format!("{LIST}/{id}"))),
        Err(fault) => {
            let faults = correctable(fault)?;
            one_page(&identity, &visit, &device, form.answers, &faults).await
        }
    }
}
