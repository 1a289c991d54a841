//! The JSON interface of this engine as OpenAPI 3.1: what the programs of institutions call.

use edge::OpenApi;
use edge::openapi::Operation;
use serde_json::{Value, json};

fn text() -> Value {
    json!({"type": "string"})
}

fn minor() -> Value {
    json!({"type": "integer", "description": "Minor units."})
}

/// What devices of counters took without a network.
fn offline() -> Operation {
    let packets = json!({
        "type": "object",
        "required": ["packets"],
        "properties": {"packets": {
            "type": "array", "minItems": 1, "maxItems": 200,
            "items": {"type": "string", "description": "A compact JWS of the device, typ letsema-cash+jwt: iss, seq, number, amount_minor, charge_minor, taken_at."},
        }},
    });
    let became = json!({
        "type": "object",
        "properties": {
            "device": text(), "seq": {"type": "integer"}, "number": text(), "amount_minor": minor(),
            "state": {"enum": ["paid", "suspended", "refused"]}, "reason": text(), "fault": text(),
        },
    });
    let answers = json!({"type": "object", "properties": {"packets": {"type": "array", "items": became}}});
    Operation::new("payments.offline.send", "Send what a device took without a network; sent again it is the same")
        .takes(packets)
        .gives(200, "What became of each, in the order sent", answers)
        .open()
}

/// Bills and what was paid of them. Each call carries a biller's key as bearer token.
pub fn openapi() -> OpenApi {
    let bill = json!({
        "type": "object",
        "properties": {
            "number": text(), "reference": text(), "state": {"enum": ["open", "paid", "withdrawn", "expired"]},
            "amount_minor": minor(), "paid_minor": minor(), "currency": text(),
        },
    });
    let share = json!({
        "type": "object",
        "required": ["account", "amount_minor"],
        "properties": {"account": {"type": "string", "description": "An income account: income:…"}, "amount_minor": minor()},
    });
    let wanted = json!({
        "type": "object",
        "required": ["reference", "description", "amount_minor", "currency", "shares", "expires_at"],
        "properties": {
            "reference": {"type": "string", "maxLength": 64, "description": "One bill for each, for ever."},
            "payer": text(),
            "description": {"type": "object", "additionalProperties": text(), "description": "What it is for, by language."},
            "amount_minor": minor(),
            "currency": text(),
            "shares": {"type": "array", "minItems": 1, "maxItems": 32, "items": share},
            "in_parts": {"type": "boolean"},
            "due_on": {"type": "string", "format": "date"},
            "expires_at": {"type": "string", "format": "date-time"},
        },
    });
    let many = |of: &Value| json!({"type": "object", "properties": {"bills": {"type": "array", "maxItems": 1000, "items": of}}});
    OpenApi::new()
        .call(
            "post",
            "/api/payments/bills",
            Operation::new("payments.bills.make", "Make bills, all of them or none; made again they are the same")
                .idempotent()
                .takes(many(&wanted))
                .gives(201, "Each with its number, in the order asked", many(&bill)),
        )
        .call(
            "get",
            "/api/payments/bills/{number}",
            Operation::new("payments.bills.see", "One bill").gives(200, "The bill", bill),
        )
        .call(
            "delete",
            "/api/payments/bills/{number}",
            Operation::new("payments.bills.withdraw", "Take a bill back; twice is once")
                .gives_nothing(204, "It takes nothing more"),
        )
        .call(
            "get",
            "/api/payments/events",
            Operation::new("payments.events.read", "What was paid, in order, a hundred at once")
                .query("after", text(), "The id of the last event that is known; all from the first if none.")
                .gives(
                    200,
                    "The events, as calls to the biller's address carry them (Standard Webhooks)",
                    json!({"type": "object", "properties": {"events": {"type": "array", "items": {"type": "object"}}}}),
                ),
        )
        .call("post", "/api/payments/offline", offline())
}
