//! A bill paid from abroad, through its face: every fee before, one commit for two currencies, and a partner that misbehaves.

use payments::RequestState;
use payments::bills::{self, Bill, BillState, NewBill, Share};
use payments::remittance::{self, NewOrder, Quote, RemittanceId, RemittanceState};
use spine::{Actor, ActorKind, Caller, Cx, Fault, Language, Localised, Personal, Via};

use crate::bench::{Bench, lsl, on_each};

pub(crate) fn daughter() -> Caller {
    Caller { actor: Actor::anonymous(), via: Via::Web, language: Language::new("en-LS") }
}

async fn exam_fee(bench: &Bench, reference: &'static str) -> Bill {
    bill_of(bench, reference, 50_000).await
}

pub(crate) async fn bill_of(bench: &Bench, reference: &'static str, minor: i64) -> Bill {
    let mut actor = Actor::bare(ActorKind::Client, "examinations");
    actor.institution = Some("examinations-council".to_owned());
    let caller = Caller { actor, via: Via::Api, language: Language::new("en-LS") };
    let expires_at = bench.acts.now().plus_seconds(86_400 * 30);
    let make = move |cx: &mut Cx<'_>| {
        let new = NewBill {
            biller: "examinations-council".to_owned(),
            reference: reference.to_owned(),
            payer: Some("per_tumelo".to_owned()),
            description: Localised::from([("en", "Examination fee"), ("st", "Tefiso ea tlhahlobo")]),
            amount: lsl(minor),
            shares: vec![Share { account: "income:examinations-council".to_owned(), amount_minor: minor }],
            in_parts: false,
            due_on: None,
            expires_at,
        };
        Ok(bills::make(cx, &[new])?.remove(0))
    };
    bench.write(&caller, make).await.unwrap()
}

fn offer(bench: &Bench) -> Quote {
    remittance::quote(bench.gateway.corridors().find("pula").unwrap(), lsl(50_000)).unwrap()
}

/// She agrees; what her phone does is in the last two digits.
async fn orders(bench: &Bench, bill: &Bill, phone: &str, agreed_minor: i64) -> Result<RemittanceId, Fault> {
    sends(bench, &bill.number, ("Puleng Mokoena", phone), agreed_minor).await
}

/// Somebody of this name and number agrees.
pub(crate) async fn sends(
    bench: &Bench,
    owed: &str,
    (name, phone): (&str, &str),
    agreed_minor: i64,
) -> Result<RemittanceId, Fault> {
    let (corridors, screening) = (bench.gateway.corridors().clone(), bench.gateway.rails().screening.clone());
    let new = NewOrder {
        bill: owed.to_owned(),
        partner: "pula".to_owned(),
        sender: Personal::new(name.to_owned()),
        number: phone.to_owned(),
        agreed_minor,
    };
    bench.write(&daughter(), move |cx| Ok(remittance::order(cx, &corridors, &screening, &new)?.id)).await
}

pub(crate) async fn until(bench: &Bench, id: RemittanceId, state: RemittanceState) {
    let stands = async || bench.read(move |cx| Ok(remittance::remittance(cx, id)?.state)).await == state;
    bench.wait_for(&format!("the remittance to be {state:?}"), stands).await;
}

async fn bill_state(bench: &Bench, bill: &Bill) -> BillState {
    let number = bill.number.clone();
    bench.read(move |cx| Ok(bills::find(cx, &number)?.state)).await
}

#[test]
fn the_brothers_exam_is_paid_and_both_currencies_balance() {
    on_each(async |bench| {
        let (bill, quote) = (exam_fee(&bench, "EX-1").await, offer(&bench));
        assert_eq!((quote.principal.minor(), quote.fee.minor(), quote.total.minor()), (50_000, 1_000, 51_000));
        let id = orders(&bench, &bill, "+27 82 000 1201", 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Paid).await;
        assert_eq!(bill_state(&bench, &bill).await, BillState::Paid);
        for (account, held) in [
            ("income:examinations-council", -50_000),
            ("bills:LSL", 0),
            ("exchange:LSL", 50_000),
            ("exchange:ZAR", -50_000),
            ("partner:pula", 50_000),
        ] {
            assert_eq!(bench.balance(account).await, held, "{account}");
        }
        bench.must_be_sound().await;
    });
}

#[test]
fn a_mothers_fee_is_paid_from_abroad_by_its_number() {
    on_each(async |bench| {
        let fee = bench.ask_for(50_000).await;
        let number = bench.number(fee).await;
        let slip = format!("{}{}", &number[..13], if number.ends_with('5') { '6' } else { '5' });
        let puleng = ("Puleng Mokoena", "+27 82 000 1201");
        assert_eq!(sends(&bench, &slip, puleng, 51_000).await.unwrap_err().code(), "payments.bill.number");
        let id = sends(&bench, &number.replace('-', " "), puleng, 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Paid).await;
        assert_eq!((bench.state(fee).await, bench.events(fee).await), (RequestState::Paid, vec!["paid".to_owned()]));
        assert_eq!(bench.balance("income:home-affairs").await, -50_000);
        // Paid is paid: a sister who comes later is told, and nobody rings her phone.
        assert_eq!(sends(&bench, &number, puleng, 51_000).await.unwrap_err().code(), "payments.request.paid");
        // Two at once: both partners collect, the second's money waits for an officer.
        let fee = bench.ask_for(50_000).await;
        let number = bench.number(fee).await;
        let (first, second) = (sends(&bench, &number, puleng, 51_000), sends(&bench, &number, puleng, 51_000));
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        bench.until(fee, RequestState::Paid).await;
        let ended = async || {
            let states = bench.read(move |cx| {
                Ok([remittance::remittance(cx, first)?.state, remittance::remittance(cx, second)?.state])
            });
            let states = states.await;
            states.contains(&RemittanceState::Paid) && states.contains(&RemittanceState::Review)
        };
        bench.wait_for("one paid and one looked into", ended).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn what_is_not_agreed_to_is_not_ordered() {
    on_each(async |bench| {
        let bill = exam_fee(&bench, "EX-2").await;
        for (phone, agreed, code) in [
            ("+27 82 000 1201", 50_999, "payments.remittance.agreed"),
            ("+27 82 000", 51_000, "payments.remittance.wrong"),
            ("+266 5800 1201", 51_000, "payments.remittance.wrong"),
        ] {
            assert_eq!(orders(&bench, &bill, phone, agreed).await.unwrap_err().code(), code, "{phone}");
        }
        // Fifty-eight times 510 rand are the most of thirty days.
        let mut taken = 0;
        let refused = loop {
            match orders(&bench, &bill, "+27820001203", 51_000).await {
                Ok(_) => taken += 1,
                Err(fault) => break fault,
            }
        };
        assert_eq!((taken, refused.code()), (58, "payments.remittance.limit"));
    });
}

#[test]
fn declined_duplicate_late_and_wrong() {
    on_each(async |bench| {
        let declined = exam_fee(&bench, "EX-3").await;
        let id = orders(&bench, &declined, "0820001202", 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Declined).await;
        assert_eq!(bill_state(&bench, &declined).await, BillState::Open);
        // Told twice.
        let twice = exam_fee(&bench, "EX-4").await;
        let id = orders(&bench, &twice, "0820001204", 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Paid).await;
        bench.work().await;
        // Another amount than was agreed waits for an officer, in the currency it came in.
        let wrong = exam_fee(&bench, "EX-5").await;
        let id = orders(&bench, &wrong, "0820001208", 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Review).await;
        assert_eq!(bill_state(&bench, &wrong).await, BillState::Open);
        assert!(bench.balance("suspense:ZAR").await < 0);
        // Two relatives pay the same bill: the second's money waits, the bill is paid once.
        let both = exam_fee(&bench, "EX-6").await;
        let one = orders(&bench, &both, "0820001201", 51_000).await.unwrap();
        let two = orders(&bench, &both, "0830001201", 51_000).await.unwrap();
        let ended = async || {
            let state = async |id| bench.read(move |cx| Ok(remittance::remittance(cx, id)?.state)).await;
            let states = [state(one).await, state(two).await];
            states.contains(&RemittanceState::Paid) && states.contains(&RemittanceState::Review)
        };
        bench.wait_for("one to be paid and one to wait", ended).await;
        assert_eq!(bench.balance("income:examinations-council").await, -100_000);
        let verified = bench.read(payments::ledger::verify).await;
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    });
}

#[test]
fn nobody_pays_in_time() {
    on_each(async |bench| {
        let bill = exam_fee(&bench, "EX-7").await;
        let id = orders(&bench, &bill, "0820001203", 51_000).await.unwrap();
        until(&bench, id, RemittanceState::Told).await;
        bench.clock.step(86_401);
        until(&bench, id, RemittanceState::Expired).await;
        assert_eq!(bill_state(&bench, &bill).await, BillState::Open);
    });
}
