//! The browsers somebody signs in with: remembered, named, told of when new, and "this was not me".

use crate::browser::{Browser, signed_in};
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PIN, World, on_each};

/// Signs Lineo in once more in a browser that has the cookies it had, but for those of its sessions.
async fn again(world: &World, browser: &mut Browser) {
    browser.cookies.retain(|pair| !pair.starts_with("session=") && !pair.starts_with("id="));
    browser.open("/sign-in?next=/me").await;
    browser.lineo(world).await;
}

fn told_of_new(world: &World) -> usize {
    world.all_told().iter().filter(|text| text.contains("a browser that is new")).count()
}

#[test]
fn a_browser_is_known_again_and_a_new_one_is_told_of() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        world.drain().await;
        assert_eq!(told_of_new(&world), 0, "the first one is no news");
        assert!(home.cookie("browser").is_some());
        again(&world, &mut home).await;
        world.drain().await;
        assert_eq!(told_of_new(&world), 0, "it was here before");
        let mut away = signed_in(&world).await;
        world.drain().await;
        assert_eq!(told_of_new(&world), 1);
        let page = away.open("/account/sessions").await;
        assert_eq!(page.body.matches("/account/browsers?id=brw_").count(), 2, "{}", page.body);
        assert_eq!(page.body.matches("This device").count(), 1);
        // Neither cookie nor address of a browser opens anything.
        let mut thief = Browser::new(&world);
        thief.cookies.push(format!("browser={}", home.cookie("browser").unwrap()));
        assert!(thief.me().await.starts_with("Anonymous"));
        let kept = world.rows("SELECT token_hash, user_agent FROM identity_device").await;
        assert!(
            kept.iter().all(|(hash, agent)| *hash != home.cookie("browser").unwrap() && agent == "Firefox, Android")
        );
    });
}

/// The identifiers of the browsers on the list, this one last.
async fn listed(browser: &mut Browser) -> Vec<String> {
    let page = browser.open("/account/sessions").await;
    let mut all: Vec<(bool, String)> = Vec::new();
    for row in page.body.split("<tr").skip(1) {
        if let Some(rest) = row.split("/account/browsers?id=").nth(1) {
            all.push((row.contains("This device"), rest.split('"').next().unwrap().to_owned()));
        }
    }
    all.sort();
    all.into_iter().map(|(_, id)| id).collect()
}

#[test]
fn she_names_it_and_ends_it() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let mut library = signed_in(&world).await;
        let other = listed(&mut home).await[0].clone();
        home.open(&format!("/account/browsers?id={other}")).await;
        let page = home.submit("/account/browsers/name", &[("browser", &other), ("name", "<i>library</i>")]).await;
        assert!(page.body.contains("&lt;i&gt;library&lt;/i&gt;"), "{}", page.body);
        home.open(&format!("/account/browsers?id={other}")).await;
        home.submit("/account/browsers/forget", &[("browser", &other)]).await;
        assert!(library.me().await.starts_with("Anonymous") && home.me().await.starts_with("Person"));
        assert_eq!(listed(&mut home).await.len(), 1);
        // Another's is none of hers.
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        let hers = listed(&mut home).await[0].clone();
        assert_eq!(officer.open(&format!("/account/browsers?id={hers}")).await.status, 404);
        for path in ["/account/browsers/name", "/account/browsers/forget"] {
            officer.open("/account/sessions").await;
            let answer = officer.send(path, &[("browser", &hers), ("name", "mine")]).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        assert!(home.me().await.starts_with("Person"));
    });
}

#[test]
fn this_was_not_me_ends_everything_and_locks() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let mut thief = signed_in(&world).await;
        let other = listed(&mut home).await[0].clone();
        home.open(&format!("/account/browsers?id={other}")).await;
        let page = home.send("/account/browsers/not-me", &[("browser", &other)]).await;
        assert!(page.body.contains("your account is locked"), "{}", page.body);
        assert!(thief.me().await.starts_with("Anonymous") && home.me().await.starts_with("Anonymous"));
        let mut anew = Browser::new(&world);
        anew.open("/sign-in?next=/me").await;
        anew.name("person", LINEO_NUMBER).await;
        assert!(anew.secret(LINEO_PIN).await.body.contains("is not right"), "the PIN opens nothing now");
        world.drain().await;
        assert!(world.all_told().iter().any(|text| text.contains("was locked")));
        let acts = world.acts_done().await;
        let disowned = acts.iter().find(|(kind, _)| kind == "identity.browser.disowned").unwrap();
        assert!(disowned.1.contains(LINEO));
    });
}

#[test]
fn two_people_at_one_browser_know_nothing_of_each_other() {
    on_each(async |world| {
        let mut shared = signed_in(&world).await;
        shared.cookies.retain(|pair| !pair.starts_with("session=") && !pair.starts_with("id="));
        shared.open("/sign-in?next=/me").await;
        shared.officer(&world).await;
        let page = shared.open("/account/sessions").await;
        assert_eq!(page.body.matches("/account/browsers?id=").count(), 1, "{}", page.body);
        let rows = world.rows("SELECT account, token_hash FROM identity_device ORDER BY account").await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].1, rows[1].1, "one cookie");
    });
}
