//! Joining: asked for by the institution, opened by the treasury.
//!
//! **Invariant:** nobody opens what she asked for herself; a new key ends the one before.

use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Act, Caller, Cx, Fault, Id, IdKind, Resource, Secret, Timestamp};

use crate::Gateway;
use crate::rows::billers as rows;

/// The kind of a biller's identifier.
#[derive(Debug)]
pub struct BillerKind;

impl IdKind for BillerKind {
    const PREFIX: &'static str = "blr";
}

/// A biller's identifier.
pub type BillerId = Id<BillerKind>;

/// Where a biller stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillerState {
    /// It waits for the treasury.
    Asked,
    /// Its programs may send bills.
    Open,
    /// They may not any more.
    Closed,
}

impl BillerState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Asked, Self::Open, Self::Closed].into_iter().find(|state| state.code() == code)
    }
}

/// An institution whose programs send bills.
#[derive(Clone, Debug)]
pub struct Biller {
    /// Its identifier.
    pub id: BillerId,
    /// The institution's id in the pack.
    pub institution: String,
    /// Where it stands.
    pub state: BillerState,
    /// Where it wants to be told, if anywhere.
    pub hook: Option<String>,
    /// Whether a key of its own opens the door.
    pub has_key: bool,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub made_at: Timestamp,
}

fn resource(cx: &Cx<'_>, institution: &str) -> Resource {
    let own = cx.actor().institution.as_deref() == Some(institution);
    Resource::new("Biller", institution).is("own", own)
}

/// Asks for an institution's programs to be let in; asked again while it waits, it changes where it wants to be told.
///
/// # Errors
/// `payments.biller.{hook,institution}`; `payments.biller.open` if it is open already; a refusal; the store's faults.
pub fn ask(cx: &mut Cx<'_>, hook: &str) -> Result<BillerId, Fault> {
    let institution = cx.actor().institution.clone().ok_or_else(|| Fault::invalid("payments.biller.institution"))?;
    let resource = resource(cx, &institution);
    cx.may("payments.biller.ask", &resource)?;
    let hook = hook.trim();
    let fits = hook.is_empty() || (hook.len() <= 500 && hook.parse().is_ok_and(|uri| edge::may_be_called(&uri)));
    if !fits {
        return Err(Fault::invalid("payments.biller.hook"));
    }
    let hook = Some(hook.to_owned()).filter(|hook| !hook.is_empty());
    let known = rows::of(cx.tx(), &institution)?;
    if known.as_ref().is_some_and(|known| known.state == BillerState::Open) {
        return Err(Fault::conflict("payments.biller.open"));
    }
    let biller = Biller {
        id: known.map_or_else(|| cx.id(), |known| known.id),
        institution,
        state: BillerState::Asked,
        hook,
        has_key: false,
        asked_by: cx.actor().id.clone(),
        made_at: cx.now(),
    };
    rows::put(cx.tx(), &biller)?;
    cx.record(act("payments.biller.asked", &biller));
    Ok(biller.id)
}

fn act(kind: &'static str, biller: &Biller) -> Act {
    Act::new(kind).on(biller.id).with("institution", biller.institution.as_str())
}

fn found(cx: &mut Cx<'_>, id: BillerId) -> Result<Biller, Fault> {
    rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.biller.unknown"))
}

/// Opens the door for what another officer asked for.
///
/// # Errors
/// `payments.biller.unknown`, `.not_asked`, `.same`; a refusal; the store's faults.
pub fn open(cx: &mut Cx<'_>, id: BillerId) -> Result<(), Fault> {
    let biller = found(cx, id)?;
    let resource = resource(cx, &biller.institution);
    cx.may("payments.biller.open", &resource)?;
    if biller.state != BillerState::Asked {
        return Err(Fault::conflict("payments.biller.not_asked"));
    }
    if biller.asked_by == cx.actor().id {
        return Err(Fault::conflict("payments.biller.same"));
    }
    let by = cx.actor().id.clone();
    rows::set_state(cx.tx(), id, BillerState::Open, Some(&by))?;
    cx.record(act("payments.biller.opened", &biller));
    Ok(())
}

/// Closes the door; its key is worth nothing from then on. What was billed stays. Twice is once.
///
/// # Errors
/// `payments.biller.unknown`; a refusal; the store's faults.
pub fn close(cx: &mut Cx<'_>, id: BillerId) -> Result<(), Fault> {
    let biller = found(cx, id)?;
    let resource = resource(cx, &biller.institution);
    cx.may("payments.biller.close", &resource)?;
    if biller.state != BillerState::Closed {
        rows::set_state(cx.tx(), id, BillerState::Closed, None)?;
        rows::set_key(cx.tx(), id, None)?;
        cx.record(act("payments.biller.closed", &biller));
    }
    Ok(())
}

/// Takes the hash of a new key, which ends the one before. The key itself never comes here.
///
/// # Errors
/// `payments.biller.unknown`, `.not_open`; a refusal; the store's faults.
pub fn new_key(cx: &mut Cx<'_>, id: BillerId, key: &Secret<[u8; 32]>) -> Result<(), Fault> {
    let biller = found(cx, id)?;
    let resource = resource(cx, &biller.institution);
    cx.may("payments.biller.key", &resource)?;
    if biller.state != BillerState::Open {
        return Err(Fault::conflict("payments.biller.not_open"));
    }
    rows::set_key(cx.tx(), id, Some(key.reveal()))?;
    cx.record(act("payments.biller.keyed", &biller));
    Ok(())
}

/// What an institution's program needs, shown once.
pub struct Keys {
    /// Opens the door: `Authorization: Bearer …`.
    pub key: Secret<String>,
    /// What calls to the institution are signed with.
    pub hook_secret: Secret<String>,
}

/// Makes a new key, which ends the one before. It is made here and given out here; what is kept is its hash.
///
/// # Errors
/// As [`new_key`].
pub async fn make_key(gateway: &Gateway, caller: &Caller, id: BillerId) -> Result<Keys, Fault> {
    let key = format!("letsema_{}", crypto::hex(&crypto::random::<32>()));
    let hash = crypto::sha256(&[key.as_bytes()]);
    gateway.acts().write(caller, &Key::none(), move |cx| new_key(cx, id, &Secret::new(hash))).await?;
    let hook_secret = format!("whsec_{}", crypto::base64(gateway.hook_secret(id).reveal()));
    Ok(Keys { key: Secret::new(key), hook_secret: Secret::new(hook_secret) })
}

/// All that whoever acts may see: the treasury all, an institution its own.
///
/// # Errors
/// A refusal; the store's faults.
pub fn all(cx: &mut Cx<'_>) -> Result<Vec<Biller>, Fault> {
    let institution = cx.actor().institution.clone().unwrap_or_default();
    cx.may("payments.biller.view", &resource(cx, &institution))?;
    let sees_all = cx.could("payments.biller.open", &Resource::new("Biller", "any").is("own", false));
    let billers = rows::all(cx.tx())?;
    Ok(billers.into_iter().filter(|biller| sees_all || biller.institution == institution).collect())
}
