//! A fund: levies in, projects out by two officers, and what everybody sees of it, each figure as the ledger has it.

use payments::bills::BillState;
use payments::funds::{
    self, FundPaymentId, FundPaymentState, Funds, Licence, NewAssessment, NewFundPayment, NewProject, ProjectId, Side,
    year,
};
use payments::iso20022::{Message, XmlLimits, read};
use payments::treasury::statement;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault};

use crate::bench::{Bench, lsl, on_each, person, under};

const FUND: &str = "universal-service";
const ACCOUNT: &str = "fund:universal-service";

fn pack() -> Funds {
    Funds::parse(include_str!("../../../../packs/lesotho/funds.toml")).unwrap()
}

fn officer(name: &str, institution: &str) -> Caller {
    let actor = Actor {
        roles: vec!["fund-officer".to_owned()],
        institution: Some(institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, name)
    };
    Caller { actor, ..Caller::system("test") }
}

fn keeper(name: &str) -> Caller {
    officer(name, "lesotho-communications-authority")
}

fn declared(contributor: &str, of: i64, minor: i64) -> NewAssessment {
    let (levy, contributor) = ("operators".to_owned(), contributor.to_owned());
    NewAssessment { levy, contributor, year: of, base: lsl(minor), licence: Licence::default() }
}

async fn assessed(bench: &Bench, new: NewAssessment) -> Result<String, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&keeper("off_1"), move |cx| funds::assess(cx, &pack(), &rails, FUND, &new)).await
}

/// The same for who was licensed from and until these days.
fn licensed(of: i64, minor: i64, from: &str, until: &str) -> NewAssessment {
    let licence = Licence { from: from.parse().ok(), until: until.parse().ok() };
    NewAssessment { licence, ..declared("operator-one", of, minor) }
}

async fn planned(bench: &Bench, name: &str, budget: i64) -> Result<ProjectId, Fault> {
    let new = NewProject { name: name.to_owned(), place: "Semonkong".to_owned(), budget: lsl(budget) };
    bench.write(&keeper("off_1"), move |cx| funds::plan(cx, &pack(), FUND, &new)).await
}

fn to(number: &str, minor: i64) -> NewFundPayment {
    NewFundPayment {
        purpose: "Half of a mast".to_owned(),
        amount: lsl(minor),
        bank: "fnb".to_owned(),
        number: number.to_owned(),
        holder: "Mast Builders (example)".to_owned(),
    }
}

async fn asked(bench: &Bench, project: ProjectId, new: NewFundPayment) -> Result<FundPaymentId, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&keeper("off_1"), move |cx| funds::ask(cx, &pack(), &rails, project, &new)).await
}

async fn decided(bench: &Bench, by: &str, id: FundPaymentId, approves: bool) -> Result<(), Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&keeper(by), move |cx| funds::decide(cx, &pack(), &rails, id, approves)).await
}

async fn of_year(bench: &Bench, of: i64) -> funds::FundYear {
    let rails = bench.gateway.rails().clone();
    bench.read(move |cx| year(cx, &pack(), &rails, FUND, of)).await
}

/// The levy's bill is paid by a transfer to our bank, whole or a part of it.
async fn pays(bench: &Bench, number: &str, minor: i64) {
    let before = bench.balance(ACCOUNT).await;
    bench.at_bank("/pay-in", &json!({ "amount_minor": minor, "reference": number })).await;
    bench.wait_for("the levy", async || bench.balance(ACCOUNT).await == before - minor).await;
}

async fn state(bench: &Bench, id: FundPaymentId) -> (FundPaymentState, Option<payments::DisbursementState>) {
    let desk = bench.acts.read(&keeper("off_2"), |cx: &mut Cx<'_>| funds::desk(cx, &pack(), FUND)).await.unwrap();
    let mut all = desk.projects.into_iter().flat_map(|view| view.payments);
    let (payment, sent) = all.find(|(payment, _)| payment.id == id).unwrap();
    (payment.state, sent.map(|sent| sent.state))
}

#[test]
fn levies_come_in_and_projects_are_paid_by_two_officers() {
    on_each(async |bench| {
        let first = assessed(&bench, declared("operator-one", 2025, 10_000_050)).await.unwrap();
        pays(&bench, &first, 40_000).await;
        pays(&bench, &first, 60_001).await;
        let bill = first.clone();
        let paid = bench.read(move |cx| payments::bills::find(cx, &bill)).await;
        assert_eq!((paid.state, paid.amount), (BillState::Paid, lsl(100_001)), "half a lisente is one");
        let again = assessed(&bench, declared("operator-one", 2025, 1)).await.unwrap_err();
        assert_eq!(again.code(), "payments.fund.wrong", "a levy of nothing is none");
        let again = assessed(&bench, declared("operator-one", 2025, 900_000)).await.unwrap_err();
        assert_eq!(again.code(), "payments.fund.assessed");
        // What nobody has paid yet can be put right; the bill before is worth nothing any more.
        let wrong = assessed(&bench, declared("operator-two", 2025, 70_000_000)).await.unwrap();
        let right = assessed(&bench, declared("operator-two", 2025, 7_000_000)).await.unwrap();
        let before = bench.read(move |cx| payments::bills::find(cx, &wrong)).await;
        assert_eq!(before.state, BillState::Withdrawn);
        assert_ne!(before.number, right);
        pays(&bench, &right, 70_000).await;

        let mast = planned(&bench, "Mast at Semonkong", 150_000).await.unwrap();
        let half = asked(&bench, mast, to("62000000001", 90_000)).await.unwrap();
        assert_eq!(asked(&bench, mast, to("62000000001", 60_001)).await.unwrap_err().code(), "payments.fund.over");
        assert_eq!(decided(&bench, "off_1", half, true).await.unwrap_err().code(), "payments.fund.same");
        let seen = of_year(&bench, 2026).await;
        assert_eq!((seen.promised, seen.closing, seen.total(false)), (lsl(90_000), lsl(170_001), lsl(0)));
        decided(&bench, "off_2", half, true).await.unwrap();
        decided(&bench, "off_2", half, true).await.unwrap();
        assert_eq!(decided(&bench, "off_3", half, false).await.unwrap_err().code(), "payments.fund.decided");
        bench
            .wait_for("the bank to have paid", async || {
                state(&bench, half).await == (FundPaymentState::Approved, Some(payments::DisbursementState::Paid))
            })
            .await;
        // Whoever asked may take her own back; what she asked for is free again.
        let rest = asked(&bench, mast, to("62000000001", 60_000)).await.unwrap();
        decided(&bench, "off_1", rest, false).await.unwrap();
        let hall = planned(&bench, "Lines to schools", 500_000).await.unwrap();
        assert_eq!(asked(&bench, hall, to("62000000001", 80_002)).await.unwrap_err().code(), "payments.fund.short");
        asked(&bench, hall, to("62000000001", 80_001)).await.unwrap();

        let seen = of_year(&bench, 2026).await;
        let (came, went) = (seen.total(true), seen.total(false));
        assert_eq!((seen.opening, came, went, seen.closing), (lsl(0), lsl(170_001), lsl(90_000), lsl(80_001)));
        assert_eq!(seen.promised, lsl(80_001));
        let sum = |side: Side| seen.sums[&side];
        assert_eq!(sum(Side::From("operator-one".to_owned())), lsl(100_001));
        assert_eq!(sum(Side::From("operator-two".to_owned())), lsl(70_000));
        assert_eq!(sum(Side::For(mast)), lsl(-90_000));
        assert_eq!(bench.balance(ACCOUNT).await, -80_001, "what is shown is what the ledger has");
        // The year before has nothing, the year after has it as its beginning.
        let before = of_year(&bench, 2025).await;
        assert_eq!((before.opening, before.closing, before.entries.len()), (lsl(0), lsl(0), 0));
        let after = of_year(&bench, 2027).await;
        assert_eq!(
            (after.opening, after.closing, after.entries.len(), after.has_earlier),
            (lsl(80_001), lsl(80_001), 0, true)
        );
        // And for the government's accounts.
        let rails = bench.gateway.rails().clone();
        let look = move |cx: &mut Cx<'_>| statement(cx, &rails, ACCOUNT, "2026-11-24".parse().unwrap());
        let bytes = bench.acts.read(&person("off_1"), look).await.unwrap();
        let Message::Statement(told) = read(&bytes, XmlLimits::MESSAGE).unwrap() else { panic!("a statement") };
        assert_eq!(told.movement(), 80_001);
        bench.must_be_sound().await;
    });
}

#[test]
fn a_levy_for_part_of_a_year_is_by_days_and_says_how() {
    on_each(async |bench| {
        let bill = async |new| {
            let number = assessed(&bench, new).await.unwrap();
            let bill = bench.read(move |cx| payments::bills::find(cx, &number)).await;
            let said = bill.description.in_language(&spine::Language::new("en")).to_owned();
            (bill.amount.minor(), said)
        };
        // 30,000,000 × 1 % × 184 ÷ 366 is 150,819.67…: rounded once, at the end.
        let leap = bill(licensed(2024, 30_000_000, "2024-07-01", "")).await;
        assert_eq!(leap, (150_820, "Levy on operators 2024 (184/366): First operator (example)".to_owned()));
        // 184 of 365 days is 151,232.87…; it takes the place of nothing, for it is another year.
        assert_eq!(bill(licensed(2025, 30_000_000, "2025-07-01", "2026-06-30")).await.0, 151_233);
        // A licence that begins and ends in the same year, on the leap day.
        let short = bill(licensed(2024, 36_600, "2024-02-29", "2024-03-01")).await;
        assert_eq!(short, (2, "Levy on operators 2024 (2/366): First operator (example)".to_owned()));
        // Half a lisente is one: 18,300 × 1 % × 1 ÷ 366 is one half. A little less is nothing, which is no levy.
        assert_eq!(bill(licensed(2024, 18_300, "2024-05-05", "2024-05-05")).await.0, 1);
        let nothing = assessed(&bench, licensed(2024, 18_299, "2024-05-05", "2024-05-05")).await.unwrap_err();
        assert_eq!(nothing.fields()[0].field, "base");
        // Days that cover the whole year are the whole year.
        let whole = bill(licensed(2024, 30_000_000, "2020-01-01", "2024-12-31")).await;
        assert_eq!(whole, (300_000, "Levy on operators 2024: First operator (example)".to_owned()));
        bill(licensed(2024, 30_000_000, "2024-07-01", "")).await;
        let desk = bench.acts.read(&keeper("off_2"), |cx: &mut Cx<'_>| funds::desk(cx, &pack(), FUND)).await.unwrap();
        let kept = desk.assessments.iter().find(|one| one.year == 2024).unwrap();
        let part = kept.licence.part_of(2024).unwrap();
        assert_eq!((part.days, part.of, kept.base, kept.amount), (184, 366, lsl(30_000_000), lsl(150_820)));
        bench.must_be_sound().await;
    });
}

#[test]
fn wrong_days_of_a_licence_are_said_at_their_field_and_change_nothing() {
    on_each(async |bench| {
        for (new, field) in [
            (licensed(2024, 1_000_000, "2024-06-02", "2024-06-01"), "until"),
            (licensed(2024, 1_000_000, "2025-01-01", ""), "from"),
            (licensed(2024, 1_000_000, "", "2023-12-31"), "from"),
            (licensed(2027, 1_000_000, "2024-06-02", "2024-06-01"), "year"),
        ] {
            let fault = assessed(&bench, new.clone()).await.unwrap_err();
            assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("payments.fund.wrong", field), "{new:?}");
        }
        // Where the pack has no rule for it a levy is for whole years.
        let file = include_str!("../../../../packs/lesotho/funds.toml").replace("part_year = \"by-days\"\n", "");
        let (whole, rails) = (Funds::parse(&file).unwrap(), bench.gateway.rails().clone());
        let assess = async |new: NewAssessment| {
            let (whole, rails) = (whole.clone(), rails.clone());
            bench.write(&keeper("off_1"), move |cx| funds::assess(cx, &whole, &rails, FUND, &new)).await
        };
        let refused = assess(licensed(2024, 1_000_000, "2024-07-01", "")).await.unwrap_err();
        assert_eq!(refused.fields()[0].text, spine::Text::new("payments.fund.licence_whole"));
        let desk = bench.acts.read(&keeper("off_2"), |cx: &mut Cx<'_>| funds::desk(cx, &pack(), FUND)).await.unwrap();
        assert!(desk.assessments.is_empty(), "nothing was assessed");
        assess(licensed(2024, 1_000_000, "2024-01-01", "")).await.unwrap();
    });
}

#[test]
fn what_the_bank_cannot_pay_is_the_funds_again() {
    on_each(async |bench| {
        let bill = assessed(&bench, declared("operator-one", 2026, 5_000_000)).await.unwrap();
        pays(&bench, &bill, 50_000).await;
        let mast = planned(&bench, "Mast at Semonkong", 50_000).await.unwrap();
        // The simulated bank knows no such account.
        let lost = asked(&bench, mast, to("62000000002", 50_000)).await.unwrap();
        decided(&bench, "off_2", lost, true).await.unwrap();
        bench
            .wait_for("the bank to have said no", async || {
                state(&bench, lost).await.1.is_some_and(|it| it == payments::DisbursementState::Failed)
            })
            .await;
        let seen = of_year(&bench, 2026).await;
        assert_eq!((seen.closing, seen.promised, seen.total(false)), (lsl(50_000), lsl(0), lsl(0)));
        // Its budget is free again too.
        let again = asked(&bench, mast, to("62000000001", 50_000)).await.unwrap();
        decided(&bench, "off_2", again, false).await.unwrap();
        bench.must_be_sound().await;
    });
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    on_each(async |bench| {
        for (new, field) in [
            (NewAssessment { levy: "none".to_owned(), ..declared("operator-one", 2026, 1_000) }, "levy"),
            (declared("operator-nine", 2026, 1_000), "contributor"),
            (declared("operator-one", 1999, 1_000), "year"),
            (declared("operator-one", 2027, 1_000), "year"),
            (declared("operator-one", 2026, 0), "base"),
            (declared("operator-one", 2026, -1), "base"),
            (declared("operator-one", 2026, i64::MAX), "base"),
        ] {
            assert_eq!(assessed(&bench, new).await.unwrap_err().fields()[0].field, field);
        }
        for (name, budget, field) in [("x", 1, "name"), ("A mast\u{7}", 1, "name"), ("A mast", 0, "budget")] {
            assert_eq!(planned(&bench, name, budget).await.unwrap_err().fields()[0].field, field);
        }
        let bill = assessed(&bench, declared("operator-one", 2026, 5_000_000)).await.unwrap();
        pays(&bench, &bill, 50_000).await;
        let mast = planned(&bench, "A mast", 50_000).await.unwrap();
        for (new, field) in [
            (NewFundPayment { purpose: "x".to_owned(), ..to("62000000001", 1) }, "purpose"),
            (NewFundPayment { bank: "none".to_owned(), ..to("62000000001", 1) }, "bank"),
            (to("6200", 1), "number"),
            (NewFundPayment { holder: String::new(), ..to("62000000001", 1) }, "holder"),
            (to("62000000001", 0), "amount"),
            (to("62000000001", i64::MAX), "amount"),
        ] {
            assert_eq!(asked(&bench, mast, new).await.unwrap_err().fields()[0].field, field);
        }
        assert_eq!(bench.balance(ACCOUNT).await, -50_000, "nothing was held for what was refused");
        let rails = bench.gateway.rails().clone();
        let none = move |cx: &mut Cx<'_>| year(cx, &pack(), &rails, "none", 2026).map(drop);
        assert_eq!(bench.acts.read(&person("per_1"), none).await.unwrap_err().code(), "payments.fund.unknown");
        let rails = bench.gateway.rails().clone();
        let never = move |cx: &mut Cx<'_>| year(cx, &pack(), &rails, FUND, -1).map(drop);
        assert_eq!(bench.acts.read(&person("per_1"), never).await.unwrap_err().code(), "payments.fund.year");
    });
}

/// Whatever is levied, asked, approved and refused: beginning, in, out and end agree, with the ledger and with what was done.
#[test]
fn in_less_out_is_what_is_there_whatever_happens() {
    let steps = prop::collection::vec((0..5_u8, 1..4_000_i64), 14).boxed();
    on_each(async |bench| {
        let mut runner = TestRunner::deterministic();
        let bills = [
            assessed(&bench, declared("operator-one", 2026, 900_000_000)).await.unwrap(),
            assessed(&bench, declared("operator-two", 2026, 900_000_000)).await.unwrap(),
        ];
        let mast = planned(&bench, "A mast", 10_000).await.unwrap();
        let (mut came, mut waiting, mut approved) = (0, Vec::new(), Vec::new());
        for (place, (what, minor)) in steps.new_tree(&mut runner).unwrap().current().into_iter().enumerate() {
            match what {
                0 | 1 => {
                    pays(&bench, &bills[place % 2], minor).await;
                    came += minor;
                }
                2 => match asked(&bench, mast, to("62000000001", minor)).await {
                    Ok(id) => waiting.push((id, minor)),
                    Err(fault) => assert!(matches!(fault.code(), "payments.fund.short" | "payments.fund.over")),
                },
                _ => {
                    if let Some((id, minor)) = waiting.pop() {
                        decided(&bench, "off_2", id, what == 3).await.unwrap();
                        if what == 3 {
                            approved.push((id, minor));
                        }
                    }
                }
            }
        }
        let paid = async || {
            for (id, _) in &approved {
                if state(&bench, *id).await.1 != Some(payments::DisbursementState::Paid) {
                    return false;
                }
            }
            true
        };
        bench.wait_for("the bank to have paid all", paid).await;
        let (out, held): (i64, i64) =
            (approved.iter().map(|(_, minor)| minor).sum(), waiting.iter().map(|(_, minor)| minor).sum());
        let seen = of_year(&bench, 2026).await;
        assert_eq!((seen.total(true), seen.total(false), seen.promised), (lsl(came), lsl(out), lsl(held)));
        assert_eq!((seen.closing, bench.balance(ACCOUNT).await), (lsl(came - out), out - came));
        bench.must_be_sound().await;
    });
}

#[test]
fn others_keep_their_hands_off_a_fund() {
    let policies = include_str!("../../../../packs/lesotho/policies/funds.cedar");
    under(policies, async |bench| {
        let new = NewProject { name: "A mast".to_owned(), place: "Roma".to_owned(), budget: lsl(1) };
        let tries = [officer("off_1", "ministry-finance"), person("per_thabo"), Caller::system("test")];
        for caller in tries {
            let new = new.clone();
            let fault = bench.write(&caller, move |cx| funds::plan(cx, &pack(), FUND, &new)).await.unwrap_err();
            assert_eq!(fault.kind(), spine::FaultKind::Forbidden);
            let look = |cx: &mut Cx<'_>| funds::desk(cx, &pack(), FUND).map(drop);
            assert_eq!(bench.acts.read(&caller, look).await.unwrap_err().kind(), spine::FaultKind::Forbidden);
        }
        bench.write(&keeper("off_1"), move |cx| funds::plan(cx, &pack(), FUND, &new)).await.unwrap();
        let rails = bench.gateway.rails().clone();
        let look = move |cx: &mut Cx<'_>| year(cx, &pack(), &rails, FUND, 2026);
        let seen = bench.acts.read(&person("per_thabo"), look).await;
        assert_eq!(seen.unwrap().projects.len(), 1, "everybody sees it");
    });
}
