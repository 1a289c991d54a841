//! A date in three inputs: people know their dates in parts, and no calendar widget works on every phone.
//!
//! **Invariant:** day, month, year, in this order, named `NAME-day`, `NAME-month`, `NAME-year`; the first
//! input has `NAME` as its id. `Answers::date` reads it back.

use maud::{Markup, Render, html};

use crate::answers::Answers;
use crate::show::sheet::{Around, Asked, Sheet};

/// A date in three inputs.
#[derive(Clone, Debug)]
#[must_use]
pub struct DayField {
    around: Around,
    parts: [Part; 3],
    birthday: bool,
}

#[derive(Clone, Debug)]
struct Part {
    id: String,
    name: String,
    label: String,
    value: String,
    wrong: bool,
    width: u8,
    autocomplete: &'static str,
}

impl Part {
    fn class(&self) -> String {
        format!("n{}{}", self.width, if self.wrong { " x" } else { "" })
    }
}

impl DayField {
    pub(crate) fn new(sheet: &Sheet, answers: &Answers, name: &str, label: String) -> Self {
        let mut around = Around::new(sheet, name, label);
        let whole = around.error.is_some();
        let parts = [
            ("day", "edge.date.day", 2, "bday-day"),
            ("month", "edge.date.month", 2, "bday-month"),
            ("year", "edge.date.year", 4, "bday-year"),
        ]
        .map(|(part, key, width, autocomplete)| {
            let own = format!("{name}-{part}");
            let error = sheet.fault_of(&own);
            if around.error.is_none() {
                around.error = error.map(str::to_owned);
            }
            Part {
                id: if part == "day" { name.to_owned() } else { own.clone() },
                label: sheet.visit().t(key),
                value: answers.one(&own).to_owned(),
                wrong: whole || error.is_some(),
                name: own,
                width,
                autocomplete,
            }
        });
        Self { around, parts, birthday: false }
    }

    /// Help, between question and inputs.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.around.hint = Some(hint.into());
        self
    }

    /// Says that it may be left empty.
    pub fn optional(mut self) -> Self {
        self.around.set_optional();
        self
    }

    /// It is the visitor's own date of birth, which her browser may know.
    pub const fn birthday(mut self) -> Self {
        self.birthday = true;
        self
    }
}

impl Asked for DayField {
    fn heading(mut self) -> Self {
        self.around.heading = true;
        self
    }

    fn label(&self) -> &str {
        &self.around.label
    }
}

impl Render for DayField {
    fn render(&self) -> Markup {
        html! {
            fieldset.g.e[self.around.error.is_some()] aria-describedby=[self.around.described_by()] {
                (self.around.legend())
                (self.around.notes())
                div.d {
                    @for part in &self.parts {
                        div {
                            label for=(part.id) { (part.label) }
                            input class=(part.class()) type="text" inputmode="numeric" id=(part.id) name=(part.name)
                                value=[Some(&part.value).filter(|value| !value.is_empty())]
                                autocomplete=[self.birthday.then_some(part.autocomplete)]
                                aria-invalid=[part.wrong.then_some("true")];
                        }
                    }
                }
            }
        }
    }
}
