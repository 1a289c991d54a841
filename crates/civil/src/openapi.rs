//! The JSON interface of this engine as OpenAPI 3.1: notices of the systems of clinics and chiefs.

use edge::OpenApi;
use edge::openapi::Operation;
use serde_json::json;

/// A notice in, and how far it is.
pub fn openapi() -> OpenApi {
    let notice = json!({
        "type": "object",
        "required": ["kind", "fields"],
        "additionalProperties": false,
        "properties": {
            "kind": {"type": "string", "description": "A kind of event of the country: birth, death."},
            "fields": {"type": "object", "description": "Fields of its register, as far as they are known."},
        },
    });
    let taken = json!({
        "type": "object",
        "required": ["event", "reference"],
        "properties": {"event": {"type": "string"}, "reference": {"type": "string", "description": "The number for the family."}},
    });
    let event = json!({
        "type": "object",
        "properties": {
            "event": {"type": "string"}, "kind": {"type": "string"}, "reference": {"type": "string"},
            "state": {"enum": ["notified", "declared", "returned", "validated", "registered", "refused"]},
            "occurred_on": {"type": "string", "format": "date"}, "due_on": {"type": "string", "format": "date"},
            "entry": {"type": ["string", "null"]},
        },
    });
    OpenApi::new()
        .call(
            "post",
            "/api/civil/notices",
            Operation::new("civil.event.notify", "Give notice of an event")
                .idempotent()
                .takes(notice)
                .gives(201, "Taken", taken),
        )
        .call(
            "get",
            "/api/civil/events/{event}",
            Operation::new("civil.event.look", "How far an event is").gives(200, "The event", event),
        )
}
