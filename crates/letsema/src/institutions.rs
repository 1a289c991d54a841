//! A demonstration's bank and wallets at the switch: they join, deposit, know their customers, and have paid one another a
//! little today, so that whoever runs the switch has a day to close and settle.
//!
//! **Invariant:** invented, all of it; what they are owed is what the switch's own exchanges left.

use std::sync::Arc;

use edge::{Outbound, OutboundLimits};
use journal::Key;
use spine::{Caller, Currency, Cx, Fault, Money, Secret};
use switch::simulator::{Institutions, Member};
use switch::{Access, Cap, Direction, Funds, Joining};
use tokio::net::TcpListener;

use crate::cast::Secrets;
use crate::clock::SystemClock;
use crate::program::Program;
use crate::wallet::Beside;

/// The bank that is played beside two wallets of the pack.
const BANK: &str = "demo-bank";

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
}

/// Lets the institutions join; when the program answers, they pay one another, the first time.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn play(program: &Program, secrets: &Secrets, wallets: &[Beside], port: u16) -> Result<(), String> {
    let Some(switch) = &program.switch else { return Ok(()) };
    let (acts, currency) = (&program.acts, program.country.currency);
    let hub = format!("http://127.0.0.1:{port}/api/fspiop");
    let wrong = |fault: Fault| format!("the institutions could not join the switch: {fault}");
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let names = std::iter::once(BANK.to_owned()).chain(wallets.iter().map(|wallet| wallet.id.clone()));
    let played: Vec<Played> =
        names.zip(PLAYED).map(|(name, (number, cap, deposit))| Played { name, number, cap, deposit }).collect();
    for one in &played {
        let (own, token, base) = (one.clone(), secrets.token(&one.name), format!("http://{address}/{}", one.name));
        let join = move |cx: &mut Cx<'_>| admit(cx, &own, currency, &base, &token);
        acts.write(&Caller::system("demo"), &Key::none(), join).await.map_err(wrong)?;
        let own = one.clone();
        let key = Key::new("demo.switch", &one.name, b"");
        acts.write(&Caller::system("demo"), &key, move |cx| equip(cx, &own, currency)).await.map_err(wrong)?;
    }
    switch.refresh().await.map_err(wrong)?;
    let member = |one: &Played| Member { name: one.name.clone(), token: Secret::new(secrets.token(&one.name)) };
    let members = played.iter().map(member).collect();
    let all = Institutions::new(hub, members, Outbound::new(OutboundLimits::default()), Arc::new(SystemClock));
    let routes = all.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let acts = acts.clone();
    tokio::spawn(async move {
        if acts.read(&Caller::system("demo"), switch::any_transfer).await.unwrap_or(true) {
            return;
        }
        if let Err(unpaid) = first_day(&all, &played, currency).await {
            tracing::warn!(step = unpaid.step, said = unpaid.said, "the institutions' first day broke off");
        }
    });
    Ok(())
}

/// Enters one and says where it is called this time.
fn admit(cx: &mut Cx<'_>, one: &Played, currency: Currency, base: &str, token: &str) -> Result<(), Fault> {
    switch::enrol(cx, &Joining { name: one.name.clone(), currency })?;
    switch::set_endpoint(cx, &one.name, "FSPIOP_CALLBACK_URL", base)?;
    let access = Access { token: Secret::new(token.to_owned()), jws_key: None, signs: false };
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

async fn first_day(all: &Institutions, played: &[Played], currency: Currency) -> Result<(), switch::simulator::Unpaid> {
    for one in played {
        all.register(&one.name, one.number).await?;
    }
    for (from, to, minor) in DAY {
        let (Some(from), Some(to)) = (played.get(from), played.get(to)) else { continue };
        all.pay(&from.name, to.number, Money::new(minor, currency)).await?;
    }
    Ok(())
}
