//! The JSON interface of this engine as OpenAPI 3.1.

use edge::OpenApi;
use edge::openapi::Operation;
use serde_json::{Value, json};

fn text() -> Value {
    json!({"type": "string"})
}

fn minor() -> Value {
    json!({"type": "integer", "description": "Minor units."})
}

/// Lists, keys, and what tills tell.
pub fn openapi() -> OpenApi {
    let list = json!({
        "type": "object",
        "properties": {
            "id": text(), "programme": text(), "name": text(), "is_ready": {"type": "boolean"},
            "lines": {"type": "integer"}, "accepted": {"type": "integer"}, "refused": {"type": "integer"}, "control_minor": minor(),
        },
    });
    let redemption = json!({
        "type": "object",
        "required": ["id", "number", "at"],
        "properties": {
            "id": {"type": "string", "maxLength": 80, "description": "Chosen by the till, once for ever."},
            "number": {"type": "string", "description": "Sixteen digits."},
            "at": {"type": "integer", "description": "When, in microseconds since 1970."},
        },
    });
    let heard = json!({
        "type": "object",
        "properties": {
            "id": text(), "amount_minor": minor(),
            "outcome": {"enum": ["accepted", "charged", "unknown", "not_active", "redeemed", "cancelled", "expired"]},
        },
    });
    let many = |of: &Value| json!({"type": "object", "properties": {"redemptions": {"type": "array", "maxItems": 500, "items": of}}});
    OpenApi::new()
        .call(
            "get",
            "/api/grants/keys",
            Operation::new("grants.keys.look", "The key that batches and vouchers are signed with (RFC 7517)")
                .open()
                .gives(200, "A JWK set", json!({"type": "object"})),
        )
        .call(
            "post",
            "/api/grants/programmes/{id}/lists",
            Operation::new("grants.list.take", "Bring a list: CSV with id_number, amount, reference; read as it comes")
                .query(
                    "name",
                    text(),
                    "What it is called: one name is one list for ever; what broke off is sent again under it.",
                )
                .query("control_minor", minor(), "The sum it should have.")
                .takes_as("text/csv", text())
                .gives_as(200, "How far it is, and in the last line what became of it", "application/jsonl", text()),
        )
        .call(
            "get",
            "/api/grants/lists/{id}",
            Operation::new("grants.list.view", "A list").gives(200, "The list", list),
        )
        .call(
            "post",
            "/api/grants/vouchers/redemptions",
            Operation::new("grants.voucher.redeem", "Tell what a till redeemed without a network")
                .takes(many(&redemption))
                .gives(200, "What became of each", many(&heard)),
        )
}
