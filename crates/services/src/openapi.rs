//! The JSON interface of this engine as OpenAPI 3.1: how a document stands.

use edge::OpenApi;
use edge::openapi::Operation;
use serde_json::json;

/// How a document with this code stands.
pub fn openapi() -> OpenApi {
    let day = json!({"type": "string", "format": "date"});
    let status = json!({
        "type": "object",
        "required": ["code", "state", "issued_on", "valid_until", "as_of"],
        "properties": {
            "code": {"type": "string"},
            "state": {"enum": ["valid", "expired", "revoked"]},
            "issued_on": day,
            "valid_until": {"type": ["string", "null"], "format": "date"},
            "revoked_on": day,
            "ground": {"type": "string"},
            "as_of": {"type": "string", "description": "When this was so."},
        },
    });
    OpenApi::new().call(
        "get",
        "/api/verify/{code}",
        Operation::new("services.document.status", "How a document stands").open().gives(200, "The document", status),
    )
}
