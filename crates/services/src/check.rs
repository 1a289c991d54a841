//! Proves packs before anybody meets them: every fault with file, line and what to do (`letsema pack check`).
//!
//! **Invariant:** a [`Service`] that exists asks only what is declared, says everything in every language of the
//! country, never asks what a register knows already, and fills every field of its documents.

use std::collections::{BTreeMap, BTreeSet};

use documents::Layout;
use spine::{Language, Localised};
use toml::Spanned;

use crate::lint::{self, Spelling};
use crate::pack::{Condition, Expression, Field, FieldType, Filling, Pack, StepKind};
use crate::service::{Service, later};
use rules::{FUNCTIONS, Rules};

/// What a pack is checked against.
#[derive(Default)]
pub struct Surroundings {
    /// Registers and their fields.
    pub registers: BTreeMap<String, BTreeSet<String>>,
    /// Layouts by name.
    pub layouts: BTreeMap<String, Layout>,
    /// Institutions by id.
    pub institutions: BTreeMap<String, Localised>,
    /// Languages that every text must be in.
    pub languages: Vec<Language>,
    /// How they are spelt here.
    pub spelling: Vec<Spelling>,
}

/// What is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct PackFault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// Fields that every document has without being told.
pub(crate) const STANDARD_FIELDS: [&str; 6] =
    ["reference", "verify_url", "verify_place", "verify_code", "issued_on", "signed_by"];

/// Variables of every expression, and those that documents have besides.
const VARIABLES: [&str; 2] = ["applicant", "today"];
const OUTPUT_VARIABLES: [&str; 3] = ["case", "fee", "row"];
const WITHDRAWAL_VARIABLES: [&str; 2] = ["begun", "fee"];

/// Reads and proves one pack.
///
/// # Errors
/// All its faults.
pub fn check(file: &str, text: &str, around: &Surroundings) -> Result<Service, Vec<PackFault>> {
    let pack: Pack = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![PackFault { file: file.to_owned(), line: line(text, at), message: error.message().to_owned() }]
    })?;
    let mut checker = Checker { file, text, around, faults: Vec::new(), rules: Rules::default() };
    checker.service(&pack);
    checker.names(&pack);
    checker.expressions(&pack);
    checker.evidence(&pack);
    checker.questions(&pack);
    checker.steps(&pack);
    checker.outputs(&pack);
    checker.languages(&pack);
    if !checker.faults.is_empty() {
        checker.faults.sort_by_key(|fault| fault.line);
        return Err(checker.faults);
    }
    let digest = crypto::hex(&crypto::sha256(&[text.as_bytes()]));
    Ok(Service { rules: checker.rules, pack, text: text.to_owned(), digest })
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

struct Checker<'a> {
    file: &'a str,
    text: &'a str,
    around: &'a Surroundings,
    faults: Vec<PackFault>,
    rules: Rules,
}

impl Checker<'_> {
    fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(PackFault { file: self.file.to_owned(), line: line(self.text, at), message: message.into() });
    }

    /// The place of a word in the file, for texts that carry no place of their own.
    fn place(&self, words: &str) -> usize {
        self.text.find(words).unwrap_or(0)
    }

    fn service(&mut self, pack: &Pack) {
        let service = &pack.service;
        if !self.around.institutions.contains_key(service.authority.get_ref()) {
            let message =
                format!("no institution is called {:?}; see institutions/*.toml", service.authority.get_ref());
            self.fault(service.authority.span().start, message);
        }
        self.name(&service.id);
        let version: Vec<&str> = service.version.split('.').collect();
        if version.len() != 3 || version.iter().any(|part| part.parse::<u32>().is_err()) {
            self.fault(self.place("version"), "a version has three numbers, like 1.0.0");
        }
        let letters = service.reference.len() == 2 && service.reference.bytes().all(|byte| byte.is_ascii_uppercase());
        if !letters {
            self.fault(self.place("reference"), "a reference begins with two capital letters, like PP");
        }
        self.duration(&service.sla.decide);
        if service.retention.parse::<jiff::Span>().is_err() {
            self.fault(self.place("retention"), "retention is an ISO 8601 duration, like P10Y");
        }
    }

    fn duration(&mut self, duration: &Spanned<String>) {
        if later(jiff::civil::date(2026, 1, 1), duration.get_ref()).is_none() {
            self.fault(
                duration.span().start,
                format!("{:?} is not an ISO 8601 duration, like P15D", duration.get_ref()),
            );
        }
    }

    fn name(&mut self, name: &Spanned<String>) {
        let good = name.get_ref().starts_with(|letter: char| letter.is_ascii_lowercase())
            && name
                .get_ref()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
        if !good {
            let message =
                format!("{:?}: a name has small letters, digits, - and _, and begins with a letter", name.get_ref());
            self.fault(name.span().start, message);
        }
    }

    /// Names are plain, and no two variables share one.
    fn names(&mut self, pack: &Pack) {
        let mut seen: BTreeSet<&str> =
            VARIABLES.into_iter().chain(OUTPUT_VARIABLES).chain(WITHDRAWAL_VARIABLES).collect();
        let fields = pack.pages.iter().flat_map(|page| &page.fields).map(|field| &field.id);
        let variables =
            pack.evidence.iter().map(|one| &one.id).chain(pack.rules.iter().map(|rule| &rule.id)).chain(fields);
        for variable in variables {
            self.name(variable);
            if variable.get_ref().contains('-') {
                self.fault(variable.span().start, format!("{:?}: a variable has _ and not -", variable.get_ref()));
            }
            if !seen.insert(variable.get_ref()) {
                self.fault(
                    variable.span().start,
                    format!("{:?} is there already; variables need different names", variable.get_ref()),
                );
            }
        }
        for group in [
            pack.pages.iter().map(|page| &page.id).collect::<Vec<_>>(),
            pack.steps.iter().map(|step| &step.id).collect(),
            pack.outputs.iter().map(|output| &output.id).collect(),
            pack.fees.iter().map(|fee| &fee.id).collect(),
        ] {
            let mut seen = BTreeSet::new();
            for name in group {
                self.name(name);
                if !seen.insert(name.get_ref()) {
                    self.fault(name.span().start, format!("{:?} is there already", name.get_ref()));
                }
            }
        }
    }

    fn expression(&mut self, expression: &Expression, known: &BTreeSet<&str>) {
        let source = expression.get_ref();
        if let Err(problem) = self.rules.compile(source) {
            self.fault(expression.span().start, format!("this expression cannot be read: {problem}"));
            return;
        }
        for variable in self.rules.variables(source) {
            if !known.contains(variable.as_str()) {
                let known = known.iter().copied().collect::<Vec<_>>().join(", ");
                self.fault(expression.span().start, format!("nothing is called {variable:?} here; known are {known}"));
            }
        }
        for function in self.rules.functions(source) {
            let standard = [
                "size",
                "contains",
                "startsWith",
                "endsWith",
                "matches",
                "has",
                "map",
                "filter",
                "all",
                "exists",
                "int",
                "string",
                "min",
                "max",
            ];
            if !FUNCTIONS.contains(&function.as_str()) && !standard.contains(&function.as_str()) {
                let message = format!("no function is called {function:?}; there are {}", FUNCTIONS.join(", "));
                self.fault(expression.span().start, message);
            }
        }
    }

    fn expressions(&mut self, pack: &Pack) {
        let mut known: BTreeSet<&str> = VARIABLES.into();
        for evidence in &pack.evidence {
            for expression in evidence.key.iter().chain(evidence.matching.values()) {
                self.expression(expression, &known);
            }
            known.insert(evidence.id.get_ref());
        }
        let fields: Vec<&Field> = pack.pages.iter().flat_map(|page| &page.fields).collect();
        known.extend(fields.iter().map(|field| field.id.get_ref().as_str()));
        for rule in &pack.rules {
            rule.all.iter().for_each(|condition| self.expression(&condition.when, &known));
            known.insert(rule.id.get_ref());
        }
        let whens = pack
            .pages
            .iter()
            .filter_map(|page| page.when.as_ref())
            .chain(pack.fees.iter().filter_map(|fee| fee.when.as_ref()))
            .chain(pack.steps.iter().filter_map(|step| step.when.as_ref()))
            .chain(fields.iter().flat_map(|field| field.when.iter().chain(&field.prefill)));
        for expression in whens {
            self.expression(expression, &known);
        }
        if let Some(withdrawal) = &pack.withdrawal {
            let mut there = known.clone();
            there.extend(WITHDRAWAL_VARIABLES);
            self.expression(&withdrawal.keep, &there);
        }
        known.insert("value");
        for Condition { when, .. } in fields.iter().filter_map(|field| field.valid.as_ref()) {
            self.expression(when, &known);
        }
        known.remove("value");
        known.extend(OUTPUT_VARIABLES);
        for output in &pack.outputs {
            output.fields.values().for_each(|filling| self.filling(filling, &known, pack));
        }
    }

    fn filling(&mut self, filling: &Filling, known: &BTreeSet<&str>, pack: &Pack) {
        let formatted = match filling {
            Filling::Text(expression) => return self.expression(expression, known),
            Filling::Formatted(formatted) => formatted,
        };
        let expressions = [&formatted.date, &formatted.money, &formatted.code, &formatted.rows];
        let given = expressions.iter().filter(|one| one.is_some()).count() + usize::from(formatted.label.is_some());
        for expression in expressions.into_iter().flatten() {
            self.expression(expression, known);
        }
        if given != 1 {
            self.fault(
                self.place("[output.fields]"),
                "a field of a document is one of date, money, code, label or rows",
            );
        }
        if let Some(words) = &formatted.words
            && !pack.words.contains_key(words)
        {
            self.fault(self.place(words), format!("no words are called {words:?}; add [words.{words}]"));
        }
        if let Some(label) = &formatted.label
            && !pack.pages.iter().flat_map(|page| &page.fields).any(|field| field.id.get_ref() == label.get_ref())
        {
            self.fault(label.span().start, format!("no field is called {:?}", label.get_ref()));
        }
        formatted.cells.values().for_each(|cell| self.filling(cell, known, pack));
    }

    fn evidence(&mut self, pack: &Pack) {
        for evidence in &pack.evidence {
            let register = evidence.register.get_ref();
            let Some(fields) = self.around.registers.get(register) else {
                self.fault(
                    evidence.register.span().start,
                    format!("no register is called {register:?}; see registers/*.toml"),
                );
                continue;
            };
            if evidence.key.is_some() != evidence.matching.is_empty() {
                self.fault(evidence.id.span().start, "evidence is found by `key`, or by `where`, and not by both");
            }
            for field in evidence.claims.iter().map(|claim| &claim.field) {
                if !fields.contains(field.get_ref()) {
                    self.fault(
                        field.span().start,
                        format!("the register {register:?} has no field {:?}", field.get_ref()),
                    );
                }
            }
            for (field, expression) in &evidence.matching {
                if !fields.contains(field) {
                    self.fault(expression.span().start, format!("the register {register:?} has no field {field:?}"));
                }
            }
            for words in evidence.claims.iter().filter_map(|claim| claim.words.as_ref()) {
                if !pack.words.contains_key(words.get_ref()) {
                    self.fault(words.span().start, format!("no words are called {:?}", words.get_ref()));
                }
            }
        }
    }

    /// No question asks what a register knows already, and each is complete.
    fn questions(&mut self, pack: &Pack) {
        let claims: BTreeSet<&str> =
            pack.evidence.iter().flat_map(|one| &one.claims).map(|claim| claim.field.get_ref().as_str()).collect();
        for page in &pack.pages {
            if page.fields.len() > 1 && page.title.is_none() {
                self.fault(page.id.span().start, "a page of several questions needs a title");
            }
            for field in &page.fields {
                let at = field.id.span().start;
                let known = claims.contains(field.id.get_ref().as_str()) || field.prefill.is_some();
                if known && field.waiver.is_none() {
                    self.fault(at, format!("{:?} is known from a register already: take it as evidence, or say why it is asked again (waiver)", field.id.get_ref()));
                }
                let chooses = matches!(field.kind, FieldType::Choice | FieldType::Choices);
                if chooses && field.options.len() < 2 {
                    self.fault(at, "a choice needs at least two options");
                }
                if !chooses && !field.options.is_empty() {
                    self.fault(at, "options belong to a choice");
                }
            }
        }
    }

    fn steps(&mut self, pack: &Pack) {
        let mut documents = BTreeSet::new();
        for step in &pack.steps {
            let at = step.id.span().start;
            match step.kind {
                StepKind::Payment if pack.fees.is_empty() => self.fault(at, "a payment without a [[fee]]"),
                StepKind::Task if step.role.is_none() || step.sla.is_none() => {
                    self.fault(at, "a task needs `role` (who decides) and `sla` (by when)");
                }
                StepKind::Issue => match &step.output {
                    Some(output) if pack.outputs.iter().any(|own| own.id.get_ref() == output.get_ref()) => {
                        documents.insert(output.get_ref().clone());
                    }
                    _ => self.fault(at, "an issue needs the name of an [[output]] in `output`"),
                },
                _ => {}
            }
            if let Some(sla) = &step.sla {
                self.duration(sla);
            }
        }
        if !pack.fees.is_empty() && !pack.steps.iter().any(|step| step.kind == StepKind::Payment) {
            self.fault(self.place("[[fee]]"), "a fee that no step of kind payment asks for");
        }
        if pack.fees.iter().any(|fee| fee.minor < 0) {
            self.fault(self.place("[[fee]]"), "a fee is not negative");
        }
        let accounts: BTreeSet<&str> = pack.fees.iter().map(|fee| fee.account.as_str()).collect();
        if accounts.len() > 1 {
            self.fault(self.place("[[fee]]"), "all fees of a service go to one account");
        }
        for output in &pack.outputs {
            if !documents.contains(output.id.get_ref()) {
                self.fault(output.id.span().start, format!("no step issues {:?}", output.id.get_ref()));
            }
        }
    }

    fn outputs(&mut self, pack: &Pack) {
        for output in &pack.outputs {
            let Some(layout) = self.around.layouts.get(output.layout.get_ref()) else {
                self.fault(
                    output.layout.span().start,
                    format!("no layout is called {:?}; see layouts/*.toml", output.layout.get_ref()),
                );
                continue;
            };
            for field in layout.fields() {
                if field.required
                    && !STANDARD_FIELDS.contains(&field.name.as_str())
                    && !output.fields.contains_key(&field.name)
                {
                    self.fault(
                        output.layout.span().start,
                        format!("the layout needs the field {:?}; add it to [output.fields]", field.name),
                    );
                }
            }
            if let Some(valid) = &output.valid {
                self.duration(valid);
            }
        }
    }

    /// Every text is in every language, and spelt as this country spells it.
    fn languages(&mut self, pack: &Pack) {
        let mut texts = Vec::new();
        lint::texts(pack, &mut texts);
        for text in texts {
            let place = self.place(text.iter().next().map_or("", |(_, words)| words));
            for language in &self.around.languages.clone() {
                if !text.speaks(language) {
                    self.fault(place, format!("this text is not said in {}", language.tag()));
                }
            }
            for spelling in &self.around.spelling.clone() {
                if let Some(words) = text.iter().find_map(|(tag, words)| (tag == spelling.language).then_some(words))
                    && let Some(problem) = spelling.foreign(words)
                {
                    self.fault(self.place(words), problem);
                }
            }
        }
    }
}
