//! `letsema demo`: the whole program with invented people, ready to try, and `demo.json` to find one's way by.
//!
//! **Invariant:** every step may be interrupted: what was written stays, and the next start goes on from there, because
//! each batch has its key.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use identity::{
    AuthMethod, ClientMetadata, GrantType, NewOfficer, NewPerson, enrol_officer, enrol_person, secret_digest,
};
use indicatif::{ProgressBar, ProgressStyle};
use journal::Key;
use messages::ussd::DoorKey;
use payments::sanctions::Sources;
use serde_json::{Map, Value as Json, json};
use spine::{Caller, Cx, Fault, Language, Localised, Personal, Secret};

use crate::beside::{Around, links, said};
use crate::cast::{self, OFFICERS, Secrets};
use crate::command;
use crate::people::{Invented, Inventor};
use crate::program::{Known, Program, Setup};
use crate::serve;
use crate::{acting, billing, enrolling, fees, granting, institutions, reconciling};

/// People in one act.
const BATCH: usize = 500;

/// What to demonstrate.
pub(crate) struct Demo {
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
    pub(crate) population: u32,
    pub(crate) seed: u64,
    pub(crate) database: String,
    pub(crate) people: Option<PathBuf>,
    pub(crate) pack: PathBuf,
    /// Wallets outlive the program, to see what happens when it is killed.
    pub(crate) keep_wallets: bool,
}

/// Runs a demonstration until told to end.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(demo: Demo) -> Result<(), String> {
    fs::create_dir_all(&demo.data).map_err(|error| format!("{}: {error}", demo.data.display()))?;
    let listener = serve::listen(([127, 0, 0, 1], demo.port).into()).await?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let base_url = format!("http://localhost:{port}");
    let secrets = Secrets(demo.seed);
    let (around, ours) = (Around::new(&demo)?, institutions::ours(&demo.pack)?);
    let program = Program::open(Setup {
        data: demo.data.clone(),
        database: Secret::new(demo.database.clone()),
        base_url: base_url.clone(),
        pack: demo.pack.clone(),
        inbox: true,
        outbound: Outbound::new(OutboundLimits::default()),
        carriers: None,
        receipts: None,
        // The phone in the browser is the only one that knows this secret.
        ussd: Some((DoorKey::Signed(Secret::new(crypto::random::<32>().to_vec())), Vec::new())),
        // Whoever shows it behind a proxy on this machine; and tests, whose visitors come from many addresses.
        trusted_proxies: "127.0.0.1".parse().into_iter().collect(),
        switch: Some(Secret::new(secrets.token(switch::HUB))),
        hubs: vec![institutions::membership(&ours, &secrets, port)],
        wallets: links(&around.wallets),
        open_api: Vec::new(),
        banks: vec![(around.bank.beside.id.clone(), around.bank.beside.link())],
        partners: links(&around.partners),
        acquirers: around.acquirers.links(),
        lists: Sources { all: Vec::new(), outbound: Outbound::new(OutboundLimits::default()) },
        abis: Some(around.abis.link()),
        clients: clients(&secrets),
        witnesses: Vec::new(),
    })
    .await?;
    let cast = populate(&program, &demo).await?;
    let people = enrol_cast(&program, &secrets, &cast).await.map_err(|fault| told("the people", &fault))?;
    let officers = enrol_officers(&program, &secrets).await.map_err(|fault| told("the officers", &fault))?;
    let acting = acting::arrange(&program, &cast, &demo.data).await.map_err(|fault| told("the mandates", &fault))?;
    let enrolment =
        enrolling::arrange(&program, &cast, &demo.data).await.map_err(|fault| told("the enrolment", &fault))?;
    let grants = granting::arrange(&program, &cast).await.map_err(|fault| told("the grants", &fault))?;
    let bills = billing::arrange(&program, &cast).await.map_err(|fault| told("the bills", &fault))?;
    let fees = fees::arrange(&program, &bills).await.map_err(|fault| told("the fees", &fault))?;
    let zone = program.country.words.zone().iana_name().unwrap_or("UTC").to_owned();
    let children = around.start(port, &zone, demo.keep_wallets)?;
    let file = demo.data.join("demo.json");
    let written = json!({
        "base_url": base_url,
        "inbox_url": format!("{base_url}/inbox"),
        "inbox_api": format!("{base_url}/api/inbox"),
        "ussd_url": format!("{base_url}/ussd"),
        "log": { "url": format!("{base_url}/log"), "key": program.log_key },
        "people": people,
        "officers": officers,
        "clients": cast::clients(&secrets),
        "acting": acting,
        "enrolment": enrolment,
        "bills": bills,
        "grants": grants,
        "fees": fees,
        "verifiers": cast::verifiers(&secrets),
        "managers": cast::managers(&secrets),
        "sources": cast::sources(&secrets),
        "switch": cast::switch(&base_url, &secrets),
        "bank": around.bank.said(),
        "acquirers": around.acquirers.said(),
        "partners": said(&around.partners),
        "wallets": said(&around.wallets),
    });
    let text = serde_json::to_string_pretty(&written).unwrap_or_default();
    fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    introduce(&base_url, &people, &officers, (&fees, &file));
    program.work();
    reconciling::begin(&program, &base_url, &around.bank.beside).await.map_err(|fault| told("the levy", &fault))?;
    fees::pay(&program, &base_url).await.map_err(|fault| told("the fees", &fault))?;
    granting::release(&program, &grants).await.map_err(|fault| told("the grants", &fault))?;
    institutions::play(&program, &secrets, &around.wallets, port, (&ours, &bills)).await?;
    let ended = serve::serve(listener, program.router.clone()).await;
    drop(children);
    ended
}

fn told(what: &str, fault: &Fault) -> String {
    let cause = fault.cause().map_or_else(String::new, |cause| format!(" ({cause})"));
    format!("{what} could not be written: {}{cause}", fault.code())
}

fn clients(secrets: &Secrets) -> Vec<ClientMetadata> {
    cast::clients(secrets)
        .into_iter()
        .map(|part| ClientMetadata {
            client_id: part.id.to_owned(),
            client_name: Localised::from([("en", "Demonstration bank"), ("st", "Banka ea pontšo")]),
            token_endpoint_auth_method: match part.secret {
                Some(_) => AuthMethod::ClientSecretBasic,
                None => AuthMethod::None,
            },
            client_secret_digest: part.secret.map(|secret| secret_digest(&Secret::new(secret))),
            redirect_uris: part.redirect_uris,
            scope: "profile phone act".to_owned(),
            ..ClientMetadata::default()
        })
        .chain(cast::verifiers(secrets).into_iter().map(|part| by_itself(part, "verification")))
        .chain(cast::managers(secrets).into_iter().map(|part| by_itself(part, "clients.manage")))
        .chain(cast::sources(secrets).into_iter().map(|part| by_itself(part, "grants")))
        .collect()
}

/// A program that asks for itself and lets nobody sign in.
fn by_itself(part: cast::ClientPart, scope: &str) -> ClientMetadata {
    ClientMetadata {
        client_id: part.id.to_owned(),
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        client_secret_digest: part.secret.map(|secret| secret_digest(&Secret::new(secret))),
        grant_types: vec![GrantType::ClientCredentials],
        scope: scope.to_owned(),
        ..ClientMetadata::default()
    }
}

/// Somebody in the cast, once enrolled.
pub(crate) struct Enrolled {
    pub(crate) id: String,
    pub(crate) person: Map<String, Json>,
    pub(crate) part: cast::Part,
    /// The entry of her birth, if it was registered.
    pub(crate) entry: Option<String>,
}

/// Writes the people, in batches, with a progress bar. Answers the cast.
async fn populate(program: &Program, demo: &Demo) -> Result<Vec<Enrolled>, String> {
    let today = program.acts.now().date_in(program.country.words.zone());
    let parts = cast::people();
    let mut inventor = Inventor::new(&program.country, demo.seed, today);
    let cast: Vec<Invented> = (0..).zip(&parts).map(|(place, part)| inventor.somebody(place, part.wanted)).collect();
    let entry = |one: &Invented| one.birth.as_ref()?.get("entry")?.as_str().map(str::to_owned);
    let entries: Vec<Option<String>> = cast.iter().map(entry).collect();
    let persons: Vec<Map<String, Json>> = cast.iter().map(|one| one.person.clone()).collect();
    let key = format!("{}/cast", demo.seed);
    let ids = enrol(program, &key, cast).await.map_err(|fault| told("the cast", &fault))?;
    let others = match &demo.people {
        Some(file) => import(program, file).await?,
        None => invent(program, demo, &mut inventor, parts.len() as u64).await?,
    };
    command::say(&format!("{} people", others + ids.len()));
    let enrolled = ids.into_iter().zip(persons).zip(parts).zip(entries);
    Ok(enrolled.map(|(((id, person), part), entry)| Enrolled { id, person, part, entry }).collect())
}

fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message("people");
    bar
}

async fn invent(program: &Program, demo: &Demo, inventor: &mut Inventor<'_>, first: u64) -> Result<usize, String> {
    let whole = u64::from(demo.population).max(first);
    let bar = progress(whole - first);
    let mut place = first;
    while place < whole {
        let end = whole.min(place + BATCH as u64);
        let batch: Vec<Invented> = (place..end).map(|place| inventor.anybody(place)).collect();
        let key = format!("{}/{place}-{end}", demo.seed);
        enrol(program, &key, batch).await.map_err(|fault| told("the people", &fault))?;
        bar.inc(end - place);
        place = end;
    }
    bar.finish_and_clear();
    Ok(usize::try_from(whole - first).unwrap_or(0))
}

/// An operator's own export: CSV with the register's field names in its first line. Lines that are wrong are told and
/// left out; the others are written.
async fn import(program: &Program, file: &Path) -> Result<usize, String> {
    let shown = file.display();
    let mut reader = csv::Reader::from_path(file).map_err(|error| format!("{shown}: {error}"))?;
    let heads = reader.headers().map_err(|error| format!("{shown}: {error}"))?.clone();
    let (mut batch, mut written, mut number) = (Vec::new(), 0, 0_usize);
    let mut lines = reader.records();
    loop {
        let line = lines.next();
        let last = line.is_none();
        if let Some(line) = line {
            number += 1;
            match line {
                Ok(line) => {
                    let fields = heads.iter().zip(line.iter()).filter(|(_, value)| !value.trim().is_empty());
                    let person: Map<String, Json> =
                        fields.map(|(field, value)| (field.trim().to_owned(), json!(value.trim()))).collect();
                    batch.push((number, person));
                }
                Err(error) => command::failed_line(&format!("{shown}: line {}: {error}", number + 1)),
            }
        }
        if batch.len() >= BATCH || (last && !batch.is_empty()) {
            written += write_lines(program, &shown.to_string(), std::mem::take(&mut batch)).await;
        }
        if last {
            return Ok(written);
        }
    }
}

/// Writes a batch; if one of it is wrong, each by itself, so that one bad line loses nothing else.
async fn write_lines(program: &Program, file: &str, batch: Vec<(usize, Map<String, Json>)>) -> usize {
    let bare =
        |person: &Map<String, Json>| Invented { person: person.clone(), birth: None, passport: None, licence: None };
    let first = batch.first().map_or(0, |(number, _)| *number);
    let all: Vec<Invented> = batch.iter().map(|(_, person)| bare(person)).collect();
    if let Ok(ids) = enrol(program, &format!("{file}/{first}+{}", all.len()), all).await {
        return ids.len();
    }
    let mut written = 0;
    for (number, person) in &batch {
        match enrol(program, &format!("{file}/{number}"), vec![bare(person)]).await {
            Ok(_) => written += 1,
            Err(fault) => {
                let fields: Vec<&str> = fault.fields().iter().map(|field| field.field.as_str()).collect();
                command::failed_line(&format!("{file}: line {}: {} {}", number + 1, fault.code(), fields.join(" ")));
            }
        }
    }
    written
}

/// Writes people and what registers hold of them, as one act. The same key again answers the first outcome.
async fn enrol(program: &Program, key: &str, batch: Vec<Invented>) -> Result<Vec<String>, Fault> {
    let known = Arc::clone(&program.country);
    let batch = Arc::new(batch);
    let key = Key::new("demo.people", key, b"");
    program.acts.write(&Caller::system("demo"), &key, move |cx| enrol_batch(cx, &known, &batch)).await
}

fn enrol_batch(cx: &mut Cx<'_>, known: &Known, batch: &[Invented]) -> Result<Vec<String>, Fault> {
    let persons = batch.iter().map(|one| one.person.clone()).collect();
    let ids = civil::enrol(cx, &known.population, persons)?;
    type Held = fn(&Invented) -> Option<&Map<String, Json>>;
    let held: [(&str, Held); 3] = [
        ("birth", |one| one.birth.as_ref()),
        ("passport", |one| one.passport.as_ref()),
        ("driver-licence", |one| one.licence.as_ref()),
    ];
    for (register, pick) in held {
        let records: Vec<Map<String, Json>> = batch
            .iter()
            .zip(&ids)
            .filter_map(|(one, id)| {
                let mut record = pick(one)?.clone();
                record.insert("person".to_owned(), json!(id));
                Some(record)
            })
            .collect();
        if !records.is_empty() {
            registers::enrol_many(cx, &known.registers, register, records)?;
        }
    }
    Ok(ids)
}

/// Gives the cast their digital identities.
async fn enrol_cast(program: &Program, secrets: &Secrets, cast: &[Enrolled]) -> Result<Vec<Json>, Fault> {
    let mut entries = Vec::new();
    for one in cast.iter().filter(|one| one.part.signs_in) {
        let text = |field: &str| one.person.get(field).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (number, name) = (text("national_id"), format!("{} {}", text("given"), text("family")));
        let pin = secrets.pin(&number);
        let shown = civil::national_id::shown(&number);
        entries.push(cast::person_entry(&shown, &pin, &name, &text("phone"), one.part.role, &one.id));
        let key = Key::new("demo.person", &one.id, b"");
        if already(program, &one.id).await? {
            continue;
        }
        let pin_hash = program.identity.hash_secret(&Secret::new(pin)).await?;
        let (id, phone) = (one.id.clone(), text("phone"));
        let enrol = move |cx: &mut Cx<'_>| {
            let person = NewPerson {
                id: id.clone(),
                login: Personal::new(number.clone()),
                name: Personal::new(name.clone()),
                phone: Some(Personal::new(phone.clone())),
                email: None,
                language: Language::new("en-LS"),
                pin_hash: pin_hash.clone(),
            };
            enrol_person(cx, &person)
        };
        program.acts.write(&Caller::system("demo"), &key, enrol).await?;
    }
    Ok(entries)
}

/// Whether an account was made by an earlier start: hashing is slow, so it is not done again for nothing.
async fn already(program: &Program, account: &str) -> Result<bool, Fault> {
    let id = account.to_owned();
    let look = move |cx: &mut Cx<'_>| Ok(!journal::acts_on(cx, &id, None, 1)?.is_empty());
    program.acts.read(&Caller::system("demo"), look).await
}

async fn enrol_officers(program: &Program, secrets: &Secrets) -> Result<Vec<Json>, Fault> {
    let mut entries = Vec::new();
    for part in OFFICERS {
        let (password, totp) = (secrets.password(part.login), secrets.totp(part.login));
        entries.push(json!({
            "login": part.login, "password": password, "totp": crypto::base32(&totp), "name": part.name,
            "roles": part.roles, "institution": part.institution,
        }));
        let id = officer_id(part.login);
        if already(program, &id).await? {
            continue;
        }
        let password_hash = program.identity.hash_secret(&Secret::new(password)).await?;
        let totp_sealed = program.identity.seal_totp(&id, &Secret::new(totp))?;
        let key = Key::new("demo.officer", &id, b"");
        let enrol = move |cx: &mut Cx<'_>| {
            let officer = NewOfficer {
                id: id.clone(),
                login: Personal::new(part.login.to_owned()),
                name: Personal::new(part.name.to_owned()),
                phone: None,
                email: None,
                language: Language::new("en-LS"),
                password_hash: password_hash.clone(),
                totp_sealed: totp_sealed.clone(),
                roles: part.roles.iter().map(|role| (*role).to_owned()).collect(),
                institution: part.institution.to_owned(),
            };
            enrol_officer(cx, &officer)
        };
        program.acts.write(&Caller::system("demo"), &key, enrol).await?;
    }
    Ok(entries)
}

/// An officer's identifier that is the same at every start.
pub(crate) fn officer_id(login: &str) -> String {
    let hash = crypto::sha256(&[b"letsema/demo/officer:", login.as_bytes()]);
    let bytes: Vec<u8> = hash.into_iter().take(16).collect();
    format!("off_{}", crypto::hex(&bytes))
}

/// Where to see what.
const TOUR: &str = "
  Where to look
    /services                 apply, pay, follow, and get a document that anybody can check at /verify
    /my/looks                 who looked at my data; /my/family my family; /my/life proof of life
    /my/number                my number, and numbers I give out in its stead; /account/factors to lock a way of signing in
    /enrolment                itumeleng.sello takes applications (the birth entry and the chief’s word are in demo.json),
                              retselisitsoe.tau judges and decides, moleboheng.khasu prints cards at /enrolment/cards;
                              letsema packet make|send with the files in demo.json's enrolment.field, without a network;
                              /activate opens the account; /introductions for thabo.mopeli; /card asks if a card is good
    /acting                   act for another: the first person for her child, the fifth for the sixth (a carer), the
                              third for a co-operative; limpho.ntsane and teboho.mohale register mandates
    /devices                  an organisation's devices: the third person, acting for the co-operative; or limpho.ntsane
    /account                  sessions, passkeys, programs I let see my data
    /account/sign-in          how I sign in: printed codes, an authenticator app, the second step I choose
    /recover                  back in after a lost PIN, by printed code; /recovery: two identity officers let somebody back
                              in (here it waits a minute, in the pack a day)
    /ussd                     a phone without internet: fetch a code, answer a bank, prove life, change the PIN
    /civil                    births, deaths, marriages: neo.tlali enters what lerato.molapo took down;
                              mpho.sekhonyana (a nurse) and thabo.mopeli (a chief) give notice and attest life
    /grants                   a pension run: nthabiseng.letsie prepares, tseliso.mohapi approves the one that waits;
                              the pensioner’s payment came back: she chooses another account at /my/grants, or cash,
                              which puleng.makoae pays out at /post-office
    /treasury                 mosa.phafoli reconciles today: a charge nobody knows of, money that names nothing, and a
                              line that is late until POST BANK/end-of-day (the bank is in demo.json)
    /switch                   tumelo.khabo closes the window and settles the day of a bank, two wallets and the government to
                              the lisente, with its files (CSV, pacs.009, camt.053); a customer of a wallet has paid a fee
                              of a market through it (demo.json's bills), which mosa.phafoli sees in /treasury
    /screening                a payment from abroad that a rule has stopped: mosa.phafoli and mamello.phooko must decide alike;
                              lists of names at /screening/lists: one brings docs/guides/sanctions-un.xml, the other decides
    /cash                     puleng.makoae takes cash for a bill's number, up to what the post office has paid in
    /agents                   lebohang.sefali runs two agents; one has no float left; mamello.ntho is her clerk, at /agent
    /funds                    what is levied for universal service and spent on it; a payment waits for sello.phafane
    /sandbox                  for who writes programs: a key at once, and numbers that make the wallets misbehave
    /association              a burial society of the second, third and fourth person: a change of its rule waits
    /statistics/vital         vital statistics for everybody
    /api/verification/checks  banks and payrolls ask, as the verifiers in demo.json";

fn introduce(base_url: &str, people: &[Json], officers: &[Json], (fees, file): (&Json, &Path)) {
    let text = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut lines =
        vec![format!("\n  Letsema is at {base_url}\n  Messages go to {base_url}/inbox\n\n  People (ID number, PIN)")];
    for person in people {
        lines.push(format!(
            "    {}  {}  {:<28} {}",
            text(person, "id_number"),
            text(person, "pin"),
            text(person, "name"),
            text(person, "role")
        ));
    }
    lines.push("\n  Officers (user name, password; the authenticator's secret is in demo.json)".to_owned());
    for officer in officers {
        let roles = officer.get("roles").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        lines.push(format!(
            "    {:<18} {}  {}",
            text(officer, "login"),
            text(officer, "password"),
            roles.collect::<Vec<_>>().join(", ")
        ));
    }
    lines.push(TOUR.to_owned());
    lines.extend(fees::tour(fees));
    lines.push(format!("\n  For programs: {}\n  End with Ctrl-C.\n", file.display()));
    command::say(&lines.join("\n"));
}
