//! A transfer's life: asked for, agreed, declined, too late, too much, twice.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{amount, asking, fulfilling, on_each, secret, uuid};

#[test]
fn paid_and_both_positions_move() {
    on_each(async |world| {
        let body = asking("bank", "mpesa", 12_345);
        let id = body["transferId"].as_str().unwrap();
        let signature = [("fspiop-signature", "{}"), ("traceparent", "00-1-1-01")];
        let (status, _) = world.send_text("bank", Method::POST, "/transfers", &body.to_string(), &signature).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let asked = world.told("mpesa", "POST", "/transfers").await;
        assert_eq!(asked.body, body, "the payee's institution gets what the payer's sent");
        assert_eq!(
            asked.headers["fspiop-signature"], "{}",
            "and its signature, which is not ours to judge without a key"
        );
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (12_345, 0));
        let say = fulfilling(id, "RESERVED");
        assert_eq!(world.send("mpesa", Method::PUT, &format!("/transfers/{id}"), &say).await.0, StatusCode::OK);
        let told = world.told("bank", "PUT", id).await;
        assert_eq!((&told.body["transferState"], &told.body["fulfilment"]), (&json!("COMMITTED"), &say["fulfilment"]));
        let told = world.told("mpesa", "PATCH", id).await;
        assert_eq!(told.body["transferState"], "COMMITTED");
        assert_eq!(told.headers["fspiop-source"], "Hub");
        assert!(told.headers.contains_key("fspiop-signature") && told.headers.contains_key("date"));
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (12_345, -12_345));
        world.must_be_sound().await;
    });
}

#[test]
fn the_same_again_changes_nothing_and_another_under_its_name_is_refused() {
    on_each(async |world| {
        let body = asking("bank", "mpesa", 100);
        let id = body["transferId"].as_str().unwrap();
        for _ in 0..3 {
            assert_eq!(world.send("bank", Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
        }
        world.told("mpesa", "POST", "/transfers").await;
        let mut other = body.clone();
        other["amount"] = amount(200);
        assert_eq!(world.send("bank", Method::POST, "/transfers", &other).await.0, StatusCode::ACCEPTED);
        let told = world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3106");
        assert_eq!(world.position("bank").await, 100);
        assert!(world.take("mpesa", "POST", "/transfers").is_none(), "asked once");
        assert_eq!(world.fulfil("mpesa", id).await, StatusCode::OK);
        world.told("bank", "PUT", id).await;
        // Everything said again is answered as before, and moves nothing.
        world.send("bank", Method::POST, "/transfers", &body).await;
        assert_eq!(world.told("bank", "PUT", id).await.headers["fspiop-source"], "Hub");
        world.fulfil("mpesa", id).await;
        assert_eq!(world.told("mpesa", "PUT", id).await.body["transferState"], "COMMITTED");
        let decline = json!({ "errorInformation": { "errorCode": "5100", "errorDescription": "no" } });
        world.send("mpesa", Method::PUT, &format!("/transfers/{id}/error"), &decline).await;
        let told = world.told("mpesa", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3106");
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (100, -100));
        world.must_be_sound().await;
    });
}

#[test]
fn the_same_many_times_at_once_is_one() {
    on_each(async |world| {
        let body = asking("bank", "mpesa", 100);
        let id = body["transferId"].as_str().unwrap();
        let ask = || world.send("bank", Method::POST, "/transfers", &body);
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        for (status, said) in [a, b, c, d] {
            assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        }
        world.told("mpesa", "POST", "/transfers").await;
        assert_eq!(world.position("bank").await, 100);
        let agree = || world.fulfil("mpesa", id);
        let (a, b, c, d) = tokio::join!(agree(), agree(), agree(), agree());
        assert_eq!([a, b, c, d], [StatusCode::OK; 4]);
        world.told("bank", "PUT", id).await;
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (100, -100));
        assert!(world.take("mpesa", "POST", "/transfers").is_none(), "asked once");
        world.must_be_sound().await;
    });
}

#[test]
fn declined_misfitting_and_late_all_give_the_money_back() {
    on_each(async |world| {
        let id = world.ask("bank", "mpesa", 100).await;
        let decline = json!({ "errorInformation": { "errorCode": "5101", "errorDescription": "limit reached" } });
        assert_eq!(
            world.send("mpesa", Method::PUT, &format!("/transfers/{id}/error"), &decline).await.0,
            StatusCode::OK
        );
        assert_eq!(world.told("bank", "PUT", &format!("{id}/error")).await.body, decline);
        let id = world.ask("bank", "mpesa", 200).await;
        let mut wrong = fulfilling(&id, "COMMITTED");
        wrong["fulfilment"] = json!(crypto::base64url(&secret("another")));
        world.send("mpesa", Method::PUT, &format!("/transfers/{id}"), &wrong).await;
        let told = world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3100");
        assert_eq!(world.told("mpesa", "PATCH", &id).await.body["transferState"], "ABORTED");
        let id = world.ask("bank", "mpesa", 300).await;
        world.clock.step(61);
        for name in ["bank", "mpesa"] {
            let told = world.told(name, "PUT", &format!("{id}/error")).await;
            assert_eq!(told.body["errorInformation"]["errorCode"], "3303");
        }
        assert_eq!(world.fulfil("mpesa", &id).await, StatusCode::OK);
        let told = world.told("mpesa", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3106", "it has ended");
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (0, 0));
        world.must_be_sound().await;
    });
}

#[test]
fn the_ledger_refuses_what_is_over_the_cap_or_the_deposit() {
    on_each(async |world| {
        world.join("small", 5_000, 8_000).await;
        let refused = async |minor: i64| {
            let body = asking("small", "mpesa", minor);
            let id = body["transferId"].as_str().unwrap().to_owned();
            assert_eq!(world.send("small", Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
            let told = world.told("small", "PUT", &format!("{id}/error")).await;
            told.body["errorInformation"]["errorCode"].as_str().unwrap().to_owned()
        };
        assert_eq!(refused(5_001).await, "4200", "over the cap");
        assert_eq!(refused(8_001).await, "4001", "over the deposit");
        world.pay("small", "mpesa", 3_000).await;
        assert_eq!(refused(2_001).await, "4200");
        let held = world.ask("small", "mpesa", 2_000).await;
        assert_eq!(refused(1).await, "4200", "what is held counts");
        // The cap falls below what is owed: it can receive, and sends again once it owes less.
        let lower = |cx: &mut spine::Cx<'_>| {
            switch::set_cap(cx, "small", &switch::Cap { amount: crate::world::lsl(1_000), alarm_percent: 10 })
        };
        world.write(lower).await.unwrap();
        assert_eq!(world.fulfil("mpesa", &held).await, StatusCode::OK);
        assert_eq!(world.position("small").await, 5_000);
        world.pay("mpesa", "small", 4_500).await;
        assert_eq!(refused(501).await, "4200");
        world.pay("small", "mpesa", 500).await;
        // A deposit that is needed stays; what is not can leave.
        let out = world.fund("small", 7_500, switch::Direction::Out).await;
        assert_eq!(out.unwrap_err().code(), "switch.funds.needed");
        let out = world.fund("small", 9_000, switch::Direction::Out).await;
        assert_eq!(out.unwrap_err().code(), "payments.account.bound");
        world.fund("small", 7_000, switch::Direction::Out).await.unwrap();
        assert_eq!(world.deposited("small").await, 1_000);
        world.must_be_sound().await;
    });
}

#[test]
fn whoever_has_no_part_in_it_learns_nothing_and_changes_nothing() {
    on_each(async |world| {
        let id = world.ask("bank", "mpesa", 100).await;
        assert_eq!(world.fulfil("ecocash", &id).await, StatusCode::OK);
        let told = world.told("ecocash", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3100");
        let look = async |who: &str, id: &str| {
            world.send(who, Method::GET, &format!("/transfers/{id}"), &Value::Null).await;
            world.told(who, "PUT", "").await
        };
        assert_eq!(look("ecocash", &id).await.body["errorInformation"]["errorCode"], "3000");
        assert_eq!(look("bank", &id).await.body["transferState"], "RESERVED");
        assert_eq!(look("bank", &uuid()).await.body["errorInformation"]["errorCode"], "3208");
        assert_eq!(world.position("bank").await, 100);
    });
}

#[test]
fn who_is_not_active_neither_pays_nor_is_paid() {
    on_each(async |world| {
        let (off, on) = (json!({ "isActive": false }), json!({ "isActive": true }));
        world.admin(Method::PUT, "/participants/mpesa", &off).await;
        for (from, to) in [("bank", "mpesa"), ("mpesa", "bank")] {
            let body = asking(from, to, 100);
            let id = body["transferId"].as_str().unwrap();
            world.send(from, Method::POST, "/transfers", &body).await;
            let told = world.told(from, "PUT", &format!("{id}/error")).await;
            assert_eq!(told.body["errorInformation"]["errorCode"], "3100");
        }
        world.admin(Method::PUT, "/participants/mpesa", &on).await;
        world.pay("bank", "mpesa", 100).await;
    });
}
