//! Fees and bills paid with vouchers: whose programme allows it, whole, once; everything else changes nothing.

use grants::vouchers::{Issued, NewVoucher, VoucherState, activate, cancel, look, pay, pre_activate};
use grants::{Purse, fund};
use payments::bills::{self, Bill, BillState, NewBill, Share};
use payments::vouchers::{Paid, ToPay};
use payments::{NewRequest, RequestId, RequestState};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Language, Localised, Secret, Via};

use crate::pages::Browser;
use crate::world::{PENSION, World, herself, lsl, on_each, program, treasury};

const BURSARY: &str = "student-bursary";

fn system() -> Caller {
    let actor = Actor { assurance: Assurance::High, ..Actor::bare(ActorKind::Client, "social-development") };
    Caller { actor, ..program() }
}

fn anybody() -> Caller {
    Caller { actor: Actor::anonymous(), via: Via::Web, language: Language::new("en-LS") }
}

async fn funded(world: &World, programme: &'static str, minor: i64) -> Purse {
    world.write(&treasury(), move |cx, grants| fund(cx, grants, programme, minor)).await.unwrap()
}

async fn voucher(world: &World, programme: &str, minor: i64) -> Issued {
    let new = NewVoucher { programme: programme.to_owned(), group: "school fees".to_owned(), amount_minor: minor };
    let issued = world.write(&system(), move |cx, grants| pre_activate(cx, grants, &new)).await.unwrap();
    let serial = issued.serial.clone();
    world.write(&system(), move |cx, grants| activate(cx, grants, &serial)).await.unwrap();
    issued
}

async fn bill(world: &World, reference: &'static str, minor: i64, in_parts: bool) -> Bill {
    let mut actor = Actor::bare(ActorKind::Client, "biller:ministry-education");
    actor.institution = Some("ministry-education".to_owned());
    let expires_at = world.acts.now().plus_seconds(86_400 * 200);
    let make = move |cx: &mut Cx<'_>, _: &grants::Grants| {
        let new = NewBill {
            biller: "ministry-education".to_owned(),
            reference: reference.to_owned(),
            payer: None,
            description: Localised::from([("en", "School fee"), ("st", "Tefo ea sekolo")]),
            amount: payments_money(minor),
            shares: vec![Share { account: "income:ministry-education".to_owned(), amount_minor: minor }],
            in_parts,
            due_on: None,
            expires_at,
        };
        Ok(bills::make(cx, &[new])?.remove(0))
    };
    world.write(&Caller { actor, ..program() }, make).await.unwrap()
}

fn payments_money(minor: i64) -> spine::Money {
    spine::Money::new(minor, lsl())
}

async fn pays(world: &World, who: &Caller, what: &ToPay, number: &str) -> Result<Paid, Fault> {
    let (what, typed) = (what.clone(), Secret::new(number.to_owned()));
    world.write(who, move |cx, grants| pay(cx, grants, &what, &typed)).await
}

async fn code(world: &World, what: &ToPay, number: &str) -> String {
    let fault = pays(world, &anybody(), what, number).await.unwrap_err();
    assert!(fault.fields().iter().all(|field| field.field == "number"));
    fault.code().to_owned()
}

async fn balance(world: &World, reference: &'static str) -> (i64, i64) {
    let look = move |cx: &mut Cx<'_>, _: &grants::Grants| {
        let account = payments::ledger::called(cx, reference)?;
        Ok(account.map_or((0, 0), |it| (it.held(), it.debits_pending)))
    };
    world.read(&program(), look).await.unwrap()
}

async fn stands(world: &World, number: &str) -> (BillState, i64) {
    let number = number.to_owned();
    let look = move |cx: &mut Cx<'_>, _: &grants::Grants| {
        let bill = bills::find(cx, &number)?;
        Ok((bill.state, bill.left().minor()))
    };
    world.read(&program(), look).await.unwrap()
}

async fn state(world: &World, serial: &str) -> VoucherState {
    let serial = serial.to_owned();
    world.write(&system(), move |cx, grants| look(cx, grants, &serial)).await.unwrap().state
}

async fn sound(world: &World) {
    let audit = world.read(&program(), |cx, _| payments::audit(cx)).await.unwrap();
    assert!(audit.is_sound(), "{:?}", audit.findings);
}

#[test]
fn a_bill_whole_and_in_parts_once_each() {
    on_each(async |world: World| {
        funded(&world, BURSARY, 100_000).await;
        let whole = bill(&world, "SF-1", 15_000, false).await;
        let what = ToPay::Bill(whole.number.clone());
        let one = voucher(&world, BURSARY, 15_000).await;
        let spaced = format!("{} {}", &one.number[..8], &one.number[8..]);
        let paid = pays(&world, &anybody(), &what, &spaced).await.unwrap();
        assert!(payments::is_receipt_number(&paid.receipt));
        assert_eq!(
            (stands(&world, &whole.number).await, state(&world, &one.serial).await),
            ((BillState::Paid, 0), VoucherState::Redeemed)
        );
        assert_eq!(pays(&world, &anybody(), &what, &one.number).await.unwrap_err().code(), "payments.bill.over");
        let parts = bill(&world, "SF-2", 15_000, true).await;
        let what = ToPay::Bill(parts.number.clone());
        assert_eq!(code(&world, &what, &one.number).await, "grants.voucher.redeemed");
        for (minor, left) in [(5_000, 10_000), (10_000, 0)] {
            let part = voucher(&world, BURSARY, minor).await;
            pays(&world, &anybody(), &what, &part.number).await.unwrap();
            assert_eq!(stands(&world, &parts.number).await.1, left);
        }
        assert_eq!(balance(&world, "income:ministry-education").await.0, -30_000);
        for empty in ["voucher:student-bursary", "payout:vouchers", "bills:LSL"] {
            assert_eq!(balance(&world, empty).await, (0, 0), "{empty}");
        }
        let purse = world
            .read(&program(), |cx, _| Ok(payments::ledger::called(cx, "programme:student-bursary")?.unwrap()))
            .await;
        assert_eq!((purse.as_ref().unwrap().debits_posted, purse.unwrap().debits_pending), (30_000, 0));
        sound(&world).await;
    });
}

#[test]
fn what_a_voucher_may_not_do_changes_nothing() {
    on_each(async |world: World| {
        world.fund(100_000).await;
        funded(&world, BURSARY, 100_000).await;
        let fee = bill(&world, "SF-3", 15_000, false).await;
        let what = ToPay::Bill(fee.number.clone());
        let good = voucher(&world, BURSARY, 15_000).await;
        for wrong in ["", "1234", "1234 5678 9012 3456", "12345678901234567890", "' OR 1=1 --", "１２３４"] {
            assert_eq!(code(&world, &what, wrong).await, "grants.voucher.number", "{wrong}");
        }
        let other = if good.number.starts_with('1') { "2" } else { "1" };
        let mut strange = format!("{other}{}", &good.number[1..15]);
        strange.push_str(&spine::check_digit(&strange).unwrap().to_string());
        assert_eq!(code(&world, &what, &strange).await, "grants.voucher.strange");
        let foreign = voucher(&world, PENSION, 15_000).await;
        assert_eq!(code(&world, &what, &foreign.number).await, "grants.voucher.foreign");
        for (minor, code_of) in [(14_999, "grants.voucher.less"), (15_001, "grants.voucher.more")] {
            let odd = voucher(&world, BURSARY, minor).await;
            assert_eq!(code(&world, &what, &odd.number).await, code_of);
            assert_eq!(state(&world, &odd.serial).await, VoucherState::Activated, "it can be spent elsewhere");
        }
        let new = NewVoucher { programme: BURSARY.to_owned(), group: "fees".to_owned(), amount_minor: 15_000 };
        let waiting = world.write(&system(), move |cx, grants| pre_activate(cx, grants, &new)).await.unwrap();
        assert_eq!(code(&world, &what, &waiting.number).await, "grants.voucher.not_active");
        let taken = voucher(&world, BURSARY, 15_000).await;
        let serial = taken.serial.clone();
        world.write(&system(), move |cx, grants| cancel(cx, grants, &serial)).await.unwrap();
        assert_eq!(code(&world, &what, &taken.number).await, "grants.voucher.cancelled");
        world.clock.step(91 * 86_400);
        assert_eq!(code(&world, &what, &good.number).await, "grants.voucher.expired");
        assert_eq!(
            (stands(&world, &fee.number).await, balance(&world, "income:ministry-education").await),
            ((BillState::Open, 15_000), (0, 0))
        );
        let unknown = ToPay::Bill("9482-7735-6043".to_owned());
        assert!(
            pays(&world, &anybody(), &unknown, &good.number).await.unwrap_err().code().starts_with("payments.bill.")
        );
        sound(&world).await;
    });
}

async fn request(world: &World, payer: &str) -> RequestId {
    let new = NewRequest {
        payer: payer.to_owned(),
        amount: payments_money(15_000),
        account: "income:ministry-education".to_owned(),
        reference: "ED-2026-0001".to_owned(),
        description: Localised::from([("en", "Certificate"), ("st", "Lengolo")]),
        return_path: "/cases/1".to_owned(),
        expires_at: world.acts.now().plus_seconds(86_400),
    };
    world.write(&herself(payer), move |cx, _| payments::request(cx, &new)).await.unwrap()
}

#[test]
fn a_fee_by_page_and_the_number_is_nowhere() {
    on_each(async |world: World| {
        funded(&world, BURSARY, 100_000).await;
        let (id, one) = (request(&world, "per_lineo").await, voucher(&world, BURSARY, 15_000).await);
        let what = ToPay::Request(id);
        let refused = pays(&world, &herself("per_thabo"), &what, &one.number).await.unwrap_err();
        assert_eq!(refused.code(), "journal.act.forbidden", "somebody else's fee is hers to pay");
        let page = format!("/pay/{id}/voucher");
        for language in ["st-LS", "en-LS"] {
            let lineo = Browser::new(&world, "per_lineo", language);
            let (status, _, body) = lineo.send(&page, &page, "number=1234567890123456").await;
            assert!(status == 422 && !body.contains("1234567890123456"), "what was typed is not shown again: {body}");
        }
        let lineo = Browser::new(&world, "per_lineo", "en-LS");
        let (status, location, body) = lineo.send(&page, &page, &format!("number={}", one.number)).await;
        assert_eq!((status, location.as_str()), (303, format!("/pay/{id}").as_str()), "{body}");
        let paid = world.read(&program(), move |cx, _| payments::find(cx, id)).await.unwrap().unwrap();
        assert_eq!(paid.state, RequestState::Paid);
        assert_eq!(lineo.ask("GET", &page, None).await.0, 303, "paid, its own page says so");
        let number = one.number.clone();
        let everything = move |cx: &mut Cx<'_>, _: &grants::Grants| {
            let mut all = String::new();
            for table in [
                "SELECT record FROM journal_act",
                "SELECT body FROM journal_event",
                "SELECT body FROM journal_job",
                "SELECT key FROM journal_request",
            ] {
                for row in &cx.tx().query(table, &[])? {
                    all.push_str(&row.get::<String>(0)?);
                }
            }
            Ok(all)
        };
        let all = world.read(&program(), everything).await.unwrap();
        assert!(all.len() > 100 && !all.contains(&number));
        sound(&world).await;
    });
}

#[test]
fn guessing_is_slowed() {
    on_each(async |world: World| {
        let fee = bill(&world, "SF-9", 15_000, false).await;
        let page = format!("/bill/{}/voucher", fee.number);
        let guesser = Browser::new(&world, "per_lineo", "en-LS");
        let mut last = 0;
        for _ in 0..25 {
            last = guesser.ask("GET", &page, None).await.0;
        }
        assert_eq!(last, 429);
    });
}
