//! A birth: a person comes into the population with a number of her own, and with her parents.
//!
//! **Invariant:** the number is random and free; a person who has one already, found when her birth is registered late,
//! keeps it and is not made twice.

use registers::{Enrol, Fields};
use serde_json::json;
use spine::{Cx, Fault};

use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::family::{self, Tie};
use crate::kinds::Kind;
use crate::model::PersonId;
use crate::population::REGISTER as POPULATION;

pub(super) fn born(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &mut Event) -> Result<Vec<Vital>, Fault> {
    let child = match event.party(kind, "child").map(str::to_owned) {
        Some(child) => child,
        None => enter(cx, civil, kind, event)?,
    };
    let source = event.id.to_string();
    let known = cx.now();
    let has = family::family(cx, &child, event.occurred_on, known)?.others;
    for (part, tie) in [("mother", Tie::Mother), ("father", Tie::Father)] {
        if let Some(parent) = event.party(kind, part)
            && !has.iter().any(|link| link.tie == tie)
        {
            family::tie(cx, parent, tie, &child, event.occurred_on, &source)?;
        }
    }
    Ok(vec![Vital::Born { person: child }])
}

/// Enters the child into the population.
fn enter(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &mut Event) -> Result<String, Fault> {
    let id: PersonId = cx.id();
    let mut person: Fields =
        kind.person.iter().filter_map(|(own, told)| Some((own.clone(), event.fields.get(told)?.clone()))).collect();
    person.insert("person".to_owned(), json!(id));
    person.insert("national_id".to_owned(), json!(super::free_number(cx, civil)?));
    registers::enrol(cx, civil.registers(), &Enrol::new(POPULATION, person).because(kind.id.clone()))?;
    let id = id.to_string();
    if let Some(party) = kind.party("child") {
        event.fields.insert(party.field.clone(), json!(id));
    }
    event.subject = Some(id.clone());
    Ok(id)
}
