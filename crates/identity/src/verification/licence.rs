//! Who may ask about people: one licence for each organisation, declared by the country.
//!
//! **Invariant:** an organisation is found by the client it authenticates as; what its licence does not name it may not
//! compare, be told, or do. A licence that names something unknown is refused when the program starts.

use edge::Bucket;
use serde::Deserialize;
use spine::{Language, Localised};

/// What can be compared with the register.
pub(crate) const COMPARABLE: [&str; 6] = ["given", "family", "born", "sex", "district", "phone"];
/// What can be told from it.
pub(crate) const TELLABLE: [&str; 6] = ["given", "family", "born", "sex", "district", "alive"];

/// The licence of one organisation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verifier {
    /// Its id: `payroll`.
    pub id: String,
    /// The OpenID client it authenticates as.
    pub client: String,
    /// What people call it.
    pub name: Localised,
    /// By which law or agreement it asks.
    pub legal_basis: Localised,
    /// Why it may ask, as codes.
    pub purposes: Vec<String>,
    /// What it may have compared.
    #[serde(rename = "match")]
    pub compares: Vec<String>,
    /// What it may be told of a person who was found and fits.
    #[serde(default)]
    pub told: Vec<String>,
    /// Whether it may ask many at once.
    #[serde(default)]
    pub bulk: bool,
    /// Whether it may ask to be told of deaths.
    #[serde(default)]
    pub watch: bool,
    /// Whether it may ask when somebody last proved to live.
    #[serde(default)]
    pub life: bool,
    /// The group of organisations that know a person by the same pseudonym.
    pub group: String,
    /// At most so many questions a day, lines of files among them, at each instance of the program.
    pub daily: u32,
}

/// A day, in seconds.
const DAY_SECONDS: u32 = 86_400;

impl Verifier {
    /// How many questions it may ask.
    pub(super) const fn bucket(&self) -> Bucket {
        Bucket { name: "identity.verification", burst: self.daily, seconds: DAY_SECONDS }
    }

    /// The legal basis as acts cite it, in English.
    #[must_use]
    pub fn citation(&self) -> String {
        self.legal_basis.in_language(&Language::new("en")).to_owned()
    }
}

/// Every licence of the country.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licences {
    /// Whether they are examples and not something the country said.
    #[serde(default)]
    pub illustrative: bool,
    /// From so many hundredths on two names are near, and not merely another.
    #[serde(default = "never_near")]
    pub(super) near_from: u8,
    #[serde(default, rename = "verifier")]
    verifiers: Vec<Verifier>,
}

/// Only the same name is the same.
const fn never_near() -> u8 {
    100
}

impl Default for Licences {
    fn default() -> Self {
        Self { illustrative: false, near_from: never_near(), verifiers: Vec::new() }
    }
}

/// A licence is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LicenceError {
    /// Two licences have one id or one client.
    #[error("verifier {0}: its id or its client is another's")]
    Twice(String),
    /// It names something that cannot be compared or told.
    #[error("verifier {id}: {name:?} can be neither compared nor told; use one of {known}")]
    Unknown {
        /// The licence.
        id: String,
        /// What it names.
        name: String,
        /// What there is.
        known: String,
    },
    /// Names that share little would be near.
    #[error("near_from is {0}: from 60 to 100 hundredths of two names must be alike")]
    Near(u8),
    /// It names no purpose.
    #[error("verifier {0}: name at least one purpose")]
    Purpose(String),
}

impl Licences {
    /// Checks what was read.
    ///
    /// # Errors
    /// [`LicenceError`], the first that is found.
    pub fn check(&self) -> Result<(), LicenceError> {
        if !(60..=100).contains(&self.near_from) {
            return Err(LicenceError::Near(self.near_from));
        }
        for (place, own) in self.verifiers.iter().enumerate() {
            let others = self.verifiers.iter().take(place);
            if others.into_iter().any(|other| other.id == own.id || other.client == own.client) {
                return Err(LicenceError::Twice(own.id.clone()));
            }
            let known = |names: &[String], all: &[&str]| {
                let wrong = names.iter().find(|name| !all.contains(&name.as_str()));
                wrong.map(|name| LicenceError::Unknown {
                    id: own.id.clone(),
                    name: name.clone(),
                    known: all.join(", "),
                })
            };
            if let Some(error) = known(&own.compares, &COMPARABLE).or_else(|| known(&own.told, &TELLABLE)) {
                return Err(error);
            }
            if own.purposes.is_empty() {
                return Err(LicenceError::Purpose(own.id.clone()));
            }
        }
        Ok(())
    }

    /// Each licence.
    pub fn iter(&self) -> impl Iterator<Item = &Verifier> {
        self.verifiers.iter()
    }

    /// The licence of the organisation that authenticates as this client.
    #[must_use]
    pub fn of_client(&self, client: &str) -> Option<&Verifier> {
        self.verifiers.iter().find(|one| one.client == client)
    }
}
