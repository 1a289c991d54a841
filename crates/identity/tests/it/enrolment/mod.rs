//! The national ID through its face: the country's own registers, kinds of events and rules.
//!
//! **Invariant:** the pack's files are read as the program reads them.

mod abis;
mod activating;
mod cards;
mod chiefs;
mod deciding;
mod packets;
mod pages;
mod standing;
mod taking;
mod vids;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use civil::{Civil, Kinds, national_id};
use crypto::jose::DecryptionKey;
use identity::{
    AbisLink, ApplicationId, Beginning, Enrolment, EnrolmentSettings, Examined, Identity, Rules, ToldOfPerson, begin,
    describe, examine, submit,
};
use journal::{Acts, Key, Policies};
use registers::Registers;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Folding, Personal, Secret};

use crate::world::{World, under};

/// What packets are encrypted to in these tests.
pub(crate) fn centre_key() -> Arc<DecryptionKey> {
    let folder = std::env::temp_dir().join(format!("letsema-centre-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    Arc::new(DecryptionKey::in_file(&folder.join("packets.key")).unwrap())
}

/// The secret both sides sign with.
pub(crate) const ABIS_SECRET: &[u8] = b"an ABIS secret of 32 bytes or so";

pub(crate) fn pack(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho").join(path)
}

/// Every register of the country.
pub(crate) fn registers() -> Registers {
    let mut files: Vec<(String, String)> = fs::read_dir(pack("registers"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    let folding: Folding = toml::from_str(&fs::read_to_string(pack("names.toml")).unwrap()).unwrap();
    Registers::parse(&files, folding).unwrap()
}

pub(crate) fn kinds(registers: &Registers) -> Kinds {
    Kinds::parse(&fs::read_to_string(pack("civil.toml")).unwrap(), registers).unwrap()
}

/// The national ID of this country.
pub(crate) fn country(acts: &Acts, identity: &Identity, abis: Option<&str>) -> Enrolment {
    let registers = registers();
    let civil = Civil::new(acts.clone(), registers.clone(), kinds(&registers), vec![identity.consequence()]);
    let rules = Rules::parse(&fs::read_to_string(pack("enrolment.toml")).unwrap()).unwrap();
    let secret = Secret::new(ABIS_SECRET.to_vec());
    let abis = abis.map(|base_url| AbisLink { base_url: base_url.to_owned(), secret });
    Enrolment::new(EnrolmentSettings { identity: identity.clone(), civil, rules, abis, packet_key: Some(centre_key()) })
}

/// The country's own policies.
pub(crate) fn policies() -> Arc<Policies> {
    let mut files: Vec<(String, String)> = fs::read_dir(pack("policies"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    Arc::new(Policies::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap())
}

/// Runs `test` under the country's own policies, on each database.
pub(crate) fn in_the_country(test: impl AsyncFn(World)) {
    under(policies(), test);
}

fn officer(id: &str, role: &str) -> Caller {
    let actor = Actor {
        roles: vec![role.to_owned()],
        institution: Some("ministry-home-affairs".to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, id)
    };
    Caller { actor, ..Caller::system("test") }
}

pub(crate) fn operator() -> Caller {
    officer("off_01jdf2k9q8e9t8xq8m2n4v6wa1", "enrolment-officer")
}

pub(crate) fn supervisor() -> Caller {
    officer("off_01jdf2k9q8e9t8xq8m2n4v6wa2", "enrolment-supervisor")
}

pub(crate) fn card_officer() -> Caller {
    officer("off_01jdf2k9q8e9t8xq8m2n4v6wa3", "card-officer")
}

/// The chief has an account, for operators name her by her user name: the officer of `world.rs`.
pub(crate) fn chief() -> Caller {
    officer(crate::world::OFFICER, "chief")
}

pub(crate) fn person(id: &str) -> Caller {
    let actor = Actor::person(id, Personal::default(), Assurance::Substantial);
    Caller { actor, ..Caller::system("test") }
}

/// Does something as somebody.
pub(crate) async fn act<T: Serialize + DeserializeOwned + Send + 'static>(
    world: &World,
    who: &Caller,
    work: impl Fn(&mut Cx<'_>, &Enrolment) -> Result<T, Fault> + Send + Sync + 'static,
) -> Result<T, Fault> {
    let engine = world.enrolment.clone();
    world.acts.write(who, &Key::none(), move |cx: &mut Cx<'_>| work(cx, &engine)).await
}

pub(crate) fn told(given: &str, family: &str, born: &str) -> ToldOfPerson {
    let told = json!({
        "given": given, "family": family, "born": born, "sex": "female", "district": "thaba-tseka",
        "village": "Ha Mokoto", "phone": "+26658112233", "mother": "’Mamosa Letsie",
    });
    told.as_object().unwrap().clone()
}

pub(crate) async fn with_evidence(world: &World, evidence: &str, paper: &str) -> Result<ApplicationId, Fault> {
    let said = Beginning { evidence: evidence.to_owned(), paper: paper.to_owned(), ..Beginning::default() };
    act(world, &operator(), move |cx, engine| begin(cx, engine, &said)).await
}

pub(crate) async fn write_down(world: &World, id: ApplicationId, told: ToldOfPerson) -> Result<(), Fault> {
    act(world, &operator(), move |cx, engine| describe(cx, engine, id, &told)).await
}

pub(crate) async fn send(world: &World, id: ApplicationId) -> Result<(), Fault> {
    act(world, &operator(), move |cx, engine| submit(cx, engine, id)).await
}

/// An application by passport that waits for a supervisor.
pub(crate) async fn taken(world: &World, told: ToldOfPerson) -> ApplicationId {
    let id = with_evidence(world, "passport", "RC0012345").await.unwrap();
    write_down(world, id, told).await.unwrap();
    send(world, id).await.unwrap();
    id
}

pub(crate) async fn seen(world: &World, id: ApplicationId) -> Examined {
    act(world, &supervisor(), move |cx, _| examine(cx, id)).await.unwrap()
}

/// Somebody in the population without an account, with this serial; and with the entry of her birth if it has a number.
pub(crate) async fn in_population(
    world: &World,
    serial: u64,
    name: (&str, &str),
    born: &str,
    entry: Option<&str>,
) -> String {
    let id = format!("per_01jdf2k9q8e9t8xq8m2n{serial:06}");
    let record = json!({
        "national_id": national_id::of_serial(serial), "person": id, "given": name.0, "family": name.1, "born": born,
        "sex": "female", "district": "leribe", "mother": "’Mamosa Letsie",
    });
    enter(world, "civil-person", record).await;
    if let Some(entry) = entry {
        let record = json!({
            "entry": entry, "person": id, "given": name.0, "family": name.1, "born": born, "sex": "female",
            "mother": "’Mamosa Letsie", "registered_on": "2008-02-01",
        });
        enter(world, "birth", record).await;
    }
    id
}

async fn enter(world: &World, register: &'static str, record: Json) {
    let (all, record) = (registers(), record.as_object().unwrap().clone());
    let enrol = move |cx: &mut Cx<'_>| registers::enrol_many(cx, &all, register, vec![record.clone()]).map(drop);
    world.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
}

/// Which fields a fault names.
pub(crate) fn fields_of(fault: &Fault) -> Vec<String> {
    fault.fields().iter().map(|field| field.field.clone()).collect()
}
