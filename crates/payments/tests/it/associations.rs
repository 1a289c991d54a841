//! An association through its face: money goes out once, when so many signatories agree, and never otherwise.

use payments::associations::{
    self, AssociationId, Deed, NewAssociation, ProposalId, ProposalState, Seat, Sight, Tally, Voice, code_hash, tally,
};
use payments::merchants::Counter;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use spine::{Caller, Cx, Fault, Personal, Secret};

use crate::bench::{Bench, lsl, on_each, person, under};
use crate::bills::anybody;

const PEOPLE: [&str; 5] = ["per_a", "per_b", "per_c", "per_d", "per_e"];

async fn found(bench: &Bench, needed: i64, signatories: i64) -> Result<AssociationId, Fault> {
    let new =
        NewAssociation { name: "Mpolokeng Burial Society".to_owned(), place: "Roma".to_owned(), needed, signatories };
    bench.write(&person(PEOPLE[0]), move |cx| associations::found(cx, lsl(1).currency(), &new)).await
}

async fn join(bench: &Bench, who: &str, code: &str) -> Result<AssociationId, Fault> {
    let hash = code_hash(code);
    bench.write(&person(who), move |cx| associations::join(cx, &hash)).await
}

async fn invite(bench: &Bench, who: &str, id: AssociationId, seat: i64, code: &str) -> Result<(), Fault> {
    let hash: Secret<[u8; 32]> = code_hash(code);
    bench.write(&person(who), move |cx| associations::invite(cx, id, seat, &hash)).await
}

/// An association with all its signatories, and money.
async fn full(bench: &Bench, needed: i64, signatories: usize, minor: i64) -> AssociationId {
    let id = found(bench, needed, i64::try_from(signatories).unwrap()).await.unwrap();
    for (seat, who) in (2..).zip(&PEOPLE[1..signatories]) {
        let code = format!("CODE-{id}-{seat}");
        invite(bench, PEOPLE[0], id, seat, &code).await.unwrap();
        assert_eq!(join(bench, who, &code).await.unwrap(), id);
    }
    pay_in(bench, id, minor).await;
    id
}

async fn pay_in(bench: &Bench, id: AssociationId, minor: i64) {
    let counter = Counter::parse(include_str!("../../../../packs/lesotho/merchants.toml")).unwrap();
    let ask = move |cx: &mut Cx<'_>| Ok(associations::ask(cx, &counter, id, lsl(minor))?.number);
    let number = bench.write(&person(PEOPLE[0]), ask).await.unwrap();
    let wallets = bench.gateway.wallets().clone();
    let pay = move |cx: &mut Cx<'_>| payments::bills::pay(cx, &wallets, &number, None, "mpesa", "58001201");
    let request = bench.write(&anybody(), pay).await.unwrap();
    bench.until(request, payments::RequestState::Paid).await;
}

fn payment(minor: i64) -> Deed {
    Deed::Pay { wallet: "mpesa".to_owned(), number: Personal::new("5800 1201".to_owned()), amount: lsl(minor) }
}

async fn propose(bench: &Bench, who: &str, id: AssociationId, deed: Deed) -> Result<ProposalId, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&person(who), move |cx| associations::propose(cx, &rails, id, &deed, "A funeral")).await
}

async fn say(bench: &Bench, who: &str, id: ProposalId, agrees: bool) -> Result<(), Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&person(who), move |cx| associations::say(cx, &rails, id, agrees)).await
}

async fn see(bench: &Bench, id: AssociationId) -> Sight {
    bench.acts.read(&person(PEOPLE[0]), move |cx| associations::see(cx, id)).await.unwrap()
}

fn state(sight: &Sight, id: ProposalId) -> (ProposalState, bool) {
    let (proposal, _, payment) = sight.proposals.iter().find(|(it, ..)| it.id == id).unwrap();
    (proposal.state, payment.is_some())
}

/// Whom a proposal waits for, as the messenger asks.
async fn awaited(bench: &Bench, id: ProposalId) -> Option<Vec<String>> {
    let waits = move |cx: &mut Cx<'_>| associations::awaited(cx, id);
    let found = bench.acts.read(&Caller::system("portal"), waits).await.unwrap();
    found.map(|it| it.people)
}

#[test]
fn those_who_have_said_nothing_are_told_while_it_waits() {
    on_each(async |bench| {
        let id = full(&bench, 3, 4, 100_000).await;
        let one = propose(&bench, "per_b", id, payment(60_000)).await.unwrap();
        let of = |people: &[&str]| Some(people.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(awaited(&bench, one).await, of(&["per_a", "per_c", "per_d"]));
        say(&bench, "per_c", one, true).await.unwrap();
        assert_eq!(awaited(&bench, one).await, of(&["per_a", "per_d"]));
        say(&bench, "per_d", one, true).await.unwrap();
        assert_eq!(awaited(&bench, one).await, None, "it is done");
        let other = propose(&bench, "per_b", id, payment(1_000)).await.unwrap();
        bench.clock.step(15 * 86_400);
        assert_eq!(awaited(&bench, other).await, None, "its time is over, though nobody has ended it");
    });
}

#[test]
fn two_of_three_pay_for_a_funeral_once() {
    on_each(async |bench| {
        let id = full(&bench, 2, 3, 100_000).await;
        let one = propose(&bench, "per_b", id, payment(60_000)).await.unwrap();
        let sight = see(&bench, id).await;
        assert_eq!((sight.account.available(), sight.account.debits_pending), (40_000, 60_000));
        let much = propose(&bench, "per_c", id, payment(40_001)).await.unwrap_err();
        assert_eq!(much.code(), "payments.account.bound", "the same money is not promised twice");
        say(&bench, "per_b", one, true).await.unwrap();
        assert_eq!(state(&see(&bench, id).await, one), (ProposalState::Open, false), "she counts once");
        assert_eq!(say(&bench, "per_b", one, false).await.unwrap_err().code(), "payments.proposal.said");
        say(&bench, "per_c", one, true).await.unwrap();
        assert_eq!(state(&see(&bench, id).await, one), (ProposalState::Passed, true));
        assert_eq!(say(&bench, "per_a", one, true).await.unwrap_err().code(), "payments.proposal.over");
        bench.wait_for("the wallet to have it", async || bench.balance("wallet:mpesa").await == 40_000).await;
        let sight = see(&bench, id).await;
        assert_eq!((sight.account.available(), sight.account.debits_pending), (40_000, 0));
        let shown: Vec<i64> = sight.movements.iter().map(|line| line.minor).collect();
        assert_eq!(shown, [60_000, 60_000, 60_000, 60_000, 100_000], "in, promised, freed, sent, paid");
        bench.must_be_sound().await;
    });
}

#[test]
fn refused_or_forgotten_it_ends_and_the_money_is_free() {
    on_each(async |bench| {
        let id = full(&bench, 2, 3, 100_000).await;
        let one = propose(&bench, "per_a", id, payment(100_000)).await.unwrap();
        say(&bench, "per_b", one, false).await.unwrap();
        assert_eq!(state(&see(&bench, id).await, one).0, ProposalState::Open, "one may still agree");
        say(&bench, "per_c", one, false).await.unwrap();
        let sight = see(&bench, id).await;
        assert_eq!((state(&sight, one), sight.account.available()), ((ProposalState::Refused, false), 100_000));
        let other = propose(&bench, "per_a", id, payment(100_000)).await.unwrap();
        bench.clock.step(14 * 86_400 + 1);
        assert_eq!(say(&bench, "per_b", other, true).await.unwrap_err().code(), "payments.proposal.over");
        let is_free = async || {
            bench.work().await;
            see(&bench, id).await.account.available() == 100_000
        };
        bench.wait_for("it to lapse", is_free).await;
        assert_eq!(state(&see(&bench, id).await, other), (ProposalState::Lapsed, false));
        bench.must_be_sound().await;
    });
}

#[test]
fn a_rule_and_signatories_change_by_the_same_rule_and_end_what_waits() {
    on_each(async |bench| {
        let id = full(&bench, 2, 3, 100_000).await;
        let waiting = propose(&bench, "per_b", id, payment(30_000)).await.unwrap();
        let rule = propose(&bench, "per_a", id, Deed::Rule { needed: 3 }).await.unwrap();
        say(&bench, "per_c", rule, true).await.unwrap();
        let sight = see(&bench, id).await;
        assert_eq!((sight.association.needed, sight.account.available()), (3, 100_000));
        assert_eq!(state(&sight, waiting), (ProposalState::Overtaken, false));
        assert_eq!(say(&bench, "per_c", waiting, true).await.unwrap_err().code(), "payments.proposal.over");
        // Now all three are needed, for another signatory too.
        let seat = propose(&bench, "per_a", id, Deed::Seat { seat: 4 }).await.unwrap();
        say(&bench, "per_b", seat, true).await.unwrap();
        assert_eq!(see(&bench, id).await.seats.len(), 3);
        say(&bench, "per_c", seat, true).await.unwrap();
        assert_eq!(invite(&bench, "per_b", id, 4, "four").await.unwrap_err().code(), "payments.association.inviter");
        invite(&bench, "per_a", id, 4, "four").await.unwrap();
        join(&bench, "per_d", "F-o u-R").await.unwrap();
        // One leaves: she sees nothing more and says nothing more.
        let back = propose(&bench, "per_a", id, Deed::Rule { needed: 2 }).await.unwrap();
        let gone = propose(&bench, "per_a", id, Deed::Seat { seat: 2 }).await.unwrap();
        for who in ["per_c", "per_d"] {
            say(&bench, who, gone, true).await.unwrap();
        }
        assert_eq!(state(&see(&bench, id).await, back).0, ProposalState::Overtaken);
        assert_eq!(see(&bench, id).await.seats[1].person, None);
        bench.must_be_sound().await;
    });
}

fn remove(seat: i64, who: &str) -> Deed {
    Deed::Remove { seat, person: who.to_owned() }
}

#[test]
fn a_signatory_is_taken_off_by_the_others_and_cannot_block_it() {
    on_each(async |bench| {
        let id = full(&bench, 2, 4, 100_000).await;
        // What she agreed to alone with one other would pass with a third: it ends, and its money is free.
        let three = propose(&bench, "per_a", id, Deed::Rule { needed: 3 }).await.unwrap();
        say(&bench, "per_b", three, true).await.unwrap();
        let pending = propose(&bench, "per_d", id, payment(40_000)).await.unwrap();
        say(&bench, "per_b", pending, true).await.unwrap();
        let off = propose(&bench, "per_a", id, remove(4, "per_d")).await.unwrap();
        assert_eq!(awaited(&bench, off).await.unwrap(), ["per_b", "per_c"], "it does not wait for her");
        for agrees in [false, true] {
            assert_eq!(say(&bench, "per_d", off, agrees).await.unwrap_err().code(), "payments.proposal.own_seat");
        }
        say(&bench, "per_b", off, true).await.unwrap();
        assert_eq!(state(&see(&bench, id).await, off).0, ProposalState::Open, "the rule counts those who stay");
        say(&bench, "per_c", off, true).await.unwrap();
        let sight = see(&bench, id).await;
        assert_eq!((state(&sight, off).0, sight.seats.len()), (ProposalState::Passed, 3));
        assert_eq!((state(&sight, pending).0, sight.account.available()), (ProposalState::Overtaken, 100_000));
        assert!(say(&bench, "per_c", pending, true).await.is_err(), "her agreement counts nowhere");
        // She sees and says nothing more.
        assert!(bench.acts.read(&person("per_d"), associations::mine).await.unwrap().is_empty());
        // Three of three are needed: nobody else can be taken off before the rule is another.
        let below = propose(&bench, "per_a", id, remove(3, "per_c")).await.unwrap_err();
        assert_eq!(below.fields()[0].text, spine::Text::new("payments.proposal.remove_below"));
        // Her number is free for somebody else, and the one after the last is not skipped to.
        let far = propose(&bench, "per_a", id, Deed::Seat { seat: 5 }).await.unwrap_err();
        assert_eq!(far.fields()[0].field, "seat");
        let seat = propose(&bench, "per_a", id, Deed::Seat { seat: 4 }).await.unwrap();
        for who in ["per_b", "per_c"] {
            say(&bench, who, seat, true).await.unwrap();
        }
        invite(&bench, "per_a", id, 4, "five").await.unwrap();
        join(&bench, "per_e", "five").await.unwrap();
        bench.must_be_sound().await;
    });
}

#[test]
fn whoever_leaves_has_no_voice_in_it_and_no_code_of_hers_opens_a_seat() {
    on_each(async |bench| {
        let id = full(&bench, 2, 3, 1_000).await;
        for wrong in [remove(2, "per_c"), remove(9, "per_b"), remove(3, "per_x")] {
            let fault = propose(&bench, "per_a", id, wrong).await.unwrap_err();
            assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("payments.proposal.wrong", "seat"));
        }
        // A seat that stands empty, with a code that the founder gave out for it.
        let open = propose(&bench, "per_a", id, Deed::Seat { seat: 4 }).await.unwrap();
        say(&bench, "per_b", open, true).await.unwrap();
        invite(&bench, "per_a", id, 4, "for a friend").await.unwrap();
        let own = propose(&bench, "per_a", id, remove(1, "per_a")).await.unwrap();
        let voices = see(&bench, id).await.proposals[0].1.len();
        assert_eq!(voices, 0, "she proposed it and has no voice");
        say(&bench, "per_b", own, true).await.unwrap();
        say(&bench, "per_c", own, true).await.unwrap();
        let seats = bench.acts.read(&person("per_b"), move |cx| associations::see(cx, id)).await.unwrap().seats;
        let left: Vec<_> = seats.iter().map(|seat| (seat.seat, seat.person.as_deref())).collect();
        assert_eq!(left, [(2, Some("per_b")), (3, Some("per_c")), (4, None)]);
        assert_eq!(join(&bench, "per_a", "for a friend").await.unwrap_err().code(), "payments.association.code");
        assert!(invite(&bench, "per_a", id, 4, "again").await.is_err());
        // Whoever agreed last hands the empty seat's code out from then on.
        invite(&bench, "per_c", id, 4, "new").await.unwrap();
        join(&bench, "per_d", "new").await.unwrap();
        // The same goes for one who is replaced.
        let next = propose(&bench, "per_c", id, Deed::Seat { seat: 1 }).await.unwrap();
        say(&bench, "per_d", next, true).await.unwrap();
        invite(&bench, "per_c", id, 1, "kept back").await.unwrap();
        let replaced = propose(&bench, "per_b", id, Deed::Seat { seat: 3 }).await.unwrap();
        say(&bench, "per_d", replaced, true).await.unwrap();
        assert_eq!(join(&bench, "per_c", "kept back").await.unwrap_err().code(), "payments.association.code");
        invite(&bench, "per_b", id, 1, "fresh").await.unwrap();
        bench.must_be_sound().await;
    });
}

#[test]
fn if_too_few_of_those_who_stay_agree_nobody_is_taken_off() {
    on_each(async |bench| {
        let id = full(&bench, 2, 3, 1_000).await;
        let off = propose(&bench, "per_a", id, remove(3, "per_c")).await.unwrap();
        say(&bench, "per_b", off, false).await.unwrap();
        let sight = see(&bench, id).await;
        assert_eq!((state(&sight, off).0, sight.seats.len()), (ProposalState::Refused, 3));
        // What was proposed of one person is not done to another who has her seat by then: it has ended with the change.
        let again = propose(&bench, "per_a", id, remove(3, "per_c")).await.unwrap();
        let other = propose(&bench, "per_a", id, Deed::Seat { seat: 3 }).await.unwrap();
        say(&bench, "per_b", other, true).await.unwrap();
        invite(&bench, "per_a", id, 3, "three").await.unwrap();
        join(&bench, "per_d", "three").await.unwrap();
        assert_eq!(say(&bench, "per_b", again, true).await.unwrap_err().code(), "payments.proposal.over");
        assert_eq!(see(&bench, id).await.seats.len(), 3);
    });
}

#[test]
fn what_cannot_be() {
    on_each(async |bench| {
        for (needed, signatories, field) in
            [(1, 3, "needed"), (4, 3, "needed"), (2, 1, "signatories"), (2, 10, "signatories")]
        {
            let refused = found(&bench, needed, signatories).await.unwrap_err();
            assert_eq!(refused.fields()[0].field, field, "{needed} of {signatories}");
        }
        let id = found(&bench, 2, 3).await.unwrap();
        let alone = propose(&bench, "per_a", id, Deed::Rule { needed: 3 }).await.unwrap_err();
        assert_eq!(alone.code(), "payments.association.forming");
        assert_eq!(join(&bench, "per_b", "guess").await.unwrap_err().code(), "payments.association.code");
        invite(&bench, "per_a", id, 2, "old").await.unwrap();
        invite(&bench, "per_a", id, 2, "new").await.unwrap();
        assert_eq!(join(&bench, "per_b", "old").await.unwrap_err().code(), "payments.association.code");
        assert_eq!(join(&bench, "per_a", "new").await.unwrap_err().code(), "payments.association.seated");
        join(&bench, "per_b", "new").await.unwrap();
        assert_eq!(join(&bench, "per_c", "new").await.unwrap_err().code(), "payments.association.code", "once");
        assert_eq!(invite(&bench, "per_a", id, 2, "x").await.unwrap_err().code(), "payments.association.seat");
        invite(&bench, "per_a", id, 3, "late").await.unwrap();
        bench.clock.step(7 * 86_400 + 1);
        assert_eq!(join(&bench, "per_c", "late").await.unwrap_err().code(), "payments.association.code");
        pay_in(&bench, id, 5_000).await;
        let pay = |wallet: &str, number: &str, minor| Deed::Pay {
            wallet: wallet.to_owned(),
            number: Personal::new(number.to_owned()),
            amount: lsl(minor),
        };
        for (deed, field) in [
            (pay("none", "58001201", 500), "wallet"),
            (pay("mpesa", "62001201", 500), "number"),
            (pay("mpesa", "58001201", 0), "amount"),
            (pay("mpesa", "58001201", -5), "amount"),
            (pay("mpesa", "58001201", i64::MAX), "amount"),
            (Deed::Rule { needed: 2 }, "needed"),
            (Deed::Rule { needed: 3 }, "needed"),
            (Deed::Rule { needed: 1 }, "needed"),
            (Deed::Seat { seat: 1 }, "seat"),
            (Deed::Seat { seat: 5 }, "seat"),
            (Deed::Seat { seat: 0 }, "seat"),
        ] {
            let refused = propose(&bench, "per_a", id, deed.clone()).await.unwrap_err();
            assert_eq!(refused.fields()[0].field, field, "{deed:?}");
        }
        let unknown = propose(&bench, "per_a", AssociationId::from_bytes([9; 16]), payment(500)).await;
        assert_eq!(unknown.unwrap_err().code(), "payments.association.unknown");
        bench.must_be_sound().await;
    });
}

#[test]
fn nobody_without_a_seat_sees_or_says_anything() {
    under(include_str!("../../../../packs/lesotho/policies/payments.cedar"), async |bench| {
        let id = full(&bench, 2, 2, 10_000).await;
        assert!(propose(&bench, "per_e", id, remove(1, "per_a")).await.is_err());
        let one = propose(&bench, "per_a", id, payment(10_000)).await.unwrap();
        assert!(say(&bench, "per_e", one, true).await.is_err());
        assert!(propose(&bench, "per_e", id, payment(1)).await.is_err());
        assert!(invite(&bench, "per_e", id, 2, "x").await.is_err());
        let looked = bench.acts.read(&person("per_e"), move |cx| associations::see(cx, id)).await;
        assert!(looked.is_err());
        let sight = see(&bench, id).await;
        assert_eq!((state(&sight, one).0, sight.proposals[0].1.len()), (ProposalState::Open, 1));
    });
}

/// Whatever the order: histories by a fixed seed, through the face.
#[test]
fn in_whatever_order_money_goes_out_once_and_only_with_enough_agreements() {
    on_each(async |bench| {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = (2..=4usize, 2..=4i64, proptest::collection::vec((0..4usize, any::<bool>()), 0..12));
        for history in 0..10 {
            let (size, needed, deeds) = strategy.new_tree(&mut runner).unwrap().current();
            let needed = needed.min(i64::try_from(size).unwrap());
            if history % 5 == 0 {
                bench.clock.step(901);
            }
            let people: Vec<String> = (0..size).map(|it| format!("per_{history}_{it}")).collect();
            let new = NewAssociation { name: "Order".into(), place: "Roma".into(), needed, signatories: size as i64 };
            let founder = person(&people[0]);
            let id = bench.write(&founder, move |cx| associations::found(cx, lsl(1).currency(), &new)).await.unwrap();
            for (seat, who) in (2..).zip(&people[1..]) {
                let code = format!("{history}x{seat}");
                invite(&bench, &people[0], id, seat, &code).await.unwrap();
                join(&bench, who, &code).await.unwrap();
            }
            let counter = Counter::parse(include_str!("../../../../packs/lesotho/merchants.toml")).unwrap();
            let ask = move |cx: &mut Cx<'_>| Ok(associations::ask(cx, &counter, id, lsl(500))?.number);
            let number = bench.write(&founder, ask).await.unwrap();
            let wallets = bench.gateway.wallets().clone();
            let pay = move |cx: &mut Cx<'_>| payments::bills::pay(cx, &wallets, &number, None, "mpesa", "58001201");
            let request = bench.write(&anybody(), pay).await.unwrap();
            bench.until(request, payments::RequestState::Paid).await;
            let proposal = propose(&bench, &people[0], id, payment(500)).await.unwrap();
            let (mut agreed, mut refused) = (vec![0], Vec::new());
            for (who, agrees) in deeds.into_iter().filter(|(who, _)| *who < size) {
                let over = agreed.len() as i64 >= needed || (size - refused.len()) < needed as usize;
                let had = agreed.contains(&who) || refused.contains(&who);
                let said = say(&bench, &people[who], proposal, agrees).await;
                assert!(!over || had || said.is_err(), "nothing is said to what has ended");
                if !over && !had {
                    said.unwrap();
                    if agrees { agreed.push(who) } else { refused.push(who) }
                }
                let sight = bench.acts.read(&founder, move |cx| associations::see(cx, id)).await.unwrap();
                let passed = agreed.len() as i64 >= needed;
                let failed = size - refused.len() < needed as usize;
                let wanted = match (passed, failed) {
                    (true, _) => (ProposalState::Passed, true),
                    (_, true) => (ProposalState::Refused, false),
                    _ => (ProposalState::Open, false),
                };
                assert_eq!(state(&sight, proposal), wanted, "{agreed:?} {refused:?} of {size}, {needed} needed");
                assert_eq!(sight.account.available(), if failed { 500 } else { 0 });
            }
        }
        bench.must_be_sound().await;
    });
}

proptest! {
    #[test]
    fn a_tally_counts_signatories_once(needed in 2..=9i64, taken in proptest::collection::vec(any::<bool>(), 2..=9),
        said in proptest::collection::vec((0..12usize, any::<bool>()), 0..30), unheard in 0..12usize) {
        let seats: Vec<Seat> = (1..).zip(&taken).map(|(seat, taken)| Seat {
            seat, person: taken.then(|| format!("per_{seat}")), name: Personal::default(), inviter: String::new(),
        }).collect();
        let voices: Vec<Voice> =
            said.iter().map(|(who, agrees)| Voice { person: format!("per_{who}"), agrees: *agrees }).collect();
        let first = |person: &str| voices.iter().find(|voice| voice.person == person).map(|voice| voice.agrees);
        let unheard = format!("per_{unheard}");
        let sitting = seats.iter().filter_map(|seat| seat.person.as_deref());
        let sitting: Vec<&str> = sitting.filter(|who| *who != unheard).collect();
        let agree = sitting.iter().filter(|who| first(who) == Some(true)).count() as i64;
        let refuse = sitting.iter().filter(|who| first(who) == Some(false)).count() as i64;
        let wanted = if agree >= needed { Tally::Passes }
            else if (sitting.len() as i64) - refuse < needed { Tally::Fails }
            else { Tally::Waits };
        prop_assert_eq!(tally(needed, &seats, &voices, |who| who != unheard), wanted);
    }
}
