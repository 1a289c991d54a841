//! Registering, changing, approving and taking out of use programs that let people sign in.
//!
//! **Invariant:** a declaration that does not hold together is refused whole; what a regulated program may do takes two
//! officers; every change is an act; nobody registers one of the country's own. Where next: `manage_pages.rs`,
//! `manage_api.rs`, `esignet.rs`.

use journal::Key;
use spine::{Act, ActorKind, Caller, Cx, Fault, Resource};

use crate::provider::client::Client;
use crate::provider::metadata::{ClientMetadata, Profile};
use crate::rows::clients::{self, ClientRow};
use crate::settings::Identity;

/// Weighs a declaration from outside.
fn weighed(declared: &ClientMetadata) -> Result<(), Fault> {
    let invalid = |why: String| Fault::invalid("identity.client.invalid").with("why", why);
    if declared.first_party {
        return Err(invalid("first_party is not to be had by registering".to_owned()));
    }
    // What we call by ourselves is never on our own machine, unless whoever runs the program declares it.
    let called = [&declared.backchannel_logout_uri, &declared.backchannel_client_notification_endpoint];
    if called.into_iter().flatten().any(|uri| !uri.starts_with("https://")) {
        return Err(invalid("addresses that are called begin with https://".to_owned()));
    }
    Client::of(declared).map(drop).map_err(|error| invalid(error.to_string()))
}

/// Whether this change waits for a second officer.
fn needs_two(cx: &Cx<'_>, declared: &ClientMetadata) -> bool {
    declared.profile == Profile::Fapi2 && cx.actor().kind == ActorKind::Officer
}

fn resource(id: &str, manages: bool) -> Resource {
    Resource::new("OidcClient", id).is("manages", manages)
}

fn act(kind: &'static str, id: &str) -> Act {
    Act::new(kind).on(id).because("client", "identity-service")
}

/// Registers a client. `manages` says that another client asks, which was declared to manage others; `taken` that the
/// program started with one of this name.
///
/// # Errors
/// `identity.client.invalid`, `identity.client.exists`, the authority's refusal.
pub(crate) fn register(cx: &mut Cx<'_>, declared: &ClientMetadata, manages: bool, taken: bool) -> Result<(), Fault> {
    cx.may("identity.client.register", &resource(&declared.client_id, manages))?;
    weighed(declared)?;
    if taken || clients::by_id(cx.tx(), &declared.client_id)?.is_some() {
        return Err(Fault::conflict("identity.client.exists"));
    }
    let waits = needs_two(cx, declared);
    let row = ClientRow {
        id: declared.client_id.clone(),
        organisation: declared.organisation.clone(),
        state: if waits { "proposed" } else { "active" }.to_owned(),
        declared: declared.clone(),
        proposed: None,
        proposed_by: waits.then(|| cx.actor().id.clone()),
        revision: 1,
        made_at: cx.now(),
    };
    clients::insert(cx.tx(), &row)?;
    cx.record(act("identity.client.registered", &row.id).with("state", row.state.as_str()));
    Ok(())
}

fn known(cx: &mut Cx<'_>, id: &str) -> Result<ClientRow, Fault> {
    clients::by_id(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.client.missing"))
}

fn keep(cx: &mut Cx<'_>, row: &ClientRow) -> Result<(), Fault> {
    let now = cx.now();
    if clients::update(cx.tx(), row, now)? { Ok(()) } else { Err(Fault::conflict("identity.client.changed")) }
}

/// Changes what is declared of a client.
///
/// # Errors
/// As [`register`]; `identity.client.missing`, `identity.client.changed`.
pub(crate) fn change(cx: &mut Cx<'_>, declared: &ClientMetadata, manages: bool) -> Result<(), Fault> {
    cx.may("identity.client.change", &resource(&declared.client_id, manages))?;
    weighed(declared)?;
    let mut row = known(cx, &declared.client_id)?;
    // What is regulated, or becomes so, or ceases to be, is for two to decide.
    let waits = needs_two(cx, declared) || needs_two(cx, &row.declared);
    if waits {
        row.proposed = Some(declared.clone());
        row.proposed_by = Some(cx.actor().id.clone());
    } else {
        row.declared = declared.clone();
    }
    keep(cx, &row)?;
    cx.record(act("identity.client.changed", &row.id).with("waits", waits));
    Ok(())
}

/// Agrees to what another officer proposed.
///
/// # Errors
/// `identity.client.missing`, `identity.client.nothing`, `identity.client.changed`, the authority's refusal.
pub(crate) fn approve(cx: &mut Cx<'_>, id: &str) -> Result<(), Fault> {
    let mut row = known(cx, id)?;
    let own = row.proposed_by.as_ref() == Some(&cx.actor().id);
    cx.may("identity.client.approve", &Resource::new("OidcClient", id).is("own", own))?;
    let proposer = row.proposed_by.take().ok_or_else(|| Fault::conflict("identity.client.nothing"))?;
    if let Some(proposed) = row.proposed.take() {
        row.declared = proposed;
    }
    if row.state == "proposed" {
        "active".clone_into(&mut row.state);
    }
    keep(cx, &row)?;
    cx.record(act("identity.client.approved", id).with("proposed_by", proposer));
    Ok(())
}

/// Takes a client out of use, or puts it back; its tokens open nothing while it is out.
///
/// # Errors
/// `identity.client.missing`, `identity.client.nothing` for one that was never approved, the authority's refusal.
pub(crate) fn set_active(cx: &mut Cx<'_>, id: &str, active: bool, manages: bool) -> Result<(), Fault> {
    cx.may("identity.client.change", &resource(id, manages))?;
    let mut row = known(cx, id)?;
    if row.state == "proposed" {
        return Err(Fault::conflict("identity.client.nothing"));
    }
    if active { "active" } else { "inactive" }.clone_into(&mut row.state);
    keep(cx, &row)?;
    cx.record(act(if active { "identity.client.activated" } else { "identity.client.deactivated" }, id));
    Ok(())
}

/// Every registered client.
///
/// # Errors
/// The authority's refusal.
pub(crate) fn list(cx: &mut Cx<'_>) -> Result<Vec<ClientRow>, Fault> {
    cx.may("identity.client.list", &Resource::new("OidcClient", "all"))?;
    Ok(clients::all(cx.tx())?)
}

impl Identity {
    /// Registers a client on behalf of whoever asks; returns its name.
    ///
    /// # Errors
    /// As [`register`].
    pub(crate) async fn register_client(
        &self,
        caller: &Caller,
        declared: ClientMetadata,
        manages: bool,
    ) -> Result<String, Fault> {
        let id = declared.client_id.clone();
        let taken = self.inner.declared.iter().any(|client| client.id == id);
        let work = move |cx: &mut Cx<'_>| register(cx, &declared, manages, taken);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await?;
        Ok(id)
    }

    /// Changes what is declared of a client on behalf of whoever asks.
    ///
    /// # Errors
    /// As [`change`].
    pub(crate) async fn change_client(
        &self,
        caller: &Caller,
        declared: ClientMetadata,
        manages: bool,
    ) -> Result<(), Fault> {
        let work = move |cx: &mut Cx<'_>| change(cx, &declared, manages);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await
    }

    /// Takes a client out of use, or puts it back, on behalf of whoever asks.
    ///
    /// # Errors
    /// As [`set_active`].
    pub(crate) async fn activate_client(
        &self,
        caller: &Caller,
        id: &str,
        active: bool,
        manages: bool,
    ) -> Result<(), Fault> {
        let id = id.to_owned();
        let work = move |cx: &mut Cx<'_>| set_active(cx, &id, active, manages);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await
    }

    /// A registered client as it stands.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn registered_client(&self, caller: &Caller, id: &str) -> Result<Option<ClientRow>, Fault> {
        let id = id.to_owned();
        self.inner.acts.read(caller, move |cx: &mut Cx<'_>| Ok(clients::by_id(cx.tx(), &id)?)).await
    }
}
