//! Values between a record and a page: how one is shown, how one is asked for, how an answer becomes one.
//!
//! **Invariant:** what a person typed becomes a value of the field's type or a fault at the field; the schema has
//! the last word in the operation.

use edge::show::sheet::Sheet;
use edge::show::{self};
use edge::{Answers, Markup, Visit, html};
use serde_json::Value;
use spine::{Date, FieldFault, Money, Text};

use crate::register::{Field, FieldKind, Fields, Register, plain};

/// From so many options on, a choice is a list that opens.
const RADIOS: usize = 5;

/// A value as a person reads it.
pub(crate) fn shown(visit: &Visit, register: &Register, field: &Field, value: Option<&Value>) -> Markup {
    let Some(value) = value else { return html! { "–" } };
    let text = said(visit, field, value);
    match register.links().iter().find(|link| link.field() == field.id()) {
        Some(link) => {
            let target = match link.by() {
                Some(by) => {
                    format!("/registers/{}?{by}={}", link.register(), edge::origin::encode_query(&plain(value)))
                }
                None => format!("/registers/{}?q={}", link.register(), edge::origin::encode_query(&plain(value))),
            };
            html! { a href=(target) { (text) } }
        }
        None => html! { (text) },
    }
}

/// A value in the words of the visitor's language.
#[must_use]
pub fn said(visit: &Visit, field: &Field, value: &Value) -> String {
    let text = plain(value);
    match field.kind() {
        FieldKind::Date => text.parse::<Date>().map_or(text, |day| visit.date(day)),
        FieldKind::Money => text.parse::<Money>().map_or(text, |amount| visit.money(amount)),
        FieldKind::Boolean => visit.t(if value.as_bool() == Some(true) { "registers.yes" } else { "registers.no" }),
        FieldKind::Choice => field
            .options()
            .iter()
            .find(|option| option.value == text)
            .map_or(text, |option| visit.local(&option.name).to_owned()),
        _ => text,
    }
}

/// The input of a field.
pub fn asked(sheet: &Sheet, field: &Field) -> Markup {
    let visit = sheet.visit();
    let label = visit.local(field.name()).to_owned();
    let hint = Some(visit.local(field.hint())).filter(|hint| !hint.is_empty()).map(str::to_owned);
    let id = field.id();
    let options = || {
        field
            .options()
            .iter()
            .map(|option| show::Choice::new(option.value.clone(), visit.local(&option.name)))
            .collect::<Vec<_>>()
    };
    match field.kind() {
        FieldKind::Date => {
            let mut input = sheet.day(id, label);
            if let Some(hint) = hint {
                input = input.hint(hint);
            }
            html! { (if field.required() { input } else { input.optional() }) }
        }
        FieldKind::Choice if field.options().len() > RADIOS => {
            let mut input = sheet.select(id, label, options());
            if let Some(hint) = hint {
                input = input.hint(hint);
            }
            html! { (if field.required() { input } else { input.optional() }) }
        }
        FieldKind::Choice | FieldKind::Boolean => {
            let yes_no = || {
                [("true", "registers.yes"), ("false", "registers.no")]
                    .map(|(value, key)| show::Choice::new(value, visit.t(key)))
                    .to_vec()
            };
            let choices = if field.kind() == FieldKind::Boolean { yes_no() } else { options() };
            let mut input = sheet.radios(id, label, choices);
            if let Some(hint) = hint {
                input = input.hint(hint);
            }
            html! { (if field.required() { input } else { input.optional() }) }
        }
        kind => {
            let mut input = match kind {
                FieldKind::Phone => sheet.phone(id, label).autocomplete("off"),
                FieldKind::Email => sheet.email(id, label).autocomplete("off"),
                FieldKind::Integer => sheet.number(id, label).width(20),
                _ => sheet.text(id, label).autocomplete("off"),
            };
            let own_hint = match kind {
                FieldKind::Phone => Some("registers.hint.phone"),
                FieldKind::Money => Some("registers.hint.money"),
                _ => None,
            };
            if let Some(hint) = hint.or_else(|| own_hint.map(|key| visit.t(key))) {
                input = input.hint(hint);
            }
            html! { (if field.required() { input } else { input.optional() }) }
        }
    }
}

/// The fields of a record as answers, to change them in a form.
pub fn answers(register: &Register, fields: &Fields) -> Answers {
    register.fields().iter().fold(Answers::default(), |answers, field| {
        let Some(value) = fields.get(field.id()) else { return answers };
        let text = plain(value);
        match text.parse::<Date>() {
            Ok(day) if field.kind() == FieldKind::Date => answers.with_date(field.id(), day),
            _ => answers.with(field.id(), text),
        }
    })
}

/// What was typed into a form, as fields; those left empty are not there.
pub fn fields(register: &Register, answers: &Answers) -> Result<Fields, Vec<FieldFault>> {
    let (mut fields, mut faults) = (Fields::new(), Vec::new());
    for field in register.fields() {
        match value(field, answers) {
            Ok(Some(value)) => {
                fields.insert(field.id().to_owned(), value);
            }
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(fields) } else { Err(faults) }
}

fn value(field: &Field, answers: &Answers) -> Result<Option<Value>, FieldFault> {
    if field.kind() == FieldKind::Date {
        return Ok(answers.date(field.id())?.map(|day| Value::from(day.to_string())));
    }
    let text = answers.one(field.id());
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || FieldFault { field: field.id().to_owned(), text: Text::new("registers.field.type") };
    match field.kind() {
        FieldKind::Integer => text.parse::<i64>().map(|number| Some(number.into())).map_err(|_| wrong()),
        FieldKind::Boolean => match text {
            "true" => Ok(Some(true.into())),
            "false" => Ok(Some(false.into())),
            _ => Err(wrong()),
        },
        // A number as people write it, with spaces and dashes, is the same number.
        FieldKind::Phone => Ok(Some(text.replace([' ', '-', '(', ')'], "").into())),
        _ => Ok(Some(text.into())),
    }
}
