//! The limits over hours, through the face: what is over them is refused and says what is left, a refusal of the wallet gives
//! back, so does time, and no order of events lets more through in any window.

use journal::Key;
use payments::bills;
use payments::ledger::tick;
use payments::{Request, RequestState, Told, ToldState, WalletLink, Wallets};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Personal, Secret, Via};

use crate::bench::{Bench, PACK, lsl, on_each};
use crate::bills::{anybody, bill, made};

const NUMBER: &str = "58001201";

const DAY: i64 = 86_400;

/// The country's wallets with limits of 100 for strangers and 250 for all, of any 24 hours.
fn wallets(bench: &Bench) -> Wallets {
    let (first, rest) = PACK.split_once("[[limits]]").unwrap();
    let (_, rest) = rest.split_once("[number]").unwrap();
    let limit =
        |id, up_to, most| format!("[[limits]]\nid = \"{id}\"\nup_to = \"{up_to}\"\nhours = 24\nmost_minor = {most}\n");
    let text = format!("{first}{}{}[number]{rest}", limit("strangers", "none", 10_000), limit("all", "high", 25_000));
    let link = WalletLink { base_url: bench.wallet.clone(), secret: Secret::new(b"s".to_vec()) };
    Wallets::parse(&text, |_| Some(link.clone())).unwrap()
}

/// Time passes, and the ledger's clock strikes.
async fn later(bench: &Bench, seconds: i64) {
    bench.clock.step(seconds);
    bench.acts.post(&Caller::system("ledger"), &Key::none(), tick).await.unwrap();
}

fn known() -> Caller {
    let actor = Actor::person("per_lineo", Personal::new("Lineo".to_owned()), Assurance::Substantial);
    Caller { actor, ..anybody() }
}

/// What the number may still pay, if this is too much.
async fn pays(bench: &Bench, caller: &Caller, number: &str, minor: i64) -> Result<(), Option<i64>> {
    let (wallets, number) = (wallets(bench), number.to_owned());
    let pay = move |cx: &mut Cx<'_>| bills::pay(cx, &wallets, &number, Some(lsl(minor)), "mpesa", NUMBER).map(drop);
    bench.write(caller, pay).await.map_err(|fault: Fault| {
        assert_eq!(fault.code(), "payments.choice.wrong");
        let text = &fault.fields()[0].text;
        assert_eq!((fault.fields()[0].field.as_str(), text.key()), ("number", "payments.choose.over_limit"));
        text.arg("left").map(|left| match left {
            spine::Arg::Money(left) => left.minor(),
            _ => panic!("what is left is an amount"),
        })
    })
}

async fn a_bill(bench: &Bench, reference: &str) -> String {
    made(bench, bill(bench, reference, &[("income:home-affairs", 1_000_000)], true)).await.number
}

/// The wallet says what became of the try that waits.
async fn answers(bench: &Bench, number: &str, state: ToldState, reference: &str) {
    let wallets = wallets(bench);
    let mpesa = wallets.find("mpesa").unwrap().clone();
    let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, mpesa.account()) };
    let caller = Caller { actor, via: Via::Api, ..anybody() };
    let (number, reference) = (number.to_owned(), reference.to_owned());
    let tell = move |cx: &mut Cx<'_>| {
        let bill = bills::find(cx, &number)?;
        let waits = |request: &Request| request.state == RequestState::Sent;
        let request = bills::payments_of(cx, &bill)?.into_iter().find(waits).unwrap();
        let (amount_minor, currency) = (request.amount.minor(), Some(request.amount.currency()));
        let id = request.attempt.unwrap();
        let reference = reference.clone();
        payments::receive(cx, &mpesa, &Told { id, state, reference, amount_minor, currency, reason: None }).map(drop)
    };
    bench.write(&caller, tell).await.unwrap();
}

#[test]
fn what_is_over_the_limit_is_refused_with_what_is_left() {
    on_each(async |bench| {
        let number = a_bill(&bench, "L-1").await;
        pays(&bench, &anybody(), &number, 7_000).await.unwrap();
        assert_eq!(pays(&bench, &anybody(), &number, 3_001).await, Err(Some(3_000)), "what is on its way counts");
        answers(&bench, &number, ToldState::Paid, "r1").await;
        pays(&bench, &anybody(), &number, 3_000).await.unwrap();
        answers(&bench, &number, ToldState::Declined, "").await;
        pays(&bench, &anybody(), &number, 3_000).await.unwrap();
        answers(&bench, &number, ToldState::Paid, "r2").await;
        assert_eq!(pays(&bench, &anybody(), &number, 100).await, Err(Some(0)));
        // Whoever has signed in may go on, up to the limit of all.
        assert_eq!(pays(&bench, &known(), &number, 15_001).await, Err(Some(15_000)));
        pays(&bench, &known(), &number, 15_000).await.unwrap();
        answers(&bench, &number, ToldState::Paid, "r3").await;
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn a_window_moves_with_time_and_midnight_gives_nobody_two_days_of_it() {
    on_each(async |bench| {
        let number = a_bill(&bench, "L-2").await;
        pays(&bench, &anybody(), &number, 4_000).await.unwrap();
        answers(&bench, &number, ToldState::Paid, "r1").await;
        // From eight in the morning to five minutes before midnight, and to ten minutes later.
        later(&bench, 16 * 3_600 - 300).await;
        pays(&bench, &anybody(), &number, 6_000).await.unwrap();
        answers(&bench, &number, ToldState::Paid, "r2").await;
        later(&bench, 600).await;
        assert_eq!(pays(&bench, &anybody(), &number, 100).await, Err(Some(0)));
        // What was paid first is out of the window a day after it, to the second.
        later(&bench, 8 * 3_600 - 301).await;
        assert_eq!(pays(&bench, &anybody(), &number, 100).await, Err(Some(0)));
        later(&bench, 1).await;
        assert_eq!(pays(&bench, &anybody(), &number, 4_001).await, Err(Some(4_000)));
        pays(&bench, &anybody(), &number, 4_000).await.unwrap();
        answers(&bench, &number, ToldState::Paid, "r3").await;
        // Days without use are not saved up.
        later(&bench, 5 * DAY).await;
        assert_eq!(pays(&bench, &anybody(), &number, 10_001).await, Err(Some(10_000)));
        pays(&bench, &anybody(), &number, 10_000).await.unwrap();
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn payments_at_the_same_moment_share_one_limit() {
    on_each(async |bench| {
        let mut bills = Vec::new();
        for turn in 0..4 {
            bills.push(a_bill(&bench, &format!("L-5-{turn}")).await);
        }
        let anybody = anybody();
        let pay = |turn: usize| pays(&bench, &anybody, &bills[turn], 3_000);
        let (a, b, c, d) = tokio::join!(pay(0), pay(1), pay(2), pay(3));
        let done = [a, b, c, d];
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 3, "three times 30 of 100");
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn an_attempt_that_nobody_answered_gives_back_and_its_late_money_is_taken_all_the_same() {
    on_each(async |bench| {
        let number = a_bill(&bench, "L-3").await;
        pays(&bench, &anybody(), &number, 10_000).await.unwrap();
        bench.clock.step(1_000);
        bench.wait_for("the attempt to lapse", async || pays(&bench, &anybody(), &number, 9_999).await.is_ok()).await;
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn a_try_that_ends_days_later_changes_nothing_any_more() {
    on_each(async |bench| {
        let number = a_bill(&bench, "L-6").await;
        pays(&bench, &anybody(), &number, 10_000).await.unwrap();
        // The program stood still for two days: the ledger's clock is the first to strike.
        later(&bench, 2 * DAY).await;
        bench.wait_for("the attempt to lapse", async || pays(&bench, &anybody(), &number, 10_000).await.is_ok()).await;
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn no_order_of_events_lets_more_through() {
    on_each(async |bench| {
        let number = a_bill(&bench, "L-4").await;
        // What was taken: when, how much, and whether of somebody known. An order drawn from a fixed seed.
        let (mut now, mut state) = (0, 0x9e37_79b9_7f4a_7c15_u64);
        let mut taken: Vec<(i64, i64, bool)> = Vec::new();
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for turn in 0..100 {
            if draw(3) == 0 {
                let seconds = i64::try_from(draw(10 * 3_600)).unwrap();
                later(&bench, seconds).await;
                now += seconds;
            }
            let minor = i64::try_from(100 + draw(6_000)).unwrap();
            let is_known = draw(3) == 0;
            let caller = if is_known { known() } else { anybody() };
            let window = || taken.iter().filter(|(at, _, _)| now - at < DAY);
            let all = 25_000 - window().map(|(_, minor, _)| minor).sum::<i64>();
            let strangers = 10_000 - window().filter(|one| !one.2).map(|(_, minor, _)| minor).sum::<i64>();
            let left = if is_known { all } else { strangers.min(all) };
            let expected = if minor <= left { Ok(()) } else { Err(Some(left)) };
            assert_eq!(pays(&bench, &caller, &number, minor).await, expected, "turn {turn}");
            if expected.is_err() {
                continue;
            }
            if draw(4) == 0 {
                answers(&bench, &number, ToldState::Declined, "").await;
            } else {
                answers(&bench, &number, ToldState::Paid, &format!("r{turn}")).await;
                taken.push((now, minor, is_known));
            }
        }
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn a_limit_of_nothing_is_no_pack() {
    let text = PACK.replacen("most_minor = 1000000\n\n[[limits]]", "most_minor = 0\n\n[[limits]]", 1);
    assert_ne!(text, PACK);
    assert!(Wallets::parse(&text, |_| None).is_err());
    let text = PACK.replacen("hours = 24", "hours = 0", 1);
    assert_ne!(text, PACK);
    assert!(Wallets::parse(&text, |_| None).is_err());
}
