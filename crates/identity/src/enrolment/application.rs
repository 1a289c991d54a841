//! An application for the national ID on its way: drafted and taken by an operator, decided by a supervisor.
//!
//! **Invariant:** its fields are the population's; it goes forward by the operations of this room alone, each of which
//! keeps it only if nobody changed it meanwhile; `Debug` shows none of its contents.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use spine::{Act, Cx, Fault, Id, IdKind, Resource, Timestamp};

use crate::rows::enrolment as rows;

/// What is told of a person: fields of the population's record.
pub type Told = Map<String, Json>;

/// The kind of an application's identifier.
#[derive(Debug)]
pub struct ApplicationKind;
impl IdKind for ApplicationKind {
    const PREFIX: &'static str = "enr";
}
/// An application's identifier.
pub type ApplicationId = Id<ApplicationKind>;

/// Where an application stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The operator is filling it in.
    Draft,
    /// Taken: a supervisor is to decide.
    Taken,
    /// Sent back to the operator.
    Returned,
    /// The person has her number; her account waits for its code.
    Approved,
    /// Not to be.
    Refused,
    /// Given up before it was decided.
    Withdrawn,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Draft, Self::Taken, Self::Returned, Self::Approved, Self::Refused, Self::Withdrawn];

    /// As tables and policies write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Taken => "taken",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How it stands with fingers, irises and face.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Biometrics {
    /// None were taken.
    None,
    /// Taken, sealed, on their way to the ABIS.
    Waiting,
    /// The ABIS has them and has not answered yet.
    Sent,
    /// The ABIS has compared them; what it found stands among the likenesses.
    Compared,
    /// The ABIS did not answer as it should: an operator of the program looks, a supervisor goes on without.
    Failed,
}

impl Biometrics {
    const ALL: [Self; 5] = [Self::None, Self::Waiting, Self::Sent, Self::Compared, Self::Failed];

    /// As tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Compared => "compared",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A part of the body that could not be taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which part, as the pack calls it.
    pub part: String,
    /// Why, as the pack calls it.
    pub reason: String,
    /// Who saw it.
    pub seen_by: String,
}

/// An application.
#[derive(Clone, Serialize, Deserialize)]
pub struct Application {
    /// Its identifier.
    pub id: ApplicationId,
    /// What people call it by: on the slip the applicant takes home.
    pub reference: String,
    /// Where it stands.
    pub state: State,
    /// The kind of evidence, as the pack calls it.
    pub evidence: String,
    /// The evidence's number.
    pub paper: String,
    /// The chief's introduction, if that is the evidence.
    pub introduction: Option<String>,
    /// What is told of her.
    pub fields: Told,
    /// The person in the population, once known.
    pub person: Option<String>,
    /// What could not be taken of her body.
    pub exceptions: Vec<Exception>,
    /// The supervisor who agreed to that.
    pub agreed_by: Option<String>,
    /// How it stands with what was taken.
    pub biometrics: Biometrics,
    /// Who took it.
    pub officer: String,
    /// The public body she works for.
    pub institution: String,
    /// When it was taken, or begun.
    pub taken_at: Timestamp,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why it was sent back or refused.
    pub words: Option<String>,
    /// The packet it came in, if it was taken without a network.
    pub packet: Option<String>,
    /// Counts its changes.
    pub revision: i64,
}

impl fmt::Debug for Application {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Application({} {})", self.id, self.state.name())
    }
}

impl Application {
    /// Whether a supervisor is to agree: to what could not be taken of her body, or to what no ABIS compared.
    #[must_use]
    pub fn needs_agreement(&self) -> bool {
        !self.exceptions.is_empty() || self.biometrics == Biometrics::Failed
    }

    /// A field as text; empty if it is not told.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Json::as_str).unwrap_or_default()
    }

    /// Given and family names.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.text("given"), self.text("family")).trim().to_owned()
    }

    /// As the policies see it.
    pub(crate) fn resource(&self, cx: &Cx<'_>) -> Resource {
        let actor = cx.actor();
        Resource::new("Enrolment", self.id)
            .with("state", self.state.name())
            .is("taken_by_self", self.officer == actor.id)
            .is("about_self", self.person.as_deref() == Some(actor.id.as_str()))
            .is("same_institution", actor.institution.as_deref() == Some(self.institution.as_str()))
    }

    /// An act on it.
    pub(crate) fn act(&self, what: &'static str) -> Act {
        let mut act = Act::new(what).on(self.id).because("national-id", "national-id");
        act.subject.clone_from(&self.person);
        act
    }
}

/// The application, and leave to do `action` with it.
pub(crate) fn open(cx: &mut Cx<'_>, id: ApplicationId, action: &str) -> Result<Application, Fault> {
    let found = rows::application(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.enrolment.missing"))?;
    let resource = found.resource(cx);
    cx.may(action, &resource)?;
    Ok(found)
}

/// Refuses unless it is in one of these states.
pub(crate) fn must_be(application: &Application, states: &[State]) -> Result<(), Fault> {
    if states.contains(&application.state) { Ok(()) } else { Err(Fault::conflict("identity.enrolment.elsewhere")) }
}

/// Keeps it, if nobody changed it meanwhile.
pub(crate) fn keep(cx: &mut Cx<'_>, application: &Application) -> Result<(), Fault> {
    if rows::update(cx.tx(), application)? { Ok(()) } else { Err(Fault::conflict("identity.enrolment.changed")) }
}
