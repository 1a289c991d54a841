//! Payments that came back: by the person at once, by an officer after the wait, paid again once, or given up.

use grants::mapper::choose;
use grants::runs::{give_up, repair};
use grants::{Grants, PaymentState, RunState};
use spine::Cx;

use crate::world::{World, approver, herself, on_each, preparer, wallet};

#[test]
fn she_chooses_another_account_and_it_goes_by_itself() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(100_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        let first = world.orders().remove(0);
        world.fail(&first, "unknown_number").await.unwrap();
        world.work().await;
        let told = world.agrees(run).await;
        assert_eq!((told.pending, told.held_minor), ((1, 90_000), 0), "it waits, and its money with it");
        assert_eq!(world.run(run).await.state, RunState::Sent);
        assert_eq!(world.payment(run, 1).await.reason.as_deref(), Some("unknown_number"));
        let number = one.number.clone();
        let another = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &wallet("58007777"));
        world.write(&herself(&one.id), another).await.unwrap();
        let orders = world.orders();
        assert_eq!(orders.len(), 2);
        assert_eq!(orders[1].address.reveal(), "+26658007777");
        assert_ne!(orders[0].id, orders[1].id);
        // The first try's answer comes once more, and late: it is another try's.
        let late = move |cx: &mut Cx<'_>, grants: &Grants| {
            grants::runs::told(cx, grants, &[(first.id, grants::Told::Paid("late".to_owned()))])
        };
        world.write(&crate::world::program(), late).await.unwrap();
        assert_eq!(world.payment(run, 1).await.state, PaymentState::Held);
        world.pay(&orders[1]).await.unwrap();
        world.pay(&orders[1]).await.unwrap();
        let told = world.agrees(run).await;
        assert_eq!((told.paid, told.posted_minor), ((1, 90_000), 90_000));
        assert_eq!(world.run(run).await.state, RunState::Closed);
    });
}

#[test]
fn who_changed_after_the_batch_was_signed_is_not_asked_again() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(100_000).await;
        let list = world.gathered("November").await.id;
        let run = world.prepare(list, "2026-11-28").await.unwrap().id;
        world.work().await;
        world.approve(run).await.unwrap();
        let number = one.number.clone();
        let another = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &wallet("58007777"));
        world.write(&herself(&one.id), another).await.unwrap();
        world.clock.step(4 * 86_400);
        world.work().await;
        let first = world.orders().remove(0);
        assert_eq!(first.address.reveal(), &one.phone, "what was signed goes first");
        world.fail(&first, "account_closed").await.unwrap();
        let orders = world.orders();
        assert_eq!((orders.len(), orders[1].address.reveal().as_str()), (2, "+26658007777"));
        world.pay(&orders[1]).await.unwrap();
        world.agrees(run).await;
        assert_eq!(world.run(run).await.state, RunState::Closed);
    });
}

#[test]
fn an_officer_helps_and_it_waits() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(100_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        world.fail(&world.orders()[0].clone(), "account_closed").await.unwrap();
        let number = one.number.clone();
        let another = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &wallet("58007777"));
        world.write(&preparer(), another).await.unwrap();
        assert_eq!(world.orders().len(), 1, "not before the wait is over");
        world.clock.step(73 * 3_600);
        world.work().await;
        assert_eq!(world.orders().len(), 2);
        world.pay(&world.orders()[1].clone()).await.unwrap();
        assert_eq!(world.run(run).await.state, RunState::Closed);
        world.agrees(run).await;
    });
}

#[test]
fn an_officer_sends_it_again_or_gives_it_up() {
    on_each(async |world: World| {
        world.pensioners(1, 2).await;
        world.fund(1_000_000).await;
        world.carrier.refuses.lock().unwrap().push("+26650000002".to_owned());
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        assert_eq!(world.orders().len(), 1, "what cannot be carried has come back at once");
        world.agrees(run).await;
        let refused = world.carrier.refuses.lock().unwrap().clone();
        assert_eq!(refused.len(), 1);
        let mut line = 1;
        if world.payment(run, 1).await.state != PaymentState::Failed {
            line = 2;
        }
        let again = move |cx: &mut Cx<'_>, grants: &Grants| repair(cx, grants, run, line);
        world.write(&preparer(), again).await.unwrap();
        assert_eq!(world.payment(run, line).await.state, PaymentState::Failed, "still not connected");
        assert_eq!(world.payment(run, line).await.attempt, 2);
        world.carrier.refuses.lock().unwrap().clear();
        world.write(&preparer(), again).await.unwrap();
        assert_eq!(world.write(&preparer(), again).await.unwrap_err().code(), "grants.payment.not_failed");
        let orders = world.orders();
        world.pay(&orders[0]).await.unwrap();
        world.fail(&orders[1], "name_differs").await.unwrap();
        world.agrees(run).await;
        let own = world.write(&preparer(), move |cx, grants| give_up(cx, grants, run, line)).await;
        assert!(own.is_err(), "who repairs does not give up");
        world.write(&approver(), move |cx, grants| give_up(cx, grants, run, line)).await.unwrap();
        let told = world.agrees(run).await;
        assert_eq!((told.paid.0, told.returned_minor), (1, 90_000));
        assert_eq!(world.free().await, 910_000);
    });
}

#[test]
fn what_comes_back_after_it_was_paid_opens_the_run_again() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        world.fund(100_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        let order = world.orders().remove(0);
        world.pay(&order).await.unwrap();
        assert_eq!(world.run(run).await.state, RunState::Closed);
        // The carrier books the money back and says so.
        world
            .write(&crate::world::program(), move |cx, grants| {
                let account = payments::ledger::called(cx, &format!("grant:{run}"))?.unwrap().id;
                let carried = payments::ledger::called(cx, "wallet:mpesa")?.unwrap().id;
                let (debit, credit, amount) = (carried, account, order.amount);
                let step = payments::ledger::Step::Move { debit, credit, amount };
                let id = cx.id();
                let reference = "returned".to_owned();
                payments::ledger::book(cx, &[payments::ledger::Transfer { id, step, reference }])?;
                grants::runs::told(cx, grants, &[(order.id, grants::Told::Failed("account_closed".to_owned()))])
            })
            .await
            .unwrap();
        assert_eq!(world.run(run).await.state, RunState::Sent);
        world.agrees(run).await;
        let number = one.number.clone();
        let another = move |cx: &mut Cx<'_>, grants: &Grants| choose(cx, grants, &number, &wallet("58007777"));
        world.write(&herself(&one.id), another).await.unwrap();
        world.pay(&world.orders()[1].clone()).await.unwrap();
        world.agrees(run).await;
        assert_eq!(world.run(run).await.state, RunState::Closed);
    });
}
