//! Signing in: the whole way, wrong secrets and codes, locks, unknown logins.

use crate::browser::{Answer, Browser};
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PIN, OFFICER, OFFICER_NAME, OFFICER_PASSWORD, on_each};

#[test]
fn a_person_signs_in_with_number_pin_and_code() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        let page = browser.open("/sign-in?next=/me").await;
        assert!(page.body.contains("Who is signing in?"), "{}", page.body);
        let page = browser.name("person", " 012 345 6789 ").await;
        assert!(page.body.contains("What is your PIN?"));
        let page = browser.secret(LINEO_PIN).await;
        assert!(page.body.contains("What is the code we sent you?"));
        let code = world.code().await;
        assert_eq!(code.len(), 6);
        let page = browser.code(&format!(" {} {} ", &code[..3], &code[3..])).await;
        assert_eq!(page.body, format!("Person {LINEO} Substantial "));
        for kind in ["identity.secret.tried", "identity.secret.accepted", "identity.session.started"] {
            assert_eq!(world.count(kind).await, 1, "{kind}");
        }
        assert!(browser.cookie("sign_in").is_none() && browser.cookie("portal_sign_in").is_none());
        // Somebody who has signed in is not asked again.
        assert_eq!(browser.open("/sign-in?next=/me").await.body, format!("Person {LINEO} Substantial "));
    });
}

#[test]
fn an_officer_signs_in_with_password_and_authenticator() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        let page = browser.name("officer", "M.MOKOENA").await;
        assert!(page.body.contains("What is your password?"));
        assert!(browser.secret("wrong").await.body.contains("user name or the password is not right"));
        browser.secret(OFFICER_PASSWORD).await;
        let code = world.totp();
        assert_eq!(browser.code(&code).await.body, format!("Officer {OFFICER} Substantial passport-officer"));
        assert_eq!(world.messages_sent(), 0);
        // The same code does not work twice (RFC 6238 §5.2).
        let mut other = Browser::new(&world);
        other.open("/sign-in?next=/me").await;
        other.name("officer", OFFICER_NAME).await;
        other.secret(OFFICER_PASSWORD).await;
        assert!(other.code(&code).await.body.contains("The code is not right"));
        world.clock.step(30);
        assert!(other.code(&world.totp()).await.body.starts_with("Officer"));
    });
}

/// What of a page tells who somebody is: all of it but the form's token.
fn bare(answer: &Answer) -> (u16, String) {
    let token = answer.hidden("_form");
    (answer.status.as_u16(), answer.body.replace(&token, ""))
}

#[test]
fn an_unknown_number_is_answered_like_a_wrong_pin_and_locked_like_it() {
    on_each(async |world| {
        let mut known = Browser::new(&world);
        known.open("/sign-in").await;
        let mut unknown = Browser::new(&world);
        unknown.open("/sign-in").await;
        assert_eq!(bare(&known.name("person", LINEO_NUMBER).await), bare(&unknown.name("person", "9999999999").await));
        for _ in 0..7 {
            let (one, other) = (known.secret("000000").await, unknown.secret("000000").await);
            assert_eq!(bare(&one), bare(&other));
            assert_eq!(one.status, 422);
        }
        // Officers' names neither; and a person's number is no officer's name.
        let mut officer = Browser::new(&world);
        officer.open("/sign-in").await;
        officer.name("officer", LINEO_NUMBER).await;
        assert!(officer.secret(LINEO_PIN).await.body.contains("is not right"));
        let acts = world.acts_done().await;
        assert!(!acts.iter().any(|(_, record)| record.contains("9999999999")), "a typed number is in no act");
    });
}

#[test]
fn five_wrong_pins_lock_and_the_lock_grows() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        for _ in 0..4 {
            assert!(browser.secret("000000").await.body.contains("PIN is not right"));
        }
        assert!(browser.secret("000000").await.body.contains("Wait 1 minute,"));
        assert_eq!(world.count("identity.session.failed").await, 4);
        assert_eq!(world.count("identity.session.locked").await, 1);
        // Locked: the right PIN is not even looked at, here or elsewhere.
        let mut elsewhere = Browser::new(&world);
        elsewhere.open("/sign-in?next=/me").await;
        elsewhere.name("person", LINEO_NUMBER).await;
        assert!(elsewhere.secret(LINEO_PIN).await.body.contains("Wait 1 minute,"));
        assert_eq!(world.count("identity.secret.tried").await, 5);
        world.clock.step(61);
        assert!(browser.secret("000000").await.body.contains("Wait 2 minutes"));
        world.clock.step(121);
        assert!(browser.secret(LINEO_PIN).await.body.contains("What is the code"));
        let code = world.code().await;
        assert!(browser.code(&code).await.body.starts_with("Person"));
        // All is forgotten after the right PIN.
        elsewhere.open("/sign-in?next=/me").await;
        elsewhere.name("person", LINEO_NUMBER).await;
        assert!(elsewhere.secret("000000").await.body.contains("PIN is not right"));
    });
}

#[test]
fn tries_at_the_same_time_are_no_way_around_the_lock() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in").await;
        browser.name("person", LINEO_NUMBER).await;
        let mut tries = Vec::new();
        for _ in 0..12 {
            let mut one = browser.clone();
            tries.push(tokio::spawn(async move { one.secret("000000").await.body }));
        }
        let mut weighed = 0;
        for one in tries {
            weighed += usize::from(one.await.unwrap().contains("PIN is not right"));
        }
        assert_eq!(weighed, 4);
        assert_eq!(world.count("identity.secret.tried").await, 5);
    });
}

#[test]
fn codes_are_good_once_for_a_while_and_for_five_tries() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        browser.secret(LINEO_PIN).await;
        let first = world.code().await;
        let wrong = if first == "000000" { "000001" } else { "000000" };
        for garbage in [wrong, "12345", "1234567", "abcdef"] {
            assert!(browser.code(garbage).await.body.contains("The code is not right"), "{garbage}");
        }
        assert!(browser.code("١٢٣٤٥٦").await.body.contains("Wait 1 minute"), "five wrong codes lock codes");
        // The challenge is over too: back to the PIN, and a new code must wait for the lock.
        assert!(browser.code(&first).await.body.contains("no longer good"));
        browser.secret(LINEO_PIN).await;
        let new = world.code().await;
        assert!(browser.code(&new).await.body.contains("Wait 1 minute"));
        world.clock.step(61);
        browser.secret(LINEO_PIN).await;
        let second = world.code().await;
        world.clock.step(5 * 60);
        assert!(browser.code(&second).await.body.contains("no longer good"), "expired");
        browser.secret(LINEO_PIN).await;
        let third = world.code().await;
        let before = browser.clone();
        assert!(browser.code(&third).await.body.starts_with("Person"));
        let mut replay = before;
        assert!(replay.code(&third).await.body.contains("no longer good"), "replayed");
        assert_eq!(world.count("identity.session.started").await, 1);
    });
}

#[test]
fn another_code_can_be_sent_a_few_times() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        browser.secret(LINEO_PIN).await;
        let first = world.code().await;
        let page = browser.submit("/oauth2/sign-in/code/again", &[]).await;
        assert!(page.body.contains("What is the code we sent you?"));
        let second = world.code().await;
        assert_eq!(world.messages_sent(), 2);
        if first != second {
            assert!(browser.code(&first).await.body.contains("The code is not right"), "the newest code counts");
        }
        browser.send("/oauth2/sign-in/code/again", &[]).await;
        world.code().await;
        browser.send("/oauth2/sign-in/code/again", &[]).await;
        assert_eq!(browser.send("/oauth2/sign-in/code/again", &[]).await.status, 429);
        let last = world.code().await;
        browser.open("/oauth2/sign-in/code").await;
        assert!(browser.code(&last).await.body.starts_with("Person"));
    });
}

#[test]
fn steps_cannot_be_left_out() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        for page in ["", "/login", "/secret", "/code", "/passkey", "/consent"] {
            let answer = browser.get(&format!("/oauth2/sign-in{page}")).await;
            assert_eq!(answer.status, 410, "{page}: no sign-in is under way");
        }
        browser.open("/sign-in").await;
        for page in ["login", "secret", "code", "passkey", "consent"] {
            let answer = browser.get(&format!("/oauth2/sign-in/{page}")).await;
            assert_eq!((answer.status.as_u16(), answer.location()), (303, "/oauth2/sign-in"), "{page}");
        }
        browser.open("/oauth2/sign-in").await;
        assert!(browser.send("/oauth2/sign-in", &[("kind", "king")]).await.body.contains("Choose who is signing in"));
        browser.submit("/oauth2/sign-in", &[("kind", "person")]).await;
        assert!(browser.send("/oauth2/sign-in/login", &[("login", "  ")]).await.body.contains("Enter your ID number"));
        browser.submit("/oauth2/sign-in/login", &[("login", LINEO_NUMBER)]).await;
        assert!(browser.send("/oauth2/sign-in/secret", &[("secret", " ")]).await.body.contains("Enter your PIN"));
        world.clock.step(31 * 60);
        assert_eq!(browser.get("/oauth2/sign-in/secret").await.status, 410, "half an hour is enough");
    });
}

#[test]
fn the_pages_speak_sesotho_and_say_what_is_wrong() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in").await;
        let page = browser.open("/oauth2/sign-in?lang=st").await;
        assert!(page.body.contains("Ke mang ea kenang?") && page.body.contains("lang=\"st-LS\""));
        browser.name("person", LINEO_NUMBER).await;
        let page = browser.secret("1").await;
        assert!(page.body.contains("Ho na le bothata") && page.body.contains("href=\"#secret\""));
        assert!(!page.body.contains("identity."), "a key without words: {}", page.body);
    });
}

#[test]
fn forms_of_another_visitor_or_site_are_refused() {
    on_each(async |world| {
        let (mut one, mut other) = (Browser::new(&world), Browser::new(&world));
        one.open("/sign-in").await;
        other.open("/sign-in").await;
        let token = other.get("/oauth2/sign-in").await.hidden("_form");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        let body = format!("_form={token}&kind=person");
        assert_eq!(one.ask("POST", "/oauth2/sign-in", &headers, body.clone()).await.status, 403);
        let hostile = [headers[0], headers[1], ("origin", "https://evil.example")];
        assert_eq!(other.ask("POST", "/oauth2/sign-in", &hostile, body.clone()).await.status, 403);
        let large = format!("{body}&x={}", "x".repeat(70_000));
        assert_eq!(other.ask("POST", "/oauth2/sign-in", &headers, large).await.status, 413);
        assert_eq!(other.ask("POST", "/oauth2/sign-in", &headers, "%%%=%zz".to_owned()).await.status, 400);
    });
}
