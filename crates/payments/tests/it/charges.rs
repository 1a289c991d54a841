//! What rails charge, through the face: on top, out of the amount, or borne by the state; booked with the payment, and given back as
//! the rule says.

use payments::charges::{Bears, Charge, Charges};
use payments::{RequestId, RequestState, ReturnState, take_cash};
use serde_json::json;
use spine::{Caller, Cx, Fault, Money};

use crate::bench::{Bench, lsl, on_each, person};
use crate::bills::{anybody, bill, made};

/// One rule for each of the three, of which the charge goes back or does not.
fn rules(bears: &str, returned: bool) -> Charges {
    Charges::parse(&format!(
        "illustrative = true\ncurrency = \"LSL\"\nrounding = \"half_up\"\n\
         [[rules]]\nrail = \"mpesa\"\nbears = \"{bears}\"\nfixed_minor = 100\nparts = 75\nmost_minor = 2000\nreturned = {returned}\n\
         [[rules]]\nrail = \"cash\"\nbears = \"{bears}\"\nfixed_minor = 30\nmost_minor = 30\nreturned = {returned}\n"
    ))
    .unwrap()
}

/// The bill that all of these pay: 100.01 for two.
async fn of_two(bench: &Bench, reference: &str) -> String {
    made(bench, bill(bench, reference, &[("income:home-affairs", 7_000), ("income:council", 3_001)], false))
        .await
        .number
}

/// 100 and 0.75 % of 10001, which is 75.0075.
const FEE: i64 = 175;

async fn pays(bench: &Bench, charges: Charges, number: &str) -> Result<RequestId, Fault> {
    let (wallets, number) = (bench.gateway.wallets().clone().charging(charges), number.to_owned());
    let pay = move |cx: &mut Cx<'_>| payments::bills::pay(cx, &wallets, &number, None, "mpesa", "58001201");
    bench.write(&anybody(), pay).await
}

async fn seen(bench: &Bench, id: RequestId) -> (Option<Charge>, Vec<i64>) {
    let look = move |cx: &mut Cx<'_>| payments::view(cx, id);
    let seen = bench.write(&Caller::system("it"), look).await.unwrap();
    (seen.charge, seen.payments.iter().map(|payment| payment.amount.minor()).collect())
}

/// What home affairs, the council, the rail, the state, the wallet and the clearing account have.
async fn balances(bench: &Bench) -> [i64; 6] {
    [
        -bench.balance("income:home-affairs").await,
        -bench.balance("income:council").await,
        -bench.balance("charge:wallet:mpesa").await,
        bench.balance("charge:state:LSL").await,
        bench.balance("wallet:mpesa").await,
        bench.balance("bills:LSL").await,
    ]
}

async fn returns(bench: &Bench, id: RequestId, amount: Money) {
    bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, id, amount)).await.unwrap();
    let again = bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, id, amount)).await;
    assert!(again.is_ok(), "asked again it does nothing");
    bench
        .wait_for("the payer to have it back", async || {
            bench.read(move |cx| payments::returned(cx, id)).await.is_some_and(|it| it.state == ReturnState::Done)
        })
        .await;
}

#[test]
fn whoever_bears_it_the_sums_agree_and_a_return_gives_back_what_the_rule_says() {
    on_each(async |bench| {
        let cases = [
            ("payer", true, [7_000, 3_001, FEE, 0, 10_001 + FEE, 0], [0, 0, 0, 0, 0, 0]),
            ("payer", false, [7_000, 3_001, FEE, 0, 10_001 + FEE, 0], [0, 0, FEE, 0, FEE, 0]),
            // 175 of 7000 and 3001 is 122.49 and 52.51.
            ("biller", true, [6_878, 2_948, FEE, 0, 10_001, 0], [0, 0, 0, 0, 0, 0]),
            ("biller", false, [6_878, 2_948, FEE, 0, 10_001, 0], [-122, -53, FEE, 0, 0, 0]),
            ("state", true, [7_000, 3_001, FEE, FEE, 10_001, 0], [0, 0, 0, 0, 0, 0]),
            ("state", false, [7_000, 3_001, FEE, FEE, 10_001, 0], [0, 0, FEE, FEE, 0, 0]),
        ];
        let mut before = [0; 6];
        for (place, (bears, returned, paid, back)) in cases.into_iter().enumerate() {
            let number = of_two(&bench, &format!("CH-{place}")).await;
            let request = pays(&bench, rules(bears, returned), &number).await.unwrap();
            bench.until(request, RequestState::Paid).await;
            let now = balances(&bench).await;
            let moved: Vec<i64> = now.iter().zip(before).map(|(now, before)| now - before).collect();
            assert_eq!(moved, paid, "{bears} {returned}: paid");
            let (charge, payments) = seen(&bench, request).await;
            let charge = charge.unwrap();
            assert_eq!((charge.bears.code(), charge.fee), (bears, lsl(FEE)));
            assert_eq!(payments, [charge.total(lsl(10_001)).unwrap().minor()]);
            let receipt = bench.write(&Caller::system("it"), move |cx| payments::receipt(cx, request)).await.unwrap();
            assert_eq!((receipt.amount, receipt.charge), (lsl(10_001), Some(charge)));
            returns(&bench, request, lsl(10_001)).await;
            let now = balances(&bench).await;
            let moved: Vec<i64> = now.iter().zip(before).map(|(now, before)| now - before).collect();
            assert_eq!(moved, back, "{bears} {returned}: back");
            before = now;
            bench.must_be_sound().await;
        }
    });
}

#[test]
fn a_part_that_goes_back_takes_no_charge_along() {
    on_each(async |bench| {
        let number = of_two(&bench, "CH-P").await;
        let request = pays(&bench, rules("payer", true), &number).await.unwrap();
        bench.until(request, RequestState::Paid).await;
        returns(&bench, request, lsl(10_000)).await;
        assert_eq!(bench.balance("charge:wallet:mpesa").await, -FEE);
        assert_eq!(bench.balance("wallet:mpesa").await, FEE + 1);
        bench.must_be_sound().await;
    });
}

#[test]
fn what_was_shown_is_asked_for_whatever_the_pack_says_later() {
    on_each(async |bench| {
        let request = bench.ask_for(10_001).await;
        let choose = async |charges: Charges, number: &'static str| {
            let wallets = bench.gateway.wallets().clone().charging(charges);
            let choose =
                move |cx: &mut Cx<'_>| payments::choose_wallet(cx, &wallets, request, "mpesa", number).map(|_| ());
            bench.write(&person("per_lineo"), choose).await
        };
        choose(rules("payer", true), "58001202").await.unwrap();
        bench.until(request, RequestState::Failed).await;
        // Another pack, the next day: this request was promised to cost that much with this wallet.
        choose(rules("state", true), "58001201").await.unwrap();
        bench.until(request, RequestState::Paid).await;
        let (charge, paid) = seen(&bench, request).await;
        assert_eq!((charge.map(|it| it.bears), paid), (Some(Bears::Payer), vec![10_001 + FEE]));
        bench.must_be_sound().await;
    });
}

#[test]
fn the_amount_without_the_charge_is_another_amount() {
    on_each(async |bench| {
        // 08 pays another amount than it was asked for: it waits for an officer and pays nothing.
        let request = bench.ask_for(10_001).await;
        let wallets = bench.gateway.wallets().clone().charging(rules("payer", true));
        let choose =
            move |cx: &mut Cx<'_>| payments::choose_wallet(cx, &wallets, request, "mpesa", "58001208").map(|_| ());
        bench.write(&person("per_lineo"), choose).await.unwrap();
        bench.wait_for("the money in suspense", async || !bench.suspense(request).await.is_empty()).await;
        assert_eq!(bench.suspense(request).await, [("review".to_owned(), "wrong_amount".to_owned())]);
        assert_eq!(bench.balance("charge:wallet:mpesa").await, 0);
        // What the wallet takes at once is the sum.
        let most = bench.gateway.wallets().find("mpesa").unwrap().most.minor();
        let much = bench.ask_for(most).await;
        let wallets = bench.gateway.wallets().clone().charging(rules("payer", true));
        let choose =
            move |cx: &mut Cx<'_>| payments::choose_wallet(cx, &wallets, much, "mpesa", "58001201").map(|_| ());
        let refused = bench.write(&person("per_lineo"), choose).await.unwrap_err();
        assert_eq!(refused.fields()[0].field, "wallet");
        bench.must_be_sound().await;
    });
}

#[test]
fn a_counter_takes_the_sum_and_no_other() {
    on_each(async |bench| {
        let currency = lsl(1).currency();
        let open = move |cx: &mut Cx<'_>| payments::open_counter(cx, "post-office", currency);
        bench.write(&Caller::system("test"), open).await.unwrap();
        bench.at_bank("/pay-in", &json!({ "amount_minor": 20_000, "reference": "FLOAT-post-office" })).await;
        bench.wait_for("the float", async || bench.balance("cash:post-office").await == -20_000).await;
        let mut clerk = person("off_clerk");
        clerk.actor.institution = Some("post-office".to_owned());
        let number = of_two(&bench, "CH-C").await;
        let take = async |told: i64| {
            let (number, charges) = (number.clone(), rules("payer", true));
            bench.write(&clerk, move |cx| take_cash(cx, &charges, &number, lsl(told))).await
        };
        let typed = number.clone();
        let look = move |cx: &mut Cx<'_>| payments::at_the_counter(cx, &rules("payer", true), &typed);
        let shown = bench.acts.read(&clerk, look).await.unwrap();
        assert_eq!((shown.amount, shown.total, shown.charge.unwrap().fee), (lsl(10_001), lsl(10_031), lsl(30)));
        for wrong in [10_001, 10_030, 10_032] {
            assert_eq!(take(wrong).await.unwrap_err().code(), "payments.cash.changed", "{wrong}");
        }
        take(10_031).await.unwrap();
        assert_eq!(bench.balance("cash:post-office").await, -9_969);
        assert_eq!(bench.balance("charge:cash:post-office").await, -30);
        bench.must_be_sound().await;
    });
}
