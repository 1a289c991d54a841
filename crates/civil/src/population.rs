//! People found by number or identifier.
//!
//! **Invariant:** reading a person here leaves no act; the engine that asks records the look with its own purpose.

use registers::{Record, Registers};
use spine::{Cx, Fault};

use crate::model::Person;

/// The register that holds the population.
pub const REGISTER: &str = "civil-person";

/// The population. Cheap to clone.
#[derive(Clone)]
pub struct Population {
    pub(crate) registers: Registers,
}

impl Population {
    /// The population in these registers.
    #[must_use]
    pub const fn new(registers: Registers) -> Self {
        Self { registers }
    }

    /// The person with this national identity number, written in any way people write it.
    ///
    /// # Errors
    /// The store's faults; `civil.person.unreadable` if the record is not a person's.
    pub fn by_national_id(&self, cx: &mut Cx<'_>, written: &str) -> Result<Option<Person>, Fault> {
        let Some(number) = crate::national_id::parse(written) else { return Ok(None) };
        registers::find(cx, &self.registers, REGISTER, &number)?.as_ref().map(person_of).transpose()
    }

    /// The people with these numbers, in the plain form [`crate::national_id::parse`] gives; those nobody has are left out.
    ///
    /// # Errors
    /// As [`Population::by_national_id`].
    pub fn by_national_ids(&self, cx: &mut Cx<'_>, numbers: &[&str]) -> Result<Vec<Person>, Fault> {
        registers::find_many(cx, &self.registers, REGISTER, numbers)?.iter().map(person_of).collect()
    }

    /// How alike two names are, in hundredths, under every spelling the country joins.
    #[must_use]
    pub fn names_alike(&self, one: &str, other: &str) -> i64 {
        crate::likeness::names_alike(self.registers.folding(), one, other)
    }

    /// The country's day at the moment of the operation.
    #[must_use]
    pub fn today(&self, cx: &Cx<'_>) -> spine::Date {
        self.registers.day(cx.now())
    }

    /// The person with this identifier.
    ///
    /// # Errors
    /// As [`Population::by_national_id`].
    pub fn person(&self, cx: &mut Cx<'_>, id: &str) -> Result<Option<Person>, Fault> {
        registers::find_by(cx, &self.registers, REGISTER, "person", id)?.as_ref().map(person_of).transpose()
    }
}

pub(crate) fn person_of(record: &Record) -> Result<Person, Fault> {
    let text = |field: &str| record.fields().get(field).and_then(|value| value.as_str()).map(str::to_owned);
    let unreadable = || Fault::internal("civil.person.unreadable", "the record lacks what every person has");
    Ok(Person {
        id: text("person").ok_or_else(unreadable)?,
        national_id: record.key().to_owned(),
        given: text("given").unwrap_or_default(),
        family: text("family").unwrap_or_default(),
        born: text("born").and_then(|day| day.parse().ok()).ok_or_else(unreadable)?,
        sex: text("sex").unwrap_or_default(),
        district: text("district").unwrap_or_default(),
        died: text("died").and_then(|day| day.parse().ok()),
        phone: text("phone"),
        email: text("email"),
    })
}
