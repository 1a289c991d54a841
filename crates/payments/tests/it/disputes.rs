//! A payer says that something is wrong: the money is held, answered for, and goes back or stays.

use payments::disputes::{self, Dispute, DisputeId, DisputeState, Reason, Recourse};
use payments::{RequestId, RequestState, ReturnState};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Date, Fault, Language, Via};

use crate::bench::{Bench, on_each, person};

const PACK: &str = include_str!("../../../../packs/lesotho/recourse.toml");

fn officer(id: &str) -> Caller {
    let mut actor = Actor::bare(ActorKind::Officer, id);
    (actor.roles, actor.assurance) = (vec!["payments-officer".to_owned()], Assurance::High);
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

fn today() -> Date {
    "2026-11-24".parse().unwrap()
}

async fn paid(bench: &Bench) -> RequestId {
    let id = bench.ask_for(13_000).await;
    bench.choose(id, "58001201").await.unwrap();
    bench.until(id, RequestState::Paid).await;
    id
}

async fn raises(bench: &Bench, who: &str, id: RequestId, words: &'static str) -> Result<Dispute, Fault> {
    let recourse = Recourse::parse(PACK).unwrap();
    let raise = move |cx: &mut Cx<'_>| disputes::raise(cx, &recourse, today(), id, Reason::NotDone, words);
    bench.write(&person(who), raise).await
}

async fn decides(bench: &Bench, who: &str, id: DisputeId, upheld: bool) -> Result<(), Fault> {
    bench.write(&officer(who), move |cx| disputes::decide(cx, id, upheld, "As the papers say.")).await
}

async fn stands(bench: &Bench, id: RequestId) -> Dispute {
    bench.acts.read(&person("per_lineo"), move |cx| disputes::of(cx, id)).await.unwrap().1.unwrap()
}

/// What is held of the account of what was paid.
async fn held(bench: &Bench) -> i64 {
    bench.read(|cx| Ok(payments::ledger::called(cx, "income:home-affairs")?.unwrap().debits_pending)).await
}

#[test]
fn upheld_the_money_goes_back() {
    on_each(async |bench| {
        let id = paid(&bench).await;
        let dispute = raises(&bench, "per_lineo", id, "The passport was never made.").await.unwrap();
        assert_eq!((held(&bench).await, dispute.hold.is_some()), (13_000, true));
        assert!(!dispute.is_late(today()) && dispute.is_late("2026-12-05".parse().unwrap()));
        let of = dispute.id;
        bench.write(&officer("off_neo"), move |cx| disputes::answer(cx, of, "It was.")).await.unwrap();
        assert_eq!(decides(&bench, "off_neo", of, true).await.unwrap_err().code(), "payments.dispute.same");
        decides(&bench, "off_mosa", of, true).await.unwrap();
        assert_eq!(decides(&bench, "off_mosa", of, false).await.unwrap_err().code(), "payments.dispute.ended");
        let is_back =
            async || bench.read(move |cx| payments::returned(cx, id)).await.unwrap().state == ReturnState::Done;
        bench.wait_for("the money to be back", is_back).await;
        assert_eq!((bench.balance("income:home-affairs").await, held(&bench).await), (0, 0));
        assert_eq!(stands(&bench, id).await.state, DisputeState::Upheld);
        bench.must_be_sound().await;
    });
}

#[test]
fn rejected_the_money_is_free_again() {
    on_each(async |bench| {
        let id = paid(&bench).await;
        let dispute = raises(&bench, "per_lineo", id, "I think it was too much.").await.unwrap();
        decides(&bench, "off_mosa", dispute.id, false).await.unwrap();
        assert_eq!((bench.balance("income:home-affairs").await, held(&bench).await), (-13_000, 0));
        let dispute = stands(&bench, id).await;
        assert_eq!((dispute.state, dispute.verdict.as_deref()), (DisputeState::Rejected, Some("As the papers say.")));
        bench.must_be_sound().await;
    });
}

#[test]
fn what_cannot_be_disputed() {
    on_each(async |bench| {
        let code = |outcome: Result<Dispute, Fault>| outcome.unwrap_err().code();
        let open = bench.ask_for(500).await;
        assert_eq!(code(raises(&bench, "per_lineo", open, "x").await), "payments.dispute.unpaid");
        let id = paid(&bench).await;
        assert_eq!(code(raises(&bench, "per_lineo", id, "  ").await), "payments.dispute.words");
        raises(&bench, "per_lineo", id, "It was not done.").await.unwrap();
        assert_eq!(code(raises(&bench, "per_lineo", id, "Again.").await), "payments.dispute.made");
        let back = paid(&bench).await;
        bench
            .write(&Caller::system("it"), move |cx| payments::give_back(cx, back, crate::bench::lsl(1)))
            .await
            .unwrap();
        assert_eq!(code(raises(&bench, "per_lineo", back, "x").await), "payments.dispute.returned");
        let old = paid(&bench).await;
        bench.clock.step(121 * 86_400);
        assert_eq!(code(raises(&bench, "per_lineo", old, "x").await), "payments.dispute.late");
    });
}

#[test]
fn a_wrong_pack_is_refused() {
    for (from, to) in [
        ("within_days = 120", "within_days = 0"),
        ("decide_within_days = 30", "decide_within_days = 5"),
        ("illustrative", "illustrativ"),
    ] {
        assert!(Recourse::parse(&PACK.replace(from, to)).is_err(), "{to}");
    }
}
