//! Devices and systems of organisations: registered by whoever acts for one, known by key or certificate, lost at once.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use crypto::jose::{self, Expect, KeySet};
use crypto::{Algorithm, SigningKey, base64url};
use edge::Visit;
use identity::{
    AuthMethod, ClientMetadata, DeviceId, GrantType, Identity, NewDevice, Proposal, approve_mandate, propose_mandate,
    recognise, register_device, register_organisation, secret_digest,
};
use journal::Key;
use serde_json::{Value as Json, json};
use spine::{Cx, Fault, Secret};

use crate::acting::{officer, on_each};
use crate::browser::{Answer, Browser, signed_in};
use crate::exchanging::{FORM, basic, call};
use crate::regulated::{self, with_assertion};
use crate::world::{BANK_SECRET, BASE, World};

const MANAGER: &str = "device-manager";

/// A program that looks after the devices of an organisation, and one of none.
pub(crate) fn clients() -> Vec<ClientMetadata> {
    let manager = ClientMetadata {
        client_id: MANAGER.to_owned(),
        organisation: Some("org_manager".to_owned()),
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        client_secret_digest: Some(secret_digest(&Secret::new(BANK_SECRET.to_owned()))),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "devices.manage introspect".to_owned(),
        ..ClientMetadata::default()
    };
    let nobody = ClientMetadata { client_id: "device-nobody".to_owned(), organisation: None, ..manager.clone() };
    vec![manager, nobody]
}

/// Where the program under test says who asks at an interface.
pub(crate) async fn me(visit: Visit) -> String {
    let actor = visit.actor();
    format!("{:?} {} {} {}", actor.kind, actor.id, actor.institution.as_deref().unwrap_or("-"), actor.roles.join(","))
}

fn jwk(key: &SigningKey) -> Json {
    KeySet::of([&key.public()]).to_jwks()["keys"][0].clone()
}

fn new(key: &Json) -> NewDevice {
    NewDevice {
        kind: "system".to_owned(),
        name: "Motebang maternity".to_owned(),
        purpose: "Notices of births".to_owned(),
        place: "Leribe".to_owned(),
        proves: "key".to_owned(),
        key: key.to_string(),
        scopes: vec!["civil.notify".to_owned()],
        valid_to: "2027-11-24".parse().unwrap(),
    }
}

/// An officer of a public body.
fn clerk() -> spine::Caller {
    let mut caller = officer("off_clerk");
    caller.actor.institution = Some("ministry-health".to_owned());
    caller
}

async fn registered(world: &World, new: &NewDevice) -> Result<DeviceId, Fault> {
    let (identity, new) = (world.identity.clone(), new.clone());
    world.acts.write(&clerk(), &Key::none(), move |cx| register_device(cx, &identity, None, &new)).await
}

async fn token(world: &World, key: &SigningKey, id: &str) -> Answer {
    let claims = regulated::assertion_claims(world, id);
    let body = with_assertion(&jose::sign(key, "JWT", &claims).unwrap(), &[("grant_type", "client_credentials")]);
    call(world, "POST", "/oauth2/token", &[FORM], body).await
}

async fn access(world: &World, key: &SigningKey, id: &str) -> String {
    let answer = token(world, key, id).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn who(app: &Router, world: &World, token: &str) -> String {
    let mut other = Browser::new(world);
    other.app = app.clone();
    other.ask("GET", "/api/me", &[("authorization", &format!("Bearer {token}"))], String::new()).await.body
}

async fn state(world: &World, id: DeviceId, to: &str) -> Result<(), Fault> {
    let to = serde_json::from_value(json!(to)).unwrap();
    let work = move |cx: &mut Cx<'_>| identity::set_device_state(cx, None, id, to);
    world.acts.write(&clerk(), &Key::none(), work).await
}

#[test]
fn a_system_is_known_by_its_key_and_a_lost_one_is_refused_at_once_on_every_instance() {
    on_each(async |world| {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let id = registered(&world, &new(&jwk(&key))).await.unwrap();
        let name = id.to_string();
        let token_value = access(&world, &key, &name).await;
        let keys = KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let expect = Expect { typ: Some("at+jwt"), issuer: BASE, audience: BASE, now: world.acts.now() };
        let claims = keys.verify(&token_value, &expect).unwrap();
        assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some(name.as_str()), Some(name.as_str())));
        let said = json!({
            "kind": "system", "owner": "ministry-health", "purpose": "Notices of births", "place": "Leribe",
        });
        assert_eq!(claims["device"], said);
        assert_eq!(who(&world.app, &world, &token_value).await, format!("Device {name} ministry-health civil.notify"));
        let issued = world.rows("SELECT actor_kind, actor FROM journal_act WHERE kind = 'identity.grant.issued'").await;
        assert_eq!(issued, [("device".to_owned(), name.clone())], "its acts stand in the same log");

        // Another instance on the same database.
        let identity = Identity::new(world.settings()).unwrap();
        let second = Router::new().route("/api/me", get(me)).layer(from_fn_with_state(identity.clone(), recognise));
        let second = edge::frame(second, &world.site, edge::Limits::default());
        assert!(who(&second, &world, &token_value).await.starts_with("Device"));
        let header = basic(MANAGER, BANK_SECRET);
        let introspect = async || {
            let headers = [FORM, ("authorization", header.as_str())];
            call(&world, "POST", "/oauth2/introspect", &headers, format!("token={token_value}")).await.json()
        };
        assert_eq!(introspect().await["active"], true);
        state(&world, id, "lost").await.unwrap();
        for app in [&world.app, &second] {
            assert!(who(app, &world, &token_value).await.starts_with("Anonymous"));
        }
        assert_eq!(introspect().await, json!({"active": false}));
        assert_eq!(token(&world, &key, &name).await.json()["error"], "invalid_client");
        // Lost stays lost.
        assert_eq!(state(&world, id, "active").await.unwrap_err().code(), "identity.device.over");
        state(&world, id, "retired").await.unwrap();
        assert_eq!(state(&world, id, "active").await.unwrap_err().code(), "identity.device.over");
    });
}

#[test]
fn a_suspended_one_comes_back_and_its_last_day_ends_it() {
    on_each(async |world| {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let until = NewDevice { valid_to: "2026-11-24".parse().unwrap(), ..new(&jwk(&key)) };
        let id = registered(&world, &until).await.unwrap();
        let name = id.to_string();
        state(&world, id, "suspended").await.unwrap();
        assert_eq!(token(&world, &key, &name).await.json()["error"], "invalid_client");
        state(&world, id, "active").await.unwrap();
        access(&world, &key, &name).await;
        world.clock.step(86_400);
        assert_eq!(token(&world, &key, &name).await.json()["error"], "invalid_client");
    });
}

#[test]
fn a_key_is_changed_without_an_outage() {
    on_each(async |world| {
        let [old, next] = [(); 2].map(|()| SigningKey::generate(Algorithm::Es256).unwrap());
        let id = registered(&world, &new(&jwk(&old))).await.unwrap();
        let name = id.to_string();
        let public = jwk(&next).to_string();
        let rotate = move |cx: &mut Cx<'_>| identity::rotate_device_key(cx, None, id, &public);
        world.acts.write(&clerk(), &Key::none(), rotate).await.unwrap();
        for key in [&old, &next] {
            access(&world, key, &name).await;
        }
        world.clock.step(86_401);
        assert_eq!(token(&world, &old, &name).await.json()["error"], "invalid_client");
        access(&world, &next, &name).await;
    });
}

#[test]
fn a_device_with_a_certificate_binds_its_tokens_to_it() {
    on_each(async |world| {
        let key = json!({"kty": "EC", "crv": "P-256", "x": "1yfLHCpXqFjxCeHHHMVDTcLscpb07KUxudBmOMn8C7Q",
            "y": "8_coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8"});
        let kiosk = NewDevice { kind: "device".to_owned(), proves: "certificate".to_owned(), ..new(&key) };
        let id = registered(&world, &kiosk).await.unwrap().to_string();
        let certificate = format!(":{}:", regulated::CERTIFICATE);
        let body = format!("grant_type=client_credentials&client_id={id}");
        let ask = async |headers: &[(&str, &str)]| {
            let all: Vec<(&str, &str)> = [FORM].into_iter().chain(headers.iter().copied()).collect();
            call(&world, "POST", "/oauth2/token", &all, body.clone()).await.json()
        };
        assert_eq!(ask(&[]).await["error"], "invalid_client");
        assert_eq!(ask(&[("client-cert", ":AAAA:")]).await["error"], "invalid_client");
        let answer = ask(&[("client-cert", &certificate)]).await;
        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let me = async |headers: &[(&str, &str)]| call(&world, "GET", "/api/me", headers, String::new()).await.body;
        assert!(me(&[("authorization", &bearer), ("client-cert", &certificate)]).await.starts_with("Device"));
        assert!(me(&[("authorization", &bearer)]).await.starts_with("Anonymous"), "not without its certificate");
    });
}

#[test]
fn what_is_no_device_gets_nothing() {
    on_each(async |world| {
        let [key, other] = [(); 2].map(|()| SigningKey::generate(Algorithm::Es256).unwrap());
        let id = registered(&world, &new(&jwk(&key))).await.unwrap().to_string();
        assert_eq!(token(&world, &other, &id).await.json()["error"], "invalid_client", "another's key");
        for name in ["dev_", "dev_0", "dev_01jdf2k9q8e9t8xq8m2n4v6w82", "dev_' OR 1=1"] {
            assert_eq!(token(&world, &key, name).await.json()["error"], "invalid_client", "{name}");
        }
        let claims = regulated::assertion_claims(&world, &id);
        let assertion = jose::sign(&key, "JWT", &claims).unwrap();
        let twice = with_assertion(&assertion, &[("grant_type", "client_credentials")]);
        assert_eq!(call(&world, "POST", "/oauth2/token", &[FORM], twice.clone()).await.status, 200);
        assert_eq!(
            call(&world, "POST", "/oauth2/token", &[FORM], twice).await.status,
            401,
            "an assertion is good once"
        );
        let beyond = jose::sign(
            &key,
            "JWT",
            &json!({
                "iss": id, "sub": id, "aud": BASE, "jti": regulated::name(), "iat": world.acts.now().as_seconds(),
                "exp": world.acts.now().as_seconds() + 60,
            }),
        )
        .unwrap();
        let fields = [("grant_type", "client_credentials"), ("scope", "civil.register")];
        let beyond = call(&world, "POST", "/oauth2/token", &[FORM], with_assertion(&beyond, &fields)).await;
        assert_eq!(beyond.json()["error"], "invalid_scope");
        let wrong = [
            (NewDevice { kind: "robot".to_owned(), ..new(&jwk(&key)) }, "kind"),
            (NewDevice { name: " ".to_owned(), ..new(&jwk(&key)) }, "name"),
            (NewDevice { purpose: "x".repeat(201), ..new(&jwk(&key)) }, "purpose"),
            (NewDevice { place: "a\u{7}".to_owned(), ..new(&jwk(&key)) }, "place"),
            (NewDevice { proves: "password".to_owned(), ..new(&jwk(&key)) }, "proves"),
            (NewDevice { scopes: vec!["everything".to_owned()], ..new(&jwk(&key)) }, "scopes"),
            (NewDevice { valid_to: "2036-11-24".parse().unwrap(), ..new(&jwk(&key)) }, "valid_to"),
            (new(&json!({"kty": "oct", "k": base64url(&[7; 32])})), "key"),
            (new(&json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})), "key"),
            (new(&json!("nonsense")), "key"),
        ];
        let mut private = jwk(&key);
        private["d"] = json!(base64url(&[7; 32]));
        for (new, field) in wrong.into_iter().chain([(new(&private), "key")]) {
            let fault = registered(&world, &new).await.unwrap_err();
            assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("identity.device.wrong", field), "{new:?}");
        }
    });
}

#[test]
fn an_officer_of_a_business_looks_after_its_devices_and_no_others() {
    on_each(async |world| {
        let register = |cx: &mut Cx<'_>| register_organisation(cx, "C2019/117", "Maluti Wool Co-operative");
        let organisation = world.acts.write(&officer("off_one"), &Key::none(), register).await.unwrap();
        let proposal = Proposal {
            kind: "officer".to_owned(),
            represented: "C2019/117".to_owned(),
            representative: civil::national_id::of_serial(1),
            scopes: vec!["devices".to_owned()],
            valid_to: "2027-11-24".parse().unwrap(),
            evidence: "resolution".to_owned(),
            reference: "minutes".to_owned(),
        };
        let identity = world.identity.clone();
        let propose = move |cx: &mut Cx<'_>| propose_mandate(cx, &identity, &proposal);
        let mandate = world.acts.write(&officer("off_one"), &Key::none(), propose).await.unwrap();
        let identity = world.identity.clone();
        let approve = move |cx: &mut Cx<'_>| approve_mandate(cx, &identity, mandate, true);
        world.acts.write(&officer("off_two"), &Key::none(), approve).await.unwrap();

        let mut browser = signed_in(&world).await;
        let nobody = browser.open("/devices").await;
        assert_eq!(nobody.status, 403, "as herself she has none: {}", nobody.body);
        browser.open("/acting").await;
        browser.submit("/acting", &[("for", &mandate.to_string())]).await;
        assert!(browser.open("/devices").await.body.contains("There are none yet"));
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        browser.open("/devices/new").await;
        let public = jwk(&key).to_string();
        let fields = [
            ("kind", "device"),
            ("name", "Scale 4"),
            ("purpose", "Weighing"),
            ("place", "Mokhotlong"),
            ("scopes", "log.read"),
            ("proves", "key"),
            ("valid_to-day", "1"),
            ("valid_to-month", "3"),
            ("valid_to-year", "2027"),
        ];
        let without = browser.send("/devices/new", &fields).await;
        assert!(without.status == 422 && without.body.contains("Enter one public key"), "{}", without.body);
        let all: Vec<(&str, &str)> = fields.into_iter().chain([("key", public.as_str())]).collect();
        let page = browser.submit("/devices/new", &all).await;
        assert!(page.body.contains("Scale 4") && page.body.contains("In use"), "{}", page.body);
        let id = page.body.split("dev_").nth(1).unwrap().chars().take(26).collect::<String>();
        let id = format!("dev_{id}");
        let value = access(&world, &key, &id).await;
        assert_eq!(who(&world.app, &world, &value).await, format!("Device {id} {organisation} log.read"));
        // The ministry's own is not hers.
        let other = registered(&world, &new(&jwk(&key))).await.unwrap();
        assert_eq!(browser.open(&format!("/devices/{other}")).await.status, 404);
        let target = format!("/devices/{id}/state");
        browser.open(&format!("/devices/{id}")).await;
        let refused = browser.send(&format!("/devices/{other}/state"), &[("state", "lost")]).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        browser.open(&format!("/devices/{id}")).await;
        let page = browser.submit(&target, &[("state", "lost")]).await;
        assert!(page.body.contains("Lost"), "{}", page.body);
        assert!(who(&world.app, &world, &value).await.starts_with("Anonymous"));
        let acts = world.rows("SELECT on_behalf_of, kind FROM journal_act WHERE kind LIKE 'identity.device.%' AND on_behalf_of IS NOT NULL ORDER BY id").await;
        assert_eq!(acts.len(), 2);
        assert!(acts.iter().all(|(whom, _)| *whom == organisation.to_string()));
    });
}

#[test]
fn an_organisations_own_program_registers_lists_and_stops_devices() {
    on_each(async |world| {
        let bearer = async |client: &str| {
            let header = basic(client, BANK_SECRET);
            let body = "grant_type=client_credentials&scope=devices.manage".to_owned();
            let answer = call(&world, "POST", "/oauth2/token", &[FORM, ("authorization", &header)], body).await;
            format!("Bearer {}", answer.json()["access_token"].as_str().unwrap())
        };
        let manager = bearer(MANAGER).await;
        let ask = async |who: &str, method: &str, path: &str, body: String| {
            call(&world, method, path, &[("authorization", who), ("content-type", "application/json")], body).await
        };
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let sent = json!({
            "kind": "device", "name": "Kiosk 1", "purpose": "Show who it is", "place": "Maseru", "proves": "key",
            "jwk": jwk(&key), "scope": "log.read", "valid_to": "2027-01-01",
        });
        let made = ask(&manager, "POST", "/api/identity/devices", sent.to_string()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = made.json()["client_id"].as_str().unwrap().to_owned();
        let listed = ask(&manager, "GET", "/api/identity/devices", String::new()).await.json();
        assert_eq!(
            (&listed["devices"][0]["client_id"], &listed["devices"][0]["state"]),
            (&json!(id), &json!("active"))
        );
        assert!(!listed.to_string().contains("\"x\""), "keys are shown to nobody");
        let value = access(&world, &key, &id).await;
        assert_eq!(who(&world.app, &world, &value).await, format!("Device {id} org_manager log.read"));
        let path = format!("/api/identity/devices/{id}/state");
        assert_eq!(ask(&manager, "PUT", &path, json!({"state": "suspended"}).to_string()).await.status, 200);
        assert!(who(&world.app, &world, &value).await.starts_with("Anonymous"));
        assert_eq!(ask(&manager, "PUT", &path, json!({"state": "suspended"}).to_string()).await.status, 409);
        for (path, method, body, status) in [
            ("/api/identity/devices", "POST", "{".to_owned(), 400),
            ("/api/identity/devices", "POST", json!({"kind": "device"}).to_string(), 400),
            ("/api/identity/devices", "POST", sent.to_string().replace("log.read", "all"), 400),
            ("/api/identity/devices", "POST", format!("\"{}\"", "x".repeat(20_000)), 400),
            (path.as_str(), "PUT", json!({"state": "stolen"}).to_string(), 400),
            ("/api/identity/devices/dev_0/state", "PUT", json!({"state": "lost"}).to_string(), 404),
        ] {
            let answer = ask(&manager, method, path, body).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {}", answer.body);
        }
        let nobody = bearer("device-nobody").await;
        assert_eq!(ask(&nobody, "POST", "/api/identity/devices", sent.to_string()).await.status, 403);
        assert_eq!(ask(&nobody, "PUT", &path, json!({"state": "lost"}).to_string()).await.status, 403);
        assert_eq!(ask("Bearer nonsense", "GET", "/api/identity/devices", String::new()).await.status, 401);
    });
}
