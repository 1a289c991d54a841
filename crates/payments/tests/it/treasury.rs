//! The treasury's desk: three sides of a day, late lines, exceptions and what officers do about them.

use payments::charges::Charges;
use payments::iso20022::{Message, XmlLimits, read};
use payments::treasury::{
    DayState, Exception, ExceptionKind, ExceptionState, Reconciliation, day, desk, explain, income, income_csv,
    reconcile, reconcile_again, revenue, revenue_csv, statement, suspense, take_over,
};
use payments::{RequestState, take_cash};
use serde_json::json;
use spine::{Caller, Cx, Date, Language};

use crate::agents;
use crate::bench::{Bench, lsl, on_each, person, under};
use crate::bills::{bill, made};
use crate::disbursements::{id, pay, programme, to_account, to_number, until};

fn today() -> Date {
    "2026-11-24".parse().unwrap()
}

async fn reconciled(bench: &Bench, rail: &'static str) -> Reconciliation {
    let rails = bench.gateway.rails().clone();
    bench.write(&Caller::system("test"), move |cx| reconcile(cx, &rails, rail, today())).await.unwrap()
}

/// Asks, and lets the workers fetch and weigh.
async fn fetched(bench: &Bench, rail: &'static str) -> (Reconciliation, Vec<Exception>) {
    let rails = bench.gateway.rails().clone();
    bench.write(&person("off_1"), move |cx| reconcile_again(cx, &rails, rail, today())).await.unwrap();
    bench.work().await;
    seen(bench, rail).await
}

async fn seen(bench: &Bench, rail: &'static str) -> (Reconciliation, Vec<Exception>) {
    let rails = bench.gateway.rails().clone();
    let view = bench.write(&person("off_1"), move |cx| day(cx, &rails, rail, today())).await.unwrap();
    (view.reconciliation, view.exceptions)
}

fn stands(of: &Reconciliation) -> (DayState, i64, i64, i64, i64) {
    (of.state, of.ledger.minor(), of.told.minor(), of.matched, of.exceptions)
}

#[test]
fn a_wallets_day_agrees_with_the_ledger() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        let paid = bench.ask_for(500).await;
        bench.choose(paid, "58001201").await.unwrap();
        bench.until(paid, RequestState::Paid).await;
        let back = bench.ask_for(700).await;
        bench.choose(back, "58001201").await.unwrap();
        bench.work().await;
        bench.write(&person("per_lineo"), move |cx| payments::withdraw(cx, back)).await.unwrap();
        let gone = async || bench.suspense(back).await == [("refunded".to_owned(), "withdrawn".to_owned())];
        bench.wait_for("the money to go back", gone).await;
        pay(&bench, to_number(id(1), from, 1_000, "58001201")).await.unwrap();
        until(&bench, id(1), payments::DisbursementState::Paid).await;
        let (first, none) = fetched(&bench, "wallet:mpesa").await;
        assert_eq!(stands(&first), (DayState::Agrees, -500, -500, 4, 0), "{none:?}");
        let (again, _) = fetched(&bench, "wallet:mpesa").await;
        assert_eq!((stands(&again), again.runs), (stands(&first), 2));
    });
}

#[test]
fn a_late_line_is_cleared_by_itself() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.at_bank("/pay-in", &json!({ "amount_minor": 500, "reference": id.to_string() })).await;
        bench.until(id, RequestState::Paid).await;
        // The ledger has it from the notification; nothing is missing before the day is stated.
        assert_eq!(stands(&reconciled(&bench, "bank:cbl").await), (DayState::Waiting, 500, 500, 1, 0));
        let late = json!({ "amount_minor": 900, "reference": "late", "manner": "late_line" });
        bench.at_bank("/pay-in", &late).await;
        bench.at_bank("/end-of-day", &json!({})).await;
        bench.work().await;
        let (first, _) = seen(&bench, "bank:cbl").await;
        assert_eq!(stands(&first), (DayState::Agrees, 500, 500, 1, 0), "nobody knows of the late one yet");
        bench.at_bank("/end-of-day", &json!({})).await;
        bench.work().await;
        let (second, _) = seen(&bench, "bank:cbl").await;
        assert_eq!(stands(&second), (DayState::Agrees, 1_400, 1_400, 2, 0));
        let waits = bench.write(&person("off_1"), suspense).await.unwrap();
        assert_eq!(waits.arrivals.len(), 1);
    });
}

#[test]
fn what_does_not_agree_is_a_case_until_somebody_explains_it() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        // The bank pays another amount than it was told, and says that all is well.
        pay(&bench, to_account(id(1), from, 1_000, "62000000008")).await.unwrap();
        until(&bench, id(1), payments::DisbursementState::Paid).await;
        bench.at_bank("/end-of-day", &json!({})).await;
        bench.work().await;
        let (first, all) = seen(&bench, "bank:cbl").await;
        assert_eq!(stands(&first), (DayState::Differs, -1_000, -1_100, 0, 1));
        let one = all[0].clone();
        assert_eq!(
            (one.kind, one.ledger, one.told, one.comes_in),
            (ExceptionKind::Amount, lsl(1_000), lsl(1_100), false)
        );
        let differs = first.told.minor() - first.ledger.minor();
        assert_eq!(differs, -(one.told.minor() - one.ledger.minor()), "the exceptions are the difference");
        reconciled(&bench, "bank:cbl").await;
        assert_eq!(seen(&bench, "bank:cbl").await.1, all, "done again, nothing changes");
        let (officer, of) = (person("off_1"), one.id);
        bench.write(&officer, move |cx| take_over(cx, of)).await.unwrap();
        for (reason, note, code) in [("because", "It is", "reason"), ("fee", "", "note"), ("fee", "x\u{7}yz", "note")] {
            let fault = bench.write(&officer, move |cx| explain(cx, of, reason, note)).await.unwrap_err();
            assert_eq!(fault.code(), format!("payments.exception.{code}"));
        }
        bench.write(&officer, move |cx| explain(cx, of, "fee", "The bank kept a lisente too many")).await.unwrap();
        let fault = bench.write(&officer, move |cx| take_over(cx, of)).await.unwrap_err();
        assert_eq!(fault.code(), "payments.exception.settled");
        let after = reconciled(&bench, "bank:cbl").await;
        assert_eq!((after.state, after.exceptions), (DayState::Agrees, 0), "explained stays explained");
        let (_, all) = seen(&bench, "bank:cbl").await;
        assert_eq!((all[0].state, all[0].owner.as_deref()), (ExceptionState::Explained, Some("off_1")));
    });
}

#[test]
fn a_line_nobody_knows_and_a_booking_no_statement_has() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        // The bank has what the wallet settled; the wallet's own statement does not say so yet.
        let name = "SETTLEMENT-mpesa-2026-11-24";
        bench.at_bank("/pay-in", &json!({ "amount_minor": 500, "end_to_end": name })).await;
        bench.wait_for("the settlement", async || bench.balance("bank:cbl").await == 500).await;
        let (first, all) = fetched(&bench, "wallet:mpesa").await;
        assert_eq!(stands(&first), (DayState::Differs, 0, 500, 1, 1));
        assert_eq!((all[0].kind, all[0].comes_in), (ExceptionKind::NotStated, false));
        let settle =
            axum::http::Request::post(format!("{}/settle", bench.wallet)).header("content-type", "application/json");
        let settle = settle.body(bytes::Bytes::from(json!({ "reference": name }).to_string())).unwrap();
        assert!(bench.outbound.send(settle).await.unwrap().status().is_success());
        let (second, all) = fetched(&bench, "wallet:mpesa").await;
        assert_eq!(stands(&second), (DayState::Agrees, 0, 0, 2, 0));
        assert_eq!(all[0].state, ExceptionState::Cleared);
        // Money leaves the bank, and nobody here ordered it.
        let unknown = json!({ "amount_minor": 300, "manner": "debit" });
        bench.at_bank("/pay-in", &unknown).await;
        bench.at_bank("/end-of-day", &json!({})).await;
        bench.work().await;
        let (bank, all) = seen(&bench, "bank:cbl").await;
        assert_eq!(stands(&bank), (DayState::Differs, 500, 200, 1, 1));
        assert_eq!((all[0].kind, all[0].comes_in, all[0].told), (ExceptionKind::NotBooked, false, lsl(300)));
        let rails = bench.gateway.rails().clone();
        let seen = bench.write(&person("off_1"), move |cx| desk(cx, &rails, today())).await.unwrap();
        assert_eq!(seen.exceptions.len(), 1);
    });
}

fn stated(number: u8, day: &str, entries: &str, closing: &str) -> String {
    let balance = |kind: &str, minor: &str| {
        let (sign, size) = minor.strip_prefix('-').map_or(("CRDT", minor), |size| ("DBIT", size));
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"LSL\">{size}</Amt><CdtDbtInd>{sign}</CdtDbtInd>\
             <Dt><Dt>{day}</Dt></Dt></Bal>"
        )
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M{number}</MsgId>\
         <CreDtTm>2026-11-25T20:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S{number}</Id><Acct><Id><Othr><Id>9000000000017</Id></Othr>\
         </Id><Ccy>LSL</Ccy></Acct>{}{}{entries}</Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", "0.00"),
        balance("CLBD", closing)
    )
}

#[test]
fn what_the_bank_has_on_another_day_clears_the_day_before() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        // The bank pays, and neither reports nor notifies: the payment is known to have ended because it was asked for.
        pay(&bench, to_account(id(1), from, 1_000, "62000000010")).await.unwrap();
        let paid = async || {
            bench.clock.step(1);
            bench.read(move |cx| payments::disbursement(cx, id(1))).await.state == payments::DisbursementState::Paid
        };
        bench.wait_for("the payment", paid).await;
        let tell = async |text: String| {
            let answer = bench.post("/api/payments/banks/cbl", &bench.signed(&text, 0), text.clone()).await;
            assert_eq!(answer.status(), 200, "{text}");
            bench.work().await;
        };
        tell(stated(1, "2026-11-24", "", "0.00")).await;
        let (first, all) = seen(&bench, "bank:cbl").await;
        assert_eq!((stands(&first), all[0].kind), ((DayState::Differs, -1_000, 0, 0, 1), ExceptionKind::NotStated));
        let entry = format!(
            "<Ntry><Amt Ccy=\"LSL\">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-25</Dt>\
             </BookgDt><AcctSvcrRef>D1</AcctSvcrRef><BkTxCd><Prtry><Cd>T</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs>\
             <EndToEndId>{}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>",
            id(1)
        );
        tell(stated(2, "2026-11-25", &entry, "-10.00")).await;
        let (second, all) = seen(&bench, "bank:cbl").await;
        assert_eq!((stands(&second), second.elsewhere), ((DayState::Agrees, -1_000, 0, 1, 0), 1));
        assert_eq!(all[0].state, ExceptionState::Cleared, "the late statement cleared it, and nobody pressed anything");
    });
}

#[test]
fn revenue_and_statements_can_be_taken_away() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        // A bill that two share is paid in cash at an agent's counter; another by a transfer. A shop's sales are no revenue.
        agents::arranged(&bench, 10_000, 5_000).await;
        let shares = [("income:trade", 1_500), ("income:council", 500)];
        let licence = made(&bench, bill(&bench, "REV-1", &shares, false)).await.number;
        let pay = move |cx: &mut spine::Cx<'_>| take_cash(cx, &Charges::default(), &licence, lsl(2_000));
        bench.write(&agents::at("agent-roma"), pay).await.unwrap();
        let other = made(&bench, bill(&bench, "REV-2", &[("income:trade", 700)], false)).await.number;
        bench.at_bank("/pay-in", &json!({ "amount_minor": 700, "reference": other })).await;
        bench.wait_for("the transfer", async || bench.balance("income:trade").await == -2_200).await;
        let (rails, officer) = (bench.gateway.rails().clone(), person("off_1"));
        let of = rails.clone();
        let lines = bench.write(&officer, move |cx| revenue(cx, &of, today(), today())).await.unwrap();
        let csv = String::from_utf8(revenue_csv(&lines, &Language::new("en-LS")).unwrap()).unwrap();
        assert_eq!(
            csv,
            "account,service,place,town,channel,rail,payments,amount,currency\n\
             income:council,Trading licence,agent-roma,Roma,counter,cash:agent-roma,1,5.00,LSL\n\
             income:home-affairs,Passport renewal,,,web,mpesa,1,5.00,LSL\n\
             income:trade,Trading licence,,,bank,bank:cbl,1,7.00,LSL\n\
             income:trade,Trading licence,agent-roma,Roma,counter,cash:agent-roma,1,15.00,LSL\n"
        );
        for account in ["income:council", "income:home-affairs", "income:trade"] {
            let told: i64 = lines.iter().filter(|it| it.account == account).map(|it| it.amount.minor()).sum();
            assert_eq!(told, -bench.balance(account).await, "{account}: as the ledger has it");
        }
        // A part of the fee goes back: the accounts say so, and what was paid stays what was paid.
        bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, id, lsl(120)).map(drop)).await.unwrap();
        bench.wait_for("the fee to go back", async || bench.balance("income:home-affairs").await == -380).await;
        let of = rails.clone();
        let accounts =
            bench.acts.read(&officer, move |cx: &mut Cx<'_>| income(cx, &of, today(), today())).await.unwrap();
        let csv = String::from_utf8(income_csv(&accounts).unwrap()).unwrap();
        assert_eq!(
            csv,
            "account,came_in,went_out,net,currency\nincome:council,5.00,0.00,5.00,LSL\n\
             income:home-affairs,5.00,1.20,3.80,LSL\nincome:trade,22.00,0.00,22.00,LSL\n"
        );
        let yesterday = today().yesterday().unwrap();
        let of = rails.clone();
        let before = bench.acts.read(&officer, move |cx: &mut Cx<'_>| income(cx, &of, yesterday, yesterday)).await;
        assert!(before.unwrap().is_empty());
        let of = rails.clone();
        let none = bench.write(&officer, move |cx| revenue(cx, &of, yesterday, yesterday)).await.unwrap();
        assert!(none.is_empty());
        let look = move |cx: &mut spine::Cx<'_>| statement(cx, &rails, "income:home-affairs", today());
        let bytes = bench.acts.read(&officer, look).await.unwrap();
        let Message::Statement(told) = read(&bytes, XmlLimits::MESSAGE).unwrap() else { panic!("a statement") };
        assert_eq!((told.entries.len(), told.movement()), (2, 380));
    });
}

#[test]
fn others_do_not_see_the_treasury() {
    let policies = include_str!("../../../../packs/lesotho/policies/treasury.cedar");
    under(policies, async |bench| {
        let rails = bench.gateway.rails().clone();
        let fault = bench.write(&person("per_thabo"), move |cx| desk(cx, &rails, today())).await.unwrap_err();
        assert_eq!(fault.kind(), spine::FaultKind::Forbidden);
    });
}
