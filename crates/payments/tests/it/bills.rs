//! Bills through their face: paid whole and in parts, by anybody, by too many at once; taken back; thousands at once.

use payments::bills::{self, Bill, BillState, NewBill, Share};
use payments::{Payment, PaymentState, RequestId, RequestState};
use spine::{Actor, ActorKind, Caller, Cx, Language, Localised, Money, Via};

use crate::bench::{Bench, lsl, on_each};

fn biller() -> Caller {
    let mut actor = Actor::bare(ActorKind::Client, "biller");
    actor.institution = Some("home-affairs".to_owned());
    Caller { actor, via: Via::Api, language: Language::new("en-LS") }
}

pub(crate) fn anybody() -> Caller {
    Caller { actor: Actor::anonymous(), via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn bill(bench: &Bench, reference: &str, shares: &[(&str, i64)], in_parts: bool) -> NewBill {
    NewBill {
        biller: "home-affairs".to_owned(),
        reference: reference.to_owned(),
        payer: None,
        description: Localised::from([("en", "Trading licence"), ("st", "Laesense ea khoebo")]),
        amount: lsl(shares.iter().map(|(_, minor)| minor).sum()),
        shares: shares
            .iter()
            .map(|(account, minor)| Share { account: (*account).to_owned(), amount_minor: *minor })
            .collect(),
        in_parts,
        due_on: None,
        expires_at: bench.acts.now().plus_seconds(86_400 * 30),
    }
}

pub(crate) async fn made(bench: &Bench, new: NewBill) -> Bill {
    bench.write(&biller(), move |cx| bills::make(cx, std::slice::from_ref(&new))).await.unwrap().remove(0)
}

async fn stands(bench: &Bench, number: &str) -> Bill {
    let number = number.to_owned();
    bench.read(move |cx| bills::find(cx, &number)).await
}

/// Somebody pays from a number whose owner approves.
async fn pays(bench: &Bench, number: &str, part: Option<Money>) -> Result<RequestId, spine::Fault> {
    let (wallets, number) = (bench.gateway.wallets().clone(), number.to_owned());
    let pay = move |cx: &mut Cx<'_>| bills::pay(cx, &wallets, &number, part, "mpesa", "58001201");
    bench.write(&anybody(), pay).await
}

async fn payments_of(bench: &Bench, id: RequestId) -> Vec<Payment> {
    bench.write(&Caller::system("it"), move |cx| Ok(payments::view(cx, id)?.payments)).await.unwrap()
}

#[test]
fn in_parts_by_anybody_and_divided_to_the_last_minor_unit() {
    on_each(async |bench| {
        let shares = [("income:home-affairs", 3_333), ("income:council", 3_333), ("income:vat", 3_334)];
        let bill = made(&bench, bill(&bench, "TL-1", &shares, true)).await;
        assert!(bill.number.starts_with('9') && payments::is_receipt_number(&bill.number), "{}", bill.number);
        for part in [101_i64, 3_333, 117] {
            let request = pays(&bench, &bill.number.replace('-', " "), Some(lsl(part))).await.unwrap();
            bench.until(request, RequestState::Paid).await;
        }
        let now = stands(&bench, &bill.number).await;
        assert_eq!((now.paid, now.state), (lsl(3_551), BillState::Open));
        for (part, code) in [(6_450, "payments.bill.part"), (0, "payments.bill.part"), (-5, "payments.bill.part")] {
            assert_eq!(pays(&bench, &bill.number, Some(lsl(part))).await.unwrap_err().code(), code);
        }
        let request = pays(&bench, &bill.number, None).await.unwrap();
        bench.until(request, RequestState::Paid).await;
        assert_eq!(stands(&bench, &bill.number).await.state, BillState::Paid);
        for (account, minor) in [("income:home-affairs", 3_333), ("income:council", 3_333), ("income:vat", 3_334)] {
            assert_eq!(bench.balance(account).await, -minor, "{account}");
        }
        assert_eq!(bench.balance("bills:LSL").await, 0);
        assert_eq!(pays(&bench, &bill.number, None).await.unwrap_err().code(), "payments.bill.over");
        bench.must_be_sound().await;
    });
}

#[test]
fn two_who_pay_at_once_pay_once_and_the_other_has_her_money_back() {
    on_each(async |bench| {
        let bill = made(&bench, bill(&bench, "TL-2", &[("income:home-affairs", 5_000)], false)).await;
        let one = pays(&bench, &bill.number, None).await.unwrap();
        let two = pays(&bench, &bill.number, None).await.unwrap();
        bench
            .wait_for("both to have an end", async || {
                let paid = payments_of(&bench, one).await.into_iter().chain(payments_of(&bench, two).await);
                paid.filter(|payment| matches!(payment.state, PaymentState::Applied | PaymentState::Refunded)).count()
                    == 2
            })
            .await;
        assert_eq!(bench.balance("income:home-affairs").await, -5_000);
        assert_eq!(bench.balance("suspense:LSL").await, 0);
        assert_eq!(stands(&bench, &bill.number).await.state, BillState::Paid);
        bench.must_be_sound().await;
    });
}

#[test]
fn a_paid_part_goes_back_from_where_it_went() {
    on_each(async |bench| {
        let shares = [("income:home-affairs", 700), ("income:council", 300)];
        let bill = made(&bench, bill(&bench, "TL-3", &shares, false)).await;
        let request = pays(&bench, &bill.number, None).await.unwrap();
        bench.until(request, RequestState::Paid).await;
        bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, request, lsl(501))).await.unwrap();
        let is_back = async || {
            bench.read(move |cx| payments::returned(cx, request)).await.unwrap().state == payments::ReturnState::Done
        };
        bench.wait_for("the wallet to have it", is_back).await;
        assert_eq!(bench.balance("bills:LSL").await, 0);
        assert_eq!((bench.balance("income:home-affairs").await, bench.balance("income:council").await), (-349, -150));
        bench.must_be_sound().await;
    });
}

#[test]
fn a_bill_is_made_once_and_wrongly_never() {
    on_each(async |bench| {
        let fine = bill(&bench, "TL-4", &[("income:home-affairs", 100)], false);
        let (one, again) = (made(&bench, fine.clone()).await, made(&bench, fine.clone()).await);
        assert_eq!(one.number, again.number);
        let wrong = |change: fn(&mut NewBill)| {
            let mut new = fine.clone();
            change(&mut new);
            new
        };
        for (new, code) in [
            (wrong(|new| new.amount = lsl(200)), "payments.bill.shares"),
            (wrong(|new| (new.amount, new.shares[0].amount_minor) = (lsl(200), 200)), "payments.bill.differs"),
            (wrong(|new| (new.amount, new.shares[0].amount_minor) = (lsl(0), 0)), "payments.bill.amount"),
            (
                wrong(|new| new.shares.push(Share { account: "income:x".into(), amount_minor: -1 })),
                "payments.bill.shares",
            ),
            (wrong(|new| new.shares.clear()), "payments.bill.shares"),
            (wrong(|new| new.shares[0].account = "suspense:LSL".into()), "payments.bill.account"),
            (wrong(|new| new.reference = "a b".into()), "payments.bill.reference"),
            (wrong(|new| new.expires_at = spine::Timestamp::BEGINNING), "payments.bill.expiry"),
        ] {
            let before = bill(&bench, "TL-5", &[("income:home-affairs", 1)], false);
            let batch = vec![before, new];
            let refused = bench.write(&biller(), move |cx| bills::make(cx, &batch)).await.unwrap_err();
            assert_eq!(refused.code(), code);
            assert!(matches!(refused.text().arg("line"), Some(spine::Arg::Int(2))), "{code}");
        }
        // All or none: the good one before the bad one was not made either.
        let before = bill(&bench, "TL-5", &[("income:home-affairs", 2)], false);
        made(&bench, before).await;
        let many = vec![fine; 1_001];
        let refused = bench.write(&biller(), move |cx| bills::make(cx, &many)).await.unwrap_err();
        assert_eq!(refused.code(), "payments.bill.many");
        for (typed, code) in [("9482-7735-6042", "payments.bill.number"), ("", "payments.bill.number")] {
            let look = bench.acts.read(&anybody(), move |cx| bills::find(cx, typed)).await;
            assert_eq!(look.unwrap_err().code(), code);
        }
    });
}

#[test]
fn what_is_withdrawn_or_over_takes_nothing() {
    on_each(async |bench| {
        let one = made(&bench, bill(&bench, "TL-6", &[("income:home-affairs", 100)], false)).await;
        let id = one.id;
        let request = pays(&bench, &one.number, None).await.unwrap();
        bench.write(&biller(), move |cx| bills::withdraw(cx, id)).await.unwrap();
        bench.write(&biller(), move |cx| bills::withdraw(cx, id)).await.unwrap();
        assert_eq!(pays(&bench, &one.number, None).await.unwrap_err().code(), "payments.bill.over");
        bench
            .wait_for("what came late to be back", async || {
                payments_of(&bench, request).await.iter().any(|payment| payment.state == PaymentState::Refunded)
            })
            .await;
        let two = made(&bench, bill(&bench, "TL-7", &[("income:home-affairs", 100)], false)).await;
        bench.clock.step(86_400 * 31);
        bench.work().await;
        assert_eq!(stands(&bench, &two.number).await.state, BillState::Expired);
        bench.must_be_sound().await;
    });
}
