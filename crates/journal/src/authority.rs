//! Who may do what: Cedar policies from the pack (`policies/*.cedar`), denied by default.
//!
//! A policy sees `principal` (`Person`, `Officer`, `Client`, `Device`, `System` or `Anonymous`, with `assurance` 0–3,
//! `institution`, `mandate` where it acts for another, `roles`, and its roles as parents: `principal in
//! Role::"passport-officer"`), `action` (`Action::"services.case.decide"`) and `resource` (its type, and the attributes the operation gives). It does not see
//! who or which one it is: no policy is about one person, and what is whose the operation says (`own`).
//!
//! **Invariant:** every refusal says which rule refused, or that none allows it, and what would change it:
//! the policies' own `@id("…")` and `@advice("message.key")`. A decision depends on nothing but what a policy sees, so a
//! permission once given is given again without weighing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicySet, Request, RestrictedExpression,
};
use spine::cx::Attribute;
use spine::{Actor, ActorKind, Assurance, Authority, Fault, Resource, Text};

use crate::unseen;

/// Stand for every identifier: policies do not see them. Two, as somebody may act on one of her own kind.
const ACTOR: &str = "actor";
const THING: &str = "thing";

/// The pack's policies, compiled.
pub struct Policies {
    authorizer: Authorizer,
    /// What has a say on each action that any policy names. The others are on every other action.
    named: HashMap<EntityUid, PolicySet>,
    others: PolicySet,
    advice: BTreeMap<String, String>,
    types: Types,
    allowed: Allowed,
}

/// A policy file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct PolicyError {
    file: String,
    problem: String,
}

impl Policies {
    /// Compiles policy files, given as name and text. Each policy needs an `@id`, unique in the country.
    ///
    /// # Errors
    /// [`PolicyError`] naming the file and the fault.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, PolicyError> {
        let (mut policies, mut advice) = (PolicySet::new(), BTreeMap::new());
        for (file, text) in files {
            let refuse = |problem: String| PolicyError { file: file.to_owned(), problem };
            let set = PolicySet::from_str(text).map_err(|error| refuse(error.to_string()))?;
            for policy in set.policies() {
                let id = policy.annotation("id").ok_or_else(|| refuse("a policy without an @id".to_owned()))?;
                unseen::check(policy).map_err(|problem| refuse(format!("{id}: {problem}")))?;
                if let Some(key) = policy.annotation("advice") {
                    advice.insert(id.to_owned(), key.to_owned());
                }
                let named: Policy = policy.new_id(cedar_policy::PolicyId::new(id));
                policies.add(named).map_err(|error| refuse(error.to_string()))?;
            }
        }
        let problem = |problem: String| PolicyError { file: "policies".to_owned(), problem };
        let mut named = HashMap::new();
        for action in policies.policies().flat_map(actions) {
            let of_action = having_a_say(&policies, Some(&action)).map_err(problem)?;
            named.insert(action, of_action);
        }
        let others = having_a_say(&policies, None).map_err(problem)?;
        Ok(Self {
            authorizer: Authorizer::new(),
            named,
            others,
            advice,
            types: Types::default(),
            allowed: Allowed::default(),
        })
    }

    fn on(&self, action: &EntityUid) -> &PolicySet {
        self.named.get(action).unwrap_or(&self.others)
    }

    fn request(&self, actor: &Actor, action: EntityUid, resource: &Resource) -> Result<(Request, Entities), String> {
        let principal = self.types.uid(principal_type(actor.kind), ACTOR)?;
        let mut attributes =
            HashMap::from([("assurance".to_owned(), RestrictedExpression::new_long(assurance(actor.assurance)))]);
        if let Some(institution) = &actor.institution {
            attributes.insert("institution".to_owned(), RestrictedExpression::new_string(institution.clone()));
        }
        if let Some(behalf) = &actor.on_behalf_of {
            attributes.insert("mandate".to_owned(), RestrictedExpression::new_string(behalf.kind.clone()));
        }
        let names = actor.roles.iter().map(|role| RestrictedExpression::new_string(role.clone()));
        attributes.insert("roles".to_owned(), RestrictedExpression::new_set(names));
        let roles = actor.roles.iter().map(|role| self.types.uid("Role", role)).collect::<Result<HashSet<_>, _>>()?;
        let principal_entity = Entity::new(principal.clone(), attributes, roles).map_err(|error| error.to_string())?;

        let target = self.types.uid(resource.kind, THING)?;
        let attributes =
            resource.attributes.iter().map(|(name, fact)| ((*name).to_owned(), expression(fact))).collect();
        let target_entity =
            Entity::new(target.clone(), attributes, HashSet::new()).map_err(|error| error.to_string())?;

        let entities =
            Entities::from_entities([principal_entity, target_entity], None).map_err(|error| error.to_string())?;
        let request =
            Request::new(principal, action, target, Context::empty(), None).map_err(|error| error.to_string())?;
        Ok((request, entities))
    }

    /// The refusal: the rule that forbids, or the rules that would have allowed.
    fn refusal(&self, actor: &Actor, policies: &PolicySet, forbidding: Option<&str>) -> Fault {
        if actor.kind == ActorKind::Anonymous {
            return Fault::unauthenticated("journal.act.signin");
        }
        let rules: Vec<String> = match forbidding {
            Some(id) => vec![id.to_owned()],
            None => policies
                .policies()
                .filter(|policy| policy.effect() == Effect::Permit)
                .map(|policy| policy.id().to_string())
                .collect(),
        };
        let advice = rules.iter().find_map(|id| self.advice.get(id)).cloned();
        Fault::forbidden("journal.act.forbidden")
            .with("rule", if rules.is_empty() { "-".to_owned() } else { rules.join(", ") })
            .with("advice", Text::named(advice.unwrap_or_else(|| "policy.ask_administrator".to_owned())))
    }
}

/// What a refusal is called that would be none for somebody known substantially, or highly.
const WEAK: [&str; 2] = ["journal.act.needs_substantial", "journal.act.needs_high"];

impl Authority for Policies {
    fn decide(&self, actor: &Actor, action: &str, resource: &Resource) -> Result<(), Fault> {
        let problem = |problem| Fault::internal("journal.act.policy", problem);
        let seen = seen(actor, action, resource).map_err(problem)?;
        if self.allowed.knows(&seen) {
            return Ok(());
        }
        let target = self.types.uid("Action", action).map_err(problem)?;
        let policies = self.on(&target);
        let (request, entities) = self.request(actor, target, resource).map_err(problem)?;
        let answer = self.authorizer.is_authorized(&request, policies, &entities);
        if answer.decision() == Decision::Allow {
            self.allowed.keep(seen);
            return Ok(());
        }
        for error in answer.diagnostics().errors() {
            tracing::warn!(%error, action, "a policy could not be weighed");
        }
        let forbidding = answer.diagnostics().reason().next().map(ToString::to_string);
        let refusal = self.refusal(actor, policies, forbidding.as_deref());
        // Whether being known more surely would change it: then there is something to do about it.
        for (assurance, code) in [(Assurance::Substantial, WEAK[0]), (Assurance::High, WEAK[1])] {
            if actor.assurance < assurance && matches!(actor.kind, ActorKind::Person | ActorKind::Officer) {
                let surer = Actor { assurance, ..actor.clone() };
                let (target, resource) = (self.types.uid("Action", action).map_err(problem)?, resource);
                let (request, entities) = self.request(&surer, target, resource).map_err(problem)?;
                if self.authorizer.is_authorized(&request, policies, &entities).decision() == Decision::Allow {
                    return Err(Fault::forbidden(code));
                }
            }
        }
        Err(refusal)
    }
}

/// The actions that a policy names; none if it is on all.
fn actions(policy: &Policy) -> Vec<EntityUid> {
    match policy.action_constraint() {
        ActionConstraint::Any => Vec::new(),
        ActionConstraint::Eq(action) => vec![action],
        ActionConstraint::In(actions) => actions,
    }
}

/// The policies that are on all actions, and those that name this one.
fn having_a_say(policies: &PolicySet, action: Option<&EntityUid>) -> Result<PolicySet, String> {
    let mut few = PolicySet::new();
    for policy in policies.policies() {
        let named = actions(policy);
        if named.is_empty() || action.is_some_and(|action| named.contains(action)) {
            few.add(policy.clone()).map_err(|error| error.to_string())?;
        }
    }
    Ok(few)
}

/// Everything that a policy sees, as one text.
fn seen(actor: &Actor, action: &str, resource: &Resource) -> Result<String, String> {
    let mandate = actor.on_behalf_of.as_ref().map(|behalf| &behalf.kind);
    let who = (actor.kind, actor.assurance, &actor.institution, mandate, &actor.roles);
    serde_json::to_string(&(action, who, resource.kind, &resource.attributes)).map_err(|error| error.to_string())
}

/// What has been allowed. Kept small: when it is full it begins anew.
#[derive(Default)]
struct Allowed {
    known: RwLock<HashSet<String>>,
}

impl Allowed {
    const MOST: usize = 4096;

    fn knows(&self, seen: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains(seen)
    }

    fn keep(&self, seen: String) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(seen);
    }
}

/// The names of entity types, each parsed once: parsing costs more than deciding.
#[derive(Default)]
struct Types {
    parsed: RwLock<HashMap<&'static str, EntityTypeName>>,
}

impl Types {
    fn uid(&self, kind: &'static str, id: &str) -> Result<EntityUid, String> {
        let known = self.parsed.read().unwrap_or_else(PoisonError::into_inner).get(kind).cloned();
        let kind = match known {
            Some(name) => name,
            None => {
                let name = EntityTypeName::from_str(kind).map_err(|error| error.to_string())?;
                self.parsed.write().unwrap_or_else(PoisonError::into_inner).insert(kind, name.clone());
                name
            }
        };
        Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
    }
}

const fn principal_type(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Anonymous => "Anonymous",
        ActorKind::Person => "Person",
        ActorKind::Officer => "Officer",
        ActorKind::Client => "Client",
        ActorKind::Device => "Device",
        ActorKind::System => "System",
    }
}

const fn assurance(level: Assurance) -> i64 {
    match level {
        Assurance::None => 0,
        Assurance::Low => 1,
        Assurance::Substantial => 2,
        Assurance::High => 3,
    }
}

fn expression(fact: &Attribute) -> RestrictedExpression {
    match fact {
        Attribute::Text(text) => RestrictedExpression::new_string(text.clone()),
        Attribute::Int(number) => RestrictedExpression::new_long(*number),
        Attribute::Truth(truth) => RestrictedExpression::new_bool(*truth),
    }
}

#[cfg(test)]
mod tests {
    use spine::Personal;

    use super::*;

    const TEXT: &str = r#"
        @id("own-case") permit (principal is Person, action == Action::"case.view", resource is Case)
        when { resource.owner == principal.id_text };
        @id("passport-officers") @advice("policy.role.passport")
        permit (principal in Role::"passport-officer", action in [Action::"case.view", Action::"case.decide"], resource is Case)
        when { principal.assurance >= 2 && resource.institution == principal.institution };
        @id("own-affairs") @advice("policy.own_affairs")
        forbid (principal, action == Action::"case.decide", resource is Case) when { resource has conflicted && resource.conflicted };
    "#;

    fn officer(role: &str) -> Actor {
        Actor {
            roles: vec![role.to_owned()],
            institution: Some("home-affairs".to_owned()),
            assurance: Assurance::Substantial,
            name: Personal::default(),
            ..Actor::bare(ActorKind::Officer, "off_1")
        }
    }

    #[test]
    fn denies_by_default_and_names_the_rule() {
        let policies = Policies::parse([("test.cedar", TEXT)]).unwrap();
        let case = Resource::new("Case", "cas_1").with("owner", "per_1").with("institution", "home-affairs");
        assert!(policies.decide(&officer("passport-officer"), "case.decide", &case).is_ok());

        let fault = policies.decide(&officer("clerk"), "case.decide", &case).unwrap_err();
        assert_eq!(fault.code(), "journal.act.forbidden");
        assert!(matches!(fault.text().arg("rule"), Some(spine::Arg::Plain(rule)) if rule == "passport-officers"));
        assert!(
            matches!(fault.text().arg("advice"), Some(spine::Arg::Text(text)) if text.key() == "policy.role.passport")
        );

        let fault = policies
            .decide(&officer("passport-officer"), "case.decide", &case.clone().is("conflicted", true))
            .unwrap_err();
        assert!(matches!(fault.text().arg("rule"), Some(spine::Arg::Plain(rule)) if rule == "own-affairs"));

        let fault = policies.decide(&officer("passport-officer"), "case.unheard_of", &case).unwrap_err();
        assert!(matches!(fault.text().arg("rule"), Some(spine::Arg::Plain(rule)) if rule == "-"));
        assert_eq!(policies.decide(&Actor::anonymous(), "case.view", &case).unwrap_err().code(), "journal.act.signin");
    }

    #[test]
    fn a_person_may_act_on_a_person() {
        let text = r#"@id("own") permit (principal is Person, action == Action::"life.prove", resource is Person)
            when { resource.own };"#;
        let policies = Policies::parse([("test.cedar", text)]).unwrap();
        let actor = Actor::person("per_1", Personal::default(), Assurance::Substantial);
        assert!(policies.decide(&actor, "life.prove", &Resource::new("Person", "per_1").is("own", true)).is_ok());
        let other = policies.decide(&actor, "life.prove", &Resource::new("Person", "per_2").is("own", false));
        assert_eq!(other.unwrap_err().code(), "journal.act.forbidden");
    }

    #[test]
    fn a_permission_once_given_is_no_permission_for_another_question() {
        let policies = Policies::parse([("test.cedar", TEXT)]).unwrap();
        let case = Resource::new("Case", "cas_1").with("owner", "per_1").with("institution", "home-affairs");
        let allowed = officer("passport-officer");
        for _ in 0..2 {
            assert!(policies.decide(&allowed, "case.decide", &case).is_ok());
            assert!(policies.decide(&allowed, "case.decide", &case.clone().is("conflicted", true)).is_err());
            assert!(policies.decide(&officer("clerk"), "case.decide", &case).is_err());
            let elsewhere = Actor { institution: Some("finance".to_owned()), ..officer("passport-officer") };
            assert!(policies.decide(&elsewhere, "case.decide", &case).is_err());
            let hardly_known = Actor { assurance: Assurance::Low, ..officer("passport-officer") };
            assert!(policies.decide(&hardly_known, "case.decide", &case).is_err());
        }
        // A text is not a truth, and a role not an attribute.
        let text = |name, fact: &str| seen(&officer(fact), "case.view", &Resource::new("Case", "1").with(name, fact));
        let truth = seen(&officer("true"), "case.view", &Resource::new("Case", "1").is("own", true));
        assert_ne!(text("own", "true").unwrap(), truth.unwrap());
    }

    #[test]
    fn a_policy_that_cannot_be_weighed_denies() {
        let policies = Policies::parse([("test.cedar", TEXT)]).unwrap();
        let person = Actor::person("per_1", Personal::default(), Assurance::Low);
        let case = Resource::new("Case", "cas_1").with("owner", "per_1");
        assert!(policies.decide(&person, "case.view", &case).is_err(), "principal.id_text does not exist");
    }

    #[test]
    fn faults_name_the_file() {
        let error = Policies::parse([("broken.cedar", "permit (principal")]).err().unwrap();
        assert!(error.to_string().starts_with("broken.cedar: "));
        let error = Policies::parse([("anonymous.cedar", "permit (principal, action, resource);")]).err().unwrap();
        assert!(error.to_string().contains("@id"));
    }
}
