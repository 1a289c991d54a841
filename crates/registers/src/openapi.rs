//! What a register's declaration says of it to programs: its JSON form, and its part of the OpenAPI document.
//!
//! **Invariant:** nothing here is written for one register; a new declaration brings its schema and its calls.

use edge::OpenApi;
use edge::openapi::{Operation, reference};
use serde_json::{Value, json};

use crate::register::{Register, Registers};

/// A register's declaration as the API gives it, with the JSON Schema of its records.
pub(crate) fn declaration(register: &Register) -> Value {
    let fields: Vec<Value> = register
        .fields()
        .iter()
        .map(|field| {
            let options: Vec<Value> =
                field.options().iter().map(|option| json!({"value": option.value, "name": option.name})).collect();
            json!({
                "id": field.id(),
                "name": field.name(),
                "type": field.kind(),
                "class": field.class(),
                "required": field.required(),
                "search": if register.searches_exactly(field) { json!("exact") } else { json!(field.search()) },
                "options": options,
                "illustrative": field.illustrative(),
            })
        })
        .collect();
    let views: Vec<Value> = register
        .views()
        .iter()
        .map(|view| json!({"id": view.id(), "name": view.name(), "fields": view.fields()}))
        .collect();
    let links: Vec<Value> = register
        .links()
        .iter()
        .map(|link| json!({"field": link.field(), "register": link.register(), "by": link.by()}))
        .collect();
    json!({
        "id": register.id(),
        "name": register.name(),
        "owner": register.owner(),
        "legal_basis": register.legal_basis(),
        "retention": register.retention().to_string(),
        "class": register.class(),
        "key": register.key(),
        "list": register.list(),
        "subject": register.subject(),
        "since": register.since(),
        "illustrative": register.illustrative(),
        "fields": fields,
        "views": views,
        "links": links,
        "schema": register.json_schema(),
    })
}

/// The calls of every register, each with its own schema.
pub fn openapi(registers: &Registers) -> OpenApi {
    let any = json!({"type": "object"});
    let shared = OpenApi::new()
        .schema("RegisterStored", stored())
        .schema("RegisterReport", report())
        .call(
            "get",
            "/api/registers",
            Operation::new("registers.list", "List the registers").open().gives(200, "The registers", any.clone()),
        )
        .call(
            "get",
            "/api/registers/{register}",
            Operation::new("registers.declaration", "A register's declaration and JSON Schema").open().gives(
                200,
                "The declaration",
                any,
            ),
        );
    registers.iter().fold(shared, |api, register| api.join(of(register)))
}

/// The calls of one register.
fn of(register: &Register) -> OpenApi {
    let id = register.id();
    let base = format!("/api/registers/{id}");
    let (fields, record) = (format!("{id}.fields"), format!("{id}.record"));
    let name = register.name().iter().next().map_or(id, |(_, text)| text);
    let operation = |verb: &str, summary: &str| {
        let verb = format!("registers.{id}.{verb}");
        Operation::new(&verb, &format!("{name}: {summary}"))
    };
    let look = |operation: Operation| {
        operation.query("view", json!({"type": "string"}), "Only the fields of this view.").query(
            "purpose",
            json!({"type": "string"}),
            "Why, as a code; it stands in the act.",
        )
    };
    let mut find = look(operation("search", "find records").paged()).query(
        "q",
        json!({"type": "string", "maxLength": 200}),
        "Words of names, each from its beginning, in any spelling; or a whole key.",
    );
    for field in register.fields().iter().filter(|field| register.searches_exactly(field)) {
        find = find.query(field.id(), json!({"type": "string"}), "Records with this value.");
    }
    let page = json!({
        "type": "object",
        "required": ["records", "next"],
        "properties": {
            "records": {"type": "array", "items": reference(&record)},
            "next": {"type": ["string", "null"], "description": "The cursor of the page after."},
        },
    });
    let as_of = look(operation("look", "look at a record"))
        .query("valid", json!({"type": "string", "format": "date"}), "As it was true on this day.")
        .query("known", json!({"type": "string", "format": "date-time"}), "As far as was known at this moment.");
    let versions =
        json!({"type": "object", "properties": {"versions": {"type": "array", "items": reference(&record)}}});
    OpenApi::new()
        .schema(&fields, register.json_schema().clone())
        .schema(&record, record_schema(&fields))
        .call("get", &format!("{base}/records"), find.gives(200, "A page of records", page))
        .call(
            "post",
            &format!("{base}/records"),
            operation("enrol", "enrol a record").idempotent().takes(enrol_schema(&fields)).gives(
                201,
                "Enrolled",
                reference("RegisterStored"),
            ),
        )
        .call("get", &format!("{base}/records/{{key}}"), as_of.gives(200, "The record", reference(&record)))
        .call(
            "patch",
            &format!("{base}/records/{{key}}"),
            operation("change", "change, correct or end a record")
                .versioned()
                .idempotent()
                .takes(change_schema())
                .gives(200, "Changed", reference("RegisterStored")),
        )
        .call(
            "get",
            &format!("{base}/records/{{key}}/history"),
            look(operation("history", "every version of a record")).gives(200, "The versions", versions),
        )
        .call(
            "post",
            &format!("{base}/import"),
            operation("import", "take in a file: text/csv or application/jsonl, the same as an export gives")
                .idempotent()
                .gives(200, "What became of each line", reference("RegisterReport")),
        )
        .call(
            "get",
            &format!("{base}/export"),
            look(operation("export", "give out the whole register"))
                .query("format", json!({"enum": ["csv", "jsonl"], "default": "csv"}), "The form of the file.")
                .gives_as(200, "The records, as they are true today", "text/csv", json!({"type": "string"})),
        )
}

fn record_schema(fields: &str) -> Value {
    json!({
        "type": "object",
        "required": ["id", "register", "revision", "version", "cause", "valid_from", "known_from", "title", "fields"],
        "properties": {
            "id": {"type": "string"},
            "register": {"type": "string"},
            "key": {"type": "string"},
            "revision": {"type": "integer", "description": "Counts changes; the ETag."},
            "version": {"type": "integer"},
            "cause": {"enum": ["enrolled", "changed", "corrected", "ended"]},
            "valid_from": {"type": "string", "format": "date", "description": "The first day on which it was true."},
            "valid_to": {"type": ["string", "null"], "format": "date", "description": "The first day on which it was true no more."},
            "known_from": {"type": "string", "format": "date-time"},
            "known_to": {"type": ["string", "null"], "format": "date-time"},
            "reason": {"type": "string"},
            "title": {"type": "string"},
            "fields": {"description": "All fields, or those of the view or list.", "anyOf": [reference(fields), {"type": "object"}]},
        },
    })
}

fn enrol_schema(fields: &str) -> Value {
    json!({
        "type": "object",
        "required": ["fields"],
        "additionalProperties": false,
        "properties": {
            "fields": reference(fields),
            "from": {"type": "string", "format": "date", "description": "The first day on which it is true."},
            "purpose": {"type": "string"},
        },
    })
}

fn change_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "kind": {"enum": ["change", "correct", "end"], "default": "change"},
            "fields": {"type": "object", "description": "The new values; null takes a field away (RFC 7396)."},
            "from": {"type": "string", "format": "date", "description": "The first day; today if not said."},
            "reason": {"type": "string", "maxLength": 500},
            "purpose": {"type": "string"},
        },
    })
}

fn stored() -> Value {
    json!({
        "type": "object",
        "required": ["id", "revision"],
        "properties": {"id": {"type": "string"}, "revision": {"type": "integer"}},
    })
}

fn report() -> Value {
    json!({
        "type": "object",
        "required": ["enrolled", "refused", "faults"],
        "properties": {
            "enrolled": {"type": "integer"},
            "refused": {"type": "integer"},
            "faults": {"type": "array", "items": {
                "type": "object",
                "required": ["line", "problem", "detail"],
                "properties": {
                    "line": {"type": "integer"},
                    "field": {"type": ["string", "null"]},
                    "problem": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }},
        },
    })
}
