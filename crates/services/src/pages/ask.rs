//! A pack's questions as form fields.
//!
//! **Invariant:** a question looks the same whichever service asks it.

use edge::show::choice::Choice;
use edge::show::sheet::Sheet;
use edge::{Markup, Render, Visit, html};

use crate::Services;
use crate::pack::{Field, FieldType};

/// One field. The only one on its page is also the page's heading.
pub(super) fn field(visit: &Visit, services: &Services, sheet: &Sheet, field: &Field, heading: bool) -> Markup {
    use edge::show::sheet::Asked;
    let (id, label) = (field.id.get_ref().as_str(), visit.local(&field.label).to_owned());
    let hint = field.hint.as_ref().map(|hint| visit.local(hint).to_owned());
    let options = || -> Vec<Choice> {
        field.options.iter().map(|option| Choice::new(option.v.as_str(), visit.local(&option.name))).collect()
    };
    let yes_no = || vec![Choice::new("yes", visit.t("services.yes")), Choice::new("no", visit.t("services.no"))];
    // The parts of `show` have the same shape without sharing a type.
    match field.kind {
        FieldType::Choice | FieldType::Choices | FieldType::YesNo | FieldType::Declaration => {
            let mut choices = match field.kind {
                FieldType::Choice => sheet.radios(id, label, options()),
                FieldType::Choices => sheet.checkboxes(id, label, options()),
                FieldType::YesNo => sheet.radios(id, label, yes_no()),
                _ => sheet.checkboxes(id, label, vec![Choice::new("yes", visit.t("services.confirm"))]),
            };
            if let Some(hint) = hint {
                choices = choices.hint(hint);
            }
            if field.optional {
                choices = choices.optional();
            }
            if heading { choices.heading().render() } else { choices.render() }
        }
        FieldType::District => {
            let districts = &services.inner.country.districts;
            let choices = districts.iter().map(|(code, name)| Choice::new(code.as_str(), visit.local(name))).collect();
            let mut select = sheet.select(id, label, choices);
            if let Some(hint) = hint {
                select = select.hint(hint);
            }
            if heading { select.heading().render() } else { select.render() }
        }
        FieldType::Date => {
            let mut day = sheet.day(id, label);
            if let Some(hint) = hint {
                day = day.hint(hint);
            }
            if field.optional {
                day = day.optional();
            }
            if heading { day.heading().render() } else { day.render() }
        }
        _ => {
            let mut line = match field.kind {
                FieldType::LongText => sheet.area(id, label),
                FieldType::Number => sheet.number(id, label),
                FieldType::Phone => sheet.phone(id, label),
                FieldType::Email => sheet.email(id, label),
                FieldType::Name => sheet.text(id, label).autocomplete("off").width(20),
                _ => sheet.text(id, label),
            };
            if let Some(hint) = hint {
                line = line.hint(hint);
            }
            if field.optional {
                line = line.optional();
            }
            if let Some(letters) = field.max_length {
                line = line.max_length(letters);
            }
            html! { @if heading { (line.heading()) } @else { (line) } }
        }
    }
}
