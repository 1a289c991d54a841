//! What the country says of its national ID, from the pack's `enrolment.toml`.
//!
//! **Invariant:** a declaration that does not hold together is refused when the program starts, with what is wrong. What
//! the sources do not say is marked `illustrative`.

use serde::Deserialize;
use spine::Localised;

/// A kind of number that a person gives out in the stead of her own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VidKind {
    /// Its id: `temporary`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it is good for.
    pub hint: Localised,
    /// Days it is good; for ever if not said.
    #[serde(default)]
    pub days: Option<i64>,
    /// How often it can be used; as often as she likes if not said.
    #[serde(default)]
    pub uses: Option<i64>,
    /// How many a person may have at once.
    pub at_once: usize,
}

/// What the country says of its national ID.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Whether the rules are examples and not something the country said.
    #[serde(default)]
    pub illustrative: bool,
    #[serde(rename = "vid")]
    vids: Vec<VidKind>,
}

/// What is wrong with `enrolment.toml`.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is not the TOML of a declaration; the message names line and column.
    #[error("enrolment.toml: {0}")]
    Toml(#[from] toml::de::Error),
    /// Something in it does not hold together.
    #[error("enrolment.toml: {0}")]
    Wrong(String),
}

impl Rules {
    /// Reads `enrolment.toml`.
    ///
    /// # Errors
    /// [`RulesError`], the first that is found.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let rules: Self = toml::from_str(text)?;
        rules.check().map_err(RulesError::Wrong)?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), String> {
        for (place, kind) in self.vids.iter().enumerate() {
            let id = &kind.id;
            if self.vids.iter().take(place).any(|other| other.id == *id) {
                return Err(format!("vid {id:?} stands there twice"));
            }
            if kind.days.is_some_and(|days| !(1..=36_500).contains(&days)) {
                return Err(format!("vid {id:?}: days is a number from 1 to 36500"));
            }
            if kind.uses.is_some_and(|uses| !(1..=1_000).contains(&uses)) {
                return Err(format!("vid {id:?}: uses is a number from 1 to 1000"));
            }
            if !(1..=50).contains(&kind.at_once) {
                return Err(format!("vid {id:?}: at_once is a number from 1 to 50"));
            }
        }
        Ok(())
    }

    /// The kinds of numbers in a person's stead.
    pub fn vids(&self) -> impl Iterator<Item = &VidKind> {
        self.vids.iter()
    }

    /// The kind called `id`.
    #[must_use]
    pub fn vid(&self, id: &str) -> Option<&VidKind> {
        self.vids.iter().find(|kind| kind.id == id)
    }
}
