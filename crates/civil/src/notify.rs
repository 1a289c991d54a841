//! Notice of an event by somebody who saw it: a nurse of a birth, a chief of a death, or a person of her own family.
//!
//! **Invariant:** a notice registers nothing and makes nobody; it tells the registrar that somebody has to come and
//! declare. It may say little, and what it says is checked as a declaration is.

use registers::Fields;
use serde_json::Value as Json;
use spine::{Cx, Date, Fault, Resource, Text};

use crate::engine::Civil;
use crate::event::{Done, Event, EventId, Informant, State};
use crate::kinds::Kind;
use crate::rows::events;
use crate::{likeness, reference};

/// At most so many of one's own notices in a list.
const OWN_LISTED: u16 = 50;

/// What a notice says.
#[derive(Clone)]
pub struct Notice {
    /// The kind of event.
    pub kind: String,
    /// Fields of the register, as far as they are known.
    pub fields: Fields,
}

/// Takes a notice down. Answers the event's identifier and what people call it by.
///
/// # Errors
/// `civil.kind.unknown`; `civil.event.wrong` with a fault for each field; the authority's refusal.
pub fn notify(cx: &mut Cx<'_>, civil: &Civil, notice: &Notice) -> Result<(EventId, String), Fault> {
    let kind = civil.kind(&notice.kind)?;
    cx.may("civil.event.notify", &about(kind))?;
    let fields = told(&notice.fields, &kind.notice)?;
    let occurred_on = day_of(civil, cx, kind, &fields)?;
    check_values(civil, kind, &fields)?;
    let mut event = begun(cx, civil, kind, fields, occurred_on)?;
    event.notified = Done::now(cx);
    event.state = State::Notified;
    events::insert(cx.tx(), &event)?;
    likeness::note(cx, civil, kind, &event)?;
    let act = event.act("civil.event.notified", kind);
    cx.record(act);
    Ok((event.id, event.reference))
}

/// A kind of event, as policies on notices see it.
pub(crate) fn about(kind: &Kind) -> Resource {
    Resource::new("CivilKind", &kind.id).is("by_people", kind.notice_by_people)
}

/// The notices that whoever asks gave, or the person she acts for, the newest first, at most fifty.
///
/// # Errors
/// The store's faults.
pub fn own_notices(cx: &mut Cx<'_>) -> Result<Vec<Event>, Fault> {
    let own = cx.actor().principal().to_owned();
    Ok(events::notified_by(cx.tx(), &own, OWN_LISTED)?)
}

/// An event that nobody has kept yet.
pub(crate) fn begun(
    cx: &mut Cx<'_>,
    civil: &Civil,
    kind: &Kind,
    fields: Fields,
    occurred_on: Date,
) -> Result<Event, Fault> {
    let reference =
        reference::fresh(cx, &kind.prefix, |cx, reference| Ok(events::by_reference(cx.tx(), reference)?.is_some()))?;
    let due_on = civil.today(cx).saturating_add(jiff::Span::new().days(kind.finish_days.clamp(0, 3_650)));
    let district = fields.get(&kind.district).and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Event {
        id: cx.id(),
        kind: kind.id.clone(),
        circumstance: String::new(),
        reference,
        state: State::Notified,
        district,
        occurred_on,
        fields,
        evidence: Vec::new(),
        informant: Informant::default(),
        subject: None,
        notified: Done::default(),
        declared: Done::default(),
        validated: Done::default(),
        registered: Done::default(),
        entry: None,
        words: None,
        due_on,
        revision: 1,
    })
}

/// The fields that may be told here, without empty ones.
pub(crate) fn told(given: &Fields, allowed: &[String]) -> Result<Fields, Fault> {
    if let Some(name) = given.keys().find(|name| !allowed.contains(name)) {
        return Err(Fault::invalid("civil.event.wrong").field(name, Text::new("registers.field.unknown")));
    }
    let fields = given.iter().filter(|(_, value)| !value.is_null() && value.as_str().map(str::trim) != Some(""));
    Ok(fields.map(|(name, value)| (name.clone(), tidy(value))).collect())
}

fn tidy(value: &Json) -> Json {
    value.as_str().map_or_else(|| value.clone(), |text| Json::from(text.trim()))
}

/// The day it happened, which is told and not ahead of us.
pub(crate) fn day_of(civil: &Civil, cx: &Cx<'_>, kind: &Kind, fields: &Fields) -> Result<Date, Fault> {
    let wrong = |key: &'static str| Fault::invalid("civil.event.wrong").field(&kind.date, Text::new(key));
    let day = fields.get(&kind.date).and_then(Json::as_str).ok_or_else(|| wrong("civil.field.missing"))?;
    let day: Date = day.parse().map_err(|_| wrong("registers.field.date"))?;
    if day > civil.today(cx) { Err(wrong("civil.field.future")) } else { Ok(day) }
}

/// What is told must be as the register wants it; what is not told yet is not missed.
pub(crate) fn check_values(civil: &Civil, kind: &Kind, fields: &Fields) -> Result<(), Fault> {
    let faults = registers::faults_of(civil.registers().need(&kind.register)?, fields);
    let faults: Vec<_> = faults.into_iter().filter(|fault| fields.contains_key(first(&fault.field))).collect();
    if faults.is_empty() { Ok(()) } else { Err(Fault::invalid("civil.event.wrong").fields_from(faults)) }
}

fn first(pointer: &str) -> &str {
    pointer.trim_start_matches('/').split('/').next().unwrap_or_default()
}
