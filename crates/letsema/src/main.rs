//! Letsema: a country's digital public infrastructure in one program.
//!
//! **Invariant:** this crate wires; it decides nothing. Every command ends by returning from `main`, so that databases
//! are closed and children are told.
//!
//! | file | its job |
//! |---|---|
//! | `command.rs` | the command line |
//! | `country.rs` | a pack read from its folder |
//! | `config/` | `letsema.toml` read, and every fault of it said |
//! | `enrolling.rs`, `granting.rs` | the national ID and grants in a demonstration |
//! | `enrol.rs` | the first officers and people of an installation |
//! | `ledger.rs` | the ledger from the command line |
//! | `listing.rs` | published lists of names: from the command line, and in a demonstration |
//! | `keys.rs` | the program's keys and secrets |
//! | `program.rs` | everything wired together |
//! | `paying.rs` | payments by the government, wired |
//! | `serve.rs`, `tls.rs` | the HTTP server, with or without TLS; `letsema serve` |
//! | `demo.rs`, `people.rs`, `cast.rs` | a demonstration: invented people, officers, `demo.json` |
//! | `billing.rs`, `society.rs`, `counting.rs`, `funding.rs` | bills, a burial society, agents and a fund in a demonstration |
//! | `abis.rs` | an ABIS to try with |
//! | `packet.rs` | the field client of enrolment without a network |
//! | `wallet.rs`, `witness.rs` | the other two processes |
//! | `verify.rs`, `pack.rs` | checking a document, checking a pack |
//! | `clock.rs` | the real clock |

mod abis;
mod acquirer;
mod acting;
mod bank;
mod beside;
mod billing;
mod cast;
mod clock;
mod command;
mod config;
mod counting;
mod country;
mod demo;
mod enrol;
mod enrolling;
mod fees;
mod funding;
mod granting;
mod hub;
mod import;
mod institutions;
mod keys;
mod ledger;
mod listing;
mod pack;
mod packet;
mod paying;
mod people;
mod program;
mod reconciling;
mod serve;
mod society;
mod tls;
mod verify;
mod wallet;
mod witness;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let command = command::Letsema::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return command::failed(&format!("the runtime could not be started: {error}")),
    };
    let code = runtime.block_on(command::run(command));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    code
}
