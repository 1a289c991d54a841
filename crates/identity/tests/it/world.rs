//! A small country: Lineo with a phone, officer Mokoena with an authenticator, a bank, a shop and an app.
//!
//! **Invariant:** made anew for each test and each database.

use std::sync::{Arc, Mutex};

use crate::browser::Browser;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use civil::Population;
use crypto::{Algorithm, Hasher, SealKey, SigningKey};
use edge::{Limits, Outbound, OutboundLimits, Site, SiteSettings, Visit, frame};
use identity::{
    AssuranceRules, AuthMethod, ClientMetadata, Enrolment, EvidenceKind, GrantType, Identity, IdentitySettings,
    NewOfficer, NewPerson, RecoveryRules, SignInRules, TrustFramework, UssdRules, enrol_officer, enrol_person,
    recognise, secret_digest,
};
use journal::{Acts, Key, Subscriptions, Workers};
use messages::{Carrier, Carrying, Messages, Outgoing};
use registers::Registers;
use spine::{Authority, Caller, Folding, Language, Localised, Migration, Personal, Secret};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};

pub(crate) const BASE: &str = "http://localhost:8080";
pub(crate) const LINEO: &str = "per_01jdf2k9q8e9t8xq8m2n4v6w7z";
pub(crate) const LINEO_NUMBER: &str = "0123456789";
pub(crate) const LINEO_PIN: &str = "471183";
pub(crate) const LINEO_PHONE: &str = "+26658001234";
pub(crate) const LINEO_NAME: &str = "Lineo Mokhethi";
pub(crate) const OFFICER: &str = "off_01jdf2k9q8e9t8xq8m2n4v6w80";
pub(crate) const OFFICER_NAME: &str = "m.mokoena";
pub(crate) const OFFICER_PASSWORD: &str = "a long password of four words";
/// A program that hears of the end of sessions, at a port of these tests' own.
pub(crate) const HEARS: &str = "hears";
pub(crate) const HEARS_PORT: u16 = 18_573;
pub(crate) const BANK_SECRET: &str = "bank:secret+of=32 bytes%or so";

/// Carries codes to the test.
#[derive(Default)]
pub(crate) struct Pigeon(Mutex<Vec<String>>);

impl Carrier for Pigeon {
    fn carry<'a>(&'a self, message: &'a Outgoing) -> Carrying<'a> {
        self.0.lock().unwrap().push(message.sms.text());
        Box::pin(std::future::ready(Ok("pigeon".to_owned())))
    }
}

pub(crate) struct World {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) identity: Identity,
    pub(crate) enrolment: Enrolment,
    pub(crate) app: Router,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) site: Site,
    messages: Messages,
    workers: Workers,
    pigeon: Arc<Pigeon>,
    _database: TestDatabase,
}

/// Runs `test` in a fresh country on each database.
pub(crate) fn on_each(test: impl AsyncFn(World)) {
    under(Arc::new(Everything), test);
}

/// The same under another authority.
pub(crate) fn under(authority: Arc<dyn Authority>, test: impl AsyncFn(World)) {
    for database in testkit::databases(&migrations()) {
        let authority = Arc::clone(&authority);
        testkit::block_on(async { test(World::new(database, authority, None).await).await });
    }
}

/// The tables of every engine these tests know.
pub(crate) fn migrations() -> Vec<Migration> {
    let engines =
        [journal::MIGRATIONS, messages::MIGRATIONS, registers::MIGRATIONS, civil::MIGRATIONS, identity::MIGRATIONS];
    engines.into_iter().flatten().copied().collect()
}

fn client(id: &str, secret: Option<&str>, redirect: &str, scope: &str) -> ClientMetadata {
    ClientMetadata {
        client_id: id.to_owned(),
        client_name: Localised::from([("en", "The Bank"), ("st", "Banka")]),
        token_endpoint_auth_method: match secret {
            Some(_) => AuthMethod::ClientSecretBasic,
            None => AuthMethod::None,
        },
        client_secret_digest: secret.map(|secret| secret_digest(&Secret::new(secret.to_owned()))),
        redirect_uris: vec![redirect.to_owned()],
        post_logout_redirect_uris: vec![redirect.replace("/cb", "/bye")],
        scope: scope.to_owned(),
        ..ClientMetadata::default()
    }
}

pub(crate) fn clients() -> Vec<ClientMetadata> {
    let mut all = vec![
        client("bank", Some(BANK_SECRET), "https://bank.example/cb", "profile phone"),
        client("bank-cards", None, "https://bank.example/cb", "profile"),
        client("shop", Some("another secret, also long"), "https://shop.example/cb?shop=1", "profile"),
        client("app", None, "ls.example.app:/cb", ""),
    ];
    all.push(ClientMetadata {
        backchannel_logout_uri: Some(format!("http://127.0.0.1:{HEARS_PORT}/logout")),
        ..client(HEARS, Some(BANK_SECRET), "https://hears.example/cb", "profile")
    });
    // As the suite's own client: every scope, refresh tokens, and no code challenge.
    all.push(ClientMetadata {
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode],
        pkce_optional: true,
        claims: "name individual_id".to_owned(),
        ..client("suite", Some(BANK_SECRET), "https://suite.example/cb", "profile email phone address offline_access")
    });
    all.extend(crate::regulated::clients());
    all.extend(crate::verifying::clients());
    all.extend(crate::conformance::rfc8693_act::clients());
    all.extend(crate::things::clients());
    all
}

pub(crate) fn settings(acts: &Acts, messages: &Messages, key: &Arc<SigningKey>) -> IdentitySettings {
    IdentitySettings {
        acts: acts.clone(),
        hasher: Hasher::new(Secret::new([4; 32]), 2).unwrap(),
        seal_key: Arc::new(SealKey::new(&Secret::new([5; 32])).unwrap()),
        signing_key: Arc::clone(key),
        retired_keys: Vec::new(),
        secret: Secret::new([6; 32]),
        base_url: BASE.to_owned(),
        site_name: "Letsema".to_owned(),
        clients: clients(),
        messages: messages.clone(),
        other_signing_keys: vec![crate::regulated::rsa_key()],
        population: Some(Population::new(people())),
        trust: Some(trust()),
        licences: crate::verifying::licences(),
        mandates: crate::acting::mandates(),
        devices: toml::from_str(include_str!("../../../../packs/lesotho/devices.toml")).unwrap(),
        outbound: Outbound::new(OutboundLimits::default()),
        rules: rules(),
    }
}

/// The register of people, empty at first.
pub(crate) fn people() -> Registers {
    let text = include_str!("../../../../packs/lesotho/registers/civil-person.toml");
    Registers::parse(&[("civil-person".to_owned(), text.to_owned())], Folding::default()).unwrap()
}

/// What this small country decides about signing in.
fn rules() -> SignInRules {
    let kind = |id: &str| EvidenceKind { id: id.to_owned(), name: Localised::from([("en", id), ("st", id)]) };
    SignInRules {
        ussd: Some(UssdRules { service_code: "*123#".to_owned() }),
        assurance: AssuranceRules {
            enrolled: [("chief".to_owned(), "substantial".to_owned())].into(),
            ..AssuranceRules::default()
        },
        recovery: RecoveryRules {
            evidence: ["card", "likeness", "introducer"].map(kind).into(),
            ..RecoveryRules::default()
        },
        ..SignInRules::default()
    }
}

/// How this small country says that it knows people.
fn trust() -> TrustFramework {
    TrustFramework {
        name: "xx_national_id".to_owned(),
        assurance_level: "high".to_owned(),
        record_type: "population_register".to_owned(),
        source_name: "The civil registry".to_owned(),
        country_code: "XXX".to_owned(),
    }
}

impl World {
    /// A country; with an ABIS at this address if there is one.
    pub(crate) async fn new(database: TestDatabase, authority: Arc<dyn Authority>, abis: Option<&str>) -> Self {
        let clock = Arc::new(TestClock::at("2026-11-24T08:00:00Z"));
        let entropy = Arc::new(SeededEntropy::default());
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::clone(&entropy) as _,
            authority,
            Subscriptions::default(),
        );
        let words =
            ["edge", "messages", "identity", "enrolment", "sign-in", "mandates", "devices", "civil", "registers"];
        let words = Arc::new(testkit::words(&words));
        let pigeon = Arc::new(Pigeon::default());
        let messages = Messages::new(Arc::clone(&words)).carried_by(Arc::clone(&pigeon) as _);
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let identity = Identity::new(settings(&acts, &messages, &key)).unwrap();
        let enrolment = crate::enrolment::country(&acts, &identity, abis);
        let workers = enrolment.handlers(identity.handlers(messages.handlers(&acts, Workers::default())));
        let mut site =
            SiteSettings::new(Arc::clone(&words), BASE, Secret::new([9; 32]), Arc::clone(&clock) as _, entropy);
        site.sign_in_path = "/sign-in".to_owned();
        site.sign_out_path = "/sign-out".to_owned();
        // Requests of these tests come from no address; whoever ends TLS for them is trusted.
        site.trusted_proxies = vec!["0.0.0.0".parse().unwrap()];
        let site = Site::new(site);
        let router = Router::new()
            .route("/me", get(me))
            .route("/api/me", get(crate::things::me))
            .merge(identity.routes())
            .merge(crate::ussd::door(&acts, &words, &identity).routes())
            .merge(enrolment.routes())
            .layer(from_fn_with_state(identity.clone(), recognise));
        let app = frame(router, &site, Limits::default());
        let world =
            Self { acts, clock, identity, enrolment, app, key, site, messages, workers, pigeon, _database: database };
        world.enrol().await;
        world
    }

    /// What another instance on the same database is made of.
    pub(crate) fn settings(&self) -> IdentitySettings {
        settings(&self.acts, &self.messages, &self.key)
    }

    async fn enrol(&self) {
        let pin_hash = self.identity.hash_secret(&Secret::new(LINEO_PIN.to_owned())).await.unwrap();
        let password_hash = self.identity.hash_secret(&Secret::new(OFFICER_PASSWORD.to_owned())).await.unwrap();
        let lineo = NewPerson {
            id: LINEO.to_owned(),
            login: Personal::new("012 345 6789".to_owned()),
            name: Personal::new(LINEO_NAME.to_owned()),
            phone: Some(Personal::new(LINEO_PHONE.to_owned())),
            email: None,
            language: Language::new("en-LS"),
            pin_hash,
        };
        let officer = NewOfficer {
            id: OFFICER.to_owned(),
            login: Personal::new("M.Mokoena".to_owned()),
            name: Personal::new("Mpho Mokoena".to_owned()),
            phone: None,
            email: None,
            language: Language::new("en-LS"),
            password_hash,
            totp_sealed: self.identity.seal_totp(OFFICER, &totp_secret()).unwrap(),
            roles: vec!["passport-officer".to_owned()],
            institution: "home-affairs".to_owned(),
        };
        let enrol = move |cx: &mut spine::Cx<'_>| {
            enrol_person(cx, &lineo)?;
            enrol_officer(cx, &officer)
        };
        self.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
    }

    /// The register knows Lineo too, as the civil registry does.
    pub(crate) async fn register_lineo(&self) {
        let record = serde_json::json!({
            "national_id": LINEO_NUMBER, "person": LINEO, "given": "Lineo", "family": "Mokhethi", "born": "1992-03-14",
            "sex": "female", "district": "leribe", "nationality": "LSO", "phone": LINEO_PHONE,
        });
        let (people, record) = (people(), record.as_object().unwrap().clone());
        let enrol = move |cx: &mut spine::Cx<'_>| {
            registers::enrol_many(cx, &people, civil::REGISTER, vec![record.clone()]).map(drop)
        };
        self.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
    }

    /// Runs every job that waits.
    pub(crate) async fn drain(&self) {
        self.workers.drain(&self.acts).await.unwrap();
    }

    /// The code of the last message.
    pub(crate) async fn code(&self) -> String {
        self.workers.drain(&self.acts).await.unwrap();
        // Several messages may come of one deed, in whichever order the workers took them.
        let told = self.pigeon.0.lock().unwrap().clone();
        let first = told.iter().rev().map(|text| text.split(' ').next().unwrap_or_default());
        let code = |word: &&str| word.len() == 6 && word.bytes().all(|digit| digit.is_ascii_digit());
        first.into_iter().find(code).unwrap_or_default().to_owned()
    }

    /// The last message.
    pub(crate) async fn told(&self) -> String {
        self.drain().await;
        self.pigeon.0.lock().unwrap().last().cloned().unwrap_or_default()
    }

    /// A browser in which this officer has signed in.
    pub(crate) async fn as_officer(&self, caller: &Caller) -> Browser {
        let (actor, identity) = (&caller.actor, &self.identity);
        let login: String = actor.id.chars().rev().take(4).collect();
        let officer = NewOfficer {
            id: actor.id.clone(),
            login: Personal::new(login.clone()),
            name: Personal::new(format!("Officer {login}")),
            phone: None,
            email: None,
            language: Language::new("en-LS"),
            password_hash: identity.hash_secret(&Secret::new(OFFICER_PASSWORD.to_owned())).await.unwrap(),
            totp_sealed: identity.seal_totp(&actor.id, &totp_secret()).unwrap(),
            roles: actor.roles.clone(),
            institution: actor.institution.clone().unwrap(),
        };
        let enrol = move |cx: &mut spine::Cx<'_>| enrol_officer(cx, &officer);
        self.acts.write(&Caller::system("test"), &Key::none(), enrol).await.unwrap();
        let mut browser = Browser::new(self);
        browser.open("/sign-in?next=/me").await;
        browser.name("officer", &login).await;
        browser.secret(OFFICER_PASSWORD).await;
        let page = browser.code(&self.totp()).await;
        assert!(page.body.starts_with("Officer"), "{}", page.status);
        browser
    }

    /// Everything that was told.
    pub(crate) fn all_told(&self) -> Vec<String> {
        self.pigeon.0.lock().unwrap().clone()
    }

    /// How many codes to sign in were sent.
    pub(crate) fn codes_sent(&self) -> usize {
        self.all_told().iter().filter(|text| text.contains("is your code to sign in")).count()
    }

    pub(crate) fn messages_sent(&self) -> usize {
        self.pigeon.0.lock().unwrap().len()
    }

    /// Every act: its kind and its record.
    pub(crate) async fn acts_done(&self) -> Vec<(String, String)> {
        self.rows("SELECT kind, record FROM journal_act ORDER BY id").await
    }

    /// How often an act of this kind stands in the journal.
    pub(crate) async fn count(&self, kind: &str) -> usize {
        self.acts_done().await.iter().filter(|(own, _)| own == kind).count()
    }

    /// Two columns of text.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<(String, String)> {
        let read: spine::Work = Box::new(move |tx| {
            let rows = tx.query(sql, &[])?;
            let pairs: Result<Vec<(String, String)>, spine::TxError> =
                rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect();
            Ok(Box::new(pairs?))
        });
        *self.acts.database().read(read).await.unwrap().downcast().unwrap()
    }

    pub(crate) fn totp(&self) -> String {
        crypto::totp_code(&totp_secret(), self.acts.now())
    }
}

pub(crate) fn totp_secret() -> Secret<Vec<u8>> {
    Secret::new(b"12345678901234567890".to_vec())
}

async fn me(visit: Visit) -> String {
    let actor = visit.actor();
    let acting = if actor.principal() == actor.id { String::new() } else { format!(" for {}", actor.principal()) };
    format!("{:?} {} {:?} {}{acting}", actor.kind, actor.id, actor.assurance, actor.roles.join(","))
}
