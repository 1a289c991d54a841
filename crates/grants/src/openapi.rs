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

/// Lists, keys, what tills tell, and the doors in other standards' words.
pub fn openapi() -> OpenApi {
    own().join(govstack()).join(g2p())
}

fn own() -> OpenApi {
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

/// GovStack's payments building block: what its specification of 23Q4 says of each.
fn govstack() -> OpenApi {
    let head = json!({
        "type": "object",
        "required": ["RequestID", "SourceBBID"],
        "properties": {
            "RequestID": {"type": "string", "minLength": 12, "maxLength": 12},
            "SourceBBID": {"type": "string", "minLength": 12, "maxLength": 12},
            "BatchID": {"type": "string", "minLength": 12, "maxLength": 12},
            "Beneficiaries": {"type": "array", "items": {"type": "object"}},
            "CreditInstructions": {"type": "array", "items": {"type": "object"}},
        },
    });
    let answer = json!({
        "type": "object",
        "required": ["ResponseCode", "ResponseDescription", "RequestID"],
        "properties": {"ResponseCode": {"enum": ["00", "01"]}, "ResponseDescription": text(), "RequestID": text()},
    });
    let voucher = json!({
        "type": "object",
        "required": ["Gov_Stack_BB"],
        "properties": {
            "Gov_Stack_BB": text(), "voucher_amount": text(), "voucher_currency": text(), "voucher_group": text(),
            "voucher_number": text(), "voucher_serial_number": text(), "voucherserialnumber": text(),
        },
    });
    let any = json!({"type": "object"});
    let batch = |id: &str, summary: &str| {
        Operation::new(id, summary).takes(head.clone()).gives(200, "Received", answer.clone())
    };
    let life =
        |id: &str, summary: &str| Operation::new(id, summary).takes(voucher.clone()).gives(200, "Done", any.clone());
    let response = Operation::new("grants.batch.validated", "What came of a validation").takes(any.clone());
    let looked =
        Operation::new("grants.voucher.look", "How a voucher stands").gives(200, "Its state and value", any.clone());
    OpenApi::new()
        .call(
            "post",
            "/api/govstack/register-beneficiary",
            batch("grants.beneficiary.register", "Register beneficiaries"),
        )
        .call(
            "post",
            "/api/govstack/update-beneficiary-details",
            batch("grants.beneficiary.update", "Update beneficiaries"),
        )
        .call("post", "/api/govstack/prepayment-validation", batch("grants.batch.validate", "Validate a batch"))
        .call(
            "post",
            "/api/govstack/prepayment-validation-response",
            response.gives(200, "Which would fail", any.clone()),
        )
        .call(
            "post",
            "/api/govstack/bulk-payment",
            batch("grants.batch.pay", "Hand a batch over to be approved and paid"),
        )
        .call("post", "/api/govstack/vouchers/voucher_preactivation", life("grants.voucher.make", "Make a voucher"))
        .call(
            "patch",
            "/api/govstack/vouchers/voucher_activation",
            life("grants.voucher.activate", "Activate a voucher"),
        )
        .call("post", "/api/govstack/vouchers/voucher_redemption", life("grants.voucher.use", "Redeem a voucher"))
        .call("get", "/api/govstack/vouchers/voucherstatuscheck/{serial}", looked)
        .call(
            "patch",
            "/api/govstack/vouchers/voucherstatuscheck/{serial}",
            life("grants.voucher.cancel", "Cancel a voucher"),
        )
}

/// G2P Connect 1.0.0: one envelope for every door; the answer at once, or an acknowledgement and the answer later.
fn g2p() -> OpenApi {
    let envelope = json!({
        "type": "object",
        "required": ["header", "message"],
        "properties": {
            "signature": text(),
            "header": {
                "type": "object",
                "required": ["message_id", "message_ts", "action", "sender_id", "total_count"],
                "properties": {"version": text(), "message_id": text(), "message_ts": text(), "action": text(), "sender_id": text()},
            },
            "message": {"type": "object", "required": ["transaction_id"]},
        },
    });
    let acknowledged = json!({
        "type": "object",
        "properties": {"message": {"type": "object", "properties": {
            "ack_status": {"enum": ["ACK", "NACK", "ERR"]}, "timestamp": text(), "correlation_id": text(),
        }}},
    });
    let later = |id: &str, summary: &str| {
        Operation::new(id, summary).takes(envelope.clone()).gives(200, "Acknowledged", acknowledged.clone())
    };
    let now = |id: &str, summary: &str| {
        Operation::new(id, summary).takes(envelope.clone()).gives(200, "Answered", envelope.clone())
    };
    OpenApi::new()
        .call("post", "/api/g2p/mapper/link", later("grants.g2p.link", "Link an id with an account"))
        .call("post", "/api/g2p/mapper/update", later("grants.g2p.update", "Update a link"))
        .call("post", "/api/g2p/mapper/unlink", later("grants.g2p.unlink", "Take a link out"))
        .call("post", "/api/g2p/mapper/resolve", later("grants.g2p.resolve", "Which account an id has"))
        .call(
            "post",
            "/api/g2p/mapper/txn/status",
            later("grants.g2p.mapper_status", "How a transaction of the mapper stands"),
        )
        .call("post", "/api/g2p/mapper/sync/link", now("grants.g2p.link_now", "Link an id with an account, at once"))
        .call("post", "/api/g2p/mapper/sync/update", now("grants.g2p.update_now", "Update a link, at once"))
        .call("post", "/api/g2p/mapper/sync/unlink", now("grants.g2p.unlink_now", "Take a link out, at once"))
        .call("post", "/api/g2p/mapper/sync/resolve", now("grants.g2p.resolve_now", "Which account an id has, at once"))
        .call(
            "post",
            "/api/g2p/mapper/sync/txn/status",
            now("grants.g2p.mapper_status_now", "How a transaction stands, at once"),
        )
        .call(
            "post",
            "/api/g2p/disburse",
            later("grants.g2p.disburse", "Hand disbursements over to be approved and paid"),
        )
        .call("post", "/api/g2p/disburse/search", later("grants.g2p.search", "What is paid to somebody"))
        .call("post", "/api/g2p/disburse/txn/status", later("grants.g2p.status", "How disbursements stand"))
        .call(
            "post",
            "/api/g2p/disburse/sync/disburse",
            now("grants.g2p.disburse_now", "Hand disbursements over, answered at once"),
        )
        .call(
            "post",
            "/api/g2p/disburse/sync/search",
            now("grants.g2p.search_now", "What is paid to somebody, at once"),
        )
        .call(
            "post",
            "/api/g2p/disburse/sync/txn/status",
            now("grants.g2p.status_now", "How disbursements stand, at once"),
        )
}
