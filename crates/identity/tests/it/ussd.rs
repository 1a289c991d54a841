//! The menu on any phone: what people do there, what it never tells, and that every screen fits in both languages.

use std::sync::Arc;

use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use identity::{Factor, Identity, NewPerson, enrol_person, lock_factor};
use journal::{Acts, Key};
use messages::ussd::{Dialled, Door, DoorKey, DoorSettings, fits};
use spine::{Caller, Language, Personal, Secret, Text, Words};

use crate::browser::{Answer, Browser, coded, signed_in};
use crate::conformance::ciba::ask_lineo;
use crate::exchanging::call;
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PHONE, LINEO_PIN, World, on_each};

fn secret() -> Secret<Vec<u8>> {
    Secret::new(b"a secret of the aggregator's".to_vec())
}

pub(crate) fn door(acts: &Acts, words: &Arc<Words>, identity: &Identity) -> Door {
    let settings = DoorSettings { key: DoorKey::Signed(secret()), networks: Vec::new() };
    let menus = vec![Dialled { code: "*123#".to_owned(), menu: identity.ussd_menu() }];
    Door::new(acts.clone(), Arc::clone(words), menus, settings)
}

/// A phone in the hands of somebody.
struct Phone<'a> {
    world: &'a World,
    number: String,
    session: String,
    text: String,
}

impl<'a> Phone<'a> {
    fn of(world: &'a World, number: &str, session: &str) -> Self {
        Self { world, number: number.to_owned(), session: session.to_owned(), text: String::new() }
    }

    async fn ask(&self) -> Answer {
        let body = format!(
            "sessionId={}&serviceCode=%2A123%23&phoneNumber={}&networkCode=65101&text={}",
            self.session,
            coded(&self.number),
            coded(&self.text)
        );
        let time = self.world.acts.now().as_seconds();
        let (when, signature) = (time.to_string(), sign(&secret(), time, body.as_bytes()));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            (TIMESTAMP, when.as_str()),
            (SIGNATURE, signature.as_str()),
        ];
        call(self.world, "POST", "/api/messages/ussd", &headers, body).await
    }

    /// Dials.
    async fn dial(&mut self) -> String {
        let answer = self.ask().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Types an answer and sends it.
    async fn send(&mut self, typed: &str) -> String {
        self.text = if self.text.is_empty() { typed.to_owned() } else { format!("{}*{typed}", self.text) };
        self.dial().await
    }
}

#[test]
fn she_fetches_her_code_by_dialling_and_no_message_is_sent() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        home.open("/account/second-step").await;
        home.submit("/account/second-step", &[("way", "ussd")]).await;
        let mut idle = Phone::of(&world, LINEO_PHONE, "s0");
        idle.dial().await;
        assert!(idle.send("1").await.starts_with("END No sign-in waits"));
        let sent = world.codes_sent();
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        let page = browser.secret(LINEO_PIN).await;
        assert!(page.body.contains("Dial *123# on your own phone"), "{}", page.body);
        assert!(
            browser.code("000000").await.body.contains("The code is not right"),
            "before she dials no code is right"
        );
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        assert!(phone.dial().await.starts_with("CON Letsema\n1 Code to sign in"));
        let screen = phone.send("1").await;
        assert!(screen.starts_with("END ") && screen.contains("is your code to sign in"), "{screen}");
        let code = screen[4..10].to_owned();
        // The network asks again: nothing is shown a second time and no new code is made.
        assert!(phone.dial().await.contains("shown already"));
        assert!(browser.code(&code).await.body.starts_with("Person"));
        world.drain().await;
        assert_eq!(world.codes_sent(), sent);
        assert!(!world.acts_done().await.iter().any(|(_, record)| record.contains(&code)));
    });
}

#[test]
fn she_answers_a_bank_by_pin_and_a_wrong_pin_counts_with_those_of_the_web() {
    on_each(async |world| {
        let reference = ask_lineo(&world).await;
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        assert!(phone.dial().await.contains("2 Requests: 1"));
        let screen = phone.send("2").await;
        assert!(screen.starts_with("CON Who asks you:\n1 "), "{screen}");
        let screen = phone.send("1").await;
        assert!(screen.contains("1 Agree\n2 Say no"), "{screen}");
        assert!(phone.send("1").await.contains("You agree. Enter your PIN"));
        assert!(phone.send("000000").await.starts_with("END The PIN is not right"));
        assert_eq!(world.count("identity.approval.answered").await, 0);
        // A new call goes on where she was, and asks for the PIN again.
        let mut again = Phone::of(&world, LINEO_PHONE, "s2");
        again.dial().await;
        for typed in ["2", "1", "1"] {
            again.send(typed).await;
        }
        assert_eq!(again.send(LINEO_PIN).await, "END You agreed.");
        assert_eq!(world.count("identity.approval.answered").await, 1);
        drop(reference);
        for session in ["a", "b", "c", "d"] {
            let mut thief = Phone::of(&world, LINEO_PHONE, session);
            thief.dial().await;
            thief.send("3").await;
            assert!(thief.send("111111").await.contains("not right"), "{session}");
        }
        let mut thief = Phone::of(&world, LINEO_PHONE, "e");
        thief.dial().await;
        thief.send("3").await;
        assert!(thief.send("111111").await.contains("Wait 1 minute"));
        let mut web = Browser::new(&world);
        web.open("/sign-in").await;
        web.name("person", LINEO_NUMBER).await;
        assert!(web.secret(LINEO_PIN).await.body.contains("Wait 1 minute"), "one count for one PIN");
    });
}

#[test]
fn proof_of_life_by_pin_needs_the_register() {
    on_each(async |world| {
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        phone.dial().await;
        phone.send("3").await;
        assert!(phone.send(LINEO_PIN).await.contains("Take your identity card"));
        world.register_lineo().await;
        let mut phone = Phone::of(&world, LINEO_PHONE, "s2");
        phone.dial().await;
        phone.send("3").await;
        assert!(phone.send(LINEO_PIN).await.starts_with("END It is written down that you live"));
        let lives = world.rows("SELECT person, how FROM identity_life").await;
        assert_eq!(lives, [(LINEO.to_owned(), "ussd".to_owned())]);
        let proofs = world.acts_done().await;
        let proof = proofs.iter().find(|(kind, _)| kind == "identity.life.proved").unwrap();
        assert!(proof.1.contains("\"ussd\"") && proof.1.contains(LINEO), "{}", proof.1);
    });
}

#[test]
fn she_changes_her_pin_and_everything_else_is_signed_out() {
    on_each(async |world| {
        world.register_lineo().await;
        let mut before = signed_in(&world).await;
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        phone.dial().await;
        assert!(phone.send("4").await.contains("new PIN of 6 digits"));
        for (bad, why) in [
            ("123456", "Others guess"),
            ("140392", "day you were born"),
            ("345678", "Others guess"),
            ("12", "has 6 digits"),
        ] {
            assert!(phone.send(bad).await.contains(why), "{bad}");
        }
        assert!(phone.send("806195").await.contains("again"));
        assert!(phone.send("806196").await.contains("not the same"));
        phone.send("806195").await;
        assert!(phone.send("806195").await.contains("until now"));
        assert!(phone.send(LINEO_PIN).await.starts_with("END Your PIN is changed"));
        assert!(world.told().await.contains("PIN or password was changed"));
        assert!(before.me().await.starts_with("Anonymous"));
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        assert!(browser.secret(LINEO_PIN).await.body.contains("not right"));
        assert!(browser.secret("806195").await.body.contains("code"));
        // No PIN stands in what the menu keeps.
        let kept =
            world.rows("SELECT phone, coalesce(place, '') || coalesce(answer, '') || seen FROM messages_ussd").await;
        assert!(
            kept.iter().all(|(phone, rest)| !phone.contains("58001234")
                && !rest.contains("806195")
                && !rest.contains(LINEO_PIN))
        );
    });
}

#[test]
fn she_locks_her_account_and_chooses_her_language() {
    on_each(async |world| {
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        phone.dial().await;
        let screen = phone.send("6").await;
        assert!(screen.contains("Sesotho"), "{screen}");
        let place = if screen.contains("1 Sesotho") { "1" } else { "2" };
        assert_eq!(phone.send(place).await, "END Ho tloha joale re bua Sesotho le uena.");
        let mut phone = Phone::of(&world, LINEO_PHONE, "s2");
        assert!(phone.dial().await.contains("3 Kea phela"));
        let mut before = signed_in(&world).await;
        phone.send("5").await;
        phone.send("1").await;
        assert!(phone.send(LINEO_PIN).await.starts_with("END Akhaonte ea hau e notletsoe"));
        assert!(before.me().await.starts_with("Anonymous"));
        let mut browser = Browser::new(&world);
        browser.open("/sign-in").await;
        browser.name("person", LINEO_NUMBER).await;
        assert!(browser.secret(LINEO_PIN).await.body.contains("not right"));
        // A locked account's phone is nobody's.
        assert!(Phone::of(&world, LINEO_PHONE, "s3").dial().await.starts_with("END This number belongs to no"));
    });
}

#[test]
fn after_a_recovery_the_phone_is_worth_no_more_than_the_page() {
    on_each(async |world| {
        world.register_lineo().await;
        crate::recovering::recovered(&world).await;
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        phone.dial().await;
        phone.send("3").await;
        let screen = phone.send(crate::recovering::NEW_PIN).await;
        assert!(screen.starts_with("END This cannot be done now"), "{screen}");
        assert_eq!(world.count("identity.life.proved").await, 0);
        world.clock.step(8 * 86_400);
        let mut phone = Phone::of(&world, LINEO_PHONE, "s2");
        phone.dial().await;
        phone.send("3").await;
        assert!(phone.send(crate::recovering::NEW_PIN).await.starts_with("END It is written down"));
    });
}

#[test]
fn another_phone_and_a_locked_one_learn_nothing() {
    on_each(async |world| {
        ask_lineo(&world).await;
        let stranger = Phone::of(&world, "+26663000001", "s1").dial().await;
        let lock = |cx: &mut spine::Cx<'_>| lock_factor(cx, LINEO, Factor::Ussd, None);
        world.acts.write(&crate::factors::herself(), &Key::none(), lock).await.unwrap();
        let locked = Phone::of(&world, LINEO_PHONE, "s2").dial().await;
        assert_eq!(stranger, locked);
        assert!(locked.starts_with("END This number belongs to no"));
    });
}

#[test]
fn a_phone_of_a_family_asks_who_is_calling() {
    on_each(async |world| {
        let pin_hash = world.identity.hash_secret(&Secret::new("905173".to_owned())).await.unwrap();
        let thabo = NewPerson {
            id: "per_01jdf2k9q8e9t8xq8m2n4v6w99".to_owned(),
            login: Personal::new("1111111111".to_owned()),
            name: Personal::new("Thabo Mokhethi".to_owned()),
            phone: Some(Personal::new(LINEO_PHONE.to_owned())),
            email: None,
            language: Language::new("en-LS"),
            pin_hash,
        };
        let enrol = move |cx: &mut spine::Cx<'_>| enrol_person(cx, &thabo);
        world.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
        let mut phone = Phone::of(&world, LINEO_PHONE, "s1");
        assert!(phone.dial().await.contains("More than one person"));
        assert!(phone.send("9999999999").await.contains("does not go with this phone"));
        assert!(phone.send("11 1111 1111").await.contains("1 Code to sign in"));
        // Lineo's PIN is not Thabo's.
        phone.send("5").await;
        phone.send("1").await;
        assert!(phone.send(LINEO_PIN).await.contains("not right"));
    });
}

#[test]
fn nobody_stands_at_the_door_who_cannot_prove_himself() {
    on_each(async |world| {
        let body = format!("sessionId=x&serviceCode=1&phoneNumber={}&text=", coded(LINEO_PHONE));
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let forged = sign(&Secret::new(b"another secret".to_vec()), world.acts.now().as_seconds(), body.as_bytes());
        let now = world.acts.now().as_seconds().to_string();
        for headers in [vec![kind], vec![kind, (TIMESTAMP, now.as_str()), (SIGNATURE, forged.as_str())]] {
            let answer = call(&world, "POST", "/api/messages/ussd", &headers, body.clone()).await;
            assert_eq!(answer.status, 401);
            assert!(!answer.body.contains("Letsema\\n"));
        }
    });
}

#[test]
fn every_screen_fits_in_both_languages() {
    let words = testkit::words(&["edge", "messages", "identity", "sign-in"]);
    let name = "W".repeat(22);
    let list: Vec<String> = (1..=4).map(|number| format!("{number} {name}")).collect();
    for language in ["en-LS", "st-LS"].map(Language::new) {
        for key in [
            "unknown",
            "number",
            "number_wrong",
            "home",
            "code",
            "code_none",
            "requests",
            "requests_none",
            "request",
            "pin_yes",
            "pin_no",
            "pin_life",
            "pin_lock",
            "new_pin",
            "new_again",
            "new_differs",
            "old_pin",
            "pin_changed",
            "lock",
            "locked",
            "language",
            "language_kept",
            "agreed",
            "refused",
            "gone",
            "wrong",
            "weak",
            "life_done",
            "life_refused",
            "not_now",
            "wait",
        ] {
            let text = Text::new(format!("identity.ussd.{key}").leak())
                .with("requests", 99_usize)
                .with("code", "000000")
                .with("list", list.join("\n"))
                .with("client", name.clone())
                .with("message", "W".repeat(60))
                .with("digits", 6_usize)
                .with("count", 60_usize);
            let said = words.say(&language, &text);
            assert!(!said.contains('{') && said != text.key(), "{said}");
            assert!(fits(&said), "{key} is too long in {}: {said}", language.tag());
        }
        for key in ["length", "simple", "birth", "number"] {
            let said = words.say(&language, &Text::new(format!("identity.pin.{key}").leak()).with("digits", 6_usize));
            assert!(fits(&said), "{key}: {said}");
        }
        for key in ["again", "out_of_turn"] {
            assert!(fits(&words.say(&language, &Text::new(format!("messages.ussd.{key}").leak()))));
        }
    }
}
