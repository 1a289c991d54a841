//! Organisations that ask about people: one question, a whole payroll, proof of life, and what a death closes.

use axum::http::StatusCode;
use civil::national_id;
use identity::{
    AuthMethod, ClientMetadata, GrantType, Licences, attest_life, closed_by_death, last_life, reopened, secret_digest,
};
use journal::Key;
use serde_json::{Value as Json, json};
use spine::{Actor, Assurance, Caller, Cx, Personal, Secret};

use crate::browser::{Answer, signed_in};
use crate::exchanging::{basic, call, redeem, with_code};
use crate::world::{BANK_SECRET, LINEO, World, on_each, people};

const LICENCES: &str = r#"
near_from = 80
[[verifier]]
id = "payroll"
client = "payroll"
name = { en = "Payroll" }
legal_basis = { en = "An act" }
purposes = ["payroll"]
match = ["given", "family", "born"]
told = ["alive"]
bulk = true
watch = true
life = true
group = "government"
daily = 1500

[[verifier]]
id = "telecom"
client = "telecom"
name = { en = "Telephones" }
legal_basis = { en = "Rules" }
purposes = ["sim"]
match = ["given"]
group = "telecom"
daily = 3
"#;

/// The licences of these tests' organisations.
pub(crate) fn licences() -> Licences {
    toml::from_str(LICENCES).unwrap()
}

/// The clients they authenticate as.
pub(crate) fn clients() -> Vec<ClientMetadata> {
    let client = |id: &str| ClientMetadata {
        client_id: id.to_owned(),
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        client_secret_digest: Some(secret_digest(&Secret::new(BANK_SECRET.to_owned()))),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "verification".to_owned(),
        ..ClientMetadata::default()
    };
    vec![client("payroll"), client("telecom"), client("unlicensed")]
}

fn number() -> String {
    national_id::of_serial(77)
}

/// Lineo's record, with a number that checks.
pub(crate) async fn known(world: &World) {
    let record = json!({
        "national_id": number(), "person": LINEO, "given": "Lineo", "family": "Mokhethi", "born": "1992-03-14",
        "sex": "female", "district": "leribe",
    });
    let (people, record) = (people(), record.as_object().unwrap().clone());
    let enrol =
        move |cx: &mut Cx<'_>| registers::enrol_many(cx, &people, civil::REGISTER, vec![record.clone()]).map(drop);
    world.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
}

pub(crate) async fn token(world: &World, client: &str) -> String {
    let headers = [
        ("authorization", basic(client, BANK_SECRET)),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = "grant_type=client_credentials&scope=verification".to_owned();
    let answer = call(world, "POST", "/oauth2/token", &headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn ask(world: &World, token: &str, method: &str, path: &str, body: String) -> Answer {
    let bearer = format!("Bearer {token}");
    call(world, method, path, &[("authorization", &bearer), ("content-type", "application/json")], body).await
}

pub(crate) async fn check(world: &World, token: &str, question: Json) -> Answer {
    ask(world, token, "POST", "/api/verification/checks", question.to_string()).await
}

/// A payroll's file and what comes of it.
pub(crate) async fn batch(world: &World, token: &str, file: &str) -> String {
    ask(world, token, "POST", "/api/verification/batches?purpose=payroll", file.to_owned()).await.body
}

#[test]
fn a_yes_a_near_and_a_no_and_nothing_more_than_the_licence() {
    on_each(async |world| {
        known(&world).await;
        let payroll = token(&world, "payroll").await;
        let question =
            |compare: Json| json!({"number": number(), "purpose": "payroll", "compare": compare, "tell": ["alive"]});
        let yes = check(&world, &payroll, question(json!({"given": "Lineo", "born": "1992-03-14"}))).await.json();
        assert_eq!((&yes["verdict"], &yes["told"]["alive"]), (&json!("yes"), &json!(true)));
        let subject = yes["subject"].as_str().unwrap();
        assert!(!subject.contains(LINEO) && subject.len() > 20, "{subject}");
        let near = check(&world, &payroll, question(json!({"family": "Mokheti", "born": "1992-03-15"}))).await.json();
        assert_eq!((&near["verdict"], &near["told"]), (&json!("near"), &Json::Null), "{near}");
        assert_eq!(near["reasons"], json!(["family", "born"]));
        let no = check(&world, &payroll, question(json!({"given": "Palesa"}))).await.json();
        assert_eq!((&no["verdict"], &no["subject"]), (&json!("no"), &Json::Null));
        let nobody =
            check(&world, &payroll, json!({"number": national_id::of_serial(5), "purpose": "payroll"})).await.json();
        assert_eq!(nobody["reasons"], json!(["unknown"]));
        let typo = check(&world, &payroll, json!({"number": "123", "purpose": "payroll"})).await.json();
        assert_eq!(typo["reasons"], json!(["number"]));

        let outside = check(&world, &payroll, question(json!({"sex": "female"}))).await;
        assert_eq!(
            (outside.status, outside.json()["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("identity.verification.licence"))
        );
        let purpose = check(&world, &payroll, json!({"number": number(), "purpose": "marketing"})).await;
        assert_eq!(purpose.json()["code"], "identity.verification.purpose");
        for bad in ["", "[]", "{\"number\": 7}", "{\"number\": \"1\", \"more\": 1}"] {
            let answer = ask(&world, &payroll, "POST", "/api/verification/checks", bad.to_owned()).await;
            assert_eq!(answer.json()["code"], "identity.verification.wrong", "{bad}");
        }
        assert_eq!(world.count("identity.verification.asked").await, 5, "each question is an act");
        for (_, record) in world.acts_done().await {
            for word in ["Mokheti", "Palesa", "1992", &number()] {
                assert!(!record.contains(word), "{word} in {record}");
            }
        }
    });
}

#[test]
fn who_has_no_licence_or_no_token_asks_nothing() {
    on_each(async |world| {
        known(&world).await;
        let question = json!({"number": number(), "purpose": "payroll"});
        assert_eq!(check(&world, "nonsense", question.clone()).await.status, StatusCode::UNAUTHORIZED);
        let unlicensed = token(&world, "unlicensed").await;
        assert_eq!(check(&world, &unlicensed, question).await.status, StatusCode::FORBIDDEN);
        let telecom = token(&world, "telecom").await;
        let mine = json!({"number": number(), "purpose": "sim", "compare": {"given": "Lineo"}});
        let statuses = [
            check(&world, &telecom, mine.clone()).await.status,
            ask(&world, &telecom, "POST", "/api/verification/batches", String::new()).await.status,
            ask(&world, &telecom, "POST", "/api/verification/watches", json!({"people": []}).to_string()).await.status,
            check(&world, &telecom, mine.clone()).await.status,
            check(&world, &telecom, mine.clone()).await.status,
            check(&world, &telecom, mine).await.status,
        ];
        let (ok, no, many) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(statuses, [ok, no, no, ok, ok, many], "three a day");
    });
}

#[test]
fn a_payroll_is_answered_line_by_line() {
    on_each(async |world| {
        known(&world).await;
        let payroll = token(&world, "payroll").await;
        let mut lines = Vec::new();
        for place in 0..1_203 {
            let (number, given) =
                if place % 400 == 0 { (number(), "Lineo") } else { (national_id::of_serial(1_000 + place), "Thabo") };
            lines.push(
                json!({"number": number, "reference": format!("e{place}"), "compare": {"given": given}}).to_string(),
            );
        }
        lines[7] = "{broken".to_owned();
        lines[8] = json!({"number": number(), "compare": {"phone": "+266"}}).to_string();
        let answer = ask(&world, &payroll, "POST", "/api/verification/batches?purpose=payroll", lines.join("\n")).await;
        let answers: Vec<Json> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 1_204);
        assert_eq!((&answers[0]["verdict"], &answers[0]["reference"]), (&json!("yes"), &json!("e0")));
        assert_eq!((&answers[7]["line"], &answers[7]["error"]), (&json!(8), &json!("identity.verification.wrong")));
        assert_eq!(answers[8]["error"], "identity.verification.licence");
        assert_eq!(answers[9]["reasons"], json!(["unknown"]));
        assert_eq!(answers[1_203]["totals"], json!({"lines": 1_203, "yes": 4, "near": 0, "no": 1_197, "wrong": 2}));
        let asked = world
            .rows("SELECT kind, COALESCE(subject, '') FROM journal_act WHERE kind = 'identity.verification.asked'")
            .await;
        assert_eq!(asked.len(), 1_201, "each line that was a question");
        assert_eq!(asked.iter().filter(|(_, subject)| subject == LINEO).count(), 4, "she sees each");
        let more = ask(&world, &payroll, "POST", "/api/verification/batches?purpose=payroll", lines.join("\n")).await;
        let said: Json = serde_json::from_str(&more.body).unwrap();
        assert_eq!(said, json!({"error": "edge.rate.exceeded", "lines": 0}), "1,500 a day, and lines count");
    });
}

fn lineo(assurance: Assurance) -> Caller {
    Caller { actor: Actor::person(LINEO, Personal::new("Lineo".to_owned()), assurance), ..Caller::system("test") }
}

#[test]
fn proof_of_life_by_two_factors_or_by_who_has_seen_her() {
    on_each(async |world| {
        known(&world).await;
        let attest = async |caller: &Caller| {
            let identity = world.identity.clone();
            world.acts.write(caller, &Key::none(), move |cx| attest_life(cx, &identity, LINEO)).await
        };
        assert_eq!(attest(&lineo(Assurance::Low)).await.unwrap_err().code(), "identity.life.factors");
        assert_eq!(attest(&lineo(Assurance::Substantial)).await.unwrap().how, "sign-in");
        world.clock.step(60);
        assert_eq!(attest(&Caller::system("chief")).await.unwrap().how, "attested");
        let payroll = token(&world, "payroll").await;
        let told = check(&world, &payroll, json!({"number": number(), "purpose": "payroll"})).await.json();
        assert_eq!(told["life"]["how"], "attested");
        world.clock.step(60);
        let mut browser = signed_in(&world).await;
        let page = browser.open("/my/life").await;
        assert!(page.body.contains("You last proved it on"), "{}", page.body);
        let done = browser.submit("/my/life", &[]).await;
        assert!(done.body.contains("It is written down"), "{}", done.body);
        let last = world.acts.read(&Caller::system("test"), |cx| last_life(cx, LINEO)).await.unwrap().unwrap();
        assert_eq!(last.how, "sign-in");
    });
}

#[test]
fn a_death_ends_sessions_tokens_and_tells_who_watches_in_one_commit() {
    on_each(async |world| {
        known(&world).await;
        let payroll = token(&world, "payroll").await;
        let watch = json!({"people": [{"number": number(), "reference": "e17"}, {"number": "1", "reference": "e18"}]});
        let watched = ask(&world, &payroll, "POST", "/api/verification/watches", watch.to_string()).await.json();
        assert_eq!(watched, json!({"watched": 1, "unknown": 1}));
        let (mut browser, code) = with_code(&world, &[]).await;
        let granted = redeem(&world, &[("code", &code)]).await;
        let access = granted.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", granted.body)).to_owned();
        assert!(browser.me().await.contains(LINEO));
        let die = |cx: &mut Cx<'_>| closed_by_death(cx, LINEO, "2026-11-20".parse().unwrap());
        assert_eq!(world.acts.write(&Caller::system("registrar"), &Key::none(), die).await.unwrap(), 1);
        assert!(browser.me().await.contains("Anonymous"));
        assert_eq!(crate::exchanging::userinfo(&world, &access).await.status, StatusCode::UNAUTHORIZED);
        let told = ask(&world, &payroll, "GET", "/api/verification/changes", String::new()).await.json();
        assert_eq!((&told["changes"][0]["reference"], &told["changes"][0]["what"]), (&json!("e17"), &json!("died")));
        let number = &told["changes"][0]["number"];

        let live = |cx: &mut Cx<'_>| reopened(cx, LINEO, "2026-11-24".parse().unwrap());
        world.acts.write(&Caller::system("registrar"), &Key::none(), live).await.unwrap();
        assert!(browser.me().await.contains("Anonymous"), "what ended stays ended");
        let mut browser = signed_in(&world).await;
        assert!(browser.me().await.contains(LINEO), "she signs in again");
        let after = format!("/api/verification/changes?after={number}");
        let told = ask(&world, &payroll, "GET", &after, String::new()).await.json();
        assert_eq!(told["changes"].as_array().unwrap().len(), 1);
        assert_eq!(told["changes"][0]["what"], "reinstated");
        let gone = ask(&world, &payroll, "DELETE", "/api/verification/watches/e17", String::new()).await.status;
        assert_eq!(gone, StatusCode::NO_CONTENT);
        let gone = ask(&world, &payroll, "DELETE", "/api/verification/watches/e17", String::new()).await.status;
        assert_eq!(gone, StatusCode::NOT_FOUND);
    });
}

#[test]
fn an_account_locked_for_another_reason_stays_locked() {
    on_each(async |world| {
        known(&world).await;
        let lock = |cx: &mut Cx<'_>| identity::set_lock(cx, LINEO, true);
        world.acts.write(&Caller::system("test"), &Key::none(), lock).await.unwrap();
        let die = |cx: &mut Cx<'_>| closed_by_death(cx, LINEO, "2026-11-20".parse().unwrap());
        world.acts.write(&Caller::system("test"), &Key::none(), die).await.unwrap();
        let live = |cx: &mut Cx<'_>| reopened(cx, LINEO, "2026-11-24".parse().unwrap());
        world.acts.write(&Caller::system("test"), &Key::none(), live).await.unwrap();
        let state = world.rows("SELECT id, state FROM identity_account WHERE kind = 'person'").await;
        assert_eq!(state, [(LINEO.to_owned(), "locked".to_owned())]);
    });
}

#[test]
fn licences_are_checked() {
    assert_eq!(licences().check(), Ok(()));
    for (from, to, says) in [
        ("client = \"telecom\"", "client = \"payroll\"", "another's"),
        ("match = [\"given\"]", "match = [\"faith\"]", "neither compared nor told"),
        ("near_from = 80", "near_from = 8", "near_from is 8"),
        ("purposes = [\"sim\"]", "purposes = []", "at least one purpose"),
    ] {
        let licences: Licences = toml::from_str(&LICENCES.replace(from, to)).unwrap();
        assert!(licences.check().unwrap_err().to_string().contains(says), "{from}");
    }
    let pack: Licences = toml::from_str(include_str!("../../../../packs/lesotho/verifiers.toml")).unwrap();
    assert_eq!(pack.check(), Ok(()));
    let ids: Vec<&str> = pack.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["payroll", "pension", "bank", "insurer", "telecom"]);
}
