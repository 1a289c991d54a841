//! The portal as a client: what comes back must be what was sent for, and `next` stays on the site.

use crate::browser::{Browser, signed_in};
use crate::world::{BASE, on_each};

#[test]
fn next_never_leaves_the_site() {
    on_each(async |world| {
        for evil in
            ["//evil.example", "https://evil.example", "/\\evil.example", "%2F%2Fevil.example", "/%0d%0aX:1", ""]
        {
            let mut browser = Browser::new(&world);
            browser.open(&format!("/sign-in?next={evil}")).await;
            browser.name("person", crate::world::LINEO_NUMBER).await;
            browser.secret(crate::world::LINEO_PIN).await;
            let code = world.code().await;
            let answer = browser.send("/oauth2/sign-in/code", &[("code", &code)]).await;
            assert!(answer.location().starts_with(&format!("{BASE}/sign-in/callback?code=")), "{}", answer.location());
            let back = answer.location().to_owned();
            let answer = browser.get(&back).await;
            assert_eq!(answer.location(), "/", "{evil}");
            let answer = browser.get(&format!("/sign-in?next={evil}")).await;
            assert_eq!(answer.location(), "/", "{evil}, signed in");
        }
    });
}

#[test]
fn an_answer_that_was_not_asked_for_is_refused() {
    on_each(async |world| {
        let mut victim = Browser::new(&world);
        assert_eq!(victim.get("/sign-in/callback?code=x&state=y").await.status, 400, "nothing was asked for");
        victim.open("/sign-in").await;
        for forged in ["code=x", "code=x&state=", "code=x&state=forged", "error=access_denied&state=forged", "%zz=1"] {
            let answer = victim.get(&format!("/sign-in/callback?{forged}&iss={BASE}")).await;
            assert_eq!(answer.status, 400, "{forged}");
        }
        // Somebody else's answer does not sign the victim in as somebody else.
        let mut attacker = Browser::new(&world);
        attacker.open("/sign-in").await;
        attacker.name("person", crate::world::LINEO_NUMBER).await;
        attacker.secret(crate::world::LINEO_PIN).await;
        let code = world.code().await;
        let back = attacker.send("/oauth2/sign-in/code", &[("code", &code)]).await.location().to_owned();
        assert_eq!(victim.get(&back).await.status, 400);
        assert!(victim.cookie("session").is_none());
        // Another issuer's name in the answer (RFC 9207).
        let mixed = back.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F");
        assert_eq!(attacker.get(&mixed).await.status, 400);
        let missing = back.split("&iss=").next().unwrap();
        assert_eq!(attacker.get(missing).await.status, 400);
        let stale = attacker.clone();
        assert_eq!(attacker.get(&back).await.location(), "/");
        let mut replay = stale;
        assert_eq!(replay.get(&back).await.status, 410, "the code is used up");
    });
}

#[test]
fn cookies_that_were_tampered_with_are_nothing() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in").await;
        let good = browser.cookies.clone();
        for name in ["sign_in", "portal_sign_in"] {
            let value = browser.cookie(name).unwrap();
            for spoilt in
                [value.replacen(&value[20..21], if &value[20..21] == "A" { "B" } else { "A" }, 1), String::new()]
            {
                browser.cookies = good.iter().filter(|pair| !pair.starts_with(&format!("{name}="))).cloned().collect();
                browser.cookies.push(format!("{name}={spoilt}"));
                let status = match name {
                    "sign_in" => browser.get("/oauth2/sign-in").await.status,
                    _ => browser.get("/sign-in/callback?code=x&state=y").await.status,
                };
                assert!(status.is_client_error(), "{name}");
            }
        }
        // One cookie is not good in the other's place.
        let portal = good.iter().find_map(|pair| pair.strip_prefix("portal_sign_in=")).unwrap();
        browser.cookies = vec![format!("sign_in={portal}")];
        assert_eq!(browser.get("/oauth2/sign-in").await.status, 410);
    });
}

#[test]
fn whoever_is_signed_in_at_the_provider_comes_straight_back() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        browser.cookies.retain(|pair| !pair.starts_with("session="));
        assert!(browser.me().await.starts_with("Anonymous"));
        assert!(browser.open("/sign-in?next=/me").await.body.starts_with("Person"), "no question is asked");
        assert_eq!(world.count("identity.session.started").await, 1);
    });
}

#[test]
fn refusing_and_failing_are_said_on_a_page() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        let page = browser.submit("/oauth2/sign-in/cancel", &[]).await;
        assert!(page.status == 403 && page.body.contains("You chose not to sign in"));
        assert!(page.body.contains("/sign-in?next=/me"));
    });
}
