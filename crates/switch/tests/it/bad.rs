//! What is wrong is refused, says what, and moves nothing.

use axum::http::{Method, StatusCode};
use crypto::{Algorithm, SigningKey, jose::jwk};
use serde_json::{Value, json};

use crate::world::{asking, on_each, token};

#[test]
fn every_wall_before_a_transfer() {
    on_each(async |world| {
        let sound = asking("bank", "mpesa", 100);
        let with = |member: &str, value: Value| {
            let mut body = sound.clone();
            body[member] = value;
            body.to_string()
        };
        let amount = |text: &str| with("amount", json!({ "amount": text, "currency": "LSL" }));
        let bodies = [
            (String::new(), "3102"),
            ("{".to_owned(), "3101"),
            ("[1]".to_owned(), "3102"),
            (with("transferId", json!("1")), "3101"),
            (with("transferId", Value::Null), "3102"),
            (with("condition", json!("short")), "3101"),
            (with("expiration", json!("tomorrow")), "3101"),
            (with("expiration", json!("2026-12-26T06:00:00.000Z")), "3100"),
            (with("payerFsp", json!("mpesa")), "3100"),
            (amount("1,000"), "3101"),
            (amount("1e3"), "3101"),
            (amount("-1"), "3101"),
            (amount("0"), "3101"),
            (amount("1.234"), "3101"),
            (amount("1.10"), "3101"),
            (amount("1000000000000000000"), "3101"),
            (with("amount", json!({ "amount": "1", "currency": "lsl" })), "3101"),
            (format!("{}{}{}", "[".repeat(40), "1", "]".repeat(40)), "3101"),
            (with("note", json!("x".repeat(70_000))), "3104"),
        ];
        for (body, code) in bodies {
            let (status, said) = world.send_text("bank", Method::POST, "/transfers", &body, &[]).await;
            assert!(status.is_client_error(), "{status} {body:.80}");
            assert_eq!(said["errorInformation"]["errorCode"], code, "{body:.80}");
        }
        // What could not be transferred is not quoted either.
        for (text, code) in [("1,000", "3101"), ("120.50", "3101"), ("0", "3101")] {
            let quote =
                json!({ "quoteId": "q", "transactionId": "t", "amount": { "amount": text, "currency": "LSL" } });
            let (status, said) = world.send("bank", Method::POST, "/quotes", &quote).await;
            assert_eq!((status, said["errorInformation"]["errorCode"].as_str()), (StatusCode::BAD_REQUEST, Some(code)));
        }
        let headers: [(&str, &str, u16, &str); 8] = [
            ("date", "", 400, "3102"),
            ("fspiop-source", "mpesa", 403, "3000"),
            ("fspiop-source", "", 400, "3102"),
            ("content-type", "application/json", 400, "3101"),
            ("content-type", "application/vnd.interoperability.transfers+json;version=7.0", 406, "3001"),
            ("accept", "application/vnd.interoperability.transfers+json;version=7", 406, "3001"),
            ("authorization", "Bearer nobody-has-this-token-here", 401, "3000"),
            ("authorization", "", 401, "3000"),
        ];
        for (name, value, status, code) in headers {
            let text = sound.to_string();
            let (said, body) = world.send_text("bank", Method::POST, "/transfers", &text, &[(name, value)]).await;
            assert_eq!((said.as_u16(), body["errorInformation"]["errorCode"].as_str()), (status, Some(code)), "{name}");
        }
        for path in ["/transfers/x/y/z", "/nothing", "/participants/SHOE_SIZE/43"] {
            let (status, _) = world.send("bank", Method::GET, path, &Value::Null).await;
            assert!(status.is_client_error(), "{path}");
        }
        assert_eq!(world.position("bank").await, 0);
    });
}

#[test]
fn a_forged_signature_moves_nothing_and_a_missing_one_neither() {
    on_each(async |world| {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let held = world.ask("bank", "mpesa", 500).await;
        world.admit("mpesa", Some(jwk(&key.public())), true).await;
        let body = crate::world::fulfilling(&held, "COMMITTED").to_string();
        let path = format!("/transfers/{held}");
        let put = async |extra: &[(&str, &str)]| world.send_text("mpesa", Method::PUT, &path, &body, extra).await;
        let (status, said) = put(&[]).await;
        assert_eq!((status, &said["errorInformation"]["errorCode"]), (StatusCode::BAD_REQUEST, &json!("3105")));
        let signed = |by: &SigningKey, verb: &str, uri: &str, body: &str| {
            let header = json!({
                "alg": "EdDSA", "FSPIOP-URI": uri, "FSPIOP-HTTP-Method": verb, "FSPIOP-Source": "mpesa",
            });
            let header = crypto::base64url(header.to_string().as_bytes());
            let input = format!("{header}.{}", crypto::base64url(body.as_bytes()));
            let signature = crypto::base64url(&by.sign(input.as_bytes()).unwrap());
            json!({ "signature": signature, "protectedHeader": header }).to_string()
        };
        let thief = SigningKey::generate(Algorithm::EdDsa).unwrap();
        for forged in [
            signed(&thief, "PUT", &path, &body),
            signed(&key, "PUT", &path, "{}"),
            signed(&key, "POST", &path, &body),
            signed(&key, "PUT", "/transfers/other", &body),
            "{}".to_owned(),
        ] {
            let (status, said) = put(&[("fspiop-signature", &forged)]).await;
            assert_eq!((status, &said["errorInformation"]["errorCode"]), (StatusCode::BAD_REQUEST, &json!("3105")));
        }
        assert!(world.take("bank", "PUT", &held).is_none());
        assert_eq!(put(&[("fspiop-signature", &signed(&key, "PUT", &path, &body))]).await.0, StatusCode::OK);
        world.told("bank", "PUT", &held).await;
        assert_eq!(world.position("bank").await, 500);
    });
}

#[test]
fn the_administration_is_for_the_hub_only() {
    on_each(async |world| {
        let join = json!({ "name": "new one", "currency": "LSL" });
        assert_eq!(world.admin(Method::POST, "/participants", &join).await.0, StatusCode::BAD_REQUEST);
        let join = json!({ "name": "new", "currency": "USD" });
        assert_eq!(world.admin(Method::POST, "/participants", &join).await.0, StatusCode::BAD_REQUEST, "no books");
        for (path, body) in [
            (
                "/participants/nobody/limits",
                json!({ "currency": "LSL", "limit": { "type": "NET_DEBIT_CAP", "value": 1 } }),
            ),
            ("/participants/nobody", json!({ "isActive": true })),
        ] {
            assert_eq!(world.admin(Method::PUT, path, &body).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        for value in [json!(-1), json!("1,000"), json!("x"), Value::Null] {
            let body = json!({ "currency": "LSL", "limit": { "type": "NET_DEBIT_CAP", "value": value } });
            let (status, _) = world.admin(Method::PUT, "/participants/bank/limits", &body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        }
        let short = json!({ "token": "short" });
        assert_eq!(world.admin(Method::PUT, "/participants/bank/access", &short).await.0, StatusCode::BAD_REQUEST);
        let key = json!({ "token": token("bank"), "jwsKey": { "kty": "RSA" } });
        assert_eq!(world.admin(Method::PUT, "/participants/bank/access", &key).await.0, StatusCode::BAD_REQUEST);
        let address = json!({ "type": "FSPIOP_CALLBACK_URL", "value": "ftp://bank.example" });
        assert_eq!(
            world.admin(Method::POST, "/participants/bank/endpoints", &address).await.0,
            StatusCode::BAD_REQUEST
        );
    });
}
