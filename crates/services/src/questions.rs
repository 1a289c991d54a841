//! What somebody wrote, as the answers a pack asked for; each fault at its field, in words.
//!
//! **Invariant:** only fields that are asked on this page are taken; anything else that was sent is ignored. An
//! answer is of its field's kind or it is not kept.

use std::collections::BTreeMap;

use edge::Answers;
use serde_json::{Value as Json, json};
use spine::{Date, Fault, FieldFault, Text};

use crate::pack::{Field, FieldType};
use crate::service::Service;
use rules::Facts;

/// Longest line and longest text, in letters, unless the pack says less.
const MAX_LINE: usize = 200;
const MAX_TEXT: usize = 4_000;

/// What a country says of its telephone numbers and districts.
#[derive(Clone, Debug, Default)]
pub struct Country {
    /// `+266`.
    pub phone_prefix: String,
    /// Digits after the prefix.
    pub phone_digits: usize,
    /// Districts by code, in order.
    pub districts: Vec<(String, spine::Localised)>,
}

/// Reads the answers to these fields.
///
/// # Errors
/// `services.answer.wrong` with a fault for each field.
pub(crate) fn read(
    service: &Service,
    fields: &[&Field],
    given: &Answers,
    facts: &Facts,
    country: &Country,
) -> Result<BTreeMap<String, Json>, Fault> {
    let (mut answers, mut faults) = (BTreeMap::new(), Vec::new());
    for field in fields {
        let id = field.id.get_ref();
        let value = match one(field, given, country) {
            Ok(value) => value,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        if value.is_null() {
            if !field.optional {
                faults.push(FieldFault { field: id.clone(), text: missing(field.kind) });
            }
            answers.insert(id.clone(), Json::Null);
            continue;
        }
        if let Some(condition) = &field.valid {
            let mut facts = facts.clone();
            facts.set("value", value.clone());
            if !service.condition(condition, &facts)? {
                let text = Text::new("services.answer.said").with("words", condition.otherwise.clone());
                faults.push(FieldFault { field: id.clone(), text });
            }
        }
        answers.insert(id.clone(), value);
    }
    if faults.is_empty() { Ok(answers) } else { Err(Fault::invalid("services.answer.wrong").fields_from(faults)) }
}

fn missing(kind: FieldType) -> Text {
    Text::new(match kind {
        FieldType::Choice | FieldType::District | FieldType::YesNo => "services.answer.choose",
        FieldType::Choices => "services.answer.choose_some",
        FieldType::Date => "services.answer.date",
        FieldType::Declaration => "services.answer.confirm",
        _ => "services.answer.missing",
    })
}

/// One answer; `null` if there is none.
fn one(field: &Field, given: &Answers, country: &Country) -> Result<Json, FieldFault> {
    let id = field.id.get_ref();
    let fault = |text: Text| FieldFault { field: id.clone(), text };
    let text = given.one(id).trim();
    if field.kind == FieldType::Date {
        return Ok(given.date(id)?.map_or(Json::Null, |day| json!(day.to_string())));
    }
    if field.kind == FieldType::Choices {
        let known = |value: &&String| field.options.iter().any(|option| option.v == **value);
        let chosen: Vec<&String> = given.all(id).iter().filter(known).collect();
        return Ok(if chosen.is_empty() { Json::Null } else { json!(chosen) });
    }
    if text.is_empty() {
        return Ok(Json::Null);
    }
    match field.kind {
        FieldType::Choice => known(field.options.iter().any(|option| option.v == text), text, fault),
        FieldType::District => known(country.districts.iter().any(|(code, _)| code == text), text, fault),
        FieldType::YesNo | FieldType::Declaration => match text {
            "yes" => Ok(json!(true)),
            "no" if field.kind == FieldType::YesNo => Ok(json!(false)),
            _ => Err(fault(Text::new("services.answer.choose"))),
        },
        FieldType::Number => number(field, text).map_err(fault),
        FieldType::Phone => {
            phone(text, country).map(Json::String).ok_or_else(|| fault(Text::new("services.answer.phone")))
        }
        FieldType::Email => {
            let parts: Vec<&str> = text.split('@').collect();
            let good = matches!(parts.as_slice(), [name, host] if !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
                && text.len() <= 254
                && !text.contains(char::is_whitespace);
            if good { Ok(json!(text)) } else { Err(fault(Text::new("services.answer.email"))) }
        }
        _ => {
            let own = if field.kind == FieldType::LongText { MAX_TEXT } else { MAX_LINE };
            let limit = field.max_length.map_or(own, |limit| usize::try_from(limit).unwrap_or(own).min(own));
            if text.chars().count() > limit {
                let count = i64::try_from(limit).unwrap_or(i64::MAX);
                return Err(fault(Text::new("services.answer.long").with("count", count)));
            }
            Ok(json!(text))
        }
    }
}

fn known(is_known: bool, text: &str, fault: impl Fn(Text) -> FieldFault) -> Result<Json, FieldFault> {
    if is_known { Ok(json!(text)) } else { Err(fault(Text::new("services.answer.choose"))) }
}

fn number(field: &Field, text: &str) -> Result<Json, Text> {
    let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | ',' | '\u{a0}')).collect();
    let number: i64 = plain.parse().map_err(|_| Text::new("services.answer.number"))?;
    if let Some(min) = field.min.filter(|min| number < *min) {
        return Err(Text::new("services.answer.small").with("limit", min));
    }
    if let Some(max) = field.max.filter(|max| number > *max) {
        return Err(Text::new("services.answer.great").with("limit", max));
    }
    Ok(json!(number))
}

/// A number of this country, or an international one, as `+` and digits.
pub(crate) fn phone(text: &str, country: &Country) -> Option<String> {
    let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-' | '(' | ')' | '.')).collect();
    let plain = plain.strip_prefix("00").map_or(plain.clone(), |rest| format!("+{rest}"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(own) = plain.strip_prefix(&country.phone_prefix) {
        return (digits(own) && own.len() == country.phone_digits).then_some(plain.clone());
    }
    if let Some(rest) = plain.strip_prefix('+') {
        return (digits(rest) && (7..=15).contains(&rest.len())).then_some(plain.clone());
    }
    (digits(&plain) && plain.len() == country.phone_digits).then(|| format!("{}{plain}", country.phone_prefix))
}

/// What was answered, as a form shows it again.
pub(crate) fn shown(fields: &[&Field], answers: &BTreeMap<String, Json>) -> Answers {
    let mut out = Answers::default();
    for field in fields {
        let id = field.id.get_ref();
        out = match answers.get(id) {
            Some(Json::String(text)) if field.kind == FieldType::Date => match text.parse::<Date>() {
                Ok(day) => out.with_date(id, day),
                Err(_) => out,
            },
            Some(Json::String(text)) => out.with(id, text.clone()),
            Some(Json::Bool(true)) => out.with(id, "yes"),
            Some(Json::Bool(false)) => out.with(id, "no"),
            Some(Json::Number(number)) => out.with(id, number.to_string()),
            Some(Json::Array(items)) => out.with_all(id, items.iter().filter_map(Json::as_str).map(str::to_owned)),
            _ => out,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers() {
        let country = Country { phone_prefix: "+266".to_owned(), phone_digits: 8, districts: Vec::new() };
        for (given, wanted) in [
            ("5887 1234", Some("+26658871234")),
            ("+266 5887-1234", Some("+26658871234")),
            ("0026658871234", Some("+26658871234")),
            ("+27 82 123 4567", Some("+27821234567")),
            ("588712", None),
            ("+266588712345", None),
            ("phone", None),
            ("+", None),
        ] {
            assert_eq!(phone(given, &country).as_deref(), wanted, "{given}");
        }
    }
}
