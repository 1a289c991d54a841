//! Who hears that an event was entered: its living parties, and the person who gave notice of it.
//!
//! **Invariant:** this engine sends nothing itself; whoever reacts to `civil.event.registered` asks here, in a
//! transaction of its own, and tells no more than the kind of event and its entry's number.

use spine::{Cx, Fault, Localised, Resource};

use crate::engine::Civil;
use crate::event::{EventId, State};
use crate::model::Person;
use crate::rows::events;

/// What there is to tell, and whom.
#[derive(Clone, Debug)]
pub struct News {
    /// What was entered: `Birth`.
    pub kind: Localised,
    /// The number of the entry, as people write it.
    pub entry: String,
    /// Who hears of it, each once.
    pub people: Vec<Person>,
}

/// The news of an event that was entered; none if it is not, or nobody is left to hear of it.
///
/// # Errors
/// `civil.kind.unknown`; the store's faults; the authority's refusal.
pub fn news(cx: &mut Cx<'_>, civil: &Civil, event: EventId) -> Result<Option<News>, Fault> {
    cx.may("civil.entry.tell", &Resource::new("CivilEvent", event))?;
    let event = events::event(cx.tx(), event)?.filter(|event| event.state == State::Registered);
    let Some(event) = event else { return Ok(None) };
    let Some(entry) = &event.entry else { return Ok(None) };
    let kind = civil.kind(&event.kind)?;
    let parties = kind.parties.iter().filter_map(|party| event.party(kind, &party.part)).map(str::to_owned);
    let ids: Vec<String> = parties.chain(event.notified.by.clone()).collect();
    let mut people: Vec<Person> = Vec::new();
    for id in ids {
        if people.iter().any(|known| known.id == id) {
            continue;
        }
        let person = civil.population().person(cx, &id)?;
        people.extend(person.filter(|person| person.died.is_none()));
    }
    let entry = crate::reference::shown(entry);
    Ok((!people.is_empty()).then(|| News { kind: kind.name.clone(), entry, people }))
}
