//! A person judges a likeness, side by side: the same, or another.
//!
//! **Invariant:** nothing is entered while a likeness is open. "The same" never makes a second person or entry: the
//! event takes the person who exists, or is refused as told already.

use serde_json::json;
use spine::{Cx, Fault};

use crate::engine::Civil;
use crate::event::{Done, EventId, State, keep, must_be, open};
use crate::likeness::Verdict;
use crate::population::REGISTER as POPULATION;
use crate::rows::likenesses;

/// Judges one candidate.
///
/// # Errors
/// `civil.likeness.missing` if there is none, or it was judged; `civil.event.elsewhere`; the authority's refusal.
pub fn judge(
    cx: &mut Cx<'_>,
    civil: &Civil,
    id: EventId,
    (register, candidate): (&str, &str),
    is_same: bool,
) -> Result<(), Fault> {
    let mut event = open(cx, id, "civil.likeness.judge")?;
    must_be(&event, &[State::Declared, State::Returned])?;
    let kind = civil.kind(&event.kind)?;
    let verdict = if is_same { Verdict::Same } else { Verdict::Different };
    let (by, now) = (cx.actor().id.clone(), cx.now());
    if !likenesses::judge(cx.tx(), id, (register, candidate), verdict, &by, now)? {
        return Err(Fault::conflict("civil.likeness.missing"));
    }
    if is_same && register == POPULATION {
        let record = registers::find_record(cx, civil.registers(), POPULATION, candidate)?;
        let person = record.map(|record| record.text("person").to_owned()).unwrap_or_default();
        let party = kind.party(kind.effect.subject()).map(|party| party.field.clone()).unwrap_or_default();
        event.fields.insert(party, json!(person));
        event.subject = Some(person);
        keep(cx, &event)?;
    } else if is_same {
        event.state = State::Refused;
        event.words = Some("duplicate".to_owned());
        event.validated = Done::now(cx);
        keep(cx, &event)?;
    }
    let act = event.act("civil.likeness.judged", kind).with("verdict", verdict.name()).with("register", register);
    cx.record(act);
    Ok(())
}
