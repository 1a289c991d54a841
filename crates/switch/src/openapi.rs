//! The interfaces of the switch as OpenAPI 3.1. FSPIOP, central-ledger's administration and central-settlement 2.0 have documents of
//! their own, which the field knows; here stands which of their calls there are.

use edge::OpenApi;
use edge::openapi::Operation;
use serde_json::{Value, json};

/// Every call of the switch.
pub fn openapi() -> OpenApi {
    settlement(participants(member(fspiop(OpenApi::new()))))
}

fn any() -> Value {
    json!({ "type": "object", "description": "As the standard's own document says." })
}

fn list() -> Value {
    json!({ "type": "array", "items": any() })
}

fn get(id: &str, what: &str, gives: Value) -> Operation {
    Operation::new(id, what).gives(200, "As it stands", gives)
}

fn change(id: &str, what: &str, status: u16) -> Operation {
    Operation::new(id, what).takes(any()).gives(status, "Done", any())
}

fn fspiop(api: OpenApi) -> OpenApi {
    api.call(
        "post",
        "/api/fspiop/{*resource}",
        Operation::new(
            "switch.fspiop",
            "FSPIOP 1.0, 1.1 and 2.0: participants, parties, quotes, transfers, bulk transfers",
        )
        .takes(any())
        .gives_nothing(202, "Taken; the outcome comes as a callback"),
    )
}

fn member(api: OpenApi) -> OpenApi {
    api.call(
        "get",
        "/api/hubs/keys",
        get("switch.member.keys", "What we sign with as a member of hubs, a JWK set", any()).open(),
    )
    .call(
        "post",
        "/api/hubs/{hub}/{*resource}",
        Operation::new(
            "switch.member",
            "FSPIOP 1.1 and 2.0 for a hub that we are a member of: parties, quotes, transfers",
        )
        .takes(any())
        .gives_nothing(202, "Taken; the outcome comes as a callback"),
    )
}

fn participants(api: OpenApi) -> OpenApi {
    let access = json!({
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": { "type": "string", "minLength": 22, "description": "What the participant sends as bearer token." },
            "jwsKey": { "type": ["object", "null"], "description": "Its public key, a JWK." },
            "signs": { "type": "boolean", "description": "Whether what it sends must be signed." },
        },
    });
    api.call("get", "/api/switch/participants", get("switch.participants", "All participants", list()))
        .call("get", "/api/switch/participants/limits", get("switch.limits", "All net-debit caps", list()))
        .call("get", "/api/switch/participants/{name}", get("switch.participant", "A participant", any()))
        .call(
            "put",
            "/api/switch/participants/{name}/access",
            Operation::new("switch.access", "How a participant proves itself").takes(access).gives(200, "Done", any()),
        )
        .call("get", "/api/switch/participants/{name}/endpoints", get("switch.endpoints", "Where it is called", list()))
        .call("put", "/api/switch/participants/{name}/limits", change("switch.limit", "Sets its net-debit cap", 200))
        .call(
            "post",
            "/api/switch/participants/{name}/initialPositionAndLimits",
            change("switch.limit.first", "Sets its first net-debit cap", 201),
        )
        .call("get", "/api/switch/participants/{name}/positions", get("switch.positions", "What it owes", list()))
        .call("get", "/api/switch/participants/{name}/accounts", get("switch.accounts", "Its accounts", list()))
        .call(
            "post",
            "/api/switch/participants/{name}/accounts/{number}",
            change("switch.funds", "Records money paid in, or sets it aside to be taken out", 202),
        )
        .call(
            "put",
            "/api/switch/participants/{name}/accounts/{number}/transfers/{id}",
            change("switch.funds.out", "Ends a withdrawal", 202),
        )
}

fn settlement(api: OpenApi) -> OpenApi {
    api.call("get", "/api/switch/v2/settlementWindows", get("switch.windows", "Settlement windows", list()))
        .call("post", "/api/switch/v2/settlementWindows/", change("switch.window.none", "Refused: which window?", 400))
        .call("post", "/api/switch/v2/settlementWindows/{id}", change("switch.window.close", "Closes a window", 200))
        .call(
            "put",
            "/api/switch/v2/settlementWindows/{id}/totals",
            change("switch.totals", "What a participant sent and received, to be compared", 200),
        )
        .call("post", "/api/switch/v2/settlements", change("switch.settlement.begin", "Begins a settlement", 200))
        .call("put", "/api/switch/v2/settlements/{id}", change("switch.settlement.advance", "Moves it on", 200))
        .call(
            "put",
            "/api/switch/v2/settlements/{id}/participants/{participant}/accounts/{account}",
            change("switch.settlement.account", "Moves one account of it on", 200),
        )
        .call(
            "get",
            "/api/switch/settlements/{id}/files/{name}",
            get("switch.settlement.file", "nets.csv, LSL.pacs.009.xml, or 12.camt.053.xml of an account", any()),
        )
        .call("get", "/api/switch/settlementModels", get("switch.models", "Models of settlement", list()))
        .call("get", "/api/switch/settlementModels/{name}", get("switch.model", "A model of settlement", any()))
}
