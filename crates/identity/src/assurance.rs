//! How surely somebody is known once she has signed in: decided by how she was enrolled, by what she showed now, and by
//! whether she got back in a short while ago. The table stands in docs/security/assurance.md.
//!
//! **Invariant:** the lowest of the three counts, and every session and every approval by PIN gets its assurance here.

use std::collections::BTreeMap;

use serde::Deserialize;
use spine::{Assurance, Cx, Fault};

use crate::account::{Account, Kind};
use crate::rows::accounts;
use crate::rows::sessions::assurance_named;

/// What the country decides about how surely people are known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssuranceRules {
    /// By the evidence of their enrolment (`enrolment.toml`): `low`, `substantial`, `high`.
    pub enrolled: BTreeMap<String, String>,
    /// People whose enrolment is not written down, and kinds of evidence that are not named.
    pub unrecorded: String,
    /// After a recovery, for some days.
    pub recovered: String,
}

impl Default for AssuranceRules {
    fn default() -> Self {
        Self { enrolled: BTreeMap::new(), unrecorded: "high".to_owned(), recovered: "low".to_owned() }
    }
}

/// How surely the account's owner can be known at all, today.
pub(crate) fn most(cx: &mut Cx<'_>, rules: &AssuranceRules, account: &Account) -> Result<Assurance, Fault> {
    let now = cx.now();
    let enrolled = match account.kind {
        // Officers are appointed in person, and who enrols them answers for it.
        Kind::Officer => Assurance::High,
        Kind::Person => {
            let evidence = accounts::enrolled_by(cx.tx(), &account.id)?;
            let level = evidence.and_then(|evidence| rules.enrolled.get(&evidence).cloned());
            assurance_named(level.as_deref().unwrap_or(&rules.unrecorded))
        }
    };
    let lowered = account.lowered_until.is_some_and(|until| now < until);
    Ok(if lowered { enrolled.min(assurance_named(&rules.recovered)) } else { enrolled })
}

/// How surely she is known by what she showed now.
pub(crate) fn reached(
    cx: &mut Cx<'_>,
    rules: &AssuranceRules,
    account: &Account,
    shown: Assurance,
) -> Result<Assurance, Fault> {
    Ok(shown.min(most(cx, rules, account)?))
}
