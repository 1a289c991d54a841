//! Many transfers at once: each for itself.

use axum::http::{Method, StatusCode};
use crypto::base64url;
use serde_json::{Value, json};

use crate::world::{World, amount, on_each, secret, uuid};

fn bulk(amounts: &[i64]) -> (String, Vec<String>, Value) {
    let ids: Vec<String> = amounts.iter().map(|_| uuid()).collect();
    let each: Vec<Value> = ids
        .iter()
        .zip(amounts)
        .map(|(id, minor)| {
            json!({
                "transferId": id, "transferAmount": amount(*minor), "ilpPacket": "AA",
                "condition": base64url(&crypto::sha256(&[&secret(id)])),
            })
        })
        .collect();
    let id = uuid();
    let body = json!({
        "bulkTransferId": id, "bulkQuoteId": uuid(), "payerFsp": "bank", "payeeFsp": "mpesa",
        "individualTransfers": each, "expiration": "2026-11-26T06:01:00.000Z",
    });
    (id, ids, body)
}

async fn post(world: &World, body: &Value) {
    let (status, said) = world.send("bank", Method::POST, "/bulkTransfers", body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{said}");
}

#[test]
fn each_is_held_answered_and_told_for_itself() {
    on_each(async |world| {
        let (id, ids, body) = bulk(&[10_000, 95_000, 20_000, 30_000]);
        post(world, &body).await;
        let asked = world.told("mpesa", "POST", "/bulkTransfers").await;
        let each = asked.body["individualTransfers"].as_array().unwrap();
        assert_eq!(each.len(), 3, "one is over the deposit and is not asked for");
        assert_eq!(world.position("bank").await, 60_000);
        post(world, &body).await;
        let results = json!([
            { "transferId": ids[0], "fulfilment": base64url(&secret(&ids[0])) },
            { "transferId": ids[2], "errorInformation": { "errorCode": "5100", "errorDescription": "no" } },
            { "transferId": ids[3], "fulfilment": base64url(&secret("another")) },
        ]);
        let answer = json!({ "bulkTransferState": "COMPLETED", "individualTransferResults": results });
        let path = format!("/bulkTransfers/{id}");
        assert_eq!(world.send("ecocash", Method::PUT, &path, &answer).await.0, StatusCode::OK);
        assert_eq!(world.send("mpesa", Method::PUT, &path, &answer).await.0, StatusCode::OK);
        let told = world.told("bank", "PUT", &path).await;
        assert_eq!(told.body["bulkTransferState"], "COMPLETED");
        let told = |id: &str| {
            let all = told.body["individualTransferResults"].as_array().unwrap();
            let one = all.iter().find(|one| one["transferId"] == id).unwrap().clone();
            one["errorInformation"]["errorCode"].as_str().map(str::to_owned)
        };
        let said: Vec<Option<String>> = ids.iter().map(|id| told(id)).collect();
        let code = |text: &str| Some(text.to_owned());
        assert_eq!(said, [None, code("4001"), code("5100"), code("3100")]);
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (10_000, -10_000));
        world.must_be_sound().await;
    });
}

#[test]
fn declined_as_a_whole_or_never_answered_gives_all_back() {
    on_each(async |world| {
        let (id, _, body) = bulk(&[100, 200]);
        post(world, &body).await;
        world.told("mpesa", "POST", "/bulkTransfers").await;
        let no = json!({ "errorInformation": { "errorCode": "5100", "errorDescription": "not today" } });
        world.send("mpesa", Method::PUT, &format!("/bulkTransfers/{id}/error"), &no).await;
        world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(world.position("bank").await, 0);
        let (id, _, body) = bulk(&[100, 200]);
        post(world, &body).await;
        world.told("mpesa", "POST", "/bulkTransfers").await;
        world.clock.step(61);
        let told = world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3303");
        assert_eq!(world.position("bank").await, 0);
        world.send("bank", Method::GET, &format!("/bulkTransfers/{id}"), &Value::Null).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["bulkTransferState"], "REJECTED");
        world.must_be_sound().await;
    });
}
