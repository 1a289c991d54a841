//! A transfer that nobody answered in time is given up, and both institutions hear it.

use std::collections::BTreeSet;

use spine::{Cx, Fault, Resource};

use super::fulfil::{Ending, abort};
use super::{Post, tell};
use crate::fspiop::error::{EXPIRED, Refused};
use crate::fspiop::headers::VERSIONS;
use crate::letter::Kept;
use crate::model::Transfer;
use crate::rows::transfers as rows;

/// How many are given up in one transaction.
pub(crate) const AT_ONCE: i64 = 200;

/// Gives up what is overdue; says what is to be told.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(crate) fn expire(cx: &mut Cx<'_>, hub: &str) -> Result<Post, Fault> {
    cx.may("switch.transfer.expire", &Resource::new("Transfer", "overdue"))?;
    let now = cx.now();
    let (mut kept, mut bulks) = (Vec::new(), BTreeSet::new());
    for id in rows::overdue(cx.tx(), now, AT_ONCE)? {
        if let Some(known) = rows::find(cx.tx(), &id)? {
            bulks.extend(known.bulk.clone());
            kept.extend(expire_one(cx, known, hub, &Refused::from(EXPIRED))?);
        }
    }
    for bulk in bulks {
        kept.extend(super::bulk::reject(cx, &bulk, hub, &Refused::from(EXPIRED))?);
    }
    Ok(Post::kept(kept))
}

/// Gives one up.
pub(super) fn expire_one(cx: &mut Cx<'_>, known: Transfer, hub: &str, why: &Refused) -> Result<Vec<Kept>, Fault> {
    let version = VERSIONS.get(1).copied().unwrap_or("1.1");
    let told = |to: &str| tell::failed(hub, to, version, &known.id, why);
    let letters = if known.bulk.is_some() { Vec::new() } else { vec![told(&known.payer), told(&known.payee)] };
    let ending = Ending { error: Some(why.body().to_string()), hash: [0; 32], letters };
    abort(cx, known, ending)
}
