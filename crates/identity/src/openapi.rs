//! The JSON interfaces of this engine as OpenAPI 3.1: verification, programs, devices, revoked cards. What OpenID Connect
//! and OAuth define describes itself at `/.well-known/openid-configuration`.

use edge::OpenApi;
use edge::openapi::{Operation, reference};
use serde_json::{Value, json};

/// Every call that is not the OpenID provider's.
pub fn openapi() -> OpenApi {
    verification().join(clients()).join(devices()).join(cards()).join(packets())
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn question() -> Value {
    json!({
        "type": "object",
        "required": ["number"],
        "additionalProperties": false,
        "properties": {
            "number": text("The national number, or one given out in its stead."),
            "purpose": text("One of the licence's purposes."),
            "compare": {
                "type": "object",
                "description": "What to compare, as far as the licence allows: given, family, born, sex, district, phone.",
                "additionalProperties": {"type": "string", "maxLength": 200},
            },
            "tell": {"type": "array", "items": {"type": "string"}, "description": "What to be told if all of it fits."},
            "reference": text("Comes back as it is."),
        },
    })
}

fn answer() -> Value {
    let compared = json!({"enum": ["yes", "near", "no"]});
    json!({
        "type": "object",
        "required": ["verdict"],
        "properties": {
            "reference": {"type": "string"},
            "verdict": compared,
            "reasons": {"type": "array", "items": {"type": "string"}},
            "compared": {"type": "object", "additionalProperties": compared},
            "told": {"type": "object"},
            "subject": text("What this group of organisations calls the person."),
            "life": {"type": "object", "description": "When she last proved to live, where the licence lets it ask."},
        },
    })
}

fn verification() -> OpenApi {
    let watches = json!({
        "type": "object",
        "required": ["people"],
        "additionalProperties": false,
        "properties": {"people": {"type": "array", "maxItems": 1000, "items": {
            "type": "object",
            "required": ["number", "reference"],
            "additionalProperties": false,
            "properties": {"number": {"type": "string"}, "reference": {"type": "string", "minLength": 1, "maxLength": 100}},
        }}},
    });
    let count =
        json!({"type": "object", "properties": {"watched": {"type": "integer"}, "unknown": {"type": "integer"}}});
    let lines = json!({"type": "string", "description": "One Question a line; one Answer a line comes back, in order, and the last line counts."});
    let call = |verb: &str, summary: &str| Operation::new(&format!("identity.verification.{verb}"), summary);
    OpenApi::new()
        .schema("Question", question())
        .schema("Answer", answer())
        .call(
            "post",
            "/api/verification/checks",
            call("check", "Ask about one person").takes(reference("Question")).gives(
                200,
                "The answer",
                reference("Answer"),
            ),
        )
        .call(
            "post",
            "/api/verification/batches",
            call("batch", "Ask about many, streamed")
                .query(
                    "purpose",
                    json!({"type": "string"}),
                    "For lines that name none; the licence's first if not said.",
                )
                .takes_as("application/x-ndjson", lines.clone())
                .gives_as(200, "The answers", "application/x-ndjson", lines),
        )
        .call(
            "post",
            "/api/verification/watches",
            call("watch", "Be told of deaths").takes(watches).gives(200, "How many are known", count),
        )
        .call(
            "delete",
            "/api/verification/watches/{reference}",
            call("unwatch", "Be told no more").gives_nothing(204, "Watched no more"),
        )
        .call(
            "get",
            "/api/verification/changes",
            call("changes", "What became of those who are watched")
                .query("after", json!({"type": "integer"}), "The number of the last change that is known.")
                .gives(200, "The changes, in the order of commits", json!({"type": "object"})),
        )
}

fn clients() -> OpenApi {
    let declaration = json!({
        "type": "object",
        "required": ["client_id"],
        "description": "In the words of RFC 7591 and its companions; docs/guides/integrator.md has all of them.",
        "properties": {
            "client_id": {"type": "string"},
            "client_name": {"type": "object", "additionalProperties": {"type": "string"}},
            "redirect_uris": {"type": "array", "items": {"type": "string", "format": "uri"}},
            "grant_types": {"type": "array", "items": {"type": "string"}},
            "scope": {"type": "string"},
            "token_endpoint_auth_method": {"type": "string"},
            "jwks": {"type": "object"},
        },
    });
    let named = json!({"type": "object", "required": ["client_id"], "properties": {"client_id": {"type": "string"}}});
    let call = |verb: &str, summary: &str| {
        Operation::new(&format!("identity.client.{verb}"), summary).takes(reference("ClientDeclaration"))
    };
    OpenApi::new()
        .schema("ClientDeclaration", declaration)
        .call(
            "post",
            "/api/identity/clients",
            call("register", "Register a program (scope clients.manage)").gives(201, "Registered", named.clone()),
        )
        .call(
            "put",
            "/api/identity/clients/{client}",
            call("change", "Change a program (scope clients.manage)").gives(200, "Changed", named),
        )
}

fn devices() -> OpenApi {
    let device = json!({
        "client_id": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"},
        "purpose": {"type": "string"}, "place": {"type": "string"}, "proves": text("How it proves itself: a key or a certificate."),
        "scope": {"type": "string"}, "valid_to": {"type": "string", "format": "date"}, "state": {"type": "string"},
    });
    let new = json!({
        "kind": {"type": "string"}, "name": {"type": "string"}, "purpose": {"type": "string"}, "place": {"type": "string"},
        "proves": {"type": "string"}, "scope": {"type": "string"}, "valid_to": {"type": "string", "format": "date"},
        "jwk": {"type": "object", "description": "Its public key (RFC 7517)."},
    });
    let body = |properties: Value| json!({"type": "object", "properties": properties});
    let named = json!({"type": "object", "required": ["client_id"], "properties": {"client_id": {"type": "string"}}});
    let call = |verb: &str, summary: &str| Operation::new(&format!("identity.device.{verb}"), summary);
    let list = body(json!({"devices": {"type": "array", "items": reference("Device")}}));
    OpenApi::new()
        .schema("Device", body(device))
        .call(
            "get",
            "/api/identity/devices",
            call("list", "An organisation's devices (scope devices.manage)")
                .query("after", json!({"type": "string"}), "The last client_id that is known.")
                .gives(200, "The devices", list),
        )
        .call(
            "post",
            "/api/identity/devices",
            call("register", "Register a device (scope devices.manage)").takes(body(new)).gives(
                201,
                "Registered",
                named.clone(),
            ),
        )
        .call(
            "put",
            "/api/identity/devices/{device}/state",
            call("set_state", "Suspend, lose, retire or take it up again")
                .takes(json!({
                    "type": "object", "required": ["state"], "additionalProperties": false,
                    "properties": {"state": {"type": "string"}},
                }))
                .gives(200, "Changed", named.clone()),
        )
        .call(
            "put",
            "/api/identity/devices/{device}/key",
            call("set_key", "Give it another key")
                .takes(json!({"type": "object", "description": "The new public key (RFC 7517)."}))
                .gives(200, "Changed", named),
        )
}

fn cards() -> OpenApi {
    let revoked = json!({"type": "object", "properties": {
        "cards": {"type": "array", "items": {"type": "object", "properties": {
            "number": {"type": "string"}, "revoked_at": {"type": "string", "format": "date-time"},
        }}},
        "after": {"type": ["string", "null"], "description": "Where the list goes on."},
    }});
    OpenApi::new().call(
        "get",
        "/api/identity/cards/revoked",
        Operation::new("identity.card.revoked", "Cards that are good no more")
            .open()
            .query("after", json!({"type": "string"}), "The number after which the list goes on.")
            .gives(200, "Their numbers", revoked),
    )
}

fn packets() -> OpenApi {
    let bytes = json!({"type": "string", "contentMediaType": "application/octet-stream"});
    let standing = json!({"type": "object", "description": "How it came out."});
    let call = |verb: &str, summary: &str| Operation::new(&format!("identity.packet.{verb}"), summary);
    let offset = "How many bytes are there already.";
    OpenApi::new()
        .call(
            "get",
            "/api/identity/packets/key",
            call("key", "The key that packets are encrypted to").open().gives(
                200,
                "A JWK Set",
                json!({"type": "object"}),
            ),
        )
        .call(
            "post",
            "/api/identity/packets",
            call("begin", "Begin to send a packet; the answer's Location is where it goes on")
                .idempotent()
                .header("Upload-Length", json!({"type": "integer"}), "Bytes altogether.")
                .header("Upload-Complete", json!({"const": "?0"}), "More is to come.")
                .gives_nothing(201, "Begun"),
        )
        .call(
            "patch",
            "/api/identity/packets/{upload}",
            call("add", "Go on sending")
                .header("Upload-Offset", json!({"type": "integer"}), offset)
                .header("Upload-Complete", json!({"enum": ["?0", "?1"]}), "?1: these are the last.")
                .takes_as("application/partial-upload", bytes)
                .gives(200, "What was taken", standing.clone()),
        )
        .call("get", "/api/identity/packets/{upload}", call("look", "How it came out").gives(200, "So", standing))
        .call(
            "head",
            "/api/identity/packets/{upload}",
            call("offset", "How far it is").gives_nothing(204, "In headers"),
        )
}
