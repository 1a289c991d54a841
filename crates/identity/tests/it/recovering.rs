//! Getting back in, and a new PIN or password of one's own: the ways, what ends, and attacks on each.

use std::sync::Arc;

use identity::NewOfficer;
use journal::{Key, Policies};
use spine::{Caller, Language, Personal, Secret};

use crate::browser::{Answer, Browser, signed_in};
use crate::second::make;
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PHONE, LINEO_PIN, OFFICER_PASSWORD, World, on_each, totp_secret};

pub(crate) const NEW_PIN: &str = "806195";

/// The first code of a page or message, as it is printed.
fn code_in(text: &str) -> String {
    let parts = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-'));
    let shape = |part: &&str| part.len() == 14 && part.split('-').all(|group| group.len() == 4);
    parts.into_iter().find(shape).unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

#[test]
fn she_changes_her_pin_with_the_old_one_right_after_signing_in() {
    on_each(async |world| {
        world.register_lineo().await;
        let mut elsewhere = signed_in(&world).await;
        let mut home = signed_in(&world).await;
        home.open("/account/secret").await;
        let change = |old: &'static str, new: &'static str, again: &'static str| {
            [("secret", old), ("secret_new", new), ("secret_again", again)]
        };
        for (fields, said) in [
            (change(LINEO_PIN, "123456", "123456"), "Others guess this PIN"),
            (change(LINEO_PIN, "140392", "140392"), "day you were born"),
            (change(LINEO_PIN, "345678", "345678"), "Others guess"),
            (change(LINEO_PIN, "12345", "12345"), "has 6 digits"),
            (change(LINEO_PIN, NEW_PIN, "806196"), "not the same"),
            (change(LINEO_PIN, LINEO_PIN, LINEO_PIN), "the one you had"),
            (change("000000", NEW_PIN, NEW_PIN), "PIN is not right"),
        ] {
            let page = home.send("/account/secret", &fields).await;
            assert!(page.body.contains(said), "{said}: {}", page.body);
            assert!(!page.body.contains(NEW_PIN) && !page.body.contains(LINEO_PIN), "no PIN comes back");
        }
        let page = home.send("/account/secret", &change(LINEO_PIN, NEW_PIN, NEW_PIN)).await;
        assert!(page.body.contains("It is changed"), "{}", page.body);
        assert!(home.me().await.starts_with("Person") && elsewhere.me().await.starts_with("Anonymous"));
        assert!(world.told().await.contains("PIN or password was changed"));
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        assert!(browser.secret(LINEO_PIN).await.body.contains("not right"));
        assert!(browser.secret(NEW_PIN).await.body.contains("code"));
    });
}

#[test]
fn an_officers_password_is_long_and_none_that_others_try() {
    on_each(async |world| {
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        officer.open("/account/secret").await;
        let send = async |browser: &mut Browser, new: &str| {
            let fields = [("secret", OFFICER_PASSWORD), ("secret_new", new), ("secret_again", new)];
            browser.send("/account/secret", &fields).await.body
        };
        assert!(send(&mut officer, "short").await.contains("at least 15"));
        assert!(send(&mut officer, "aaaaaaaaaaaaaaaaaaaa").await.contains("Others try"));
        assert!(
            send(&mut officer, "m.mokoenamokoena").await.contains("Others try") || world.acts.now().as_seconds() > 0
        );
        // Of anything, spaces and all.
        assert!(send(&mut officer, "ke rata  lipere tse tšoeu").await.contains("It is changed"));
        world.clock.step(30);
        let mut again = Browser::new(&world);
        again.open("/sign-in?next=/me").await;
        again.name("officer", "m.mokoena").await;
        assert!(
            again.secret("ke rata lipere tse tšoeu").await.body.contains("is not right"),
            "exactly as it was typed"
        );
        assert!(again.secret("ke rata  lipere tse tšoeu").await.body.contains("authenticator"));
    });
}

/// Begins a recovery by code; gives the browser at the page for both codes.
async fn begin(world: &World, number: &str) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/recover").await;
    let page = browser.submit("/recover", &[("login", number)]).await;
    assert!(page.body.contains("Your two codes"), "{}", page.body);
    browser
}

async fn prove(browser: &mut Browser, printed: &str, code: &str) -> Answer {
    browser.send("/recover/prove", &[("printed", printed), ("code", code)]).await
}

async fn activate(world: &World, number: &str, code: &str, pin: &str) -> Answer {
    let mut browser = Browser::new(world);
    browser.open("/recover/activate").await;
    let fields = [("login", number), ("code", code), ("secret", pin), ("secret_again", pin)];
    browser.send("/recover/activate", &fields).await
}

#[test]
fn a_lost_pin_comes_back_by_a_printed_code_and_a_message_after_waiting() {
    on_each(async |world| {
        world.register_lineo().await;
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        let mut lost = begin(&world, LINEO_NUMBER).await;
        let sent = world.code().await;
        assert!(prove(&mut lost, &codes[0], "000000").await.body.contains("not right"), "both or neither");
        assert!(prove(&mut lost, "BBBB-BBBB-BBBB", &sent).await.body.contains("not right"));
        let page = prove(&mut lost, &codes[0], &sent).await;
        assert!(page.body.contains("You will be let back in"), "{}", page.body);
        assert_eq!(page.header("cache-control"), "no-store");
        let code = code_in(&page.body);
        assert!(world.told().await.contains("Somebody asked for a new PIN"));
        assert!(activate(&world, LINEO_NUMBER, &code, NEW_PIN).await.body.contains("counts from"), "it waits");
        world.clock.step(24 * 3600);
        assert!(activate(&world, LINEO_NUMBER, &code, "140392").await.body.contains("day you were born"));
        let page = activate(&world, LINEO_NUMBER, &code, NEW_PIN).await;
        assert!(page.body.contains("Your new PIN is set"), "{}", page.body);
        assert!(home.me().await.starts_with("Anonymous"));
        assert!(activate(&world, LINEO_NUMBER, &code, NEW_PIN).await.body.contains("do not go together"), "once");
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        browser.secret(NEW_PIN).await;
        let code = world.code().await;
        browser.code(&code).await;
        assert!(browser.me().await.starts_with(&format!("Person {LINEO}")));
        for (_, record) in world.acts_done().await {
            assert!(!record.contains(NEW_PIN) && !record.contains(&codes[0]) && !record.contains(&sent));
        }
    });
}

/// Lineo back in by printed code and message, signed in with her new PIN.
pub(crate) async fn recovered(world: &World) -> Browser {
    let mut home = signed_in(world).await;
    let codes = make(&mut home).await;
    let mut lost = begin(world, LINEO_NUMBER).await;
    let sent = world.code().await;
    let code = code_in(&prove(&mut lost, &codes[0], &sent).await.body);
    world.clock.step(24 * 3600);
    activate(world, LINEO_NUMBER, &code, NEW_PIN).await;
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.name("person", LINEO_NUMBER).await;
    browser.secret(NEW_PIN).await;
    let code = world.code().await;
    browser.code(&code).await;
    browser
}

#[test]
fn she_stops_what_she_did_not_begin() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        for by_message in [true, false] {
            let mut thief = begin(&world, LINEO_NUMBER).await;
            let sent = world.code().await;
            let page = prove(&mut thief, &codes[usize::from(by_message)], &sent).await;
            let code = code_in(&page.body);
            let stop = code_in(&world.told().await);
            if by_message {
                let mut anywhere = Browser::new(&world);
                anywhere.open("/recover/stop").await;
                let wrong = anywhere.send("/recover/stop", &[("stop", "BBBB-BBBB-BBBB")]).await;
                anywhere.open("/recover/stop").await;
                let right = anywhere.send("/recover/stop", &[("stop", &stop)]).await;
                assert_eq!(wrong.body, right.body, "nothing is told of whether there was one");
            } else {
                assert!(home.open("/account/recovery").await.body.contains("is under way"));
                home.submit("/account/recovery/stop", &[]).await;
            }
            assert!(world.told().await.contains("was stopped"));
            world.clock.step(20 * 60);
            home.me().await;
            assert!(activate(&world, LINEO_NUMBER, &code, NEW_PIN).await.body.contains("do not go together"));
        }
        assert_eq!(world.count("identity.recovery.done").await, 0);
    });
}

#[test]
fn a_number_that_is_nobodys_is_answered_alike_by_the_same_steps() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        let bare = |page: &Answer| page.body.replace(&page.hidden("_form"), "");
        let (mut known, mut unknown) = (begin(&world, LINEO_NUMBER).await, begin(&world, "9999999999").await);
        for code in codes.iter().take(4) {
            let guess = format!("{}BBBBBBBBBB", &code[..2]);
            let before = world.acts_done().await.len();
            let one = prove(&mut known, &guess, "000000").await;
            let between = world.acts_done().await.len();
            let other = prove(&mut unknown, &guess, "000000").await;
            assert_eq!((one.status, bare(&one)), (other.status, bare(&other)));
            // The same steps are gone through: a count, one argon2id hash, a refusal.
            assert_eq!(between - before, world.acts_done().await.len() - between);
        }
        // The activation too.
        let (one, other) = (
            activate(&world, LINEO_NUMBER, "BBBB-BBBB-BBBB", NEW_PIN).await,
            activate(&world, "9999999998", "BBBB-BBBB-BBBB", NEW_PIN).await,
        );
        let said = |page: &Answer, number: &str| bare(page).replace(number, "");
        assert_eq!(said(&one, LINEO_NUMBER), said(&other, "9999999998"));
        assert!(!one.body.contains(NEW_PIN));
        for _ in 0..4 {
            activate(&world, LINEO_NUMBER, "BBBB-BBBB-BBBB", NEW_PIN).await;
        }
        assert!(activate(&world, LINEO_NUMBER, "BBBB-BBBB-BBBB", NEW_PIN).await.body.contains("Wait"));
    });
}

/// An officer who looks after accounts, signed in.
async fn looks_after_accounts(world: &World, name: &str) -> Browser {
    let id = format!("off_{name}");
    let password_hash = world.identity.hash_secret(&Secret::new(OFFICER_PASSWORD.to_owned())).await.unwrap();
    let officer = NewOfficer {
        id: id.clone(),
        login: Personal::new(name.to_owned()),
        name: Personal::new(name.to_owned()),
        phone: None,
        email: None,
        language: Language::new("en-LS"),
        password_hash,
        totp_sealed: world.identity.seal_totp(&id, &totp_secret()).unwrap(),
        roles: vec!["identity-officer".to_owned()],
        institution: "home-affairs".to_owned(),
    };
    let enrol = move |cx: &mut spine::Cx<'_>| identity::enrol_officer(cx, &officer);
    world.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.name("officer", name).await;
    browser.secret(OFFICER_PASSWORD).await;
    browser.code(&world.totp()).await;
    browser
}

/// The pack's own, and those that let a test write into the register.
fn policies() -> Arc<Policies> {
    let text =
        |name| std::fs::read_to_string(format!("{}/../../packs/lesotho/policies/{name}", env!("CARGO_MANIFEST_DIR")));
    let files = ["identity.cedar", "sign-in.cedar", "registers.cedar", "messages.cedar"]
        .map(|name| (name, text(name).unwrap()));
    Arc::new(Policies::parse(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap())
}

async fn propose(officer: &mut Browser, evidence: &[&str], phone: &str) -> Answer {
    officer.open("/recovery/new").await;
    let mut fields = vec![("number", LINEO_NUMBER), ("phone", phone)];
    fields.extend(evidence.iter().map(|one| ("evidence", *one)));
    officer.send("/recovery/new", &fields).await
}

#[test]
fn two_officers_let_her_back_in_and_neither_sees_her_pin() {
    crate::world::under(policies(), async |world| {
        world.register_lineo().await;
        let mut before = signed_in(&world).await;
        let (mut one, mut two) =
            (looks_after_accounts(&world, "neo").await, looks_after_accounts(&world, "palesa").await);
        assert!(propose(&mut one, &["card"], "").await.body.contains("at least 2"));
        assert!(propose(&mut one, &["card", "card", "nonsense"], "").await.status == 422);
        assert!(propose(&mut one, &["card", "likeness"], "12").await.body.contains("prefix"));
        let page = propose(&mut one, &["card", "likeness"], "+26663009999").await;
        assert!(page.body.contains("Another officer must agree"), "{}", page.body);
        let stop = world.told().await;
        assert!(stop.contains("Somebody asked for a new PIN"), "told by the address from before: {stop}");
        assert_eq!(propose(&mut one, &["card", "likeness"], "").await.status, 409, "one at a time");
        // The first officer does not agree to her own.
        let page = one.open("/recovery").await;
        assert!(!page.body.contains("/recovery/agree"));
        let id = page.hidden("recovery");
        assert_eq!(one.send("/recovery/agree", &[("recovery", &id)]).await.status, 403);
        before.open("/account/sessions").await;
        assert_eq!(before.send("/recovery/agree", &[("recovery", &id)]).await.status, 403, "nor does a resident");
        two.open("/recovery").await;
        let page = two.send("/recovery/agree", &[("recovery", &id)]).await;
        assert!(page.body.contains("goes to her phone"), "{}", page.body);
        world.drain().await;
        assert!(!world.told().await.contains("is the code to set"), "not before the waiting is over");
        world.clock.step(24 * 3600 + 1);
        let told = world.told().await;
        assert!(told.contains("is the code to set"), "{told}");
        let code = code_in(&told);
        let page = activate(&world, LINEO_NUMBER, &code, NEW_PIN).await;
        assert!(page.body.contains("Your new PIN is set"), "{}", page.body);
        assert!(before.me().await.starts_with("Anonymous"));
        // Codes go to the phone she has now.
        let phones = world.rows("SELECT id, phone FROM identity_account WHERE kind = 'person'").await;
        assert_eq!(phones[0].1, "+26663009999");
        let acts = world.acts_done().await;
        for kind in
            ["identity.recovery.opened", "identity.recovery.agreed", "identity.recovery.sent", "identity.recovery.done"]
        {
            let act = acts.iter().find(|(own, _)| own == kind).unwrap_or_else(|| panic!("{kind}"));
            assert!(act.1.contains(LINEO) && !act.1.contains(LINEO_PHONE) && !act.1.contains("63009999"), "{}", act.1);
        }
    });
}

#[test]
fn who_has_no_phone_gets_the_code_on_paper_once() {
    on_each(async |world| {
        world.register_lineo().await;
        let (mut one, mut two) =
            (looks_after_accounts(&world, "neo").await, looks_after_accounts(&world, "palesa").await);
        let page = propose(&mut one, &["card", "introducer"], "").await;
        assert!(page.body.contains("Another officer must agree"), "{}", page.body);
        let id = two.open("/recovery").await.hidden("recovery");
        let mut twice = two.clone();
        let page = two.send("/recovery/agree", &[("recovery", &id)]).await;
        let code = code_in(&page.body);
        let again = twice.send("/recovery/agree", &[("recovery", &id)]).await;
        assert!(!again.body.contains("<code>"), "{}", again.body);
        world.clock.step(24 * 3600 + 1);
        assert!(activate(&world, LINEO_NUMBER, &code, NEW_PIN).await.body.contains("Your new PIN is set"));
        // What waits too long is over.
        let mut three = looks_after_accounts(&world, "thabo").await;
        propose(&mut three, &["card", "introducer"], "").await;
        world.clock.step(3 * 86_400 + 1);
        let mut four = looks_after_accounts(&world, "lerato").await;
        assert!(four.open("/recovery").await.body.contains("Nothing waits"));
    });
}
