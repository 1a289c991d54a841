//! The government's gateway with books of its own as a member of the world's switch, over HTTP, and what goes wrong on the way.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use crypto::{Algorithm, SigningKey, base64url};
use edge::{Outbound, OutboundLimits};
use http_body_util::BodyExt;
use journal::{Acts, Key, Subscriptions, Workers};
use payments::bills::{self, Bill, NewBill, Share};
use payments::hubs::Hubs;
use payments::{Banks, Gateway, Wallets};
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Caller, Cx, Fault, Localised, Secret};
use switch::member::{HubKeys, HubLink, Member, MemberSettings};
use testkit::{Everything, SeededEntropy, TestDatabase};
use tower::ServiceExt;

use crate::world::{HUB, Told, World, lsl, migrations, token};

const ZONE: jiff::tz::TimeZone = jiff::tz::TimeZone::UTC;
pub(crate) const NAME: &str = "government";
pub(crate) const DATE: &str = "Thu, 26 Nov 2026 06:00:00 GMT";

/// What happens to messages whose verb and end of path fit, so many times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// Taken, and gone.
    Lost,
    /// Handed on, and once more.
    Twice,
    /// Nobody answers.
    Away,
    /// Handed on, and late.
    Slow,
}

/// For which verb and part of a path, and how often.
type Meant = (Trouble, &'static str, String, usize);

/// The line between two programs.
#[derive(Clone)]
pub(crate) struct Wire {
    inside: Router,
    troubles: Arc<Mutex<Vec<Meant>>>,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Wire {
    fn new(inside: Router) -> Self {
        Self { inside, troubles: Arc::default(), seen: Arc::default() }
    }

    pub(crate) fn trouble(&self, trouble: Trouble, verb: &'static str, part: &str, times: usize) {
        self.troubles.lock().unwrap().push((trouble, verb, part.to_owned(), times));
    }

    /// How many such messages came.
    pub(crate) fn count(&self, verb: &str, part: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(own, path)| own == verb && path.contains(part)).count()
    }

    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(carry).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        base
    }

    fn meets(&self, verb: &str, path: &str) -> Option<Trouble> {
        self.seen.lock().unwrap().push((verb.to_owned(), path.to_owned()));
        let mut troubles = self.troubles.lock().unwrap();
        let fits = |one: &&mut Meant| one.1 == verb && path.contains(&one.2) && one.3 > 0;
        let met = troubles.iter_mut().find(fits)?;
        met.3 -= 1;
        Some(met.0)
    }
}

async fn carry(State(wire): State<Wire>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let again = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let hand_on = || async { wire.inside.clone().oneshot(again()).await.unwrap() };
    match wire.meets(parts.method.as_str(), parts.uri.path()) {
        Some(Trouble::Lost) => StatusCode::ACCEPTED.into_response(),
        Some(Trouble::Away) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Trouble::Slow) => {
            tokio::time::sleep(std::time::Duration::from_millis(120)).await;
            hand_on().await
        }
        Some(Trouble::Twice) => {
            hand_on().await;
            hand_on().await
        }
        None => hand_on().await,
    }
}

pub(crate) struct Government {
    pub(crate) acts: Acts,
    pub(crate) gateway: Gateway,
    /// Messages to us, and ours to the hub.
    pub(crate) to_us: Wire,
    pub(crate) to_hub: Wire,
    /// The bank's key: it signs what it says.
    pub(crate) bank: Arc<SigningKey>,
    pub(crate) base: String,
}

/// Runs a story on each kind of database, with books of its own for each of the two.
pub(crate) fn with_government<F: AsyncFn(&World, &Government)>(story: F) {
    for (hub, own) in testkit::databases(&migrations()).into_iter().zip(testkit::databases(&migrations())) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::start(&hub, Arc::new(Everything)).await;
            let government = Government::join(&world, &own).await;
            story(&world, &government).await;
        });
    }
}

fn pack(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/lesotho/");
    std::fs::read_to_string(format!("{folder}{file}")).unwrap()
}

impl Government {
    async fn join(world: &World, database: &TestDatabase) -> Self {
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&world.clock) as _,
            Arc::new(SeededEntropy::default()),
            Arc::new(Everything),
            Subscriptions::default(),
        );
        let outbound = Outbound::new(OutboundLimits::default());
        let wallets = Wallets::parse(&pack("wallets.toml"), |_| None).unwrap();
        let banks = Banks::parse(&pack("banks.toml"), ZONE, |_| None).unwrap();
        let gateway = Gateway::new(acts.clone(), wallets, outbound.clone(), Arc::clone(&world.clock) as _);
        let gateway = gateway.with_banks(banks).with_hubs(Hubs::parse(&pack("hubs.toml"), |_| true).unwrap());
        let [own, bank] = [(); 2].map(|()| Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()));
        let to_hub = Wire::new(world.doors());
        let keys = HubKeys::Given([(HUB.to_owned(), world.key.public()), ("bank".to_owned(), bank.public())].into());
        let base_url = format!("{}/api/fspiop", to_hub.listen().await);
        let link = HubLink { name: HUB.to_owned(), base_url, token: Secret::new(token(NAME)), keys };
        let member = Member::new(MemberSettings {
            acts: acts.clone(),
            rails: gateway.rails().clone(),
            outbound,
            key: Arc::clone(&own),
            secret: Secret::new([9; 32]),
            links: vec![("switch".to_owned(), link)],
        });
        let to_us = Wire::new(member.routes());
        let base = format!("{}/api/hubs/switch", to_us.listen().await);
        world.join(NAME, 1_000_000, 1_000_000).await;
        let at = base.clone();
        world.write(move |cx| switch::set_endpoint(cx, NAME, "FSPIOP_CALLBACK_URL", &at)).await.unwrap();
        world.admit(NAME, Some(crypto::jose::jwk(&own.public())), true).await;
        world.admit("bank", Some(crypto::jose::jwk(&bank.public())), true).await;
        let workers = member.handlers(payments::handlers(&gateway, Workers::default()));
        tokio::spawn(workers.run(acts.clone()));
        assert!(member.register("switch").await);
        Self { acts, gateway, to_us, to_hub, bank, base }
    }

    pub(crate) async fn write<T>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        self.acts.write(&Caller::system("test"), &Key::none(), operation).await
    }

    pub(crate) async fn bill(&self, reference: &str, minor: i64, in_parts: bool) -> Bill {
        let mut actor = Actor::bare(ActorKind::Client, "biller");
        actor.institution = Some("home-affairs".to_owned());
        let new = NewBill {
            biller: "home-affairs".to_owned(),
            reference: reference.to_owned(),
            payer: None,
            description: Localised::from([("en", "Trading licence"), ("st", "Laesense ea khoebo")]),
            amount: lsl(minor),
            shares: vec![Share { account: "income:home-affairs".to_owned(), amount_minor: minor }],
            in_parts,
            due_on: None,
            expires_at: self.acts.now().plus_seconds(86_400 * 30),
        };
        let caller = Caller { actor, ..Caller::system("test") };
        let make = move |cx: &mut Cx<'_>| bills::make(cx, std::slice::from_ref(&new));
        self.acts.write(&caller, &Key::none(), make).await.unwrap().remove(0)
    }

    pub(crate) async fn stands(&self, bill: &Bill) -> Bill {
        let number = bill.number.clone();
        self.write(move |cx| bills::find(cx, &number)).await.unwrap()
    }

    /// What an account of ours holds.
    pub(crate) async fn holds(&self, reference: &'static str) -> i64 {
        let read = move |cx: &mut Cx<'_>| Ok(payments::ledger::called(cx, reference)?.map_or(0, |it| it.held()));
        self.write(read).await.unwrap()
    }

    pub(crate) async fn must_be_sound(&self) {
        let audit = |cx: &mut Cx<'_>| payments::audit(cx).map(|audit| format!("{:?}", audit.findings));
        assert_eq!(self.acts.post(&Caller::system("test"), &Key::none(), audit).await.unwrap(), "[]");
    }

    /// How many transfers and payments wait for the hub's word.
    pub(crate) async fn open(&self) -> i64 {
        const OPEN: &str = "SELECT (SELECT COUNT(*) FROM switch_incoming WHERE state = 'reserved')
            + (SELECT COUNT(*) FROM switch_outgoing WHERE state <> 'ended')
            + (SELECT COUNT(*) FROM payments_disbursement WHERE state IN ('made', 'sent'))";
        let read = |cx: &mut Cx<'_>| Ok(cx.tx().first(OPEN, &[])?.map_or(Ok(0), |row| row.get(0))?);
        self.acts.read(&Caller::system("test"), read).await.unwrap()
    }

    /// Waits until it is so, while the clock goes on a second at a time if it is to.
    pub(crate) async fn until(&self, world: &World, what: &str, seconds: i64, is_so: impl AsyncFn() -> bool) {
        for _ in 0..300 {
            if is_so().await {
                return;
            }
            world.clock.step(seconds);
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        panic!("waited in vain for {what}");
    }

    /// The bank says something to us through the hub, signed.
    pub(crate) async fn bank_says(&self, world: &World, verb: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let text = body.to_string();
        let signature = signature(&self.bank, "bank", (verb.as_str(), path), Some(NAME), &text);
        let extra = [("fspiop-destination", NAME), ("fspiop-signature", signature.as_str())];
        world.send_text("bank", verb, path, &text, &extra).await
    }

    /// The bank looks a number of ours up and asks for a quote.
    pub(crate) async fn quote(&self, world: &World, number: &str, minor: i64) -> Told {
        let path = format!("/parties/BUSINESS/LESOTHO/{number}");
        world.send("bank", Method::GET, &path, &Value::Null).await;
        let found = world.told("bank", "PUT", number).await;
        assert_eq!(found.body["party"]["partyIdInfo"]["fspId"], NAME, "{:?}", found.body);
        let quote = crate::world::uuid();
        let (status, said) = self.bank_says(world, Method::POST, "/quotes", &quoting(&quote, number, minor)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        let all = |told: &Told| told.path.contains(&quote);
        for _ in 0..600 {
            if let Some(told) = world.take_where("bank", all) {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no answer to a quote");
    }

    /// The bank proposes the transfer of a quote.
    pub(crate) async fn propose(&self, world: &World, quoted: &Value) -> (String, Value) {
        let id = crate::world::uuid();
        let body = json!({
            "transferId": id,
            "payerFsp": "bank",
            "payeeFsp": NAME,
            "amount": quoted["transferAmount"],
            "ilpPacket": quoted["ilpPacket"],
            "condition": quoted["condition"],
            "expiration": switch_time(self.acts.now().plus_seconds(30)),
        });
        let (status, said) = self.bank_says(world, Method::POST, "/transfers", &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        (id, body)
    }
}

pub(crate) fn quoting(quote: &str, number: &str, minor: i64) -> Value {
    json!({
        "quoteId": quote,
        "transactionId": crate::world::uuid(),
        "payer": { "partyIdInfo": { "partyIdType": "MSISDN", "partyIdentifier": "26658001201", "fspId": "bank" } },
        "payee": { "partyIdInfo": {
            "partyIdType": "BUSINESS", "partyIdentifier": "LESOTHO", "partySubIdOrType": number, "fspId": NAME,
        } },
        "amountType": "SEND",
        "amount": crate::world::amount(minor),
        "transactionType": { "scenario": "PAYMENT", "initiator": "PAYER", "initiatorType": "CONSUMER" },
    })
}

pub(crate) fn switch_time(at: spine::Timestamp) -> String {
    let text = at.to_string();
    format!("{}.000Z", text.split(['.', 'Z']).next().unwrap())
}

/// `FSPIOP-Signature` as an institution's own program makes it.
pub(crate) fn signature(
    key: &SigningKey,
    source: &str,
    (verb, path): (&str, &str),
    to: Option<&str>,
    text: &str,
) -> String {
    let mut header = json!({
        "alg": key.algorithm().name(), "FSPIOP-URI": path, "FSPIOP-HTTP-Method": verb, "FSPIOP-Source": source, "Date": DATE,
    });
    if let Some(to) = to {
        header["FSPIOP-Destination"] = json!(to);
    }
    let header = base64url(header.to_string().as_bytes());
    let input = format!("{header}.{}", base64url(text.as_bytes()));
    json!({ "signature": base64url(&key.sign(input.as_bytes()).unwrap()), "protectedHeader": header }).to_string()
}
