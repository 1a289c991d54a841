//! The token endpoint and what comes after: codes, tokens, claims, taking back, signing out for a client.

use crypto::jose::{Expect, KeySet};
use crypto::{base64url, from_base64url};
use serde_json::Value as Json;

use crate::browser::{Answer, Browser, coded, signed_in};
use crate::requests::{VERIFIER, request};
use crate::world::{BANK_SECRET, BASE, LINEO, LINEO_NAME, LINEO_PHONE, World, on_each};

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A program, without cookies.
pub(crate) async fn call(world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    Browser::new(world).ask(method, path, headers, body).await
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    let text = format!("{}:{}", coded(id), coded(secret));
    let coded = base64url(text.as_bytes()).replace('-', "+").replace('_', "/");
    format!("Basic {coded}{}", "=".repeat((4 - coded.len() % 4) % 4))
}

fn body(changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://bank.example/cb"),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        params.retain(|(own, _)| own != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    params.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&")
}

pub(crate) async fn redeem(world: &World, changes: &[(&str, &str)]) -> Answer {
    let basic = basic("bank", BANK_SECRET);
    call(world, "POST", "/oauth2/token", &[FORM, ("authorization", &basic)], body(changes)).await
}

/// Redeems a code as a client that sends its secret in the body.
pub(crate) async fn redeem_posted(world: &World, changes: &[(&str, &str)]) -> Answer {
    call(world, "POST", "/oauth2/token", &[FORM], body(changes)).await
}

/// A browser whose owner agreed to the bank's request, and the code the bank got.
pub(crate) async fn with_code(world: &World, changes: &[(&str, &str)]) -> (Browser, String) {
    let mut browser = signed_in(world).await;
    browser.open(&request(changes)).await;
    let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
    (browser, code)
}

pub(crate) async fn userinfo(world: &World, token: &str) -> Answer {
    call(world, "GET", "/oauth2/userinfo", &[("authorization", &format!("Bearer {token}"))], String::new()).await
}

async fn keys(world: &World) -> KeySet {
    KeySet::from_jwks(&call(world, "GET", "/oauth2/jwks", &[], String::new()).await.json())
}

#[test]
fn a_code_becomes_tokens_that_verify() {
    on_each(async |world| {
        let (_, code) = with_code(&world, &[]).await;
        let answer = redeem(&world, &[("code", &code)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{}", answer.body);
        let answer = answer.json();
        assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_i64()), (Some("Bearer"), Some(600)));
        assert_eq!(answer["scope"], "openid profile phone");
        let expect = Expect { typ: Some("JWT"), issuer: BASE, audience: "bank", now: world.acts.now() };
        let token = answer["id_token"].as_str().unwrap();
        let claims = keys(&world).await.verify(token, &expect).unwrap();
        assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
        assert_eq!(claims["acr"], "urn:letsema:assurance:substantial");
        assert_eq!(claims["amr"], serde_json::json!(["pin", "otp", "mfa"]));
        assert_eq!(claims["auth_time"], world.acts.now().as_seconds());
        assert!(claims.get("name").is_none(), "what a scope stands for is told by userinfo");
        assert!(!token.contains(LINEO) && claims["sub"] != LINEO && claims["sid"] != claims["sub"]);
        let access = answer["access_token"].as_str().unwrap();
        let hash = crypto::sha256(&[access.as_bytes()]);
        assert_eq!(claims["at_hash"], base64url(&hash[..16]));
        let told = userinfo(&world, access).await.json();
        assert_eq!(
            (&told["sub"], &told["name"], &told["phone_number"]),
            (&claims["sub"], &LINEO_NAME.into(), &LINEO_PHONE.into())
        );
        assert_eq!(world.count("identity.claims.passed").await, 1);
        world.clock.step(601);
        assert_eq!(userinfo(&world, access).await.status, 401);
    });
}

#[test]
fn only_what_was_asked_for_is_passed_on() {
    on_each(async |world| {
        let (_, code) = with_code(&world, &[("scope", "openid email offline_access")]).await;
        let answer = redeem(&world, &[("code", &code)]).await.json();
        assert_eq!(answer["scope"], "openid");
        assert!(answer.get("refresh_token").is_none());
        let told = userinfo(&world, answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told.as_object().unwrap().len(), 1);
    });
}

#[test]
fn a_code_used_twice_takes_back_what_it_gave() {
    on_each(async |world| {
        let (_, code) = with_code(&world, &[]).await;
        let access = redeem(&world, &[("code", &code)]).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(userinfo(&world, &access).await.status, 200);
        let again = redeem(&world, &[("code", &code)]).await;
        assert_eq!((again.status.as_u16(), again.json()["error"].as_str()), (400, Some("invalid_grant")));
        assert_eq!(userinfo(&world, &access).await.status, 401);
        assert_eq!(world.count("identity.grant.replayed").await, 1);
    });
}

#[test]
fn two_at_once_with_one_code_get_one_token_at_most() {
    on_each(async |world| {
        let (_, code) = with_code(&world, &[]).await;
        let with = [("code", code.as_str())];
        let (one, two) = tokio::join!(redeem(&world, &with), redeem(&world, &with));
        let good = [one, two].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1);
    });
}

#[test]
fn a_code_is_worth_nothing_without_everything_it_was_asked_with() {
    on_each(async |world| {
        let (mut browser, code) = with_code(&world, &[]).await;
        let other_verifier = "a".repeat(43);
        for (changes, error) in [
            (vec![("code", "")], "invalid_request"),
            (vec![("code", "nonsense")], "invalid_grant"),
            (vec![("code", &code), ("code_verifier", "")], "invalid_grant"),
            (vec![("code", &code), ("code_verifier", "short")], "invalid_request"),
            (vec![("code", &code), ("code_verifier", &other_verifier)], "invalid_grant"),
            (vec![("code", &code), ("redirect_uri", "https://bank.example/other")], "invalid_grant"),
            (vec![("code", &code), ("grant_type", "")], "invalid_request"),
            (vec![("code", &code), ("grant_type", "password")], "unsupported_grant_type"),
            (vec![("code", &code), ("grant_type", "refresh_token")], "unauthorized_client"),
        ] {
            let answer = redeem(&world, &changes).await;
            assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some(error)), "{changes:?}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        let stolen =
            call(&world, "POST", "/oauth2/token", &[FORM], body(&[("code", &code), ("client_id", "bank-cards")]));
        assert_eq!(stolen.await.json()["error"], "invalid_grant", "another client's code");
        assert_eq!(redeem(&world, &[("code", &code)]).await.status, 200, "the real one still works");
        let late = browser.get(&request(&[])).await.param("code").unwrap();
        world.clock.step(60);
        assert_eq!(redeem(&world, &[("code", &late)]).await.json()["error"], "invalid_grant");
        let orphan = browser.get(&request(&[])).await.param("code").unwrap();
        browser.get("/sign-out").await;
        browser.send("/sign-out", &[]).await;
        assert_eq!(redeem(&world, &[("code", &orphan)]).await.json()["error"], "invalid_grant", "signed out since");
    });
}

#[test]
fn clients_prove_themselves() {
    on_each(async |world| {
        let (_, code) = with_code(&world, &[]).await;
        let with = [("code", code.as_str())];
        for header in [
            basic("bank", "wrong"),
            basic("nobody", BANK_SECRET),
            basic("bank", ""),
            "Basic !!!".to_owned(),
            "Bearer x".to_owned(),
        ] {
            let answer = call(&world, "POST", "/oauth2/token", &[FORM, ("authorization", &header)], body(&with)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["error"].as_str()),
                (401, Some("invalid_client")),
                "{header}"
            );
            assert!(answer.header("www-authenticate").starts_with("Basic"));
        }
        for more in [vec![], vec![("client_id", "bank")], vec![("client_id", "bank"), ("client_secret", "wrong")]] {
            let changes: Vec<(&str, &str)> = with.into_iter().chain(more).collect();
            let answer = call(&world, "POST", "/oauth2/token", &[FORM], body(&changes)).await;
            assert_eq!(answer.json()["error"], "invalid_client", "{changes:?}");
        }
        let twice = redeem(&world, &[with[0], ("client_secret", BANK_SECRET)]).await;
        assert_eq!(twice.json()["error"], "invalid_request", "two ways at once (RFC 6749 §2.3)");
        let posted = body(&[with[0], ("client_id", "bank"), ("client_secret", BANK_SECRET)]);
        assert_eq!(call(&world, "POST", "/oauth2/token", &[FORM], posted).await.status, 200);
    });
}

#[test]
fn bodies_that_are_none_are_refused() {
    on_each(async |world| {
        let header = basic("bank", BANK_SECRET);
        let bank = ("authorization", header.as_str());
        let ask = async |kind: &str, body: &str| {
            call(&world, "POST", "/oauth2/token", &[("content-type", kind), bank], body.to_owned()).await
        };
        assert_eq!(ask("application/json", "{}").await.json()["error"], "invalid_request");
        assert_eq!(ask(FORM.1, "a=%zz").await.json()["error"], "invalid_request");
        assert_eq!(ask(FORM.1, "code=1&code=2").await.json()["error"], "invalid_request");
        assert_eq!(ask(FORM.1, "\u{0}\u{1}").await.json()["error"], "invalid_request");
        assert_eq!(ask(FORM.1, &"a".repeat(70_000)).await.status, 413);
        assert_eq!(call(&world, "GET", "/oauth2/token", &[], String::new()).await.status, 405);
        let bare = call(&world, "GET", "/oauth2/userinfo", &[], String::new()).await;
        assert!(bare.status == 401 && bare.header("www-authenticate").starts_with("Bearer, DPoP"));
        assert_eq!(userinfo(&world, "nonsense").await.json()["error"], "invalid_token");
    });
}

async fn subject_of(world: &World, browser: &mut Browser, client: &[(&str, &str)], secret: Option<&str>) -> String {
    browser.open(&request(client)).await;
    let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
    let (id, uri) = (client[0].1, client[1].1);
    let mut fields = vec![("code", code.as_str()), ("redirect_uri", uri), ("client_id", id)];
    fields.extend(secret.map(|secret| ("client_secret", secret)));
    let answer = call(world, "POST", "/oauth2/token", &[FORM], body(&fields)).await.json();
    let payload = answer["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let claims: Json = serde_json::from_slice(&from_base64url(&payload).unwrap()).unwrap();
    claims["sub"].as_str().unwrap().to_owned()
}

#[test]
fn each_sector_knows_a_person_by_another_name() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let bank = [("client_id", "bank"), ("redirect_uri", "https://bank.example/cb")];
        let cards = [("client_id", "bank-cards"), bank[1]];
        let shop = [("client_id", "shop"), ("redirect_uri", "https://shop.example/cb?shop=1")];
        let app = [("client_id", "app"), ("redirect_uri", "ls.example.app:/cb")];
        let first = subject_of(&world, &mut browser, &bank, Some(BANK_SECRET)).await;
        let cards = subject_of(&world, &mut browser, &cards, None).await;
        let shop = subject_of(&world, &mut browser, &shop, Some("another secret, also long")).await;
        let app = subject_of(&world, &mut browser, &app, None).await;
        assert_eq!(first, cards, "two programs of one house");
        assert!(first != shop && shop != app && app != first && first != LINEO);
        let mut elsewhere = signed_in(&world).await;
        let again = elsewhere.get(&request(&[])).await.param("code").unwrap();
        let answer = redeem(&world, &[("code", &again)]).await.json();
        let told = userinfo(&world, answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told["sub"], first.as_str(), "the same tomorrow");
        // The hint of another person is not satisfied silently.
        let hint = answer["id_token"].as_str().unwrap();
        let fine = elsewhere.get(&request(&[("prompt", "none"), ("id_token_hint", hint)])).await;
        assert!(fine.param("code").is_some());
        let mut officer = Browser::new(&world);
        officer.open("/sign-in").await;
        officer.officer(&world).await;
        let other = officer.get(&request(&[("prompt", "none"), ("id_token_hint", hint)])).await;
        assert_eq!(other.param("error").as_deref(), Some("login_required"));
    });
}

#[test]
fn tokens_are_taken_back_by_their_client_and_by_signing_out() {
    on_each(async |world| {
        let (mut browser, code) = with_code(&world, &[]).await;
        let access = redeem(&world, &[("code", &code)]).await.json()["access_token"].as_str().unwrap().to_owned();
        let body = format!("token={access}");
        let others = call(&world, "POST", "/oauth2/revoke", &[FORM], format!("{body}&client_id=bank-cards")).await;
        assert_eq!(others.status, 200);
        assert_eq!(userinfo(&world, &access).await.status, 200, "not its token");
        let header = basic("bank", BANK_SECRET);
        for _ in 0..2 {
            let own = call(&world, "POST", "/oauth2/revoke", &[FORM, ("authorization", &header)], body.clone()).await;
            assert_eq!(own.status, 200);
        }
        assert_eq!(userinfo(&world, &access).await.status, 401);
        let code = browser.get(&request(&[])).await.param("code").unwrap();
        let access = redeem(&world, &[("code", &code)]).await.json()["access_token"].as_str().unwrap().to_owned();
        browser.get("/sign-out").await;
        browser.send("/sign-out", &[]).await;
        assert_eq!(userinfo(&world, &access).await.status, 401);
    });
}

#[test]
fn the_metadata_says_what_is_so() {
    on_each(async |world| {
        let answer = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await;
        assert!(answer.header("cache-control").starts_with("public"));
        let metadata = answer.json();
        assert_eq!(metadata["issuer"], BASE);
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        for (name, value) in metadata.as_object().unwrap() {
            let Some(path) = value.as_str().and_then(|url| url.strip_prefix(BASE)).filter(|path| !path.is_empty())
            else {
                continue;
            };
            let status = call(&world, "GET", path, &[], String::new()).await.status;
            assert_ne!(status, 404, "{name}");
        }
        let set = call(&world, "GET", "/oauth2/jwks", &[], String::new()).await;
        assert!(!set.body.contains("\"d\""));
        assert_eq!(set.json()["keys"][0]["kid"], crypto::jose::thumbprint(&world.key.public()));
    });
}

#[test]
fn a_client_signs_its_person_out() {
    on_each(async |world| {
        let (mut browser, code) = with_code(&world, &[]).await;
        let hint = redeem(&world, &[("code", &code)]).await.json()["id_token"].as_str().unwrap().to_owned();
        let bye = coded("https://bank.example/bye");
        for bad in [
            "post_logout_redirect_uri=https%3A%2F%2Fevil.example".to_owned(),
            format!("post_logout_redirect_uri={bye}"),
            format!("client_id=shop&post_logout_redirect_uri={bye}"),
            format!("client_id=shop&id_token_hint={hint}"),
            "id_token_hint=x.y.z".to_owned(),
        ] {
            let answer = browser.get(&format!("/oauth2/logout?{bad}")).await;
            assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{bad}");
        }
        // Without a token of hers she is asked.
        let asked = format!("/oauth2/logout?client_id=bank&post_logout_redirect_uri={bye}&state=s");
        let page = browser.get(&asked).await;
        assert!(page.status == 200 && page.body.contains("Sign out") && browser.me().await.starts_with("Person"));
        let page = browser.get(&asked).await;
        assert!(page.header("content-security-policy").contains("https://bank.example"));
        let answer = browser
            .send(
                "/oauth2/logout",
                &[("client_id", "bank"), ("post_logout_redirect_uri", "https://bank.example/bye"), ("state", "s")],
            )
            .await;
        assert_eq!(answer.location(), "https://bank.example/bye?state=s");
        assert!(browser.me().await.starts_with("Anonymous"));
        // With one she is not.
        let mut again = signed_in(&world).await;
        let answer = again.get(&format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri={bye}")).await;
        assert_eq!(answer.location(), "https://bank.example/bye");
        assert!(again.me().await.starts_with("Anonymous"));
    });
}
