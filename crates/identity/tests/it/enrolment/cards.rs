//! Cards: printed from what lies there in the order of asking, handed over, lost, replaced, expired, told of to anybody.

use identity::{
    CardStanding, CardState, approve, ask_for_card, card_desk, card_standing, cards_of, delivery_arrived, hand_over,
    lose_card, print_cards, revoked_cards, spoil_card, stock_blanks,
};
use spine::FaultKind;

use super::{act, card_officer, fields_of, in_the_country, operator, person, seen, supervisor, taken, told};
use crate::world::{LINEO, World};

/// So many people whose cards wait, in the order of asking.
async fn waiting(world: &World, count: usize) -> Vec<String> {
    let mut people = Vec::new();
    for place in 0..count {
        let born = format!("19{:02}-0{}-11", 50 + place, 1 + place % 9);
        let given = ["Lerato", "Mosa", "Tumelo", "Neo", "Khotso", "Palesa"][place % 6];
        let id = taken(world, told(given, &format!("Ramo{place}koatsi"), &born)).await;
        act(world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap();
        people.push(seen(world, id).await.application.person.unwrap());
        world.clock.step(60);
    }
    people
}

async fn print(world: &World, count: i64) -> Vec<(String, String)> {
    let printed = act(world, &card_officer(), move |cx, engine| print_cards(cx, engine, count)).await.unwrap();
    printed.into_iter().map(|card| (card.person, card.number)).collect()
}

async fn blanks(world: &World, count: i64, due_on: Option<&'static str>) {
    let due_on = due_on.map(|day| day.parse().unwrap());
    act(world, &card_officer(), move |cx, engine| stock_blanks(cx, engine, count, due_on)).await.unwrap();
}

async fn standing(world: &World, number: &str) -> CardStanding {
    let (engine, number) = (world.enrolment.clone(), number.to_owned());
    let look = move |cx: &mut spine::Cx<'_>| card_standing(cx, &engine, &number);
    world.acts.read(&spine::Caller::system("test"), look).await.unwrap()
}

#[test]
fn first_asked_first_printed_and_never_more_than_blanks() {
    in_the_country(async |world| {
        let people = waiting(&world, 4).await;
        let none = act(&world, &card_officer(), |cx, engine| print_cards(cx, engine, 2)).await.unwrap_err();
        assert_eq!(fields_of(&none), ["count"]);
        blanks(&world, 3, None).await;
        let first = print(&world, 2).await;
        assert_eq!(first.iter().map(|(person, _)| person).collect::<Vec<_>>(), [&people[0], &people[1]]);
        // One is spoilt: it goes back to where it stood, before the others, and its blank is gone.
        let spoilt = first[0].1.clone();
        act(&world, &card_officer(), move |cx, _| spoil_card(cx, &spoilt)).await.unwrap();
        let next = print(&world, 500).await;
        assert_eq!(next.len(), 1);
        assert_eq!(next[0].0, people[0]);
        assert_ne!(next[0].1, first[0].1, "a number is given once");
        let desk = act(&world, &card_officer(), card_desk).await.unwrap();
        assert_eq!((desk.queued, desk.stock, desk.printed), (2, 0, 2));
        assert_eq!(desk.done_on, None, "no blanks, no promise");
        for wrong in [0, -1, 501] {
            let fault =
                act(&world, &card_officer(), move |cx, engine| print_cards(cx, engine, wrong)).await.unwrap_err();
            assert_eq!(fault.code(), "identity.card.count");
        }
    });
}

#[test]
fn a_day_is_promised_when_blanks_are_announced() {
    in_the_country(async |world| {
        let people = waiting(&world, 3).await;
        blanks(&world, 1, None).await;
        let place = async |whom: &String| {
            let whom = whom.clone();
            let cards =
                act(&world, &person(&whom.clone()), move |cx, engine| cards_of(cx, engine, &whom)).await.unwrap();
            cards[0].1.unwrap()
        };
        assert_eq!(place(&people[0]).await.promised_on, Some("2026-11-25".parse().unwrap()));
        assert_eq!((place(&people[2]).await.before, place(&people[2]).await.promised_on), (2, None));
        blanks(&world, 100, Some("2026-12-10")).await;
        assert_eq!(place(&people[2]).await.promised_on, Some("2026-12-11".parse().unwrap()));
        let delivery = act(&world, &card_officer(), card_desk).await.unwrap().deliveries[0].0.clone();
        let twice = delivery.clone();
        act(&world, &card_officer(), move |cx, _| delivery_arrived(cx, &delivery)).await.unwrap();
        let again = act(&world, &card_officer(), move |cx, _| delivery_arrived(cx, &twice)).await.unwrap_err();
        assert_eq!(again.code(), "identity.card.delivery");
        assert_eq!(act(&world, &card_officer(), card_desk).await.unwrap().stock, 101);
    });
}

#[test]
fn lost_a_card_is_worth_nothing_at_once_and_a_new_one_ends_the_old() {
    in_the_country(async |world| {
        let people = waiting(&world, 1).await;
        blanks(&world, 10, None).await;
        let (whom, number) = print(&world, 1).await.remove(0);
        assert_eq!(standing(&world, &number).await, CardStanding::Unknown, "nobody holds it yet");
        let handed = number.clone();
        act(&world, &card_officer(), move |cx, engine| hand_over(cx, engine, &handed)).await.unwrap();
        assert_eq!(standing(&world, &civil::reference::shown(&number)).await, CardStanding::Valid);
        let twice = number.clone();
        let again = act(&world, &card_officer(), move |cx, engine| hand_over(cx, engine, &twice)).await.unwrap_err();
        assert_eq!(fields_of(&again), ["number"]);
        // A replacement for a damaged one ends it when the new one is in her hands, not before.
        let own = whom.clone();
        act(&world, &person(&whom), move |cx, _| ask_for_card(cx, &own, "damaged")).await.unwrap();
        let own = whom.clone();
        let waits = act(&world, &person(&whom), move |cx, _| ask_for_card(cx, &own, "damaged")).await.unwrap_err();
        assert_eq!(waits.code(), "identity.card.waiting");
        let (_, second) = print(&world, 1).await.remove(0);
        assert_eq!(standing(&world, &number).await, CardStanding::Valid);
        let handed = second.clone();
        act(&world, &card_officer(), move |cx, engine| hand_over(cx, engine, &handed)).await.unwrap();
        assert_eq!(standing(&world, &number).await, CardStanding::Revoked);
        let own = whom.clone();
        act(&world, &person(&whom), move |cx, _| lose_card(cx, &own)).await.unwrap();
        assert_eq!(standing(&world, &second).await, CardStanding::Revoked);
        let listed = world
            .acts
            .read(&spine::Caller::system("test"), |cx: &mut spine::Cx<'_>| revoked_cards(cx, ""))
            .await
            .unwrap();
        let mut numbers = vec![number.clone(), second.clone()];
        numbers.sort();
        assert_eq!(listed.into_iter().map(|(number, _)| number).collect::<Vec<_>>(), numbers);
        let own = people[0].clone();
        let none = act(&world, &person(&whom), move |cx, _| lose_card(cx, &own)).await.unwrap_err();
        assert_eq!(none.code(), "identity.card.none");
    });
}

#[test]
fn a_card_expires_by_its_day_and_the_sweep_writes_it_down() {
    in_the_country(async |world| {
        let people = waiting(&world, 1).await;
        blanks(&world, 1, None).await;
        let (_, number) = print(&world, 1).await.remove(0);
        let handed = number.clone();
        act(&world, &card_officer(), move |cx, engine| hand_over(cx, engine, &handed)).await.unwrap();
        world.clock.step(10 * 366 * 86_400);
        assert_eq!(standing(&world, &number).await, CardStanding::Expired);
        world.identity.sweep().await.unwrap();
        let whom = people[0].clone();
        let cards = act(&world, &operator(), move |cx, engine| cards_of(cx, engine, &whom)).await.unwrap();
        assert_eq!(cards[0].0.state, CardState::Expired);
    });
}

#[test]
fn who_may_what() {
    in_the_country(async |world| {
        let people = waiting(&world, 1).await;
        let own = people[0].clone();
        let other = act(&world, &person(LINEO), move |cx, engine| cards_of(cx, engine, &own)).await.unwrap_err();
        assert_eq!(other.kind(), FaultKind::Forbidden);
        let own = people[0].clone();
        let reason =
            act(&world, &person(&own.clone()), move |cx, _| ask_for_card(cx, &own, "bored")).await.unwrap_err();
        assert_eq!(fields_of(&reason), ["reason"]);
        let never = act(&world, &person(LINEO), |cx, _| ask_for_card(cx, LINEO, "lost")).await.unwrap_err();
        assert_eq!(never.code(), "identity.card.none");
        for who in [operator(), supervisor()] {
            let fault = act(&world, &who, |cx, engine| print_cards(cx, engine, 1)).await.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Forbidden);
        }
        let wrong = act(&world, &card_officer(), |cx, engine| hand_over(cx, engine, "K 1")).await.unwrap_err();
        assert_eq!(fields_of(&wrong), ["number"]);
        assert_eq!(standing(&world, "K 0000 0000 0").await, CardStanding::Unknown);
    });
}
