//! The bench: a database, a clock to move, the pack's registers, people to put into them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{Acts, Key, Subscriptions};
use registers::{Enrol, Fields, Registers, Stored};
use serde_json::{Value, json};
use spine::{Caller, Cx, Fault, Folding, Migration};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

/// A register of places, with every type of field and nothing personal.
pub(crate) const PLACE: &str = r#"
[register]
id = "place"
owner = "bureau-of-statistics"
name = { en = "Places", st = "Libaka" }
legal_basis = { en = "Statistics Act" }
retention = "P5Y"
key = "code"
title = "{name} ({code})"
list = ["code", "name", "kind"]

[[field]]
id = "code"
name = { en = "Code" }
type = "text"
class = "public"
required = true
pattern = "^[A-Z0-9-]{1,20}$"

[[field]]
id = "name"
name = { en = "Name" }
type = "name"
class = "public"
search = "name"

[[field]]
id = "kind"
name = { en = "Kind" }
type = "choice"
class = "public"
search = "exact"
options = [{ v = "village", en = "Village" }, { v = "town", en = "Town" }]

[[field]]
id = "people"
name = { en = "People" }
type = "integer"
class = "public"
min = 0

[[field]]
id = "budget"
name = { en = "Budget" }
type = "money"
class = "public"

[[field]]
id = "founded"
name = { en = "Founded" }
type = "date"
class = "public"

[[field]]
id = "electric"
name = { en = "Has electricity" }
type = "boolean"
class = "public"

[[field]]
id = "phone"
name = { en = "Office telephone" }
type = "phone"
class = "public"

[[field]]
id = "email"
name = { en = "Office e-mail" }
type = "email"
class = "public"
"#;

pub(crate) fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn folding() -> Folding {
    toml::from_str(&read(&pack().join("names.toml"))).unwrap()
}

/// The pack's declarations, by name of file.
pub(crate) fn declarations() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(pack().join("registers")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path))).collect()
}

pub(crate) fn registers() -> Registers {
    let mut files = declarations();
    files.push(("place.toml".to_owned(), PLACE.to_owned()));
    let registers = Registers::parse(&files, folding());
    registers.unwrap_or_else(|faults| panic!("{faults:#?}")).in_zone(testkit::words(&["edge"]).zone().clone())
}

/// Registers on a fresh database.
pub(crate) struct Bench {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) registers: Registers,
    pub(crate) database: TestDatabase,
}

/// Runs `test` on each database.
pub(crate) fn on_each(test: impl AsyncFn(Bench)) {
    let migrations: Vec<Migration> = journal::MIGRATIONS.iter().chain(registers::MIGRATIONS).copied().collect();
    for database in testkit::databases(&migrations) {
        testkit::block_on(test(bench(database)));
    }
}

pub(crate) fn bench(database: TestDatabase) -> Bench {
    let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::clone(&clock) as _,
        Arc::new(SeededEntropy::default()),
        Arc::new(Everything),
        Subscriptions::default(),
    );
    Bench { acts, clock, registers: registers(), database }
}

impl Bench {
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.acts.write(&Caller::system("test"), &Key::none(), operation).await
    }

    pub(crate) async fn read<T, F>(&self, operation: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.acts.read(&Caller::system("test"), operation).await
    }

    pub(crate) async fn enrol(&self, register: &str, fields: Value) -> Result<Stored, Fault> {
        let (registers, command) = (self.registers.clone(), Enrol::new(register, object(fields)));
        self.write(move |cx| registers::enrol(cx, &registers, &command)).await
    }

    pub(crate) async fn enrol_many(&self, register: &'static str, records: Vec<Fields>) -> usize {
        let registers = self.registers.clone();
        let enrolled =
            self.write(move |cx| registers::enrol_many(cx, &registers, register, records.clone())).await.unwrap();
        enrolled.len()
    }

    /// Everything the journal and the requests hold, as text.
    pub(crate) async fn evidence(&self) -> String {
        self.read(|cx| {
            let acts = cx.tx().query("SELECT record FROM journal_act ORDER BY id", &[])?;
            let requests = cx.tx().query("SELECT outcome FROM journal_request ORDER BY key", &[])?;
            let events = cx.tx().query("SELECT body FROM journal_event ORDER BY id", &[])?;
            let rows = acts.iter().chain(&requests).chain(&events);
            Ok(rows.map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?.join("\n"))
        })
        .await
        .unwrap()
    }
}

pub(crate) fn object(value: Value) -> Fields {
    value.as_object().unwrap().clone()
}

/// A person's identifier made of a number.
pub(crate) fn per(number: usize) -> String {
    format!("per_{number:026}")
}

/// A person with nothing but what is required.
pub(crate) fn person(number: usize, given: &str, family: &str) -> Fields {
    object(json!({
        "national_id": format!("{number:012}"),
        "person": per(number),
        "given": given,
        "family": family,
        "born": "1990-05-17",
        "sex": "female",
    }))
}
