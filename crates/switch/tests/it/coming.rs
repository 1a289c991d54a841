//! A customer of a bank pays a bill of the government through the switch; and all that can go wrong with it.

use axum::http::{Method, Request, StatusCode};
use edge::{Outbound, OutboundLimits};
use payments::bills::BillState;
use serde_json::{Value, json};

use crate::government::{DATE, Government, NAME, Trouble, quoting, signature, switch_time, with_government};
use crate::world::{HUB, World};

async fn paid(world: &World, government: &Government, bill: &payments::bills::Bill) {
    let is_so = async || government.stands(bill).await.state == BillState::Paid;
    government.until(world, "the bill to be paid", 0, is_so).await;
}

#[test]
fn a_bill_is_paid_from_any_bank_once_the_hub_has_committed() {
    with_government(async |world, government| {
        let bill = government.bill("TL-1", 50_000, false).await;
        let quoted = government.quote(world, &bill.number, 50_000).await.body;
        assert_eq!(quoted["transferAmount"], json!({ "amount": "500", "currency": "LSL" }));
        assert_eq!(quoted["payeeReceiveAmount"], quoted["transferAmount"]);
        let (id, body) = government.propose(world, &quoted).await;
        let told = world.told("bank", "PUT", &id).await;
        assert_eq!(told.body["transferState"], "COMMITTED");
        let fulfilment = crypto::from_base64url(told.body["fulfilment"].as_str().unwrap()).unwrap();
        assert_eq!(crypto::base64url(&crypto::sha256(&[&fulfilment])), quoted["condition"].as_str().unwrap());
        paid(world, government, &bill).await;
        assert_eq!(government.holds("hub:switch").await, 50_000);
        assert_eq!(government.holds("income:home-affairs").await, -50_000);
        assert_eq!((world.position("bank").await, world.position(NAME).await), (50_000, -50_000));
        // The same once more, by whoever lost the answer; and its quote under another identifier.
        assert_eq!(government.bank_says(world, Method::POST, "/transfers", &body).await.0, StatusCode::ACCEPTED);
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        let (other, _) = government.propose(world, &quoted).await;
        let told = world.told("bank", "PUT", &format!("{other}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "5105");
        assert_eq!(government.holds("hub:switch").await, 50_000);
        government.must_be_sound().await;
        world.must_be_sound().await;
    });
}

#[test]
fn what_a_number_does_not_take_is_refused_with_the_definitions_own_code() {
    with_government(async |world, government| {
        let whole = government.bill("TL-2", 50_000, false).await;
        let parts = government.bill("TL-3", 50_000, true).await;
        let code = async |number: &str, minor| {
            let told = government.quote(world, number, minor).await;
            told.body["errorInformation"]["errorCode"].as_str().map(str::to_owned)
        };
        assert_eq!(code(&whole.number, 49_999).await.as_deref(), Some("5103"));
        assert_eq!(code(&parts.number, 50_001).await.as_deref(), Some("5103"));
        assert_eq!(code(&parts.number, 1).await, None);
        for unknown in ["9482-7735-6043", "nothing", "1"] {
            world.send("bank", Method::GET, &format!("/parties/BUSINESS/LESOTHO/{unknown}"), &Value::Null).await;
            let told = world.told("bank", "PUT", "/error").await;
            assert_eq!(told.body["errorInformation"]["errorCode"], "3204", "{unknown}");
        }
        // What it owes is paid in parts, until nothing is left.
        for minor in [20_000, 30_000] {
            let quoted = government.quote(world, &parts.number, minor).await.body;
            let (id, _) = government.propose(world, &quoted).await;
            assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
            let is_so = async || government.stands(&parts).await.paid.minor() >= minor;
            government.until(world, "a part to be paid", 0, is_so).await;
        }
        paid(world, government, &parts).await;
        world.send("bank", Method::GET, &format!("/parties/BUSINESS/LESOTHO/{}", parts.number), &Value::Null).await;
        assert_eq!(world.told("bank", "PUT", "/error").await.body["errorInformation"]["errorCode"], "3204");
        government.must_be_sound().await;
    });
}

#[test]
fn what_the_hub_aborts_after_we_agreed_is_not_paid_and_what_we_promised_is_free_again() {
    with_government(async |world, government| {
        let bill = government.bill("TL-4", 50_000, false).await;
        let quoted = government.quote(world, &bill.number, 50_000).await.body;
        let late = government.quote(world, &bill.number, 50_000).await.body;
        government.to_hub.trouble(Trouble::Lost, "PUT", "/transfers/", 1);
        let (id, _) = government.propose(world, &quoted).await;
        let is_so = async || government.to_hub.count("PUT", &id) > 0;
        government.until(world, "our consent to be lost", 0, is_so).await;
        // While the hub has not said how it ended, nobody else can pay it through a hub, and it is not paid.
        let (second, _) = government.propose(world, &late).await;
        let told = world.told("bank", "PUT", &format!("{second}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "5105");
        assert_eq!(government.stands(&bill).await.state, BillState::Open);
        assert_eq!(government.holds("hub:switch").await, 0);
        world.clock.step(40);
        let told = world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3303");
        let is_so = async || {
            let quoted = government.quote(world, &bill.number, 50_000).await.body;
            let (id, _) = government.propose(world, &quoted).await;
            let ended = |told: &crate::world::Told| told.path.contains(&id);
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            world.take_where("bank", ended).is_some_and(|told| told.body["transferState"] == "COMMITTED")
        };
        government.until(world, "somebody else to pay", 0, is_so).await;
        paid(world, government, &bill).await;
        assert_eq!(government.holds("hub:switch").await, 50_000);
        government.must_be_sound().await;
        world.must_be_sound().await;
    });
}

#[test]
fn a_hub_that_says_nothing_is_asked_and_one_that_says_it_twice_is_heard_once() {
    with_government(async |world, government| {
        let [lost, twice] = [government.bill("TL-5", 100, false).await, government.bill("TL-6", 200, false).await];
        government.to_us.trouble(Trouble::Lost, "PATCH", "/transfers/", 1);
        let quoted = government.quote(world, &lost.number, 100).await.body;
        let (id, _) = government.propose(world, &quoted).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        assert_eq!(government.stands(&lost).await.state, BillState::Open);
        let is_so = async || government.stands(&lost).await.state == BillState::Paid;
        government.until(world, "the hub to be asked", 1, is_so).await;
        for what in [("PATCH", "/transfers/"), ("POST", "/transfers"), ("POST", "/quotes")] {
            government.to_us.trouble(Trouble::Twice, what.0, what.1, 1);
        }
        government.to_hub.trouble(Trouble::Twice, "PUT", "/transfers/", 1);
        let quoted = government.quote(world, &twice.number, 200).await.body;
        let (id, _) = government.propose(world, &quoted).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        paid(world, government, &twice).await;
        assert_eq!(government.holds("hub:switch").await, 300);
        government.must_be_sound().await;
    });
}

#[test]
fn a_bill_that_somebody_paid_meanwhile_leaves_the_money_in_suspense() {
    with_government(async |world, government| {
        let bill = government.bill("TL-7", 100, false).await;
        let quoted = government.quote(world, &bill.number, 100).await.body;
        government.to_us.trouble(Trouble::Lost, "PATCH", "/transfers/", 1);
        let (id, _) = government.propose(world, &quoted).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        let mut actor = spine::Actor::bare(spine::ActorKind::Client, "biller");
        actor.institution = Some("home-affairs".to_owned());
        let caller = spine::Caller { actor, ..spine::Caller::system("test") };
        let of = bill.id;
        let withdraw = move |cx: &mut spine::Cx<'_>| payments::bills::withdraw(cx, of);
        government.acts.write(&caller, &journal::Key::none(), withdraw).await.unwrap();
        let is_so = async || government.holds("suspense:LSL").await == -100;
        government.until(world, "the money to be in suspense", 1, is_so).await;
        assert_eq!(government.holds("hub:switch").await, 100);
        government.must_be_sound().await;
    });
}

#[test]
fn a_fee_is_paid_by_what_its_payer_knows_it_by_and_says_nothing_of_her() {
    with_government(async |world, government| {
        let new = payments::NewRequest {
            payer: "per_lineo".to_owned(),
            amount: crate::world::lsl(13_000),
            account: "income:home-affairs".to_owned(),
            reference: "PP-2026-000123".to_owned(),
            description: spine::Localised::from([("en", "Passport"), ("st", "Phasepoto")]),
            return_path: "/my".to_owned(),
            expires_at: government.acts.now().plus_seconds(3_600),
        };
        let request = government.write(move |cx| payments::request(cx, &new)).await.unwrap();
        world.send("bank", Method::GET, "/parties/BUSINESS/LESOTHO/PP-2026-000123", &Value::Null).await;
        let found = world.told("bank", "PUT", "PP-2026-000123").await;
        assert_eq!(found.body["party"]["name"], "LESOTHO", "whoever tries references learns nothing");
        let quoted = government.quote(world, "PP-2026-000123", 13_000).await.body;
        let (id, _) = government.propose(world, &quoted).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        let is_so = async || {
            let state = government.write(move |cx| Ok(payments::view(cx, request)?.request.state)).await.unwrap();
            state == payments::RequestState::Paid
        };
        government.until(world, "the fee to be paid", 0, is_so).await;
        assert_eq!(government.holds("income:home-affairs").await, -13_000);
        government.must_be_sound().await;
    });
}

/// Sends something straight to our door.
pub(crate) async fn straight(
    government: &Government,
    (verb, path): (Method, &str),
    source: &str,
    text: String,
    signed: Option<String>,
) -> (StatusCode, String) {
    let resource = path.split('/').nth(1).unwrap();
    let mut request = Request::builder()
        .method(verb)
        .uri(format!("{}{path}", government.base))
        .header("fspiop-source", source)
        .header("fspiop-destination", NAME)
        .header("date", DATE)
        .header("content-type", format!("application/vnd.interoperability.{resource}+json;version=1.1"));
    if let Some(signed) = signed {
        request = request.header("fspiop-signature", signed);
    }
    let request = request.body(bytes::Bytes::from(text)).unwrap();
    let answer = Outbound::new(OutboundLimits::default()).send(request).await.unwrap();
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    (answer.status(), said["errorInformation"]["errorCode"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn nobody_but_the_hub_says_that_money_came() {
    with_government(async |world, government| {
        let bill = government.bill("TL-8", 50_000, false).await;
        let quoted = government.quote(world, &bill.number, 50_000).await.body;
        government.to_hub.trouble(Trouble::Lost, "PUT", "/transfers/", 1);
        let (id, body) = government.propose(world, &quoted).await;
        let is_so = async || government.to_hub.count("PUT", &id) > 0;
        government.until(world, "our consent", 0, is_so).await;
        let path = format!("/transfers/{id}");
        let done = json!({ "transferState": "COMMITTED" }).to_string();
        let sign = |source: &str, verb: &str, at: &str, text: &str| {
            Some(signature(&government.bank, source, (verb, at), Some(NAME), text))
        };
        let patch = |signed| straight(government, (Method::PATCH, &path), HUB, done.clone(), signed);
        assert_eq!(patch(None).await.1, "3105", "not signed");
        assert_eq!(patch(sign(HUB, "PATCH", &path, &done)).await.1, "3105", "signed by another's key");
        let own = sign("bank", "PATCH", &path, &done);
        let said = straight(government, (Method::PATCH, &path), "bank", done.clone(), own).await;
        assert_eq!(said.0, StatusCode::FORBIDDEN, "a bank's own signature, and not the hub's word");
        let own = sign("bank", "PUT", &path, &done);
        let said = straight(government, (Method::PUT, &path), "bank", done.clone(), own.clone()).await;
        assert_eq!(said.0, StatusCode::OK, "the hub is asked");
        let changed = done.replace("COMMITTED", "ABORTED");
        assert_eq!(straight(government, (Method::PUT, &path), "bank", changed, own.clone()).await.1, "3105");
        let other = format!("/transfers/{}", crate::world::uuid());
        assert_eq!(straight(government, (Method::PUT, &other), "bank", done.clone(), own).await.1, "3105");
        let nobody = straight(government, (Method::PUT, &path), "nobody", done.clone(), None).await;
        assert_eq!(nobody.1, "3105");
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000));
        let said = straight(government, (Method::PUT, &path), "bank", large, None).await;
        assert_eq!(said.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            straight(government, (Method::GET, "/bulkTransfers/x"), "bank", String::new(), None).await.1,
            "3002"
        );
        // Another amount, another condition, another packet: none of them is a quote of ours.
        let spoil = async |member: &str, value: Value| {
            let mut spoilt = body.clone();
            spoilt["transferId"] = json!(crate::world::uuid());
            spoilt[member] = value;
            let id = spoilt["transferId"].as_str().unwrap().to_owned();
            government.bank_says(world, Method::POST, "/transfers", &spoilt).await;
            let told = world.told("bank", "PUT", &format!("{id}/error")).await;
            told.body["errorInformation"]["errorCode"].as_str().unwrap().to_owned()
        };
        assert_eq!(spoil("amount", crate::world::amount(49_900)).await, "3100");
        assert_eq!(spoil("condition", json!(crypto::base64url(&[7; 32]))).await, "3100");
        let packet = body["ilpPacket"].as_str().unwrap().replacen('A', "B", 1);
        assert_eq!(spoil("ilpPacket", json!(packet)).await, "3100");
        assert_eq!(government.stands(&bill).await.state, BillState::Open);
        assert_eq!(government.holds("hub:switch").await, 0);
        // A quote is taken up in its time.
        let quoted = government.quote(world, &government.bill("TL-9", 100, false).await.number, 100).await.body;
        world.clock.step(601);
        let (id, _) = government.propose(world, &quoted).await;
        let told = world.told("bank", "PUT", &format!("{id}/error")).await;
        assert_eq!(told.body["errorInformation"]["errorCode"], "3302");
        government.must_be_sound().await;
    });
}

#[test]
fn a_message_under_a_known_identifier_with_another_body_is_refused() {
    with_government(async |world, government| {
        let bill = government.bill("TL-10", 50_000, false).await;
        let quoted = government.quote(world, &bill.number, 50_000).await.body;
        let (id, mut body) = government.propose(world, &quoted).await;
        assert_eq!(world.told("bank", "PUT", &id).await.body["transferState"], "COMMITTED");
        body["expiration"] = json!(switch_time(government.acts.now().plus_seconds(31)));
        let text = body.to_string();
        let signed = signature(&government.bank, "bank", ("POST", "/transfers"), Some(NAME), &text);
        let said = straight(government, (Method::POST, "/transfers"), "bank", text, Some(signed)).await;
        assert_eq!(said.0, StatusCode::ACCEPTED);
        let is_so = async || government.to_hub.count("PUT", &format!("{id}/error")) > 0;
        government.until(world, "the refusal", 0, is_so).await;
        paid(world, government, &bill).await;
        let odd = quoting("no-uuid", &bill.number, 1).to_string();
        let signed = signature(&government.bank, "bank", ("POST", "/quotes"), Some(NAME), &odd);
        let said = straight(government, (Method::POST, "/quotes"), "bank", odd, Some(signed)).await;
        assert_eq!((said.0, said.1.as_str()), (StatusCode::BAD_REQUEST, "3101"));
    });
}
