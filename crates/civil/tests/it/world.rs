//! The bench: a database, a clock to move, the pack, people in the population, officers who work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use civil::{Civil, Declaration, EventId, Evidence, Informant, Kinds, Vital, national_id};
use journal::{Acts, Key, Policies, Subscriptions};
use registers::{Fields, Record, Registers};
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Folding, Language, Migration, Via};
use testkit::{SeededEntropy, TestClock};

fn pack() -> PathBuf {
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

pub(crate) fn registers() -> Registers {
    let folding: Folding = toml::from_str(&read("names.toml")).unwrap();
    let registers = Registers::parse(&files("registers"), folding).unwrap_or_else(|faults| panic!("{faults:#?}"));
    registers.in_zone(testkit::words(&["edge"]).zone().clone())
}

/// Civil registration on a fresh database.
pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) civil: Civil,
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    /// Kept as long as the bench: its file goes with it.
    _database: testkit::TestDatabase,
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = [journal::MIGRATIONS, registers::MIGRATIONS, civil::MIGRATIONS].concat();
    for database in testkit::databases(&migrations) {
        testkit::block_on(test(bench(database)));
    }
}

fn bench(database: testkit::TestDatabase) -> Bench {
    let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
    let policies = files("policies");
    let policies = Policies::parse(policies.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap();
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededEntropy::default()),
        Arc::new(policies),
        Subscriptions::default(),
    );
    let registers = registers();
    let kinds = Kinds::parse(&read("civil.toml"), &registers).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let consequence = move |_: &mut Cx<'_>, vital: &Vital| {
        let mut heard = heard.lock().unwrap();
        match vital {
            Vital::Born { person } => heard.push(format!("born {person}")),
            Vital::Died { person, on } => heard.push(format!("died {person} {on}")),
            Vital::Reinstated { person } => heard.push(format!("reinstated {person}")),
            Vital::Changed { person } => heard.push(format!("changed {person}")),
        }
        Ok(())
    };
    let civil = Civil::new(acts.clone(), registers, kinds, vec![Arc::new(consequence)]);
    Bench { acts, clock, civil, told, _database: database }
}

/// An officer of civil registration.
pub(crate) fn officer(name: &str, roles: &[&str]) -> Caller {
    let mut actor = Actor::bare(ActorKind::Officer, format!("off_{name}"));
    actor.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    actor.institution = Some("ministry-home-affairs".to_owned());
    actor.assurance = Assurance::Substantial;
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn clerk() -> Caller {
    officer("clerk", &["registration-officer"])
}

pub(crate) fn registrar() -> Caller {
    officer("registrar", &["registration-officer", "registrar"])
}

impl Bench {
    pub(crate) async fn write<T, F>(&self, caller: &Caller, operation: F) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.acts.write(caller, &Key::none(), operation).await
    }

    pub(crate) async fn read<T, F>(&self, operation: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.acts.read(&Caller::system("test"), operation).await.unwrap()
    }

    /// Somebody of the population: her identifier and her number.
    pub(crate) async fn person(&self, serial: u64, name: &str, born: &str, sex: &str) -> (String, String) {
        let number = national_id::of_serial(serial);
        let (given, family) = name.rsplit_once(' ').unwrap();
        let person = object(json!({
            "national_id": number, "given": given, "family": family, "born": born, "sex": sex, "district": "leribe",
        }));
        let population = self.civil.population();
        let enrol = move |cx: &mut Cx<'_>| civil::enrol(cx, &population, vec![person.clone()]);
        let ids = self.write(&Caller::system("test"), enrol).await.unwrap();
        (ids[0].clone(), number)
    }

    /// What the population's record says today.
    pub(crate) async fn record(&self, person: &str) -> Record {
        let (registers, person) = (registers(), person.to_owned());
        self.read(move |cx| {
            Ok(registers::find_by(cx, &registers, civil::REGISTER, "person", &person)?.expect("she is there"))
        })
        .await
    }

    pub(crate) async fn declare(&self, caller: &Caller, said: Declaration) -> Result<EventId, Fault> {
        let civil = self.civil.clone();
        self.write(caller, move |cx| civil::declare(cx, &civil, None, &said)).await.map(|(id, _)| id)
    }

    pub(crate) async fn validate(&self, caller: &Caller, id: EventId) -> Result<(), Fault> {
        let civil = self.civil.clone();
        self.write(caller, move |cx| civil::validate(cx, &civil, id)).await
    }

    pub(crate) async fn register(&self, caller: &Caller, id: EventId) -> Result<civil::Entered, Fault> {
        let civil = self.civil.clone();
        self.write(caller, move |cx| civil::register(cx, &civil, id)).await
    }

    /// Declared by the clerk, found in order and entered by the registrar.
    pub(crate) async fn enter(&self, said: Declaration) -> civil::Entered {
        let id = self.declare(&clerk(), said).await.unwrap_or_else(|fault| panic!("{fault}"));
        self.validate(&registrar(), id).await.unwrap_or_else(|fault| panic!("{fault}"));
        self.register(&registrar(), id).await.unwrap_or_else(|fault| panic!("{fault}"))
    }

    pub(crate) async fn look(&self, id: EventId) -> civil::Examined {
        let civil = self.civil.clone();
        self.write(&registrar(), move |cx| civil::look(cx, &civil, id)).await.unwrap()
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// Everything the journal holds, as text.
    pub(crate) async fn evidence(&self) -> String {
        self.read(|cx| {
            let acts = cx.tx().query("SELECT record FROM journal_act ORDER BY id", &[])?;
            let requests = cx.tx().query("SELECT outcome FROM journal_request ORDER BY key", &[])?;
            let events = cx.tx().query("SELECT body FROM journal_event ORDER BY id", &[])?;
            let rows = acts.iter().chain(&requests).chain(&events);
            Ok(rows.map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?.join("\n"))
        })
        .await
    }
}

pub(crate) fn object(value: Value) -> Fields {
    value.as_object().unwrap().clone()
}

/// A declaration of `kind`, with one paper.
pub(crate) fn declaration(
    kind: &str,
    circumstance: &str,
    paper: &str,
    fields: Value,
    parties: &[(&str, &str)],
) -> Declaration {
    let parties: BTreeMap<String, String> =
        parties.iter().map(|(part, number)| ((*part).to_owned(), (*number).to_owned())).collect();
    Declaration {
        kind: kind.to_owned(),
        circumstance: circumstance.to_owned(),
        fields: object(fields),
        parties,
        evidence: vec![Evidence {
            kind: paper.to_owned(),
            reference: "17/2026".to_owned(),
            issuer: "Motebang".to_owned(),
        }],
        informant: Informant { name: "’Malineo Letsie".to_owned(), relation: "mother".to_owned() },
    }
}

/// A birth in time.
pub(crate) fn birth(given: &str, born: &str, mother: &str) -> Declaration {
    declaration(
        "birth",
        "ordinary",
        "notice-of-birth",
        json!({"given": given, "family": "Letsie", "born": born, "sex": "female", "place": "Hlotse", "district": "leribe"}),
        &[("mother", mother)],
    )
}

/// A death in time.
pub(crate) fn death(died: &str, deceased: &str) -> Declaration {
    declaration(
        "death",
        "ordinary",
        "medical-certificate",
        json!({"given": "Thabo", "family": "Letsie", "died": died, "sex": "male", "district": "leribe", "cause": "A15.0"}),
        &[("deceased", deceased)],
    )
}

/// Which fields a fault names.
pub(crate) fn fields_of(fault: &Fault) -> Vec<&str> {
    fault.fields().iter().map(|field| field.field.as_str()).collect()
}
