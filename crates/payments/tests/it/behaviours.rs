//! Each way in which a wallet and its payer can behave.

use payments::{RequestState, is_receipt_number};

use crate::bench::{on_each, person};

#[test]
fn approved_and_paid_once() {
    on_each(async |bench| {
        let id = bench.ask_for(13_000).await;
        assert_eq!(bench.state(id).await, RequestState::Open);
        bench.choose(id, "5800 1201").await.unwrap();
        assert_eq!(bench.state(id).await, RequestState::Sent);
        bench.until(id, RequestState::Paid).await;
        let request = bench.request(id).await;
        assert!(is_receipt_number(request.receipt.as_deref().unwrap()));
        assert_eq!(bench.events(id).await, ["paid"]);
        assert_eq!(
            (bench.balance("wallet:mpesa").await, bench.balance("income:home-affairs").await),
            (13_000, -13_000)
        );
        assert_eq!(bench.choose(id, "58001201").await.unwrap_err().code(), "payments.request.paid");
        bench.must_be_sound().await;
    });
}

#[test]
fn declined_and_tried_again() {
    on_each(async |bench| {
        let id = bench.ask_for(13_000).await;
        bench.choose(id, "58001202").await.unwrap();
        assert_eq!(bench.choose(id, "58001201").await.unwrap_err().code(), "payments.request.busy");
        bench.until(id, RequestState::Failed).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.events(id).await, ["failed", "paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn no_answer_and_tried_again() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001203").await.unwrap();
        for _ in 0..12 {
            bench.work().await;
            bench.clock.step(15);
        }
        bench.until(id, RequestState::Open).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.events(id).await, ["paid"], "a try that runs out is no event");
        bench.must_be_sound().await;
    });
}

#[test]
fn approved_twice_is_paid_once() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001204").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        let told = async || {
            let log = bench.log().await;
            log["lines"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|line| line["what"] == "told" && line["detail"] == "200")
                .count()
                == 2
        };
        bench.wait_for("both callbacks to be taken", told).await;
        assert_eq!(bench.events(id).await, ["paid"]);
        assert!(bench.suspense(id).await.is_empty());
        bench.must_be_sound().await;
    });
}

#[test]
fn declined_and_then_approved_is_paid() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001205").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.events(id).await, ["failed", "paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn approved_when_the_attempt_is_over_still_counts() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001206").await.unwrap();
        bench.work().await;
        bench.clock.step(181);
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.events(id).await, ["paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn approved_when_the_request_is_over_goes_back() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001206").await.unwrap();
        bench.work().await;
        bench.clock.step(86_401);
        bench.until(id, RequestState::Expired).await;
        let back = async || bench.suspense(id).await == [("refunded".to_owned(), "expired".to_owned())];
        bench.wait_for("the money to go back", back).await;
        assert_eq!(bench.events(id).await, ["expired"]);
        assert_eq!((bench.balance("wallet:mpesa").await, bench.balance("suspense:LSL").await), (0, 0));
        assert_eq!(bench.choose(id, "58001201").await.unwrap_err().code(), "payments.request.over");
        bench.must_be_sound().await;
    });
}

#[test]
fn a_forged_callback_does_nothing() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001207").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        let log = bench.log().await;
        let told: Vec<&str> = log["lines"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["what"] == "told")
            .map(|line| line["detail"].as_str().unwrap())
            .collect();
        assert_eq!(told[0], "401");
        assert_eq!(bench.events(id).await, ["paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn another_amount_is_looked_at_and_sent_back_by_an_officer() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001208").await.unwrap();
        bench.until(id, RequestState::Failed).await;
        assert_eq!(bench.suspense(id).await, [("review".to_owned(), "wrong_amount".to_owned())]);
        assert_eq!((bench.balance("suspense:LSL").await, bench.balance("income:home-affairs").await), (-600, 0));
        bench.clock.step(3600);
        bench.work().await;
        assert_eq!(bench.suspense(id).await[0].0, "review", "nothing goes back by itself");
        bench.must_be_sound().await;

        let payment = bench.read(payments_of).await;
        let caller = spine::Caller::system("test");
        let key = journal::Key::none();
        bench.acts.write(&caller, &key, move |cx| payments::refund(cx, payment)).await.unwrap();
        let again = bench.acts.write(&caller, &key, move |cx| payments::refund(cx, payment)).await.unwrap_err();
        assert_eq!(again.code(), "payments.payment.not_in_review");
        bench.work().await;
        assert_eq!(bench.suspense(id).await, [("refunded".to_owned(), "wrong_amount".to_owned())]);
        assert_eq!(bench.balance("suspense:LSL").await, 0);
        bench.must_be_sound().await;
    });
}

fn payments_of(cx: &mut spine::Cx<'_>) -> Result<payments::PaymentId, spine::Fault> {
    Ok(cx.tx().query("SELECT id FROM payments_payment", &[])?[0].get(0)?)
}

#[test]
fn a_busy_wallet_is_asked_again_under_the_same_key() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001209").await.unwrap();
        for _ in 0..3 {
            bench.work().await;
            bench.clock.step(3);
        }
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.request(id).await.tries, 1, "one attempt, pushed three times");
        bench.must_be_sound().await;
    });
}

#[test]
fn an_answer_that_never_arrives_is_asked_for() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001210").await.unwrap();
        bench.work().await;
        assert_eq!(bench.state(id).await, RequestState::Sent, "not sure is not no");
        bench.clock.step(3);
        bench.until(id, RequestState::Paid).await;
        assert_eq!(bench.events(id).await, ["paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn a_number_the_wallet_does_not_know() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001211").await.unwrap();
        bench.until(id, RequestState::Failed).await;
        let view = bench.acts.read(&person("per_lineo"), move |cx| payments::view(cx, id)).await.unwrap();
        let attempt = view.attempt.unwrap();
        assert_eq!((attempt.reason.as_deref(), attempt.number.as_str()), (Some("unknown_number"), "•••• ••11"));
        bench.must_be_sound().await;
    });
}
