//! Paid by phone number at whichever bank or wallet of a hub keeps it: posted when the hub says so, a case with its words when it
//! says no, and refused before anything is held where the hub is not connected.

use grants::mapper::{Chosen, choose, own};
use grants::{Account, Grants, PaymentState, RunId, RunState, Way};
use payments::hubs::{self, Ended, Hubs};
use payments::{Destination, DisbursementId, disbursement};
use spine::{Cx, Fault};

use crate::pages::{Browser, OFFICER};
use crate::world::{PENSION, Someone, World, herself, on_each_by_rails, preparer, program, read};

fn connected() -> Hubs {
    Hubs::parse(&read("hubs.toml"), |_| true).unwrap()
}

/// A number of another wallet than the one that tests know her by: the hub finds whose it is.
fn by_hub(number: &str) -> Account {
    Account { way: Way::Wallet, institution: "switch".to_owned(), address: number.to_owned() }
}

/// Pensioners who have chosen the hub first, each with a number of her own from `+26662000001` on.
async fn pensioners(world: &World, count: u64) -> Vec<Someone> {
    let people = world.people(1, count, "1950-03-01").await;
    world.attest(&people).await;
    for (place, one) in people.iter().enumerate() {
        let (payee, account) = (one.number.clone(), by_hub(&format!("6200 {:04}", place + 1)));
        let choose = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &payee, &account);
        assert_eq!(world.write(&herself(&one.id), choose).await.unwrap(), Chosen::Now);
    }
    people
}

/// The hub says how a payment ended; answers whether that was news.
async fn says(world: &World, id: DisbursementId, end: Ended) -> bool {
    let say = move |cx: &mut Cx<'_>, grants: &Grants| {
        hubs::sent(cx, grants.rails(), "switch", id, "transfer")?;
        hubs::ended(cx, grants.rails(), "switch", id, &end)
    };
    let news = world.write(&program(), say).await.unwrap();
    world.work().await;
    news
}

fn paid() -> Ended {
    Ended::Paid { reference: "transfer".to_owned() }
}

fn failed(reason: &str) -> Ended {
    Ended::Failed { reason: reason.to_owned() }
}

async fn run_of(world: &World) -> RunId {
    world.fund(1_000_000).await;
    let list = world.gathered("November").await.id;
    world.paid_out(list, "2026-11-24").await
}

#[test]
fn a_grant_goes_to_whoever_keeps_the_number() {
    on_each_by_rails(&connected(), async |world: World| {
        let one = pensioners(&world, 1).await.remove(0);
        assert_eq!(world.read(&herself(&one.id), own).await.unwrap().0.account, Some(by_hub("+26662000001")));
        let run = run_of(&world).await;
        let pushed = world.pushed.lock().unwrap().clone();
        let [id] = pushed[..] else { panic!("{pushed:?}") };
        let going = world.read(&program(), move |cx, _| disbursement(cx, id)).await.unwrap();
        let Destination::Hub { hub, kind, number } = &going.to else { panic!("{going:?}") };
        assert_eq!((hub.as_str(), kind.as_str(), number.reveal().as_str()), ("switch", "MSISDN", "+26662000001"));
        assert_eq!((going.rail.as_str(), going.amount.minor()), ("hub:switch", 90_000));
        assert_eq!(world.agrees(run).await.held_minor, 90_000);
        assert!(says(&world, id, paid()).await);
        assert!(!says(&world, id, paid()).await && !says(&world, id, failed("unknown_number")).await, "it ends once");
        let told = world.agrees(run).await;
        assert_eq!((told.paid, told.posted_minor, told.held_minor), ((1, 90_000), 90_000, 0));
        assert_eq!(world.run(run).await.state, RunState::Closed);
        let owed = |cx: &mut Cx<'_>, _: &Grants| payments::ledger::called(cx, "hub:switch");
        let owed = world.read(&program(), owed).await.unwrap().unwrap();
        assert_eq!((owed.credits_posted, owed.credits_pending), (90_000, 0), "we owe it to the members of the hub");
    });
}

#[test]
fn a_number_that_nobody_knows_is_a_case_until_she_chooses_another() {
    on_each_by_rails(&connected(), async |world: World| {
        let one = pensioners(&world, 1).await.remove(0);
        let run = run_of(&world).await;
        let first = world.pushed.lock().unwrap()[0];
        assert!(says(&world, first, failed("unknown_number")).await);
        let told = world.agrees(run).await;
        assert_eq!((told.pending, told.held_minor), ((1, 90_000), 0), "it waits, and its money with it");
        let payment = world.payment(run, 1).await;
        assert_eq!((payment.state, payment.reason.as_deref()), (PaymentState::Failed, Some("unknown_number")));
        for (language, why, what) in [
            ("en-LS", "The wallet or hub does not know this number", "Ask her for the right number"),
            ("st-LS", "Sepache kapa khokahano ha e tsebe nomoro ena", "Mo botse nomoro e nepahetseng"),
        ] {
            let officer = Browser::new(&world, OFFICER, language);
            let failures = officer.see(&format!("/grants/programmes/{PENSION}/failures")).await;
            let link = failures.split("/grants/payments/").nth(1).unwrap().split('"').next().unwrap();
            let case = officer.see(&format!("/grants/payments/{link}")).await;
            assert!(case.contains(why) && case.contains(what) && case.contains("…0001"), "{case}");
        }
        let she = Browser::new(&world, &one.id, "en-LS");
        let change = "/my/grants/account";
        let offered = she.see(change).await;
        assert!(
            offered.contains("value=\"wallet:switch\"") && offered.contains("wherever it is registered"),
            "{offered}"
        );
        let (status, _, body) = she.send(change, change, "way=wallet:switch&address=6200").await;
        assert!(status == 422 && body.contains("5800 1234"), "{body}");
        assert_eq!(she.send(change, change, "way=wallet:switch&address=50000101").await.0, 303);
        world.work().await;
        let again = *world.pushed.lock().unwrap().last().unwrap();
        assert_ne!(again, first);
        assert!(says(&world, again, paid()).await);
        assert_eq!(world.agrees(run).await.paid, (1, 90_000));
        assert_eq!(world.run(run).await.state, RunState::Closed);
    });
}

#[test]
fn each_no_of_a_hub_is_said_in_words() {
    let reasons = [
        ("hub_5200", "wallet_limit"),
        ("hub_5400", "account_closed"),
        ("no_answer", "no_answer"),
        ("expired", "no_answer"),
        ("hub_5105", "refused_by_carrier"),
        ("Not a code!", "refused_by_carrier"),
    ];
    on_each_by_rails(&connected(), async |world: World| {
        pensioners(&world, reasons.len() as u64).await;
        let run = run_of(&world).await;
        let pushed = world.pushed.lock().unwrap().clone();
        assert_eq!(pushed.len(), reasons.len());
        for (id, (code, reason)) in pushed.into_iter().zip(reasons) {
            assert!(says(&world, id, failed(code)).await, "{code}");
            let seen = move |cx: &mut Cx<'_>, grants: &Grants| grants::runs::run(cx, grants, run);
            let seen = world.read(&preparer(), seen).await.unwrap();
            assert!(seen.failed.iter().any(|(known, _)| known == reason), "{code}: {:?}", seen.failed);
        }
        world.agrees(run).await;
        for language in ["en-LS", "st-LS"] {
            let officer = Browser::new(&world, OFFICER, language);
            for line in 1..=reasons.len() {
                let case = officer.see(&format!("/grants/payments/{run}/{line}")).await;
                let bare = |code: &&str| case.contains(&format!(">{code}<"));
                assert!(!reasons.iter().any(|(hub, own)| bare(hub) || bare(own)), "{language} {line}: {case}");
                assert!(case.contains("class=\"inset\"") || case.contains("<p>"), "{case}");
            }
        }
    });
}

#[test]
fn a_hub_that_is_not_connected_is_not_offered_and_pays_nobody() {
    let away = Hubs::parse(&read("hubs.toml"), |_| false).unwrap();
    on_each_by_rails(&away, async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        let number = one.number.clone();
        let choose = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &by_hub("62000001"));
        let fault: Fault = world.write(&herself(&one.id), choose).await.unwrap_err();
        assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("grants.account.wrong", "institution"));
        let she = Browser::new(&world, &one.id, "en-LS");
        assert!(!she.see("/my/grants/account").await.contains("wallet:switch"));
        // It was connected when she chose it.
        world.meddle("UPDATE grants_account SET institution = 'switch'").await;
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-24").await.unwrap().id;
        world.work().await;
        let payment = world.payment(run, 1).await;
        assert_eq!((payment.state, payment.reason.as_deref()), (PaymentState::Refused, Some("no_wallet")));
        assert!(world.pushed.lock().unwrap().is_empty());
    });
}

#[test]
fn more_than_the_hub_takes_is_refused_before_anything_is_held() {
    let small = read("hubs.toml").replace("most_minor = 5000000", "most_minor = 89999");
    let small = Hubs::parse(&small, |_| true).unwrap();
    on_each_by_rails(&small, async |world: World| {
        pensioners(&world, 1).await;
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-24").await.unwrap().id;
        world.work().await;
        assert_eq!(world.payment(run, 1).await.reason.as_deref(), Some("wallet_limit"));
        assert_eq!(world.free().await, 1_000_000);
    });
}
