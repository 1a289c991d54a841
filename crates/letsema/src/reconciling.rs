//! A day of the treasury in a demonstration: a levy paid by a transfer at the bank, money that names nothing, a line that is
//! late, and a charge that nobody here knows of.
//!
//! **Invariant:** what happens, happens at the simulated bank, which tells of it as a real one would; once for a demonstration.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use edge::Outbound;
use payments::bills::{self, BillState, NewBill, Share};
use serde_json::{Value as Json, json};
use spine::{Actor, ActorKind, Caller, Fault, Localised, Money};

use crate::acting::once;
use crate::cast::OFFICERS;
use crate::program::Program;
use crate::wallet::Beside;
use crate::{counting, funding};

/// What the levy comes to, in minor units.
const LEVY_MINOR: i64 = 12_000;

/// What the clerk's office has paid in for its counter.
const FLOAT_MINOR: i64 = 300_000;

/// Where the clerk of the cast works, who takes cash.
fn office() -> &'static str {
    let clerk = OFFICERS.iter().find(|officer| officer.roles.contains(&"post-office-clerk"));
    clerk.map_or("office", |clerk| clerk.institution)
}

/// Makes the levy, and lets the day happen at the bank as soon as the program listens, unless it has happened.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn begin(program: &Program, base_url: &str, bank: &Beside) -> Result<(), Fault> {
    let currency = program.country.currency;
    let open = move |cx: &mut spine::Cx<'_>| payments::open_counter(cx, office(), currency);
    once(program, &Caller::system("demo"), ("demo.counter", "opened"), open).await?;
    counting::begin(program, office()).await?;
    let operator = funding::begin(program).await?;
    let number = levy(program).await?.number;
    let typed = number.clone();
    let bill = program.acts.read(&Caller::system("demo"), move |cx| bills::find(cx, &typed)).await?;
    if bill.state == BillState::Open {
        happen(base_url.to_owned(), format!("http://{}", bank.address), number, operator);
    }
    Ok(())
}

/// The levy, made unless an earlier start has made it.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn levy(program: &Program) -> Result<bills::Bill, Fault> {
    let mut actor = Actor::bare(ActorKind::Client, "biller:ministry-transport");
    actor.institution = Some("ministry-transport".to_owned());
    let caller = Caller { actor, ..Caller::system("demo") };
    let new = NewBill {
        biller: "ministry-transport".to_owned(),
        reference: "LEVY-2027-DEMO".to_owned(),
        payer: None,
        description: Localised::from([("en", "Road levy (example)"), ("st", "Lekhetho la tsela (mohlala)")]),
        amount: Money::new(LEVY_MINOR, program.country.currency),
        shares: vec![Share { account: "income:ministry-transport".to_owned(), amount_minor: LEVY_MINOR }],
        in_parts: false,
        due_on: None,
        expires_at: program.acts.now().plus_seconds(365 * 86_400),
    };
    let make = move |cx: &mut spine::Cx<'_>| {
        let made = bills::make(cx, std::slice::from_ref(&new))?.pop();
        made.ok_or_else(|| Fault::internal("demo.bill.missing", "no bill was made"))
    };
    once(program, &caller, ("demo.levy", "made"), make).await
}

fn happen(base_url: String, bank_url: String, levy: String, operator: Option<(String, i64)>) {
    tokio::spawn(async move {
        let outbound = Outbound::new(edge::OutboundLimits::default());
        for url in [format!("{base_url}/health"), format!("{bank_url}/log.json")] {
            answers(&url).await;
        }
        if let Some((number, minor)) = operator {
            let body = json!({ "amount_minor": minor, "reference": number });
            tell(&outbound, &format!("{bank_url}/pay-in"), &body).await;
        }
        let day = [
            ("/pay-in", json!({ "amount_minor": FLOAT_MINOR, "reference": format!("FLOAT-{}", office()) })),
            ("/pay-in", json!({ "amount_minor": LEVY_MINOR, "reference": levy })),
            ("/pay-in", json!({ "amount_minor": 45_000, "reference": "kea leboha" })),
            ("/pay-in", json!({ "amount_minor": 8_000, "reference": "no notice", "manner": "late_line" })),
            ("/pay-in", json!({ "amount_minor": 3_500, "reference": "charges", "manner": "debit" })),
            ("/end-of-day", json!({})),
        ];
        for (path, body) in day {
            tell(&outbound, &format!("{bank_url}{path}"), &body).await;
        }
    });
}

/// Waits until an address answers, for most of a minute.
pub(crate) async fn answers(url: &str) {
    let outbound = Outbound::new(edge::OutboundLimits::default());
    for _ in 0..200 {
        if let Ok(request) = Request::get(url).body(Bytes::new())
            && outbound.send(request).await.is_ok_and(|answer| answer.status().is_success())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn tell(outbound: &Outbound, url: &str, body: &Json) {
    let request = Request::post(url).header("content-type", "application/json").body(Bytes::from(body.to_string()));
    let told = match request {
        Ok(request) => outbound.send(request).await.map(|_| ()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = told {
        tracing::warn!(error, "the demonstration's bank does not answer");
    }
}
