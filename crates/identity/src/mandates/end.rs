//! The end of a mandate: by either, by an officer, or because one of them died or was locked out.
//!
//! **Invariant:** it counts from the next request on, on every instance: nothing is remembered between requests.

use spine::{Cx, Fault, Resource};

use crate::mandates::give::act;
use crate::mandates::mandate::MandateId;
use crate::rows::mandates as rows;

/// Ends a mandate. Ending one that has ended is nothing new.
///
/// # Errors
/// `identity.mandate.missing`; the authority's refusal.
pub fn end(cx: &mut Cx<'_>, id: MandateId) -> Result<(), Fault> {
    let mandate = rows::by_id(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.mandate.missing"))?;
    let account = cx.actor().id.clone();
    cx.may("identity.mandate.end", &Resource::new("Mandate", id).is("own", mandate.is_about(&account)))?;
    let now = cx.now();
    rows::end(cx.tx(), id, &account, "revoked", now)?;
    cx.record(act("identity.mandate.ended", &mandate, "consent"));
    Ok(())
}

/// Ends every mandate somebody gave or acts under, in the commit of what ended it; returns how many. Asks nothing and records
/// nothing by itself: the deed that it follows from does.
///
/// # Errors
/// The store's faults.
pub(crate) fn end_all_of(cx: &mut Cx<'_>, account: &str, because: &str) -> Result<u64, Fault> {
    let (by, now) = (cx.actor().id.clone(), cx.now());
    Ok(rows::end_all(cx.tx(), account, &by, because, now)?)
}
