//! Payments by the government, wired: its keys, its programmes, and who carries its money.
//!
//! **Invariant:** batches are signed with a key of their own, and vouchers sealed with another; neither signs or seals anything else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::SealKey;
use edge::Outbound;
use grants::{ByRails, Grants, GrantsSettings};
use identity::Identity;
use journal::Acts;
use messages::Messages;
use payments::Rails;
use registers::Registers;
use spine::{Language, Localised, Words};

use crate::country::PayingPart;
use crate::keys::Keys;

/// What payments by the government stand on.
pub(crate) struct Around<'a> {
    pub(crate) acts: &'a Acts,
    pub(crate) keys: &'a Keys,
    pub(crate) identity: &'a Identity,
    pub(crate) messages: &'a Messages,
    pub(crate) rails: &'a Rails,
    pub(crate) outbound: &'a Outbound,
}

/// The engine, over accounts, registers and the ledger.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn engine(
    around: &Around<'_>,
    (registers, words, institutions): (&Registers, &Words, &Arc<BTreeMap<String, Localised>>),
    part: PayingPart,
) -> Result<Grants, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the keys of grants: {error}");
    let signing_key = around.keys.grants().map_err(|error| wrong(&error))?;
    let seal_key = SealKey::new(&around.keys.secret("grants")).map_err(|error| wrong(&error))?;
    Ok(Grants::new(GrantsSettings {
        acts: around.acts.clone(),
        programmes: part.programmes,
        identity: around.identity.clone(),
        population: civil::Population::new(registers.clone()),
        registers: registers.clone(),
        messages: around.messages.clone(),
        signing_key: Arc::new(signing_key),
        seal_key: Arc::new(seal_key),
        voucher_secret: around.keys.secret("grants-vouchers"),
        rails: around.rails.clone(),
        payouts: part.payouts,
        currency: part.currency,
        language: words.locales().next().map_or_else(|| Language::new("en"), |it| it.language.clone()),
        carrier: Arc::new(ByRails(around.rails.clone())),
        outbound: around.outbound.clone(),
        zone: words.zone().clone(),
        institutions: Arc::clone(institutions),
    }))
}
