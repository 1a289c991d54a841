//! Everything wired together: one database, the engines, the site.
//!
//! **Invariant:** engines meet here and nowhere else; what each needs is given to it, nothing is looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use civil::Civil;
use crypto::{Hasher, SealKey, SystemEntropy};
use edge::{Limits, Network, Outbound, Site, SiteSettings, Visit, frame};
use grants::Grants;
use identity::{
    ClientMetadata, Enrolment, EnrolmentSettings, Identity, IdentitySettings, RecoveryRules, SignInRules, recognise,
};
use jiff::tz::TimeZone;
use journal::log::{Sequencer, Witness};
use journal::{Acts, Policies, Subscriptions, Workers, log};
use messages::ussd::{Dialled, Door, DoorKey, DoorSettings};
use messages::{Carriers, Messages};
use payments::billers;
use payments::cards::{AcquirerLink, Acquirers};
use payments::disputes::Recourse;
use payments::hubs::Hubs;
use payments::merchants::Counter;
use payments::remittance::Corridors;
use payments::sanctions::Sources;
use payments::{Banks, Gateway, OpenApiLink, WalletLink, Wallets};
use portal::{BillMenu, Portal};
use services::{Services, ServicesSettings};
use spine::{Caller, Clock, Language, Localised, Migration, Secret, Words};
use store::{Store, StoreConfig};

use crate::clock::SystemClock;
use crate::country::{Country, IdentityPart, Rails};
use crate::hub::{self, HubPart};
use crate::keys::Keys;
use crate::paying::{self, Around};

/// PINs and passwords hashed at the same time: each takes 19 MiB.
const HASHES_AT_ONCE: usize = 2;

/// How the program is to run.
pub(crate) struct Setup {
    /// Where keys lie, and the embedded database.
    pub(crate) data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`, with its password if it has one.
    pub(crate) database: Secret<String>,
    /// Scheme, host and port.
    pub(crate) base_url: String,
    /// The country's pack.
    pub(crate) pack: PathBuf,
    /// Nothing is real: the development inbox is open, and every page says so.
    pub(crate) inbox: bool,
    /// Calls wallets and witnesses.
    pub(crate) outbound: Outbound,
    /// Who carries messages; the development inbox if nobody.
    pub(crate) carriers: Option<Carriers>,
    /// The secret with which an SMS gateway signs its receipts.
    pub(crate) receipts: Option<Secret<Vec<u8>>>,
    /// The aggregator through which people dial: how it proves itself, and from where it asks.
    pub(crate) ussd: Option<(DoorKey, Vec<Network>)>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// The token of whoever runs the switch; none if there is no switch.
    pub(crate) switch: Option<Secret<String>>,
    /// Each hub that we are a member of: where it is, our token, and whose signatures we know.
    pub(crate) hubs: Vec<(String, HubPart)>,
    /// Each wallet's address and secret.
    pub(crate) wallets: Vec<(String, WalletLink)>,
    /// The wallets that are reached by M-Pesa's OpenAPI.
    pub(crate) open_api: Vec<(String, OpenApiLink)>,
    /// Our bank's address and secret.
    pub(crate) banks: Vec<(String, WalletLink)>,
    /// The addresses and secrets of partners who collect money abroad.
    pub(crate) partners: Vec<(String, WalletLink)>,
    /// Where card acquirers are, and how they sign.
    pub(crate) acquirers: Vec<(String, AcquirerLink)>,
    /// Where published lists of names are fetched.
    pub(crate) lists: Sources,
    /// The ABIS, if one is connected.
    pub(crate) abis: Option<identity::AbisLink>,
    /// Programs that let people sign in here.
    pub(crate) clients: Vec<ClientMetadata>,
    /// Who watches the log.
    pub(crate) witnesses: Vec<Witness>,
}

/// The program.
pub(crate) struct Program {
    pub(crate) acts: Acts,
    pub(crate) country: Arc<Known>,
    pub(crate) identity: Identity,
    pub(crate) civil: Civil,
    pub(crate) enrolment: Enrolment,
    pub(crate) grants: Grants,
    pub(crate) gateway: Gateway,
    pub(crate) router: Router,
    pub(crate) hub: hub::Beside,
    pub(crate) workers: Workers,
    pub(crate) sequencer: Sequencer,
    pub(crate) log_key: String,
}

/// What of the country is needed after everything is wired.
pub(crate) struct Known {
    pub(crate) population: civil::Population,
    pub(crate) families: civil::Families,
    pub(crate) registers: registers::Registers,
    pub(crate) names: crate::country::Names,
    pub(crate) settlements: Vec<crate::country::Settlements>,
    pub(crate) telephone: crate::country::Telephone,
    pub(crate) words: Arc<spine::Words>,
    pub(crate) currency: spine::Currency,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) institutions: Arc<BTreeMap<String, Localised>>,
}

fn migrations() -> Vec<Migration> {
    [
        journal::MIGRATIONS,
        registers::MIGRATIONS,
        civil::MIGRATIONS,
        messages::MIGRATIONS,
        payments::MIGRATIONS,
        switch::MIGRATIONS,
        identity::MIGRATIONS,
        services::MIGRATIONS,
        grants::MIGRATIONS,
    ]
    .concat()
}

/// The pages and interfaces of what every engine stands on.
fn common_routes(setup: &Setup, acts: &Acts, registers: &registers::Registers, log: &log::LogKey) -> Router {
    message_routes(setup, acts)
        .merge(registers::routes(acts.clone(), registers.clone()))
        .merge(log::routes(acts.clone(), log.verifier()))
        .merge(journal::operation_routes(acts.clone()))
        .merge(open_api(registers, &setup.base_url))
        .merge(health(acts.clone()))
}

/// The language of messages to people who never chose one: the country's first.
fn first_language(words: &Words) -> Language {
    words.locales().next().map_or_else(|| Language::new("en"), |locale| locale.language.clone())
}

/// Says what went wrong, for the command line.
fn wrong(what: &str, error: impl std::fmt::Display) -> String {
    format!("{what}: {error}")
}

impl Program {
    /// Opens the database, brings it up to date, and wires everything.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) async fn open(setup: Setup) -> Result<Self, String> {
        let country = Country::read(&setup.pack).map_err(|faults| wrong("the pack is not sound", faults))?;
        let keys = Keys::open(&setup.data.join("keys")).map_err(|error| wrong("the keys", error))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = open_store(setup.database.reveal(), &clock)?;
        let acts = acts(store, &clock, country.policies);
        let log = Arc::new(keys.log(&country.about.log_name()).map_err(|error| wrong("the log's key", error))?);
        let messages = messages(&setup, &country.words);
        let institutions = Arc::new(country.institutions);
        let gateway = gateway(&setup, &keys, (&country.rails, &institutions), &acts, &clock, country.words.zone())?;
        let population = civil::Population::new(country.registers.clone());
        let identity = identity(&setup, &keys, &acts, &messages, (&population, country.identity))?;
        let (rails, outbound) = (gateway.rails(), &setup.outbound);
        let around = Around { acts: &acts, keys: &keys, identity: &identity, messages: &messages, rails, outbound };
        let known = (&country.registers, country.words.as_ref(), &institutions);
        let grants = paying::engine(&around, known, country.paying)?;
        let follows = vec![identity.consequence(), grants.consequence()];
        let civil = Civil::new(acts.clone(), country.registers.clone(), country.kinds, follows);
        let enrolment = enrolment(&setup, &keys, &identity, &civil, country.enrolment)?;
        let hub = hub::open(&setup, &keys, &acts, (gateway.rails(), country.about.currency.code)).await?;
        let catalogue = country.catalogue.publish(&acts).await.map_err(|error| wrong("the services", error))?;
        let services = Services::new(ServicesSettings {
            acts: acts.clone(),
            catalogue,
            population: population.clone(),
            registers: country.registers.clone(),
            messages: messages.clone(),
            words: Arc::clone(&country.words),
            currency: country.about.currency.code,
            country: country.places,
            issuer: country.about.name.clone(),
            base_url: setup.base_url.clone(),
            fonts: country.fonts,
            log_key: log.verifier(),
            illustrative: country.about.illustrative,
        });
        let portal = portal(&acts, &services, &civil, &messages, (first_language(&country.words), &institutions));
        let workers = identity.handlers(payments::handlers(&gateway, messages.handlers(&acts, Workers::default())));
        let workers = hub.handlers(grants.handlers(portal.handlers(enrolment.handlers(services.handlers(workers)))));
        let calls = payments::calls(gateway.clone());
        let router = portal
            .routes()
            .merge(services.routes())
            .merge(grants.routes())
            .merge(identity.routes())
            .merge(ussd_routes(&setup, &acts, &country.words, (&identity, &gateway, &grants)))
            .merge(enrolment.routes())
            .merge(payment_routes(&setup, gateway.clone()))
            .merge(hub.pages())
            .merge(civil.routes())
            .merge(common_routes(&setup, &acts, &country.registers, &log));
        let site = Site::new(site(&setup, &country.words, keys.secret("forms"), &clock, country.about.short));
        let router = router.layer(from_fn_with_state(identity.clone(), recognise));
        let sequencer = Sequencer::new(acts.clone(), Arc::clone(&log)).witnessed(setup.witnesses, setup.outbound);
        let known = Known {
            population,
            families: civil.families(),
            registers: country.registers,
            names: country.names,
            settlements: country.settlements,
            telephone: country.about.telephone,
            words: country.words,
            currency: country.about.currency.code,
            roles: country.roles,
            institutions,
        };
        Ok(Self {
            router: hub.beside(frame(router, &site, Limits::default()), calls, &site),
            hub,
            log_key: log.verifier(),
            country: Arc::new(known),
            acts,
            identity,
            civil,
            enrolment,
            grants,
            gateway,
            workers,
            sequencer,
        })
    }

    /// Starts the workers, the sequencer and the sweeper; they run until the program ends.
    pub(crate) fn work(&self) {
        tokio::spawn(self.workers.clone().run(self.acts.clone()));
        tokio::spawn(self.sequencer.clone().run());
        self.hub.work();
        tokio::spawn(payments::ledger::keep_time(self.acts.clone()));
        tokio::spawn(payments::sanctions::keep_up(self.gateway.clone()));
        let (identity, enrolment, grants) = (self.identity.clone(), self.enrolment.clone(), self.grants.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(3_600)).await;
                if let Err(fault) = identity.sweep().await {
                    tracing::warn!(%fault, "old sessions were not swept");
                }
                if let Err(fault) = enrolment.ping_abis().await {
                    tracing::warn!(%fault, "the ABIS does not answer");
                }
                if let Err(fault) = grants.plan().await {
                    tracing::warn!(%fault, "no run was prepared");
                }
            }
        });
    }
}

/// The front door.
fn portal(
    acts: &Acts,
    services: &Services,
    civil: &Civil,
    messages: &Messages,
    (language, institutions): (Language, &Arc<BTreeMap<String, Localised>>),
) -> Portal {
    let (acts, services, civil, messages) = (acts.clone(), services.clone(), civil.clone(), messages.clone());
    Portal { acts, services, civil, messages, language, institutions: Arc::clone(institutions) }
}

/// How everything is changed and read.
fn acts(store: Store, clock: &Arc<dyn Clock>, policies: Policies) -> Acts {
    let subscriptions = Portal::subscriptions(Services::subscriptions(Subscriptions::default()));
    let subscriptions = Grants::subscriptions(subscriptions);
    Acts::new(Arc::new(store), Arc::clone(clock), Arc::new(SystemEntropy), Arc::new(policies), subscriptions)
}

/// The database, brought up to date.
fn open_store(url: &str, clock: &Arc<dyn Clock>) -> Result<Store, String> {
    let config = StoreConfig::for_url(url).map_err(|error| wrong("the database", error))?;
    let store = Store::open(&config).map_err(|error| wrong("the database", error))?;
    store.migrate(&migrations(), clock.now()).map_err(|error| wrong("the database", error))?;
    Ok(store)
}

/// What people are told, and who carries it.
fn messages(setup: &Setup, words: &Arc<Words>) -> Messages {
    let messages = Messages::new(Arc::clone(words));
    match setup.carriers.clone() {
        Some(carriers) => messages.carried_by(Arc::new(carriers)),
        None => messages,
    }
}

/// The development inbox, or where a gateway tells what became of a message.
fn message_routes(setup: &Setup, acts: &Acts) -> Router {
    let inbox = if setup.inbox { messages::inbox_routes(acts.clone()) } else { Router::new() };
    match setup.receipts.clone() {
        Some(secret) => inbox.merge(messages::receipt_routes(acts.clone(), secret)),
        None => inbox,
    }
}

/// The pages of payments; in a demonstration also the sandbox for who writes programs.
fn payment_routes(setup: &Setup, gateway: Gateway) -> Router {
    if !setup.inbox {
        return payments::routes(gateway);
    }
    let rails = setup.wallets.iter().map(|(id, link)| (id.clone(), link.base_url.clone()));
    let rails = rails.chain(setup.partners.iter().map(|(id, link)| (id.clone(), link.base_url.clone())));
    let rails = rails.chain(setup.banks.iter().map(|(id, link)| (id.clone(), link.base_url.clone())));
    payments::routes(gateway.clone()).merge(billers::sandbox_routes(gateway, rails.collect()))
}

/// Where an aggregator asks for people who dial; in a demonstration also a phone to dial with.
fn ussd_routes(
    setup: &Setup,
    acts: &Acts,
    words: &Arc<Words>,
    (identity, gateway, grants): (&Identity, &Gateway, &Grants),
) -> Router {
    let Some((key, networks)) = setup.ussd.clone() else { return Router::new() };
    let own = identity.service_code().map(|code| Dialled { code, menu: identity.ussd_menu() });
    let bills = gateway.wallets().service_code().map(|code| {
        let menu = BillMenu::new(acts.clone(), gateway.clone(), Arc::clone(words)).with_grants(grants.ussd_menu());
        Dialled { code: code.to_owned(), menu: Arc::new(menu) }
    });
    let menus = own.into_iter().chain(bills).collect();
    let door = Door::new(acts.clone(), Arc::clone(words), menus, DoorSettings { key, networks });
    if setup.inbox { door.routes().merge(door.phone_routes()) } else { door.routes() }
}

/// The link of the wallet, bank, acquirer or partner called `id`.
fn of<Link: Clone>(links: &[(String, Link)], id: &str) -> Option<Link> {
    links.iter().find(|(own, _)| own == id).map(|(_, link)| link.clone())
}

/// The wallets, banks, acquirers, hubs and partners abroad, each with its address and secret.
fn gateway(
    setup: &Setup,
    keys: &Keys,
    (rails, institutions): (&Rails, &payments::Institutions),
    acts: &Acts,
    clock: &Arc<dyn Clock>,
    zone: &TimeZone,
) -> Result<Gateway, String> {
    let banks = Banks::parse(&rails.banks, zone.clone(), |id| of(&setup.banks, id));
    let banks = banks.map_err(|error| wrong("banks.toml", error))?;
    let wallets = Wallets::parse(&rails.wallets, |id| of(&setup.wallets, id));
    let reached = |wallets: Wallets| {
        setup.open_api.iter().try_fold(wallets, |wallets, (id, link)| wallets.speaking(id, link.clone()))
    };
    let wallets = wallets.and_then(reached).map_err(|error| wrong("wallets.toml", error))?;
    let wallets = wallets.charging(rails.charges.clone());
    let hubs = Hubs::parse(&rails.hubs, |id| setup.hubs.iter().any(|(own, _)| own == id));
    let hubs = hubs.map_err(|error| wrong("hubs.toml", error))?;
    let corridors = Corridors::parse(&rails.corridors, |id| of(&setup.partners, id));
    let acquirers = Acquirers::parse(&rails.acquirers, |id| of(&setup.acquirers, id));
    let acquirers = acquirers.map_err(|error| wrong("acquirers.toml", error))?;
    let corridors = corridors.map_err(|error| wrong("corridors.toml", error))?;
    let gateway = Gateway::new(acts.clone(), wallets, setup.outbound.clone(), Arc::clone(clock));
    let counter = Counter::parse(&rails.merchants).map_err(|error| wrong("merchants.toml", error))?;
    let recourse = Recourse::parse(&rails.recourse).map_err(|error| wrong("disputes", error))?;
    let gateway = gateway.with_banks(banks).with_corridors(corridors).with_counter(counter).with_recourse(recourse);
    let gateway = gateway.with_acquirers(acquirers).with_screening(rails.screening.clone()).with_hubs(hubs);
    let gateway = gateway.with_voucher_payees(rails.voucher_payees.clone()).with_funds(rails.funds.clone());
    let gateway = gateway.with_lists(setup.lists.clone());
    Ok(gateway.with_institutions(Arc::clone(institutions)).with_hooks(keys.secret("billers")))
}

/// Sign-in, with the keys for it.
fn identity(
    setup: &Setup,
    keys: &Keys,
    acts: &Acts,
    messages: &Messages,
    (population, part): (&civil::Population, IdentityPart),
) -> Result<Identity, String> {
    let seal_key = SealKey::new(&keys.secret("seal")).map_err(|error| wrong("the keys", error))?;
    let hasher = Hasher::new(keys.secret("pepper"), HASHES_AT_ONCE).map_err(|error| wrong("the keys", error))?;
    Identity::new(IdentitySettings {
        acts: acts.clone(),
        hasher,
        seal_key: Arc::new(seal_key),
        signing_key: Arc::clone(&keys.identity),
        retired_keys: keys.retired.clone(),
        secret: keys.secret("identity"),
        base_url: setup.base_url.clone(),
        site_name: "Letsema".to_owned(),
        clients: part.clients.into_iter().chain(setup.clients.iter().cloned()).collect(),
        messages: messages.clone(),
        other_signing_keys: keys.rsa.to_vec(),
        population: Some(population.clone()),
        trust: part.trust_framework,
        licences: part.licences,
        mandates: part.mandates,
        devices: part.devices,
        outbound: setup.outbound.clone(),
        rules: rules(setup, part.rules),
    })
    .map_err(|error| wrong("sign-in", error))
}

/// The national ID, over accounts and births.
fn enrolment(
    setup: &Setup,
    keys: &Keys,
    identity: &Identity,
    civil: &Civil,
    rules: identity::Rules,
) -> Result<Enrolment, String> {
    let packet_key = Some(Arc::new(keys.packets().map_err(|error| wrong("the keys", error))?));
    let (identity, civil, abis) = (identity.clone(), civil.clone(), setup.abis.clone());
    Ok(Enrolment::new(EnrolmentSettings { identity, civil, rules, abis, packet_key }))
}

/// The country's rules of signing in. Nobody is told to dial where no aggregator is connected; in a demonstration nobody
/// waits a day to get back in.
fn rules(setup: &Setup, rules: SignInRules) -> SignInRules {
    let wait_minutes = if setup.inbox { 1 } else { rules.recovery.wait_minutes };
    SignInRules {
        ussd: rules.ussd.filter(|_| setup.ussd.is_some()),
        recovery: RecoveryRules { wait_minutes, ..rules.recovery },
        ..rules
    }
}

/// What every page shares.
fn site(
    setup: &Setup,
    words: &Arc<Words>,
    form_key: Secret<[u8; 32]>,
    clock: &Arc<dyn Clock>,
    country: Localised,
) -> SiteSettings {
    let mut site =
        SiteSettings::new(Arc::clone(words), &setup.base_url, form_key, Arc::clone(clock), Arc::new(SystemEntropy));
    site.country = country;
    site.navigation = Arc::new(portal::navigation);
    site.footer = portal::footer();
    site.banner = setup.inbox.then(demonstration);
    site.trusted_proxies.clone_from(&setup.trusted_proxies);
    site
}

fn demonstration() -> Localised {
    Localised::from([
        ("en", "Demonstration. The people, fees and documents shown here are not real."),
        ("st", "Pontšo. Batho, litefo le mangolo tse bontšoang mona ha se tsa ’nete."),
    ])
}

fn open_api(registers: &registers::Registers, base_url: &str) -> Router {
    let all = registers::openapi(registers)
        .join(identity::openapi())
        .join(civil::openapi())
        .join(services::openapi())
        .join(payments::openapi())
        .join(switch::openapi())
        .join(grants::openapi());
    let document = all.document("Letsema", env!("CARGO_PKG_VERSION"), base_url);
    Router::new().route("/api/openapi.json", get(move || async move { edge::Json(document) }))
}

/// Whether the program and its database are up, for whoever watches over it.
fn health(acts: Acts) -> Router {
    let health = move |_: Visit| {
        let acts = acts.clone();
        async move {
            acts.read(&Caller::system("health"), log::head).await?;
            Ok::<_, edge::Refusal>("ok\n")
        }
    };
    Router::new().route("/health", get(health))
}
