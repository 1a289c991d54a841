//! Days of a member drawn by chance: bills paid and people paid, while messages both ways are lost, doubled, late or not taken. In the
//! end everything has ended, and what we hold is to the lisente what the hub says we are owed.

use std::time::Duration;

use axum::http::Method;
use payments::bills::Bill;
use serde_json::{Value, json};

use crate::going::ask;
use crate::government::{Government, NAME, Trouble, quoting, switch_time, with_government};
use crate::world::{Told, World, secret};

const VERBS: [(&str, &str); 7] = [
    ("GET", "/parties"),
    ("PUT", "/parties"),
    ("POST", "/quotes"),
    ("PUT", "/quotes"),
    ("POST", "/transfers"),
    ("PUT", "/transfers"),
    ("PATCH", "/transfers"),
];

/// The same for the same seed: whoever sees a day fail can see it again.
struct Chance {
    seed: u8,
    drawn: u32,
}

impl Chance {
    fn below(&mut self, most: u32) -> u32 {
        self.drawn += 1;
        let hash = crypto::sha256(&[&[self.seed], &self.drawn.to_be_bytes()]);
        u32::from_be_bytes(hash[..4].try_into().unwrap()) % most
    }

    fn trouble(&mut self, government: &Government) {
        let what = [Trouble::Lost, Trouble::Twice, Trouble::Away, Trouble::Slow][self.below(4) as usize];
        let (verb, part) = VERBS[self.below(7) as usize];
        let wire = if self.below(2) == 0 { &government.to_us } else { &government.to_hub };
        wire.trouble(what, verb, part, 1 + self.below(2) as usize);
    }
}

/// What the bank does with whatever it is told; a payer that is told nothing asks again a few times.
async fn answers(government: &Government, world: &World, chance: &mut Chance, told: Told) {
    let text = |pointer: &str| told.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let resource = told.path.split('/').nth(1).unwrap_or_default().to_owned();
    let says = async |path: &str, body: Value| {
        government.bank_says(world, Method::PUT, path, &body).await;
    };
    match (told.verb.as_str(), resource.as_str()) {
        ("GET", "parties") => {
            let info = json!({ "partyIdType": "MSISDN", "partyIdentifier": "26658001201", "fspId": "bank" });
            says(&told.path, json!({ "party": { "partyIdInfo": info } })).await;
        }
        ("POST", "quotes") => {
            let quoted = json!({
                "transferAmount": told.body["amount"],
                "ilpPacket": "AYIBgQAAAAAAAASwNGxldmVsb25l",
                "condition": crypto::base64url(&crypto::sha256(&[&secret(&text("/transactionId"))])),
            });
            says(&format!("/quotes/{}", text("/quoteId")), quoted).await;
        }
        ("POST", "transfers") => {
            let id = text("/transferId");
            match chance.below(5) {
                // It never answers.
                0 => {}
                1 => {
                    let no = json!({ "errorInformation": { "errorCode": "5104", "errorDescription": "no" } });
                    says(&format!("/transfers/{id}/error"), no).await;
                }
                _ => says(&format!("/transfers/{id}"), crate::world::fulfilling(&id, "COMMITTED")).await,
            }
        }
        // A quote of ours: it is taken up.
        ("PUT", "quotes") if told.body.get("condition").is_some() => {
            let body = json!({
                "transferId": crate::world::uuid(),
                "payerFsp": "bank",
                "payeeFsp": NAME,
                "amount": told.body["transferAmount"],
                "ilpPacket": told.body["ilpPacket"],
                "condition": told.body["condition"],
                "expiration": switch_time(government.acts.now().plus_seconds(20)),
            });
            government.bank_says(world, Method::POST, "/transfers", &body).await;
        }
        _ => {}
    }
}

async fn a_day(world: &World, government: &Government, seed: u8, mut chance: Chance) {
    let mut bills: Vec<Bill> = Vec::new();
    for number in 0..4 {
        let bill = government.bill(&format!("DAY-{seed}-{number}"), 1_000, number % 2 == 0).await;
        bills.push(bill);
    }
    for round in 0..40_u32 {
        if round < 16 {
            chance.trouble(government);
            let bill = &bills[chance.below(4) as usize];
            let minor = if bill.in_parts { i64::from(1 + chance.below(1_200)) } else { 1_000 };
            let quote = quoting(&crate::world::uuid(), &bill.number, minor);
            government.bank_says(world, Method::POST, "/quotes", &quote).await;
            if round % 2 == 0 {
                let number = seed.wrapping_mul(16).wrapping_add(u8::try_from(round / 2).unwrap());
                let minor = i64::from(1 + chance.below(3_000));
                ask(government, number, minor, ("MSISDN", "58001201")).await.unwrap();
            }
        }
        for _ in 0..6 {
            while let Some(told) = world.take_where("bank", |_| true) {
                answers(government, world, &mut chance, told).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.clock.step(i64::from(chance.below(4)));
    }
    let is_so = async || {
        while let Some(told) = world.take_where("bank", |told| told.verb != "PUT") {
            if told.path.starts_with("/parties") || told.path.starts_with("/quotes") {
                let mut quiet = Chance { seed: 0, drawn: 0 };
                answers(government, world, &mut quiet, told).await;
            }
        }
        government.open().await == 0
    };
    government.until(world, "everything to end", 7, is_so).await;
    for bill in &bills {
        let stands = government.stands(bill).await;
        assert!(stands.paid.minor() <= 1_000, "{stands:?}");
    }
}

#[test]
fn whatever_is_lost_doubled_or_late_both_sides_agree_in_the_end() {
    with_government(async |world, government| {
        crate::going::registered(government, world).await;
        for seed in 1..=2_u8 {
            a_day(world, government, seed, Chance { seed, drawn: 0 }).await;
            let is_so = async || government.holds("hub:switch").await == -world.position(NAME).await;
            government.until(world, "both sides to agree", 1, is_so).await;
            government.must_be_sound().await;
            world.must_be_sound().await;
        }
        let paid = 100_000 + government.holds("programme:pension").await;
        assert!(paid > 0 && government.holds("income:home-affairs").await < 0, "something went both ways: {paid}");
    });
}
