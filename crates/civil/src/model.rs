//! A person, as the register says today.
//!
//! **Invariant:** made from a record of the register; `Debug` shows the identifier and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};
use spine::{Date, Id, IdKind};

/// The kind of a person's identifier.
#[derive(Debug)]
pub struct PersonKind;
impl IdKind for PersonKind {
    const PREFIX: &'static str = "per";
}
/// A person's identifier.
pub type PersonId = Id<PersonKind>;

/// A person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Her identifier, which other engines use.
    pub id: String,
    /// The number she knows by heart.
    pub national_id: String,
    /// Given names.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Day of birth.
    pub born: Date,
    /// `female` or `male`, as the register says.
    pub sex: String,
    /// The district she lives in.
    pub district: String,
    /// The day she died, if her death is registered.
    pub died: Option<Date>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl Person {
    /// Given and family names.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Person({})", self.id)
    }
}
