//! Sign-in for devices without a keyboard, certificates as proof, encrypted answers, consent item by item and taken back.

use crypto::jose::KeySet;
use serde_json::Value as Json;

use crate::browser::{Answer, Browser, signed_in};
use crate::conformance::told_with_proof;
use crate::exchanging::{FORM, basic, call, redeem, userinfo, with_code};
use crate::regulated;
use crate::requests::request;
use crate::world::{BANK_SECRET, LINEO_NAME, World, on_each};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(world: &World) -> Json {
    let header = basic("suite", BANK_SECRET);
    let body = "scope=openid%20profile".to_owned();
    let answer = call(world, "POST", "/oauth2/device_authorization", &[FORM, ("authorization", &header)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn fetch(world: &World, code: &Json) -> Answer {
    let header = basic("suite", BANK_SECRET);
    let body = format!("grant_type={GRANT}&device_code={}", code.as_str().unwrap());
    call(world, "POST", "/oauth2/token", &[FORM, ("authorization", &header)], body).await
}

#[test]
fn a_device_is_connected_by_the_code_it_shows() {
    on_each(async |world| {
        let begun = begin(&world).await;
        let code = begun["user_code"].as_str().unwrap().to_lowercase();
        assert_eq!(fetch(&world, &begun["device_code"]).await.json()["error"], "authorization_pending");
        let mut browser = Browser::new(&world);
        assert_eq!(browser.get("/device").await.status, 303, "she signs in first");
        let mut browser = signed_in(&world).await;
        browser.get("/device").await;
        let page = browser.send("/device", &[("user_code", &code)]).await;
        assert!(page.status == 200 && page.body.contains(LINEO_NAME), "{}", page.body);
        let done = browser.send("/device/answer", &[("user_code", &code), ("answer", "yes")]).await;
        assert!(done.body.contains("connected"), "{}", done.body);
        world.clock.step(10);
        let answer = fetch(&world, &begun["device_code"]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = userinfo(&world, answer.json()["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told["name"], LINEO_NAME);
        assert_eq!(fetch(&world, &begun["device_code"]).await.json()["error"], "invalid_grant", "fetched once");
    });
}

#[test]
fn codes_of_devices_are_not_guessed_and_can_be_refused() {
    on_each(async |world| {
        let begun = begin(&world).await;
        let mut browser = signed_in(&world).await;
        for turn in 0..10 {
            browser.get("/device").await;
            let answer = browser.send("/device", &[("user_code", "BBBB-BBBB")]).await;
            assert_eq!(answer.status, 422, "{turn}");
        }
        browser.get("/device").await;
        assert_eq!(browser.send("/device", &[("user_code", "BBBB-BBBB")]).await.status, 429);
        world.clock.step(600);
        assert_eq!(fetch(&world, &begun["device_code"]).await.json()["error"], "expired_token");
        let begun = begin(&world).await;
        let code = begun["user_code"].as_str().unwrap().to_owned();
        browser.get("/device").await;
        browser.send("/device", &[("user_code", &code)]).await;
        browser.send("/device/answer", &[("user_code", &code), ("answer", "no")]).await;
        assert_eq!(fetch(&world, &begun["device_code"]).await.json()["error"], "access_denied");
    });
}

#[test]
fn what_a_program_can_do_without_can_be_left_out_and_consent_taken_back() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        browser.open(&request(&[])).await;
        let code = browser.send("/oauth2/sign-in/consent", &[("claim", "name")]).await.param("code").unwrap();
        let access = redeem(&world, &[("code", &code)]).await.json()["access_token"].as_str().unwrap().to_owned();
        let told = userinfo(&world, &access).await.json();
        assert!(told["name"] == LINEO_NAME && told.get("phone_number").is_none(), "{told}");
        let again = browser.get(&request(&[])).await;
        assert!(again.param("code").is_some(), "she is not asked again for what she decided");
        let list = browser.get("/account/consents").await;
        assert!(list.body.contains("The Bank") && list.body.contains("Your name") && !list.body.contains("Your phone"));
        browser.send("/account/consents/withdraw", &[("client", "bank")]).await;
        assert_eq!(userinfo(&world, &access).await.status, 401, "at once");
        assert!(browser.open(&request(&[])).await.body.contains("asks to know who you are"));
        assert_eq!(world.count("identity.consent.withdrawn").await, 1);
        let missing = browser.send("/account/consents/withdraw", &[("client", "bank")]).await;
        assert_eq!(missing.status, 404);
    });
}

#[test]
fn a_certificate_proves_a_program_and_binds_its_tokens() {
    on_each(async |world| {
        // The certificate of RFC 8705 appendix A, as a proxy that ended TLS passes it on (RFC 9440).
        let certificate = format!(":{}:", regulated::CERTIFICATE);
        let ask = async |headers: &[(&str, &str)]| {
            let body = "grant_type=client_credentials&client_id=certified".to_owned();
            let all: Vec<(&str, &str)> = [FORM].into_iter().chain(headers.iter().copied()).collect();
            call(&world, "POST", "/oauth2/token", &all, body).await
        };
        assert_eq!(ask(&[]).await.json()["error"], "invalid_client");
        assert_eq!(ask(&[("client-cert", ":AAAA:")]).await.json()["error"], "invalid_client");
        let answer = ask(&[("client-cert", &certificate)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let body = format!("token={token}&client_id=certified");
        let told =
            call(&world, "POST", "/oauth2/introspect", &[FORM, ("client-cert", &certificate)], body).await.json();
        assert_eq!(told["cnf"]["x5t#S256"], "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        let named = "grant_type=client_credentials&client_id=named".to_owned();
        let named = call(&world, "POST", "/oauth2/token", &[FORM, ("client-cert", &certificate)], named).await;
        assert_eq!(named.status, 200, "by the name in it");
    });
}

#[test]
fn what_userinfo_tells_is_signed_and_sealed_for_the_program() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let changes =
            [("client_id", "sealed"), ("redirect_uri", "https://sealed.example/cb"), ("scope", "openid profile")];
        browser.open(&request(&changes)).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let fields = [
            ("code", code.as_str()),
            ("redirect_uri", "https://sealed.example/cb"),
            ("client_id", "sealed"),
            ("client_secret", BANK_SECRET),
        ];
        let answer = crate::exchanging::redeem_posted(&world, &fields).await.json();
        let sealed = answer["id_token"].as_str().unwrap();
        assert_eq!(sealed.split('.').count(), 5, "an encrypted ID token");
        let told = userinfo(&world, answer["access_token"].as_str().unwrap()).await;
        assert_eq!(told.header("content-type"), "application/jwt");
        let header: Json =
            serde_json::from_slice(&crypto::from_base64url(told.body.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!(
            (header["alg"].as_str(), header["enc"].as_str(), header["cty"].as_str()),
            (Some("ECDH-ES+A256KW"), Some("A256GCM"), Some("JWT"))
        );
        assert!(!told.body.contains("Lineo"));
    });
}

#[test]
fn access_tokens_can_be_read_by_others_where_a_program_wants_it() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let changes =
            [("client_id", "readable"), ("redirect_uri", "https://readable.example/cb"), ("scope", "openid profile")];
        browser.open(&request(&changes)).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let fields = [
            ("code", code.as_str()),
            ("redirect_uri", "https://readable.example/cb"),
            ("client_id", "readable"),
            ("client_secret", BANK_SECRET),
        ];
        let answer = crate::exchanging::redeem_posted(&world, &fields).await.json();
        let token = answer["access_token"].as_str().unwrap();
        let keys = KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let said = keys.open(token, Some("at+jwt")).unwrap();
        assert_eq!((said["client_id"].as_str(), said["scope"].as_str()), (Some("readable"), Some("openid profile")));
        assert_eq!(userinfo(&world, token).await.json()["sub"], said["sub"]);
        assert_eq!(userinfo(&world, said["jti"].as_str().unwrap()).await.status, 401, "its name opens nothing");
        assert_eq!(userinfo(&world, answer["id_token"].as_str().unwrap()).await.status, 401, "nor does an ID token");
    });
}

#[test]
fn a_stolen_token_is_worth_nothing_without_its_key() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = regulated::code(&world, &mut browser, &[]).await;
        let token = regulated::redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(told_with_proof(&world, "DPoP", &token).await.status, 200);
        assert_eq!(userinfo(&world, &token).await.status, 401, "as a bearer token");
        let (_, plain) = with_code(&world, &[]).await;
        let bearer = redeem(&world, &[("code", &plain)]).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            told_with_proof(&world, "DPoP", &bearer).await.status,
            401,
            "one that is not bound, brought as bound"
        );
    });
}
