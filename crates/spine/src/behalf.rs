//! For whom an actor acts where that is another, and how far.
//!
//! **Invariant:** acting for another opens what a scope names and nothing else: [`crate::Cx::may`] and [`crate::Actor::whose`]
//! ask here before any policy is asked. What no scope of the country names, nobody can be given.
//! Where next: `crates/identity/src/mandates/` for who makes one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fault::Fault;
use crate::guarded::Personal;
use crate::text::Localised;

/// What one may be let do for another: some actions, on some services or on all.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its identifier in the pack.
    pub id: String,
    /// What people call it.
    pub name: Localised,
    /// The actions, as policies name them.
    pub actions: BTreeSet<String>,
    /// The services they are good for; none named, and they are good for all.
    pub services: BTreeSet<String>,
}

impl Scope {
    /// Whether it covers `action`, on this service where the action is about one.
    #[must_use]
    pub fn covers(&self, action: &str, service: Option<&str>) -> bool {
        let any = self.services.is_empty();
        self.actions.contains(action) && (any || service.is_none_or(|service| self.services.contains(service)))
    }
}

/// Whom somebody acts for, by which right, and how far.
#[derive(Clone, Debug)]
pub struct Behalf {
    /// The person or organisation acted for.
    pub person: String,
    /// What she is called.
    pub name: Personal<String>,
    /// The kind of mandate in the pack: `guardian`, `carer`.
    pub kind: String,
    /// The mandate; none where it follows from the family.
    pub mandate: Option<String>,
    /// What it covers.
    pub scopes: Vec<Arc<Scope>>,
    /// Every scope of the country, to say which one would be needed.
    pub known: Arc<[Arc<Scope>]>,
}

impl Behalf {
    /// Whether it covers `action`.
    #[must_use]
    pub fn covers(&self, action: &str, service: Option<&str>) -> bool {
        self.scopes.iter().any(|scope| scope.covers(action, service))
    }

    /// Allows `action`, or says which mandate it would need.
    ///
    /// # Errors
    /// `spine.mandate.beyond` with the scope that would cover it; `spine.mandate.never` where none could.
    pub fn allows(&self, action: &str, service: Option<&str>) -> Result<(), Fault> {
        if self.covers(action, service) {
            return Ok(());
        }
        match self.known.iter().find(|scope| scope.covers(action, service)) {
            Some(scope) => Err(Fault::forbidden("spine.mandate.beyond").with("scope", scope.name.clone())),
            None => Err(Fault::forbidden("spine.mandate.never")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(id: &str, actions: &[&str], services: &[&str]) -> Arc<Scope> {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let name = Localised::from([("en", id)]);
        Arc::new(Scope { id: id.to_owned(), name, actions: set(actions), services: set(services) })
    }

    #[test]
    fn it_opens_what_its_scopes_name_and_says_what_else_it_would_need() {
        let known: Arc<[Arc<Scope>]> = Arc::new([
            scope("births", &["case.start"], &["birth"]),
            scope("passports", &["case.start"], &["passport"]),
        ]);
        let scopes = known.iter().take(1).cloned().collect();
        let behalf = Behalf {
            person: "per_1".to_owned(),
            name: Personal::default(),
            kind: "carer".to_owned(),
            mandate: None,
            scopes,
            known,
        };
        assert!(behalf.allows("case.start", Some("birth")).is_ok());
        let beyond = behalf.allows("case.start", Some("passport")).unwrap_err();
        assert_eq!(beyond.code(), "spine.mandate.beyond");
        assert!(
            matches!(beyond.text().arg("scope"), Some(crate::Arg::Localised(name)) if name == &Localised::from([("en", "passports")]))
        );
        assert_eq!(behalf.allows("pin.change", None).unwrap_err().code(), "spine.mandate.never");
    }
}
