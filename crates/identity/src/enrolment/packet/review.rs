//! Packets a person is to look at: what came and what is here, side by side; taken after all, or put aside with a reason.
//!
//! **Invariant:** looking is an act; nothing goes before somebody has said why.

use spine::{Act, Cx, Fault, Resource, Text};

use super::format::Packet;
use super::upload::{Upload, UploadId, UploadState};
use crate::enrolment::Enrolment;
use crate::enrolment::application::Told;
use crate::rows::packets as rows;

/// At most so many packets in a list.
const LISTED: i64 = 200;
/// At most so many letters in a reason.
const LETTERS: usize = 500;

fn resource(upload: &Upload, cx: &Cx<'_>) -> Resource {
    let by_self = upload.operator.as_deref() == Some(cx.actor().id.as_str());
    Resource::new("Packet", upload.id).is("own", false).is("taken_by_self", by_self)
}

/// Packets that wait, oldest first.
///
/// # Errors
/// The authority's refusal.
pub fn packets_to_review(cx: &mut Cx<'_>) -> Result<Vec<Upload>, Fault> {
    let list = Resource::new("Packet", "list").is("own", false).is("taken_by_self", false);
    cx.may("identity.packet.review", &list)?;
    Ok(rows::in_state(cx.tx(), UploadState::Review, LISTED)?)
}

/// One of them; a look.
pub(super) fn review(cx: &mut Cx<'_>, id: UploadId) -> Result<Upload, Fault> {
    let upload = waiting(cx, id)?;
    cx.record(Act::new("identity.packet.looked").on(id).because("national-id", "national-id"));
    Ok(upload)
}

/// One that waits, and leave to decide on it.
pub(super) fn waiting(cx: &mut Cx<'_>, id: UploadId) -> Result<Upload, Fault> {
    let found = rows::one(cx.tx(), id)?.filter(|upload| upload.state == UploadState::Review);
    let upload = found.ok_or_else(|| Fault::not_found("identity.packet.missing"))?;
    may(cx, &upload)?;
    Ok(upload)
}

/// Asks whether the actor may decide on it: not whoever made it.
pub(super) fn may(cx: &mut Cx<'_>, upload: &Upload) -> Result<(), Fault> {
    let asked = resource(upload, cx);
    cx.may("identity.packet.review", &asked)
}

/// Who is here already and may be the one a packet tells of: the person of its birth entry, or those alike.
pub(super) fn here(cx: &mut Cx<'_>, enrolment: &Enrolment, packet: &Packet) -> Result<Vec<Told>, Fault> {
    let civil = enrolment.civil();
    if let Some(entry) = civil.birth_entry(cx, &packet.form.paper)? {
        let own = match &entry.person {
            Some(person) => civil.person_fields(cx, person)?,
            None => None,
        };
        return Ok(vec![own.unwrap_or(entry.fields)]);
    }
    let mut all = Vec::new();
    for alike in civil.people_alike(cx, &packet.form.fields)?.into_iter().take(3) {
        all.extend(civil.person_fields(cx, &alike.person.id)?);
    }
    Ok(all)
}

/// Puts a packet aside, with a reason; what came of it goes.
///
/// # Errors
/// `identity.packet.reason`, `identity.packet.missing`, the authority's refusal.
pub fn dismiss_packet(cx: &mut Cx<'_>, id: UploadId, words: &str) -> Result<(), Fault> {
    let upload = waiting(cx, id)?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > LETTERS {
        return Err(Fault::invalid("identity.packet.reason").field("words", Text::new("identity.enrolment.reason")));
    }
    let now = cx.now();
    let upload = Upload { state: UploadState::Dismissed, words: Some(words.to_owned()), ..upload };
    rows::settle(cx.tx(), &upload, now)?;
    rows::delete_parts(cx.tx(), id)?;
    cx.record(Act::new("identity.packet.dismissed").on(id).because("national-id", "national-id"));
    Ok(())
}
