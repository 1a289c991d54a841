//! Another officer has seen what a file changes, and puts it in force or refuses it.
//!
//! **Invariant:** whoever brought a file does not decide on it. In force, all of it is, in one commit, and the file before is not;
//! refused, nothing has changed.

use serde_json::json;
use spine::{Cx, Fault, Job, Resource, Text};

use super::{FileState, ListFile, ListFileId, RESCREEN};
use crate::rows::sanctions as rows;

/// The longest reason.
const NOTE: usize = 300;

/// What an officer decides about a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Payments are held against it from now on.
    InForce,
    /// It is not to be used.
    Refuse,
}

impl Verdict {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Refuse => "refuse",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::InForce, Self::Refuse].into_iter().find(|it| it.code() == code)
    }
}

/// Decides about a file that waits; who refuses says why, in 3 to 300 characters. Payments that wait are held against what is new
/// by a job.
///
/// # Errors
/// `payments.sanctions.{unknown,ended,four_eyes,decision,note}`; a refusal; the store's faults.
pub fn decide(cx: &mut Cx<'_>, id: ListFileId, verdict: &str, note: &str) -> Result<FileState, Fault> {
    cx.may("payments.sanctions.decide", &Resource::new("SanctionsList", id))?;
    let file = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.sanctions.unknown"))?;
    if file.state != FileState::Waiting {
        return Err(Fault::conflict("payments.sanctions.ended"));
    }
    if file.brought_by == cx.actor().id {
        return Err(Fault::conflict("payments.sanctions.four_eyes"));
    }
    let wrong =
        |field: &str, code: &'static str, text: &'static str| Fault::invalid(code).field(field, Text::new(text));
    let verdict = Verdict::of(verdict)
        .ok_or_else(|| wrong("decision", "payments.sanctions.decision", "fault.payments.sanctions.decision"))?;
    let note = note.trim();
    let fits = note.chars().count() <= NOTE && !note.chars().any(|letter| letter.is_control() && letter != '\n');
    if !fits || (verdict == Verdict::Refuse && note.chars().count() < 3) {
        return Err(wrong("note", "payments.sanctions.note", "fault.payments.sanctions.note"));
    }
    let (decided_by, decided_at) = (Some(cx.actor().id.clone()), Some(cx.now()));
    let note = (!note.is_empty()).then(|| note.to_owned());
    let decided = ListFile { decided_by, decided_at, note, ..file };
    match verdict {
        Verdict::InForce => in_force(cx, decided),
        Verdict::Refuse => {
            let refused = ListFile { state: FileState::Refused, ..decided };
            rows::set(cx.tx(), &refused)?;
            cx.record(refused.act("payments.sanctions.refused"));
            Ok(refused.state)
        }
    }
}

/// A file that has been decided on is in force, and the one before is not.
pub(super) fn in_force(cx: &mut Cx<'_>, decided: ListFile) -> Result<FileState, Fault> {
    if let Some(former) = rows::in_force(cx.tx(), &decided.list)? {
        rows::set(cx.tx(), &ListFile { state: FileState::Former, ..former })?;
    }
    let file = ListFile { state: FileState::InForce, ..decided };
    rows::set(cx.tx(), &file)?;
    rows::apply(cx.tx(), &file)?;
    cx.record(file.act("payments.sanctions.in_force").with("entries", file.entries));
    cx.enqueue(Job::new(RESCREEN, json!({ "file": file.id })));
    Ok(file.state)
}
