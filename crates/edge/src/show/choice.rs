//! Fields one chooses in.
//!
//! **Invariant:** the first input has the field's name as its id, so that the error summary leads to it.

use maud::{Markup, Render, html};

use crate::show::sheet::{Around, Asked, Sheet};

/// One thing to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    value: String,
    label: String,
    hint: Option<String>,
}

impl Choice {
    /// A choice sent as `value` and shown as `label`.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    /// Help below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Radios or checkboxes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Choices {
    around: Around,
    choices: Vec<Choice>,
    chosen: Vec<String>,
    several: bool,
}

impl Choices {
    pub(crate) fn new(sheet: &Sheet, name: &str, label: String, choices: Vec<Choice>, several: bool) -> Self {
        Self { around: Around::new(sheet, name, label), choices, chosen: sheet.all(name).to_vec(), several }
    }

    /// Help, between question and choices.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.around.hint = Some(hint.into());
        self
    }

    /// Says that it may be left empty.
    pub fn optional(mut self) -> Self {
        self.around.set_optional();
        self
    }

    /// What is chosen at first, in place of the sheet's answer.
    pub fn chosen(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.chosen = values.into_iter().collect();
        self
    }

    fn id(&self, place: usize) -> String {
        if place == 0 { self.around.name.clone() } else { format!("{}-{}", self.around.name, place + 1) }
    }
}

impl Asked for Choices {
    fn heading(mut self) -> Self {
        self.around.heading = true;
        self
    }

    fn label(&self) -> &str {
        &self.around.label
    }
}

impl Render for Choices {
    fn render(&self) -> Markup {
        let kind = if self.several { "checkbox" } else { "radio" };
        html! {
            fieldset.g.e[self.around.error.is_some()] aria-describedby=[self.around.described_by()] {
                (self.around.legend())
                (self.around.notes())
                @for (place, choice) in self.choices.iter().enumerate() {
                    @let id = self.id(place);
                    div.o {
                        input type=(kind) id=(id) name=(self.around.name) value=(choice.value)
                            checked[self.chosen.contains(&choice.value)]
                            aria-describedby=[choice.hint.as_ref().map(|_| format!("{id}-hint"))];
                        label for=(id) { (choice.label) }
                        @if let Some(hint) = &choice.hint { span.hint id={ (id) "-hint" } { (hint) } }
                    }
                }
            }
        }
    }
}

/// A list that opens, for many choices.
#[derive(Clone, Debug)]
#[must_use]
pub struct Select {
    around: Around,
    choices: Vec<Choice>,
    chosen: String,
    none: String,
}

impl Select {
    pub(crate) fn new(sheet: &Sheet, name: &str, label: String, choices: Vec<Choice>) -> Self {
        let (chosen, none) = (sheet.answer(name).to_owned(), sheet.visit().t("edge.choose"));
        Self { around: Around::new(sheet, name, label), choices, chosen, none }
    }

    /// Help, between label and list.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.around.hint = Some(hint.into());
        self
    }

    /// Says that it may be left as it is.
    pub fn optional(mut self) -> Self {
        self.around.set_optional();
        self
    }

    /// What is chosen at first, in place of the sheet's answer.
    pub fn chosen(mut self, value: impl Into<String>) -> Self {
        self.chosen = value.into();
        self
    }
}

impl Asked for Select {
    fn heading(mut self) -> Self {
        self.around.heading = true;
        self
    }

    fn label(&self) -> &str {
        &self.around.label
    }
}

impl Render for Select {
    fn render(&self) -> Markup {
        let name = &self.around.name;
        html! {
            div.g.e[self.around.error.is_some()] {
                (self.around.label())
                (self.around.notes())
                select id=(name) name=(name) aria-describedby=[self.around.described_by()]
                    aria-invalid=[self.around.error.as_ref().map(|_| "true")] {
                    option value="" { (self.none) }
                    @for choice in &self.choices {
                        option value=(choice.value) selected[choice.value == self.chosen] { (choice.label) }
                    }
                }
            }
        }
    }
}
