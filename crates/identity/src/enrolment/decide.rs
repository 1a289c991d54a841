//! A supervisor decides: approves, sends back, or refuses with a reason.
//!
//! **Invariant:** whoever took the application does not decide it (the policies say so). Approval is one commit: the
//! number, the code that opens the account, the card in the queue. Nothing is approved while a likeness is open, a chief
//! has not confirmed, an exception is not agreed to, or the ABIS has not answered. Where next: `activate.rs`, `card.rs`.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource, Text};

use crate::enrolment::alike::Alike;
use crate::enrolment::application::{Application, ApplicationId, Biometrics, State, keep, must_be, open};
use crate::enrolment::introduce::{Introduction, IntroductionState};
use crate::enrolment::take::usable;
use crate::enrolment::{Enrolment, abis, activate, card};
use crate::rows::{enrolment as rows, introductions};
use civil::Verdict;

/// At most so many letters in a reason.
const LETTERS: usize = 500;
/// At most so many applications in a list.
const LISTED: i64 = 200;

/// An application with all that an officer looks at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Examined {
    /// The application.
    pub application: Application,
    /// Who may be the same.
    pub alikes: Vec<Alike>,
    /// The chief's word, if that is the evidence.
    pub introduction: Option<Introduction>,
}

/// What waits in a state, oldest first.
///
/// # Errors
/// The authority's refusal.
pub fn applications(cx: &mut Cx<'_>, state: State) -> Result<Vec<Application>, Fault> {
    cx.may("identity.enrolment.list", &Resource::new("EnrolmentDesk", state.name()))?;
    Ok(rows::in_state(cx.tx(), state, LISTED)?)
}

/// The application with this number, for whoever holds the slip.
///
/// # Errors
/// `identity.enrolment.missing`, the authority's refusal.
pub fn find_application(cx: &mut Cx<'_>, written: &str) -> Result<ApplicationId, Fault> {
    cx.may("identity.enrolment.list", &Resource::new("EnrolmentDesk", "reference"))?;
    let missing = || Fault::not_found("identity.enrolment.missing");
    let number = civil::reference::parse(written).ok_or_else(missing)?;
    rows::by_reference(cx.tx(), &number)?.ok_or_else(missing)
}

/// Looks at an application; an act that the person can see.
///
/// # Errors
/// `identity.enrolment.missing`, the authority's refusal.
pub fn examine(cx: &mut Cx<'_>, id: ApplicationId) -> Result<Examined, Fault> {
    let application = open(cx, id, "identity.enrolment.look")?;
    let alikes = rows::alikes(cx.tx(), id)?;
    let introduction = introduction_of(cx, &application)?;
    let act = application.act("identity.enrolment.looked");
    cx.record(act);
    Ok(Examined { application, alikes, introduction })
}

fn introduction_of(cx: &mut Cx<'_>, application: &Application) -> Result<Option<Introduction>, Fault> {
    match application.introduction.as_deref().and_then(|id| id.parse().ok()) {
        Some(id) => Ok(introductions::one(cx.tx(), id)?),
        None => Ok(None),
    }
}

/// What keeps an application from being approved, as codes; empty if nothing does.
///
/// # Errors
/// The store's faults.
pub(crate) fn obstacle(cx: &mut Cx<'_>, application: &Application, agreed: bool) -> Result<Option<Fault>, Fault> {
    if rows::alikes(cx.tx(), application.id)?.iter().any(|alike| alike.verdict == Verdict::Open) {
        return Ok(Some(Fault::conflict("identity.enrolment.unjudged")));
    }
    let introduction = introduction_of(cx, application)?;
    if introduction.is_some_and(|one| one.state != IntroductionState::Signed) {
        return Ok(Some(Fault::conflict("identity.enrolment.introducer")));
    }
    if matches!(application.biometrics, Biometrics::Waiting | Biometrics::Sent) {
        return Ok(Some(Fault::conflict("identity.enrolment.comparing")));
    }
    if application.needs_agreement() && !agreed {
        let text = Text::new("identity.enrolment.agree_missing");
        return Ok(Some(Fault::invalid("identity.enrolment.unagreed").field("agreed", text)));
    }
    Ok(None)
}

/// Approves: the person gets her number if she has none, the code that opens her account, and a card in the queue.
/// `agreed` says that the supervisor agrees to what could not be taken of her body, or not be compared.
///
/// # Errors
/// `identity.enrolment.unjudged`, `identity.enrolment.introducer`, `identity.enrolment.comparing`,
/// `identity.enrolment.unagreed`, what [`usable`] refuses, `identity.enrolment.elsewhere`; the authority's refusal.
pub fn approve(cx: &mut Cx<'_>, enrolment: &Enrolment, id: ApplicationId, agreed: bool) -> Result<(), Fault> {
    let mut application = open(cx, id, "identity.enrolment.approve")?;
    must_be(&application, &[State::Taken])?;
    if let Some(obstacle) = obstacle(cx, &application, agreed)? {
        return Err(obstacle);
    }
    let by = cx.actor().id.clone();
    let person = match application.person.clone() {
        Some(person) => {
            usable(cx, enrolment, &person, id)?;
            person
        }
        None => enrolment.civil().enter_person(cx, application.fields.clone(), "national-id")?,
    };
    application.person = Some(person.clone());
    application.agreed_by = application.needs_agreement().then(|| by.clone());
    application.state = State::Approved;
    (application.decided_by, application.decided_at) = (Some(by), Some(cx.now()));
    keep(cx, &application)?;
    abis::forget_here(cx, id)?;
    activate::issue(cx, enrolment, &person, Some(&application))?;
    card::queue(cx, &person, "first")?;
    let act = application.act("identity.enrolment.approved");
    cx.record(act.with("exceptions", i64::try_from(application.exceptions.len()).unwrap_or(i64::MAX)));
    Ok(())
}

/// Sends an application back to the operator.
///
/// # Errors
/// `identity.enrolment.wrong` without a reason, `identity.enrolment.elsewhere`; the authority's refusal.
pub fn send_back(cx: &mut Cx<'_>, id: ApplicationId, words: &str) -> Result<(), Fault> {
    end(cx, id, words, ("identity.enrolment.return", State::Returned, "identity.enrolment.returned"))
}

/// Refuses an application.
///
/// # Errors
/// As [`send_back`].
pub fn refuse(cx: &mut Cx<'_>, id: ApplicationId, words: &str) -> Result<(), Fault> {
    end(cx, id, words, ("identity.enrolment.refuse", State::Refused, "identity.enrolment.refused"))
}

fn end(
    cx: &mut Cx<'_>,
    id: ApplicationId,
    words: &str,
    (action, state, what): (&str, State, &'static str),
) -> Result<(), Fault> {
    let mut application = open(cx, id, action)?;
    must_be(&application, &[State::Taken])?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > LETTERS {
        return Err(Fault::invalid("identity.enrolment.wrong").field("words", Text::new("identity.enrolment.reason")));
    }
    application.state = state;
    application.words = Some(words.to_owned());
    if state == State::Refused {
        (application.decided_by, application.decided_at) = (Some(cx.actor().id.clone()), Some(cx.now()));
        introductions::free(cx.tx(), id)?;
        abis::forget(cx, id)?;
    }
    keep(cx, &application)?;
    let act = application.act(what);
    cx.record(act);
    Ok(())
}
