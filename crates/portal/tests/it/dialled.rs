//! Bills on any phone: found by their number, paid from the wallet of the phone and no other, asked once.

use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use journal::{Acts, Key, Subscriptions};
use messages::ussd::{Dialled, Door, DoorKey, DoorSettings, Menu, Screen, Turn, Turning, fits};
use payments::bills::{self, Bill, NewBill, Share};
use payments::{Gateway, NewRequest, RequestId, RequestState, WalletLink, Wallets};
use portal::BillMenu;
use spine::{Actor, ActorKind, Caller, Currency, Cx, Language, Localised, Migration, Money, Secret, Text, Via};
use testkit::{Everything, SeededEntropy, TestClock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::{Limits, Site, SiteSettings, frame};
use tower::ServiceExt;

const PACK: &str = r##"
illustrative = true
approve_within_seconds = 180
[dial]
service_code = "*124#"
[number]
prefix = "+266"
digits = 8
[[wallets]]
id = "mpesa"
name = { en = "M-Pesa", st = "M-Pesa" }
operator = "One"
currency = "LSL"
numbers = ["+2665#######"]
least_minor = 100
most_minor = 1000000
[[wallets]]
id = "ecocash"
name = { en = "EcoCash", st = "EcoCash" }
operator = "Two"
currency = "LSL"
numbers = ["+26659######"]
least_minor = 100
most_minor = 5000
"##;

struct Bench {
    acts: Acts,
    app: Router,
}

fn secret() -> Secret<Vec<u8>> {
    Secret::new(b"shared with the aggregator".to_vec())
}

/// A menu of another engine: says what it heard, and keeps where she stands.
struct Other;

impl Menu for Other {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        Box::pin(async move {
            let typed = turn.input.as_ref().map_or("nothing", |input| input.reveal().as_str());
            if typed == "end" {
                return Ok(Screen::end(Language::new("en-LS"), Text::new("portal.dialled.paid")));
            }
            let stood = format!("{}/{typed}", turn.place.as_deref().unwrap_or("first"));
            let text = Text::new("portal.dialled.wallet").with("list", stood.as_str());
            Ok(Screen::ask(Language::new("en-LS"), text, stood))
        })
    }
}

fn on_each(test: impl AsyncFn(Bench)) {
    on_each_menu(|menu| menu, test);
}

fn on_each_menu(hung: impl Fn(BillMenu) -> BillMenu, test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = [journal::MIGRATIONS, messages::MIGRATIONS, payments::MIGRATIONS].concat();
    for database in testkit::databases(&migrations) {
        let (clock, entropy) = (Arc::new(TestClock::at("2026-11-24T08:00:00Z")), Arc::new(SeededEntropy::default()));
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::clone(&entropy) as _,
            Arc::new(Everything),
            Subscriptions::default(),
        );
        testkit::block_on(async {
            let link = WalletLink { base_url: "http://127.0.0.1:1".to_owned(), secret: secret() };
            let wallets = Wallets::parse(PACK, |_| Some(link.clone())).unwrap();
            let outbound = Outbound::new(OutboundLimits::default());
            let gateway = Gateway::new(acts.clone(), wallets, outbound, Arc::clone(&clock) as _);
            let words = Arc::new(testkit::words(&["edge", "messages", "payments", "bills", "portal"]));
            let menu = hung(BillMenu::new(acts.clone(), gateway, Arc::clone(&words)));
            let menus = vec![Dialled { code: "*124#".to_owned(), menu: Arc::new(menu) }];
            let settings = DoorSettings { key: DoorKey::Signed(secret()), networks: Vec::new() };
            let door = Door::new(acts.clone(), Arc::clone(&words), menus, settings);
            let base = "http://localhost:8080";
            let site = SiteSettings::new(Arc::clone(&words), base, Secret::new([9; 32]), clock as _, entropy);
            let app = frame(door.routes(), &Site::new(site), Limits::default());
            test(Bench { acts, app }).await;
        });
    }
}

impl Bench {
    async fn bill(&self, reference: &str, minor: i64, in_parts: bool) -> Bill {
        let new = NewBill {
            biller: "home-affairs".to_owned(),
            reference: reference.to_owned(),
            payer: None,
            description: Localised::from([("en", "Trading licence"), ("st", "Laesense ea khoebo")]),
            amount: Money::new(minor, Currency::parse("LSL").unwrap()),
            shares: vec![Share { account: "income:home-affairs".to_owned(), amount_minor: minor }],
            in_parts,
            due_on: None,
            expires_at: self.acts.now().plus_seconds(86_400),
        };
        let actor = Actor { institution: Some("home-affairs".to_owned()), ..Actor::bare(ActorKind::Client, "biller") };
        let caller = Caller { actor, via: Via::Api, language: Language::new("en-LS") };
        let make = move |cx: &mut Cx<'_>| bills::make(cx, std::slice::from_ref(&new));
        self.acts.post(&caller, &Key::none(), make).await.unwrap().remove(0)
    }

    /// What the phone shows after all of this was typed, in one session.
    async fn dials(&self, session: &str, phone: &str, typed: &str) -> String {
        let text = typed.replace('*', "%2A");
        let body =
            format!("sessionId={session}&serviceCode=%2A124%23&phoneNumber=%2B{phone}&networkCode=65101&text={text}");
        let time = self.acts.now().as_seconds();
        let request = Request::post("/api/messages/ussd")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(TIMESTAMP, time)
            .header(SIGNATURE, sign(&secret(), time, body.as_bytes()))
            .body(Body::from(body))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let said = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(fits(said.split_once(' ').unwrap().1), "{said}");
        said
    }

    /// The wallets that were asked for a bill, with the amounts.
    async fn asked(&self, bill: &Bill) -> Vec<(i64, RequestState)> {
        let bill = bill.clone();
        let look = move |cx: &mut Cx<'_>| bills::payments_of(cx, &bill);
        let requests = self.acts.read(&Caller::system("it"), look).await.unwrap();
        requests.iter().map(|request| (request.amount.minor(), request.state)).collect()
    }
}

#[test]
fn typed_step_by_step_the_wallet_of_the_phone_is_asked_once() {
    on_each(async |bench| {
        let bill = bench.bill("TL-1", 50_000, false).await;
        let plain = bill.number.replace('-', "");
        assert!(bench.dials("s1", "26658001201", "").await.starts_with("CON Pay a bill"));
        assert!(bench.dials("s1", "26658001201", "948277356049").await.contains("Nothing to pay has this number"));
        let shown = bench.dials("s1", "26658001201", &format!("948277356049*{plain}")).await;
        assert!(
            shown.contains("Trading licence") && shown.contains("500.00") && !shown.contains("2 Pay a part"),
            "{shown}"
        );
        let way = format!("948277356049*{plain}*1");
        assert!(bench.dials("s1", "26658001201", &way).await.contains("from M-Pesa of this phone"));
        assert!(bench.asked(&bill).await.is_empty(), "nothing before she says yes");
        let way = format!("{way}*1");
        for _ in 0..2 {
            assert!(bench.dials("s1", "26658001201", &way).await.starts_with("END M-Pesa asks you now"));
        }
        assert_eq!(bench.asked(&bill).await, [(50_000, RequestState::Sent)]);
        // Whoever looks now, on any phone, is told that it waits.
        assert!(bench.dials("s2", "26658001202", &plain).await.starts_with("END A payment waits"));
    });
}

#[test]
fn dialled_behind_the_code_in_parts_and_in_the_other_language() {
    on_each(async |bench| {
        let bill = bench.bill("TL-2", 50_000, true).await;
        let plain = bill.number.replace('-', "");
        let shown = bench.dials("s1", "26658001201", &plain).await;
        assert!(shown.contains("2 Pay a part"), "{shown}");
        for (typed, fine) in
            [("1,000", false), ("1e3", false), ("-5", false), ("0", true), ("600", false), ("12.34", true)]
        {
            let session = format!("p{typed}");
            bench.dials(&session, "26658001201", &plain).await;
            bench.dials(&session, "26658001201", &format!("{plain}*2")).await;
            let said = bench.dials(&session, "26658001201", &format!("{plain}*2*{typed}")).await;
            let expected = if typed == "0" {
                "1 Pay all"
            } else if fine {
                "Pay M12.34 from M-Pesa"
            } else {
                "500.00"
            };
            assert!(said.starts_with("CON ") && said.replace('\u{a0}', "").contains(expected), "{typed}: {said}");
        }
        let other = bench.dials("s3", "26658001203", "9").await;
        assert!(other.contains("nomoro kapa referense"), "{other}");
        let shown = bench.dials("s3", "26658001203", &format!("9*{plain}")).await;
        assert!(shown.contains("Laesense ea khoebo"), "{shown}");
    });
}

#[test]
fn no_wallet_several_wallets_and_a_bill_that_is_over() {
    on_each(async |bench| {
        let dear = bench.bill("TL-3", 50_000, false).await.number.replace('-', "");
        let cheap = bench.bill("TL-4", 4_000, false).await;
        let number = cheap.number.replace('-', "");
        bench.dials("s1", "26657001201", &dear).await;
        bench.dials("s2", "26622001201", &dear).await;
        let none = bench.dials("s2", "26622001201", &format!("{dear}*1")).await;
        assert!(none.starts_with("END No wallet of this phone"), "{none}");
        bench.dials("s3", "26659001201", &number).await;
        let several = bench.dials("s3", "26659001201", &format!("{number}*1")).await;
        assert!(several.contains("1 M-Pesa\n2 EcoCash"), "{several}");
        let chosen = bench.dials("s3", "26659001201", &format!("{number}*1*2")).await;
        assert!(chosen.contains("EcoCash"), "{chosen}");
        // Taken back between the question and the answer.
        let id = cheap.id;
        let caller = Caller::system("it");
        bench.acts.post(&caller, &Key::none(), move |cx| bills::withdraw(cx, id).map(drop)).await.unwrap();
        let late = bench.dials("s3", "26659001201", &format!("{number}*1*2*1")).await;
        assert!(late.starts_with("END That cannot be paid so any more"), "{late}");
        assert!(bench.asked(&cheap).await.is_empty());
        assert!(bench.dials("s4", "26659001201", &number).await.starts_with("END "));
    });
}

#[test]
fn a_fee_is_paid_by_its_number_or_reference_and_says_nothing_of_what_for() {
    on_each(async |bench| {
        let new = NewRequest {
            payer: "per_lineo".to_owned(),
            amount: Money::new(13_000, Currency::parse("LSL").unwrap()),
            account: "income:home-affairs".to_owned(),
            reference: "PP-AB12-CD34".to_owned(),
            description: Localised::from([("en", "Passport of Lineo"), ("st", "Pasepoto ea Lineo")]),
            return_path: "/my/cases".to_owned(),
            expires_at: bench.acts.now().plus_seconds(86_400),
        };
        let ask = move |cx: &mut Cx<'_>| payments::request(cx, &new);
        let id: RequestId = bench.acts.post(&Caller::system("it"), &Key::none(), ask).await.unwrap();
        // Neither an identifier nor a part of a reference is one.
        for wrong in [id.to_string(), "PP-AB12".to_owned(), "PP-AB12-CD34 PP-AB12-CD34".to_owned()] {
            let said = bench.dials(&format!("w{}", wrong.len()), "26658001201", &wrong.replace(' ', "+")).await;
            assert!(said.contains("Nothing to pay"), "{wrong}: {said}");
        }
        let look = move |cx: &mut Cx<'_>| payments::find(cx, id);
        let request = bench.acts.read(&Caller::system("it"), look).await.unwrap().unwrap();
        let number = request.number.unwrap().replace('-', "");
        let shown = bench.dials("s0", "26658001201", &number).await;
        assert!(shown.contains("130.00") && !shown.contains("Lineo"), "{shown}");
        // One digit of it wrong is nobody else's fee.
        let last = if number.ends_with('5') { '6' } else { '5' };
        let slip = format!("{}{last}", &number[..11]);
        assert!(bench.dials("s9", "26658001201", &slip).await.contains("Nothing to pay"));
        bench.dials("s1", "26658001201", "").await;
        let shown = bench.dials("s1", "26658001201", "pp-ab12-cd34").await;
        assert!(shown.contains("130.00") && !shown.contains("Lineo") && !shown.contains("Pay a part"), "{shown}");
        bench.dials("s1", "26658001201", "pp-ab12-cd34*1").await;
        assert!(bench.dials("s1", "26658001201", "pp-ab12-cd34*1*1").await.starts_with("END M-Pesa asks you now"));
        let look = move |cx: &mut Cx<'_>| payments::find(cx, id);
        let request = bench.acts.read(&Caller::system("it"), look).await.unwrap().unwrap();
        assert_eq!((request.state, request.tries), (RequestState::Sent, 1));
        assert!(bench.dials("s2", "26658001202", "PP-AB12-CD34").await.starts_with("END A payment waits"));
    });
}

#[test]
fn every_screen_fits_with_long_words() {
    let words = testkit::words(&["edge", "messages", "payments", "bills", "portal"]);
    let much = Money::new(100_000_000_000, Currency::parse("LSL").unwrap());
    for language in ["en-LS", "st-LS"].map(Language::new) {
        for key in [
            "number",
            "unknown",
            "bill",
            "bill_parts",
            "part",
            "wallet",
            "confirm",
            "asked",
            "waiting",
            "paid",
            "changed",
            "no_wallet",
        ] {
            let text = Text::named(format!("portal.dialled.{key}"))
                .with("for", "x".repeat(40))
                .with("left", much)
                .with("amount", much)
                .with("wallet", "A wallet's name")
                .with("other", "Sesotho")
                .with("list", "1 M-Pesa\n2 EcoCash\n3 C-Pay\n4 Khetsi");
            let said = words.say(&language, &text);
            assert!(fits(&said), "{key}: {said}");
        }
    }
}

#[test]
fn behind_a_key_of_the_first_screen_hangs_the_menu_of_grants() {
    on_each_menu(
        |menu| menu.with_grants(Arc::new(Other)),
        async |bench| {
            let phone = "26658001201";
            assert!(bench.dials("s1", phone, "").await.contains("8 My grants\n9 "));
            assert!(bench.dials("s1", phone, "8").await.contains("first/nothing"));
            assert!(bench.dials("s1", phone, "8*1").await.contains("first/nothing/1"));
            // A call that dropped goes on there; 0 and 9 are that menu's own there, and 00 leads out of it.
            assert!(bench.dials("s2", phone, "").await.contains("first/nothing/1/nothing"));
            assert!(bench.dials("s2", phone, "0").await.ends_with("nothing/0\n0 Back"));
            assert!(bench.dials("s2", phone, "0*9").await.ends_with("0/9\n0 Back"));
            assert!(bench.dials("s2", phone, "0*9*00").await.starts_with("CON Pay a bill"));
            assert!(bench.dials("s2", phone, "0*9*00*8").await.contains("first/nothing"));
            assert!(bench.dials("s2", phone, "0*9*00*8*end").await.starts_with("END This is paid"));
            assert!(bench.dials("s3", "26658001202", "8").await.contains("first/nothing"), "dialled behind the code");
        },
    );
    on_each(async |bench| {
        assert!(!bench.dials("s1", "26658001201", "").await.contains("My grants"));
        assert!(bench.dials("s1", "26658001201", "8").await.contains("Nothing to pay has this number"));
    });
}
