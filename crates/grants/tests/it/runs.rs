//! Runs: two officers, every line checked, what was signed is paid, once, and adds up.

use grants::runs;
use grants::{PaymentState, RunState, Told, fund, give_float};
use spine::FaultKind;

use crate::world::{
    PENSION, World, approver, cash, clerk, herself, maloti, of_institution, officer, on_each, preparer, program,
    treasury, wallet,
};

#[test]
fn from_the_rule_to_the_last_payment() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 3).await;
        world.fund(1_000_000).await;
        let list = world.gathered("November").await;
        let run = world.prepare(list.id, "2026-11-25").await.unwrap().id;
        world.work().await;
        assert_eq!(world.run(run).await.state, RunState::Checked);
        let told = world.agrees(run).await;
        assert_eq!((told.pending, told.control_minor), ((3, 270_000), 270_000));
        let own = world.write(&preparer(), move |cx, grants| runs::approve(cx, grants, run)).await.unwrap_err();
        assert_eq!(own.kind(), FaultKind::Forbidden);
        let approved = world.approve(run).await.unwrap();
        assert!(approved.signed.is_some_and(|signed| signed.split('.').count() == 3));
        assert_eq!(world.free().await, 730_000, "what is approved is set aside");
        world.work().await;
        assert_eq!(world.run(run).await.state, RunState::Approved, "its day has not come");
        world.clock.step(16 * 3_600);
        world.work().await;
        let told = world.agrees(run).await;
        assert_eq!((told.held_minor, told.posted_minor), (270_000, 0));
        let orders = world.orders();
        assert_eq!(orders.len(), 3);
        assert!(
            orders.iter().all(|order| order.amount == maloti(90_000) && order.reference == "old-age-pension/2026-11")
        );
        for order in &orders {
            world.pay(order).await.unwrap();
            world.agrees(run).await;
        }
        world.work().await;
        let closed = world.run(run).await;
        assert_eq!((closed.state, closed.tally.paid, closed.tally.paid_minor), (RunState::Closed, 3, 270_000));
        let texts = world.texts(&people[0].id).await;
        assert_eq!(texts.len(), 2, "her account, and her payment: {texts:?}");
        assert!(texts[1].contains("M900"), "{texts:?}");
    });
}

#[test]
fn every_line_is_checked() {
    on_each(async |world: World| {
        let good = world.pensioners(1, 2).await;
        let unproved = world.people(10, 1, "1950-01-01").await.remove(0);
        let accountless = world.people(11, 1, "1950-01-01").await.remove(0);
        let rich = world.pensioners(12, 1).await.remove(0);
        let dead = world.pensioners(13, 1).await.remove(0);
        let twins = world.people(14, 2, "1950-01-01").await;
        let (unproved_too, pair) = (unproved.clone(), twins.clone());
        world.attest(std::slice::from_ref(&accountless)).await;
        world.attest(&twins).await;
        world
            .write(&program(), move |cx, grants| {
                grants::mapper::choose(cx, grants, &unproved_too.number, &wallet(&unproved_too.phone))?;
                for one in &pair {
                    grants::mapper::choose(cx, grants, &one.number, &wallet("+26659999999"))?;
                }
                Ok(())
            })
            .await
            .unwrap();
        die(&world, &dead.number).await;
        let unknown = civil::national_id::of_serial(77_777);
        let numbers =
            [&good[0].number, &unknown, &dead.number, &accountless.number, &twins[0].number, &unproved.number];
        let mut text = "id_number,amount\n".to_owned();
        for number in numbers.into_iter().chain([&twins[1].number, &good[1].number, &rich.number]) {
            text.push_str(&format!("{number},900.00\n"));
        }
        world.fund(10_000_000).await;
        let list = world.list("November", &text).await.unwrap().list;
        let run = world.prepare(list.id, "2026-11-24").await.unwrap().id;
        world.work().await;
        let reasons = async |line| world.payment(run, line).await.reason;
        for (line, reason) in
            [(3, "unknown"), (4, "dead"), (5, "no_account"), (6, "shared"), (7, "life"), (8, "shared")]
        {
            assert_eq!(reasons(line).await.as_deref(), Some(reason), "line {line}");
        }
        assert_eq!(world.run(run).await.tally.ready, 3);
        // The same people in another list for the same month: nobody is ready twice.
        let again = world.list("November again", &text).await.unwrap().list;
        let second = world.prepare(again.id, "2026-11-28").await.unwrap().id;
        world.work().await;
        assert_eq!(world.payment(second, 2).await.reason.as_deref(), Some("doubled"));
        assert_eq!(world.run(second).await.tally.ready, 0);
        assert_eq!(world.approve(second).await.unwrap_err().code(), "grants.run.nothing");
        // The month after they are.
        let december = world.prepare(again.id, "2026-12-01").await.unwrap().id;
        world.work().await;
        assert_eq!(world.run(december).await.tally.ready, 3);
        world.agrees(december).await;
    });
}

/// Her death, as the population says it.
async fn die(world: &World, number: &str) {
    let (registers, number) = (world.registers.clone(), number.to_owned());
    let change = move |cx: &mut spine::Cx<'_>| {
        let record = registers::find(cx, &registers, civil::REGISTER, &number)?.unwrap();
        let mut fields = record.fields().clone();
        fields.insert("died".to_owned(), serde_json::json!("2026-11-20"));
        let change = registers::Change::of(&record, registers::Kind::Change, fields).because("death");
        registers::change(cx, &registers, &change).map(drop)
    };
    world.acts.write(&program(), &journal::Key::none(), change).await.unwrap_or_else(|fault| panic!("{fault:?}"));
}

#[test]
fn nobody_pays_what_is_not_there() {
    on_each(async |world: World| {
        world.pensioners(1, 3).await;
        world.fund(200_000).await;
        let list = world.gathered("November").await;
        let run = world.prepare(list.id, "2026-11-24").await.unwrap().id;
        world.work().await;
        assert_eq!(world.approve(run).await.unwrap_err().code(), "grants.programme.short");
        assert_eq!(world.free().await, 200_000);
        let wrong = world.write(&preparer(), |cx, grants| fund(cx, grants, PENSION, 70_000)).await;
        assert_eq!(wrong.unwrap_err().kind(), FaultKind::Forbidden);
        for minor in [0, -5, i64::MAX] {
            assert!(world.write(&treasury(), move |cx, grants| fund(cx, grants, PENSION, minor)).await.is_err());
        }
        world.fund(70_000).await;
        world.approve(run).await.unwrap();
        assert_eq!(world.free().await, 0);
        assert_eq!(world.approve(run).await.unwrap_err().code(), "grants.run.unchecked", "once");
    });
}

#[test]
fn who_may_do_what() {
    on_each(async |world: World| {
        world.pensioners(1, 1).await;
        world.fund(100_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-24").await.unwrap().id;
        world.work().await;
        let elsewhere = of_institution("elsewhere", "grants-approver", "ministry-education");
        for caller in [elsewhere, treasury(), clerk(), officer("nobody", "passport-officer"), herself("per_x")] {
            let refused = world.write(&caller, move |cx, grants| runs::approve(cx, grants, run)).await.unwrap_err();
            assert!(matches!(refused.kind(), FaultKind::Forbidden | FaultKind::Unauthenticated), "{caller:?}");
        }
        let given_up = world.write(&approver(), move |cx, grants| runs::withdraw(cx, grants, run)).await;
        given_up.unwrap();
        assert_eq!(world.run(run).await.state, RunState::Withdrawn);
        let next = world.prepare(list, "2026-11-24").await.unwrap().id;
        world.work().await;
        assert_eq!(world.run(next).await.tally.ready, 1, "who was given up may be paid by another run");
        world.approve(next).await.unwrap();
        let late = world.write(&approver(), move |cx, grants| runs::withdraw(cx, grants, next)).await;
        assert_eq!(late.unwrap_err().code(), "grants.run.approved");
    });
}

#[test]
fn what_was_altered_after_it_was_signed_is_not_paid() {
    on_each(async |world: World| {
        world.pensioners(1, 2).await;
        world.fund(10_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-24").await.unwrap().id;
        world.work().await;
        world.approve(run).await.unwrap();
        world.meddle("UPDATE grants_payment SET address = '+26650000666' WHERE line = 2").await;
        world.work().await;
        assert_eq!(world.run(run).await.trouble.as_deref(), Some("altered"));
        assert!(world.orders().is_empty());
        let other = world.prepare(list, "2026-12-01").await.unwrap().id;
        world.work().await;
        world.approve(other).await.unwrap();
        world.meddle("UPDATE grants_run SET ready_minor = ready_minor + 1 WHERE state = 'approved'").await;
        world.clock.step(7 * 86_400);
        world.work().await;
        assert_eq!(world.run(other).await.trouble.as_deref(), Some("signature"));
        assert!(world.orders().is_empty());
    });
}

#[test]
fn a_long_run_is_paid_in_pieces_each_once() {
    on_each(async |world: World| {
        world.pensioners(1, 2_345).await;
        world.fund(1_000_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        let orders = world.orders();
        assert_eq!(orders.len(), 2_345);
        // A step that runs again, at any place, finds itself done.
        for position in [0, 1_000, 2_000, 2_345] {
            for kind in ["grants.run.check", "grants.run.pay"] {
                let body = serde_json::json!({ "run": run, "position": position });
                let again = move |cx: &mut spine::Cx<'_>| {
                    cx.may("grants.run.step", &spine::Resource::new("Run", run))?;
                    cx.record(spine::Act::new("test.again"));
                    cx.enqueue(spine::Job::new(kind, body.clone()));
                    Ok(())
                };
                world.acts.write(&program(), &journal::Key::none(), again).await.unwrap();
            }
        }
        world.work().await;
        assert_eq!(world.orders().len(), 2_345);
        world.agrees(run).await;
        let paid: Vec<_> = orders.iter().map(|order| (order.id, Told::Paid("FILE1".to_owned()))).collect();
        for answers in paid.chunks(1_000) {
            world.tell(answers.to_vec()).await.unwrap();
        }
        let told = world.agrees(run).await;
        assert_eq!((told.paid, told.posted_minor), ((2_345, 2_345 * 90_000), 2_345 * 90_000));
        assert_eq!(world.run(run).await.state, RunState::Closed);
        world.tell(paid).await.unwrap();
        assert_eq!(world.agrees(run).await.paid.0, 2_345, "told again it changes nothing");
    });
}

#[test]
fn cash_is_given_once_and_not_more_than_there_is() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 2).await;
        let one = people[0].clone();
        world.meddle("DELETE FROM grants_account").await;
        for person in &people {
            let number = person.number.clone();
            let choose = move |cx: &mut spine::Cx<'_>, grants: &grants::Grants| {
                grants::mapper::choose(cx, grants, &number, &cash())
            };
            world.write(&herself(&person.id), choose).await.unwrap();
        }
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        let texts = world.texts(&one.id).await;
        assert!(texts.iter().any(|text| text.contains("e u emetse posong")), "told that it lies ready: {texts:?}");
        let number = one.number.clone();
        let seen = world
            .write(&clerk(), move |cx, grants| grants::post_office::at_the_counter(cx, grants, "post-leribe", &number))
            .await
            .unwrap();
        assert_eq!((seen.ready.len(), seen.float_left), (1, 0));
        let line = seen.ready[0].line;
        let give = move |cx: &mut spine::Cx<'_>, grants: &grants::Grants| {
            grants::post_office::give(cx, grants, "post-leribe", (run, line), "LS123")
        };
        assert_eq!(world.write(&clerk(), give).await.unwrap_err().code(), "grants.float.short");
        let float =
            move |cx: &mut spine::Cx<'_>, grants: &grants::Grants| give_float(cx, grants, "post-leribe", 100_000);
        world.write(&treasury(), float).await.unwrap();
        let blank = world
            .write(&clerk(), move |cx, grants| grants::post_office::give(cx, grants, "post-leribe", (run, line), " "))
            .await;
        assert_eq!(blank.unwrap_err().code(), "grants.cash.document");
        world.write(&clerk(), give).await.unwrap();
        assert_eq!(world.write(&clerk(), give).await.unwrap_err().code(), "grants.payment.not_ready");
        assert_eq!(world.agrees(run).await.paid, (1, 90_000));
        assert_eq!(world.payment(run, line).await.state, PaymentState::Paid);
        // What nobody fetches goes back in the end, and the run closes.
        world.clock.step(91 * 86_400);
        world.work().await;
        let told = world.agrees(run).await;
        assert_eq!((world.run(run).await.state, told.returned_minor), (RunState::Closed, 90_000));
        let other = of_institution("other", "post-office-clerk", "ministry-finance");
        assert_eq!(world.write(&other, give).await.unwrap_err().kind(), FaultKind::Forbidden);
    });
}

#[test]
fn the_dead_are_not_paid() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 3).await;
        let two = people[1].clone();
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-25").await.unwrap().id;
        world.work().await;
        world.approve(run).await.unwrap();
        die(&world, &two.number).await;
        let (follow, id) = (world.grants.consequence(), two.id.clone());
        let died = move |cx: &mut spine::Cx<'_>| {
            let vital = civil::Vital::Died { person: id.clone(), on: "2026-11-20".parse().unwrap() };
            follow(cx, &vital)
        };
        world.acts.write(&program(), &journal::Key::none(), died).await.unwrap();
        world.clock.step(16 * 3_600);
        world.work().await;
        assert_eq!(world.orders().len(), 2);
        for order in world.orders() {
            world.pay(&order).await.unwrap();
        }
        let told = world.agrees(run).await;
        assert_eq!((told.paid.0, told.returned_minor), (2, 90_000));
        assert_eq!(world.free().await, 1_000_000 - 180_000, "her money went back to the programme");
    });
}

/// Workers that are dropped wherever they are, again and again, as when the program is killed.
#[test]
fn killed_anywhere_it_goes_on_and_pays_once() {
    on_each(async |world: World| {
        world.pensioners(1, 3_210).await;
        world.fund(1_000_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-24").await.unwrap().id;
        killed_until(&world, async || world.run(run).await.state == RunState::Checked).await;
        world.approve(run).await.unwrap();
        killed_until(&world, async || world.run(run).await.state == RunState::Sent).await;
        world.work().await;
        assert_eq!(world.orders().len(), 3_210);
        let told = world.agrees(run).await;
        assert_eq!((told.pending.0, told.held_minor), (3_210, 3_210 * 90_000));
    });
}

async fn killed_until(world: &World, done: impl AsyncFn() -> bool) {
    for pause in [3_u64, 7, 11, 19, 31, 53, 97].into_iter().cycle().take(400) {
        let running = tokio::spawn(world.workers.clone().run(world.acts.clone()));
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        running.abort();
        // Whoever was killed keeps her lease for a minute.
        world.clock.step(61);
        if done().await {
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn runs_prepare_themselves_before_their_day() {
    on_each(async |world: World| {
        world.pensioners(1, 2).await;
        world.fund(1_000_000).await;
        let runs = async || {
            let seen = world.read(&preparer(), |cx, grants| runs::programme(cx, grants, PENSION)).await.unwrap();
            (seen.lists.len(), seen.runs)
        };
        assert_eq!(world.grants.plan().await.unwrap(), 0, "a week before nothing is done");
        world.clock.step(4 * 86_400);
        for _ in 0..4 {
            world.grants.plan().await.unwrap();
            world.work().await;
        }
        let (lists, made) = runs().await;
        assert_eq!((lists, made.len()), (1, 1), "one list and one run, however often it is asked");
        assert_eq!((made[0].state, made[0].pay_on.to_string().as_str()), (RunState::Checked, "2026-12-01"));
        assert_eq!(made[0].tally.ready, 2);
        world.approve(made[0].id).await.unwrap();
    });
}
