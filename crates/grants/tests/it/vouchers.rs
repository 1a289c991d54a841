//! Vouchers: backed, unguessable, redeemed once across any set of devices in any order, good without a network.

use crypto::jose::KeySet;
use grants::vouchers::{
    Issued, NewVoucher, Outcome, Redemption, Voucher, VoucherState, activate, cancel, check_slip, hear, look, own,
    pre_activate, redeem,
};
use grants::{Account, Grants, RunState, Way, give_float};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, FaultKind};

use crate::world::{PENSION, World, herself, on_each, preparer, program, treasury};

/// A ministry's system.
fn system() -> Caller {
    let actor = Actor { assurance: Assurance::High, ..Actor::bare(ActorKind::Client, "social-development") };
    Caller { actor, ..program() }
}

/// A till with a place's float of its own.
fn till(name: &str) -> Caller {
    let device = Actor::bare(ActorKind::Device, format!("dev_{name}"));
    let actor = Actor { roles: vec!["vouchers.redeem".to_owned()], assurance: Assurance::Substantial, ..device };
    Caller { actor, ..program() }
}

async fn made(world: &World, minor: i64) -> Issued {
    let new = NewVoucher { programme: PENSION.to_owned(), group: "food".to_owned(), amount_minor: minor };
    world.write(&system(), move |cx, grants| pre_activate(cx, grants, &new)).await.unwrap()
}

async fn activated(world: &World, minor: i64) -> Issued {
    let issued = made(world, minor).await;
    let serial = issued.serial.clone();
    world.write(&system(), move |cx, grants| activate(cx, grants, &serial)).await.unwrap();
    issued
}

async fn float(world: &World, name: &str, minor: i64) {
    let place = format!("dev_{name}");
    world.write(&treasury(), move |cx, grants| give_float(cx, grants, &place, minor)).await.unwrap();
}

async fn balance(world: &World, reference: &str) -> (i64, i64) {
    let reference = reference.to_owned();
    world
        .read(&program(), move |cx, _| {
            let account = payments::ledger::called(cx, &reference)?;
            Ok(account.map_or((0, 0), |account| (account.debits_posted, account.credits_posted)))
        })
        .await
        .unwrap()
}

async fn told(world: &World, name: &str, reports: &[(&str, &str)]) -> Vec<Outcome> {
    let at = world.acts.now();
    let told: Vec<Redemption> = reports
        .iter()
        .map(|(id, number)| Redemption { id: (*id).to_owned(), number: (*number).to_owned(), at })
        .collect();
    let heard = world.write(&till(name), move |cx, grants| hear(cx, grants, &told)).await.unwrap();
    heard.into_iter().map(|one| one.outcome).collect()
}

async fn state(world: &World, serial: &str) -> Voucher {
    let serial = serial.to_owned();
    world.write(&system(), move |cx, grants| look(cx, grants, &serial)).await.unwrap()
}

#[test]
fn its_value_is_held_until_it_ends() {
    on_each(async |world: World| {
        world.fund(100_000).await;
        let one = made(&world, 60_000).await;
        assert_eq!((one.serial.len(), one.number.len()), (16, 16));
        assert_eq!(world.free().await, 40_000);
        let more = NewVoucher { programme: PENSION.to_owned(), group: "food".to_owned(), amount_minor: 60_000 };
        let short = world.write(&system(), move |cx, grants| pre_activate(cx, grants, &more)).await.unwrap_err();
        assert_eq!(short.code(), "payments.account.bound");
        float(&world, "one", 500_000).await;
        assert_eq!(told(&world, "one", &[("a", &one.number)]).await, [Outcome::Charged], "not activated yet");
        let serial = one.serial.clone();
        let work = move |cx: &mut Cx<'_>, grants: &Grants| activate(cx, grants, &serial);
        world.write(&system(), work.clone()).await.unwrap();
        assert_eq!(world.write(&system(), work).await.unwrap_err().code(), "grants.voucher.not_pre_activated");
        let serial = one.serial.clone();
        let end = move |cx: &mut Cx<'_>, grants: &Grants| cancel(cx, grants, &serial);
        world.write(&system(), end.clone()).await.unwrap();
        assert_eq!(world.write(&system(), end).await.unwrap_err().code(), "grants.voucher.ended");
        assert_eq!(world.free().await, 100_000);
        let late = activated(&world, 30_000).await;
        world.clock.step(91 * 86_400);
        world.work().await;
        assert_eq!(state(&world, &late.serial).await.state, VoucherState::Expired);
        assert_eq!(world.free().await, 100_000);
    });
}

#[test]
fn numbers_are_nowhere_and_nobody_elses() {
    on_each(async |world: World| {
        world.fund(100_000).await;
        let one = activated(&world, 10_000).await;
        let number = one.number.clone();
        let seen = world
            .read(&program(), move |cx, _| {
                let rows = cx.tx().query("SELECT serial, lookup, sealed FROM grants_voucher", &[])?;
                let acts = cx.tx().query("SELECT record FROM journal_act", &[])?;
                let mut all = String::new();
                for row in rows {
                    all.push_str(&format!("{} {}", row.get::<String>(0)?, row.get::<String>(1)?));
                    all.push_str(&String::from_utf8_lossy(&row.get::<Vec<u8>>(2)?));
                }
                for row in acts {
                    all.push_str(&row.get::<String>(0)?);
                }
                Ok(all)
            })
            .await
            .unwrap();
        assert!(!seen.contains(&number));
        assert!(format!("{one:?}").contains(&one.serial) && !format!("{one:?}").contains(&one.number));
        let mut other = system();
        other.actor.id = "somebody-else".to_owned();
        for caller in [other, preparer(), till("one")] {
            let serial = one.serial.clone();
            let refused = world.write(&caller, move |cx, grants| cancel(cx, grants, &serial)).await.unwrap_err();
            assert_eq!(refused.kind(), FaultKind::Forbidden, "{caller:?}");
        }
        let wrong = [("a", "1234 5678 9012 3456"), ("b", "x"), ("c", ""), ("d", &one.serial)];
        assert_eq!(told(&world, "one", &wrong).await, [Outcome::Unknown; 4]);
    });
}

/// Three tills, two vouchers, any reports in any order, some of them twice.
#[test]
fn redeemed_once_across_any_devices_in_any_order() {
    let reports = prop::collection::vec((0..3_usize, 0..2_usize, 0..2_u8), 1..14);
    let config = Config { cases: 12, rng_seed: RngSeed::Fixed(18), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&reports, |reports| {
            on_each(async |world: World| every_order(&world, &reports).await);
            Ok(())
        })
        .unwrap();
}

async fn every_order(world: &World, reports: &[(usize, usize, u8)]) {
    const TILLS: [&str; 3] = ["one", "two", "three"];
    world.fund(100_000).await;
    for name in TILLS {
        float(world, name, 1_000_000).await;
    }
    let vouchers = [activated(world, 30_000).await, activated(world, 50_000).await];
    let amounts = [30_000, 50_000];
    let mut first: [Option<String>; 2] = [None, None];
    let mut given: std::collections::BTreeMap<String, (usize, usize)> = std::collections::BTreeMap::new();
    for (till, voucher, again) in reports {
        let id = format!("v{voucher}-{again}");
        let outcome = told(world, TILLS[*till], &[(&id, &vouchers[*voucher].number)]).await[0];
        let known = format!("{}:{id}", TILLS[*till]);
        given.insert(known.clone(), (*till, *voucher));
        let mine = first[*voucher].get_or_insert_with(|| known.clone());
        assert_eq!(outcome, if *mine == known { Outcome::Accepted } else { Outcome::Charged });
    }
    for (place, name) in TILLS.iter().enumerate() {
        let gave: i64 = given.values().filter(|(till, _)| *till == place).map(|(_, voucher)| amounts[*voucher]).sum();
        let owes: i64 = given
            .iter()
            .filter(|(id, (till, voucher))| *till == place && first[*voucher].as_ref() != Some(*id))
            .map(|(_, (_, voucher))| amounts[*voucher])
            .sum();
        assert_eq!(balance(world, &format!("float:dev_{name}")).await, (1_000_000, gave), "the float is down by all");
        assert_eq!(balance(world, &format!("charged:dev_{name}")).await.0, owes, "and what was doubled is owed");
    }
    let redeemed: i64 = first.iter().zip(amounts).filter(|(one, _)| one.is_some()).map(|(_, amount)| amount).sum();
    assert_eq!(balance(world, "payout:vouchers").await, (redeemed, redeemed), "each is paid once");
    for (voucher, first) in vouchers.iter().zip(&first) {
        let wanted = if first.is_some() { VoucherState::Redeemed } else { VoucherState::Activated };
        assert_eq!(state(world, &voucher.serial).await.state, wanted);
    }
}

#[test]
fn asked_first_nothing_is_charged() {
    on_each(async |world: World| {
        world.fund(100_000).await;
        let one = activated(&world, 30_000).await;
        let at = world.acts.now();
        let ask = |id: &str| {
            let told = Redemption { id: id.to_owned(), number: one.number.clone(), at };
            move |cx: &mut Cx<'_>, grants: &Grants| redeem(cx, grants, "shop-one", &told)
        };
        assert_eq!(world.write(&system(), ask("1")).await.unwrap().outcome, Outcome::Accepted);
        assert_eq!(world.write(&system(), ask("1")).await.unwrap().outcome, Outcome::Accepted, "the same once more");
        assert_eq!(world.write(&system(), ask("2")).await.unwrap().outcome, Outcome::Redeemed);
        assert_eq!(balance(&world, "owed:shop-one").await, (0, 30_000), "a shop without a float is owed it");
        assert_eq!(balance(&world, "charged:shop-one").await, (0, 0));
    });
}

#[test]
fn a_pensioner_is_paid_by_voucher() {
    on_each(async |world: World| {
        let one = world.people(1, 1, "1950-01-01").await.remove(0);
        world.attest(std::slice::from_ref(&one)).await;
        let voucher = Account { way: Way::Voucher, institution: String::new(), address: String::new() };
        let number = one.number.clone();
        let choose = move |cx: &mut Cx<'_>, grants: &Grants| grants::mapper::choose(cx, grants, &number, &voucher);
        world.write(&herself(&one.id), choose).await.unwrap();
        world.fund(1_000_000).await;
        let list = world.gathered("November").await.id;
        let run = world.paid_out(list, "2026-11-24").await;
        world.agrees(run).await;
        let seen = world.write(&herself(&one.id), own).await.unwrap();
        assert_eq!(seen.len(), 1);
        let (voucher, number, slip) = &seen[0];
        assert_eq!(voucher.amount_minor, 90_000);
        let keys = KeySet::of([&world.key]);
        let now = world.acts.now();
        let said = check_slip(&keys, slip, number, now).unwrap();
        assert_eq!((said.amount_minor, said.serial.as_str()), (90_000, voucher.serial.as_str()));
        assert_eq!(check_slip(&keys, slip, &voucher.serial, now), None, "another number");
        assert_eq!(check_slip(&keys, slip, number, now.plus_seconds(91 * 86_400)), None, "too late");
        let forged = slip.replacen('.', ".A", 1);
        assert_eq!(check_slip(&keys, &forged, number, now), None);
        float(&world, "one", 100_000).await;
        assert_eq!(told(&world, "one", &[("a", number)]).await, [Outcome::Accepted]);
        let told = world.agrees(run).await;
        assert_eq!(told.paid, (1, 90_000));
        assert_eq!(world.run(run).await.state, RunState::Closed);
        assert!(world.write(&herself(&one.id), own).await.unwrap().is_empty());
    });
}
