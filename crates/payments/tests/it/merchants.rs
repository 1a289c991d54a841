//! A small shop through its face: sells, is paid, gives back, and has its money once.

use payments::ReturnState;
use payments::merchants::{self, Counter, Merchant, MerchantId, NewMerchant};
use spine::{Cx, Fault, Money};

use crate::bench::{Bench, lsl, on_each, person};
use crate::bills::anybody;

fn counter() -> Counter {
    Counter::parse(include_str!("../../../../packs/lesotho/merchants.toml")).unwrap()
}

pub(crate) async fn shop(bench: &Bench) -> MerchantId {
    let wallets = bench.gateway.wallets().clone();
    let new = NewMerchant {
        name: "Tšepo Café".to_owned(),
        city: "Roma".to_owned(),
        wallet: "mpesa".to_owned(),
        number: "5800 1201".to_owned(),
    };
    let register = move |cx: &mut Cx<'_>| Ok(merchants::register(cx, &wallets, lsl(1).currency(), &new)?.id);
    bench.write(&person("per_tsepo"), register).await.unwrap()
}

pub(crate) async fn sells(bench: &Bench, shop: MerchantId, minor: i64) -> Result<String, Fault> {
    let counter = counter();
    bench.write(&person("per_tsepo"), move |cx| Ok(merchants::sell(cx, &counter, shop, lsl(minor))?.number)).await
}

pub(crate) async fn paid(bench: &Bench, number: &str) -> payments::RequestId {
    let (wallets, number) = (bench.gateway.wallets().clone(), number.to_owned());
    let pay = move |cx: &mut Cx<'_>| payments::bills::pay(cx, &wallets, &number, None, "mpesa", "58001201");
    let request = bench.write(&anybody(), pay).await.unwrap();
    bench.until(request, payments::RequestState::Paid).await;
    request
}

async fn owed(bench: &Bench) -> i64 {
    let all: Vec<(Merchant, i64)> = bench.acts.read(&person("per_tsepo"), merchants::mine).await.unwrap();
    all[0].1
}

#[test]
fn what_is_sold_is_owed_and_paid_out_once() {
    on_each(async |bench| {
        let id = shop(&bench).await;
        for minor in [13_000, 250, 99_999] {
            let number = sells(&bench, id, minor).await.unwrap();
            paid(&bench, &number).await;
        }
        assert_eq!(owed(&bench).await, 113_249);
        let rails = bench.gateway.rails().clone();
        let settle = move |cx: &mut Cx<'_>| merchants::settle(cx, &rails, id);
        assert_eq!(bench.write(&person("per_tsepo"), settle.clone()).await.unwrap(), 113_249);
        assert_eq!(bench.write(&person("per_tsepo"), settle).await.unwrap(), 0, "nothing is left to send");
        bench.wait_for("the wallet to have it", async || bench.balance("wallet:mpesa").await == 0).await;
        assert_eq!(owed(&bench).await, 0);
        // The next day's comes by itself.
        let number = sells(&bench, id, 5_000).await.unwrap();
        paid(&bench, &number).await;
        bench.clock.step(86_401);
        bench
            .wait_for("the evening's money", async || {
                bench.work().await;
                owed(&bench).await == 0
            })
            .await;
        bench.wait_for("both to have arrived", async || bench.balance("wallet:mpesa").await == 0).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn a_sale_is_given_back_while_the_shop_has_the_money() {
    on_each(async |bench| {
        let id = shop(&bench).await;
        let number = sells(&bench, id, 13_000).await.unwrap();
        let unpaid = number.clone();
        let back = bench.write(&person("per_tsepo"), move |cx| merchants::give_back(cx, id, &unpaid)).await;
        assert_eq!(back.unwrap_err().code(), "payments.merchant.unpaid");
        let request = paid(&bench, &number).await;
        let other = number.clone();
        bench.write(&person("per_tsepo"), move |cx| merchants::give_back(cx, id, &other)).await.unwrap();
        let is_back =
            async || bench.read(move |cx| payments::returned(cx, request)).await.unwrap().state == ReturnState::Done;
        bench.wait_for("the buyer to have it", is_back).await;
        assert_eq!(owed(&bench).await, 0);
        // Another is paid out first: then there is nothing to give.
        let number = sells(&bench, id, 7_000).await.unwrap();
        paid(&bench, &number).await;
        let rails = bench.gateway.rails().clone();
        bench.write(&person("per_tsepo"), move |cx| merchants::settle(cx, &rails, id)).await.unwrap();
        let back = bench.write(&person("per_tsepo"), move |cx| merchants::give_back(cx, id, &number)).await;
        assert_eq!(back.unwrap_err().code(), "payments.account.bound");
        bench.must_be_sound().await;
    });
}

#[test]
fn what_cannot_be() {
    on_each(async |bench| {
        let id = shop(&bench).await;
        for minor in [0, 99, 5_000_001, i64::MAX] {
            assert_eq!(sells(&bench, id, minor).await.unwrap_err().code(), "payments.merchant.amount", "{minor}");
        }
        let amount: Money = lsl(1_000);
        let unknown = MerchantId::from_bytes([9; 16]);
        let counter = counter();
        let owner = person("per_tsepo");
        let none = bench.write(&owner, move |cx| merchants::sell(cx, &counter, unknown, amount).map(|_| ()));
        assert_eq!(none.await.unwrap_err().code(), "payments.merchant.unknown");
        for (name, city, wallet, number, field) in [
            ("T", "Roma", "mpesa", "58001201", "name"),
            ("A name that is far too long for it", "Roma", "mpesa", "58001201", "name"),
            ("Tšepo", "", "mpesa", "58001201", "city"),
            ("Tšepo", "Roma", "none", "58001201", "wallet"),
            ("Tšepo", "Roma", "mpesa", "62001201", "number"),
        ] {
            let wallets = bench.gateway.wallets().clone();
            let of = str::to_owned;
            let new = NewMerchant { name: of(name), city: of(city), wallet: of(wallet), number: of(number) };
            let register =
                move |cx: &mut Cx<'_>| merchants::register(cx, &wallets, lsl(1).currency(), &new).map(|_| ());
            let refused = bench.write(&person("per_tsepo"), register).await.unwrap_err();
            assert_eq!(refused.fields()[0].field, field);
        }
        for _ in 0..4 {
            shop(&bench).await;
        }
        let wallets = bench.gateway.wallets().clone();
        let of = str::to_owned;
        let new = NewMerchant { name: of("Sixth"), city: of("Roma"), wallet: of("mpesa"), number: of("58001201") };
        let register = move |cx: &mut Cx<'_>| merchants::register(cx, &wallets, lsl(1).currency(), &new).map(|_| ());
        let refused = bench.write(&person("per_tsepo"), register).await.unwrap_err();
        assert_eq!(refused.code(), "payments.merchant.many");
    });
}
