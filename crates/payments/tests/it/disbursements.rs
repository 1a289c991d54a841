//! Paying out: once, whatever the rail does; bulk; and what is refused.

use payments::ledger::{AccountKind, Bound, NewAccount, account};
use payments::{
    AccountId, Destination, DisbursementId, DisbursementState, Handed, NewDisbursement, disburse, disburse_all,
    disbursement,
};
use spine::{Actor, Assurance, Caller, Cx, Fault, FaultKind, Personal};

use crate::bench::{Bench, lsl, on_each, person, under, with_the_wallet_down};

pub(crate) fn id(number: u8) -> DisbursementId {
    DisbursementId::from_bytes([number; 16])
}

/// The programme's account, with this much to pay from.
pub(crate) async fn programme(bench: &Bench, minor: i64) -> AccountId {
    let open = move |cx: &mut Cx<'_>| {
        cx.may("it.account.open", &spine::Resource::new("Account", "it"))?;
        let new = |reference, kind, bound| NewAccount {
            reference,
            kind,
            currency: lsl(1).currency(),
            name: "payments.account.suspense",
            bound,
        };
        let treasury = account(cx, &new("treasury", AccountKind::Asset, Bound::None))?;
        let from = account(cx, &new("programme:pension", AccountKind::Liability, Bound::DebitsWithinCredits))?;
        let step = payments::Step::Move { debit: treasury, credit: from, amount: lsl(minor) };
        let booking = payments::Transfer { id: cx.id(), step, reference: "budget".to_owned() };
        payments::ledger::book(cx, &[booking])?;
        Ok(from)
    };
    bench.write(&Caller::system("test"), open).await.unwrap()
}

pub(crate) fn to_number(id: DisbursementId, from: AccountId, minor: i64, number: &str) -> NewDisbursement {
    let to = Destination::Wallet { wallet: "mpesa".to_owned(), number: Personal::new(number.to_owned()) };
    NewDisbursement { id, from, to, amount: lsl(minor), reference: "OAP-2026-11".to_owned() }
}

pub(crate) fn to_account(id: DisbursementId, from: AccountId, minor: i64, number: &str) -> NewDisbursement {
    let to = Destination::Bank {
        bank: "fnb".to_owned(),
        account: Personal::new(number.to_owned()),
        holder: Personal::new("’Mamello Tšepo".to_owned()),
    };
    NewDisbursement { to, ..to_number(id, from, minor, "") }
}

pub(crate) async fn pay(bench: &Bench, new: NewDisbursement) -> Result<Handed, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&Caller::system("grants"), move |cx| disburse(cx, &rails, &new)).await
}

pub(crate) async fn state(bench: &Bench, id: DisbursementId) -> (DisbursementState, Option<String>) {
    bench.read(move |cx| disbursement(cx, id).map(|it| (it.state, it.reason))).await
}

pub(crate) async fn until(bench: &Bench, id: DisbursementId, wanted: DisbursementState) {
    bench.wait_for(&format!("{id} to be {wanted:?}"), async || state(bench, id).await.0 == wanted).await;
}

/// What was told to the others about a payment, in order.
pub(crate) async fn told(bench: &Bench, id: DisbursementId) -> Vec<String> {
    let look = move |cx: &mut Cx<'_>| {
        let rows = cx.tx().query("SELECT topic, body FROM journal_event ORDER BY id", &[])?;
        let mut topics = Vec::new();
        for row in &rows {
            let body: serde_json::Value = row.get(1)?;
            if body["disbursement"] == id.to_string() {
                assert_eq!(body["reference"], "OAP-2026-11");
                topics.push(row.get::<String>(0)?.replace("payments.disbursement.", ""));
            }
        }
        Ok(topics)
    };
    bench.read(look).await
}

#[test]
fn money_arrives_once_whatever_the_wallet_does() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        // Pays; says so twice; is late; forges a callback first; is busy twice; loses its answer and its callback.
        let good = ["58001201", "58001204", "58001206", "58001207", "58001209", "58001210"];
        for (place, number) in good.iter().enumerate() {
            let id = id(u8::try_from(place).unwrap());
            let new = to_number(id, from, 1_000, number);
            assert_eq!(pay(&bench, new.clone()).await.unwrap(), Handed::Now);
            assert_eq!(pay(&bench, new).await.unwrap(), Handed::Before, "asked twice");
            bench.work().await;
            let ended = async || {
                bench.clock.step(1);
                state(&bench, id).await.0 == DisbursementState::Paid
            };
            bench.wait_for(&format!("{number} to be paid"), ended).await;
            assert_eq!(told(&bench, id).await, ["paid"], "{number}");
        }
        assert_eq!(bench.balance("programme:pension").await, -94_000);
        assert_eq!(bench.log().await["paid_out_minor"], 6_000);
        bench.must_be_sound().await;
    });
}

#[test]
fn what_is_not_paid_is_free_again() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        for (number, place, reason) in [("58001202", 1, "account_closed"), ("58001211", 2, "unknown_number")] {
            pay(&bench, to_number(id(place), from, 1_000, number)).await.unwrap();
            until(&bench, id(place), DisbursementState::Failed).await;
            assert_eq!(state(&bench, id(place)).await.1.as_deref(), Some(reason));
            assert_eq!(told(&bench, id(place)).await, ["failed"]);
        }
        assert_eq!(bench.balance("programme:pension").await, -100_000);
        // All of it can be paid again.
        pay(&bench, to_number(id(3), from, 100_000, "58001201")).await.unwrap();
        until(&bench, id(3), DisbursementState::Paid).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn a_wallet_that_contradicts_itself_leaves_it_to_an_officer() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        pay(&bench, to_number(id(1), from, 1_000, "58001205")).await.unwrap();
        until(&bench, id(1), DisbursementState::Review).await;
        assert_eq!(state(&bench, id(1)).await.1.as_deref(), Some("paid_after_all"));
        assert_eq!(
            (told(&bench, id(1)).await, bench.balance("contested:LSL").await),
            (vec!["failed".to_owned()], 1_000)
        );
        bench.must_be_sound().await;
        pay(&bench, to_number(id(2), from, 1_000, "58001208")).await.unwrap();
        until(&bench, id(2), DisbursementState::Review).await;
        assert_eq!(state(&bench, id(2)).await.1.as_deref(), Some("wrong_amount"));
        assert!(told(&bench, id(2)).await.is_empty(), "nothing is said before somebody has found out");
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn nothing_is_guessed_while_nobody_answers() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        pay(&bench, to_number(id(1), from, 1_000, "58001203")).await.unwrap();
        for _ in 0..20 {
            bench.work().await;
            bench.clock.step(90_000);
        }
        assert_eq!(state(&bench, id(1)).await.0, DisbursementState::Sent);
        assert!(told(&bench, id(1)).await.is_empty());
        bench.must_be_sound().await;
    });
}

#[test]
fn a_wallet_that_is_away_gets_it_when_it_is_back() {
    with_the_wallet_down(async |bench| {
        let from = programme(&bench, 100_000).await;
        pay(&bench, to_number(id(1), from, 1_000, "58001201")).await.unwrap();
        for _ in 0..20 {
            bench.work().await;
            bench.clock.step(1_000);
        }
        assert_eq!(state(&bench, id(1)).await.0, DisbursementState::Made);
        bench.wallet_comes_up().await;
        bench.clock.step(1_000);
        until(&bench, id(1), DisbursementState::Paid).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn a_bad_line_is_refused_alone_and_too_much_is_refused_whole() {
    on_each(async |bench| {
        let from = programme(&bench, 10_000).await;
        let rails = bench.gateway.rails().clone();
        let lines = vec![
            to_number(id(1), from, 1_000, "58001201"),
            to_number(id(2), from, 1_000, "62001201"),
            to_number(id(3), from, 0, "58001201"),
            to_number(id(4), from, 2_000_000, "58001201"),
            NewDisbursement { reference: "two words".to_owned(), ..to_number(id(5), from, 1_000, "58001201") },
            to_account(id(6), from, 1_000, "123"),
            to_number(id(7), from, 1_000, "58001212"),
        ];
        let again = lines.clone();
        let (one, two) = (rails.clone(), rails.clone());
        let done = bench.write(&Caller::system("grants"), move |cx| disburse_all(cx, &one, &lines)).await.unwrap();
        let refused = |code: &str| Handed::Refused(format!("payments.disbursement.{code}"));
        assert_eq!(
            done,
            [
                Handed::Now,
                refused("number"),
                refused("amount"),
                refused("limits"),
                refused("reference"),
                refused("account"),
                Handed::Now,
            ]
        );
        let repeat = bench.write(&Caller::system("grants"), move |cx| disburse_all(cx, &two, &again)).await.unwrap();
        assert_eq!((&repeat[0], &repeat[6]), (&Handed::Before, &Handed::Before));
        let much: Vec<_> = (20..30).map(|place| to_number(id(place), from, 1_000, "58001201")).collect();
        let fault =
            bench.write(&Caller::system("grants"), move |cx| disburse_all(cx, &rails, &much)).await.unwrap_err();
        assert_eq!(fault.code(), "payments.account.bound");
        until(&bench, id(1), DisbursementState::Paid).await;
        until(&bench, id(7), DisbursementState::Paid).await;
        assert_eq!(bench.balance("programme:pension").await, -8_000);
        let other = pay(&bench, to_number(id(1), from, 1_000, "58001299")).await.unwrap_err();
        assert_eq!(other.code(), "payments.disbursement.reused", "another number under the same identifier");
        bench.must_be_sound().await;
    });
}

#[test]
fn only_acts_of_those_who_are_known_well_pay() {
    let policies = include_str!("../../../../packs/lesotho/policies/payouts.cedar");
    under(policies, async |bench| {
        let rails = bench.gateway.rails().clone();
        let from = AccountId::from_bytes([9; 16]);
        let new = to_number(id(1), from, 1_000, "58001201");
        // A person's own act asks when her payment goes again; she must be known well.
        let mut weak = person("per_lineo");
        weak.actor.assurance = Assurance::Low;
        let nobody = Caller { actor: Actor::anonymous(), ..person("nobody") };
        for (caller, kind) in [(weak, FaultKind::Forbidden), (nobody, FaultKind::Unauthenticated)] {
            let (rails, new) = (rails.clone(), new.clone());
            let fault = bench.write(&caller, move |cx| disburse(cx, &rails, &new)).await.unwrap_err();
            assert_eq!(fault.kind(), kind);
        }
    });
}

#[test]
fn an_officer_who_has_found_out_ends_it() {
    on_each(async |bench| {
        let from = programme(&bench, 100_000).await;
        let resolve = async |of: DisbursementId, has_it: bool| {
            bench.write(&person("off_1"), move |cx| payments::resolve(cx, of, has_it)).await
        };
        // Said no, and paid after all: the rail has taken it back, or whoever paid bears it. Another amount: likewise.
        for (place, number, has_it, wanted) in [
            (1, "58001205", false, DisbursementState::Failed),
            (2, "58001205", true, DisbursementState::Paid),
            (3, "58001208", true, DisbursementState::Paid),
            (4, "58001208", false, DisbursementState::Failed),
        ] {
            pay(&bench, to_number(id(place), from, 1_000, number)).await.unwrap();
            until(&bench, id(place), DisbursementState::Review).await;
            let seen = bench.write(&person("off_1"), payments::treasury::stuck).await.unwrap();
            assert_eq!(seen.len(), 1);
            resolve(id(place), has_it).await.unwrap();
            assert_eq!(state(&bench, id(place)).await.0, wanted);
            let fault = resolve(id(place), has_it).await.unwrap_err();
            assert_eq!(fault.code(), "payments.disbursement.not_in_review");
            let audit = bench.audit().await;
            assert!(audit.is_sound(), "{place}: {:?}", audit.findings);
        }
        assert_eq!((bench.balance("programme:pension").await, bench.balance("contested:LSL").await), (-98_000, 0));
        pay(&bench, to_number(id(9), from, 1_000, "58001203")).await.unwrap();
        assert!(bench.write(&person("off_1"), payments::treasury::stuck).await.unwrap().is_empty());
        bench.clock.step(86_500);
        let seen = bench.write(&person("off_1"), payments::treasury::stuck).await.unwrap();
        assert_eq!((seen.len(), seen[0].reason.as_deref()), (1, None), "nobody has answered for a day");
    });
}
