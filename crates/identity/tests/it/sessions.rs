//! Sessions: how long they count, who may end them, what ends with them.

use identity::set_lock;
use journal::Key;
use spine::Caller;

use crate::browser::{Browser, signed_in};
use crate::world::{LINEO, OFFICER, World, on_each};

const ANONYMOUS: &str = "Anonymous anonymous None ";

#[test]
fn a_session_ends_when_idle_for_half_an_hour() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        for _ in 0..4 {
            world.clock.step(29 * 60);
            assert!(browser.me().await.starts_with("Person"), "used every half hour");
        }
        world.clock.step(30 * 60);
        assert_eq!(browser.me().await, ANONYMOUS);
    });
}

#[test]
fn a_session_ends_after_twelve_hours_or_a_working_day() {
    on_each(async |world| {
        let mut lineo = signed_in(&world).await;
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        let mut ended = Vec::new();
        for quarter in 1..=48 {
            world.clock.step(15 * 60);
            if officer.me().await == ANONYMOUS && ended.is_empty() {
                ended.push(quarter);
            }
            if lineo.me().await == ANONYMOUS && ended.len() == 1 {
                ended.push(quarter);
            }
        }
        assert_eq!(ended, [32, 48]);
    });
}

#[test]
fn use_is_noted_once_a_minute_and_leaves_no_act() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let before = world.acts_done().await.len();
        let seen = || world.rows("SELECT id, CAST(last_seen_at AS TEXT) FROM identity_session WHERE parent IS NULL");
        let first = seen().await;
        world.clock.step(59);
        browser.me().await;
        assert_eq!(seen().await, first);
        world.clock.step(1);
        browser.me().await;
        assert_ne!(seen().await, first);
        assert_eq!(world.acts_done().await.len(), before);
    });
}

#[test]
fn a_clock_that_steps_back_neither_ends_nor_prolongs() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        world.clock.step(-3600);
        // The limiter refuses the first request after such a step, and waits for one token to come back.
        browser.me().await;
        world.clock.step(1);
        let me = browser.me().await;
        assert!(me.starts_with("Person"), "{me}");
        // Time stands still within the program until the clock has caught up; then idleness counts as ever.
        world.clock.step(3599 + 30 * 60);
        assert_eq!(browser.me().await, ANONYMOUS);
    });
}

#[test]
fn sessions_are_listed_and_one_of_them_is_ended() {
    on_each(async |world| {
        let mut phone = signed_in(&world).await;
        world.clock.step(10);
        let mut thief = signed_in(&world).await;
        let page = phone.get("/account/sessions").await;
        assert_eq!(page.body.matches("name=\"session\"").count(), 2);
        assert_eq!(page.body.matches("This device").count(), 1);
        assert!(page.body.contains("Firefox, Android"));
        let newest = page.hidden("session");
        assert!(thief.me().await.starts_with("Person"));
        assert_eq!(phone.send("/account/sessions/end", &[("session", &newest)]).await.location(), "/account/sessions");
        assert_eq!(thief.me().await, ANONYMOUS, "an ended session is out at once");
        assert!(thief.open("/sign-in?next=/me").await.body.contains("Who is signing in?"), "at the provider too");
        assert!(phone.me().await.starts_with("Person"));
        // Ending one's own is signing out.
        let page = phone.get("/account/sessions").await;
        let own = page.hidden("session");
        assert_eq!(phone.send("/account/sessions/end", &[("session", &own)]).await.location(), "/");
        assert_eq!(phone.me().await, ANONYMOUS);
        assert_eq!(world.count("identity.session.ended").await, 2);
    });
}

#[test]
fn nobody_ends_another_persons_session() {
    on_each(async |world| {
        let mut lineo = signed_in(&world).await;
        let hers = lineo.get("/account/sessions").await.hidden("session");
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        officer.get("/account/sessions").await;
        assert_eq!(officer.send("/account/sessions/end", &[("session", &hers)]).await.status, 404);
        officer.get("/account/sessions").await;
        assert_eq!(officer.send("/account/sessions/end", &[("session", "ses_x")]).await.status, 404);
        assert!(lineo.me().await.starts_with("Person"));
        let mut nobody = Browser::new(&world);
        let answer = nobody.get("/account/sessions").await;
        assert_eq!(answer.location(), "/sign-in?next=/account/sessions");
    });
}

#[test]
fn all_others_or_all_are_ended() {
    on_each(async |world| {
        let mut one = signed_in(&world).await;
        let mut two = signed_in(&world).await;
        let mut three = signed_in(&world).await;
        one.get("/account/sessions").await;
        one.send("/account/sessions/end-others", &[]).await;
        assert!(one.me().await.starts_with("Person"));
        assert_eq!((two.me().await, three.me().await), (ANONYMOUS.to_owned(), ANONYMOUS.to_owned()));
        two = signed_in(&world).await;
        two.get("/sign-out").await;
        two.send("/sign-out", &[("everywhere", "yes")]).await;
        assert_eq!((one.me().await, two.me().await), (ANONYMOUS.to_owned(), ANONYMOUS.to_owned()));
        assert!(two.cookie("session").is_none() && two.cookie("id").is_none());
    });
}

#[test]
fn signing_out_ends_the_session_for_good() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let stolen = browser.clone();
        let page = browser.get("/sign-out").await;
        assert!(page.body.contains("Sign out on all devices"));
        let answer = browser.send("/sign-out", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/"));
        assert_eq!(browser.me().await, ANONYMOUS);
        let mut stolen = stolen;
        assert_eq!(stolen.me().await, ANONYMOUS, "the cookie is worth nothing any more");
        assert_eq!(world.count("identity.session.ended").await, 1);
        assert_eq!(browser.get("/sign-out").await.location(), "/");
    });
}

async fn lock(world: &World, account: &'static str, locked: bool) {
    let work = move |cx: &mut spine::Cx<'_>| set_lock(cx, account, locked);
    world.acts.write(&Caller::system("test"), &Key::none(), work).await.unwrap();
}

#[test]
fn a_locked_account_is_out_at_once_and_looks_like_an_unknown_one() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        lock(&world, LINEO, true).await;
        assert_eq!(browser.me().await, ANONYMOUS);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", crate::world::LINEO_NUMBER).await;
        let page = browser.secret(crate::world::LINEO_PIN).await;
        assert!(page.body.contains("PIN is not right"));
        lock(&world, LINEO, false).await;
        assert!(browser.secret(crate::world::LINEO_PIN).await.body.contains("What is the code"));
        // Locked between PIN and code.
        let code = world.code().await;
        lock(&world, LINEO, true).await;
        assert!(browser.code(&code).await.body.contains("no longer good"));
        lock(&world, OFFICER, true).await;
    });
}

#[test]
fn made_up_cookies_are_nobody() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let provider = browser.cookie("id").unwrap();
        for value in ["", "x", "../../", &"a".repeat(3000), &provider] {
            browser.cookies = vec![format!("session={value}")];
            assert_eq!(browser.me().await, ANONYMOUS, "the provider's token opens no portal session either");
        }
    });
}
