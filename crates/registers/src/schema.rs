//! What a record of a register must look like: JSON Schema 2020-12, made from the declaration, compiled once.
//!
//! **Invariant:** the schema that is published is the one that checks. A fault names the field and the rule,
//! never the value.

use std::fmt;
use std::sync::Arc;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value, json};
use spine::{FieldFault, Money, Text};

use crate::register::{Field, FieldKind, Fields};

/// Whole numbers that every JSON reader keeps exactly (RFC 8259 §6).
const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The schema of one register, as a document and compiled.
#[derive(Clone)]
pub(crate) struct Schema {
    document: Arc<Value>,
    compiled: Arc<Validator>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Schema")
    }
}

impl Schema {
    /// Makes and compiles the schema of a record with these fields.
    pub(crate) fn new(register: &str, title: &str, fields: &[Field]) -> Result<Self, String> {
        let properties: Map<String, Value> =
            fields.iter().map(|field| (field.id.clone(), field_schema(field))).collect();
        let required: Vec<&str> = fields.iter().filter(|field| field.required).map(Field::id).collect();
        let document = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("urn:letsema:register:{register}"),
            "title": title,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        let compiled = compile(&document)?;
        Ok(Self { document: Arc::new(document), compiled: Arc::new(compiled) })
    }

    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// What is wrong with the fields of a record; nothing if they are right.
    pub(crate) fn faults(&self, fields: &Fields) -> Vec<FieldFault> {
        let value = Value::Object(fields.clone());
        if self.compiled.is_valid(&value) {
            return Vec::new();
        }
        self.compiled.iter_errors(&value).flat_map(|error| faults_of(&error)).collect()
    }
}

/// Compiles a schema; used for one field alone too, so that a wrong pattern is told at its field.
pub(crate) fn compile(document: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("money", |text: &str| text.parse::<Money>().is_ok())
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(document)
        .map_err(|error| error.masked().to_string())
}

/// The schema of one field.
pub(crate) fn field_schema(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldKind::Text | FieldKind::Name | FieldKind::Reference => {
            json!({"type": "string", "minLength": 1, "maxLength": field.max_length})
        }
        FieldKind::Integer => json!({
            "type": "integer",
            "minimum": field.min.unwrap_or(-SAFE_INTEGER),
            "maximum": field.max.unwrap_or(SAFE_INTEGER),
        }),
        FieldKind::Money => json!({"type": "string", "format": "money"}),
        FieldKind::Date => json!({"type": "string", "format": "date"}),
        FieldKind::Boolean => json!({"type": "boolean"}),
        FieldKind::Choice => {
            let values: Vec<&str> = field.options.iter().map(|option| option.value.as_str()).collect();
            json!({"type": "string", "enum": values})
        }
        FieldKind::Phone => json!({"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}),
        FieldKind::Email => json!({"type": "string", "format": "email", "maxLength": 254}),
    };
    if let Value::Object(members) = &mut schema {
        let title = field.name.iter().next().map_or("", |(_, text)| text);
        members.insert("title".to_owned(), title.into());
        members.insert("x-class".to_owned(), field.class.name().into());
        if let Some(pattern) = &field.pattern {
            members.insert("pattern".to_owned(), pattern.as_str().into());
        }
    }
    schema
}

/// An error of the validator as faults of fields.
fn faults_of(error: &jsonschema::ValidationError<'_>) -> Vec<FieldFault> {
    let at = error.instance_path().as_str().trim_start_matches('/').to_owned();
    let one = |field: String, text: Text| vec![FieldFault { field, text }];
    match error.kind() {
        Kind::Required { property } => {
            one(property.as_str().unwrap_or_default().to_owned(), Text::new("registers.field.missing"))
        }
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| FieldFault { field: shown(name), text: Text::new("registers.field.unknown") })
            .collect(),
        Kind::Type { .. } => one(at, Text::new("registers.field.type")),
        Kind::MaxLength { limit } => {
            let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
            one(at, Text::new("registers.field.long").with("limit", limit))
        }
        Kind::MinLength { .. } => one(at, Text::new("registers.field.missing")),
        Kind::Enum { .. } => one(at, Text::new("registers.field.choice")),
        Kind::Minimum { limit } => one(at, Text::new("registers.field.small").with("limit", limit.to_string())),
        Kind::Maximum { limit } => one(at, Text::new("registers.field.large").with("limit", limit.to_string())),
        Kind::Format { format } if format == "date" => one(at, Text::new("registers.field.date")),
        Kind::Format { format } if format == "money" => one(at, Text::new("registers.field.money")),
        Kind::Format { .. } => one(at, Text::new("registers.field.email")),
        _ => one(at, Text::new("registers.field.pattern")),
    }
}

/// A member's name that the declaration does not know: shown short, as it may be anything.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(40).collect()
}
