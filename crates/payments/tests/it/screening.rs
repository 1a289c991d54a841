//! What a rule stops, through its face: held before a rail hears of it, decided by officers, and nobody's name in the record.

use payments::remittance::{self, RemittanceId, RemittanceState};
use payments::screening::{self, Case, CaseId, CaseState, RuleKind, Screening};
use payments::{DisbursementState, Rails, merchants};
use spine::{Cx, Fault};

use crate::bench::{Bench, lsl, on_each, person};
use crate::disbursements::{id, pay, programme, state, to_account, until as until_paid_out};
use crate::merchants::{paid, sells, shop};
use crate::remittances::{bill_of, sends, until};
use crate::sanctions::{NATIONAL, in_force};

const LISTED: (&str, &str) = ("MOHLALAFELA seqhóqho", "0820001201");

async fn waiting(bench: &Bench) -> Vec<Case> {
    bench.read(screening::cases).await
}

async fn decide(
    bench: &Bench,
    of: CaseId,
    officer: &str,
    decision: &'static str,
    note: &'static str,
) -> Result<CaseState, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&person(officer), move |cx| screening::decide(cx, &rails, of, decision, note)).await
}

async fn is_held(bench: &Bench, id: RemittanceId) -> bool {
    bench.work().await;
    bench.read(move |cx| Ok(remittance::remittance(cx, id)?.is_held())).await
}

async fn acts(bench: &Bench) -> String {
    let look = |cx: &mut Cx<'_>| {
        let rows = cx.tx().query("SELECT record FROM journal_act ORDER BY id", &[])?;
        let all: Result<Vec<String>, _> = rows.iter().map(|row| row.get::<String>(0)).collect();
        Ok(all?.join("\n"))
    };
    bench.read(look).await
}

#[test]
fn a_sender_on_the_list_waits_for_two_officers_and_goes_on_when_both_clear_her() {
    on_each(async |bench| {
        in_force(&bench, "national", NATIONAL).await;
        let bill = bill_of(&bench, "EX-1", 50_000).await;
        let id = sends(&bench, &bill.number, LISTED, 51_000).await.unwrap();
        assert!(is_held(&bench, id).await, "no job tells the partner");
        let one = waiting(&bench).await.remove(0);
        assert_eq!((one.kind, one.state, one.amount.minor()), (RuleKind::List, CaseState::Open, 51_000));
        assert_eq!(one.entry.as_ref().map(|it| it.0.as_str()), Some("national:EX-1"));
        for (decision, note, code) in
            [("perhaps", "Not her", "decision"), ("clear", " x ", "note"), ("clear", "bell\u{7}", "note")]
        {
            let fault = decide(&bench, one.id, "off_1", decision, note).await.unwrap_err();
            assert_eq!(fault.code(), format!("payments.screening.{code}"));
        }
        assert_eq!(decide(&bench, one.id, "off_1", "clear", "Another passport").await.unwrap(), CaseState::Proposed);
        let fault = decide(&bench, one.id, "off_1", "clear", "Again").await.unwrap_err();
        assert_eq!(fault.code(), "payments.screening.four_eyes");
        // The second sees it otherwise, so hers is what a third, or the first, must agree to.
        assert_eq!(decide(&bench, one.id, "off_2", "confirm", "The same birthday").await.unwrap(), CaseState::Proposed);
        assert_eq!(decide(&bench, one.id, "off_1", "clear", "I asked again").await.unwrap(), CaseState::Proposed);
        assert!(is_held(&bench, id).await);
        assert_eq!(decide(&bench, one.id, "off_2", "clear", "So it is").await.unwrap(), CaseState::Cleared);
        until(&bench, id, RemittanceState::Paid).await;
        assert!(waiting(&bench).await.is_empty());
        let fault = decide(&bench, one.id, "off_3", "confirm", "Too late").await.unwrap_err();
        assert_eq!(fault.code(), "payments.screening.ended");
        let record = acts(&bench).await;
        assert!(record.contains("payments.screening.stopped") && record.contains("payments.screening.decided"));
        for personal in ["eqh", "ohlalafela", "MOHLALAFELA", "820001201", "passport", "national:EX"] {
            assert!(!record.contains(personal), "{personal} is in an act");
        }
        bench.must_be_sound().await;
    });
}

#[test]
fn a_near_miss_passes_and_what_is_confirmed_stays_stopped_until_its_time_is_over() {
    on_each(async |bench| {
        in_force(&bench, "national", NATIONAL).await;
        let bill = bill_of(&bench, "EX-2", 50_000).await;
        let other = sends(&bench, &bill.number, ("Seqhoqho Mokoena", "0830001203"), 51_000).await.unwrap();
        until(&bench, other, RemittanceState::Told).await;
        assert!(waiting(&bench).await.is_empty());
        let id = sends(&bench, &bill.number, LISTED, 51_000).await.unwrap();
        let one = waiting(&bench).await.remove(0);
        decide(&bench, one.id, "off_1", "confirm", "The same passport").await.unwrap();
        assert_eq!(decide(&bench, one.id, "off_2", "confirm", "I agree").await.unwrap(), CaseState::Confirmed);
        assert!(is_held(&bench, id).await);
        bench.clock.step(86_401);
        until(&bench, id, RemittanceState::Expired).await;
        assert_eq!(bench.balance("partner:pula").await, 0);
    });
}

#[test]
fn a_holder_on_the_list_is_not_paid_before_two_officers_have_cleared_the_name() {
    on_each(async |bench| {
        in_force(&bench, "national", NATIONAL).await;
        let from = programme(&bench, 100_000).await;
        let listed = |number: u8| {
            let mut new = to_account(id(number), from, 1_000, "62000000001");
            if let payments::Destination::Bank { holder, .. } = &mut new.to {
                *holder = spine::Personal::new("Joaquin Ejemplo Inventado".to_owned());
            }
            new
        };
        pay(&bench, listed(1)).await.unwrap();
        pay(&bench, listed(2)).await.unwrap();
        pay(&bench, to_account(id(3), from, 1_000, "62000000001")).await.unwrap();
        until_paid_out(&bench, id(3), DisbursementState::Paid).await;
        assert_eq!(state(&bench, id(1)).await, (DisbursementState::Made, Some("screening".to_owned())));
        let all = waiting(&bench).await;
        assert_eq!(all.len(), 2);
        for one in all {
            let decision = if one.subject == id(1).to_string() { "clear" } else { "confirm" };
            decide(&bench, one.id, "off_1", decision, "Looked up").await.unwrap();
            decide(&bench, one.id, "off_2", decision, "Looked up").await.unwrap();
        }
        until_paid_out(&bench, id(1), DisbursementState::Paid).await;
        assert_eq!(state(&bench, id(2)).await, (DisbursementState::Failed, Some("screening".to_owned())));
        let programme = bench.read(|cx| payments::ledger::called(cx, "programme:pension")).await.unwrap();
        assert_eq!(programme.available(), 98_000, "what was confirmed is free again");
    });
}

#[test]
fn much_of_one_number_and_several_just_under_a_limit() {
    on_each(async |bench| {
        let bill = bill_of(&bench, "EX-3", 450_000).await;
        let sender = ("Puleng Mokoena", "0820001203");
        let mut last = None;
        for _ in 0..3 {
            last = Some(sends(&bench, &bill.number, sender, 455_000).await.unwrap());
        }
        let cases = waiting(&bench).await;
        assert_eq!((cases.len(), cases[0].kind), (1, RuleKind::Structuring));
        assert_eq!(decide(&bench, cases[0].id, "off_1", "clear", "School fees").await.unwrap(), CaseState::Cleared);
        until(&bench, last.unwrap(), RemittanceState::Told).await;
        // Cleared, she is counted anew; by another number nothing was counted.
        sends(&bench, &bill.number, sender, 455_000).await.unwrap();
        let much = bill_of(&bench, "EX-4", 300_000).await;
        for _ in 0..4 {
            sends(&bench, &much.number, ("Puleng Mokoena", "0830001203"), 303_500).await.unwrap();
        }
        assert!(waiting(&bench).await.is_empty());
        sends(&bench, &much.number, ("Puleng Mokoena", "0830001203"), 303_500).await.unwrap();
        let cases = waiting(&bench).await;
        assert_eq!((cases.len(), cases[0].kind, cases[0].rule.as_str()), (1, RuleKind::Velocity, "sender-week"));
        assert!(!acts(&bench).await.contains("30001203"));
    });
}

#[test]
fn a_shop_that_takes_more_than_a_rule_expects_is_paid_when_an_officer_has_looked() {
    on_each(async |bench| {
        let text = "illustrative = true\n[names]\nalike = 88\n[[velocity]]\nid = \"shop\"\nplace = \"settlement\"\n\
                    days = 7\npayments = 1\namount_minor = 5000000";
        let screening = Screening::parse(text, spine::Folding::default()).unwrap();
        let rails = Rails { screening, ..bench.gateway.rails().clone() };
        let shop = shop(&bench).await;
        let settled = async || {
            let rails = rails.clone();
            bench.write(&person("per_tsepo"), move |cx| merchants::settle(cx, &rails, shop)).await.unwrap()
        };
        let sold = async || {
            let number = sells(&bench, shop, 10_000).await.unwrap();
            paid(&bench, &number).await;
        };
        sold().await;
        assert_eq!(settled().await, 10_000);
        sold().await;
        assert_eq!(settled().await, 0);
        assert_eq!(settled().await, 0, "stopped, and the same case");
        let cases = waiting(&bench).await;
        assert_eq!((cases.len(), cases[0].kind, cases[0].amount), (1, RuleKind::Velocity, lsl(10_000)));
        decide(&bench, cases[0].id, "off_1", "clear", "A fair in town").await.unwrap();
        assert_eq!(settled().await, 10_000, "cleared, it goes");
    });
}
