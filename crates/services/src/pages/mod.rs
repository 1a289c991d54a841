//! What people see of services: the catalogue, an application, a case, the officers' desk, and the check of a document.
//!
//! **Invariant:** one thing a page; no page needs JavaScript; handlers are thin.

mod application;
mod ask;
mod case;
mod catalogue;
mod desk;
mod documents;
mod verify;

use axum::Router;
use edge::Visit;
use serde_json::Value as Json;
use spine::{Fault, Localised};

use crate::Services;
use crate::pack::{Claim, Field, FieldType, Shown};
use crate::service::Service;

pub(crate) fn routes(services: Services) -> Router {
    catalogue::routes()
        .merge(application::routes())
        .merge(case::routes())
        .merge(desk::routes())
        .merge(documents::routes())
        .merge(verify::routes())
        .with_state(services)
}

/// An identifier in an address; what is none is not found.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::not_found("services.case.missing"))
}

/// The scope of a form's key: an operation and whoever asks.
fn scope(visit: &Visit, operation: &str) -> String {
    format!("{operation}:{}", visit.actor().id)
}

/// An answer in words.
fn said(visit: &Visit, services: &Services, field: &Field, answer: Option<&Json>) -> String {
    let word = |code: &str| {
        let option = field.options.iter().find(|option| option.v == code);
        option.map_or_else(|| code.to_owned(), |option| visit.local(&option.name).to_owned())
    };
    match answer {
        None | Some(Json::Null) => visit.t("services.none"),
        Some(Json::Bool(truth)) => visit.t(if *truth { "services.yes" } else { "services.no" }),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(word).collect::<Vec<_>>().join(", "),
        Some(Json::String(text)) => match field.kind {
            FieldType::Choice => word(text),
            FieldType::District => district(visit, services, text),
            FieldType::Date => text.parse().map_or_else(|_| text.clone(), |day| visit.date(day)),
            _ => text.clone(),
        },
        Some(Json::Object(_)) => String::new(),
    }
}

/// A register's value in words.
fn claimed(visit: &Visit, services: &Services, service: &Service, claim: &Claim, value: &Json) -> String {
    let text = match value {
        Json::Null => return visit.t("services.none"),
        Json::String(text) => text.clone(),
        Json::Bool(truth) => return visit.t(if *truth { "services.yes" } else { "services.no" }),
        other => other.to_string(),
    };
    if let Some(words) = &claim.words
        && let Some(said) = service.pack.words.get(words.get_ref()).and_then(|words| words.get(&text))
    {
        return visit.local(said).to_owned();
    }
    match claim.shown {
        Shown::Date => text.parse().map_or(text, |day| visit.date(day)),
        Shown::Text => district(visit, services, &text),
    }
}

fn district(visit: &Visit, services: &Services, code: &str) -> String {
    let known = services.inner.country.districts.iter().find(|(own, _)| own == code);
    known.map_or_else(|| code.to_owned(), |(_, name)| visit.local(name).to_owned())
}

/// A text of a document in the visitor's language.
fn local(visit: &Visit, value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(_) => {
            let said: Localised = serde_json::from_value(value.clone()).unwrap_or_default();
            visit.local(&said).to_owned()
        }
        _ => String::new(),
    }
}
