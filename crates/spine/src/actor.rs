//! Who acts: a person, an officer, a client program, the program itself, or nobody known.
//!
//! **Invariant:** an actor is made by the edge (from a session or token) or by a worker, never by an engine.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::behalf::Behalf;
use crate::fault::Fault;
use crate::guarded::Personal;
use crate::text::Language;

/// What kind of actor it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Nobody has signed in.
    Anonymous,
    /// A resident, for herself or for another.
    Person,
    /// A public officer at work.
    Officer,
    /// Another program with its own credentials.
    Client,
    /// A device or system of an organisation, with a key of its own.
    Device,
    /// The program itself: a worker, a migration, the demo's loader.
    System,
}

/// How surely the actor is who they say (ISO/IEC 29115, eIDAS: low, substantial, high).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Nothing proven.
    None,
    /// One factor.
    Low,
    /// Two factors.
    Substantial,
    /// Two factors, one of them a key that cannot be copied.
    High,
}

/// The channel an act came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The program's own pages.
    Web,
    /// A programming interface.
    Api,
    /// A menu on a phone.
    Ussd,
    /// Inside the program: a worker or the command line.
    Program,
}

/// Who acts in an operation.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// Their identifier: a person's, an officer's, a client's, or the worker's name.
    pub id: String,
    /// How they are shown to those entitled to see it.
    pub name: Personal<String>,
    /// Roles an officer holds.
    pub roles: Vec<String>,
    /// The public body an officer works for.
    pub institution: Option<String>,
    /// How surely known.
    pub assurance: Assurance,
    /// Whom she acts for, where that is another.
    pub on_behalf_of: Option<Arc<Behalf>>,
}

impl Actor {
    /// Nobody known.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::bare(ActorKind::Anonymous, "anonymous")
    }

    /// The program itself, under the name of the part that acts.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self { assurance: Assurance::High, ..Self::bare(ActorKind::System, part) }
    }

    /// A resident.
    #[must_use]
    pub fn person(id: impl Into<String>, name: Personal<String>, assurance: Assurance) -> Self {
        Self { name, assurance, ..Self::bare(ActorKind::Person, id) }
    }

    /// An actor with nothing but a kind and an id.
    #[must_use]
    pub fn bare(kind: ActorKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: Personal::default(),
            roles: Vec::new(),
            institution: None,
            assurance: Assurance::None,
            on_behalf_of: None,
        }
    }

    /// Whose affairs these are: her own, or those of whom she acts for.
    #[must_use]
    pub fn principal(&self) -> &str {
        self.on_behalf_of.as_ref().map_or(&self.id, |behalf| &behalf.person)
    }

    /// Whether she acts for `person`: for herself, or under a mandate. [`crate::Cx::may`] holds her to its scope.
    #[must_use]
    pub fn is_for(&self, person: &str) -> bool {
        self.principal() == person
    }

    /// Whose affairs may be read with `action`, where no policy is asked because they are one's own.
    ///
    /// # Errors
    /// As [`Behalf::allows`].
    pub fn whose(&self, action: &str) -> Result<&str, Fault> {
        self.allows(action, None)?;
        Ok(self.principal())
    }

    /// Whether a mandate she acts under covers `action`; her own affairs are always covered.
    ///
    /// # Errors
    /// As [`Behalf::allows`].
    pub fn allows(&self, action: &str, service: Option<&str>) -> Result<(), Fault> {
        self.on_behalf_of.as_ref().map_or(Ok(()), |behalf| behalf.allows(action, service))
    }

    /// Whether the officer holds `role`.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// Who asks, through which channel, and in which language to answer.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// Through what.
    pub via: Via,
    /// The language of the answer.
    pub language: Language,
}

impl Caller {
    /// A part of the program itself.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self { actor: Actor::system(part), via: Via::Program, language: Language::new("en") }
    }
}
