//! A wallet that speaks M-Pesa's OpenAPI: the same outcomes as with our own protocol, though nothing it tells is signed.

use std::sync::Arc;

use crypto::{TransportKey, TransportKeyPair};
use edge::{Limits, frame};
use journal::Workers;
use payments::simulator::{self, SimulatorSettings, open_api::OpenApiSettings};
use payments::treasury::{DayState, day, reconcile_again};
use payments::{DisbursementState, Gateway, OpenApiLink, RequestState, Wallets};
use serde_json::{Value, json};
use spine::{Caller, Clock, Cx, Secret};
use tokio::net::TcpListener;

use crate::bench::{Bench, PACK, on_each, person};
use crate::disbursements::{id, pay, programme, state, to_number, told, until};

const PATH: &str = "/api/payments/callbacks/mpesa";
const API_KEY: &str = "the key of this application";

/// Runs `test` on each database with M-Pesa reached so.
fn spoken(test: impl AsyncFn(Bench)) {
    on_each(async |bench| test(reached_by(bench, API_KEY).await).await);
}

async fn reached_by(mut bench: Bench, api_key: &str) -> Bench {
    let (ours, theirs) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    bench.ours = format!("http://{}", ours.local_addr().unwrap());
    bench.wallet = format!("http://{}", theirs.local_addr().unwrap());
    let keys = TransportKeyPair::generate().unwrap();
    let link = OpenApiLink {
        base_url: bench.wallet.clone(),
        api_key: Secret::new(api_key.to_owned()),
        public_key: Arc::new(TransportKey::from_der(&keys.public_der().unwrap()).unwrap()),
        service_provider_code: "171717".to_owned(),
        origin: "localhost".to_owned(),
    };
    let wallets = Wallets::parse(PACK, |_| None).unwrap().speaking("mpesa", link).unwrap();
    let gateway =
        Gateway::new(bench.acts.clone(), wallets, bench.outbound.clone(), Arc::clone(&bench.clock) as Arc<dyn Clock>);
    bench.gateway = gateway.with_banks(bench.gateway.rails().banks.clone());
    bench.workers = payments::handlers(&bench.gateway, Workers::default());
    let all = payments::calls(bench.gateway.clone());
    tokio::spawn(crate::bench::serve(ours, frame(all, &bench.site, Limits::default())));
    let wallet = SimulatorSettings { callback_url: format!("{}{PATH}", bench.ours), ..bench.simulator.clone() };
    let settings = OpenApiSettings {
        wallet,
        api_key: Secret::new(API_KEY.to_owned()),
        keys,
        market: "vodacomLES".to_owned(),
        service_provider_code: "171717".to_owned(),
    };
    tokio::spawn(crate::bench::serve(theirs, simulator::open_api::routes(settings)));
    bench
}

/// Works, and lets seconds pass, until the request stands so.
async fn in_time(bench: &Bench, request: payments::RequestId, wanted: RequestState) {
    let is_so = async || {
        bench.clock.step(1);
        bench.state(request).await == wanted
    };
    bench.wait_for(&format!("{request} to be {wanted:?}"), is_so).await;
}

#[test]
fn a_fee_is_paid_once_whatever_is_told() {
    spoken(async |bench| {
        // Approves; says so twice; is late; is told falsely first; takes what was asked for; is busy twice; loses answer and result.
        for (place, number) in
            ["58001201", "58001204", "58001206", "58001207", "58001208", "58001209", "58001210"].into_iter().enumerate()
        {
            let request = bench.ask_for(1_300).await;
            bench.choose(request, number).await.unwrap();
            if number.ends_with("06") {
                bench.work().await;
                bench.clock.step(181);
            }
            in_time(&bench, request, RequestState::Paid).await;
            assert_eq!(bench.events(request).await, ["paid"], "{number}");
            assert_eq!(bench.suspense(request).await, []);
            assert_eq!(bench.balance("wallet:mpesa").await, 1_300 * (i64::try_from(place).unwrap() + 1));
            bench.must_be_sound().await;
        }
    });
}

#[test]
fn a_no_is_a_no_until_there_is_money() {
    spoken(async |bench| {
        let request = bench.ask_for(500).await;
        bench.choose(request, "58001202").await.unwrap();
        in_time(&bench, request, RequestState::Failed).await;
        bench.choose(request, "58001211").await.unwrap();
        let refused = async || {
            let view = bench.acts.read(&person("per_lineo"), move |cx| payments::view(cx, request)).await.unwrap();
            view.attempt.unwrap().reason.as_deref() == Some("unknown_number")
        };
        bench.wait_for("the number to be refused", refused).await;
        bench.choose(request, "58001205").await.unwrap();
        in_time(&bench, request, RequestState::Paid).await;
        assert_eq!(bench.events(request).await, ["failed", "failed", "failed", "paid"]);
        bench.must_be_sound().await;
    });
}

#[test]
fn what_strangers_tell_moves_nothing() {
    spoken(async |bench| {
        let request = bench.ask_for(500).await;
        let attempt = bench.choose(request, "58001203").await.unwrap().to_string();
        bench.work().await;
        let result = |of: &str, code: &str| {
            json!({
                "input_OriginalConversationID": "AG_1", "input_TransactionID": "8KL41AZ19S", "input_ResultCode": code,
                "input_ResultDesc": "", "input_ThirdPartyConversationID": of,
            })
        };
        for (of, code) in [(attempt.as_str(), "INS-0"), (&attempt, "INS-2006"), ("pay_nothing", "INS-0"), ("", "INS-0")]
        {
            for _ in 0..20 {
                let answer = bench.post(PATH, &[], result(of, code).to_string()).await;
                let said: Value = serde_json::from_slice(answer.body()).unwrap();
                assert_eq!((answer.status().as_u16(), said["output_ResponseCode"].as_str()), (200, Some("0")), "{of}");
                assert_eq!(said["output_ThirdPartyConversationID"], of, "the answer does not tell what is ours");
            }
        }
        let asked = async || {
            bench
                .read(|cx| {
                    Ok(cx.tx().query("SELECT id FROM journal_job WHERE kind = 'payments.wallet.ask'", &[])?.len())
                })
                .await
        };
        assert!(asked().await <= 3, "a flood of results is no flood of questions");
        bench.work().await;
        assert_eq!((bench.state(request).await, bench.balance("wallet:mpesa").await), (RequestState::Sent, 0));
        let wrong = ["", "{}", "[]", "{\"input_ThirdPartyConversationID\": 7}"].map(str::to_owned);
        let long = result(&"x".repeat(65), "INS-0").to_string();
        for body in wrong.into_iter().chain([long, " ".repeat(9_000)]) {
            let status = bench.post(PATH, &[], body.clone()).await.status().as_u16();
            assert!(matches!(status, 400 | 413 | 422), "{status} {body}");
        }
        // Our own protocol is not spoken here, however well it is signed.
        let ours = json!({"id": attempt, "state": "paid", "reference": "W1", "amount_minor": 500, "currency": "LSL"})
            .to_string();
        assert_ne!(bench.post(PATH, &bench.signed(&ours, 0), ours.clone()).await.status(), 200);
        assert_eq!(bench.state(request).await, RequestState::Sent);
        bench.must_be_sound().await;
    });
}

#[test]
fn money_goes_back_by_a_reversal_once() {
    spoken(async |bench| {
        // The request is over before the payer approves.
        let request = bench.ask_for(700).await;
        bench.choose(request, "58001206").await.unwrap();
        bench.work().await;
        bench.clock.step(86_401);
        let back = async || {
            bench.clock.step(1);
            bench.suspense(request).await == [("refunded".to_owned(), "expired".to_owned())]
        };
        bench.wait_for("the money to go back", back).await;
        assert_eq!((bench.balance("wallet:mpesa").await, bench.log().await["returned_minor"].as_i64()), (0, Some(700)));
        bench.must_be_sound().await;
    });
}

#[test]
fn payments_arrive_once() {
    spoken(async |bench| {
        let from = programme(&bench, 100_000).await;
        for (place, number) in
            ["58001201", "58001204", "58001206", "58001207", "58001208", "58001209", "58001210"].iter().enumerate()
        {
            let id = id(u8::try_from(place).unwrap());
            pay(&bench, to_number(id, from, 1_000, number)).await.unwrap();
            let paid = async || {
                bench.clock.step(1);
                state(&bench, id).await.0 == DisbursementState::Paid
            };
            bench.wait_for(&format!("{number} to be paid"), paid).await;
            assert_eq!(told(&bench, id).await, ["paid"], "{number}");
        }
        for (place, number) in [(21, "58001202"), (22, "58001211")] {
            pay(&bench, to_number(id(place), from, 1_000, number)).await.unwrap();
            until(&bench, id(place), DisbursementState::Failed).await;
        }
        // Not made, and made after all: an officer must look, and nothing is lost.
        pay(&bench, to_number(id(23), from, 1_000, "58001205")).await.unwrap();
        let review = async || {
            bench.clock.step(1);
            state(&bench, id(23)).await.0 == DisbursementState::Review
        };
        bench.wait_for("the contradiction to be seen", review).await;
        assert_eq!(bench.balance("programme:pension").await, -93_000);
        assert_eq!(bench.log().await["paid_out_minor"], 8_000);
        bench.must_be_sound().await;
    });
}

#[test]
fn a_wrong_key_is_nobodys_refusal() {
    on_each(async |bench| {
        let bench = reached_by(bench, "another key").await;
        let request = bench.ask_for(500).await;
        bench.choose(request, "58001201").await.unwrap();
        bench.work().await;
        assert_eq!(bench.state(request).await, RequestState::Sent, "tried again, and not told to the payer");
        let waits = bench
            .read(|cx| Ok(cx.tx().query("SELECT id FROM journal_job WHERE kind = 'payments.wallet.push'", &[])?.len()))
            .await;
        assert_eq!(waits, 1);
        bench.must_be_sound().await;
    });
}

#[test]
fn a_day_waits_for_a_statement() {
    spoken(async |bench| {
        let request = bench.ask_for(1_300).await;
        bench.choose(request, "58001201").await.unwrap();
        in_time(&bench, request, RequestState::Paid).await;
        let rails = bench.gateway.rails().clone();
        let today = bench.clock.now().date_in(&jiff::tz::TimeZone::UTC);
        let again = move |cx: &mut Cx<'_>| reconcile_again(cx, &rails, "wallet:mpesa", today);
        bench.write(&Caller::system("test"), again).await.unwrap();
        bench.work().await;
        let rails = bench.gateway.rails().clone();
        let look = move |cx: &mut Cx<'_>| day(cx, &rails, "wallet:mpesa", today).map(|view| view.reconciliation);
        let seen = bench.write(&person("off_1"), look).await.unwrap();
        assert_eq!((seen.state, seen.ledger.minor(), seen.exceptions), (DayState::Waiting, 1_300, 0));
    });
}
