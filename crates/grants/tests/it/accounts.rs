//! Where people are paid: chosen, changed after a wait, stopped, and never another's by an officer alone.

use grants::mapper::{Chosen, choose, own, payee_of, resolve, stop_change, unlink};
use grants::{Account, Grants, Way};
use spine::{Cx, FaultKind};

use crate::world::{World, approver, cash, herself, on_each, preparer, wallet};

fn choosing(
    number: &str,
    account: Account,
) -> impl FnMut(&mut Cx<'_>, &Grants) -> Result<Chosen, spine::Fault> + use<> {
    let number = number.to_owned();
    move |cx, grants| choose(cx, grants, &number, &account)
}

#[test]
fn the_first_counts_at_once_and_another_waits() {
    on_each(async |world: World| {
        let one = world.people(1, 1, "1950-01-01").await.remove(0);
        let she = herself(&one.id);
        let chosen = world.write(&she, choosing(&one.number, wallet("5800 1234"))).await.unwrap();
        assert_eq!(chosen, Chosen::Now);
        let again = world.write(&she, choosing(&one.number, wallet("+26658001234"))).await.unwrap();
        assert_eq!(again, Chosen::Before, "the same written otherwise");
        let waits = world.write(&she, choosing(&one.number, cash())).await.unwrap();
        assert_eq!(waits, Chosen::Waits(world.acts.now().plus_seconds(72 * 3_600)));
        world.work().await;
        let seen = world.read(&she, own).await.unwrap().0;
        assert_eq!(seen.account, Some(wallet("+26658001234")));
        assert_eq!(seen.waiting.map(|change| change.account), Some(cash()));
        world.clock.step(72 * 3_600 + 1);
        world.work().await;
        assert_eq!(world.read(&she, own).await.unwrap().0.account, Some(cash()));
        assert_eq!(world.texts(&one.id).await.len(), 3, "chosen, asked for, come true");
    });
}

#[test]
fn she_stops_what_she_did_not_ask_for() {
    on_each(async |world: World| {
        let one = world.people(1, 1, "1950-01-01").await.remove(0);
        let she = herself(&one.id);
        world.write(&she, choosing(&one.number, wallet("58001234"))).await.unwrap();
        world.write(&preparer(), choosing(&one.number, wallet("58006666"))).await.unwrap();
        assert!(world.texts(&one.id).await.last().unwrap().contains("6666"), "she is told");
        let number = one.number.clone();
        let stop = move |cx: &mut Cx<'_>, grants: &Grants| stop_change(cx, grants, &number);
        world.write(&she, stop.clone()).await.unwrap();
        assert_eq!(world.write(&she, stop).await.unwrap_err().code(), "grants.account.no_change");
        world.clock.step(80 * 3_600);
        world.work().await;
        assert_eq!(world.read(&she, own).await.unwrap().0.account, Some(wallet("+26658001234")));
        // Of several the last counts, and asking for what is so already stops what waits.
        world.write(&she, choosing(&one.number, cash())).await.unwrap();
        world.write(&she, choosing(&one.number, wallet("58001234"))).await.unwrap();
        world.clock.step(80 * 3_600);
        world.work().await;
        assert_eq!(world.read(&she, own).await.unwrap().0.account, Some(wallet("+26658001234")));
    });
}

#[test]
fn nobody_chooses_for_another() {
    on_each(async |world: World| {
        let people = world.people(1, 2, "1950-01-01").await;
        let (one, two) = (people[0].clone(), people[1].clone());
        for caller in [herself(&two.id), approver(), crate::world::clerk()] {
            let refused = world.write(&caller, choosing(&one.number, wallet("58001234"))).await.unwrap_err();
            assert_eq!(refused.kind(), FaultKind::Forbidden, "{caller:?}");
            let number = one.number.clone();
            let look = world.write(&caller, move |cx, grants| resolve(cx, grants, &number)).await;
            assert_eq!(look.unwrap_err().kind(), FaultKind::Forbidden);
        }
        let mut weak = herself(&one.id);
        weak.actor.assurance = spine::Assurance::Low;
        let refused = world.write(&weak, choosing(&one.number, wallet("58001234"))).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden, "one factor is not enough");
        let number = one.number.clone();
        let unlinked = world.write(&herself(&one.id), move |cx, grants| unlink(cx, grants, &number)).await;
        assert!(unlinked.is_err());
    });
}

#[test]
fn accounts_have_one_form_or_are_refused() {
    on_each(async |world: World| {
        let one = world.people(1, 1, "1950-01-01").await.remove(0);
        let she = herself(&one.id);
        let account = |way, institution: &str, address: &str| Account {
            way,
            institution: institution.to_owned(),
            address: address.to_owned(),
        };
        for (wrong, field) in [
            (account(Way::Wallet, "nobody", "58001234"), "institution"),
            (account(Way::Wallet, "mpesa", "5800"), "address"),
            (account(Way::Wallet, "mpesa", "62001234"), "address"),
            (account(Way::Bank, "nobody", "12345678"), "institution"),
            (account(Way::Bank, "nedbank", "12"), "address"),
            (account(Way::Bank, "nedbank", "1234;DROP"), "address"),
        ] {
            let fault = world.write(&she, choosing(&one.number, wrong.clone())).await.unwrap_err();
            assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("grants.account.wrong", field), "{wrong:?}");
        }
        let bank = account(Way::Bank, "nedbank", "0123 4567-89");
        world.write(&she, choosing(&one.number, bank)).await.unwrap();
        assert_eq!(world.read(&she, own).await.unwrap().0.account.unwrap().address, "0123456789");
    });
}

#[test]
fn payees_are_numbers_or_what_others_call_them() {
    let number = civil::national_id::of_serial(5);
    assert_eq!(payee_of(&civil::national_id::shown(&number)), Some(number));
    assert_eq!(payee_of("2ba5ed20-0f42-4eff-8").as_deref(), Some("fid:2ba5ed20-0f42-4eff-8"));
    for wrong in ["", "a b", "a\u{0}", "\u{202e}", &"x".repeat(101)] {
        assert_eq!(payee_of(wrong), None, "{wrong}");
    }
}
