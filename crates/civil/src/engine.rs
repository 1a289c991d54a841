//! What the engine works with, and what other engines do in the same commit when somebody is born or dies.
//!
//! **Invariant:** a consequence runs inside the transaction of the registration: if it faults, nothing is registered.
//! This engine does not know who they are; the program hands them over once, when it starts.

use std::sync::Arc;

use axum::Router;
use journal::Acts;
use registers::Registers;
use spine::{Cx, Date, Fault};

use crate::family::Families;
use crate::kinds::{Kind, Kinds};
use crate::population::Population;
use crate::{api, pages};

/// What happened to a person, for the engines that must act upon it at once.
#[derive(Clone, Debug)]
pub enum Vital {
    /// She came into the population.
    Born {
        /// The person.
        person: String,
    },
    /// Her death was registered.
    Died {
        /// The person.
        person: String,
        /// The day she died.
        on: Date,
    },
    /// Her death had been registered wrongly.
    Reinstated {
        /// The person.
        person: String,
    },
    /// Her name, spouse or parents are others now.
    Changed {
        /// The person.
        person: String,
    },
}

/// What another engine does in the same commit.
pub type Consequence = Arc<dyn Fn(&mut Cx<'_>, &Vital) -> Result<(), Fault> + Send + Sync>;

/// Civil registration. Cheap to clone.
#[derive(Clone)]
pub struct Civil {
    inner: Arc<Inner>,
}

struct Inner {
    acts: Acts,
    registers: Registers,
    kinds: Kinds,
    consequences: Vec<Consequence>,
}

impl Civil {
    /// The engine with the country's registers and kinds of events, and what follows from a registration.
    #[must_use]
    pub fn new(acts: Acts, registers: Registers, kinds: Kinds, consequences: Vec<Consequence>) -> Self {
        Self { inner: Arc::new(Inner { acts, registers, kinds, consequences }) }
    }

    /// The kinds of events.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.inner.kinds
    }

    /// The population these events make.
    #[must_use]
    pub fn population(&self) -> Population {
        Population::new(self.inner.registers.clone())
    }

    /// The families of that population.
    #[must_use]
    pub fn families(&self) -> Families {
        Families::new(self.population(), self.kinds().majority_years)
    }

    /// Every page and interface of the engine.
    pub fn routes(&self) -> Router {
        pages::routes(self.clone()).merge(api::routes(self.clone()))
    }

    pub(crate) fn acts(&self) -> &Acts {
        &self.inner.acts
    }

    pub(crate) fn registers(&self) -> &Registers {
        &self.inner.registers
    }

    pub(crate) fn kind(&self, id: &str) -> Result<&Kind, Fault> {
        self.kinds().get(id).ok_or_else(|| Fault::not_found("civil.kind.unknown"))
    }

    pub(crate) fn today(&self, cx: &Cx<'_>) -> Date {
        self.registers().day(cx.now())
    }

    /// Tells the other engines, in this transaction.
    pub(crate) fn follow(&self, cx: &mut Cx<'_>, vital: &Vital) -> Result<(), Fault> {
        self.inner.consequences.iter().try_for_each(|consequence| consequence(cx, vital))
    }
}
