//! The provider on its own, for other people's clients to try: `cargo run -p identity --example provider`, then
//! `tests/relying/`. More programs may be named in a JSON file, its only argument. Lineo's number is 0123456789, her PIN 471183, her codes arrive at `/inbox`.
//!
//! **Invariant:** nothing here is real; keys and database are new each time.

use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use crypto::{Algorithm, Hasher, SealKey, SigningKey, SystemEntropy, random};
use edge::{Limits, Outbound, OutboundLimits, Site, SiteSettings, frame};
use identity::{
    AuthMethod, ClientMetadata, Identity, IdentitySettings, NewPerson, SignInRules, enrol_person, recognise,
    secret_digest,
};
use journal::{Acts, Key, Policies, Subscriptions, Workers};
use messages::{Messages, inbox_routes};
use spine::{Caller, Clock, Language, Localised, Migration, Personal, Secret, Timestamp};

const POLICIES: &str = include_str!("../../../packs/lesotho/policies/identity.cedar");
const MESSAGES_POLICIES: &str = include_str!("../../../packs/lesotho/policies/messages.cedar");
const ADDRESS: &str = "127.0.0.1:8098";
const BASE: &str = "http://localhost:8098";

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let engines = [journal::MIGRATIONS, messages::MIGRATIONS, identity::MIGRATIONS];
    let migrations: Vec<Migration> = engines.into_iter().flatten().copied().collect();
    let database = testkit::sqlite(&migrations);
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::new(RealClock),
        Arc::new(SystemEntropy),
        Arc::new(Policies::parse([("identity.cedar", POLICIES), ("messages.cedar", MESSAGES_POLICIES)])?),
        Subscriptions::default(),
    );
    let words = Arc::new(testkit::words(&["edge", "messages", "identity", "sign-in"]));
    let messages = Messages::new(Arc::clone(&words));
    tokio::spawn(messages.handlers(&acts, Workers::default()).run(acts.clone()));
    let identity = Identity::new(settings(&acts, messages)?)?;
    enrol(&acts, &identity).await?;
    let mut site = SiteSettings::new(words, BASE, Secret::new(random()), Arc::new(RealClock), Arc::new(SystemEntropy));
    site.sign_in_path = "/sign-in".to_owned();
    site.sign_out_path = "/sign-out".to_owned();
    let router = Router::new()
        .merge(identity.routes())
        .merge(inbox_routes(acts))
        .layer(from_fn_with_state(identity.clone(), recognise));
    let listener = tokio::net::TcpListener::bind(ADDRESS).await?;
    writeln!(std::io::stdout(), "{BASE}")?;
    axum::serve(listener, frame(router, &Site::new(site), Limits::default())).await?;
    Ok(())
}

fn settings(acts: &Acts, messages: Messages) -> Result<IdentitySettings, Failure> {
    let client = |id: &str, secret: Option<&str>, first_party| ClientMetadata {
        client_id: id.to_owned(),
        client_name: Localised::from([("en", "The Bank"), ("st", "Banka")]),
        token_endpoint_auth_method: if secret.is_some() { AuthMethod::ClientSecretBasic } else { AuthMethod::None },
        client_secret_digest: secret.map(|secret| secret_digest(&Secret::new(secret.to_owned()))),
        redirect_uris: vec!["http://localhost:3999/cb".to_owned()],
        post_logout_redirect_uris: vec!["http://localhost:3999/bye".to_owned()],
        scope: "profile phone".to_owned(),
        first_party,
        ..ClientMetadata::default()
    };
    let more: Vec<ClientMetadata> = match std::env::args().nth(1) {
        Some(file) => serde_json::from_str(&std::fs::read_to_string(file)?)?,
        None => Vec::new(),
    };
    Ok(IdentitySettings {
        acts: acts.clone(),
        hasher: Hasher::new(Secret::new(random()), 2)?,
        seal_key: Arc::new(SealKey::new(&Secret::new(random()))?),
        signing_key: Arc::new(SigningKey::generate(Algorithm::Es256)?),
        retired_keys: Vec::new(),
        secret: Secret::new(random()),
        base_url: BASE.to_owned(),
        site_name: "Letsema".to_owned(),
        clients: [
            client("bank", Some("a secret for the demonstration"), false),
            client("app", None, false),
            client("ministry", None, true),
        ]
        .into_iter()
        .chain(more)
        .collect(),
        messages,
        other_signing_keys: vec![Arc::new(SigningKey::generate(Algorithm::Rs256)?)],
        population: None,
        trust: None,
        licences: identity::Licences::default(),
        mandates: identity::Mandates::default(),
        devices: identity::DeviceRules::default(),
        outbound: Outbound::new(OutboundLimits::default()),
        rules: SignInRules::default(),
    })
}

async fn enrol(acts: &Acts, identity: &Identity) -> Result<(), Failure> {
    let pin_hash = identity.hash_secret(&Secret::new("471183".to_owned())).await?;
    let lineo = NewPerson {
        id: "per_01jdf2k9q8e9t8xq8m2n4v6w7z".to_owned(),
        login: Personal::new("0123456789".to_owned()),
        name: Personal::new("Lineo Mokhethi".to_owned()),
        phone: Some(Personal::new("+26658001234".to_owned())),
        email: None,
        language: Language::new("en-LS"),
        pin_hash,
    };
    acts.write(&Caller::system("example"), &Key::none(), move |cx| enrol_person(cx, &lineo)).await?;
    Ok(())
}
