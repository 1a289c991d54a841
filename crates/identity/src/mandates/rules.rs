//! What a country's pack says of acting for others: scopes, kinds of mandates, what counts as evidence.
//!
//! **Invariant:** a scope that would let somebody be another (sign in, change a PIN, say that she lives, give mandates) is
//! refused when the pack is read; a kind names scopes that exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use civil::Families;
use serde::Deserialize;
use spine::{Localised, Scope};

/// The identity engine's actions that may be done for another, by how they begin. All others of it are about being somebody:
/// her PIN, her keys, her number, whether she lives, whom she lets act for her.
const MAY: [&str; 3] = ["identity.consent.", "identity.device.", ELSEWHERE];
/// Signing in at another program for another, which then reads both names (RFC 8693 §4.1).
pub(crate) const ELSEWHERE: &str = "identity.grant.act";

/// `mandates.toml`, as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateRules {
    /// That what it says is an example.
    #[serde(default)]
    pub illustrative: bool,
    /// What one may be let do.
    #[serde(default, rename = "scope")]
    pub scopes: Vec<ScopePart>,
    /// Kinds of mandates.
    #[serde(default, rename = "kind")]
    pub kinds: Vec<KindPart>,
    /// What an officer may register one on.
    #[serde(default)]
    pub evidence: Vec<Word>,
}

/// A scope as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopePart {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// The actions, as policies name them.
    pub actions: BTreeSet<String>,
    /// The services it is good for; none, and it is good for all.
    #[serde(default)]
    pub services: BTreeSet<String>,
}

/// How a mandate comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arises {
    /// It follows from the family.
    Family,
    /// The person gives it, the other accepts.
    Given,
    /// An officer registers it on evidence, a second agrees.
    Registered,
}

/// Whom it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Represents {
    /// A person.
    #[default]
    Person,
    /// A business or association.
    Organisation,
}

/// A kind of mandate as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindPart {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it is for.
    pub about: Localised,
    /// How it comes about.
    pub arises: Vec<Arises>,
    /// Whom it is for.
    #[serde(default)]
    pub represents: Represents,
    /// The scopes it may cover.
    pub scopes: Vec<String>,
    /// How long it may last; none where it follows from the family.
    #[serde(default)]
    pub longest_days: i64,
}

/// Something with a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: Localised,
}

/// The rules do not hold together.
#[derive(Debug, thiserror::Error)]
#[error("mandates.toml: {0}")]
pub struct MandateError(String);

/// Whether an action would let somebody be another, not only act for her.
fn makes_her_the_other(action: &str) -> bool {
    action.starts_with("identity.") && !MAY.iter().any(|own| action.starts_with(own))
}

/// A kind of mandate with its scopes.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) part: KindPart,
    pub(crate) scopes: Vec<Arc<Scope>>,
}

/// The rules, proved, and the families that guardianship follows from. Cheap to clone.
#[derive(Clone)]
pub struct Mandates {
    pub(crate) kinds: Arc<[Kind]>,
    pub(crate) scopes: Arc<[Arc<Scope>]>,
    pub(crate) evidence: Arc<[Word]>,
    pub(crate) families: Option<Families>,
}

impl Default for Mandates {
    fn default() -> Self {
        Self { kinds: Arc::new([]), scopes: Arc::new([]), evidence: Arc::new([]), families: None }
    }
}

impl Mandates {
    /// Proves the rules.
    ///
    /// # Errors
    /// [`MandateError`] with what is wrong.
    pub fn new(rules: MandateRules, families: Option<Families>) -> Result<Self, MandateError> {
        let scope = |part: ScopePart| {
            let Some(action) = part.actions.iter().find(|action| makes_her_the_other(action)) else {
                return Ok(Arc::new(Scope {
                    id: part.id,
                    name: part.name,
                    actions: part.actions,
                    services: part.services,
                }));
            };
            Err(MandateError(format!("scope {}: nobody does {action} for another", part.id)))
        };
        let scopes = rules.scopes.into_iter().map(scope).collect::<Result<Arc<[_]>, _>>()?;
        once("scope", scopes.iter().map(|scope| scope.id.as_str()))?;
        once("kind", rules.kinds.iter().map(|kind| kind.id.as_str()))?;
        once("evidence", rules.evidence.iter().map(|word| word.id.as_str()))?;
        let kind = |part: KindPart| {
            let wrong = |problem: String| MandateError(format!("kind {}: {problem}", part.id));
            let find = |id: &String| {
                let found = scopes.iter().find(|scope| scope.id == *id).cloned();
                found.ok_or_else(|| wrong(format!("there is no scope {id}")))
            };
            let of_kind = part.scopes.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            let lasts = part.arises == [Arises::Family] || (1..=36_525).contains(&part.longest_days);
            if part.arises.is_empty() || of_kind.is_empty() || !lasts {
                return Err(wrong(
                    "it needs `arises`, `scopes` and, unless it follows from the family, `longest_days`".into(),
                ));
            }
            Ok(Kind { part, scopes: of_kind })
        };
        let kinds = rules.kinds.into_iter().map(kind).collect::<Result<Arc<[_]>, _>>()?;
        Ok(Self { kinds, scopes, evidence: rules.evidence.into(), families })
    }

    /// Every service that a scope names, for whoever knows which there are.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().flat_map(|scope| scope.services.iter().map(String::as_str))
    }

    pub(crate) fn kind(&self, id: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.part.id == id)
    }

    /// The kinds that come about in this way.
    pub(crate) fn arising(&self, how: Arises) -> impl Iterator<Item = &Kind> {
        self.kinds.iter().filter(move |kind| kind.part.arises.contains(&how))
    }

    /// What a mandate of this kind with these scopes covers.
    pub(crate) fn covered(&self, kind: &str, scopes: &[String]) -> Vec<Arc<Scope>> {
        let of_kind = self.kind(kind).map(|kind| kind.scopes.as_slice()).unwrap_or_default();
        of_kind.iter().filter(|scope| scopes.contains(&scope.id)).cloned().collect()
    }
}

fn once<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), MandateError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(MandateError(format!("{what} {id} stands there twice")));
        }
    }
    Ok(())
}
