//! The code that opens an account: by SMS or in a letter, once, for a time, and guessed by nobody.

use identity::approve;

use super::{act, card_officer, in_the_country, seen, supervisor, taken, told};
use crate::browser::Browser;
use crate::world::World;

/// An approved person: her identifier, number and code.
async fn approved(world: &World, given: &str) -> (String, String, String) {
    let id = taken(world, told(given, "Ramokoatsi", "2000-01-01")).await;
    act(world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap();
    let person = seen(world, id).await.application.person.unwrap();
    let sms = world.told().await;
    let words: Vec<&str> = sms.split(' ').collect();
    let place = words.iter().position(|word| *word == "code").unwrap();
    let code = format!("{}{}", words[place + 2], words[place + 3].trim_end_matches('.'));
    (person, words[4..8].join("").trim_end_matches('.').to_owned(), code)
}

async fn typed(browser: &mut Browser, number: &str, code: &str, pin: &str, again: &str) -> crate::browser::Answer {
    browser.get("/activate").await;
    browser.send("/activate", &[("number", number), ("code", code), ("pin", pin), ("again", again)]).await
}

#[test]
fn she_opens_her_account_and_signs_in_with_her_own_pin() {
    in_the_country(async |world| {
        let (person, number, code) = approved(&world, "Nthabiseng").await;
        assert_eq!((number.len(), code.len()), (12, 10), "{number} {code}");
        let mut browser = Browser::new(&world);
        assert!(browser.get("/activate").await.body.len() < 14_000);
        let done = typed(&mut browser, &number, &format!("{} {}", &code[..5], &code[5..]), "471183", "471183").await;
        assert!(done.body.contains("Your account is open"), "{}", done.status);
        // A code is good once.
        assert!(typed(&mut browser, &number, &code, "471184", "471184").await.body.contains("do not belong together"));
        let mut own = Browser::new(&world);
        own.open("/sign-in?next=/me").await;
        own.name("person", &number).await;
        own.secret("471183").await;
        let sent = world.code().await;
        assert_eq!(own.code(&sent).await.body, format!("Person {person} Substantial "));
        let digits = code.clone();
        assert!(
            !world.acts_done().await.iter().any(|(_, record)| record.contains(&digits) || record.contains(&number))
        );
    });
}

#[test]
fn bad_input_is_said_and_what_is_wrong_tells_nothing() {
    in_the_country(async |world| {
        let (_, number, code) = approved(&world, "Nthabiseng").await;
        let mut browser = Browser::new(&world);
        for (one, two, pin, again, said) in [
            ("", code.as_str(), "471183", "471183", "Enter your ID number"),
            (number.as_str(), "", "471183", "471183", "Enter the code"),
            (&number, &code, "123456", "123456", "Others guess this PIN first"),
            (&number, &code, "47118", "47118", "A PIN has 6 digits"),
            (&number, &code, "471183", "471184", "Enter the PIN twice"),
        ] {
            let page = typed(&mut browser, one, two, pin, again).await;
            assert_eq!(page.status, 422);
            assert!(page.body.contains(said), "{said}");
        }
        // Wrong, unknown, of another: the same page.
        let bare = |page: crate::browser::Answer| page.body.replace(&page.hidden("_form"), "");
        let wrong = bare(typed(&mut browser, &number, "0000000000", "471183", "471183").await);
        let unknown = bare(typed(&mut browser, &civil::national_id::of_serial(5), &code, "471183", "471183").await);
        assert_eq!(wrong, unknown);
        assert!(!wrong.contains(&code) && !wrong.contains("471183"), "nothing is written back");
    });
}

#[test]
fn guessing_is_counted_and_time_runs_out() {
    in_the_country(async |world| {
        let (_, number, code) = approved(&world, "Nthabiseng").await;
        let mut browser = Browser::new(&world);
        for _ in 0..5 {
            typed(&mut browser, &number, "0000000000", "471183", "471183").await;
        }
        let locked = typed(&mut browser, &number, &code, "471183", "471183").await;
        assert!(locked.body.contains("too many tries"));
        world.clock.step(61 * 86_400);
        let over = typed(&mut browser, &number, &code, "471183", "471183").await;
        assert!(over.body.contains("do not belong together"), "after sixty days");
    });
}

#[test]
fn without_a_phone_a_letter_is_printed_once_by_other_hands() {
    in_the_country(async |world| {
        let mut said = told("Nthabiseng", "Ramokoatsi", "1950-01-01");
        said.remove("phone");
        let id = taken(&world, said).await;
        let before = world.messages_sent();
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap();
        world.drain().await;
        assert_eq!(world.messages_sent(), before);
        let person = seen(&world, id).await.application.person.unwrap();
        // Whoever approved it does not see the code, whatever other role she has.
        let mut hand = supervisor();
        hand.actor.roles.push("card-officer".to_owned());
        let mut own = world.as_officer(&hand).await;
        own.get("/enrolment/cards").await;
        assert_eq!(own.send("/enrolment/cards/letter", &[("person", &person)]).await.status, 403);
        let mut desk = world.as_officer(&card_officer()).await;
        desk.get("/enrolment/cards").await;
        let letter = desk.send("/enrolment/cards/letter", &[("person", &person)]).await;
        assert!(letter.body.contains("Print it, seal it"), "{}", letter.status);
        let dd = letter.body.split("<dd>").nth(2).unwrap().split('<').next().unwrap().replace(' ', "");
        assert_eq!(dd.len(), 10);
        desk.get("/enrolment/cards").await;
        let again = desk.send("/enrolment/cards/letter", &[("person", &person)]).await;
        assert_eq!(again.status, 404);
        let number = letter.body.split("<dd>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let done = typed(&mut Browser::new(&world), &number, &dd, "471183", "471183").await;
        assert!(done.body.contains("Your account is open"));
        let refused = world.as_officer(&super::operator()).await.get("/enrolment/cards").await;
        assert_eq!(refused.status, 403);
    });
}

#[test]
fn a_code_that_was_lost_is_made_anew_at_a_desk_and_the_first_is_over() {
    in_the_country(async |world| {
        let (person, number, first) = approved(&world, "Nthabiseng").await;
        let whom = person.clone();
        act(&world, &super::operator(), move |cx, engine| identity::renew_code(cx, engine, &whom)).await.unwrap();
        let sms = world.told().await;
        let second = sms.split("code is ").nth(1).unwrap()[..11].replace(' ', "");
        assert_ne!(first, second);
        let mut browser = Browser::new(&world);
        assert!(typed(&mut browser, &number, &first, "471183", "471183").await.body.contains("do not belong together"));
        assert!(typed(&mut browser, &number, &second, "471183", "471183").await.body.contains("Your account is open"));
        let over = act(&world, &super::operator(), move |cx, engine| identity::renew_code(cx, engine, &person)).await;
        assert_eq!(over.unwrap_err().code(), "identity.activation.none");
    });
}
