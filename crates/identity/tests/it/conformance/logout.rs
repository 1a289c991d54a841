//! Modules of the plans `oidcc-rp-initiated-logout-certification-test-plan` and
//! `oidcc-backchannel-rp-initiated-logout-certification-test-plan`.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use crypto::jose::KeySet;

use crate::browser::{Answer, Browser, coded};
use crate::exchanging::{call, redeem, with_code};
use crate::requests::request;
use crate::world::{BANK_SECRET, BASE, HEARS, HEARS_PORT, LINEO, World, on_each};

const BYE: &str = "https://bank.example/bye";

/// Somebody signed in to the bank, and the ID token the bank has of her.
async fn at_the_bank(world: &World) -> (Browser, String) {
    let (browser, code) = with_code(world, &[]).await;
    let hint = redeem(world, &[("code", &code)]).await.json()["id_token"].as_str().unwrap().to_owned();
    (browser, hint)
}

fn logout(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
    format!("/oauth2/logout?{}", pairs.join("&"))
}

fn is_error(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
}

#[test]
fn oidcc_rp_initiated_logout() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        let answer =
            browser.get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", "s")])).await;
        assert_eq!(answer.location(), format!("{BYE}?state=s"));
        let silent = browser.get(&request(&[("prompt", "none")])).await;
        assert_eq!(silent.param("error").as_deref(), Some("login_required"));
    });
}

#[test]
fn oidcc_rp_initiated_logout_no_state() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        let answer = browser.get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_eq!(answer.location(), BYE);
    });
}

#[test]
fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        is_error(
            &browser
                .get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://bank.example/bye/x")]))
                .await,
        );
    });
}

#[test]
fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        is_error(
            &browser
                .get(&logout(&[
                    ("id_token_hint", &hint),
                    ("post_logout_redirect_uri", "https://bank.example/bye?foo=bar"),
                ]))
                .await,
        );
    });
}

#[test]
fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    on_each(async |world| {
        let (mut browser, _) = at_the_bank(&world).await;
        is_error(
            &browser.get(&logout(&[("id_token_hint", "bad.token.hint"), ("post_logout_redirect_uri", BYE)])).await,
        );
        assert!(browser.me().await.starts_with("Person"));
    });
}

#[test]
fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        let (rest, signature) = hint.rsplit_once('.').unwrap();
        let mut bytes = crypto::from_base64url(signature).unwrap();
        bytes[3] ^= 0x5a;
        let modified = format!("{rest}.{}", crypto::base64url(&bytes));
        is_error(&browser.get(&logout(&[("id_token_hint", &modified), ("post_logout_redirect_uri", BYE)])).await);
    });
}

#[test]
fn oidcc_rp_initiated_logout_no_id_token_hint() {
    on_each(async |world| {
        let (mut browser, _) = at_the_bank(&world).await;
        is_error(&browser.get(&logout(&[("post_logout_redirect_uri", BYE)])).await);
    });
}

#[test]
fn oidcc_rp_initiated_logout_no_params() {
    on_each(async |world| {
        let (mut browser, _) = at_the_bank(&world).await;
        let page = browser.get("/oauth2/logout").await;
        assert!(page.status == 200 && page.body.contains("Sign out"));
    });
}

#[test]
fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    on_each(async |world| {
        let (mut browser, hint) = at_the_bank(&world).await;
        assert_eq!(browser.get(&logout(&[("id_token_hint", &hint), ("state", "s")])).await.location(), "/");
        assert!(browser.me().await.starts_with("Anonymous"));
    });
}

#[test]
fn oidcc_rp_initiated_logout_only_state() {
    on_each(async |world| {
        let (mut browser, _) = at_the_bank(&world).await;
        let page = browser.get(&logout(&[("state", "s")])).await;
        assert!(page.status == 200 && page.body.contains("Sign out"));
    });
}

#[test]
fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    on_each(async |world| {
        let metadata = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await.json();
        assert!(metadata["end_session_endpoint"].as_str().unwrap().starts_with(BASE));
    });
}

#[test]
fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    on_each(async |world| {
        let metadata = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await.json();
        assert_eq!(metadata["backchannel_logout_supported"], true);
        assert_eq!(metadata["backchannel_logout_session_supported"], true);
    });
}

type Heard = Arc<Mutex<Vec<String>>>;

/// A client that hears of the end of sessions.
async fn listening() -> Heard {
    let heard = Heard::default();
    let hear = async |State(heard): State<Heard>, body: String| heard.lock().unwrap().push(body);
    let router = Router::new().route("/logout", post(hear)).with_state(Arc::clone(&heard));
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", HEARS_PORT)).await.unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await });
    heard
}

/// Lineo has signed in to the client that hears: her browser, and its tokens.
async fn at_hears(world: &World) -> (Browser, serde_json::Value) {
    let there = "https://hears.example/cb";
    let (browser, code) =
        with_code(world, &[("client_id", HEARS), ("redirect_uri", there), ("prompt", "consent")]).await;
    let fields =
        [("code", code.as_str()), ("client_id", HEARS), ("redirect_uri", there), ("client_secret", BANK_SECRET)];
    (browser, crate::exchanging::redeem_posted(world, &fields).await.json())
}

#[test]
fn oidcc_backchannel_rp_initiated_logout() {
    on_each(async |world| {
        let heard = listening().await;
        let (mut browser, answer) = at_hears(&world).await;
        let keys = KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let id_token = keys.open(answer["id_token"].as_str().unwrap(), None).unwrap();
        browser.get("/sign-out").await;
        browser.send("/sign-out", &[]).await;
        world.drain().await;
        let told = heard.lock().unwrap().clone();
        assert_eq!(told.len(), 1, "one notice for one session");
        let token = told[0].strip_prefix("logout_token=").unwrap();
        let said = keys.open(token, Some("logout+jwt")).unwrap();
        assert_eq!((said["iss"].as_str(), said["aud"].as_str()), (Some(BASE), Some(HEARS)));
        assert_eq!((&said["sub"], &said["sid"]), (&id_token["sub"], &id_token["sid"]));
        assert!(said["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
        assert!(!said.contains_key("nonce") && said["jti"].is_string());

        // A death ends sessions as signing out does, and is told alike.
        let (_browser, answer) = at_hears(&world).await;
        let id_token = keys.open(answer["id_token"].as_str().unwrap(), None).unwrap();
        let die = |cx: &mut spine::Cx<'_>| identity::closed_by_death(cx, LINEO, "2026-11-20".parse().unwrap());
        world.acts.write(&spine::Caller::system("registrar"), &journal::Key::none(), die).await.unwrap();
        world.drain().await;
        let told = heard.lock().unwrap().clone();
        assert_eq!(told.len(), 2);
        let said = keys.open(told[1].strip_prefix("logout_token=").unwrap(), Some("logout+jwt")).unwrap();
        assert_eq!((&said["sub"], &said["sid"]), (&id_token["sub"], &id_token["sid"]));
    });
}
