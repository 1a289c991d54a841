//! Marriages and divorces: spouses from a day on, and spouses no more.

use spine::{Cx, Fault};

use super::need;
use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::family::{self, Tie};
use crate::kinds::Kind;

pub(super) fn married(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Vital>, Fault> {
    let (one, two) = (need(kind, event, "spouse_one")?, need(kind, event, "spouse_two")?);
    let exclusive = kind.circumstance(&event.circumstance).is_some_and(|circumstance| circumstance.exclusive);
    for spouse in [&one, &two] {
        let person = civil.population().person(cx, spouse)?;
        if person.is_none_or(|person| person.died.is_some_and(|died| died < event.occurred_on)) {
            return Err(Fault::conflict("civil.person.dead"));
        }
        if exclusive && !family::spouses(cx, spouse, event.occurred_on)?.is_empty() {
            return Err(Fault::conflict("civil.person.married"));
        }
    }
    let source = event.id.to_string();
    family::tie(cx, &one, Tie::Spouse, &two, event.occurred_on, &source)?;
    family::tie(cx, &two, Tie::Spouse, &one, event.occurred_on, &source)?;
    Ok(vec![Vital::Changed { person: one }, Vital::Changed { person: two }])
}

pub(super) fn divorced(cx: &mut Cx<'_>, _: &Civil, kind: &Kind, event: &Event) -> Result<Vec<Vital>, Fault> {
    let (one, two) = (need(kind, event, "spouse_one")?, need(kind, event, "spouse_two")?);
    let source = event.id.to_string();
    let mut ended = 0;
    for (spouse, other) in [(&one, &two), (&two, &one)] {
        for link in family::spouses(cx, spouse, event.occurred_on)?.iter().filter(|link| link.holder == *other) {
            family::untie(cx, link, event.occurred_on, &source)?;
            ended += 1;
        }
    }
    if ended == 0 {
        return Err(Fault::conflict("civil.person.not_married"));
    }
    Ok(vec![Vital::Changed { person: one }, Vital::Changed { person: two }])
}
