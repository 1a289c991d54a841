//! Which vital events a country registers and what each of them asks for, as the pack's `civil.toml` declares it.
//!
//! **Invariant:** what an event *does* is one of the closed set [`Effect`] (the events a vital
//! statistics system counts); everything else (fields, evidence, ages, time limits, words) is the pack's.
//! Every name in a declaration is checked against the registers before anything starts. Where next: `event.rs`.

use std::collections::BTreeMap;

use registers::{FieldKind, Register, Registers};
use serde::Deserialize;
use spine::{Language, Localised};

/// What the registration of an event does to people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A person comes into the population, with her parents.
    Birth,
    /// A person's life ends.
    Death,
    /// Two people become spouses.
    Marriage,
    /// Two people are spouses no more.
    Divorce,
    /// A child gets other parents; the entry of its birth is sealed.
    Adoption,
    /// A person bears another name.
    NameChange,
}

impl Effect {
    /// The parties it needs a declaration to name, at the least.
    const fn parties(self) -> &'static [&'static str] {
        match self {
            Self::Birth => &["child", "mother", "father"],
            Self::Death => &["deceased"],
            Self::Marriage | Self::Divorce => &["spouse_one", "spouse_two"],
            Self::Adoption => &["child", "adopter_one", "adopter_two"],
            Self::NameChange => &["person"],
        }
    }

    /// The party whose affair it is first of all.
    pub(crate) const fn subject(self) -> &'static str {
        match self {
            Self::Birth | Self::Adoption => "child",
            Self::Death => "deceased",
            Self::Marriage | Self::Divorce => "spouse_one",
            Self::NameChange => "person",
        }
    }
}

/// Someone an event is about: the field that holds her identifier, and the one that shows her name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Her part: `mother`, `deceased`, `spouse_one`.
    pub part: String,
    /// The field of the register with her identifier.
    pub field: String,
    /// The field with her name, filled from the population when she is found.
    #[serde(default)]
    pub shows: Option<String>,
    /// Whether declarations ask for her number; a child that is new to the population has none.
    #[serde(default = "yes")]
    pub asked: bool,
}

const fn yes() -> bool {
    true
}

/// How an event came about, and what that asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstance {
    /// Its id: `late`, `customary`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// Kinds of evidence of which at least one must be shown; none if empty.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Parties that must be named.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Parties that must not be.
    #[serde(default)]
    pub without: Vec<String>,
    /// It is for events declared after the time limit; the others are for those within.
    #[serde(default)]
    pub late: bool,
    /// Nobody in it may have another spouse.
    #[serde(default)]
    pub exclusive: bool,
    /// The youngest its parties may be, in years.
    #[serde(default)]
    pub minimum_age: Option<i64>,
}

/// One kind of evidence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKind {
    /// Its id: `notice-of-birth`, `court-order`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
}

/// One kind of vital event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its id: `birth`.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// What it does.
    pub effect: Effect,
    /// The register it ends up in.
    pub register: String,
    /// Begins the numbers of its entries: `B`.
    pub prefix: String,
    /// The field with the day on which it happened.
    pub date: String,
    /// The field with the district in which it happened.
    pub district: String,
    /// The field for the day of registration.
    pub registered_on: String,
    /// By which law.
    pub legal_basis: Localised,
    /// Days from the event within which it is declared in time; none if there is no limit.
    #[serde(default)]
    pub on_time_days: Option<i64>,
    /// Days within which an officer has to finish it.
    pub finish_days: i64,
    /// What a notice tells; no notice is given of it if empty. Who may give one is the policies' to say.
    #[serde(default)]
    pub notice: Vec<String>,
    /// Whether people may give notice themselves, signed in.
    #[serde(default)]
    pub notice_by_people: bool,
    /// What a declaration tells, in this order.
    pub ask: Vec<String>,
    /// Who it is about.
    pub parties: Vec<Party>,
    /// Fields of the population's record and the fields here they are taken from.
    #[serde(default)]
    pub person: BTreeMap<String, String>,
    /// Fields that only a court's order may correct.
    #[serde(default)]
    pub court_order: Vec<String>,
    /// The field whose value the statistics count as cause, if any.
    #[serde(default)]
    pub cause: Option<String>,
    /// The field with the sex, for statistics, if any; else the subject's is taken.
    #[serde(default)]
    pub sex: Option<String>,
    /// How it can have come about.
    pub circumstances: Vec<Circumstance>,
    /// Whether its rules are examples and not something the country said.
    #[serde(default)]
    pub illustrative: bool,
}

impl Kind {
    /// The circumstance called `id`.
    #[must_use]
    pub fn circumstance(&self, id: &str) -> Option<&Circumstance> {
        self.circumstances.iter().find(|one| one.id == id)
    }

    /// The party with this part.
    #[must_use]
    pub fn party(&self, part: &str) -> Option<&Party> {
        self.parties.iter().find(|party| party.part == part)
    }

    /// The legal basis as acts cite it, in English.
    #[must_use]
    pub fn citation(&self) -> String {
        self.legal_basis.in_language(&Language::new("en")).to_owned()
    }
}

/// Every kind of event of the country.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinds {
    /// From this age on a person is of age and has no guardian by birth.
    pub majority_years: i64,
    /// Two births of one mother that lie fewer days apart are looked at by a person.
    pub birth_spacing_days: i64,
    /// How alike two names must be to be looked at, in hundredths.
    pub likeness: i64,
    /// Counts below this are not published.
    pub smallest_count: i64,
    /// The kinds of evidence.
    evidence: Vec<EvidenceKind>,
    /// The kinds of event.
    #[serde(rename = "event")]
    events: Vec<Kind>,
}

/// What is wrong with `civil.toml`.
#[derive(Debug, thiserror::Error)]
pub enum KindsError {
    /// It is not the TOML of a declaration; the message names line and column.
    #[error("civil.toml: {0}")]
    Toml(#[from] toml::de::Error),
    /// A name in it leads nowhere.
    #[error("civil.toml: {event}: {what}")]
    Name {
        /// The event.
        event: String,
        /// What leads nowhere, and what to do.
        what: String,
    },
}

impl Kinds {
    /// Reads `civil.toml` and checks every name in it against the registers.
    ///
    /// # Errors
    /// [`KindsError`], the first that is found.
    pub fn parse(text: &str, registers: &Registers) -> Result<Self, KindsError> {
        let kinds: Self = toml::from_str(text)?;
        for kind in &kinds.events {
            kinds.check(kind, registers).map_err(|what| KindsError::Name { event: kind.id.clone(), what })?;
        }
        Ok(kinds)
    }

    /// The kind called `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Kind> {
        self.events.iter().find(|kind| kind.id == id)
    }

    /// Each kind, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.events.iter()
    }

    /// The first kind with this effect.
    #[must_use]
    pub fn of(&self, effect: Effect) -> Option<&Kind> {
        self.events.iter().find(|kind| kind.effect == effect)
    }

    /// The kind of evidence called `id`.
    #[must_use]
    pub fn evidence(&self, id: &str) -> Option<&EvidenceKind> {
        self.evidence.iter().find(|one| one.id == id)
    }

    /// Each kind of evidence.
    pub fn all_evidence(&self) -> impl Iterator<Item = &EvidenceKind> {
        self.evidence.iter()
    }

    fn check(&self, kind: &Kind, registers: &Registers) -> Result<(), String> {
        let register =
            registers.get(&kind.register).ok_or_else(|| format!("there is no register {:?}", kind.register))?;
        for (what, field, wanted) in [
            ("date", &kind.date, FieldKind::Date),
            ("registered_on", &kind.registered_on, FieldKind::Date),
            ("district", &kind.district, FieldKind::Choice),
        ] {
            if register.field(field).is_none_or(|field| field.kind() != wanted) {
                return Err(format!("{what} = {field:?} is no {wanted:?} field of the register {:?}", register.id()));
            }
        }
        let party_fields = kind.parties.iter().flat_map(|party| party.shows.iter().chain([&party.field]));
        let named = kind.notice.iter().chain(&kind.ask).chain(&kind.court_order).chain(kind.person.values());
        for field in named.chain(party_fields).chain(&kind.cause).chain(&kind.sex) {
            known(register, field)?;
        }
        if let Some(part) = kind.effect.parties().iter().find(|part| kind.party(part).is_none()) {
            return Err(format!("its effect needs the party {part:?}; add it under parties"));
        }
        if kind.circumstances.is_empty() {
            return Err("it has no circumstances; name at least one".to_owned());
        }
        for circumstance in &kind.circumstances {
            if let Some(id) = circumstance.evidence.iter().find(|id| self.evidence(id).is_none()) {
                return Err(format!("{}: there is no evidence {id:?}", circumstance.id));
            }
            let parts = circumstance.needs.iter().chain(&circumstance.without);
            if let Some(part) = parts.into_iter().find(|part| kind.party(part).is_none()) {
                return Err(format!("{}: there is no party {part:?}", circumstance.id));
            }
        }
        Ok(())
    }
}

fn known(register: &Register, field: &str) -> Result<(), String> {
    match register.field(field) {
        Some(_) => Ok(()),
        None => Err(format!("the register {:?} has no field {field:?}", register.id())),
    }
}
