//! People into the population register: the operator's own export, or the synthetic people of a demonstration.
//!
//! **Invariant:** a number that does not check is refused, with the place of the person in the list.

use serde_json::{Map, Value as Json};
use spine::{Cx, Fault, Text};

use crate::model::PersonId;
use crate::national_id;
use crate::population::{Population, REGISTER};

/// A person to enrol: the register's fields, but for `person`, which is given here.
pub type NewPerson = Map<String, Json>;

/// Enrols people, all or none, as one act. Answers their identifiers in the same order.
///
/// # Errors
/// `civil.person.number` for a number that does not check; the registers' faults.
pub fn enrol(cx: &mut Cx<'_>, population: &Population, people: Vec<NewPerson>) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::with_capacity(people.len());
    let mut records = Vec::with_capacity(people.len());
    for (place, mut person) in people.into_iter().enumerate() {
        let number =
            person.get("national_id").and_then(Json::as_str).and_then(national_id::parse).ok_or_else(|| {
                Fault::invalid("civil.person.number")
                    .field(format!("/{place}/national_id"), Text::new("civil.number_wrong"))
            })?;
        person.insert("national_id".to_owned(), number.into());
        let id: PersonId = cx.id();
        person.insert("person".to_owned(), id.to_string().into());
        ids.push(id.to_string());
        records.push(person);
    }
    registers::enrol_many(cx, &population.registers, REGISTER, records)?;
    Ok(ids)
}
