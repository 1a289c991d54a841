//! The bench: the country's pack and policies on a database, two people, two officers, a clock to move.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::{Algorithm, SigningKey};
use edge::Answers;
use journal::log::{LogKey, Sequencer};
use journal::{Acts, Key, Policies, Subscriptions, Workers};
use messages::Messages;
use payments::{AttemptId, RequestId, Told, ToldState, WalletLink, Wallets, choose_wallet};
use registers::{Enrol, Registers};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use services::{CaseId, CaseState, Catalogue, Services, ServicesSettings, TaskId};
use spine::{
    Actor, ActorKind, Assurance, Caller, Currency, Cx, Fault, Language, Localised, Migration, Personal, Secret, Via,
};
use testkit::{SeededEntropy, TestClock};

use crate::country;

/// The day on which every test begins.
pub(crate) const NOW: &str = "2026-11-24T08:00:00Z";

pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) services: Services,
    pub(crate) workers: Workers,
    pub(crate) log_key: String,
    /// Her passport and her licence run out soon, and her birth is registered.
    pub(crate) lineo: Caller,
    /// His passport is good for six years, he has no licence, and his birth is not registered.
    pub(crate) thabo: Caller,
    registers: Registers,
    pub(crate) sequencer: Sequencer,
    pub(crate) wallets: Wallets,
}

fn migrations() -> Vec<Migration> {
    [journal::MIGRATIONS, registers::MIGRATIONS, messages::MIGRATIONS, payments::MIGRATIONS, services::MIGRATIONS]
        .concat()
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    for database in testkit::databases(&migrations()) {
        let clock = Arc::new(TestClock::at(NOW));
        let files = country::texts("policies", ".cedar");
        let policies = Policies::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap();
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::new(SeededEntropy::default()),
            Arc::new(policies),
            Services::subscriptions(Subscriptions::default()),
        );
        testkit::block_on(async {
            let bench = Bench::open(acts, clock).await;
            test(bench).await;
        });
    }
}

/// An officer with these roles.
pub(crate) fn officer(id: &str, roles: &[&str]) -> Caller {
    let actor = Actor {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        institution: Some("ministry-home-affairs".to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, id)
    };
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn person(id: &str, language: &str) -> Caller {
    let actor = Actor::person(id, Personal::new(id.to_owned()), Assurance::Substantial);
    Caller { actor, via: Via::Web, language: Language::new(language) }
}

/// The engine with these services, and the messages it sends.
fn engine(acts: &Acts, registers: &Registers, catalogue: Catalogue, log_key: &str) -> (Services, Messages) {
    let words = Arc::new(testkit::words(&country::CATALOGUES));
    let messages = Messages::new(Arc::clone(&words));
    let settings = ServicesSettings {
        acts: acts.clone(),
        catalogue,
        population: civil::Population::new(registers.clone()),
        registers: registers.clone(),
        messages: messages.clone(),
        words,
        currency: Currency::parse("LSL").unwrap(),
        country: country::places(),
        issuer: Localised::from([("en", "Kingdom of Lesotho"), ("st", "’Muso oa Lesotho")]),
        base_url: "https://letsema.example".to_owned(),
        fonts: country::fonts(),
        log_key: log_key.to_owned(),
        illustrative: true,
    };
    (Services::new(settings), messages)
}

fn fields(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

/// Answers of one page.
pub(crate) fn says(given: &[(&str, &str)]) -> Answers {
    given.iter().fold(Answers::default(), |answers, (name, value)| answers.with(*name, *value))
}

/// A passport renewal as Lineo answers it.
pub(crate) fn passport_answers() -> Vec<(&'static str, Answers)> {
    vec![
        ("reason", says(&[("reason", "expired")])),
        ("pages", says(&[("pages", "32")])),
        ("collect", says(&[("collect_at", "leribe")])),
        ("reach", says(&[("reach", "5800 1234")])),
        ("declare", says(&[("declare", "yes")])),
    ]
}

impl Bench {
    async fn open(acts: Acts, clock: Arc<TestClock>) -> Self {
        let registers = country::registers();
        let population = civil::Population::new(registers.clone());
        let catalogue = country::catalogue().publish(&acts).await.unwrap();
        let key = Arc::new(LogKey::new("letsema/ls", SigningKey::generate(Algorithm::EdDsa).unwrap()).unwrap());
        let log_key = key.verifier();
        let (services, messages) = engine(&acts, &registers, catalogue, &log_key);
        let link = WalletLink { base_url: "http://127.0.0.1:9".to_owned(), secret: Secret::new(vec![7; 32]) };
        let wallets = Wallets::parse(&country::text("wallets.toml"), |_| Some(link.clone())).unwrap();
        let workers = services.handlers(messages.handlers(&acts, Workers::default()));
        let people = [
            json!({ "national_id": civil::national_id::of_serial(1), "given": "Lineo", "family": "Mokoena", "born": "1992-03-14",
                "sex": "female", "district": "leribe", "village": "Hlotse", "nationality": "LSO", "phone": "+26658001234" }),
            json!({ "national_id": civil::national_id::of_serial(2), "given": "Thabo", "family": "Letsie", "born": "1974-08-02",
                "sex": "male", "district": "maseru", "nationality": "LSO" }),
        ];
        let people: Vec<_> = people.into_iter().map(fields).collect();
        let enrol = move |cx: &mut Cx<'_>| civil::enrol(cx, &population, people.clone());
        let ids: Vec<String> = acts.write(&Caller::system("it"), &Key::none(), enrol).await.unwrap();
        let sequencer = Sequencer::new(acts.clone(), Arc::clone(&key));
        let (lineo, thabo) = (person(&ids[0], "en-LS"), person(&ids[1], "st-LS"));
        let bench = Self { acts, clock, services, workers, log_key, lineo, thabo, registers, sequencer, wallets };
        bench.fill(&ids[0], &ids[1]).await;
        bench
    }

    /// The same bench with other services.
    pub(crate) fn offering(mut self, catalogue: Catalogue) -> Self {
        self.services = engine(&self.acts, &self.registers, catalogue, &self.log_key).0;
        self
    }

    async fn fill(&self, lineo: &str, thabo: &str) {
        let passport = |number: &str, person: &str, issued: &str, expires: &str| json!({ "number": number, "person": person, "kind": "ordinary", "issued": issued, "expires": expires });
        self.enrol("passport", passport("RC0000001", lineo, "2017-01-20", "2027-01-20")).await;
        self.enrol("passport", passport("RC0000002", thabo, "2022-11-30", "2032-11-30")).await;
        let licence = json!({ "number": "D00000001", "person": lineo, "codes": "B, C1, EB", "first_issued": "2012-05-01",
            "issued": "2021-12-20", "expires": "2026-12-20" });
        self.enrol("driver-licence", licence).await;
        let birth = json!({ "entry": "B1992-0000001", "person": lineo, "given": "Lineo", "family": "Mokoena",
            "born": "1992-03-14", "sex": "female", "place": "Hlotse", "district": "leribe",
            "mother": "Mpho Mokoena", "father": "Teboho Mokoena", "registered_on": "1992-04-01" });
        self.enrol("birth", birth).await;
    }

    /// Enters a record in a register.
    pub(crate) async fn enrol(&self, register: &str, record: Json) {
        let (registers, command) = (self.registers.clone(), Enrol::new(register, fields(record)));
        self.write(&Caller::system("it"), move |cx| registers::enrol(cx, &registers, &command).map(drop))
            .await
            .unwrap_or_else(|fault| panic!("{}: {:?}", fault.code(), fault.fields()));
    }

    pub(crate) async fn write<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        caller: &Caller,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.acts.write(caller, &Key::none(), operation).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> T {
        self.acts.read(&Caller::system("it"), operation).await.unwrap()
    }

    pub(crate) async fn start(&self, who: &Caller, service: &'static str) -> Result<CaseId, Fault> {
        let services = self.services.clone();
        self.write(who, move |cx| services::start(cx, &services, service)).await
    }

    pub(crate) async fn answer(
        &self,
        who: &Caller,
        case: CaseId,
        page: &'static str,
        given: Answers,
    ) -> Result<(), Fault> {
        let services = self.services.clone();
        self.write(who, move |cx| services::answer(cx, &services, case, page, &given)).await
    }

    pub(crate) async fn submit(&self, who: &Caller, case: CaseId) -> Result<CaseState, Fault> {
        let services = self.services.clone();
        self.write(who, move |cx| services::submit(cx, &services, case)).await
    }

    pub(crate) async fn withdraw(&self, who: &Caller, case: CaseId) -> Result<(), Fault> {
        let services = self.services.clone();
        self.write(who, move |cx| services::withdraw(cx, &services, case)).await
    }

    /// Begins and answers everything, so that only the sending is left.
    pub(crate) async fn draft(
        &self,
        who: &Caller,
        service: &'static str,
        answers: Vec<(&'static str, Answers)>,
    ) -> CaseId {
        let case = self.start(who, service).await.unwrap();
        for (page, given) in answers {
            self.answer(who, case, page, given).await.unwrap_or_else(|fault| panic!("{page}: {:?}", fault.fields()));
        }
        case
    }

    /// A passport renewal of Lineo's with an officer.
    pub(crate) async fn examining(&self) -> (CaseId, TaskId) {
        let case = self.draft(&self.lineo, "passport-renewal", passport_answers()).await;
        assert_eq!(self.submit(&self.lineo, case).await.unwrap(), CaseState::Paying);
        self.pay(&self.lineo, case).await;
        (case, self.task("passport-officer").await)
    }

    /// The only task that waits for a role.
    pub(crate) async fn task(&self, role: &str) -> TaskId {
        let found = self.acts.read(&officer("off_look", &[role]), services::tasks).await.unwrap();
        assert_eq!(found.len(), 1, "{role}");
        found[0].0.id
    }

    /// The request to pay of a case.
    pub(crate) async fn payment(&self, case: CaseId) -> RequestId {
        let payment = self.column(case, "SELECT payment FROM services_case WHERE id = $1").await;
        payment.unwrap().parse().unwrap()
    }

    /// Pays what is asked, as the wallet tells it.
    pub(crate) async fn pay(&self, who: &Caller, case: CaseId) {
        self.pay_request(who, self.payment(case).await).await;
        self.work().await;
    }

    async fn pay_request(&self, who: &Caller, request: RequestId) {
        let attempt = self.attempt(who, request).await;
        self.wallet_paid(attempt, request).await;
    }

    /// Chooses the wallet.
    pub(crate) async fn attempt(&self, who: &Caller, request: RequestId) -> AttemptId {
        let wallets = self.wallets.clone();
        let choose = move |cx: &mut Cx<'_>| choose_wallet(cx, &wallets, request, "mpesa", "5800 1234");
        self.write(who, choose).await.unwrap()
    }

    /// The wallet tells that it took the money.
    pub(crate) async fn wallet_paid(&self, attempt: AttemptId, request: RequestId) {
        let wallet = self.wallets.find("mpesa").unwrap().clone();
        let amount = self.read(move |cx| payments::find(cx, request)).await.unwrap().amount;
        let told = Told {
            id: attempt,
            state: ToldState::Paid,
            reference: format!("MP{attempt}"),
            amount_minor: amount.minor(),
            currency: Some(amount.currency()),
            reason: None,
        };
        let actor = Actor::bare(ActorKind::Client, wallet.account());
        let caller = Caller { actor, via: Via::Api, language: Language::new("en-LS") };
        self.write(&caller, move |cx| payments::receive(cx, &wallet, &told).map(drop)).await.unwrap();
    }

    /// Lets a request to pay run out, as its own job does.
    pub(crate) async fn expire(&self, request: RequestId) {
        let outbound = edge::Outbound::new(edge::OutboundLimits::default());
        let clock = Arc::clone(&self.clock) as _;
        let gateway = payments::Gateway::new(self.acts.clone(), self.wallets.clone(), outbound, clock);
        payments::handlers(&gateway, self.workers.clone()).drain(&self.acts).await.unwrap();
        let state = self.read(move |cx| payments::find(cx, request)).await.unwrap().state;
        assert_eq!(state, payments::RequestState::Expired);
    }

    /// Does every job that is due. Calls to the wallet go to nobody; the test tells what it says.
    pub(crate) async fn work(&self) {
        self.workers.drain(&self.acts).await.unwrap();
    }

    /// Grows the log until no act waits, and does the work that hangs on it.
    pub(crate) async fn seal(&self) {
        while self.sequencer.step().await.unwrap() > 0 {}
        self.clock.step(1);
        self.work().await;
    }

    /// A text of a case's row.
    pub(crate) async fn column(&self, case: CaseId, sql: &'static str) -> Option<String> {
        self.read(move |cx| Ok(cx.tx().first(sql, &[case.into()])?.map_or(Ok(None), |row| row.get(0))?)).await
    }

    pub(crate) async fn state(&self, case: CaseId) -> String {
        self.column(case, "SELECT state FROM services_case WHERE id = $1").await.unwrap()
    }

    /// The documents of a case: evidence and PDF.
    pub(crate) async fn documents(&self, case: CaseId) -> Vec<(Json, Vec<u8>)> {
        let sql = "SELECT d.evidence, d.pdf FROM services_document d JOIN services_output o ON o.id = d.output
            WHERE o.case_id = $1";
        self.read(move |cx| {
            let rows = cx.tx().query(sql, &[case.into()])?;
            rows.iter()
                .map(|row| Ok((row.get(0)?, row.get(1)?)))
                .collect::<Result<_, spine::TxError>>()
                .map_err(Fault::from)
        })
        .await
    }

    /// How often each kind of act was done about a person.
    pub(crate) async fn deeds(&self, about: &Caller) -> BTreeMap<String, usize> {
        let person = about.actor.id.clone();
        let acts = self.read(move |cx| journal::acts_about(cx, &person, None, 200)).await;
        let mut counted = BTreeMap::new();
        for act in acts {
            *counted.entry(act.kind).or_default() += 1;
        }
        counted
    }
}
