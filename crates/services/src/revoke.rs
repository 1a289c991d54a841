//! Revoking a document: from this moment on it does not hold, and anybody who asks is told so.
//!
//! **Invariant:** a document is revoked once, for good, on a ground that anybody may know and for a reason that its holder
//! reads. What was issued stays in the log; the revocation is an act beside it. A file checked offline cannot know of it.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource};

use crate::decide::written;
use crate::model::{Case, Issued, OutputId};
use crate::pack::StepKind;
use crate::start::act;
use crate::{Services, rows, tell};

/// The act.
pub(crate) const ACT: &str = "services.output.revoked";

/// On which ground. Anybody who checks the document reads it, so it says nothing personal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// It should not have been issued.
    Mistake,
    /// It was obtained by deceit.
    Deceit,
    /// What it says is not so any more.
    Changed,
    /// Its holder lost it, or asked for it.
    Holder,
}

impl Ground {
    /// Each of them, in the order an officer chooses from.
    pub const ALL: [Self; 4] = [Self::Mistake, Self::Deceit, Self::Changed, Self::Holder];

    /// Its name in rows, forms and message keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mistake => "mistake",
            Self::Deceit => "deceit",
            Self::Changed => "changed",
            Self::Holder => "holder",
        }
    }

    /// The ground of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.name() == name)
    }
}

/// A document and its case, for an officer who may do this with it.
pub(crate) fn open(
    cx: &mut Cx<'_>,
    services: &Services,
    id: OutputId,
    action: &'static str,
) -> Result<(Issued, Case), Fault> {
    let missing = || Fault::not_found("services.output.missing");
    let issued = rows::output(cx.tx(), id)?.ok_or_else(missing)?;
    let case = rows::case(cx.tx(), issued.case)?.ok_or_else(missing)?;
    cx.may(action, &resource(services, &issued, &case)?)?;
    Ok((issued, case))
}

/// A document as the policies see it: its role is the one that decides its service.
fn resource(services: &Services, issued: &Issued, case: &Case) -> Result<Resource, Fault> {
    let service = services.catalogue().version(&case.service, &case.version)?;
    let task = service.pack.steps.iter().find(|step| step.kind == StepKind::Task);
    let role = task.and_then(|step| step.role.clone()).unwrap_or_default();
    Ok(Resource::new("Output", issued.id).with("role", role).with("applicant", case.applicant.clone()))
}

/// Looks at a document that was issued; a look its holder sees.
///
/// # Errors
/// `services.output.missing`; the authority's refusal.
pub fn look_at(cx: &mut Cx<'_>, services: &Services, id: OutputId) -> Result<(Issued, Case), Fault> {
    let (issued, case) = open(cx, services, id, "services.output.look")?;
    let service = services.catalogue().version(&case.service, &case.version)?;
    let because = (service.pack.service.purpose.clone(), service.legal_basis());
    cx.record(act("services.output.looked", &case).on(id).because(because.0, because.1));
    Ok((issued, case))
}

/// The documents of a code or of a case's reference; each only if the officer may look at it.
///
/// # Errors
/// The store's faults.
pub fn find(cx: &mut Cx<'_>, services: &Services, words: &str) -> Result<Vec<Issued>, Fault> {
    let case = match rows::output_by_code(cx.tx(), words)? {
        Some(issued) => rows::case(cx.tx(), issued.case)?,
        None => rows::case_by_reference(cx.tx(), words)?,
    };
    let Some(case) = case else { return Ok(Vec::new()) };
    let mut visible = Vec::new();
    for issued in rows::outputs(cx.tx(), case.id)? {
        if cx.could("services.output.look", &resource(services, &issued, &case)?) {
            visible.push(issued);
        }
    }
    Ok(visible)
}

/// Revokes a document.
///
/// # Errors
/// `services.output.revoked` if it was already; `services.task.reason` without a reason; the authority's refusal.
pub fn revoke(cx: &mut Cx<'_>, services: &Services, id: OutputId, ground: Ground, reason: &str) -> Result<(), Fault> {
    let (issued, case) = open(cx, services, id, "services.output.revoke")?;
    let reason = written(reason, "reason")?;
    let service = services.catalogue().version(&case.service, &case.version)?;
    let because = (service.pack.service.purpose.clone(), service.legal_basis());
    let now = cx.now();
    if issued.revoked_at.is_some() || !rows::revoke_output(cx.tx(), id, ground, &reason, now)? {
        return Err(Fault::conflict("services.output.revoked"));
    }
    cx.record(act(ACT, &case).on(id).because(because.0, because.1).with("ground", ground.name()));
    tell::revoked(cx, services, &case)
}
