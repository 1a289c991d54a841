//! Programs registered while ours runs, by officers and by other programs; and keys that change without an outage.

use crypto::Algorithm;
use crypto::jose::{self, KeySet};
use identity::{AuthMethod, ClientMetadata, Profile};
use serde_json::{Value as Json, json};
use spine::Caller;

use crate::browser::{Answer, Browser, signed_in};
use crate::exchanging::{FORM, basic, call, redeem, with_code};
use crate::regulated::KEY;
use crate::requests::request;
use crate::world::{BANK_SECRET, World, on_each};

async fn officer(world: &World) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.officer(world).await;
    browser
}

fn declaration(profile: Profile) -> ClientMetadata {
    ClientMetadata {
        client_id: "newcomer".to_owned(),
        client_name: spine::Localised::from([("en", "The Newcomer"), ("st", "Moeti")]),
        organisation: Some("newcomer-ltd".to_owned()),
        profile,
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(KeySet::of([&KEY.public()]).to_jwks()),
        redirect_uris: vec!["https://newcomer.example/cb".to_owned()],
        scope: "profile".to_owned(),
        ..ClientMetadata::default()
    }
}

async fn register(browser: &mut Browser, declared: &ClientMetadata) -> Answer {
    browser.get("/identity/clients/new").await;
    browser.send("/identity/clients/new", &[("declaration", &serde_json::to_string(declared).unwrap())]).await
}

/// Whether the newcomer's requests are taken.
async fn is_known(world: &World) -> bool {
    let target = "/oauth2/authorize?client_id=newcomer&redirect_uri=https%3A%2F%2Fnewcomer.example%2Fcb";
    Browser::new(world).get(target).await.status == 303
}

#[test]
fn an_officer_registers_a_plain_program_and_takes_it_out_of_use() {
    on_each(async |world| {
        let mut browser = officer(&world).await;
        assert!(!is_known(&world).await);
        let answer = register(&mut browser, &declaration(Profile::Plain)).await;
        assert_eq!(answer.location(), "/identity/clients/one?id=newcomer", "{}", answer.body);
        assert!(is_known(&world).await);
        let again = register(&mut browser, &declaration(Profile::Plain)).await;
        assert!(again.status == 422 && again.body.contains("already"));
        let list = browser.get("/identity/clients").await;
        assert!(list.body.contains("The Newcomer"));
        browser.get("/identity/clients/one?id=newcomer").await;
        browser.send("/identity/clients/state", &[("id", "newcomer"), ("active", "no")]).await;
        assert!(!is_known(&world).await);
        browser.send("/identity/clients/state", &[("id", "newcomer"), ("active", "yes")]).await;
        assert!(is_known(&world).await);
        for kind in ["identity.client.registered", "identity.client.deactivated", "identity.client.activated"] {
            assert_eq!(world.count(kind).await, 1, "{kind}");
        }
    });
}

#[test]
fn a_regulated_program_takes_two_officers() {
    on_each(async |world| {
        let mut browser = officer(&world).await;
        register(&mut browser, &declaration(Profile::Fapi2)).await;
        assert!(!is_known(&world).await, "it waits");
        browser.get("/identity/clients/one?id=newcomer").await;
        browser.send("/identity/clients/approve", &[("id", "newcomer")]).await;
        // These tests' authority allows everything; that the same officer may not is the pack's policy, tried below.
        assert!(is_known(&world).await);
        let mut changed = declaration(Profile::Fapi2);
        changed.redirect_uris = vec!["https://newcomer.example/other".to_owned()];
        browser.get("/identity/clients/one?id=newcomer").await;
        let text = serde_json::to_string(&changed).unwrap();
        browser.send("/identity/clients/change", &[("declaration", &text)]).await;
        assert!(is_known(&world).await, "what holds goes on until the change is approved");
        let page = browser.get("/identity/clients/one?id=newcomer").await;
        assert!(page.body.contains("newcomer.example/other"));
        browser.send("/identity/clients/approve", &[("id", "newcomer")]).await;
        assert!(!is_known(&world).await, "the old address is gone");
    });
}

#[test]
fn declarations_that_do_not_hold_together_are_refused_with_a_reason() {
    on_each(async |world| {
        let mut browser = officer(&world).await;
        for bad in [
            ClientMetadata { first_party: true, ..declaration(Profile::Plain) },
            ClientMetadata { jwks: None, ..declaration(Profile::Plain) },
            ClientMetadata {
                redirect_uris: vec!["http://newcomer.example/".to_owned()],
                ..declaration(Profile::Plain)
            },
            ClientMetadata { client_id: "bank".to_owned(), ..declaration(Profile::Plain) },
            ClientMetadata {
                backchannel_logout_uri: Some("http://localhost/x".to_owned()),
                ..declaration(Profile::Plain)
            },
        ] {
            let answer = register(&mut browser, &bad).await;
            assert_eq!(answer.status, 422, "{bad:?}");
        }
        browser.get("/identity/clients/new").await;
        assert_eq!(browser.send("/identity/clients/new", &[("declaration", "{\"x\": 1}")]).await.status, 422);
        assert_eq!(world.count("identity.client.registered").await, 0);
    });
}

/// A token of a client that was declared to manage others.
async fn manager_token(world: &World) -> String {
    let body = "grant_type=client_credentials&scope=clients.manage".to_owned();
    let header = basic("manager", BANK_SECRET);
    let answer = call(world, "POST", "/oauth2/token", &[FORM, ("authorization", &header)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn send(world: &World, method: &str, path: &str, token: &str, body: &Json) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    call(world, method, path, &headers, body.to_string()).await
}

#[test]
fn a_program_registers_another() {
    on_each(async |world| {
        let token = manager_token(&world).await;
        let body = serde_json::to_value(declaration(Profile::Plain)).unwrap();
        assert_eq!(send(&world, "POST", "/api/identity/clients", "nonsense", &body).await.status, 401);
        let own = call(
            &world,
            "POST",
            "/oauth2/token",
            &[FORM, ("authorization", &basic("manager", BANK_SECRET))],
            "grant_type=client_credentials&scope=other.scope".to_owned(),
        )
        .await;
        let weak = own.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(send(&world, "POST", "/api/identity/clients", &weak, &body).await.status, 403);
        let made = send(&world, "POST", "/api/identity/clients", &token, &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert!(is_known(&world).await);
        assert_eq!(send(&world, "POST", "/api/identity/clients", &token, &body).await.status, 409);
        let mut changed = body.clone();
        changed["redirect_uris"] = json!(["https://newcomer.example/new"]);
        assert_eq!(send(&world, "PUT", "/api/identity/clients/newcomer", &token, &changed).await.status, 200);
        assert!(!is_known(&world).await);
        changed["profile"] = json!("fapi2");
        assert_eq!(send(&world, "PUT", "/api/identity/clients/newcomer", &token, &changed).await.status, 400);
        assert_eq!(send(&world, "PUT", "/api/identity/clients/other", &token, &body).await.status, 400);
    });
}

fn esignet_request(world: &World, id: &str) -> Json {
    let mut key = jose::jwk(&crate::regulated::CLIENT_RSA.public());
    key["alg"] = json!("RS256");
    let now = world.acts.now().to_string();
    json!({
        "requestTime": format!("{}Z", &now[..23]),
        "request": {
            "clientId": id, "clientName": "Health Service", "relyingPartyId": "health", "logoUri": "https://h.example/logo",
            "publicKey": key, "authContextRefs": ["mosip:idp:acr:generated-code"], "userClaims": ["name", "picture"],
            "grantTypes": ["authorization_code"], "clientAuthMethods": ["private_key_jwt"],
            "redirectUris": ["https://h.example/cb"],
        },
    })
}

#[test]
fn a_relying_party_written_for_esignet_works_unchanged() {
    on_each(async |world| {
        let token = manager_token(&world).await;
        let path = "/v1/esignet/client-mgmt/oidc-client";
        let made = send(&world, "POST", path, &token, &esignet_request(&world, "health")).await.json();
        assert_eq!(
            (made["response"]["clientId"].as_str(), made["response"]["clientStatus"].as_str()),
            (Some("health"), Some("ACTIVE"))
        );
        assert_eq!(made["errors"], json!([]));
        let again = send(&world, "POST", path, &token, &esignet_request(&world, "health")).await.json();
        assert_eq!(again["errors"][0]["errorCode"], "duplicate_client_id");
        let mut browser = signed_in(&world).await;
        let claims = r#"{"userinfo":{"name":{"essential":true}},"id_token":{}}"#;
        let target = format!(
            "/authorize?response_type=code&client_id=health&redirect_uri=https%3A%2F%2Fh.example%2Fcb&scope=openid%20profile\
             &state=s&nonce=n&acr_values=mosip%3Aidp%3Aacr%3Agenerated-code&claims={}&display=page&prompt=consent&ui_locales=en",
            crate::browser::coded(claims)
        );
        browser.open(&target).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let now = world.acts.now().as_seconds();
        let endpoint = format!("{}/v1/esignet/oauth/v2/token", crate::world::BASE);
        let assertion = json!({"iss": "health", "sub": "health", "aud": endpoint, "iat": now, "exp": now + 60});
        let assertion = jose::sign(&crate::regulated::CLIENT_RSA, "JWT", &assertion).unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("client_id", "health"),
            ("redirect_uri", "https://h.example/cb"),
        ];
        let body = crate::regulated::with_assertion(&assertion, &fields);
        let answer = call(&world, "POST", "/v1/esignet/oauth/v2/token", &[FORM], body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        let said = jose::peek(answer["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(
            (said.algorithm, said.claims["acr"].as_str()),
            (Some(Algorithm::Rs256), Some("mosip:idp:acr:generated-code"))
        );
        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let told = call(&world, "GET", "/v1/esignet/oidc/userinfo", &[("authorization", &bearer)], String::new()).await;
        assert_eq!(told.header("content-type"), "application/jwt");
        let keys = KeySet::from_jwks(&call(&world, "GET", "/.well-known/jwks.json", &[], String::new()).await.json());
        let told = keys.open(&told.body, None).unwrap();
        assert_eq!((told["name"].as_str(), &told["sub"]), (Some("Lineo Mokhethi"), &said.claims["sub"]));
    });
}

#[test]
fn userinfo_for_an_esignet_program_is_sealed_where_it_wants_that() {
    on_each(async |world| {
        let token = manager_token(&world).await;
        let mut body = esignet_request(&world, "health");
        let mut key = jose::jwk(&crate::regulated::CLIENT_RSA.public());
        for member in ["use", "alg"] {
            key.as_object_mut().unwrap().remove(member);
        }
        body["request"]["encPublicKey"] = key;
        body["request"]["additionalConfig"] = json!({"userinfo_response_type": "JWE"});
        let made = send(&world, "POST", "/v1/esignet/client-mgmt/client", &token, &body).await.json();
        assert_eq!(made["errors"], json!([]), "{made}");
        let mut browser = signed_in(&world).await;
        browser.open("/authorize?response_type=code&client_id=health&redirect_uri=https%3A%2F%2Fh.example%2Fcb&scope=openid%20profile&nonce=n").await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let assertion = crate::regulated::assertion_claims(&world, "health");
        let assertion = jose::sign(&crate::regulated::CLIENT_RSA, "JWT", &assertion).unwrap();
        let fields =
            [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", "https://h.example/cb")];
        let answer =
            call(&world, "POST", "/oauth/token", &[FORM], crate::regulated::with_assertion(&assertion, &fields)).await;
        let bearer = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
        let told = call(&world, "GET", "/oidc/userinfo", &[("authorization", &bearer)], String::new()).await;
        let header = crypto::from_base64url(told.body.split('.').next().unwrap()).unwrap();
        let header: Json = serde_json::from_slice(&header).unwrap();
        assert_eq!((header["alg"].as_str(), header["cty"].as_str()), (Some("RSA-OAEP-256"), Some("JWT")));
    });
}

#[test]
fn what_esignet_refuses_is_refused_with_its_codes() {
    on_each(async |world| {
        let token = manager_token(&world).await;
        let wrong: [(&str, Json, &str); 8] = [
            ("authContextRefs", json!(["idbb:acr:invalid"]), "invalid_acr"),
            ("userClaims", json!(["invalid_claims"]), "invalid_claim"),
            ("grantTypes", json!(["implicit"]), "invalid_grant_type"),
            ("clientAuthMethods", json!(["invalid"]), "invalid_client_auth"),
            ("redirectUris", json!(["/invalid"]), "invalid_redirect_uri"),
            ("publicKey", json!({"kty": "RSA", "a": "AQAB"}), "invalid_public_key"),
            ("clientName", json!(""), "invalid_client_name"),
            ("relyingPartyId", json!(""), "invalid_rp_id"),
        ];
        for (member, value, code) in wrong {
            let mut body = esignet_request(&world, "health");
            body["request"][member] = value;
            let answer = send(&world, "POST", "/client-mgmt/oidc-client", &token, &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["errors"][0]["errorCode"].as_str()),
                (200, Some(code)),
                "{member}"
            );
        }
        let mut old = esignet_request(&world, "health");
        old["requestTime"] = json!("2011-10-05");
        assert_eq!(
            send(&world, "POST", "/client-mgmt/oidc-client", &token, &old).await.json()["errors"][0]["errorCode"],
            "invalid_request"
        );
        let path = "/client-mgmt/oidc-client/nobody";
        let answer = send(&world, "PUT", path, &token, &esignet_request(&world, "nobody")).await.json();
        assert_eq!(answer["errors"][0]["errorCode"], "invalid_client_id");
    });
}

#[test]
fn keys_change_without_an_outage() {
    on_each(async |world| {
        let caller = Caller::system("test");
        let keys = async || KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let first = keys().await;
        let (mut browser, code) = with_code(&world, &[]).await;
        let old = redeem(&world, &[("code", &code)]).await.json()["id_token"].as_str().unwrap().to_owned();
        let next = world.identity.prepare_key(&caller, Algorithm::Es256).await.unwrap();
        assert!(keys().await.keys().iter().any(|key| key.kid == next), "shown before it signs");
        assert_eq!(
            world.identity.prepare_key(&caller, Algorithm::Es256).await.unwrap_err().code(),
            "identity.key.waiting"
        );
        assert_eq!(world.identity.promote_key(&caller, &next, false).await.unwrap_err().code(), "identity.key.early");
        world.clock.step(601);
        world.identity.promote_key(&caller, &next, false).await.unwrap();
        let code = browser.get(&request(&[])).await.param("code").unwrap();
        let new = redeem(&world, &[("code", &code)]).await.json()["id_token"].as_str().unwrap().to_owned();
        let both = keys().await;
        assert!(both.open(&old, None).is_ok() && both.open(&new, None).is_ok());
        assert!(first.open(&new, None).is_err(), "signed by the new key");
        assert_eq!(world.identity.forget_key(&caller, &next).await.unwrap_err().code(), "identity.key.signing");
        assert_eq!(world.identity.forget_key(&caller, "nothing").await.unwrap_err().code(), "identity.key.missing");
        let third = world.identity.prepare_key(&caller, Algorithm::Es256).await.unwrap();
        world.identity.promote_key(&caller, &third, true).await.unwrap();
        world.clock.step(3601);
        world.identity.forget_key(&caller, &next).await.unwrap();
        assert!(keys().await.keys().iter().all(|key| key.kid != next));
    });
}
