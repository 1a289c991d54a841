//! Agents through their face: taken on, rebalanced, paid in the evening; shifts that agree; and devices that take without a network.

use crypto::{Algorithm, SigningKey};
use payments::agents::{self, AgentId, CounterDeviceId, NewAgent, PACKET, Taking, TakingState, Way};
use payments::charges::Charges;
use payments::{open_counter, take_cash};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use spine::{Caller, Cx, Fault};

use crate::bench::{Bench, lsl, on_each, person};
use crate::bills::{bill, made};

/// Somebody who works at a place.
pub(crate) fn at(place: &str) -> Caller {
    let mut clerk = person(&format!("off_{place}"));
    clerk.actor.institution = Some(place.to_owned());
    clerk
}

/// What a counter earns: two maloti a bill, borne by the state.
fn rules() -> Charges {
    let text = "illustrative = true\ncurrency = \"LSL\"\nrounding = \"up\"\n[[rules]]\nrail = \"cash\"\nbears = \"state\"\n\
                fixed_minor = 200\nmost_minor = 200\nreturned = true\n";
    Charges::parse(text).unwrap()
}

fn roma() -> NewAgent {
    let of = str::to_owned;
    NewAgent {
        place: of("agent-roma"),
        name: of("Mamello’s shop"),
        town: of("Roma"),
        wallet: of("mpesa"),
        number: of("5800 1201"),
    }
}

async fn taken_on(bench: &Bench, by: &str, new: NewAgent) -> Result<AgentId, Fault> {
    let wallets = bench.gateway.wallets().clone();
    bench.write(&at(by), move |cx| agents::register(cx, &wallets, lsl(1).currency(), &new)).await
}

/// A super-agent with so much float, and an agent who has so much of it.
pub(crate) async fn arranged(bench: &Bench, paid_in: i64, given: i64) -> AgentId {
    let open = |cx: &mut Cx<'_>| open_counter(cx, "post-bank", lsl(1).currency());
    bench.write(&Caller::system("test"), open).await.unwrap();
    bench.at_bank("/pay-in", &json!({ "amount_minor": paid_in, "reference": "FLOAT-post-bank" })).await;
    bench.wait_for("the float", async || bench.balance("cash:post-bank").await == -paid_in).await;
    let agent = taken_on(bench, "post-bank", roma()).await.unwrap();
    moves(bench, agent, Way::Give, given).await.unwrap();
    agent
}

async fn moves(bench: &Bench, agent: AgentId, way: Way, minor: i64) -> Result<(), Fault> {
    bench.write(&at("post-bank"), move |cx| agents::move_float(cx, agent, way, lsl(minor))).await
}

async fn takes(bench: &Bench, reference: &str, minor: i64) -> Result<String, Fault> {
    let bill = made(bench, bill(bench, reference, &[("income:home-affairs", minor)], false)).await;
    let (number, charges) = (bill.number.clone(), rules());
    bench.write(&at("agent-roma"), move |cx| take_cash(cx, &charges, &number, lsl(minor))).await?;
    Ok(bill.number)
}

async fn sees(bench: &Bench) -> agents::CounterView {
    let rails = bench.gateway.rails().clone();
    bench.acts.read(&at("agent-roma"), move |cx| agents::counter(cx, &rails)).await.unwrap()
}

/// A device's key, and the device with so much set aside.
async fn device(bench: &Bench, minor: i64) -> (SigningKey, CounterDeviceId) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = crypto::jose::jwk(&key.public()).to_string();
    let lend = move |cx: &mut Cx<'_>| agents::lend(cx, "Tablet", &jwk, lsl(minor));
    (key, bench.write(&at("agent-roma"), lend).await.unwrap())
}

fn packet(key: &SigningKey, device: CounterDeviceId, (seq, number, minor): (i64, &str, i64)) -> String {
    let claims = json!({ "iss": device, "seq": seq, "number": number, "amount_minor": minor, "taken_at": "2026-11-24T09:00:00Z" });
    crypto::jose::sign(key, PACKET, &claims).unwrap()
}

async fn sends(bench: &Bench, packet: &str) -> Result<Taking, Fault> {
    let (packet, charges) = (packet.to_owned(), rules());
    bench.write(&Caller::system("device"), move |cx| agents::take_offline(cx, &charges, &packet)).await
}

#[test]
fn a_day_of_an_agent() {
    on_each(async |bench| {
        let agent = arranged(&bench, 100_000, 30_000).await;
        bench.write(&at("agent-roma"), |cx| agents::begin_shift(cx, lsl(5_000))).await.unwrap();
        takes(&bench, "AG-1", 12_000).await.unwrap();
        takes(&bench, "AG-2", 13_000).await.unwrap();
        let short = takes(&bench, "AG-3", 6_000).await.unwrap_err();
        assert_eq!(short.code(), "payments.cash.float");
        let seen = sees(&bench).await;
        assert_eq!((seen.standing.float, seen.standing.today), (lsl(5_000), lsl(25_000)));
        assert_eq!(seen.shift.unwrap().1, lsl(30_000), "what lay there and what was taken");
        // She hands 20 000 of it over for float.
        moves(&bench, agent, Way::Give, 20_000).await.unwrap();
        takes(&bench, "AG-4", 6_000).await.unwrap();
        moves(&bench, agent, Way::Take, 1_000).await.unwrap();
        let seen = sees(&bench).await;
        assert_eq!((seen.standing.float, seen.shift.unwrap().1), (lsl(18_000), lsl(17_000)));
        assert_eq!(seen.standing.commission, lsl(600));
        // It is paid by itself in the evening.
        bench.clock.step(86_401);
        bench
            .wait_for("the commission", async || {
                bench.work().await;
                bench.balance("charge:cash:agent-roma").await == 0
            })
            .await;
        let ended = bench.write(&at("agent-roma"), |cx| agents::end_shift(cx, lsl(16_990))).await.unwrap();
        assert_eq!(ended.ended, Some((lsl(17_000), lsl(16_990))));
        let rails = bench.gateway.rails().clone();
        let desk = bench.write(&at("post-bank"), move |cx| agents::desk(cx, &rails)).await.unwrap();
        assert_eq!((desk.float, desk.agents.len()), (lsl(51_000), 1));
        assert_eq!(desk.agents[0].last, Some((lsl(17_000), lsl(16_990))));
        assert_eq!(desk.agents[0].standing.usual, lsl(4_429), "31 000 in seven days, rounded up");
        assert!(!desk.agents[0].standing.runs_out);
        bench.must_be_sound().await;
    });
}

/// Invariant 19: whatever happens in a shift, float and cash are together what they were.
#[test]
fn float_and_cash_are_one_sum_all_through_a_shift() {
    let steps = prop::collection::vec((0..4_u8, 1..9_000_i64), 12).boxed();
    on_each(async |bench| {
        let agent = arranged(&bench, 60_000, 20_000).await;
        let mut runner = TestRunner::deterministic();
        for round in 0..3 {
            bench.write(&at("agent-roma"), |cx| agents::begin_shift(cx, lsl(7_000))).await.unwrap();
            let (key, device) = device(&bench, 2_000).await;
            let mut cash = 7_000;
            let sum = sees(&bench).await.standing.float.minor() + 7_000;
            for (place, (what, minor)) in steps.new_tree(&mut runner).unwrap().current().into_iter().enumerate() {
                let reference = format!("SUM-{round}-{place}");
                let done = match what {
                    0 => takes(&bench, &reference, minor).await.map(|_| minor),
                    1 => moves(&bench, agent, Way::Give, minor).await.map(|()| -minor),
                    2 => moves(&bench, agent, Way::Take, minor).await.map(|()| minor),
                    _ => {
                        let bill =
                            made(&bench, bill(&bench, &reference, &[("income:home-affairs", minor)], false)).await;
                        let seq = i64::try_from(place).unwrap() + 1;
                        let sent = sends(&bench, &packet(&key, device, (seq, &bill.number, minor))).await;
                        sent.map(|taking| if taking.state == TakingState::Paid { minor } else { 0 })
                    }
                };
                match done {
                    Ok(taken) => cash += taken,
                    Err(fault) => {
                        let short = matches!(fault.code(), "payments.cash.float" | "payments.agent.short");
                        assert!(short, "{}", fault.code());
                    }
                }
                let seen = sees(&bench).await;
                assert_eq!(seen.shift.unwrap().1, lsl(cash), "{reference}: {what} {minor}");
                assert!(seen.standing.float.minor() >= 0);
                assert_eq!(seen.standing.float.minor() + cash, sum, "{reference}: {what} {minor}");
            }
            bench.write(&at("agent-roma"), move |cx| agents::take_back(cx, device)).await.unwrap();
            assert_eq!(sees(&bench).await.standing.lent, lsl(0));
            bench.write(&at("agent-roma"), |cx| agents::end_shift(cx, lsl(0))).await.unwrap();
            bench.must_be_sound().await;
        }
    });
}

#[test]
fn what_a_device_took_counts_once_in_any_order() {
    on_each(async |bench| {
        arranged(&bench, 50_000, 20_000).await;
        let (key, device) = device(&bench, 10_000).await;
        assert_eq!(bench.balance("cash:agent-roma").await, -10_000, "set aside");
        let mut packets = Vec::new();
        let mut numbers = Vec::new();
        for (seq, minor) in [(1, 4_000_i64), (2, 5_000), (3, 1_000), (4, 9_000), (5, 2_000)] {
            let bill =
                made(&bench, bill(&bench, &format!("OFF-{seq}"), &[("income:home-affairs", minor)], false)).await;
            packets.push(packet(&key, device, (seq, &bill.number, minor)));
            numbers.push(bill.number);
        }
        // The last first; each twice. 4 and 5 are over the allowance: 4 goes by the counter's own float, 5 is too much.
        let mut states = Vec::new();
        for place in [2, 0, 2, 1, 3, 4, 4, 0] {
            states.push(sends(&bench, &packets[place]).await.unwrap().state);
        }
        let (paid, refused) = (TakingState::Paid, TakingState::Refused);
        assert_eq!(states, [paid, paid, paid, paid, paid, refused, refused, paid]);
        assert_eq!(bench.balance("income:home-affairs").await, -19_000);
        assert_eq!(bench.balance("cash:agent-roma").await, -1_000);
        assert_eq!(bench.balance("charge:cash:agent-roma").await, -800, "what a device earns is its counter's");
        let seen = sees(&bench).await;
        assert_eq!((seen.trouble.len(), seen.trouble[0].reason.as_deref()), (1, Some("float")));
        // The same number with other words, a forged packet, another's key, no packet at all.
        let other = packet(&key, device, (1, &numbers[4], 2_000));
        assert_eq!(sends(&bench, &other).await.unwrap_err().code(), "payments.allowance.reused");
        let thief = SigningKey::generate(Algorithm::Es256).unwrap();
        let strange = packet(&key, CounterDeviceId::from_bytes([7; 16]), (1, &numbers[4], 2_000));
        assert_eq!(sends(&bench, &strange).await.unwrap_err().code(), "payments.allowance.unknown");
        for wrong in [
            "",
            "a.b.c",
            &packets[0][1..],
            &packet(&key, device, (0, &numbers[4], 2_000)),
            &packet(&key, device, (9, &numbers[4], -1)),
        ] {
            assert_eq!(sends(&bench, wrong).await.unwrap_err().code(), "payments.allowance.packet", "{wrong}");
        }
        // Somebody pays the bill at a counter before the packet comes: the money is booked, and waits.
        let bill = made(&bench, bill(&bench, "OFF-6", &[("income:home-affairs", 1_000)], false)).await;
        let (number, charges) = (bill.number.clone(), rules());
        let pay = move |cx: &mut Cx<'_>| take_cash(cx, &charges, &number, lsl(1_000));
        bench.write(&at("post-bank"), pay).await.unwrap();
        let late = sends(&bench, &packet(&key, device, (6, &bill.number, 1_000))).await.unwrap();
        assert_eq!(late.state, TakingState::Suspended);
        assert_eq!(bench.balance("suspense:LSL").await, -1_000);
        let unknown = sends(&bench, &packet(&key, device, (7, "9000-0000-0007", 1_000))).await;
        assert!(unknown.is_err() || unknown.unwrap().state == TakingState::Refused);
        drop(thief);
        bench.must_be_sound().await;
    });
}

#[test]
fn only_the_devices_own_signature_counts_and_its_time_ends() {
    let policies = include_str!("../../../../packs/lesotho/policies/agents.cedar");
    let open = "@id(\"a\") permit(principal is System, action, resource);\n@id(\"b\") permit(principal is Person, action, resource);\n\
                @id(\"c\") permit(principal is Client, action, resource) unless { resource has signed };\n";
    let text = format!("{policies}\n{open}");
    crate::bench::under(&text, async |bench| {
        arranged(&bench, 50_000, 20_000).await;
        let (key, device) = device(&bench, 10_000).await;
        let bill = made_by(&bench, "SIG-1", 4_000).await;
        let mut client = Caller::system("x");
        client.actor = spine::Actor::bare(spine::ActorKind::Client, "counter-device");
        let sent = async |packet: String| {
            let charges = rules();
            bench.write(&client, move |cx| agents::take_offline(cx, &charges, &packet)).await
        };
        let thief = SigningKey::generate(Algorithm::Es256).unwrap();
        let forged = sent(packet(&thief, device, (1, &bill, 4_000))).await.unwrap_err();
        assert_eq!(forged.kind(), spine::FaultKind::Forbidden);
        assert_eq!(sent(packet(&key, device, (1, &bill, 4_000))).await.unwrap().state, TakingState::Paid);
        bench.clock.step(7 * 86_400 + 1);
        bench
            .wait_for("the allowance to be back", async || {
                bench.work().await;
                bench.balance("cash:agent-roma").await == -16_000
            })
            .await;
        assert!(sees(&bench).await.devices.is_empty());
    });
}

async fn made_by(bench: &Bench, reference: &str, minor: i64) -> String {
    let new = bill(bench, reference, &[("income:home-affairs", minor)], false);
    let make = move |cx: &mut Cx<'_>| payments::bills::make(cx, std::slice::from_ref(&new));
    bench.write(&Caller::system("test"), make).await.unwrap().remove(0).number
}

#[test]
fn float_goes_to_the_bank_and_what_cannot_be_is_refused() {
    on_each(async |bench| {
        let agent = arranged(&bench, 50_000, 20_000).await;
        for (way, minor, code) in [
            (Way::Give, 30_001, "payments.agent.short"),
            (Way::Take, 20_001, "payments.agent.short"),
            (Way::Give, 0, "payments.agent.amount"),
            (Way::Take, -1, "payments.agent.amount"),
            (Way::Give, i64::MAX, "payments.agent.amount"),
        ] {
            assert_eq!(moves(&bench, agent, way, minor).await.unwrap_err().code(), code, "{minor}");
        }
        let of = str::to_owned;
        for (new, field) in [
            (NewAgent { place: of("Agent Roma"), ..roma() }, "place"),
            (roma(), "place"),
            (NewAgent { place: of("post-bank"), ..roma() }, "place"),
            (NewAgent { place: of("agent-x"), name: of("x"), ..roma() }, "name"),
            (NewAgent { place: of("agent-x"), town: String::new(), ..roma() }, "town"),
            (NewAgent { place: of("agent-x"), wallet: of("none"), ..roma() }, "wallet"),
            (NewAgent { place: of("agent-x"), number: of("62001201"), ..roma() }, "number"),
        ] {
            let refused = taken_on(&bench, "post-bank", new).await.unwrap_err();
            assert_eq!(refused.fields()[0].field, field);
        }
        let rails = bench.gateway.rails().clone();
        let out = move |cx: &mut Cx<'_>| {
            agents::withdraw(cx, &rails, lsl(12_000), ("nedbank", "1100000001", "Post Bank")).map(drop)
        };
        bench.write(&at("post-bank"), out).await.unwrap();
        assert_eq!(moves(&bench, agent, Way::Give, 18_001).await.unwrap_err().code(), "payments.agent.short");
        bench
            .wait_for("the bank to have it", async || {
                bench.work().await;
                bench.balance("cash:post-bank").await == -18_000
            })
            .await;
        let rails = bench.gateway.rails().clone();
        let wrong = move |cx: &mut Cx<'_>| agents::withdraw(cx, &rails, lsl(1), ("none", "1", "x")).map(drop);
        assert_eq!(bench.write(&at("post-bank"), wrong).await.unwrap_err().fields()[0].field, "bank");
        let none = bench.write(&at("agent-roma"), |cx| agents::end_shift(cx, lsl(1))).await.unwrap_err();
        assert_eq!(none.code(), "payments.shift.none");
        bench.write(&at("agent-roma"), |cx| agents::begin_shift(cx, lsl(0))).await.unwrap();
        let again = bench.write(&at("agent-roma"), |cx| agents::begin_shift(cx, lsl(0))).await.unwrap_err();
        assert_eq!(again.code(), "payments.shift.open");
        for (name, key, minor, code) in [
            ("x", "{}", 1, "payments.allowance.name"),
            ("Tablet", "{}", 1, "payments.allowance.key"),
            ("Tablet", "not json", 1, "payments.allowance.key"),
        ] {
            let lend = move |cx: &mut Cx<'_>| agents::lend(cx, name, key, lsl(minor)).map(drop);
            assert_eq!(bench.write(&at("agent-roma"), lend).await.unwrap_err().code(), code);
        }
        bench.must_be_sound().await;
    });
}
