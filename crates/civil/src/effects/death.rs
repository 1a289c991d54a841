//! A death, and taking it back when it was registered wrongly.
//!
//! **Invariant:** the record says the day from that day on; marriages end with it. Reinstating puts everything back as it
//! would be had the death never been registered, and the history tells both.

use jiff::ToSpan;
use registers::{Change, Fields, Kind as How};
use serde_json::{Value as Json, json};
use spine::{Cx, Fault};

use super::{change, record_of};
use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::family::{self, Link, Tie};
use crate::kinds::Kind;
use crate::rows::links;

pub(super) fn died(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Vital>, Fault> {
    // Somebody without a number dies too; then there is nobody in the population to change.
    let Some(person) = event.party(kind, "deceased").map(str::to_owned) else { return Ok(Vec::new()) };
    let record = record_of(cx, civil, &person)?;
    if record.date("died").is_some() {
        return Err(Fault::conflict("civil.person.dead"));
    }
    let on = event.occurred_on;
    change(cx, civil, kind, &record, died_on(json!(on.to_string())), on)?;
    let (source, known) = (event.id.to_string(), cx.now());
    let after = on.saturating_add(1.day());
    let family = family::family(cx, &person, on, known)?;
    for link in family.others.iter().chain(&family.own).filter(|link| link.tie == Tie::Spouse) {
        family::untie(cx, link, after, &source)?;
    }
    Ok(vec![Vital::Died { person, on }])
}

fn died_on(value: Json) -> Fields {
    Fields::from_iter([("died".to_owned(), value)])
}

/// Takes a death back: the person lives, and her marriages go on.
pub(crate) fn reinstate(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event, order: &str) -> Result<(), Fault> {
    let Some(person) = event.party(kind, "deceased").map(str::to_owned) else {
        return Err(Fault::conflict("civil.party.missing"));
    };
    let record = record_of(cx, civil, &person)?;
    let from = event.occurred_on.max(record.valid_from());
    let correction =
        Change::of(&record, How::Correct, died_on(Json::Null)).from(Some(from)).reason(order).because(kind.id.clone());
    registers::change(cx, civil.registers(), &correction)?;
    let (source, now) = (event.id.to_string(), cx.now());
    for ended in links::by_source(cx.tx(), &person, &source)? {
        if links::close(cx.tx(), ended.id, now)? {
            let again = Link { id: cx.id(), valid_to: None, source: order.to_owned(), ..ended };
            links::insert(cx.tx(), &again, now)?;
        }
    }
    civil.follow(cx, &Vital::Reinstated { person })
}
