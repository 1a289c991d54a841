//! What is told reaches whom it is for: the other side away, the program ended in between, a slow one beside a quick one.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{asking, on_each};

#[test]
fn a_letter_waits_for_whoever_is_away_and_outlives_the_program() {
    on_each(async |world| {
        let id = world.ask("bank", "mpesa", 100).await;
        world.away(&["bank"]);
        assert_eq!(world.fulfil("mpesa", &id).await, StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(world.take("bank", "PUT", &id).is_none());
        world.away(&[]);
        world.clock.step(45);
        // A program that starts on these books, whatever the one before it still held in memory.
        let another = world.another();
        another.refresh().await.unwrap();
        let sent = another.deliver().await.unwrap();
        let told = world.told("bank", "PUT", &id).await;
        assert_eq!(told.body["transferState"], "COMMITTED");
        assert!(sent <= 1);
        assert_eq!((world.position("bank").await, world.position("mpesa").await), (100, -100));
    });
}

#[test]
fn a_request_that_cannot_be_handed_on_is_told_to_its_sender() {
    on_each(async |world| {
        world.away(&["mpesa"]);
        let quote = json!({
            "quoteId": "q-1",
            "transactionId": crate::world::uuid(),
            "amountType": "SEND",
            "amount": { "amount": "1", "currency": "LSL" },
            "payee": { "partyIdInfo": { "partyIdType": "MSISDN", "partyIdentifier": "58001201", "fspId": "mpesa" } },
        });
        let (status, said) = world.send("bank", Method::POST, "/quotes", &quote).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        let told = world.told("bank", "PUT", "/quotes/q-1/error").await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "1001");
        let (status, _) = world
            .send_text("bank", Method::POST, "/quotes", &quote.to_string(), &[("fspiop-destination", "nobody")])
            .await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let told = world.told("bank", "PUT", "/quotes/q-1/error").await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3201");
    });
}

#[test]
fn an_alias_leads_to_its_institution_and_is_kept_nowhere() {
    on_each(async |world| {
        let path = "/participants/MSISDN/+266%2058001201";
        let own = json!({ "fspId": "mpesa", "currency": "LSL" });
        assert_eq!(world.send("mpesa", Method::POST, path, &own).await.0, StatusCode::ACCEPTED);
        assert_eq!(world.told("mpesa", "PUT", "").await.body, json!({ "fspId": "mpesa" }));
        // Nobody registers another's customer.
        assert_eq!(world.send("ecocash", Method::POST, path, &own).await.0, StatusCode::ACCEPTED);
        assert_eq!(world.told("ecocash", "PUT", "/error").await.body["errorInformation"]["errorCode"], "3003");
        world.send("bank", Method::GET, "/participants/MSISDN/26658001201", &Value::Null).await;
        assert_eq!(world.told("bank", "PUT", "").await.body, json!({ "fspId": "mpesa" }));
        world.send("bank", Method::GET, "/parties/MSISDN/26658001201", &Value::Null).await;
        let asked = world.told("mpesa", "GET", "/parties/MSISDN/26658001201").await;
        assert_eq!(asked.headers["fspiop-destination"], "mpesa");
        let party =
            json!({ "party": { "partyIdInfo": { "partyIdType": "MSISDN", "partyIdentifier": "26658001201" } } });
        let to = [("fspiop-destination", "bank")];
        let answer = asked.path.clone();
        world.send_text("mpesa", Method::PUT, &answer, &party.to_string(), &to).await;
        assert_eq!(world.told("bank", "PUT", "/parties/MSISDN/26658001201").await.body, party);
        for unknown in ["/parties/MSISDN/26650000000", "/parties/PERSONAL_ID/060012345678/x"] {
            world.send("bank", Method::GET, unknown, &Value::Null).await;
            assert_eq!(world.told("bank", "PUT", "/error").await.body["errorInformation"]["errorCode"], "3204");
        }
        world.send("mpesa", Method::DELETE, path, &Value::Null).await;
        world.told("mpesa", "PUT", "").await;
        world.send("bank", Method::GET, "/parties/MSISDN/26658001201", &Value::Null).await;
        assert_eq!(world.told("bank", "PUT", "/error").await.body["errorInformation"]["errorCode"], "3204");
    });
}

#[test]
fn one_that_is_away_holds_up_nobody_else() {
    on_each(async |world| {
        world.away(&["ecocash"]);
        for _ in 0..5 {
            let body = asking("bank", "ecocash", 10);
            assert_eq!(world.send("bank", Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
        }
        world.pay("bank", "mpesa", 100).await;
        world.clock.step(61);
        for _ in 0..5 {
            let told = world.told("bank", "PUT", "/error").await;
            assert_eq!(told.body["errorInformation"]["errorCode"], "3303");
        }
        assert_eq!(world.position("bank").await, 100);
    });
}

#[test]
fn one_that_is_slow_holds_up_nobody_else_and_is_told_once() {
    on_each(async |world| {
        world.slow("ecocash", Duration::from_secs(4));
        let body = asking("bank", "ecocash", 10);
        let id = body["transferId"].as_str().unwrap();
        assert_eq!(world.send("bank", Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
        for _ in 0..5 {
            world.pay("bank", "mpesa", 100).await;
        }
        assert!(world.take("ecocash", "POST", "/transfers").is_none(), "the others are done while it still thinks");
        assert_eq!(world.told("ecocash", "POST", "/transfers").await.body["transferId"], id);
        world.fulfil("ecocash", id).await;
        world.told("bank", "PUT", id).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(world.take("ecocash", "POST", "/transfers").is_none(), "told once");
        assert_eq!((world.position("bank").await, world.position("ecocash").await), (510, -10));
    });
}

#[test]
fn a_request_to_pay_and_what_follows_it_are_handed_on_both_ways() {
    on_each(async |world| {
        let ask = json!({
            "transactionRequestId": "r-1",
            "payer": { "partyIdType": "MSISDN", "partyIdentifier": "58001201", "fspId": "mpesa" },
            "amount": { "amount": "12.5", "currency": "LSL" },
        });
        assert_eq!(world.send("bank", Method::POST, "/transactionRequests", &ask).await.0, StatusCode::ACCEPTED);
        assert_eq!(world.told("mpesa", "POST", "/transactionRequests").await.body, ask);
        let said = json!({ "transactionRequestState": "RECEIVED" });
        let to = |who| [("fspiop-destination", who)];
        for (path, body) in [
            ("/transactionRequests/r-1", said),
            ("/authorizations/r-1", json!({ "responseType": "ENTERED" })),
            ("/quotes/q-1", json!({ "transferAmount": { "amount": "12.5", "currency": "LSL" } })),
            ("/bulkQuotes/b-1", json!({ "individualQuoteResults": [] })),
        ] {
            let (status, _) = world.send_text("mpesa", Method::PUT, path, &body.to_string(), &to("bank")).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(world.told("bank", "PUT", path).await.body, body);
        }
        let (status, _) = world.send_text("bank", Method::GET, "/authorizations/r-1", "", &to("mpesa")).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        world.told("mpesa", "GET", "/authorizations/r-1").await;
        let (status, _) = world.send_text("mpesa", Method::PUT, "/quotes/q-1", "{}", &to("nobody")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(world.send("mpesa", Method::PUT, "/quotes/q-1", &json!({})).await.0, StatusCode::BAD_REQUEST);
    });
}
