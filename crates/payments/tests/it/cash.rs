//! Cash at a counter: taken once, for exactly what is asked, and never beyond what the office has paid in.

use payments::charges::Charges;
use payments::{RequestState, at_the_counter, open_counter, take_cash};
use serde_json::json;
use spine::{Caller, Money};

use crate::bench::{Bench, lsl, on_each, person};

fn clerk() -> Caller {
    let mut clerk = person("off_clerk");
    clerk.actor.institution = Some("post-office".to_owned());
    clerk
}

async fn with_float(bench: &Bench, minor: i64) {
    let currency = lsl(1).currency();
    bench.write(&Caller::system("test"), move |cx| open_counter(cx, "post-office", currency)).await.unwrap();
    bench.at_bank("/pay-in", &json!({ "amount_minor": minor, "reference": "FLOAT-post-office" })).await;
    bench.wait_for("the float", async || bench.balance("cash:post-office").await == -minor).await;
}

async fn take(bench: &Bench, typed: String, amount: Money) -> Result<payments::Taken, spine::Fault> {
    bench.write(&clerk(), move |cx| take_cash(cx, &Charges::default(), &typed, amount)).await
}

#[test]
fn cash_pays_once_and_never_beyond_the_float() {
    on_each(async |bench| {
        let first = bench.ask_for(500).await;
        let closed = take(&bench, first.to_string(), lsl(500)).await.unwrap_err();
        assert_eq!(closed.code(), "payments.cash.closed");
        with_float(&bench, 1_200).await;
        let typed = bench.number(first).await.replace('-', " ");
        let seen = bench.acts.read(&clerk(), move |cx| at_the_counter(cx, &Charges::default(), &typed)).await.unwrap();
        assert_eq!((seen.amount, seen.left), (lsl(500), lsl(1_200)));
        let wrong = take(&bench, first.to_string(), lsl(499)).await.unwrap_err();
        assert_eq!(wrong.code(), "payments.cash.changed");
        let taken = take(&bench, first.to_string(), lsl(500)).await.unwrap();
        assert!(payments::is_receipt_number(&taken.receipt), "{}", taken.receipt);
        assert_eq!(
            (bench.state(first).await, bench.events(first).await),
            (RequestState::Paid, vec!["paid".to_owned()])
        );
        let again = take(&bench, first.to_string(), lsl(500)).await.unwrap_err();
        assert_eq!(again.code(), "payments.request.over");
        let unknown = take(&bench, "nothing".to_owned(), lsl(500)).await.unwrap_err();
        assert_eq!(unknown.code(), "payments.request.unknown");
        let second = bench.ask_for(800).await;
        let short = take(&bench, second.to_string(), lsl(800)).await.unwrap_err();
        assert_eq!(short.code(), "payments.cash.float");
        assert_eq!(bench.balance("cash:post-office").await, -700);
        assert_eq!(bench.balance("bank:cbl").await, bench.bank_balance().await);
        let audit = bench.audit().await;
        assert!(audit.is_sound(), "{:?}", audit.findings);
    });
}

#[test]
fn whoever_works_nowhere_takes_no_cash() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let typed = id.to_string();
        let fault = bench
            .write(&person("per_thabo"), move |cx| take_cash(cx, &Charges::default(), &typed, lsl(500)))
            .await
            .unwrap_err();
        assert_eq!(fault.code(), "payments.cash.place");
    });
}
