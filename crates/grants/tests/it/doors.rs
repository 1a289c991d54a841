//! The doors of other standards and of programs, over HTTP with an access token of their own.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http;
use crypto::base64;
use edge::{Limits, Site, SiteSettings, frame};
use grants::{PaymentState, RunState};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use spine::{Cx, Secret};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::world::{PENSION, SYSTEM_SECRET, WORDS, World, on_each, preparer};

struct Program {
    app: Router,
    token: String,
}

impl Program {
    async fn new(world: &World) -> Self {
        let site = SiteSettings::new(
            Arc::new(testkit::words(&WORDS)),
            "http://localhost:8080",
            Secret::new([1; 32]),
            Arc::clone(&world.clock) as _,
            Arc::new(SeededEntropy::default()),
        );
        let routes = world.grants.routes().merge(world.identity.routes());
        let mut program = Self { app: frame(routes, &Site::new(site), Limits::default()), token: String::new() };
        let basic = base64(format!("social-development:{SYSTEM_SECRET}").as_bytes());
        let request = http::Request::post("/oauth2/token")
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("grant_type=client_credentials"))
            .unwrap();
        let answer = program.app.clone().oneshot(request).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let said: Value = serde_json::from_slice(&bytes).unwrap();
        said["access_token"].as_str().unwrap().clone_into(&mut program.token);
        program
    }

    async fn ask(&self, method: &str, path: &str, kind: &str, body: String) -> (u16, String) {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self.ask(method, path, "application/json", body.to_string()).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A message of G2P Connect; answers what the answer's message says.
    async fn g2p(&self, path: &str, action: &str, message: Value) -> (u16, Value) {
        let header = json!({
            "version": "1.0.0", "message_id": "m1", "message_ts": "2026-11-24T08:00:00Z", "action": action,
            "sender_id": "social-development", "total_count": 1,
        });
        let (status, said) =
            self.send("POST", &format!("/api/g2p{path}"), &json!({ "header": header, "message": message })).await;
        if status == 200 && path.contains("/sync/") {
            assert!(said["signature"].as_str().unwrap().contains("algorithm=\"ed25519\""));
            assert_eq!(said["header"]["action"], format!("on-{action}"));
        }
        (status, said["message"].clone())
    }
}

#[test]
fn the_mapper_speaks_g2p_connect() {
    on_each(async |world: World| {
        let one = world.people(1, 1, "1950-01-01").await.remove(0);
        let program = Program::new(&world).await;
        let id = format!("nid:{}@national", one.number);
        let link = json!({ "transaction_id": "t1", "link_request": [
            { "reference_id": "r1", "timestamp": "2026-11-24T08:00:00Z", "id": id, "fa": "mobile:58001234@mpesa" },
            { "reference_id": "r2", "timestamp": "2026-11-24T08:00:00Z", "id": id, "fa": "mobile:1@mpesa" },
            { "reference_id": "r3", "timestamp": "2026-11-24T08:00:00Z", "id": "", "fa": "mobile:58001234@mpesa" },
        ]});
        let (status, said) = program.g2p("/mapper/sync/link", "link", link.clone()).await;
        assert_eq!(status, 200);
        let states: Vec<&str> =
            said["link_response"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(states, ["succ", "rjct", "rjct"]);
        assert_eq!(said["link_response"][1]["status_reason_code"], "rjct.fa.invalid");
        assert_eq!(program.g2p("/mapper/sync/link", "link", link).await.1, said, "told again it is answered as before");
        let resolve = |scope: &str, fa: &str| {
            json!({ "transaction_id": "t2", "resolve_request": [
                { "reference_id": "r1", "timestamp": "2026-11-24T08:00:00Z", "id": id, "scope": scope, "fa": fa }]})
        };
        let own = "mobile:26658001234@mpesa";
        let (_, said) = program.g2p("/mapper/sync/resolve", "resolve", resolve("details", own)).await;
        assert_eq!(said["resolve_response"][0]["fa"], own);
        let (_, said) = program.g2p("/mapper/sync/resolve", "resolve", resolve("yes_no", "cash@post-office")).await;
        assert_eq!(said["resolve_response"][0]["status_reason_code"], "succ.fa.not_linked_to_id");
        assert_eq!(said["resolve_response"][0].get("fa"), None);
        let update = json!({ "transaction_id": "t3", "update_request": [
            { "reference_id": "r1", "timestamp": "2026-11-24T08:00:00Z", "id": id, "fa": "cash@post-office" }]});
        let (_, said) = program.g2p("/mapper/sync/update", "update", update).await;
        assert_eq!(
            said["update_response"][0]["additional_info"][0]["name"], "effective_at",
            "it waits, and she is told"
        );
        assert!(world.texts(&one.id).await.len() == 2);
        let unlink = json!({ "transaction_id": "t4", "unlink_request": [
            { "reference_id": "r1", "timestamp": "2026-11-24T08:00:00Z", "id": id }]});
        let (_, said) = program.g2p("/mapper/unlink", "unlink", unlink).await;
        assert_eq!((said["ack_status"].as_str(), said["correlation_id"].as_str()), (Some("ACK"), Some("unlink:t4")));
        let ask = json!({ "transaction_id": "t5", "txnstatus_request": {
            "reference_id": "r1", "txn_type": "unlink", "attribute_type": "correlation_id", "attribute_value": "unlink:t4" }});
        let (_, said) = program.g2p("/mapper/sync/txn/status", "status", ask).await;
        assert_eq!(said["txnstatus_response"]["txn_status"]["unlink_response"][0]["status"], "succ");
        let (_, said) = program.g2p("/mapper/sync/resolve", "resolve", resolve("details", own)).await;
        assert_eq!(said["resolve_response"][0]["status_reason_code"], "succ.id.not_found");
    });
}

#[test]
fn disbursements_wait_for_an_officer() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(1_000_000).await;
        let program = Program::new(&world).await;
        let pay = |reference: &str, payee: &str, amount: &str| json!({ "reference_id": reference, "payer_fa": "x@treasury", "payee_fa": payee, "amount": amount });
        let id = format!("nid:{}@national", one.number);
        let message = json!({ "transaction_id": "pay-1", "disbursements": [
            pay("r1", &id, "900.00"), pay("r2", &id, "900.00"), pay("r3", &id, "1,000"), pay("r4", "", "900.00") ]});
        let (status, said) = program.g2p("/disburse/sync/disburse", "disburse", message).await;
        assert_eq!(status, 200, "{said}");
        let codes: Vec<&str> = said["disbursements_status"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status_reason_code"].as_str().unwrap_or("ok"))
            .collect();
        assert_eq!(codes, ["ok", "rjct.reference_id.duplicate", "rjct.amount.invalid", "rjct.payee_fa.invalid"]);
        world.work().await;
        let seen = world.read(&preparer(), |cx, grants| grants::runs::programme(cx, grants, PENSION)).await.unwrap();
        let run = seen.runs[0].id;
        assert_eq!(world.run(run).await.state, RunState::Checked, "an officer has to release it");
        world.approve(run).await.unwrap();
        world.work().await;
        let ask = || {
            json!({ "transaction_id": "q", "txnstatus_request": { "reference_id": "r", "txn_type": "disburse",
                "attribute_type": "transaction_id", "attribute_value": "pay-1" }})
        };
        let (_, said) = program.g2p("/disburse/sync/txn/status", "status", ask()).await;
        let status =
            |said: &Value| said["txnstatus_response"]["txn_status"]["disbursements_status"][0]["status"].clone();
        assert_eq!(status(&said), "pdng");
        world.pay(&world.orders()[0].clone()).await.unwrap();
        let (_, said) = program.g2p("/disburse/sync/txn/status", "status", ask()).await;
        assert_eq!(status(&said), "succ");
        let search = json!({ "transaction_id": "s", "search_criteria": [
            { "reference_id": "r", "request_type": "disburse", "attribute_type": "payee_fa", "attribute_value": id }]});
        let (_, said) = program.g2p("/disburse/sync/search", "search", search).await;
        assert_eq!(said["disbursements_status"][0]["disbursements"][0]["status"], "succ");
    });
}

#[test]
fn messages_are_held_to_their_envelope() {
    on_each(async |world: World| {
        let mut program = Program::new(&world).await;
        let path = "/api/g2p/mapper/sync/resolve";
        let header = |sender: &str, version: &str, action: &str| json!({ "version": version, "message_id": "m", "message_ts": "x", "action": action, "sender_id": sender, "total_count": 1 });
        let message = json!({ "transaction_id": "t" });
        for (head, said, code) in [
            (header("somebody", "1.0.0", "resolve"), message.clone(), "err.sender_id.invalid"),
            (header("social-development", "9.0.0", "resolve"), message.clone(), "err.version.not_supported"),
            (header("social-development", "1.0.0", "link"), message.clone(), "err.request.bad"),
            (header("social-development", "1.0.0", "resolve"), json!({}), "err.request.bad"),
            (header("social-development", "1.0.0", "resolve"), message.clone(), "err.request.bad"),
            (json!("x"), message.clone(), "err.request.bad"),
        ] {
            let (_, answer) = program.send("POST", path, &json!({ "header": head, "message": said })).await;
            assert_eq!(answer["message"]["error"]["code"], code, "{head} {answer}");
        }
        assert_eq!(program.ask("POST", path, "application/json", "{".repeat(5_000)).await.0, 400);
        "no token".clone_into(&mut program.token);
        assert_eq!(program.send("POST", path, &message).await.0, 401);
    });
}

#[test]
fn a_list_comes_over_the_interface() {
    on_each(async |world: World| {
        let people = world.people(1, 1_500, "1950-01-01").await;
        let program = Program::new(&world).await;
        let mut text = "id_number,amount\n".to_owned();
        for one in &people {
            text.push_str(&format!("{},900.00\n", one.number));
        }
        text.push_str("12,900.00");
        let path = format!("/api/grants/programmes/{PENSION}/lists?name=November&control_minor=135000000");
        let (status, said) = program.ask("POST", &path, "text/csv", text.clone()).await;
        assert_eq!(status, 200);
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!((last["accepted"].as_i64(), last["refused"].as_i64()), (Some(1_500), Some(1)), "{last}");
        assert_eq!(last["first_refused"][0], json!({ "line": 1_502, "reason": "number" }));
        let (_, again) = program.ask("POST", &path, "text/csv", text).await;
        assert_eq!(again.lines().last(), said.lines().last(), "sent again it changes nothing");
        let list = last["list"].as_str().unwrap();
        let (status, seen) = program.send("GET", &format!("/api/grants/lists/{list}"), &Value::Null).await;
        assert_eq!((status, seen["accepted"].as_i64()), (200, Some(1_500)));
        let (_, wrong) =
            program.ask("POST", &path.replace("November", "December"), "text/csv", "id_number\n".to_owned()).await;
        assert!(wrong.contains("grants.list.control"), "{wrong}");
        let other = "/api/grants/programmes/payroll/lists?name=x";
        assert_eq!(program.ask("POST", other, "text/csv", "id_number\n".to_owned()).await.0, 403);
    });
}

#[test]
fn govstack_batches_are_validated_and_handed_over() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(1_000_000).await;
        let program = Program::new(&world).await;
        let payee = "A-functional-id-0001";
        let batch = |amount: Value, request: &str| {
            json!({ "RequestID": request, "SourceBBID": "SourceBBID11", "BatchID": "BatchID11111", "CreditInstructions": [{
                "InstructionID": "InstructionID111", "PayeeFunctionalID": payee, "Amount": amount, "Currency": "LSL", "Narration": "x" }]})
        };
        let (_, said) =
            program.send("POST", "/api/govstack/prepayment-validation", &batch(json!(900), "Request00001")).await;
        assert_eq!(said["ResponseCode"], "00");
        let ask = json!({ "RequestID": "Request00001", "Source_BatchID": "BatchID11111" });
        let (_, said) = program.send("POST", "/api/govstack/prepayment-validation-response", &ask).await;
        assert_eq!(said["FailedAccounts"][0]["FailureReason"], "no_account");
        let register = json!({ "RequestID": "Request00002", "SourceBBID": "SourceBBID11", "Beneficiaries": [
            { "PayeeFunctionalID": payee, "PaymentModality": "01", "FinancialAddress": one.phone }]});
        let (status, said) = program.send("POST", "/api/govstack/register-beneficiary", &register).await;
        assert_eq!((status, said["ResponseCode"].as_str()), (200, Some("00")));
        let (_, _) =
            program.send("POST", "/api/govstack/prepayment-validation", &batch(json!(900), "Request00003")).await;
        let (_, said) = program.send("POST", "/api/govstack/prepayment-validation-response", &ask).await;
        assert_eq!(said["NumberFailedCases"], 0);
        let (status, _) =
            program.send("POST", "/api/govstack/bulk-payment", &batch(json!("1,000"), "Request00004")).await;
        assert_eq!(status, 400);
        for _ in 0..2 {
            let (status, _) =
                program.send("POST", "/api/govstack/bulk-payment", &batch(json!(900), "Request00005")).await;
            assert_eq!(status, 200, "told again it is the same");
        }
        world.work().await;
        let seen = world.read(&preparer(), |cx, grants| grants::runs::programme(cx, grants, PENSION)).await.unwrap();
        assert_eq!((seen.lists.len(), seen.runs.len()), (1, 1));
        // Proof of life is asked of people: whom nobody knows cannot be paid by a programme that asks for it.
        let run = seen.runs[0].id;
        let look = move |cx: &mut Cx<'_>, grants: &grants::Grants| {
            grants::runs::lines(cx, grants, run, PaymentState::Refused, 0)
        };
        let refused = world.write(&preparer(), look).await.unwrap();
        assert_eq!(refused[0].reason.as_deref(), Some("shared"));
    });
}
