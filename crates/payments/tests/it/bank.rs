//! The bank rail: files out and what becomes of them, money in and to whom it belongs, whatever the bank does.

use axum::http::Response;
use bytes::Bytes;
use payments::{ArrivalId, Destination, DisbursementState, Handed, RequestState, apply, send_back};
use serde_json::{Value, json};
use spine::{Cx, Personal};

use crate::bench::{Bench, on_each, person};
use crate::disbursements::{id, pay, programme, state, to_account, told, until};

/// The ledger and the bank say the same of our account.
async fn must_agree(bench: &Bench) {
    assert_eq!(bench.balance("bank:cbl").await, bench.bank_balance().await, "ours and the bank's");
    let audit = bench.audit().await;
    assert!(audit.is_sound(), "{:?}", audit.findings);
}

#[test]
fn payments_go_out_in_a_file_and_end_as_the_bank_says() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        // Paid; rejected; told twice; late; a forged report first; busy twice; answer and report lost.
        let accounts = [
            ("62000000001", DisbursementState::Paid),
            ("62000000002", DisbursementState::Failed),
            ("62000000004", DisbursementState::Paid),
            ("62000000006", DisbursementState::Paid),
            ("62000000007", DisbursementState::Paid),
            ("62000000009", DisbursementState::Paid),
            ("62000000010", DisbursementState::Paid),
        ];
        for (place, (account, wanted)) in (1..).zip(accounts) {
            assert_eq!(pay(&bench, to_account(id(place), from, 1_000, account)).await.unwrap(), Handed::Now);
            assert_eq!(pay(&bench, to_account(id(place), from, 1_000, account)).await.unwrap(), Handed::Before);
            let ended = async || {
                bench.clock.step(1);
                state(&bench, id(place)).await.0 == wanted
            };
            bench.wait_for(&format!("{account} to be {wanted:?}"), ended).await;
            let event = if wanted == DisbursementState::Paid { "paid" } else { "failed" };
            assert_eq!(told(&bench, id(place)).await, [event], "{account}");
        }
        assert_eq!(state(&bench, id(2)).await.1.as_deref(), Some("AC04"));
        assert_eq!(bench.balance("programme:pension").await, -94_000);
        must_agree(&bench).await;
    });
}

#[test]
fn a_file_is_refused_whole_and_money_that_comes_back_is_free_again() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        pay(&bench, to_account(id(1), from, 1_000, "62000000011")).await.unwrap();
        until(&bench, id(1), DisbursementState::Failed).await;
        assert_eq!(state(&bench, id(1)).await.1.as_deref(), Some("file_refused"));
        pay(&bench, to_account(id(2), from, 1_000, "62000000005")).await.unwrap();
        let back = async || {
            bench.clock.step(1);
            state(&bench, id(2)).await.0 == DisbursementState::Returned
        };
        bench.wait_for("it to come back", back).await;
        assert_eq!(state(&bench, id(2)).await.1.as_deref(), Some("AC04"));
        assert_eq!(told(&bench, id(2)).await, ["paid", "returned"]);
        // The statement tells all of it once more.
        bench.at_bank("/end-of-day", &json!({})).await;
        assert_eq!(told(&bench, id(2)).await, ["paid", "returned"]);
        assert_eq!(bench.balance("programme:pension").await, -100_000);
        must_agree(&bench).await;
    });
}

async fn pay_in(bench: &Bench, minor: i64, reference: &str, manner: &str) {
    bench.at_bank("/pay-in", &json!({ "amount_minor": minor, "reference": reference, "manner": manner })).await;
}

#[test]
fn money_with_a_reference_pays_its_request_once() {
    on_each(async |bench| {
        for manner in ["", "twice", "forged"] {
            let id = bench.ask_for(500).await;
            let name = if manner == "twice" { id.to_string() } else { bench.number(id).await };
            pay_in(&bench, 500, &format!("passport {name}"), manner).await;
            bench.until(id, RequestState::Paid).await;
            assert_eq!(bench.events(id).await, ["paid"], "{manner}");
        }
        // Its notification is lost, and the statement tells.
        let id = bench.ask_for(500).await;
        pay_in(&bench, 500, &id.to_string(), "lost").await;
        bench.work().await;
        assert_eq!(bench.state(id).await, RequestState::Open);
        bench.at_bank("/end-of-day", &json!({})).await;
        bench.until(id, RequestState::Paid).await;
        assert_eq!((bench.balance("bank:cbl").await, bench.balance("income:home-affairs").await), (2_000, -2_000));
        let receipt = bench.acts.read(&person("per_lineo"), move |cx| payments::receipt(cx, id)).await.unwrap();
        assert_eq!((receipt.wallet.as_str(), receipt.number_paid_from.as_str()), ("bank:cbl", ""));
        must_agree(&bench).await;
    });
}

async fn waiting(bench: &Bench) -> Vec<(ArrivalId, String)> {
    let look = |cx: &mut Cx<'_>| {
        let rows = cx.tx().query("SELECT id, state FROM payments_arrival ORDER BY amount_minor", &[])?;
        Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, spine::TxError>>()?)
    };
    bench.read(look).await
}

#[test]
fn money_that_names_nothing_waits_for_an_officer() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        for (minor, words) in [(500, "thank you"), (700, "PP-9999-0000"), (900, "")] {
            pay_in(&bench, minor, words, "").await;
        }
        bench.wait_for("it to wait", async || waiting(&bench).await.len() == 3).await;
        assert_eq!(bench.balance("suspense:LSL").await, -2_100);
        must_agree(&bench).await;
        let all = waiting(&bench).await;
        let officer = person("off_1");
        let (first, second) = (all[0].0, all[1].0);
        let too_much = bench.write(&officer, move |cx| apply(cx, second, "PP-2026-0001")).await.unwrap_err();
        assert_eq!(too_much.code(), "payments.arrival.amount");
        let by_name = id.to_string();
        bench.write(&officer, move |cx| apply(cx, first, &by_name)).await.unwrap();
        assert_eq!(bench.state(id).await, RequestState::Paid);
        let again = bench.write(&officer, move |cx| apply(cx, first, "PP-2026-0001")).await.unwrap_err();
        assert_eq!(again.code(), "payments.arrival.settled");
        // The second goes to an account that is closed, and then to another.
        for (account, wanted) in [("62000000002", "waiting"), ("62000000001", "returned")] {
            let to = Destination::Bank {
                bank: "fnb".to_owned(),
                account: Personal::new(account.to_owned()),
                holder: Personal::new("Thabo".to_owned()),
            };
            let rails = bench.gateway.rails().clone();
            bench.write(&officer, move |cx| send_back(cx, &rails, second, to.clone())).await.unwrap();
            let ended = async || {
                bench.clock.step(1);
                waiting(&bench).await[1].1 == wanted
            };
            bench.wait_for(wanted, ended).await;
        }
        assert_eq!((bench.balance("suspense:LSL").await, bench.balance("bank:cbl").await), (-900, 1_400));
        must_agree(&bench).await;
    });
}

#[test]
fn what_cannot_be_applied_is_in_suspense_with_its_reason() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        pay_in(&bench, 400, &id.to_string(), "").await;
        let wrong = ("review".to_owned(), "wrong_amount".to_owned());
        bench.wait_for("it", async || bench.suspense(id).await == [wrong.clone()]).await;
        pay_in(&bench, 500, &id.to_string(), "").await;
        bench.until(id, RequestState::Paid).await;
        // What is in suspense is told oldest first, and two of one moment have no order.
        bench.clock.step(1);
        pay_in(&bench, 500, &id.to_string(), "").await;
        let twice = ("review".to_owned(), "paid_already".to_owned());
        bench.wait_for("it", async || bench.suspense(id).await == [wrong.clone(), twice.clone()]).await;
        must_agree(&bench).await;
    });
}

#[test]
fn a_wallets_settlement_moves_what_it_held() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        let settlement = json!({ "amount_minor": 500, "end_to_end": "SETTLEMENT-mpesa-2026-11-24" });
        bench.at_bank("/pay-in", &settlement).await;
        bench.wait_for("the settlement", async || bench.balance("bank:cbl").await == 500).await;
        assert_eq!(bench.balance("wallet:mpesa").await, 0);
        must_agree(&bench).await;
    });
}

const PATH: &str = "/api/payments/banks/cbl";

fn code(answer: &Response<Bytes>) -> (u16, String) {
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn only_our_bank_is_believed_and_only_what_it_can_say() {
    on_each(async |bench| {
        let refused = (401, "payments.callback.signature".to_owned());
        let notice = |account: &str, minor: &str| {
            format!(
                "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><GrpHdr>\
                 <MsgId>N1</MsgId><CreDtTm>2026-11-24T08:00:00Z</CreDtTm></GrpHdr><Ntfctn><Id>1</Id><Acct><Id><Othr>\
                 <Id>{account}</Id></Othr></Id><Ccy>LSL</Ccy></Acct><Ntry><Amt Ccy=\"LSL\">{minor}</Amt>\
                 <CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt>\
                 <AcctSvcrRef>X1</AcctSvcrRef><BkTxCd><Prtry><Cd>T</Cd></Prtry></BkTxCd></Ntry></Ntfctn>\
                 </BkToCstmrDbtCdtNtfctn></Document>"
            )
        };
        let good = notice("9000000000017", "5.00");
        assert_eq!(code(&bench.post(PATH, &[], good.clone()).await), refused, "no signature");
        assert_eq!(code(&bench.post(PATH, &bench.signed(&good, -301), good.clone()).await), refused, "old");
        let elsewhere = bench.post("/api/payments/banks/fnb", &bench.signed(&good, 0), good.clone()).await;
        assert_eq!(code(&elsewhere), (404, "payments.bank.unknown".to_owned()));
        for (body, expected) in [
            (notice("908", "5.00"), "payments.bank.account"),
            (notice("9000000000017", "1,000.00"), "payments.iso20022.amount"),
            (notice("9000000000017", "1e3"), "payments.iso20022.amount"),
            ("<a".to_owned(), "payments.iso20022.malformed"),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned(), "payments.iso20022.doctype"),
        ] {
            let answer = bench.post(PATH, &bench.signed(&body, 0), body.clone()).await;
            assert_eq!(code(&answer), (422, expected.to_owned()), "{body:.60}");
        }
        assert_eq!(bench.post(PATH, &bench.signed(&good, 0), good.clone()).await.status(), 200);
        let spaced = format!("{good}\n");
        assert_eq!(bench.post(PATH, &bench.signed(&spaced, 0), spaced.clone()).await.status(), 200, "the same again");
        let other = notice("9000000000017", "6.00");
        let reused = bench.post(PATH, &bench.signed(&other, 0), other.clone()).await;
        assert_eq!(code(&reused), (409, "payments.callback.reused".to_owned()));
        assert_eq!((bench.balance("bank:cbl").await, waiting(&bench).await.len()), (500, 1));
        assert!(bench.audit().await.is_sound());
    });
}
