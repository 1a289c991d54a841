//! A service that has been proved: its pack, its expressions compiled, and the questions a case asks of it.
//!
//! **Invariant:** made by [`crate::check`] only. Answers depend on the facts given and nothing else, so a decision of
//! years ago can be worked out again with the pack of that day.

use std::collections::BTreeMap;

use jiff::Span;
use serde_json::{Map, Value as Json, json};
use spine::{Date, Fault, Language, Localised};

use crate::pack::{Condition, Evidence, Field, Output, Pack, Page, Step};
use rules::{Facts, RuleError, Rules};

/// A service that has been proved.
#[derive(Debug)]
pub struct Service {
    pub(crate) pack: Pack,
    pub(crate) rules: Rules,
    pub(crate) text: String,
    pub(crate) digest: String,
}

/// A condition that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// The rule it belongs to.
    pub rule: String,
    /// The law.
    pub cite: Localised,
    /// Why not.
    pub reason: Localised,
    /// What would change it.
    pub advice: Option<Localised>,
}

/// The price of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Minor units altogether.
    pub minor: i64,
    /// Its parts.
    pub parts: Vec<(Localised, i64, bool)>,
}

impl Service {
    /// The pack as written.
    #[must_use]
    pub const fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        self.pack.service.id.get_ref()
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.pack.service.version
    }

    /// The legal basis, as acts cite it.
    #[must_use]
    pub fn legal_basis(&self) -> String {
        self.pack.service.legal_basis.in_language(&Language::new("en")).to_owned()
    }

    /// Rules that do not hold, in the order written.
    ///
    /// # Errors
    /// `services.rule.unanswerable` if the pack asks what the facts do not hold.
    pub fn unmet(&self, facts: &Facts) -> Result<Vec<Unmet>, Fault> {
        let mut unmet = Vec::new();
        for rule in &self.pack.rules {
            for condition in &rule.all {
                if !self.condition(condition, facts)? {
                    unmet.push(Unmet {
                        rule: rule.id.get_ref().clone(),
                        cite: rule.cite.clone(),
                        reason: condition.otherwise.clone(),
                        advice: condition.advice.clone(),
                    });
                    break;
                }
            }
        }
        Ok(unmet)
    }

    pub(crate) fn condition(&self, condition: &Condition, facts: &Facts) -> Result<bool, Fault> {
        self.rules.holds(condition.when.get_ref(), facts).map_err(unanswerable)
    }

    fn applies(&self, when: Option<&crate::pack::Expression>, facts: &Facts) -> Result<bool, Fault> {
        when.map_or(Ok(true), |when| self.rules.holds(when.get_ref(), facts).map_err(unanswerable))
    }

    /// The pages to be asked with these facts, and the fields on each.
    ///
    /// # Errors
    /// As [`Service::unmet`].
    pub fn asked(&self, facts: &Facts) -> Result<Vec<(&Page, Vec<&Field>)>, Fault> {
        let mut asked = Vec::new();
        for page in &self.pack.pages {
            if !self.applies(page.when.as_ref(), facts)? {
                continue;
            }
            let mut fields = Vec::new();
            for field in &page.fields {
                if self.applies(field.when.as_ref(), facts)? {
                    fields.push(field);
                }
            }
            if !fields.is_empty() {
                asked.push((page, fields));
            }
        }
        Ok(asked)
    }

    /// The price with these facts.
    ///
    /// # Errors
    /// As [`Service::unmet`].
    pub fn price(&self, facts: &Facts) -> Result<Price, Fault> {
        let mut price = Price { minor: 0, parts: Vec::new() };
        for fee in &self.pack.fees {
            if self.applies(fee.when.as_ref(), facts)? {
                price.minor = price.minor.saturating_add(fee.minor);
                price.parts.push((fee.name.clone(), fee.minor, fee.illustrative));
            }
        }
        Ok(price)
    }

    /// What is kept of a paid fee when a case is taken back: `begun` says whether an officer has taken it.
    ///
    /// # Errors
    /// As [`Service::unmet`]; also when the pack keeps less than nothing or more than was paid.
    pub fn kept(&self, facts: &Facts, fee_minor: i64, begun: bool) -> Result<i64, Fault> {
        let Some(withdrawal) = &self.pack.withdrawal else { return Ok(0) };
        let mut facts = facts.clone();
        facts.set("fee", fee_minor);
        facts.set("begun", begun);
        let kept = self.rules.value(withdrawal.keep.get_ref(), &facts).map_err(unanswerable)?;
        let kept = kept.as_i64().filter(|kept| (0..=fee_minor).contains(kept));
        kept.ok_or_else(|| Fault::internal("services.withdrawal.kept", withdrawal.keep.get_ref().clone()))
    }

    /// The steps a case with these facts goes through.
    ///
    /// # Errors
    /// As [`Service::unmet`].
    pub fn steps(&self, facts: &Facts) -> Result<Vec<&Step>, Fault> {
        let free = self.price(facts)?.minor == 0;
        let mut steps = Vec::new();
        for step in &self.pack.steps {
            let skipped = free && step.kind == crate::pack::StepKind::Payment;
            if !skipped && self.applies(step.when.as_ref(), facts)? {
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// A step by name.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.pack.steps.iter().find(|step| step.id.get_ref() == id)
    }

    /// An output by name.
    #[must_use]
    pub fn output(&self, id: &str) -> Option<&Output> {
        self.pack.outputs.iter().find(|output| output.id.get_ref() == id)
    }

    /// A field by name.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.pack.pages.iter().flat_map(|page| &page.fields).find(|field| field.id.get_ref() == id)
    }

    /// An evidence by name.
    #[must_use]
    pub fn evidence(&self, id: &str) -> Option<&Evidence> {
        self.pack.evidence.iter().find(|evidence| evidence.id.get_ref() == id)
    }

    /// The facts of a case: who applies, what registers say, what was answered, and today.
    #[must_use]
    pub fn facts(
        &self,
        applicant: &Json,
        evidence: &Map<String, Json>,
        answers: &BTreeMap<String, Json>,
        today: Date,
    ) -> Facts {
        let mut facts = Facts::default();
        facts.set("applicant", applicant.clone());
        facts.set("today", today.to_string());
        for one in &self.pack.evidence {
            let id = one.id.get_ref();
            let fields = evidence.get(id).and_then(|found| found.get("fields")).cloned().unwrap_or(Json::Null);
            facts.set(id, fields);
        }
        for field in self.pack.pages.iter().flat_map(|page| &page.fields) {
            let id = field.id.get_ref();
            facts.set(id, answers.get(id).cloned().unwrap_or(Json::Null));
        }
        // A rule's outcome is a fact for what comes after it.
        for rule in &self.pack.rules {
            let ok = rule.all.iter().all(|condition| self.condition(condition, &facts).unwrap_or(false));
            facts.set(rule.id.get_ref(), json!({ "ok": ok }));
        }
        facts
    }
}

/// The day an ISO 8601 duration after `from`; `None` if it is not one.
#[must_use]
pub fn later(from: Date, duration: &str) -> Option<Date> {
    let span: Span = duration.parse().ok()?;
    from.checked_add(span).ok()
}

pub(crate) fn unanswerable(error: RuleError) -> Fault {
    Fault::internal("services.rule.unanswerable", error)
}
