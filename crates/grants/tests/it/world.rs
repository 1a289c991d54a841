//! The world: a database, a clock to move, the pack, people, officers, and a carrier whose answers the test decides.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use civil::{Population, national_id};
use crypto::{Algorithm, Hasher, PublicKey, SealKey, SigningKey};
use edge::{Outbound, OutboundLimits};
use grants::runs::{self, NewRun, Reconciled};
use grants::{
    Account, ByRails, Carrier, Grants, GrantsSettings, Handed, List, ListId, Order, Payment, Payouts, Programmes, Run,
    RunId, Told, Way,
};
use identity::{
    AuthMethod, ClientMetadata, DeviceRules, GrantType, Identity, IdentitySettings, Licences, MandateRules, Mandates,
    SignInRules, secret_digest,
};
use journal::{Acts, Key, Policies, Subscriptions, Workers};
use messages::Messages;
use payments::hubs::Hubs;
use payments::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use payments::{Banks, DisbursementId, Rails, WalletLink, Wallets};
use registers::{Fields, Registers};
use serde_json::json;
use spine::{
    Actor, ActorKind, Assurance, Caller, Currency, Cx, Date, Fault, Folding, Language, Migration, Money, Personal,
    Secret, Via, Work,
};
use testkit::{SeededEntropy, TestClock, TestDatabase};

pub(crate) fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho")
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(pack().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(folder: &str) -> Vec<(String, String)> {
    let mut names: Vec<String> = std::fs::read_dir(pack().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), read(&format!("{folder}/{name}")))).collect()
}

pub(crate) fn lsl() -> Currency {
    Currency::parse("LSL").unwrap()
}

/// The words tests see.
pub(crate) const WORDS: [&str; 9] =
    ["edge", "grants", "vouchers", "payments", "bills", "cards", "policy", "journal", "civil"];

/// What the carrier was asked to carry, and what it is to refuse at once.
#[derive(Default)]
pub(crate) struct TestCarrier {
    pub(crate) orders: Mutex<Vec<Order>>,
    pub(crate) refuses: Mutex<Vec<String>>,
}

fn place(cx: &mut Cx<'_>, order: &Order) -> Result<AccountId, Fault> {
    let reference = format!("{}:{}", order.way.code(), order.institution);
    let (kind, currency, name) = (AccountKind::Asset, lsl(), "payments.account.wallet");
    ledger::account(cx, &NewAccount { reference: &reference, kind, currency, name, bound: Bound::None })
}

impl Carrier for TestCarrier {
    fn hand_over(&self, cx: &mut Cx<'_>, from: AccountId, orders: &[Order]) -> Result<Vec<Handed>, Fault> {
        let refuses = self.refuses.lock().unwrap().clone();
        let (mut handed, mut batch) = (Vec::new(), Vec::new());
        for order in orders {
            if refuses.contains(order.address.reveal()) {
                handed.push(Handed::Refused("not_connected".to_owned()));
                continue;
            }
            let credit = place(cx, order)?;
            let step = Step::Hold { debit: from, credit, amount: order.amount, expires_at: None };
            batch.push(Transfer { id: order.id, step, reference: "order".to_owned() });
            handed.push(Handed::Now);
        }
        ledger::book(cx, &batch)?;
        // An operation may run again: an order is kept once.
        let mut kept = self.orders.lock().unwrap();
        for order in orders.iter().zip(&handed).filter(|(_, handed)| **handed == Handed::Now).map(|(order, _)| order) {
            if !kept.iter().any(|one| one.id == order.id) {
                kept.push(order.clone());
            }
        }
        Ok(handed)
    }
}

/// Grants on a fresh database.
pub(crate) struct World {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) grants: Grants,
    pub(crate) identity: Identity,
    pub(crate) population: Population,
    pub(crate) registers: Registers,
    pub(crate) carrier: Arc<TestCarrier>,
    pub(crate) workers: Workers,
    /// What was left for the adapter of a hub, if rails carry.
    pub(crate) pushed: Arc<Mutex<Vec<DisbursementId>>>,
    /// What batches and vouchers are signed with.
    pub(crate) key: PublicKey,
    /// Kept as long as the world: its file goes with it.
    _database: TestDatabase,
}

/// Runs `test` on each database, with a carrier that does as it is told.
pub(crate) fn on_each(test: impl AsyncFn(World)) {
    on_each_carried(None, test);
}

/// Runs `test` on each database; the payments engine carries, with these hubs.
pub(crate) fn on_each_by_rails(hubs: &Hubs, test: impl AsyncFn(World)) {
    on_each_carried(Some(hubs), test);
}

fn on_each_carried(hubs: Option<&Hubs>, test: impl AsyncFn(World)) {
    let migrations: Vec<Migration> = [
        journal::MIGRATIONS,
        registers::MIGRATIONS,
        civil::MIGRATIONS,
        messages::MIGRATIONS,
        payments::MIGRATIONS,
        identity::MIGRATIONS,
        grants::MIGRATIONS,
    ]
    .concat();
    for database in testkit::databases(&migrations) {
        testkit::block_on(async { test(world(database, hubs)).await });
    }
}

/// The secret of a ministry's system.
pub(crate) const SYSTEM_SECRET: &str = "a secret of tests";

fn system_client() -> ClientMetadata {
    ClientMetadata {
        client_id: "social-development".to_owned(),
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        client_secret_digest: Some(secret_digest(&Secret::new(SYSTEM_SECRET.to_owned()))),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "grants".to_owned(),
        ..ClientMetadata::default()
    }
}

fn identity(acts: &Acts, messages: &Messages, population: &Population) -> Identity {
    let devices: DeviceRules = toml::from_str(&read("devices.toml")).unwrap();
    Identity::new(IdentitySettings {
        acts: acts.clone(),
        hasher: Hasher::new(Secret::new([4; 32]), 2).unwrap(),
        seal_key: Arc::new(SealKey::new(&Secret::new([5; 32])).unwrap()),
        signing_key: Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()),
        retired_keys: Vec::new(),
        secret: Secret::new([6; 32]),
        base_url: "http://localhost:8080".to_owned(),
        site_name: "Letsema".to_owned(),
        clients: vec![system_client()],
        messages: messages.clone(),
        other_signing_keys: Vec::new(),
        population: Some(population.clone()),
        trust: None,
        licences: Licences::default(),
        mandates: Mandates::new(MandateRules::default(), None).unwrap(),
        devices,
        outbound: Outbound::new(OutboundLimits::default()),
        rules: SignInRules::default(),
    })
    .unwrap_or_else(|error| panic!("{error}"))
}

/// The jobs of an adapter that speaks to no hub: a test says what the hub said.
fn hub_workers(workers: Workers, pushed: &Arc<Mutex<Vec<DisbursementId>>>) -> Workers {
    let pushed = Arc::clone(pushed);
    workers.handle(payments::hubs::PUSH, move |job| {
        pushed.lock().unwrap().push(serde_json::from_value(job.body["disbursement"].clone()).unwrap());
        async { Ok(()) }
    })
}

fn world(database: TestDatabase, hubs: Option<&Hubs>) -> World {
    let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
    let policies = files("policies");
    let policies = Policies::parse(policies.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap();
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededEntropy::default()),
        Arc::new(policies),
        Grants::subscriptions(Subscriptions::default()),
    );
    let words = testkit::words(&WORDS);
    let zone = words.zone().clone();
    let folding: Folding = toml::from_str(&read("names.toml")).unwrap();
    let registers = Registers::parse(&files("registers"), folding).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let registers = registers.in_zone(zone.clone());
    let (messages, population) = (Messages::new(Arc::new(words)), Population::new(registers.clone()));
    let identity = identity(&acts, &messages, &population);
    let link =
        |_: &str| Some(WalletLink { base_url: "http://localhost:1".to_owned(), secret: Secret::new(vec![7; 32]) });
    let carrier = Arc::new(TestCarrier::default());
    let payouts: Payouts = toml::from_str(&read("payouts.toml")).unwrap();
    let programmes = Programmes::parse(&files("programmes"), &registers).unwrap_or_else(|faults| panic!("{faults:?}"));
    payouts.check(&programmes).unwrap();
    let programmes = programmes.brought_by(&payouts);
    let signing_key = Arc::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
    let key = signing_key.public();
    let rails = Rails {
        wallets: Wallets::parse(&read("wallets.toml"), link).unwrap(),
        banks: Banks::parse(&read("banks.toml"), zone.clone(), link).unwrap(),
        acquirers: payments::cards::Acquirers::default(),
        screening: payments::screening::Screening::default(),
        hubs: hubs.cloned().unwrap_or_default(),
    };
    let grants = Grants::new(GrantsSettings {
        acts: acts.clone(),
        programmes,
        identity: identity.clone(),
        population: population.clone(),
        registers: registers.clone(),
        messages: messages.clone(),
        signing_key: Arc::clone(&signing_key),
        seal_key: Arc::new(SealKey::new(&Secret::new([8; 32])).unwrap()),
        voucher_secret: Secret::new([9; 32]),
        rails: rails.clone(),
        payouts,
        currency: lsl(),
        language: Language::new("st-LS"),
        carrier: if hubs.is_some() { Arc::new(ByRails(rails)) } else { Arc::clone(&carrier) as _ },
        outbound: Outbound::new(OutboundLimits::default()),
        zone,
        institutions: Arc::default(),
    });
    let pushed = Arc::default();
    let workers = grants.handlers(messages.handlers(&acts, hub_workers(Workers::default(), &pushed)));
    World { acts, clock, grants, identity, population, registers, carrier, workers, pushed, key, _database: database }
}

/// An officer of the ministry that runs the pension.
pub(crate) fn officer(name: &str, role: &str) -> Caller {
    of_institution(name, role, "ministry-social-development")
}

pub(crate) fn of_institution(name: &str, role: &str, institution: &str) -> Caller {
    let mut actor = Actor::bare(ActorKind::Officer, format!("off_{name}"));
    actor.roles = vec![role.to_owned()];
    actor.institution = Some(institution.to_owned());
    actor.assurance = Assurance::Substantial;
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn preparer() -> Caller {
    officer("preparer", "grants-officer")
}

pub(crate) fn approver() -> Caller {
    officer("approver", "grants-approver")
}

pub(crate) fn treasury() -> Caller {
    of_institution("treasury", "payments-officer", "ministry-finance")
}

pub(crate) fn clerk() -> Caller {
    of_institution("clerk", "post-office-clerk", "lesotho-post-bank")
}

pub(crate) fn herself(person: &str) -> Caller {
    let actor = Actor::person(person, Personal::default(), Assurance::Substantial);
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn program() -> Caller {
    Caller::system("test")
}

/// Somebody of the population.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) phone: String,
}

pub(crate) fn wallet(number: &str) -> Account {
    Account { way: Way::Wallet, institution: "mpesa".to_owned(), address: number.to_owned() }
}

pub(crate) fn cash() -> Account {
    Account { way: Way::PostOffice, institution: String::new(), address: String::new() }
}

pub(crate) const PENSION: &str = "old-age-pension";

impl World {
    pub(crate) async fn write<T, F>(&self, caller: &Caller, mut operation: F) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>, &Grants) -> Result<T, Fault> + Send + 'static,
    {
        let grants = self.grants.clone();
        self.acts.write(caller, &Key::none(), move |cx| operation(cx, &grants)).await
    }

    pub(crate) async fn read<T, F>(&self, caller: &Caller, mut operation: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&mut Cx<'_>, &Grants) -> Result<T, Fault> + Send + 'static,
    {
        let grants = self.grants.clone();
        self.acts.read(caller, move |cx| operation(cx, &grants)).await
    }

    /// People born on this day, each with a wallet number of her own.
    pub(crate) async fn people(&self, first: u64, count: u64, born: &str) -> Vec<Someone> {
        let one = |serial: u64| {
            let (number, phone) = (national_id::of_serial(serial), format!("+2665{:07}", serial % 10_000_000));
            let fields = json!({
                "national_id": number, "given": "Mpho", "family": format!("Mokoena {serial}"), "born": born,
                "sex": "female", "district": "leribe", "phone": phone,
            });
            (number, phone, fields)
        };
        let people: Vec<_> = (first..first + count).map(one).collect();
        let records: Vec<Fields> = people.iter().map(|(_, _, fields)| fields.as_object().unwrap().clone()).collect();
        let mut ids: Vec<String> = Vec::new();
        for records in records.chunks(500) {
            let (population, records) = (self.population.clone(), records.to_vec());
            let enrol = move |cx: &mut Cx<'_>| civil::enrol(cx, &population, records.clone());
            ids.extend::<Vec<String>>(self.acts.write(&program(), &Key::none(), enrol).await.unwrap());
        }
        people.into_iter().zip(ids).map(|((number, phone, _), id)| Someone { id, number, phone }).collect()
    }

    /// A pensioner who was proved alive today and has chosen her own wallet.
    pub(crate) async fn pensioners(&self, first: u64, count: u64) -> Vec<Someone> {
        let people = self.people(first, count, "1950-03-01").await;
        self.attest(&people).await;
        for some in people.chunks(500) {
            let batch = some.to_vec();
            self.write(&program(), move |cx, grants| {
                for one in &batch {
                    grants::mapper::choose(cx, grants, &one.number, &wallet(&one.phone))?;
                }
                Ok(())
            })
            .await
            .unwrap();
        }
        people
    }

    /// A chief says of each that she lives.
    pub(crate) async fn attest(&self, people: &[Someone]) {
        let chief = of_institution("chief", "chief", "ministry-home-affairs");
        for some in people.chunks(500) {
            let (identity, batch) = (self.identity.clone(), some.to_vec());
            let attest = move |cx: &mut Cx<'_>, _: &Grants| {
                batch.iter().try_for_each(|one| identity::attest_life(cx, &identity, &one.id).map(drop))
            };
            self.write(&chief, attest).await.unwrap();
        }
    }

    /// Runs what waits in the background.
    pub(crate) async fn work(&self) {
        self.workers.drain(&self.acts).await.unwrap();
    }

    pub(crate) async fn fund(&self, minor: i64) {
        self.write(&treasury(), move |cx, grants| grants::fund(cx, grants, PENSION, minor)).await.unwrap();
    }

    /// A list of these lines of a file.
    pub(crate) async fn list(&self, name: &str, text: &str) -> Result<grants::lists::Sent, Fault> {
        let new = grants::lists::NewList {
            programme: PENSION.to_owned(),
            name: name.to_owned(),
            source: grants::Source::File,
        };
        grants::lists::take_file(&self.grants, &preparer(), new, std::io::Cursor::new(text.to_owned()), None).await
    }

    /// A list by the programme's own rule, whole.
    pub(crate) async fn gathered(&self, name: &'static str) -> List {
        let list = self.write(&preparer(), move |cx, grants| grants::lists::gather(cx, grants, PENSION, name)).await;
        let id = list.unwrap().id;
        self.work().await;
        self.write(&preparer(), move |cx, grants| grants::lists::view(cx, grants, id, 0)).await.unwrap().list
    }

    pub(crate) async fn prepare(&self, list: ListId, day: &str) -> Result<Run, Fault> {
        let pay_on: Date = day.parse().unwrap();
        self.write(&preparer(), move |cx, grants| runs::prepare(cx, grants, &NewRun { list, pay_on })).await
    }

    pub(crate) async fn approve(&self, run: RunId) -> Result<Run, Fault> {
        self.write(&approver(), move |cx, grants| runs::approve(cx, grants, run)).await
    }

    /// Prepared, checked, approved by another, and handed over.
    pub(crate) async fn paid_out(&self, list: ListId, day: &str) -> RunId {
        let run = self.prepare(list, day).await.unwrap().id;
        self.work().await;
        self.approve(run).await.unwrap_or_else(|fault| panic!("{fault}"));
        self.work().await;
        run
    }

    pub(crate) async fn run(&self, run: RunId) -> Run {
        self.read(&preparer(), move |cx, grants| runs::run(cx, grants, run)).await.unwrap().run
    }

    pub(crate) async fn payment(&self, run: RunId, line: i64) -> Payment {
        let look = move |cx: &mut Cx<'_>, grants: &Grants| runs::payment(cx, grants, run, line);
        self.write(&preparer(), look).await.unwrap().payment
    }

    /// Adds a run up again; it always agrees.
    pub(crate) async fn agrees(&self, run: RunId) -> Reconciled {
        let told = self.read(&preparer(), move |cx, grants| runs::reconcile(cx, grants, run)).await.unwrap();
        assert!(told.agrees, "{told:?} {:?}", self.run(run).await);
        told
    }

    /// The carrier's orders so far.
    pub(crate) fn orders(&self) -> Vec<Order> {
        self.carrier.orders.lock().unwrap().clone()
    }

    /// The carrier answers: books as a carrier does, and tells.
    pub(crate) async fn tell(&self, answers: Vec<(TransferId, Told)>) -> Result<(), Fault> {
        self.write(&program(), move |cx, grants| {
            let mut batch = Vec::new();
            for (id, told) in &answers {
                let mut own = *id.as_bytes();
                own[15] = 0x80 | u8::from(matches!(told, Told::Paid(_)));
                let step = match told {
                    Told::Paid(_) => Step::Post { of: *id, amount: None },
                    Told::Failed(_) => Step::Void { of: *id },
                };
                batch.push(Transfer { id: TransferId::from_bytes(own), step, reference: "order".to_owned() });
            }
            ledger::book(cx, &batch)?;
            runs::told(cx, grants, &answers)
        })
        .await
    }

    pub(crate) async fn pay(&self, order: &Order) -> Result<(), Fault> {
        self.tell(vec![(order.id, Told::Paid("MP1".to_owned()))]).await
    }

    pub(crate) async fn fail(&self, order: &Order, why: &str) -> Result<(), Fault> {
        self.tell(vec![(order.id, Told::Failed(why.to_owned()))]).await
    }

    /// Changes rows behind the program's back.
    pub(crate) async fn meddle(&self, sql: &'static str) {
        let work: Work = Box::new(move |tx| Ok(Box::new(tx.execute(sql, &[])?)));
        self.acts.database().write(work).await.unwrap();
    }

    /// What a programme has: free, held by runs and paid.
    pub(crate) async fn free(&self) -> i64 {
        self.read(&treasury(), |cx, grants| runs::programme(cx, grants, PENSION)).await.unwrap().purse.free()
    }

    /// The texts that were sent to a phone.
    pub(crate) async fn texts(&self, person: &str) -> Vec<String> {
        let person = person.to_owned();
        let read = move |cx: &mut Cx<'_>| {
            let sql = "SELECT body FROM messages_notice WHERE person = $1 ORDER BY id";
            let rows = cx.tx().query(sql, &[person.as_str().into()])?;
            rows.iter().map(|row| Ok(row.get::<String>(0)?)).collect::<Result<Vec<String>, Fault>>()
        };
        self.acts.read(&program(), read).await.unwrap()
    }
}

pub(crate) fn maloti(minor: i64) -> Money {
    Money::new(minor, lsl())
}
