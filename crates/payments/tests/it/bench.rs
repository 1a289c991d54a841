//! The bench: a database, the callback server and the simulated wallet on loopback ports, one clock for all.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Request as HttpRequest, Response};
use bytes::Bytes;
use edge::{Limits, Outbound, OutboundLimits, Site, SiteSettings, frame};
use journal::{Acts, Key, Policies, Subscriptions, Workers};
use payments::cards::{AcquirerLink, Acquirers};
use payments::disputes::Recourse;
use payments::merchants::Counter;
use payments::remittance::Corridors;
use payments::screening::Screening;
use payments::simulator::acquirer::AcquirerSettings;
use payments::simulator::bank::BankSettings;
use payments::simulator::{self, SimulatorSettings};
use payments::{
    AttemptId, Audit, Banks, Gateway, NewRequest, Request, RequestId, RequestState, WalletLink, Wallets, choose_wallet,
};
use spine::{
    Actor, Assurance, Authority, Caller, Clock, Currency, Cx, Fault, Language, Localised, Migration, Money, Personal,
    Secret, Via,
};
use testkit::{Everything, SeededEntropy, TestClock};
use tokio::net::TcpListener;

pub(crate) const SECRET: &[u8] = b"the secret of this bench";
pub(crate) const PACK: &str = include_str!("../../../../packs/lesotho/wallets.toml");

pub(crate) const BANKS: &str = include_str!("../../../../packs/lesotho/banks.toml");

const MERCHANTS: &str = include_str!("../../../../packs/lesotho/merchants.toml");
const SCREENING: &str = include_str!("../../../../packs/lesotho/screening.toml");
const NAMES: &str = include_str!("../../../../packs/lesotho/names.toml");
const ACQUIRERS: &str = include_str!("../../../../packs/lesotho/acquirers.toml");
const RECOURSE: &str = include_str!("../../../../packs/lesotho/recourse.toml");
const CORRIDORS: &str = include_str!("../../../../packs/lesotho/corridors.toml");

pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) gateway: Gateway,
    pub(crate) workers: Workers,
    pub(crate) site: Site,
    /// Where our own server listens, and the wallet.
    pub(crate) ours: String,
    pub(crate) wallet: String,
    pub(crate) bank: String,
    pub(crate) acquirer: String,
    pub(crate) simulator: SimulatorSettings,
    pub(crate) outbound: Outbound,
    authority: Arc<dyn Authority>,
    /// Shared by all instances, so that no two make the same identifier.
    entropy: Arc<SeededEntropy>,
    url: String,
}

pub(crate) fn lsl(minor: i64) -> Money {
    Money::new(minor, Currency::parse("LSL").unwrap())
}

/// A person at her own affairs.
pub(crate) fn person(id: &str) -> Caller {
    let actor = Actor::person(id, Personal::new(id.to_owned()), Assurance::Substantial);
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

/// Runs `test` on each database, with the wallet running.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    each(Arc::new(Everything), true, test);
}

/// Runs `test` on each database under these policies.
pub(crate) fn under(policies: &str, test: impl AsyncFn(Bench)) {
    each(Arc::new(Policies::parse([("payments.cedar", policies)]).unwrap()), true, test);
}

/// Runs `test` on each database with nobody at the wallet's address.
pub(crate) fn with_the_wallet_down(test: impl AsyncFn(Bench)) {
    each(Arc::new(Everything), false, test);
}

fn each(authority: Arc<dyn Authority>, wallet_runs: bool, test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = journal::MIGRATIONS.iter().chain(payments::MIGRATIONS).copied().collect();
    for database in testkit::databases(&migrations) {
        let authority = Arc::clone(&authority);
        let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
        let entropy = Arc::new(SeededEntropy::default());
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::clone(&entropy) as _,
            Arc::clone(&authority),
            Subscriptions::default(),
        );
        testkit::block_on(async {
            let bench =
                Bench::start(acts, clock, wallet_runs, (Arc::clone(&authority), entropy, database.url.clone())).await;
            test(bench).await;
        });
    }
}

pub(crate) async fn serve(listener: TcpListener, router: Router) {
    axum::serve(listener, router).await.unwrap();
}

impl Bench {
    async fn start(
        acts: Acts,
        clock: Arc<TestClock>,
        wallet_runs: bool,
        (authority, entropy, url): (Arc<dyn Authority>, Arc<SeededEntropy>, String),
    ) -> Self {
        let (ours, theirs) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (our_url, their_url) =
            (format!("http://{}", ours.local_addr().unwrap()), format!("http://{}", theirs.local_addr().unwrap()));
        let secret = Secret::new(SECRET.to_vec());
        let link = WalletLink { base_url: their_url.clone(), secret: secret.clone() };
        let wallets = Wallets::parse(PACK, |_| Some(link.clone())).unwrap();
        let limits = OutboundLimits { connect_ms: 500, timeout_ms: 500, response_bytes: 8 * 1024 };
        let outbound = Outbound::new(limits);
        let at_bank = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bank = format!("http://{}", at_bank.local_addr().unwrap());
        let bank_link = WalletLink { base_url: bank.clone(), secret: secret.clone() };
        let banks = Banks::parse(BANKS, jiff::tz::TimeZone::UTC, |_| Some(bank_link.clone())).unwrap();
        let abroad = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let partner_link =
            WalletLink { base_url: format!("http://{}", abroad.local_addr().unwrap()), secret: secret.clone() };
        let corridors = Corridors::parse(CORRIDORS, |id| (id == "pula").then(|| partner_link.clone())).unwrap();
        let at_acquirer = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let acquirer = format!("http://{}", at_acquirer.local_addr().unwrap());
        let acquirer_link = AcquirerLink {
            api: WalletLink { base_url: acquirer.clone(), secret: secret.clone() },
            pages: acquirer.clone(),
        };
        let acquirers = Acquirers::parse(ACQUIRERS, |_| Some(acquirer_link.clone())).unwrap();
        let gateway = Gateway::new(acts.clone(), wallets, outbound.clone(), Arc::clone(&clock) as _);
        let gateway = gateway.with_acquirers(acquirers).with_recourse(Recourse::parse(RECOURSE).unwrap());
        let gateway = gateway.with_banks(banks).with_corridors(corridors);
        let gateway = gateway.with_counter(Counter::parse(MERCHANTS).unwrap());
        let screening = Screening::parse(SCREENING, toml::from_str(NAMES).unwrap()).unwrap();
        let gateway = gateway.with_screening(screening);
        let words = Arc::new(testkit::words(&[
            "edge",
            "payments",
            "bills",
            "hubs",
            "remittances",
            "merchants",
            "associations",
            "billers",
            "disputes",
            "cash",
            "treasury",
            "sanctions",
            "iso20022",
            "screening",
            "cards",
        ]));
        let settings = SiteSettings::new(
            words,
            "http://localhost:8080",
            Secret::new([5; 32]),
            Arc::clone(&clock) as _,
            Arc::new(SeededEntropy::default()),
        );
        let site = Site::new(settings);
        let all = payments::routes(gateway.clone()).merge(payments::calls(gateway.clone()));
        tokio::spawn(serve(ours, frame(all, &site, Limits::default())));
        let callback = format!("{our_url}/api/payments/callbacks/mpesa");
        let mut simulator = SimulatorSettings::new(callback, secret, Arc::clone(&clock) as Arc<dyn Clock>);
        (simulator.delay_ms, simulator.hang_ms) = (100, 5_000);
        if wallet_runs {
            tokio::spawn(serve(theirs, simulator::routes(simulator.clone())));
        }
        // A partner abroad speaks as a wallet does.
        let partners =
            SimulatorSettings { callback_url: format!("{our_url}/api/payments/partners/pula"), ..simulator.clone() };
        tokio::spawn(serve(abroad, simulator::routes(partners)));
        let mut at_the_bank = BankSettings::new(
            format!("{our_url}/api/payments/banks/cbl"),
            Secret::new(SECRET.to_vec()),
            "9000000000017",
            lsl(0).currency(),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        (at_the_bank.delay_ms, at_the_bank.hang_ms) = (50, 5_000);
        tokio::spawn(serve(at_bank, simulator::bank::routes(at_the_bank)));
        let callback = format!("{our_url}/api/payments/acquirers/kopano");
        let mut at_the_acquirer = AcquirerSettings::new(
            callback,
            acquirer.clone(),
            Secret::new(SECRET.to_vec()),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        (at_the_acquirer.delay_ms, at_the_acquirer.hang_ms) = (20, 5_000);
        tokio::spawn(serve(at_acquirer, simulator::acquirer::routes(at_the_acquirer)));
        let workers = payments::handlers(&gateway, Workers::default());
        Self {
            acts,
            clock,
            gateway,
            workers,
            site,
            ours: our_url,
            wallet: their_url,
            bank,
            acquirer,
            simulator,
            outbound,
            authority,
            entropy,
            url,
        }
    }

    /// From now on another instance of the program works and is asked, with nothing in memory; callbacks still come to the
    /// one before, which has not ended.
    pub(crate) fn another_instance(&mut self) {
        self.acts = Acts::new(
            Arc::new(testkit::open_url(&self.url)),
            Arc::clone(&self.clock) as _,
            Arc::clone(&self.entropy) as _,
            Arc::clone(&self.authority),
            Subscriptions::default(),
        );
        let before = self.gateway.clone();
        let gateway = Gateway::new(
            self.acts.clone(),
            before.wallets().clone(),
            self.outbound.clone(),
            Arc::clone(&self.clock) as _,
        );
        let gateway = gateway.with_banks(before.rails().banks.clone()).with_corridors(before.corridors().clone());
        let gateway = gateway.with_screening(before.rails().screening.clone());
        let gateway = gateway.with_acquirers(before.rails().acquirers.clone());
        self.gateway = gateway.with_counter(Counter::parse(MERCHANTS).unwrap());
        self.workers = payments::handlers(&self.gateway, Workers::default());
    }

    /// Starts the wallet at its address.
    pub(crate) async fn wallet_comes_up(&self) {
        let address = self.wallet.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind(address).await.unwrap();
        tokio::spawn(serve(listener, simulator::routes(self.simulator.clone())));
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> T {
        self.acts.read(&Caller::system("test"), operation).await.unwrap()
    }

    pub(crate) async fn write<T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(
        &self,
        caller: &Caller,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.acts.write(caller, &Key::none(), operation).await
    }

    /// Asks Lineo for an amount, to be paid within a day.
    pub(crate) async fn ask_for(&self, minor: i64) -> RequestId {
        let new = NewRequest {
            payer: "per_lineo".to_owned(),
            amount: lsl(minor),
            account: "income:home-affairs".to_owned(),
            reference: "PP-2026-0001".to_owned(),
            description: Localised::from([("en", "Passport renewal"), ("st", "Ntlafatso ea phasepoto")]),
            return_path: "/cases/1".to_owned(),
            expires_at: self.acts.now().plus_seconds(86_400),
        };
        self.write(&person("per_lineo"), move |cx| payments::request(cx, &new)).await.unwrap()
    }

    /// Chooses the wallet and a number.
    pub(crate) async fn choose(&self, id: RequestId, number: &'static str) -> Result<AttemptId, Fault> {
        let wallets = self.gateway.wallets().clone();
        self.acts
            .write(&person("per_lineo"), &Key::none(), move |cx| choose_wallet(cx, &wallets, id, "mpesa", number))
            .await
    }

    /// Does every job that is due.
    pub(crate) async fn work(&self) -> usize {
        self.workers.drain(&self.acts).await.unwrap()
    }

    /// The number that a fee goes by.
    pub(crate) async fn number(&self, id: RequestId) -> String {
        self.request(id).await.number.unwrap()
    }

    pub(crate) async fn request(&self, id: RequestId) -> Request {
        self.read(move |cx| payments::find(cx, id)).await.unwrap()
    }

    pub(crate) async fn state(&self, id: RequestId) -> RequestState {
        self.request(id).await.state
    }

    /// Works, and lets time pass on the wallet's side, until the request stands so.
    pub(crate) async fn until(&self, id: RequestId, state: RequestState) {
        self.wait_for(&format!("{id} to be {state:?}"), async || self.state(id).await == state).await;
    }

    pub(crate) async fn wait_for(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        for _ in 0..250 {
            self.work().await;
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited in vain for {what}; {}", self.log().await);
    }

    /// The states of all money that did not pay its request, oldest first.
    pub(crate) async fn suspense(&self, id: RequestId) -> Vec<(String, String)> {
        let of = move |cx: &mut Cx<'_>| {
            let sql =
                "SELECT state, reason FROM payments_payment WHERE request = $1 AND state <> 'applied' ORDER BY id";
            let rows = cx.tx().query(sql, &[id.into()])?;
            rows.iter()
                .map(|row| Ok((row.get(0)?, row.get(1)?)))
                .collect::<Result<_, spine::TxError>>()
                .map_err(Fault::from)
        };
        self.read(of).await
    }

    /// What was told to the others about a request, in order.
    pub(crate) async fn events(&self, id: RequestId) -> Vec<String> {
        let told = move |cx: &mut Cx<'_>| {
            let rows = cx.tx().query("SELECT topic, body FROM journal_event ORDER BY id", &[])?;
            let mut topics = Vec::new();
            for row in &rows {
                let body: serde_json::Value = row.get(1)?;
                if body["request"] == id.to_string() {
                    topics.push(row.get::<String>(0)?.replace("payments.request.", ""));
                }
            }
            Ok(topics)
        };
        self.read(told).await
    }

    /// What the wallet did, as it says.
    pub(crate) async fn log(&self) -> serde_json::Value {
        let request = HttpRequest::get(format!("{}/log.json", self.wallet)).body(Bytes::new()).unwrap();
        let large = OutboundLimits { response_bytes: 1 << 22, timeout_ms: 5_000, ..Default::default() };
        match Outbound::new(large).send(request).await {
            Ok(answer) => serde_json::from_slice(answer.body()).unwrap(),
            Err(_) => serde_json::json!({ "taken_minor": 0, "returned_minor": 0, "lines": [] }),
        }
    }

    /// Tells the bank, as whoever runs it may, and answers what it says.
    pub(crate) async fn at_bank(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let request = HttpRequest::post(format!("{}{path}", self.bank)).header("content-type", "application/json");
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        let large = OutboundLimits { response_bytes: 1 << 22, timeout_ms: 5_000, ..Default::default() };
        let answer = Outbound::new(large).send(request).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// What the bank says that our account holds.
    pub(crate) async fn bank_balance(&self) -> i64 {
        let request = HttpRequest::get(format!("{}/log.json", self.bank)).body(Bytes::new()).unwrap();
        let large = OutboundLimits { response_bytes: 1 << 22, timeout_ms: 5_000, ..Default::default() };
        let answer = Outbound::new(large).send(request).await.unwrap();
        let log: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        log["balance_minor"].as_i64().unwrap()
    }

    pub(crate) async fn audit(&self) -> Audit {
        self.read(payments::audit).await
    }

    /// The books are sound, and the wallet says the same of its money.
    pub(crate) async fn must_be_sound(&self) {
        let audit = self.audit().await;
        assert!(audit.is_sound(), "{:?}", audit.findings);
        let held = self.balance("wallet:mpesa").await;
        let log = self.log().await;
        let theirs = log["taken_minor"].as_i64().unwrap() - log["returned_minor"].as_i64().unwrap();
        let theirs = theirs - log["paid_out_minor"].as_i64().unwrap_or(0);
        assert_eq!(held, theirs, "ours and the wallet's: {log}");
    }

    /// Debits less credits of an account, nothing if it is not open.
    pub(crate) async fn balance(&self, reference: &'static str) -> i64 {
        let of =
            move |cx: &mut Cx<'_>| Ok(payments::ledger::called(cx, reference)?.map_or(0, |account| account.held()));
        self.read(of).await
    }

    /// Posts bytes to our callback address with these headers.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, String)], body: impl Into<Bytes>) -> Response<Bytes> {
        let mut request = HttpRequest::post(format!("{}{path}", self.ours));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.outbound.send(request.body(body.into()).unwrap()).await.unwrap()
    }

    /// The headers of a message that the wallet signs `seconds` from now.
    pub(crate) fn signed(&self, body: &str, seconds: i64) -> Vec<(&'static str, String)> {
        let time = self.clock.now().as_seconds() + seconds;
        let code = crypto::hmac_sha256(SECRET, &[format!("{time}.{body}").as_bytes()]);
        vec![("x-letsema-timestamp", time.to_string()), ("x-letsema-signature", crypto::hex(&code))]
    }
}
