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

/// Who is played, its customer's number, its cap and deposit in minor units.
const PLAYED: [(&str, &str, i64, i64); 3] = [
    ("demo-bank", "26650000101", 25_000_000, 30_000_000),
    ("mpesa", "26650000102", 8_000_000, 10_000_000),
    ("ecocash", "26650000103", 1_000_000, 4_000_000),
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

/// Lets the institutions join; when the program answers, they pay one another, the first time.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn play(program: &Program, secrets: &Secrets, port: u16) -> Result<(), String> {
    let Some(switch) = &program.switch else { return Ok(()) };
    let (acts, currency) = (&program.acts, program.country.currency);
    let hub = format!("http://127.0.0.1:{port}/api/fspiop");
    let wrong = |fault: Fault| format!("the institutions could not join the switch: {fault}");
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let members: Vec<Member> = PLAYED
        .iter()
        .map(|(name, ..)| Member { name: (*name).to_owned(), token: Secret::new(secrets.token(name)) })
        .collect();
    for (name, _, cap, deposit) in PLAYED {
        let (token, base) = (secrets.token(name), format!("http://{address}/{name}"));
        let join = move |cx: &mut Cx<'_>| {
            switch::enrol(cx, &Joining { name: name.to_owned(), currency })?;
            switch::set_endpoint(cx, name, "FSPIOP_CALLBACK_URL", &base)?;
            let access = Access { token: Secret::new(token.clone()), jws_key: None, signs: false };
            switch::set_access(cx, name, &access)
        };
        acts.write(&Caller::system("demo"), &Key::none(), join).await.map_err(wrong)?;
        let first = move |cx: &mut Cx<'_>| {
            let amount = |minor| Money::new(minor, currency);
            switch::set_cap(cx, name, &Cap { amount: amount(cap), alarm_percent: 20 })?;
            let id = switch::simulator::uuid();
            let funds = Funds { id, participant: name.to_owned(), amount: amount(deposit), direction: Direction::In };
            switch::fund(cx, &funds)
        };
        acts.write(&Caller::system("demo"), &Key::new("demo.switch", name, b""), first).await.map_err(wrong)?;
    }
    switch.refresh().await.map_err(wrong)?;
    let all = Institutions::new(hub, members, Outbound::new(OutboundLimits::default()), Arc::new(SystemClock));
    let routes = all.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let acts = acts.clone();
    tokio::spawn(async move {
        let any = acts.read(&Caller::system("demo"), switch::any_transfer).await;
        if any.unwrap_or(true) {
            return;
        }
        if let Err(unpaid) = first_day(&all, currency).await {
            tracing::warn!(step = unpaid.step, said = unpaid.said, "the institutions' first day broke off");
        }
    });
    Ok(())
}

async fn first_day(all: &Institutions, currency: Currency) -> Result<(), switch::simulator::Unpaid> {
    for (name, number, ..) in PLAYED {
        all.register(name, number).await?;
    }
    for (from, to, minor) in DAY {
        let (Some((from, ..)), Some((_, number, ..))) = (PLAYED.get(from), PLAYED.get(to)) else { continue };
        all.pay(from, number, Money::new(minor, currency)).await?;
    }
    Ok(())
}
