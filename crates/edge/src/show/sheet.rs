//! A sheet: what was answered, what is wrong with it, and the fields made from both.
//!
//! **Invariant:** a field made here shows its own answer and its own fault; the error summary links to
//! each fault's field, in the order of the faults.

use maud::{Markup, Render, html};
use spine::FieldFault;

use crate::answers::Answers;
use crate::page::Page;
use crate::show::choice::{Choice, Choices, Select};
use crate::show::day::DayField;
use crate::show::field::{Field, Kind};
use crate::visit::Visit;

/// The answers and faults of one form.
#[derive(Clone, Debug)]
pub struct Sheet {
    visit: Visit,
    answers: Answers,
    faults: Vec<(String, String)>,
}

/// A field that can be the whole page: its label becomes the heading.
pub trait Asked: Render {
    /// Makes the label the heading.
    #[must_use]
    fn heading(self) -> Self;
    /// What is asked.
    fn label(&self) -> &str;
}

impl Sheet {
    /// An empty sheet.
    #[must_use]
    pub fn new(visit: &Visit) -> Self {
        Self { visit: visit.clone(), answers: Answers::default(), faults: Vec::new() }
    }

    /// Shows these answers.
    #[must_use]
    pub fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// Adds faults of fields.
    #[must_use]
    pub fn faults(mut self, faults: &[FieldFault]) -> Self {
        self.faults.extend(faults.iter().map(|fault| (fault.field.clone(), self.visit.say(&fault.text))));
        self
    }

    /// Adds a fault in words that are said already (a pack's own).
    #[must_use]
    pub fn fault(mut self, field: impl Into<String>, said: impl Into<String>) -> Self {
        self.faults.push((field.into(), said.into()));
        self
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// What is wrong with `name`.
    #[must_use]
    pub fn fault_of(&self, name: &str) -> Option<&str> {
        self.faults.iter().find(|(field, _)| field == name).map(|(_, said)| said.as_str())
    }

    /// The visit it belongs to.
    #[must_use]
    pub const fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The error summary: takes the focus, links to each field. Empty when nothing is wrong.
    #[must_use]
    pub fn summary(&self) -> Markup {
        html! {
            @if self.has_faults() {
                div.es role="alert" tabindex="-1" autofocus {
                    h2 { (self.visit.t("edge.problem")) }
                    ul { @for (field, said) in &self.faults { li { a href={ "#" (field) } { (said) } } } }
                }
            }
        }
    }

    /// A page that asks one thing: its label is the heading, below it "Continue".
    pub fn ask(&self, action: &str, field: impl Asked) -> Page {
        let title = field.label().to_owned();
        let form = html! { (field.heading()) (self.go_on()) };
        self.visit.page(title).own_heading().sheet(self).body(self.visit.form(action, form))
    }

    /// The button "Continue".
    #[must_use]
    pub fn go_on(&self) -> Markup {
        html! { button.b { (self.visit.t("edge.continue")) } }
    }

    /// A line of text.
    pub fn text(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Text, name, label)
    }

    /// An e-mail address.
    pub fn email(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Email, name, label).autocomplete("email")
    }

    /// A telephone number.
    pub fn phone(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Phone, name, label).autocomplete("tel").width(20)
    }

    /// A whole number, typed on the phone's number pad.
    pub fn number(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Number, name, label).width(6)
    }

    /// A password or PIN; never shown again.
    pub fn secret(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Secret, name, label).autocomplete("current-password").width(20)
    }

    /// A one-time code of digits.
    pub fn code(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Code, name, label).autocomplete("one-time-code").width(12)
    }

    /// Several lines of text.
    pub fn area(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::Area, name, label)
    }

    /// A file; the form must be an upload form.
    pub fn file(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(Kind::File, name, label)
    }

    /// A date in three inputs, read back with [`Answers::date`].
    pub fn day(&self, name: &str, label: impl Into<String>) -> DayField {
        DayField::new(self, &self.answers, name, label.into())
    }

    /// One of several.
    pub fn radios(&self, name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Choices {
        Choices::new(self, name, label.into(), choices, false)
    }

    /// Any of several.
    pub fn checkboxes(&self, name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Choices {
        Choices::new(self, name, label.into(), choices, true)
    }

    /// One of many, in a list that opens.
    pub fn select(&self, name: &str, label: impl Into<String>, choices: Vec<Choice>) -> Select {
        Select::new(self, name, label.into(), choices)
    }

    fn field(&self, kind: Kind, name: &str, label: impl Into<String>) -> Field {
        Field::new(kind, name, label.into(), self)
    }

    pub(crate) fn answer(&self, name: &str) -> &str {
        self.answers.one(name)
    }

    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.answers.all(name)
    }
}

/// What every field has around its input: label or legend, hint, error, and their ids.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) heading: bool,
    optional: String,
    prefix: String,
}

impl Around {
    pub(crate) fn new(sheet: &Sheet, name: &str, label: String) -> Self {
        Self {
            name: name.to_owned(),
            label,
            hint: None,
            error: sheet.fault_of(name).map(str::to_owned),
            heading: false,
            optional: sheet.visit.t("edge.optional"),
            prefix: sheet.visit.t("edge.error_prefix"),
        }
    }

    pub(crate) fn set_optional(&mut self) {
        self.label = format!("{} {}", self.label, self.optional);
    }

    /// The label of the input whose id is the field's name; within the heading where it is the page's.
    pub(crate) fn label(&self) -> Markup {
        let label = html! { label for=(self.name) { (self.label) } };
        html! { @if self.heading { h1 { (label) } } @else { (label) } }
    }

    /// The legend of a group; around the heading where it is the page's.
    pub(crate) fn legend(&self) -> Markup {
        html! { legend { @if self.heading { h1 { (self.label) } } @else { (self.label) } } }
    }

    /// Hint and error, above the input.
    pub(crate) fn notes(&self) -> Markup {
        html! {
            @if let Some(hint) = &self.hint { p.hint id={ (self.name) "-hint" } { (hint) } }
            @if let Some(error) = &self.error {
                p.er id={ (self.name) "-error" } { span.vh { (self.prefix) " " } (error) }
            }
        }
    }

    /// The ids of hint and error, for `aria-describedby`.
    pub(crate) fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        match (hint, error) {
            (Some(hint), Some(error)) => Some(format!("{hint} {error}")),
            (hint, error) => hint.or(error),
        }
    }
}
