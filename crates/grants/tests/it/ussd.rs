//! One's own grants on any phone: seen and changed by PIN only, with the waits and notices of the page, and nothing half
//! done when the call drops. Every screen is at most 160 letters.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::{Limits, Site, SiteSettings, frame};
use grants::mapper::{choose, own};
use grants::{Account, Way};
use http_body_util::BodyExt;
use identity::{NewPerson, enrol_person};
use journal::Key;
use messages::ussd::{Dialled, Door, DoorKey, DoorSettings, fits};
use spine::{Fault, Language, Personal, Secret};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::world::{Someone, World, cash, herself, on_each, preparer, program, wallet};

const PIN: &str = "471183";
const WORDS: [&str; 8] = ["edge", "grants", "messages", "sign-in", "identity", "payments", "portal", "civil"];
/// Letters of a screen that every network shows whole.
const LETTERS: usize = 160;

fn secret() -> Secret<Vec<u8>> {
    Secret::new(b"shared with the aggregator".to_vec())
}

/// A phone in the hands of somebody.
struct Phone<'a> {
    world: &'a World,
    app: Router,
    number: String,
    session: String,
    text: String,
}

impl<'a> Phone<'a> {
    fn of(world: &'a World, number: &str, session: &str) -> Self {
        let words = Arc::new(testkit::words(&WORDS));
        let menus = vec![Dialled { code: "*124#".to_owned(), menu: world.grants.ussd_menu() }];
        let settings = DoorSettings { key: DoorKey::Signed(secret()), networks: Vec::new() };
        let door = Door::new(world.acts.clone(), Arc::clone(&words), menus, settings);
        let (clock, entropy) = (Arc::clone(&world.clock), Arc::new(SeededEntropy::default()));
        let site = SiteSettings::new(words, "http://localhost:8080", Secret::new([9; 32]), clock as _, entropy);
        let app = frame(door.routes(), &Site::new(site), Limits::default());
        Self { world, app, number: number.replace('+', "%2B"), session: session.to_owned(), text: String::new() }
    }

    async fn dial(&self) -> String {
        let body = format!(
            "sessionId={}&serviceCode=%2A124%23&phoneNumber={}&networkCode=65101&text={}",
            self.session,
            self.number,
            self.text.replace('*', "%2A").replace('+', "%2B").replace(' ', "+")
        );
        let time = self.world.acts.now().as_seconds();
        let request = Request::post("/api/messages/ussd")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(TIMESTAMP, time)
            .header(SIGNATURE, sign(&secret(), time, body.as_bytes()))
            .body(Body::from(body))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let said = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let shown = said.split_once(' ').unwrap().1;
        assert!(fits(shown) && shown.chars().count() <= LETTERS, "{} letters: {said}", shown.chars().count());
        said
    }

    async fn send(&mut self, typed: &str) -> String {
        self.text = if self.text.is_empty() { typed.to_owned() } else { format!("{}*{typed}", self.text) };
        self.dial().await
    }

    /// Dials and types one answer after the other; the last screen.
    async fn types(world: &'a World, number: &str, session: &str, typed: &[&str]) -> String {
        let mut phone = Self::of(world, number, session);
        let mut screen = phone.dial().await;
        for one in typed {
            assert!(screen.starts_with("CON "), "before {one}: {screen}");
            screen = phone.send(one).await;
        }
        screen
    }
}

/// A pensioner with an account to sign in to, in this language.
async fn enrolled(world: &World, one: &Someone, phone: &str, language: &str) {
    let person = NewPerson {
        id: one.id.clone(),
        login: Personal::new(one.number.clone()),
        name: Personal::new("Mpho Mokoena".to_owned()),
        phone: Some(Personal::new(phone.to_owned())),
        email: None,
        language: Language::new(language),
        pin_hash: world.identity.hash_secret(&Secret::new(PIN.to_owned())).await.unwrap(),
    };
    world.acts.write(&program(), &Key::none(), move |cx| enrol_person(cx, &person)).await.unwrap();
}

async fn chosen(world: &World, one: &Someone, account: Account) {
    let number = one.number.clone();
    let choosing = move |cx: &mut spine::Cx<'_>, grants: &grants::Grants| choose(cx, grants, &number, &account);
    world.write(&herself(&one.id), choosing).await.unwrap();
}

/// Where she is paid, and where a change that waits goes.
async fn stands(world: &World, one: &Someone) -> (Option<Account>, Option<Account>) {
    let seen = world.read(&herself(&one.id), own).await.unwrap().0;
    (seen.account, seen.waiting.map(|change| change.account))
}

/// What went to a number.
async fn texts_to(world: &World, phone: &str) -> Vec<String> {
    let phone = phone.to_owned();
    let read = move |cx: &mut spine::Cx<'_>| {
        let sql = "SELECT n.body FROM messages_message m JOIN messages_notice n ON n.id = m.notice WHERE m.address = $1 ORDER BY m.id";
        let rows = cx.tx().query(sql, &[phone.as_str().into()])?;
        rows.iter().map(|row| Ok(row.get::<String>(0)?)).collect::<Result<Vec<String>, Fault>>()
    };
    world.acts.read(&program(), read).await.unwrap()
}

#[test]
fn she_sees_by_pin_what_she_gets_and_changes_where_it_goes() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        enrolled(&world, &one, &one.phone, "en-LS").await;
        world.fund(1_000_000).await;
        let list = world.gathered("November").await;
        world.paid_out(list.id, "2026-11-24").await;
        let seen = Phone::types(&world, &one.phone, "a", &["1", PIN]).await;
        assert!(seen.contains("Old-age pension M900.00: Under way, 24 November 2026"), "{seen}");
        assert!(seen.contains("To: M-Pesa ..0001\n2 Change"), "{seen}");
        // On from there: cash, from the day on that the cooling-off ends.
        let cash_at = Phone::types(&world, &one.phone, "b", &["1", PIN, "2", "4", PIN]).await;
        assert!(cash_at.starts_with("END From 27 November 2026") && cash_at.contains("cash, post office"), "{cash_at}");
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), Some(cash())));
        let waits = Phone::types(&world, &one.phone, "c", &["1", PIN]).await;
        assert!(waits.contains("27 November 2026") && waits.contains("3 Stop that"), "{waits}");
        // Asked for once more, it comes true when it was to; nobody is told twice.
        let told = world.texts(&one.id).await.len();
        world.clock.step(3_600);
        let again = Phone::types(&world, &one.phone, "d", &["2", "4", PIN]).await;
        assert_eq!(again, cash_at);
        assert_eq!(world.texts(&one.id).await.len(), told);
        let stopped = Phone::types(&world, &one.phone, "e", &["3", PIN]).await;
        assert_eq!(stopped, "END The change is stopped. Your grants go on as now.");
        assert_eq!(Phone::types(&world, &one.phone, "f", &["3", PIN]).await, "END No change waits.");
        world.clock.step(80 * 3_600);
        world.work().await;
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), None));
        assert_eq!(
            Phone::types(&world, &one.phone, "g", &["2", "1", PIN]).await,
            "END Your grants go to: M-Pesa ..0001. No change waits."
        );
    });
}

#[test]
fn another_phone_or_a_bank_and_the_phone_she_leaves_hears_of_it() {
    on_each(async |world: World| {
        let one = world.people(7, 1, "1950-03-01").await.remove(0);
        enrolled(&world, &one, &one.phone, "en-LS").await;
        let first = Phone::types(&world, &one.phone, "a", &["2", "2", "62 001 234", PIN]).await;
        assert_eq!(first, "END From now on your grants go to: EcoCash ..1234.");
        let daughter = "+26662001234";
        assert!(texts_to(&world, daughter).await.is_empty(), "nothing was left yet");
        let mut phone = Phone::of(&world, &one.phone, "b");
        phone.dial().await;
        for typed in ["2", "2"] {
            phone.send(typed).await;
        }
        for wrong in ["1", "58001", "+27 58001234", "70001234"] {
            let screen = phone.send(wrong).await;
            assert!(
                screen.starts_with("CON ") && screen.ends_with("back:") || screen.contains("No wallet"),
                "{screen}"
            );
        }
        assert!(phone.send("0").await.contains("Where to?"));
        let banks = phone.send("3").await;
        assert!(banks.contains("2 Nedbank") && !banks.contains("Central"), "{banks}");
        assert!(phone.send("9").await.contains("Which bank?"));
        assert!(phone.send("2").await.contains("account's number"));
        assert!(phone.send("12").await.contains("no such numbers"));
        assert!(phone.send("0123 4567-89").await.contains("Nedbank Lesotho 0123456789. Enter your PIN"));
        let done = phone.send(PIN).await;
        assert!(done.contains("your grants go to: Nedbank Lesotho ..6789"), "{done}");
        let told = texts_to(&world, daughter).await;
        assert!(told.len() == 1 && told[0].contains("to go elsewhere from 27 November 2026"), "{told:?}");
        assert!(!told[0].contains("6789") && !told[0].contains("Nedbank"), "it does not hear where: {told:?}");
        world.clock.step(72 * 3_600 + 1);
        world.work().await;
        assert_eq!(texts_to(&world, daughter).await.len(), 2, "and once more when it is so");
        assert_eq!(stands(&world, &one).await.0.unwrap().way, Way::Bank);
    });
}

#[test]
fn without_her_pin_nothing_is_shown_or_changed_and_too_many_tries_wait() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        enrolled(&world, &one, &one.phone, "en-LS").await;
        let mut wrong = 0;
        loop {
            let typed: &[&str] = if wrong % 2 == 0 { &["1", "000000"] } else { &["2", "4", "000000"] };
            let screen = Phone::types(&world, &one.phone, &format!("w{wrong}"), typed).await;
            assert!(screen.starts_with("END ") && !screen.contains("M-Pesa"), "{screen}");
            wrong += 1;
            if screen.contains("too many tries") {
                break;
            }
            assert!(wrong < 20, "{screen}");
        }
        let right = Phone::types(&world, &one.phone, "r", &["2", "4", PIN]).await;
        assert!(right.contains("too many tries"), "the right one waits too: {right}");
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), None));
        // Whoever dials from another phone learns nothing.
        let stranger = Phone::types(&world, "+26658999999", "s", &[]).await;
        assert!(stranger.starts_with("END Nomoro ena ha se ea motho"), "{stranger}");
        let all = Phone::of(&world, &one.phone, "h").dial().await;
        assert!(!all.contains("M-Pesa") && !all.contains("900"), "{all}");
    });
}

#[test]
fn what_the_page_asks_of_her_holds_here_too() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        enrolled(&world, &one, &one.phone, "en-LS").await;
        // She got back in a short while ago, so she is known less surely for some days.
        world.meddle("UPDATE identity_account SET lowered_until = 4000000000000000").await;
        let screen = Phone::types(&world, &one.phone, "a", &["2", "4", PIN]).await;
        assert!(screen.starts_with("END This cannot be done now"), "{screen}");
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), None));
        // An officer's change is seen and stopped by phone once she is known surely again.
        world.meddle("UPDATE identity_account SET lowered_until = NULL").await;
        let number = one.number.clone();
        world.write(&preparer(), move |cx, grants| choose(cx, grants, &number, &wallet("58006666"))).await.unwrap();
        assert!(Phone::types(&world, &one.phone, "b", &["1", PIN]).await.contains("M-Pesa ..6666"));
        assert!(Phone::types(&world, &one.phone, "c", &["3", PIN]).await.contains("The change is stopped"));
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), None));
    });
}

#[test]
fn a_call_that_drops_goes_on_where_it_was_and_nothing_is_half_done() {
    on_each(async |world: World| {
        let one = world.pensioners(1, 1).await.remove(0);
        enrolled(&world, &one, &one.phone, "st-LS").await;
        let asks = Phone::types(&world, &one.phone, "a", &["2", "4"]).await;
        assert!(asks.contains("chelete posong") && asks.contains("PIN"), "{asks}");
        assert_eq!(stands(&world, &one).await, (Some(wallet(&one.phone)), None));
        let mut phone = Phone::of(&world, &one.phone, "b");
        assert_eq!(phone.dial().await, asks);
        let done = phone.send(PIN).await;
        assert!(done.starts_with("END Ho tloha ka 27 "), "{done}");
        // The network asks again: it is said again, and done once.
        assert_eq!(phone.dial().await, done);
        assert_eq!(world.texts(&one.id).await.len(), 2, "her first account, and this");
        // A place that was made for her number opens for no other, and not for ever.
        let two = world.people(2, 1, "1950-03-01").await.remove(0);
        enrolled(&world, &two, &two.phone, "en-LS").await;
        assert!(Phone::of(&world, &two.phone, "c").dial().await.contains("My grants"));
        Phone::types(&world, &one.phone, "d", &["2", "3", "1"]).await;
        world.clock.step(16 * 60);
        assert!(Phone::of(&world, &one.phone, "e").dial().await.contains("Lithuso tsa ka"));
    });
}

#[test]
fn a_phone_of_several_people_asks_who() {
    on_each(async |world: World| {
        let people = world.pensioners(1, 2).await;
        let (one, two) = (&people[0], &people[1]);
        for each in [one, two] {
            enrolled(&world, each, &one.phone, "en-LS").await;
        }
        let third = civil::national_id::of_serial(3);
        assert!(Phone::types(&world, &one.phone, "a", &[&third]).await.contains("does not go with this phone"));
        let shown = civil::national_id::shown(&two.number);
        let done = Phone::types(&world, &one.phone, "b", &[&shown, "2", "5", PIN]).await;
        assert!(done.contains("your grants go to: vouchers"), "{done}");
        assert_eq!(stands(&world, one).await.1, None);
        assert_eq!(stands(&world, two).await.1.unwrap().way, Way::Voucher);
        assert_eq!(texts_to(&world, &two.phone).await.len(), 2, "her own number of the population hears of it");
    });
}

#[test]
fn every_screen_fits_in_both_languages() {
    on_each(async |world: World| {
        for (serial, language) in [(1, "en-LS"), (2, "st-LS")] {
            let one = world.pensioners(serial, 1).await.remove(0);
            enrolled(&world, &one, &one.phone, language).await;
            let bank = Account { way: Way::Bank, institution: "fnb".to_owned(), address: "01234567890".to_owned() };
            chosen(&world, &one, bank).await;
            for (place, typed) in [
                vec!["1", PIN],
                vec!["2", "1"],
                vec!["2", "2", "1"],
                vec!["2", "2", "70000000"],
                vec!["2", "3", "3", "1"],
                vec!["2", "3", "4", "1234567890123"],
                vec!["2", "3", "3", "01234567891", PIN],
                vec!["3", PIN],
                vec!["3", PIN],
                vec!["2", "1", PIN],
            ]
            .into_iter()
            .enumerate()
            {
                let screen = Phone::types(&world, &one.phone, &format!("{language}{place}"), &typed).await;
                world.clock.step(16 * 60);
                assert!(!screen.contains('{') && !screen.contains("grants."), "{screen}");
            }
        }
    });
}
