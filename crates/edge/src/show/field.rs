//! Fields one types into.
//!
//! **Invariant:** a label, never a placeholder; a secret is never written back into a page; pasting and
//! password managers work (WCAG 2.2 §3.3.8).

use maud::{Markup, Render, html};

use crate::show::sheet::{Around, Asked, Sheet};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    Email,
    Phone,
    Number,
    Secret,
    Code,
    Area,
    File,
}

/// One field.
#[derive(Clone, Debug)]
#[must_use]
pub struct Field {
    around: Around,
    kind: Kind,
    value: String,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    width: Option<u8>,
    prefix: Option<String>,
    max_length: Option<u32>,
    rows: u8,
    accept: Option<String>,
}

impl Field {
    pub(crate) fn new(kind: Kind, name: &str, label: String, sheet: &Sheet) -> Self {
        let shows = !matches!(kind, Kind::Secret | Kind::Code | Kind::File);
        Self {
            value: if shows { sheet.answer(name).to_owned() } else { String::new() },
            around: Around::new(sheet, name, label),
            kind,
            autocomplete: None,
            inputmode: None,
            width: None,
            prefix: None,
            max_length: None,
            rows: 5,
            accept: None,
        }
    }

    /// Help, between label and input.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.around.hint = Some(hint.into());
        self
    }

    /// Says that it may be left empty.
    pub fn optional(mut self) -> Self {
        self.around.set_optional();
        self
    }

    /// The value shown, in place of the sheet's answer.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// What browsers may fill in (WCAG 2.2 §1.3.5): `given-name`, `bday`, `tel`, `off`.
    pub const fn autocomplete(mut self, purpose: &'static str) -> Self {
        self.autocomplete = Some(purpose);
        self
    }

    /// Which keyboard a phone shows: `numeric`, `decimal`, `tel`.
    pub const fn inputmode(mut self, mode: &'static str) -> Self {
        self.inputmode = Some(mode);
        self
    }

    /// About how many letters are expected: 2, 4, 6, 12 or 20.
    pub const fn width(mut self, letters: u8) -> Self {
        self.width = Some(letters);
        self
    }

    /// Stands before the input: `M`, `+266`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// At most so many letters.
    pub const fn max_length(mut self, letters: u32) -> Self {
        self.max_length = Some(letters);
        self
    }

    /// Lines of an area.
    pub const fn rows(mut self, rows: u8) -> Self {
        self.rows = rows;
        self
    }

    /// Types of file, as `accept` writes them: `image/*,.pdf`.
    pub fn accept(mut self, types: impl Into<String>) -> Self {
        self.accept = Some(types.into());
        self
    }

    fn kind_of_input(&self) -> &'static str {
        match self.kind {
            Kind::Text | Kind::Number | Kind::Code | Kind::Area => "text",
            Kind::Email => "email",
            Kind::Phone => "tel",
            Kind::Secret => "password",
            Kind::File => "file",
        }
    }

    fn input(&self) -> Markup {
        let name = &self.around.name;
        let described = self.around.described_by();
        let invalid = self.around.error.as_ref().map(|_| "true");
        if self.kind == Kind::Area {
            return html! {
                textarea id=(name) name=(name) rows=(self.rows) maxlength=[self.max_length] autocomplete=[self.autocomplete]
                    aria-describedby=[described] aria-invalid=[invalid] { "\n" (self.value) }
            };
        }
        let mode = match self.kind {
            Kind::Number | Kind::Code => self.inputmode.or(Some("numeric")),
            _ => self.inputmode,
        };
        let class = self.width.map(|width| format!("n{}", step(width)));
        let value = Some(self.value.as_str()).filter(|value| !value.is_empty());
        html! {
            input type=(self.kind_of_input()) id=(name) name=(name) class=[class] value=[value] maxlength=[self.max_length]
                autocomplete=[self.autocomplete] inputmode=[mode] accept=[self.accept.as_deref()]
                spellcheck=[(self.kind != Kind::Text).then_some("false")]
                aria-describedby=[described] aria-invalid=[invalid];
        }
    }
}

/// The width the stylesheet knows that holds so many letters.
const fn step(letters: u8) -> u8 {
    match letters {
        0..=2 => 2,
        3..=4 => 4,
        5..=6 => 6,
        7..=12 => 12,
        _ => 20,
    }
}

impl Asked for Field {
    fn heading(mut self) -> Self {
        self.around.heading = true;
        self
    }

    fn label(&self) -> &str {
        &self.around.label
    }
}

impl Render for Field {
    fn render(&self) -> Markup {
        html! {
            div.g.e[self.around.error.is_some()] {
                (self.around.label())
                (self.around.notes())
                @if let Some(prefix) = &self.prefix {
                    div.pre { span aria-hidden="true" { (prefix) } (self.input()) }
                } @else { (self.input()) }
            }
        }
    }
}
