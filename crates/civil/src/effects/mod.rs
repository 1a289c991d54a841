//! What the registration of an event does to people: one file for each of the closed set of effects.
//!
//! **Invariant:** an effect changes the population's record by the registers' own operations, as from the day of the
//! event, and the family by closing links and writing new ones; so everything that was true or known stays to be told.

mod adoption;
mod birth;
mod death;
mod name;
mod union;

use registers::{Change, Fields, Kind as How, Record, find_by};
use spine::{Cx, Date, Fault};

pub(crate) use death::reinstate;

use crate::engine::{Civil, Vital};
use crate::event::Event;
use crate::kinds::{Effect, Kind};
use crate::national_id;
use crate::population::REGISTER as POPULATION;

/// Does what the event does; answers what happened to whom.
pub(crate) fn apply(cx: &mut Cx<'_>, civil: &Civil, kind: &Kind, event: &mut Event) -> Result<Vec<Vital>, Fault> {
    match kind.effect {
        Effect::Birth => birth::born(cx, civil, kind, event),
        Effect::Death => death::died(cx, civil, kind, event),
        Effect::Marriage => union::married(cx, civil, kind, event),
        Effect::Divorce => union::divorced(cx, civil, kind, event),
        Effect::Adoption => adoption::adopted(cx, civil, kind, event),
        Effect::NameChange => name::named(cx, civil, kind, event),
    }
}

/// The population's record of a person.
fn record_of(cx: &mut Cx<'_>, civil: &Civil, person: &str) -> Result<Record, Fault> {
    find_by(cx, civil.registers(), POPULATION, "person", person)?
        .ok_or_else(|| Fault::not_found("civil.person.unknown"))
}

/// The party who must be named, or the fault that she is not.
fn need(kind: &Kind, event: &Event, part: &str) -> Result<String, Fault> {
    event.party(kind, part).map(str::to_owned).ok_or_else(|| Fault::conflict("civil.party.missing"))
}

/// Changes the population's record of a person as from a day.
fn change(
    cx: &mut Cx<'_>,
    civil: &Civil,
    kind: &Kind,
    record: &Record,
    fields: Fields,
    from: Date,
) -> Result<(), Fault> {
    // What became so before the record began is so from its beginning.
    let from = from.max(record.valid_from());
    let change = Change::of(record, How::Change, fields).from(Some(from)).because(kind.id.clone());
    registers::change(cx, civil.registers(), &change).map(drop)
}

/// How often a number that is taken is drawn anew.
const DRAWS: usize = 16;

/// A national number nobody has.
pub(crate) fn free_number(cx: &mut Cx<'_>, civil: &Civil) -> Result<String, Fault> {
    for _ in 0..DRAWS {
        let number = national_id::of_serial(cx.random_below(national_id::SERIALS));
        if registers::find_record(cx, civil.registers(), POPULATION, &number)?.is_none() {
            return Ok(number);
        }
    }
    Err(Fault::unavailable("civil.reference.exhausted"))
}
