//! An adoption: the child has other parents from a day on. The entry of its birth is sealed and a new one is made that
//! names the adopters, so that a certificate does not tell what a court closed.

use registers::{Enrol, Fields, find_all_by, seal};
use serde_json::json;
use spine::{Cx, Fault};

use super::{change, need, record_of};
use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::family::{self, Tie};
use crate::kinds::{Effect, Kind};
use crate::model::Person;
use crate::reference;

pub(super) fn adopted(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Vital>, Fault> {
    let child = need(kind, event, "child")?;
    let adopters: Vec<String> =
        ["adopter_one", "adopter_two"].iter().filter_map(|part| event.party(kind, part)).map(str::to_owned).collect();
    if adopters.is_empty() {
        return Err(Fault::conflict("civil.party.missing"));
    }
    let (source, known) = (event.id.to_string(), cx.now());
    for link in family::family(cx, &child, event.occurred_on, known)?.others.iter().filter(|link| link.tie.is_parent())
    {
        family::untie(cx, link, event.occurred_on, &source)?;
    }
    let mut parents = Fields::new();
    for adopter in &adopters {
        family::tie(cx, adopter, Tie::Adopter, &child, event.occurred_on, &source)?;
        let person = civil.population().person(cx, adopter)?.ok_or_else(|| Fault::not_found("civil.person.unknown"))?;
        name_parent(&mut parents, &person);
    }
    for part in ["mother", "father"] {
        parents.entry(part.to_owned()).or_insert(serde_json::Value::Null);
    }
    let record = record_of(cx, civil, &child)?;
    let shown: Fields = parents.iter().filter(|(field, _)| !field.ends_with("_id")).map(owned).collect();
    change(cx, civil, kind, &record, shown, event.occurred_on)?;
    enter_anew(cx, civil, &child, &parents)?;
    Ok(vec![Vital::Changed { person: child }])
}

fn owned((field, value): (&String, &serde_json::Value)) -> (String, serde_json::Value) {
    (field.clone(), value.clone())
}

/// The first woman is the mother, the first man the father; of two of one sex the second takes the other place.
fn name_parent(parents: &mut Fields, person: &Person) {
    let (own, other) = if person.sex == "female" { ("mother", "father") } else { ("father", "mother") };
    let place = if parents.contains_key(own) { other } else { own };
    parents.insert(place.to_owned(), json!(person.name()));
    parents.insert(format!("{place}_id"), json!(person.id));
}

/// Seals the entries of the child's birth; the last one is made anew with its adoptive parents.
fn enter_anew(cx: &mut Cx<'_>, civil: &Civil, child: &str, parents: &Fields) -> Result<(), Fault> {
    let Some(births) = civil.kinds().of(Effect::Birth) else { return Ok(()) };
    let Some(party) = births.party("child") else { return Ok(()) };
    let registers = civil.registers();
    let entries = find_all_by(cx, registers, &births.register, &party.field, child)?;
    for entry in &entries {
        seal(cx, registers, &births.register, &entry.id().to_string(), true, "adoption")?;
    }
    let Some(last) = entries.last() else { return Ok(()) };
    let mut fields = last.fields().clone();
    fields.retain(|field, _| !["mother", "mother_id", "father", "father_id"].contains(&field.as_str()));
    fields.extend(parents.iter().filter(|(_, value)| !value.is_null()).map(owned));
    let key = registers.need(&births.register)?.key();
    let number = reference::fresh(cx, &births.prefix, |cx, number| {
        Ok(registers::find_record(cx, registers, &births.register, number)?.is_some())
    })?;
    fields.insert(key.to_owned(), json!(number));
    fields.insert(births.registered_on.clone(), json!(civil.today(cx).to_string()));
    registers::enrol(cx, registers, &Enrol::new(&births.register, fields).because("adoption")).map(drop)
}
