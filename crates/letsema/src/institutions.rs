//! A demonstration's bank and wallets at the switch, and the government among them: they join, deposit, know their customers, and
//! have paid one another and a bill today, so that whoever runs the switch has a day to close and settle.
//!
//! **Invariant:** invented, all of it; what they are owed is what the switch's own exchanges left.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crypto::{Algorithm, SigningKey};
use edge::{Outbound, OutboundLimits};
use journal::Key;
use payments::hubs::{Hub, Hubs};
use spine::{Caller, Currency, Cx, Fault, Money, Secret};
use switch::simulator::{Institutions, Member, Unpaid};
use switch::{Access, Cap, Direction, Funds, Joining};
use tokio::net::TcpListener;

use crate::billing;
use crate::cast::Secrets;
use crate::clock::SystemClock;
use crate::hub::HubPart;
use crate::program::Program;
use crate::wallet::Beside;

/// The bank that is played beside two wallets of the pack.
const BANK: &str = "demo-bank";

/// Our cap and deposit in minor units: what can be paid out through it.
const OUR_CAP: (i64, i64) = (10_000_000, 20_000_000);
/// How often a bill is tried to be paid until our numbers are found, a second apart.
const TRIES: usize = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// Each one's customer, cap and deposit in minor units.
const PLAYED: [(&str, i64, i64); 3] = [
    ("26650000101", 25_000_000, 30_000_000),
    ("26650000102", 8_000_000, 10_000_000),
    ("26650000103", 1_000_000, 4_000_000),
];

/// Payer and payee by place, and minor units: what is paid on the first day.
const DAY: [(usize, usize, i64); 9] = [
    (0, 1, 1_250_050),
    (0, 2, 310_000),
    (1, 2, 45_075),
    (2, 0, 980_000),
    (1, 0, 120_000),
    (2, 1, 15_525),
    (0, 1, 499_999),
    (1, 2, 8_801),
    (2, 0, 220_000),
];

/// One that is played.
#[derive(Clone)]
struct Played {
    name: String,
    number: &'static str,
    cap: i64,
    deposit: i64,
    key: Arc<SigningKey>,
}

/// A bill that a customer of a wallet pays on the first day.
#[derive(Clone, Debug)]
pub(crate) struct PaidByHub {
    pub(crate) number: String,
    pub(crate) amount: Money,
}

/// The hub of the pack that this switch plays.
///
/// # Errors
/// A sentence for the command line.
pub(crate) fn ours(pack: &Path) -> Result<Hub, String> {
    let file = pack.join("hubs.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let hubs = Hubs::parse(&text, |_| true).map_err(|error| error.to_string())?;
    hubs.iter().next().cloned().ok_or_else(|| format!("{}: there is no hub to play", file.display()))
}

/// Where our own switch is for ourselves, as one of its members.
pub(crate) fn membership(hub: &Hub, secrets: &Secrets, port: u16) -> (String, HubPart) {
    let base_url = format!("http://127.0.0.1:{port}/api/fspiop");
    let token = Secret::new(secrets.token(&hub.member));
    (hub.id.clone(), HubPart { name: switch::HUB.to_owned(), base_url, token, keys: None })
}

/// Lets the institutions join; when the program answers, they pay one another, the first time.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn play(
    program: &Program,
    secrets: &Secrets,
    wallets: &[Beside],
    port: u16,
    (ours, bills): (&Hub, &serde_json::Value),
) -> Result<(), String> {
    let Some(switch) = &program.hub.switch else { return Ok(()) };
    let (acts, currency) = (&program.acts, program.country.currency);
    let bill = billing::by_hub(bills, currency)?;
    let hub = format!("http://127.0.0.1:{port}/api/fspiop");
    let wrong = |fault: Fault| format!("the institutions could not join the switch: {fault}");
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let names = std::iter::once(BANK.to_owned()).chain(wallets.iter().map(|wallet| wallet.id.clone()));
    let key = || SigningKey::generate(Algorithm::Es256).map(Arc::new).map_err(|error| error.to_string());
    let play = |(name, (number, cap, deposit))| key().map(|key| Played { name, number, cap, deposit, key });
    let played: Vec<Played> = names.zip(PLAYED).map(play).collect::<Result<_, String>>()?;
    let place = |one: &Played| (one.clone(), format!("http://{address}/{}", one.name), one.key.public());
    let (cap, deposit) = OUR_CAP;
    let government = Played { name: ours.member.clone(), number: "", cap, deposit, key: key()? };
    let at = format!("http://127.0.0.1:{port}/api/hubs/{}", ours.id);
    let members = played.iter().map(place).chain([(government, at, program.hub.public_key())]);
    for (one, base, public) in members {
        let (own, token, jwk) = (one.clone(), secrets.token(&one.name), crypto::jose::jwk(&public));
        let join = move |cx: &mut Cx<'_>| admit(cx, &own, currency, &base, (&token, &jwk));
        acts.write(&Caller::system("demo"), &Key::none(), join).await.map_err(wrong)?;
        let key = Key::new("demo.switch", &one.name, b"");
        acts.write(&Caller::system("demo"), &key, move |cx| equip(cx, &one, currency)).await.map_err(wrong)?;
    }
    switch.refresh().await.map_err(wrong)?;
    let member = |one: &Played| Member {
        name: one.name.clone(),
        token: Secret::new(secrets.token(&one.name)),
        key: Some(Arc::clone(&one.key)),
    };
    let members = played.iter().map(member).collect();
    let all = Institutions::new(hub, members, Outbound::new(OutboundLimits::default()), Arc::new(SystemClock));
    let routes = all.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (acts, business) = (acts.clone(), ours.business.clone());
    tokio::spawn(async move {
        if acts.read(&Caller::system("demo"), switch::any_transfer).await.unwrap_or(true) {
            return;
        }
        if let Err(unpaid) = first_day(&all, &played, currency, (&business, &bill)).await {
            tracing::warn!(step = unpaid.step, said = unpaid.said, "the institutions' first day broke off");
        }
    });
    Ok(())
}

/// Enters one and says where it is called this time.
fn admit(
    cx: &mut Cx<'_>,
    one: &Played,
    currency: Currency,
    base: &str,
    (token, jwk): (&str, &serde_json::Value),
) -> Result<(), Fault> {
    switch::enrol(cx, &Joining { name: one.name.clone(), currency })?;
    switch::set_endpoint(cx, &one.name, "FSPIOP_CALLBACK_URL", base)?;
    let access = Access { token: Secret::new(token.to_owned()), jws_key: Some(jwk.clone()), signs: true };
    switch::set_access(cx, &one.name, &access)
}

/// Its first cap and deposit.
fn equip(cx: &mut Cx<'_>, one: &Played, currency: Currency) -> Result<(), Fault> {
    let amount = |minor| Money::new(minor, currency);
    switch::set_cap(cx, &one.name, &Cap { amount: amount(one.cap), alarm_percent: 20 })?;
    let id = switch::uuid_of(cx.random_bytes());
    let funds = Funds { id, participant: one.name.clone(), amount: amount(one.deposit), direction: Direction::In };
    switch::fund(cx, &funds)
}

async fn first_day(
    all: &Institutions,
    played: &[Played],
    currency: Currency,
    (business, bill): (&str, &PaidByHub),
) -> Result<(), Unpaid> {
    for one in played {
        all.register(&one.name, one.number).await?;
    }
    for (from, to, minor) in DAY {
        let (Some(from), Some(to)) = (played.get(from), played.get(to)) else { continue };
        all.pay(&from.name, to.number, Money::new(minor, currency)).await?;
    }
    // The customer of a wallet pays the government's bill, as soon as its numbers are found.
    let Some(payer) = played.last() else { return Ok(()) };
    for tried in 1..=TRIES {
        match all.pay_to(&payer.name, &["BUSINESS", business, &bill.number], bill.amount).await {
            Err(unpaid) if unpaid.step == "parties" && tried < TRIES => tokio::time::sleep(PAUSE).await,
            Err(unpaid) => return Err(unpaid),
            Ok(_) => break,
        }
    }
    Ok(())
}
