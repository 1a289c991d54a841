//! Windows and settlements: each transfer in one window, nets that add up to nothing, settled once.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{FSPS, HUB, World, minor, on_each};

async fn close(world: &World) -> i64 {
    let (_, open) = world.admin(Method::GET, "/v2/settlementWindows?state=OPEN", &Value::Null).await;
    let id = open[0]["settlementWindowId"].as_i64().unwrap();
    let body = json!({ "state": "CLOSED", "reason": "end of day" });
    let (status, next) = world.admin(Method::POST, &format!("/v2/settlementWindows/{id}"), &body).await;
    assert_eq!((status, next["state"].as_str()), (StatusCode::OK, Some("OPEN")));
    id
}

async fn begin(world: &World, windows: &[i64]) -> (StatusCode, Value) {
    let windows: Vec<Value> = windows.iter().map(|id| json!({ "id": id })).collect();
    let body = json!({ "settlementModel": "DEFERREDNET", "reason": "day", "settlementWindows": windows });
    world.admin(Method::POST, "/v2/settlements", &body).await
}

async fn step(world: &World, settlement: &Value, state: &str) -> (StatusCode, Value) {
    let participants: Vec<Value> = settlement["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let accounts: Vec<Value> = one["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|account| json!({ "id": account["id"], "reason": "day", "state": state, "externalReference": "b-1" }))
                .collect();
            json!({ "id": one["id"], "accounts": accounts })
        })
        .collect();
    let path = format!("/v2/settlements/{}", settlement["id"]);
    world.admin(Method::PUT, &path, &json!({ "participants": participants })).await
}

fn nets(settlement: &Value) -> Vec<i64> {
    let accounts =
        settlement["participants"].as_array().unwrap().iter().flat_map(|one| one["accounts"].as_array().unwrap());
    accounts.map(|one| minor(&one["netSettlementAmount"]["amount"])).collect()
}

/// The files of a settlement say what its nets are.
async fn files(world: &World, settlement: &Value) {
    let id = settlement["id"].as_i64().unwrap();
    let file = async |who: &str, name: &str| world.file_as(who, &format!("/settlements/{id}/files/{name}")).await;
    let (status, nets) = file(HUB, "nets.csv").await;
    let lines: Vec<&str> = nets.lines().collect();
    assert_eq!((status, lines.len()), (StatusCode::OK, 4), "{nets}");
    assert!(nets.contains(&format!("{id},bank,LSL,375.01,,SETTLED")) && nets.contains("mpesa,LSL,,300.01,"), "{nets}");
    let (status, orders) = file(HUB, "LSL.pacs.009.xml").await;
    let amounts = ["375.01", "300.01", "75.00"].map(|amount| format!("<IntrBkSttlmAmt Ccy=\"LSL\">{amount}<"));
    assert!(status == StatusCode::OK && amounts.iter().all(|amount| orders.contains(amount)), "{orders}");
    let account = settlement["participants"][0]["accounts"][0]["id"].as_i64().unwrap();
    let (status, statement) = file(HUB, &format!("{account}.camt.053.xml")).await;
    assert!(status == StatusCode::OK && statement.contains("camt.053.001.08"), "{statement}");
    for missing in ["nets.pdf", "99999.camt.053.xml", "ZAR.pacs.009.xml", "x.camt.053.xml", "maloti.pacs.009.xml"] {
        assert_eq!(file(HUB, missing).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
    assert_eq!(file("bank", "nets.csv").await.0, StatusCode::FORBIDDEN, "a participant does not see the others");
}

const STEPS: [&str; 4] = ["PS_TRANSFERS_RECORDED", "PS_TRANSFERS_RESERVED", "PS_TRANSFERS_COMMITTED", "SETTLED"];

#[test]
fn a_day_between_a_bank_and_two_wallets_settles_to_the_lisente() {
    on_each(async |world| {
        world.pay("bank", "mpesa", 40_001).await;
        world.pay("mpesa", "ecocash", 10_000).await;
        world.pay("ecocash", "bank", 2_500).await;
        let open = world.ask("bank", "ecocash", 777).await;
        let window = close(world).await;
        // Held in one window, committed in the next: it is the next one's.
        world.fulfil("ecocash", &open).await;
        world.told("bank", "PUT", &open).await;
        let (status, settlement) = begin(world, &[window]).await;
        assert_eq!(status, StatusCode::OK, "{settlement}");
        assert_eq!(nets(&settlement), [37_501, -30_001, -7_500]);
        assert_eq!(nets(&settlement).iter().sum::<i64>(), 0);
        for state in STEPS {
            let (status, said) = step(world, &settlement, state).await;
            assert_eq!((status, said["state"].as_str()), (StatusCode::OK, Some(state)), "{said}");
            // The same step again is no step.
            assert_eq!(step(world, &settlement, state).await.0, StatusCode::OK);
        }
        files(world, &settlement).await;
        let mut left = Vec::new();
        for name in FSPS {
            left.push((world.position(name).await, world.deposited(name).await));
        }
        assert_eq!(left, [(777, 62_499), (0, 130_001), (-777, 107_500)]);
        assert_eq!(begin(world, &[window]).await.0, StatusCode::BAD_REQUEST, "settled once");
        let (_, known) = world.admin(Method::GET, &format!("/v2/settlementWindows/{window}"), &Value::Null).await;
        assert_eq!(known["state"], "SETTLED");
        world.must_be_sound().await;
    });
}

#[test]
fn an_open_window_and_a_step_out_of_order_are_refused() {
    on_each(async |world| {
        world.pay("bank", "mpesa", 100).await;
        let (status, said) = begin(world, &[1]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        let window = close(world).await;
        let body = json!({ "state": "CLOSED", "reason": "again" });
        let (status, _) = world.admin(Method::POST, &format!("/v2/settlementWindows/{window}"), &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (_, settlement) = begin(world, &[window]).await;
        assert_eq!(step(world, &settlement, "PS_TRANSFERS_COMMITTED").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(begin(world, &[window]).await.0, StatusCode::BAD_REQUEST, "being settled");
        // Given up before anything was paid, it can be settled anew.
        step(world, &settlement, "PS_TRANSFERS_RECORDED").await;
        step(world, &settlement, "PS_TRANSFERS_RESERVED").await;
        assert_eq!(world.deposited("bank").await, 99_900, "what is owed is set aside");
        let path = format!("/v2/settlements/{}", settlement["id"]);
        let give_up = json!({ "state": "ABORTED", "reason": "wrong day" });
        assert_eq!(world.admin(Method::PUT, &path, &give_up).await.0, StatusCode::OK);
        assert_eq!(world.deposited("bank").await, 100_000);
        let (status, settlement) = begin(world, &[window]).await;
        assert_eq!(status, StatusCode::OK);
        for state in STEPS {
            assert_eq!(step(world, &settlement, state).await.0, StatusCode::OK);
        }
        assert_eq!(world.admin(Method::PUT, &path, &give_up).await.0, StatusCode::OK, "given up already");
        let path = format!("/v2/settlements/{}", settlement["id"]);
        assert_eq!(world.admin(Method::PUT, &path, &give_up).await.0, StatusCode::BAD_REQUEST, "paid");
        world.must_be_sound().await;
    });
}

#[test]
fn what_was_received_and_spent_before_the_settlement_stops_nobody() {
    on_each(async |world| {
        world.join("tiny", 1_000, 1_000).await;
        world.pay("bank", "tiny", 50_000).await;
        let first = close(world).await;
        world.pay("tiny", "mpesa", 51_000).await;
        assert_eq!(world.position("tiny").await, 1_000);
        let settle = move |cx: &mut spine::Cx<'_>| switch::settle(cx, &[first], "day", "b-1");
        world.write(settle).await.unwrap();
        assert_eq!((world.position("tiny").await, world.deposited("tiny").await), (51_000, 51_000));
        let second = close(world).await;
        let settle = move |cx: &mut spine::Cx<'_>| switch::settle(cx, &[second], "day", "b-2");
        world.write(settle).await.unwrap();
        assert_eq!((world.position("tiny").await, world.deposited("tiny").await), (0, 0));
        world.must_be_sound().await;
    });
}

#[test]
fn a_window_without_a_transfer_is_settled_too() {
    on_each(async |world| {
        let window = close(world).await;
        let (status, settlement) = begin(world, &[window]).await;
        assert_eq!((status, settlement["state"].as_str()), (StatusCode::OK, Some("SETTLED")));
        assert_eq!(begin(world, &[99]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(begin(world, &[]).await.0, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn books_are_compared_and_a_late_correction_counts() {
    on_each(async |world| {
        world.pay("bank", "mpesa", 40_001).await;
        world.pay("mpesa", "bank", 5).await;
        let path = "/v2/settlementWindows/1/totals";
        let (_, ours) = world.admin_as("bank", Method::GET, path, &Value::Null).await;
        let wanted = json!([{
            "currency": "LSL", "sent": { "count": 1, "amount": 400.01 }, "received": { "count": 1, "amount": 0.05 },
        }]);
        assert_eq!(ours, wanted);
        let (status, _) = world.admin_as("bank", Method::PUT, path, &ours).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "the window is open");
        close(world).await;
        let say = async |who: &str, body: &Value| world.admin_as(who, Method::PUT, path, body).await.1;
        assert_eq!(say("bank", &ours).await, json!([{ "currency": "LSL", "agrees": true }]));
        // The other has lost one, finds it, and says so.
        assert_eq!(say("mpesa", &json!([])).await, json!([{ "currency": "LSL", "agrees": false }]));
        let mut right = ours.clone();
        right[0]["sent"] = ours[0]["received"].clone();
        right[0]["received"] = json!({ "count": 1, "amount": "400.01" });
        assert_eq!(say("mpesa", &right).await, json!([{ "currency": "LSL", "agrees": true }]));
        for wrong in
            [json!({}), json!([{ "currency": "LSL" }]), json!([{ "currency": "lsl", "sent": {}, "received": {} }])]
        {
            let (status, _) = world.admin_as("mpesa", Method::PUT, path, &wrong).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let (status, _) = world.admin(Method::PUT, path, &ours).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "a participant says it, and not the hub");
        world.must_be_sound().await;
    });
}
