//! RFC 8693 §4.1: where somebody acts for another, `sub` is whom it is about and `act.sub` who acts; and ID token, access
//! token, introspection and userinfo say the same.

use crypto::jose::{Expect, KeySet};
use identity::{AuthMethod, ClientMetadata, GrantType, TokenFormat, end_mandate, secret_digest};
use journal::Key;
use serde_json::Value as Json;
use spine::{Assurance, Localised, Secret};

use crate::acting::{CHILD, THABO, on_each, person};
use crate::browser::{Answer, Browser, coded, signed_in};
use crate::exchanging::{FORM, basic, call, userinfo};
use crate::requests::{VERIFIER, request};
use crate::world::{BANK_SECRET, BASE, LINEO, World};

const CB: &str = "https://acts.example/cb";

/// One that reads `act`, one that gets signed access tokens beside, and one that did not declare it.
pub(crate) fn clients() -> Vec<ClientMetadata> {
    let acts = ClientMetadata {
        client_id: "acts".to_owned(),
        client_name: Localised::from([("en", "The Clinic"), ("st", "Tleliniki")]),
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        client_secret_digest: Some(secret_digest(&Secret::new(BANK_SECRET.to_owned()))),
        redirect_uris: vec![CB.to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scope: "profile act offline_access".to_owned(),
        ..ClientMetadata::default()
    };
    let jwt =
        ClientMetadata { client_id: "acts-jwt".to_owned(), access_token_format: TokenFormat::Jwt, ..acts.clone() };
    let not = ClientMetadata { client_id: "acts-not".to_owned(), scope: "profile".to_owned(), ..acts.clone() };
    vec![acts, jwt, not]
}

fn asks(client: &str) -> String {
    let changes =
        [("client_id", client), ("redirect_uri", CB), ("scope", "openid profile act offline_access"), ("claims", "")];
    request(&changes)
}

async fn token(world: &World, client: &str, pairs: &[(&str, &str)]) -> Answer {
    let header = basic(client, BANK_SECRET);
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
    call(world, "POST", "/oauth2/token", &[FORM, ("authorization", &header)], body.join("&")).await
}

async fn redeemed(world: &World, client: &str, code: &str) -> Json {
    let pairs =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CB), ("code_verifier", VERIFIER)];
    let answer = token(world, client, &pairs).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn introspected(world: &World, client: &str, token: &str) -> Json {
    let header = basic(client, BANK_SECRET);
    call(world, "POST", "/oauth2/introspect", &[FORM, ("authorization", &header)], format!("token={token}"))
        .await
        .json()
}

async fn claims(world: &World, typ: &str, audience: &str, token: &str) -> serde_json::Map<String, Json> {
    let keys = KeySet::from_jwks(&call(world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
    keys.verify(token, &Expect { typ: Some(typ), issuer: BASE, audience, now: world.acts.now() }).unwrap()
}

/// Lineo signs in at a client for whomever the form names, and agrees.
async fn for_whom(world: &World, browser: &mut Browser, client: &str, whom: &str) -> Json {
    let page = browser.open(&asks(client)).await;
    assert!(page.body.contains("For whom do you sign in to The Clinic?"), "{}", page.body);
    browser.submit("/oauth2/sign-in/for", &[("for", whom)]).await;
    let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
    redeemed(world, client, &code).await
}

#[test]
fn sub_is_whom_it_is_about_and_act_sub_who_acts_in_every_token() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let oneself = for_whom(&world, &mut browser, "acts-jwt", "-").await;
        let own = claims(&world, "JWT", "acts-jwt", oneself["id_token"].as_str().unwrap()).await;
        assert!(own.get("act").is_none());

        let page = browser.open(&asks("acts-jwt")).await;
        assert!(page.body.contains("Palesa Mokhethi"), "asked each time: {}", page.body);
        let page = browser.submit("/oauth2/sign-in/for", &[("for", CHILD)]).await;
        assert!(
            page.body.contains("You sign in for Palesa Mokhethi") && page.body.contains("2008-11-25"),
            "{}",
            page.body
        );
        assert!(!page.body.contains("1992-03-14"), "only what is known of the child is shown");
        let code = browser.send("/oauth2/sign-in/consent", &[("claim", "birthdate")]).await.param("code").unwrap();
        let given = redeemed(&world, "acts-jwt", &code).await;
        assert!(!given["scope"].as_str().unwrap().contains("offline_access"), "it ends with the session");

        let id = claims(&world, "JWT", "acts-jwt", given["id_token"].as_str().unwrap()).await;
        let lineo = &own["sub"];
        assert_ne!(&id["sub"], lineo);
        assert_eq!(id["act"], serde_json::json!({ "sub": lineo }));
        let text = format!("{given}");
        assert!(!text.contains(LINEO) && !text.contains(CHILD), "pairwise, both of them");
        let access = given["access_token"].as_str().unwrap();
        let signed = claims(&world, "at+jwt", BASE, access).await;
        let told = userinfo(&world, access).await.json();
        let looked = introspected(&world, "acts-jwt", access).await;
        for said in [&Json::Object(signed), &told, &looked] {
            assert_eq!((&said["sub"], &said["act"]), (&id["sub"], &id["act"]), "{said}");
        }
        assert_eq!(told["birthdate"], "2008-11-25");
        let acts = world
            .rows("SELECT on_behalf_of, subject FROM journal_act WHERE kind = 'identity.grant.given' AND on_behalf_of IS NOT NULL")
            .await;
        assert_eq!(acts, [(CHILD.to_owned(), CHILD.to_owned())], "the child sees who acted for her");
        assert_eq!(world.rows("SELECT account, client FROM identity_consent WHERE account <> ''").await.len(), 1);
    });
}

#[test]
fn the_end_of_a_mandate_ends_what_was_given_under_it() {
    on_each(async |world| {
        let mandate = world.given("power-of-attorney", &["programs"]).await;
        let mut browser = signed_in(&world).await;
        let given = for_whom(&world, &mut browser, "acts", &mandate.to_string()).await;
        let (access, refresh) = (given["access_token"].as_str().unwrap(), given["refresh_token"].as_str().unwrap());
        assert_eq!(userinfo(&world, access).await.status, 200);
        let renewed =
            token(&world, "acts", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await.json();
        let refresh = renewed["refresh_token"].as_str().unwrap();
        let act = claims(&world, "JWT", "acts", renewed["id_token"].as_str().unwrap()).await["act"].clone();
        assert!(act["sub"].is_string());

        let end = move |cx: &mut spine::Cx<'_>| end_mandate(cx, mandate);
        world.acts.write(&person(THABO, Assurance::Substantial), &Key::none(), end).await.unwrap();
        assert_eq!(userinfo(&world, access).await.status, 401);
        assert_eq!(introspected(&world, "acts", access).await["active"], false);
        let late = token(&world, "acts", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
        assert_eq!((late.status.as_u16(), late.json()["error"].as_str()), (400, Some("invalid_grant")));
    });
}

#[test]
fn a_client_that_did_not_declare_act_is_never_told_of_another() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let page = browser.open(&asks("acts-not")).await;
        assert!(!page.body.contains("For whom do you sign in"), "{}", page.body);
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let given = redeemed(&world, "acts-not", &code).await;
        assert!(!given["scope"].as_str().unwrap().split(' ').any(|scope| scope == "act"));
        assert!(claims(&world, "JWT", "acts-not", given["id_token"].as_str().unwrap()).await.get("act").is_none());
    });
}

#[test]
fn nobody_is_chosen_who_was_not_offered_and_a_carer_has_nobody_to_sign_in_for() {
    on_each(async |world| {
        world.given("carer", &["certificates"]).await;
        let mut browser = signed_in(&world).await;
        let page = browser.open(&asks("acts")).await;
        assert!(page.body.contains("Palesa") && !page.body.contains("Thabo"), "{}", page.body);
        let wrong = browser.send("/oauth2/sign-in/for", &[("for", THABO)]).await;
        assert!(wrong.status == 422 && wrong.body.contains("Choose for whom you want to act"), "{}", wrong.body);
        let silent = browser.open(&format!("{}&prompt=none", asks("acts"))).await;
        assert_eq!(silent.param("error").as_deref(), Some("consent_required"), "nothing is chosen in silence");
    });
}
