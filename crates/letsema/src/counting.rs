//! Agents in a demonstration: two of one super-agent, of whom one has taken all that she may in cash and must be rebalanced today.
//!
//! **Invariant:** what they have is given and taken as it is in earnest, as soon as the super-agent's own float is there; once for a
//! demonstration.

use std::time::Duration;

use journal::{Acts, Key};
use payments::agents::{self, AgentId, NewAgent, Way};
use payments::bills::{self, NewBill, Share};
use payments::charges::Charges;
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Localised, Money};

use crate::acting::once;
use crate::demo::officer_id;
use crate::program::Program;

/// The agent whose clerk is of the cast.
pub(crate) const AGENT: &str = "agent-roma";

/// The agents: counter, name, town, and what float each is given.
const AGENTS: [(&str, &str, &str, i64); 2] = [
    (AGENT, "Roma Airtime and Copies (example)", "Roma", 45_000),
    ("agent-semonkong", "Semonkong General Dealer (example)", "Semonkong", 60_000),
];

/// Where their commission goes.
const PHONE: &str = "58001201";
/// What lay in her drawer in the morning.
const DRAWER_MINOR: i64 = 20_000;
/// How often it is looked whether there is float to give, and how long between.
const TRIES: usize = 240;
const PAUSE: Duration = Duration::from_millis(500);

/// What the first of them has taken today.
const TAKEN_MINOR: i64 = 45_000;

fn officer(login: &str, role: &str, institution: &str) -> Caller {
    let actor = Actor {
        roles: vec![role.to_owned()],
        institution: Some(institution.to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, officer_id(login))
    };
    Caller { actor, ..Caller::system("demo") }
}

/// Takes the agents on, and lets their day happen once the super-agent has float.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn begin(program: &Program, office: &'static str) -> Result<(), Fault> {
    let runs = officer("lebohang.sefali", "agents-officer", office);
    let currency = program.country.currency;
    let mut taken_on: Vec<(AgentId, Money)> = Vec::new();
    for (place, name, town, float) in AGENTS {
        let wallets = program.grants.rails().wallets.clone();
        let of = str::to_owned;
        let phone = wallets.number(PHONE);
        let wallet = phone.and_then(|phone| wallets.iter().find(|wallet| wallet.serves(&phone)));
        let wallet = wallet.map(|wallet| wallet.id.clone()).unwrap_or_default();
        let new = NewAgent { place: of(place), name: of(name), town: of(town), wallet, number: of(PHONE) };
        let register = move |cx: &mut Cx<'_>| agents::register(cx, &wallets, currency, &new);
        taken_on.push((once(program, &runs, ("demo.agent", place), register).await?, Money::new(float, currency)));
    }
    let number = bill(program).await?;
    let (acts, charges) = (program.acts.clone(), program.grants.rails().wallets.charges().clone());
    tokio::spawn(async move {
        if let Err(fault) = day(&acts, &runs, &taken_on, (&number, charges)).await {
            tracing::warn!(code = fault.code(), "the demonstration's agents had no day");
        }
    });
    Ok(())
}

/// What somebody pays in cash.
async fn bill(program: &Program) -> Result<String, Fault> {
    let mut actor = Actor::bare(ActorKind::Client, "biller:ministry-home-affairs");
    actor.institution = Some("ministry-home-affairs".to_owned());
    let caller = Caller { actor, ..Caller::system("demo") };
    let new = NewBill {
        biller: "ministry-home-affairs".to_owned(),
        reference: "PERMITS-2027-DEMO".to_owned(),
        payer: None,
        description: Localised::from([("en", "Three permits (example)"), ("st", "Litumello tse tharo (mohlala)")]),
        amount: Money::new(TAKEN_MINOR, program.country.currency),
        shares: vec![Share { account: "income:ministry-home-affairs".to_owned(), amount_minor: TAKEN_MINOR }],
        in_parts: false,
        due_on: None,
        expires_at: program.acts.now().plus_seconds(365 * 86_400),
    };
    let make = move |cx: &mut Cx<'_>| {
        let made = bills::make(cx, std::slice::from_ref(&new))?.pop();
        made.ok_or_else(|| Fault::internal("demo.bill.missing", "no bill was made"))
    };
    Ok(once(program, &caller, ("demo.agent.bill", "made"), make).await?.number)
}

/// Each is given her float when there is some to give; the first takes cash until nothing of it is left.
async fn day(
    acts: &Acts,
    runs: &Caller,
    taken_on: &[(AgentId, Money)],
    (number, charges): (&str, Charges),
) -> Result<(), Fault> {
    for (id, amount) in taken_on.iter().copied() {
        for _ in 0..TRIES {
            let key = Key::new("demo.agent.float", &id.to_string(), b"");
            match acts.post(runs, &key, move |cx| agents::move_float(cx, id, Way::Give, amount)).await {
                Err(fault) if fault.code() == "payments.agent.short" => tokio::time::sleep(PAUSE).await,
                done => {
                    done?;
                    break;
                }
            }
        }
    }
    let Some(currency) = taken_on.first().map(|(_, amount)| amount.currency()) else { return Ok(()) };
    let clerk = officer("mamello.ntho", "agent-clerk", AGENT);
    let drawer = Money::new(DRAWER_MINOR, currency);
    acts.write(&clerk, &Key::new("demo.agent.shift", AGENT, b""), move |cx| agents::begin_shift(cx, drawer)).await?;
    let number = number.to_owned();
    let take =
        move |cx: &mut Cx<'_>| payments::take_cash(cx, &charges, &number, Money::new(TAKEN_MINOR, currency)).map(drop);
    acts.post(&clerk, &Key::new("demo.agent.takes", AGENT, b""), take).await
}
