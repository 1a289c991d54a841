//! What a pack says of one service: the words of `services/*.toml`, exactly as written there.
//!
//! **Invariant:** nothing here is proved but the shape; [`crate::check`] proves the rest before a case may start.
//! Names of sections follow CPSV-AP 3.2: authority, channel, cost, evidence, requirement, output.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use spine::{Date, Localised};
use toml::Spanned;

/// A CEL expression and where it stands in its file.
pub type Expression = Spanned<String>;

/// One service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What it is.
    pub service: Service,
    /// What is known already and need not be asked, and from which register.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What must be true.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// What only the applicant knows.
    #[serde(default, rename = "page")]
    pub pages: Vec<Page>,
    /// What it costs.
    #[serde(default, rename = "fee")]
    pub fees: Vec<Fee>,
    /// What becomes of a paid fee when the applicant takes her case back; without it all of it goes back.
    pub withdrawal: Option<Withdrawal>,
    /// What happens to a case, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What comes out of it.
    #[serde(default, rename = "output")]
    pub outputs: Vec<Output>,
    /// Words looked up by a code, such as the vehicles of a licence class.
    #[serde(default)]
    pub words: BTreeMap<String, BTreeMap<String, Localised>>,
    /// Cases that must come out as they say.
    #[serde(default, rename = "test")]
    pub tests: Vec<Trial>,
}

/// The service itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Lower case with hyphens, unique in the country.
    pub id: Spanned<String>,
    /// Semantic version; a case keeps the version it began with.
    pub version: String,
    /// From which day it is offered.
    pub effective: TomlDate,
    /// The institution that answers for it.
    pub authority: Spanned<String>,
    /// What people call it.
    pub name: Localised,
    /// In one sentence.
    pub summary: Localised,
    /// What one needs to have at hand.
    #[serde(default)]
    pub needs: Vec<Localised>,
    /// Further words people search for.
    #[serde(default)]
    pub keywords: Vec<Localised>,
    /// Events of a life that call for it.
    #[serde(default)]
    pub life_event: Vec<String>,
    /// Where it can be asked for.
    pub channels: Vec<String>,
    /// How surely the applicant must be known: `low`, `substantial`, `high`.
    pub assurance: spine::Assurance,
    /// Why data is looked at, as acts say it.
    pub purpose: String,
    /// By which right, as acts say it.
    pub legal_basis: Localised,
    /// First letters of its references.
    pub reference: String,
    /// Figures and rules are examples.
    #[serde(default)]
    pub illustrative: bool,
    /// Time limits.
    pub sla: Sla,
    /// Years for which a closed case is kept.
    pub retention: String,
    /// Where to appeal against a refusal.
    pub appeal: Localised,
}

/// Time limits of the whole case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// By when it is decided, counted from the day it is complete (ISO 8601: `P15D`).
    pub decide: Spanned<String>,
}

/// What a register knows of the applicant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The variable it becomes in expressions.
    pub id: Spanned<String>,
    /// What people call it: "the civil register".
    pub name: Localised,
    /// The register.
    pub register: Spanned<String>,
    /// The record with this key (CEL) …
    pub key: Option<Expression>,
    /// … or the newest record whose field has this value (CEL).
    #[serde(default, rename = "where")]
    pub matching: BTreeMap<String, Expression>,
    /// Why, where that differs from the service's purpose.
    pub purpose: Option<String>,
    /// The fields taken over, and no others.
    pub claims: Vec<Claim>,
    /// Said when there is no record and there should be one; without it the service goes on with `null`.
    pub missing: Option<Localised>,
}

/// A field taken over from a register.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The field.
    pub field: Spanned<String>,
    /// What people call it.
    pub name: Localised,
    /// How it is shown: `text` (default) or `date`.
    #[serde(default)]
    pub shown: Shown,
    /// Words of the pack that say its codes.
    pub words: Option<Spanned<String>>,
    /// Taken for rules and documents, and not shown.
    #[serde(default)]
    pub hidden: bool,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// As it is.
    #[default]
    Text,
    /// A day in the reader's language.
    Date,
}

/// A requirement: all its conditions hold, or the applicant reads why not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The variable it becomes: `eligible.ok`.
    pub id: Spanned<String>,
    /// The law it stands on.
    pub cite: Localised,
    /// Conditions.
    pub all: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What must be true (CEL).
    #[serde(rename = "if")]
    pub when: Expression,
    /// Said when it is not.
    #[serde(rename = "else")]
    pub otherwise: Localised,
    /// What would change it.
    pub advice: Option<Localised>,
}

/// A page of questions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its place in the address.
    pub id: Spanned<String>,
    /// Asked only when this holds (CEL).
    pub when: Option<Expression>,
    /// Its heading; a page of one field uses the field's label.
    pub title: Option<Localised>,
    /// What is asked.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The variable it becomes.
    pub id: Spanned<String>,
    /// What kind of answer.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// The question.
    pub label: Localised,
    /// Help.
    pub hint: Option<Localised>,
    /// May be left empty.
    #[serde(default)]
    pub optional: bool,
    /// Asked only when this holds (CEL).
    pub when: Option<Expression>,
    /// What to choose from.
    #[serde(default)]
    pub options: Vec<FieldOption>,
    /// A register's value to begin with (CEL).
    pub prefill: Option<Expression>,
    /// Why a register's value is asked all the same (once-only waived, with the reason).
    pub waiver: Option<Localised>,
    /// At most so many letters.
    pub max_length: Option<u32>,
    /// Least number.
    pub min: Option<i64>,
    /// Greatest number.
    pub max: Option<i64>,
    /// A further condition on the answer (CEL, the answer is `value`).
    pub valid: Option<Condition>,
}

/// What kind of answer a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// A line.
    Text,
    /// Several lines.
    LongText,
    /// A person's name.
    Name,
    /// One of the options.
    Choice,
    /// Some of the options.
    Choices,
    /// Yes or no.
    YesNo,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// One of the country's districts.
    District,
    /// Something the applicant confirms.
    Declaration,
}

/// One option: its code and, beside it, its words: `{ v = "post", en = "Post office", st = "Poso" }`.
#[derive(Debug, Deserialize)]
pub struct FieldOption {
    /// Its code.
    pub v: String,
    /// Its words.
    #[serde(flatten)]
    pub name: Localised,
}

/// A part of the price.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Its name in the accounts.
    pub id: Spanned<String>,
    /// What it is for.
    pub name: Localised,
    /// Minor units of the country's currency.
    pub minor: i64,
    /// Due only when this holds (CEL).
    pub when: Option<Expression>,
    /// The income account it goes to.
    pub account: String,
    /// The figure is an example.
    #[serde(default)]
    pub illustrative: bool,
    /// The law it stands on.
    pub cite: Option<Localised>,
}

/// What is kept of a paid fee when a case is taken back before it is decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Minor units that are kept (CEL): `fee` is what was paid, `begun` whether an officer has taken the case.
    pub keep: Expression,
    /// Why, as the applicant reads it.
    pub cite: Localised,
    /// The figure is an example.
    #[serde(default)]
    pub illustrative: bool,
}

/// A step of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name in the case.
    pub id: Spanned<String>,
    /// What happens.
    pub kind: StepKind,
    /// What people call it.
    pub name: Localised,
    /// What the applicant reads about it.
    pub note: Option<Localised>,
    /// Skipped unless this holds (CEL).
    pub when: Option<Expression>,
    /// The officers' role, for a task.
    pub role: Option<String>,
    /// By when a task is done (ISO 8601).
    pub sla: Option<Spanned<String>>,
    /// What an officer looks at, for a task.
    #[serde(default)]
    pub guide: Vec<Localised>,
    /// The output, for an issue.
    pub output: Option<Spanned<String>>,
}

/// What happens in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// The fee is paid; skipped when there is none.
    Payment,
    /// An officer decides.
    Task,
    /// A document is issued.
    Issue,
}

/// A document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name in the case.
    pub id: Spanned<String>,
    /// What people call it.
    pub name: Localised,
    /// The layout that draws it (`layouts/*.toml`).
    pub layout: Spanned<String>,
    /// For how long it holds (ISO 8601), if it ends.
    pub valid: Option<Spanned<String>>,
    /// Who signs, by office.
    pub signed_by: Localised,
    /// Its fields.
    pub fields: BTreeMap<String, Filling>,
}

/// How a field of a document is filled.
#[derive(Debug)]
pub enum Filling {
    /// Text (CEL).
    Text(Expression),
    /// A day (CEL giving an ISO date), an amount in minor units, a word by its code, an option's label, or rows.
    Formatted(Box<Formatted>),
}

/// A filling as written: serde's own untagged enums would lose the places of what is inside.
enum Written {
    Text(String),
    Formatted(Box<Formatted>),
}

impl<'de> Deserialize<'de> for Filling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written: Spanned<Written> = Spanned::deserialize(deserializer)?;
        let span = written.span();
        Ok(match written.into_inner() {
            Written::Text(text) => Self::Text(Spanned::new(span, text)),
            Written::Formatted(formatted) => Self::Formatted(formatted),
        })
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Written;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an expression, or a table such as { date = \"…\" }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
                Ok(Written::Text(text.to_owned()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
                let formatted = Formatted::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Written::Formatted(Box::new(formatted)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A filling with a format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formatted {
    /// A day, given as ISO 8601.
    pub date: Option<Expression>,
    /// An amount, given in minor units.
    pub money: Option<Expression>,
    /// A code of `words`.
    pub code: Option<Expression>,
    /// The words that say the code.
    pub words: Option<String>,
    /// The label of the option chosen in this field.
    pub label: Option<Spanned<String>>,
    /// Rows, given as a list; each is `row` in the cells.
    pub rows: Option<Expression>,
    /// The cells of a row.
    #[serde(default)]
    pub cells: BTreeMap<String, Filling>,
}

/// A test of the pack by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// What it shows.
    pub name: Spanned<String>,
    /// Variables: `person.born`, answers, `today`.
    pub given: BTreeMap<String, toml::Value>,
    /// What must come out: `eligible.ok`, `fee`, `asks`, `steps`, an expression.
    pub expect: BTreeMap<String, toml::Value>,
}

/// A TOML local date.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "toml::value::Datetime")]
pub struct TomlDate(pub Date);

impl TryFrom<toml::value::Datetime> for TomlDate {
    type Error = String;
    fn try_from(value: toml::value::Datetime) -> Result<Self, String> {
        let text = value.to_string();
        text.parse().map(Self).map_err(|_| format!("{text} is not a day such as 2026-04-01"))
    }
}
