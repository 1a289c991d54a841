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

/// What evidence proves, and how it is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The entry of her birth, which fills in what it says.
    BirthEntry,
    /// A chief who knows her and signs for it.
    Introducer,
    /// A paper whose number is noted.
    Paper,
}

/// A kind of evidence of who somebody is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its id: `chief`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it proves.
    pub proof: Proof,
}

/// Something with an id and a name: a part of the body, a reason.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id: `right-hand`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
}

/// How an application is taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// Begins the numbers of applications: `E`.
    pub prefix: String,
    /// Begins the numbers of introductions: `L`.
    pub introduction_prefix: String,
    /// The fields of the population's record that are asked, in this order.
    pub ask: Vec<String>,
    /// The youngest somebody may be, in years.
    pub minimum_age: i64,
    /// Days in which a code opens an account.
    pub activation_days: i64,
    /// Days in which a packet taken without a network counts; one that is older waits for a person.
    pub packet_days: i64,
}

/// How cards are made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRules {
    /// Begins their numbers: `K`.
    pub prefix: String,
    /// Years a card is good.
    pub years: i16,
    /// Cards printed in a day, for the date that is promised.
    pub a_day: i64,
}

/// What the country says of its national ID.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Whether the rules are examples and not something the country said.
    #[serde(default)]
    pub illustrative: bool,
    /// How an application is taken.
    pub taking: Taking,
    /// How cards are made.
    pub card: CardRules,
    #[serde(rename = "vid")]
    vids: Vec<VidKind>,
    #[serde(rename = "evidence")]
    evidence: Vec<Evidence>,
    #[serde(rename = "part")]
    parts: Vec<Named>,
    #[serde(rename = "reason")]
    reasons: Vec<Named>,
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
        for (what, ids) in [
            ("evidence", self.evidence.iter().map(|one| &one.id).collect::<Vec<_>>()),
            ("part", self.parts.iter().map(|one| &one.id).collect()),
            ("reason", self.reasons.iter().map(|one| &one.id).collect()),
        ] {
            if ids.is_empty() {
                return Err(format!("there is no {what}; name at least one"));
            }
            if let Some((_, id)) =
                ids.iter().enumerate().find(|(place, id)| ids.iter().take(*place).any(|own| own == *id))
            {
                return Err(format!("{what} {id:?} stands there twice"));
            }
        }
        let prefixes = [&self.taking.prefix, &self.taking.introduction_prefix, &self.card.prefix];
        if prefixes.iter().any(|one| one.is_empty() || !one.bytes().all(|letter| letter.is_ascii_uppercase())) {
            return Err("a prefix is one or more capital letters".to_owned());
        }
        if let Some(name) =
            ["given", "family", "born", "sex"].iter().find(|name| !self.taking.ask.iter().any(|own| own == *name))
        {
            return Err(format!("taking: ask for {name:?} too; every person has it"));
        }
        if !(0..=120).contains(&self.taking.minimum_age) || !(1..=366).contains(&self.taking.activation_days) {
            return Err("taking: minimum_age is from 0 to 120, activation_days from 1 to 366".to_owned());
        }
        if !(1..=366).contains(&self.taking.packet_days) {
            return Err("taking: packet_days is from 1 to 366".to_owned());
        }
        if !(1..=50).contains(&self.card.years) || !(1..=1_000_000).contains(&self.card.a_day) {
            return Err("card: years is from 1 to 50, a_day from 1 to 1000000".to_owned());
        }
        Ok(())
    }

    /// Checks the names of fields against the population's record, which knows whether it has one of a name.
    ///
    /// # Errors
    /// [`RulesError::Wrong`] with the first that is not there.
    pub fn fits(&self, has: impl Fn(&str) -> bool) -> Result<(), RulesError> {
        match self.taking.ask.iter().find(|name| !has(name)) {
            None => Ok(()),
            Some(name) => Err(RulesError::Wrong(format!("taking: the population's record has no field {name:?}"))),
        }
    }

    /// The kinds of evidence.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter()
    }

    /// The evidence called `id`.
    #[must_use]
    pub fn evidence_of(&self, id: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|one| one.id == id)
    }

    /// The parts of the body that are taken.
    pub fn parts(&self) -> impl Iterator<Item = &Named> {
        self.parts.iter()
    }

    /// Why a part may not be taken.
    pub fn reasons(&self) -> impl Iterator<Item = &Named> {
        self.reasons.iter()
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
