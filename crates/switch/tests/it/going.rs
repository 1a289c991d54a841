//! Payments of the government to people whom the switch finds; whatever is lost, late, doubled or forged, each goes out once or not.

use axum::http::{Method, StatusCode};
use payments::ledger::{AccountKind, Bound, NewAccount, account};
use payments::{Destination, DisbursementId, DisbursementState, Handed, NewDisbursement, disburse, disbursement};
use serde_json::{Value, json};
use spine::{Caller, Cx, Fault, Personal};

use crate::government::{Government, NAME, Trouble, signature, with_government};
use crate::world::{Told, World, amount, lsl, secret};

fn id(number: u8) -> DisbursementId {
    DisbursementId::from_bytes([number; 16])
}

/// Asks for a payment of a programme that has LSL 1,000.
pub(crate) async fn ask(government: &Government, number: u8, minor: i64, to: (&str, &str)) -> Result<Handed, Fault> {
    let rails = government.gateway.rails().clone();
    let to =
        Destination::Hub { hub: "switch".to_owned(), kind: to.0.to_owned(), number: Personal::new(to.1.to_owned()) };
    let pay = move |cx: &mut Cx<'_>| {
        let new = |reference, kind, bound| NewAccount {
            reference,
            kind,
            currency: lsl(1).currency(),
            name: "payments.account.suspense",
            bound,
        };
        let treasury = account(cx, &new("treasury", AccountKind::Asset, Bound::None))?;
        let from = account(cx, &new("programme:pension", AccountKind::Liability, Bound::DebitsWithinCredits))?;
        let step = payments::Step::Move { debit: treasury, credit: from, amount: lsl(100_000) };
        let budget = payments::TransferId::from_bytes([200; 16]);
        payments::ledger::book(cx, &[payments::Transfer { id: budget, step, reference: "budget".to_owned() }])?;
        let new =
            NewDisbursement { id: id(number), from, to: to.clone(), amount: lsl(minor), reference: "OAP-11".into() };
        disburse(cx, &rails, &new)
    };
    government.acts.post(&Caller::system("grants"), &journal::Key::none(), pay).await
}

async fn state(government: &Government, number: u8) -> (DisbursementState, Option<String>) {
    government
        .write(move |cx| disbursement(cx, id(number)).map(|it| (it.state.code().to_owned(), it.reason)))
        .await
        .map(|(state, reason)| (stands(&state), reason))
        .unwrap()
}

fn stands(code: &str) -> DisbursementState {
    use DisbursementState::{Failed, Made, Paid, Returned, Review, Sent};
    [Made, Sent, Paid, Failed, Returned, Review].into_iter().find(|state| state.code() == code).unwrap()
}

async fn until(world: &World, government: &Government, number: u8, wanted: DisbursementState, seconds: i64) {
    let is_so = async || state(government, number).await.0 == wanted;
    government.until(world, &format!("payment {number} to be {wanted:?}"), seconds, is_so).await;
}

/// Says something as the bank to the government, through the switch.
async fn says(government: &Government, world: &World, path: &str, body: &Value) -> StatusCode {
    government.bank_says(world, Method::PUT, path, body).await.0
}

/// The bank says who she is.
async fn found(government: &Government, world: &World) -> StatusCode {
    let asked = world.told("bank", "GET", "/parties/MSISDN/26658001201").await;
    let info = json!({ "partyIdType": "MSISDN", "partyIdentifier": "26658001201", "fspId": "bank" });
    says(government, world, &asked.path, &json!({ "party": { "partyIdInfo": info } })).await
}

/// The bank quotes, keeping `fee` of it.
async fn quotes(government: &Government, world: &World, fee: i64) -> Told {
    let asked = world.told("bank", "POST", "/quotes").await;
    let minor = crate::world::minor(&json!(
        asked.body["amount"]["amount"].as_str().unwrap().parse::<serde_json::Number>().unwrap()
    ));
    let transaction = asked.body["transactionId"].as_str().unwrap();
    let quoted = json!({
        "transferAmount": asked.body["amount"],
        "payeeReceiveAmount": amount(minor - fee),
        "expiration": "2026-11-27T06:00:00.000Z",
        "ilpPacket": "AYIBgQAAAAAAAASwNGxldmVsb25l",
        "condition": crypto::base64url(&crypto::sha256(&[&secret(transaction)])),
    });
    let path = format!("/quotes/{}", asked.body["quoteId"].as_str().unwrap());
    assert_eq!(says(government, world, &path, &quoted).await, StatusCode::OK);
    asked
}

/// The bank agrees to the transfer that is proposed.
async fn agrees(government: &Government, world: &World) -> String {
    let asked = world.told("bank", "POST", "/transfers").await;
    let transfer = asked.body["transferId"].as_str().unwrap().to_owned();
    assert_eq!(asked.body["payerFsp"], NAME);
    let done = crate::world::fulfilling(&transfer, "COMMITTED");
    assert_eq!(says(government, world, &format!("/transfers/{transfer}"), &done).await, StatusCode::OK);
    transfer
}

/// The bank's customer is 26658001201.
pub(crate) async fn registered(government: &Government, world: &World) {
    let (path, body) = ("/participants/MSISDN/26658001201", json!({ "fspId": "bank" }));
    let text = body.to_string();
    let signed = signature(&government.bank, "bank", ("POST", path), None, &text);
    let said = world.send_text("bank", Method::POST, path, &text, &[("fspiop-signature", &signed)]).await;
    assert_eq!(said.0, StatusCode::ACCEPTED);
    world.told("bank", "PUT", path).await;
}

#[test]
fn a_phone_number_at_any_institution_is_paid() {
    with_government(async |world, government| {
        registered(government, world).await;
        assert_eq!(ask(government, 1, 60_000, ("MSISDN", "5800 1201")).await.unwrap(), Handed::Now);
        assert_eq!(ask(government, 1, 60_000, ("MSISDN", "+266 58001201")).await.unwrap(), Handed::Before);
        assert_eq!(found(government, world).await, StatusCode::OK);
        let asked = quotes(government, world, 0).await;
        assert_eq!(asked.body["amount"], json!({ "amount": "600", "currency": "LSL" }));
        agrees(government, world).await;
        until(world, government, 1, DisbursementState::Paid, 1).await;
        assert_eq!(government.holds("hub:switch").await, -60_000);
        assert_eq!(government.holds("programme:pension").await, -40_000);
        assert_eq!((world.position("bank").await, world.position(NAME).await), (-60_000, 60_000));
        for (to, code) in [
            (("MSISDN", "123"), "payments.disbursement.number"),
            (("IBAN", "LS12"), "payments.disbursement.hub"),
            (("ACCOUNT_ID", "a/b"), "payments.disbursement.number"),
        ] {
            assert_eq!(ask(government, 2, 100, to).await.unwrap_err().code(), code);
        }
        let most = ask(government, 2, 5_000_001, ("MSISDN", "58001201")).await.unwrap_err();
        assert_eq!(most.code(), "payments.disbursement.limits");
        government.must_be_sound().await;
        world.must_be_sound().await;
    });
}

#[test]
fn what_is_lost_late_or_doubled_on_the_way_changes_nothing() {
    with_government(async |world, government| {
        registered(government, world).await;
        // Each step is lost once, on its way there; and then the hub's word, which is asked for.
        for (verb, part) in [("GET", "/parties"), ("POST", "/quotes"), ("POST", "/transfers")] {
            government.to_hub.trouble(Trouble::Lost, verb, part, 1);
            government.to_hub.trouble(Trouble::Away, verb, part, 1);
        }
        government.to_us.trouble(Trouble::Lost, "PUT", "/transfers/", 1);
        government.to_us.trouble(Trouble::Twice, "PUT", "/", 9);
        ask(government, 1, 60_000, ("MSISDN", "58001201")).await.unwrap();
        let goes_on = async |part: &str, verb: &str, times| {
            let is_so = async || government.to_hub.count(verb, part) >= times;
            government.until(world, part, 1, is_so).await;
        };
        goes_on("/parties", "GET", 3).await;
        assert_eq!(found(government, world).await, StatusCode::OK);
        goes_on("/quotes", "POST", 3).await;
        quotes(government, world, 0).await;
        goes_on("/transfers", "POST", 3).await;
        agrees(government, world).await;
        until(world, government, 1, DisbursementState::Paid, 1).await;
        assert_eq!(government.holds("hub:switch").await, -60_000);
        assert_eq!(world.position(NAME).await, 60_000);
        government.must_be_sound().await;
    });
}

#[test]
fn a_no_gives_the_money_back_and_only_the_hub_says_it_once_the_transfer_is_sent() {
    with_government(async |world, government| {
        registered(government, world).await;
        let back = async |number, reason: &str| {
            until(world, government, number, DisbursementState::Failed, 1).await;
            assert_eq!(state(government, number).await.1.as_deref(), Some(reason));
            assert_eq!(government.holds("programme:pension").await, -100_000);
        };
        ask(government, 1, 100, ("MSISDN", "58009999")).await.unwrap();
        back(1, "unknown_number").await;
        // They would keep something of it.
        ask(government, 2, 60_000, ("MSISDN", "58001201")).await.unwrap();
        found(government, world).await;
        quotes(government, world, 1).await;
        back(2, "fee").await;
        // The payee's institution will not have it: the hub says so.
        ask(government, 3, 60_000, ("MSISDN", "58001201")).await.unwrap();
        found(government, world).await;
        quotes(government, world, 0).await;
        let asked = world.told("bank", "POST", "/transfers").await;
        let path = format!("/transfers/{}", asked.body["transferId"].as_str().unwrap());
        let no =
            json!({ "errorInformation": { "errorCode": "5104", "errorDescription": "Payee rejected transaction" } });
        says(government, world, &format!("{path}/error"), &no).await;
        back(3, "aborted").await;
        // Nobody answers: the hub gives it up.
        ask(government, 4, 60_000, ("MSISDN", "58001201")).await.unwrap();
        found(government, world).await;
        quotes(government, world, 0).await;
        world.told("bank", "POST", "/transfers").await;
        assert_eq!(state(government, 4).await.0, DisbursementState::Sent);
        world.clock.step(61);
        back(4, "hub_3303").await;
        // More than the hub lets us send: it says so, and nothing is lost.
        let set = |minor| {
            move |cx: &mut Cx<'_>| switch::set_cap(cx, NAME, &switch::Cap { amount: lsl(minor), alarm_percent: 10 })
        };
        world.write(set(100)).await.unwrap();
        ask(government, 5, 60_000, ("MSISDN", "58001201")).await.unwrap();
        found(government, world).await;
        quotes(government, world, 0).await;
        until(world, government, 5, DisbursementState::Failed, 1).await;
        assert_eq!(government.holds("hub:switch").await, 0);
        government.must_be_sound().await;
        world.must_be_sound().await;
    });
}

#[test]
fn what_the_payees_institution_alone_says_ends_nothing() {
    with_government(async |world, government| {
        registered(government, world).await;
        ask(government, 1, 60_000, ("MSISDN", "58001201")).await.unwrap();
        found(government, world).await;
        quotes(government, world, 0).await;
        let asked = world.told("bank", "POST", "/transfers").await;
        let transfer = asked.body["transferId"].as_str().unwrap().to_owned();
        // Straight to our door, past the hub, with its own good signature.
        let path = format!("/transfers/{transfer}");
        let no = json!({ "errorInformation": { "errorCode": "5104", "errorDescription": "no" } }).to_string();
        let at = format!("{path}/error");
        let signed = signature(&government.bank, "bank", ("PUT", &at), Some(NAME), &no);
        let said = crate::coming::straight(government, (Method::PUT, &at), "bank", no, Some(signed)).await;
        assert_eq!(said.0, StatusCode::OK);
        let is_so = async || government.to_hub.count("GET", &transfer) > 0;
        government.until(world, "the hub to be asked", 0, is_so).await;
        assert_eq!(state(government, 1).await.0, DisbursementState::Sent, "the money stays held");
        let done = crate::world::fulfilling(&transfer, "COMMITTED");
        says(government, world, &path, &done).await;
        until(world, government, 1, DisbursementState::Paid, 1).await;
        government.must_be_sound().await;
    });
}
