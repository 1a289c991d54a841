//! Templates taken from an applicant, what is left for the workers to ask, and an answer settled.
//!
//! **Invariant:** a request is settled once, by the first answer, whoever brings it; an answer to a request that was never
//! made, or by another name, changes nothing. An application that came to nothing is forgotten by the ABIS too.

use serde_json::json;
use spine::{Act, Cx, Fault, Job, Resource};

use super::words::{Answer, Operation};
use crate::enrolment::Enrolment;
use crate::enrolment::alike::{Alike, Source};
use crate::enrolment::application::{Application, ApplicationId, Biometrics, State, keep, must_be, open};
use crate::rows::{abis as rows, enrolment as applications};
use civil::Verdict;

/// The job that asks.
pub(super) const ASK: &str = "identity.abis.ask";
/// At most so many bytes of templates.
pub(crate) const BYTES: usize = 1 << 20;

/// Keeps what was taken of an applicant, sealed by [`Enrolment::seal_biometrics`].
///
/// # Errors
/// `identity.abis.none` where no ABIS is connected; `identity.enrolment.elsewhere`; the authority's refusal.
pub(crate) fn take_biometrics(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    id: ApplicationId,
    sealed: &[u8],
) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.take")?;
    must_be(&application, &[State::Draft, State::Returned])?;
    if enrolment.abis().is_none() {
        return Err(Fault::conflict("identity.abis.none"));
    }
    let now = cx.now();
    rows::set_biometric(cx.tx(), id, sealed, now)?;
    application.biometrics = Biometrics::Waiting;
    keep(cx, &application)?;
    let act = application.act("identity.enrolment.biometrics");
    cx.record(act);
    Ok(())
}

/// A name by which nobody else knows anything: a random UUID (RFC 9562 §5.4).
fn fresh(cx: &mut Cx<'_>) -> String {
    let mut bytes: [u8; 16] = cx.random_bytes();
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let hex = crypto::hex(&bytes);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// Leaves the comparison of an application that was taken to the workers. What the ABIS holds of it from before goes.
pub(crate) fn leave(cx: &mut Cx<'_>, application: &Application) -> Result<(), Fault> {
    delete_there(cx, application.id)?;
    let reference = fresh(cx);
    rows::insert_reference(cx.tx(), &reference, application.id)?;
    ask(cx, &reference, Operation::Insert)
}

/// Leaves it to the workers that the ABIS forgets an application, and forgets what waits here.
pub(crate) fn forget(cx: &mut Cx<'_>, id: ApplicationId) -> Result<(), Fault> {
    rows::delete_biometric(cx.tx(), id)?;
    delete_there(cx, id)
}

/// What is left here of an application that was decided without the ABIS.
pub(crate) fn forget_here(cx: &mut Cx<'_>, id: ApplicationId) -> Result<(), Fault> {
    Ok(rows::delete_biometric(cx.tx(), id).map(drop)?)
}

/// Whether templates of an application wait here.
pub(crate) fn waits(cx: &mut Cx<'_>, id: ApplicationId) -> Result<bool, Fault> {
    Ok(rows::biometric(cx.tx(), id)?.is_some())
}

fn delete_there(cx: &mut Cx<'_>, id: ApplicationId) -> Result<(), Fault> {
    for reference in rows::live_references(cx.tx(), id)? {
        ask(cx, &reference, Operation::Delete)?;
    }
    Ok(())
}

fn ask(cx: &mut Cx<'_>, reference: &str, operation: Operation) -> Result<(), Fault> {
    let (id, now) = (fresh(cx), cx.now());
    rows::insert_request(cx.tx(), &id, (reference, operation.name()), now)?;
    cx.enqueue(Job::new(ASK, json!({"request": id})));
    Ok(())
}

/// What the workers need to ask.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct ToAsk {
    pub(super) kind: String,
    pub(super) reference: String,
    pub(super) answered: bool,
}

/// What is to be asked under this name; none if nothing is.
pub(super) fn to_ask(cx: &mut Cx<'_>, id: &str) -> Result<Option<ToAsk>, Fault> {
    let found = rows::request(cx.tx(), id)?;
    Ok(found.map(|row| ToAsk { kind: row.kind, reference: row.reference, answered: row.answered }))
}

fn act(what: &'static str, application: &Option<Application>) -> Act {
    match application {
        Some(application) => application.act(what),
        None => Act::new(what).because("national-id", "national-id"),
    }
}

/// Settles a request by an answer; false if there is no such request. One that was answered before stays as it is.
///
/// # Errors
/// The store's faults; the authority's refusal.
pub(super) fn settle(cx: &mut Cx<'_>, answer: &Answer) -> Result<bool, Fault> {
    cx.may("identity.abis.settle", &Resource::new("Abis", "abis").is("own", true))?;
    let Some(asked) = rows::request(cx.tx(), &answer.request_id)? else { return Ok(false) };
    if asked.answered || !answer.is_success() {
        return Ok(true);
    }
    let Some(operation) = Operation::named(&asked.kind) else { return Ok(false) };
    let (id, now) = (rows::application_of(cx.tx(), &asked.reference)?, cx.now());
    rows::settle(cx.tx(), &asked.id, "answered", now)?;
    let mut application = match id {
        Some(id) => applications::application(cx.tx(), id)?,
        None => None,
    };
    match (operation, &mut application) {
        (Operation::Insert, Some(application)) => has_it(cx, application, &asked.reference)?,
        (Operation::Identify, Some(application)) => compared(cx, application, answer)?,
        (Operation::Delete, _) => rows::deleted(cx.tx(), &asked.reference, now)?,
        _ => {}
    }
    let done = act("identity.abis.answered", &application).with("operation", operation.name());
    cx.record(done);
    Ok(true)
}

/// The ABIS has the templates: they are here no longer, and it is asked whom they are like.
fn has_it(cx: &mut Cx<'_>, application: &mut Application, reference: &str) -> Result<(), Fault> {
    let now = cx.now();
    rows::inserted(cx.tx(), reference, now)?;
    rows::delete_biometric(cx.tx(), application.id)?;
    if matches!(application.state, State::Taken | State::Returned) {
        application.biometrics = Biometrics::Sent;
        keep(cx, application)?;
        return ask(cx, reference, Operation::Identify);
    }
    // It came to nothing meanwhile.
    ask(cx, reference, Operation::Delete)
}

/// Notes whom it names; a person judges.
fn compared(cx: &mut Cx<'_>, application: &mut Application, answer: &Answer) -> Result<(), Fault> {
    for candidate in answer.candidates() {
        let Some(other) = rows::application_of(cx.tx(), &candidate.reference_id)? else { continue };
        if other != application.id {
            let alike = Alike {
                source: Source::Abis,
                candidate: other.to_string(),
                rule: "biometric".to_owned(),
                score: candidate.score(),
                verdict: Verdict::Open,
            };
            applications::insert_alike(cx.tx(), application.id, &alike)?;
        }
    }
    application.biometrics = Biometrics::Compared;
    keep(cx, application)
}

/// A request that came to nothing: the application goes on without, and a person is told by its page.
pub(super) fn given_up(cx: &mut Cx<'_>, id: &str) -> Result<(), Fault> {
    cx.may("identity.abis.settle", &Resource::new("Abis", "abis").is("own", true))?;
    let Some(asked) = rows::request(cx.tx(), id)?.filter(|asked| !asked.answered) else { return Ok(()) };
    let now = cx.now();
    rows::settle(cx.tx(), id, "failed", now)?;
    let application = match rows::application_of(cx.tx(), &asked.reference)? {
        Some(id) => applications::application(cx.tx(), id)?,
        None => None,
    };
    if asked.kind != Operation::Delete.name()
        && let Some(mut application) = application.clone()
    {
        application.biometrics = Biometrics::Failed;
        keep(cx, &application)?;
    }
    let done = act("identity.abis.failed", &application).with("operation", asked.kind.as_str());
    cx.record(done);
    Ok(())
}

/// The sealed templates a reference means, handed to the ABIS: an act about the applicant.
///
/// # Errors
/// `identity.abis.gone` if there are none; the authority's refusal.
pub(super) fn hand(cx: &mut Cx<'_>, reference: &str) -> Result<Option<(ApplicationId, Vec<u8>)>, Fault> {
    cx.may("identity.abis.fetch", &Resource::new("Abis", "abis").is("own", true))?;
    let Some(id) = rows::application_of(cx.tx(), reference)? else { return Ok(None) };
    let Some(sealed) = rows::biometric(cx.tx(), id)? else { return Ok(None) };
    let application = applications::application(cx.tx(), id)?;
    cx.record(act("identity.abis.handed", &application));
    Ok(Some((id, sealed)))
}

impl Enrolment {
    /// Seals what was taken of an applicant.
    ///
    /// # Errors
    /// An internal fault if the backend fails.
    pub(crate) fn seal_biometrics(&self, id: ApplicationId, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        self.keys().seal(&format!("biometrics:{id}"), bytes)
    }

    pub(super) fn open_biometrics(&self, id: ApplicationId, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(self.keys().open(&format!("biometrics:{id}"), sealed)?.reveal().clone())
    }
}
