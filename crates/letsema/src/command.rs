//! The command line.
//!
//! **Invariant:** an error is one clear sentence on standard error and the exit code 1; what is asked for goes to
//! standard output.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use journal::log::Witness;

use crate::demo::Demo;
use crate::program::{Program, Setup};
use crate::{demo, pack, serve, verify, wallet, witness};

/// A country's digital public infrastructure in one program.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Letsema {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole program with invented people, ready to try.
    Demo(DemoArgs),
    /// Run the program.
    Serve(ServeArgs),
    /// Check a document offline.
    Verify {
        /// The PDF or JSON.
        file: PathBuf,
        /// The log's public key (NAME+HASH+BASE64), as /log/key shows it.
        #[arg(long, env = "LETSEMA_LOG_KEY")]
        key: String,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Watch a log and cosign its heads.
    Witness {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// The witness's name, such as witness.example/one.
        #[arg(long)]
        name: String,
        /// The log's public key.
        #[arg(long)]
        log: String,
        /// Where the witness's key and memory lie.
        #[arg(long)]
        data: PathBuf,
    },
    /// Run a simulated wallet.
    Wallet {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where to tell what became of a request.
        #[arg(long)]
        callback: String,
        /// The secret both sides sign with.
        #[arg(long, env = wallet::SECRET, hide_env_values = true)]
        secret: String,
        /// End when standard input closes.
        #[arg(long)]
        with_parent: bool,
    },
    /// Check a pack, or run its tests.
    Pack {
        #[command(subcommand)]
        action: PackAction,
    },
}

#[derive(Subcommand)]
enum PackAction {
    /// Every fault with file and line.
    Check(PackArgs),
    /// The same, and the tests that the pack brings along.
    Test(PackArgs),
}

#[derive(Args)]
struct PackArgs {
    /// The country's pack.
    #[arg(default_value_os_t = default_pack())]
    pack: PathBuf,
}

#[derive(Args)]
struct DemoArgs {
    /// Where the demonstration's data lies.
    #[arg(long)]
    data: PathBuf,
    /// The port to listen on.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many people to invent.
    #[arg(long, default_value_t = 10_000)]
    population: u32,
    /// The seed they are invented from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// sqlite:PATH or postgres://…; a file in the data folder if not given.
    #[arg(long)]
    database: Option<String>,
    /// Let the simulated wallets outlive the program, to see what happens when it is killed.
    #[arg(long)]
    keep_wallets: bool,
    /// People from an operator's own export (CSV) instead of invented ones.
    #[arg(long)]
    people: Option<PathBuf>,
    /// The country's pack.
    #[arg(long, default_value_os_t = default_pack())]
    pack: PathBuf,
}

#[derive(Args)]
struct ServeArgs {
    /// Where keys lie, and the embedded database.
    #[arg(long)]
    data: PathBuf,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Scheme, host and port under which people reach it.
    #[arg(long)]
    base_url: String,
    /// sqlite:PATH or postgres://…
    #[arg(long, env = "LETSEMA_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// A witness of the log: URL and key, separated by a space. May be given several times.
    #[arg(long)]
    witness: Vec<String>,
    /// The country's pack.
    #[arg(long, default_value_os_t = default_pack())]
    pack: PathBuf,
}

/// The pack beside the working folder, or where the sources lie.
fn default_pack() -> PathBuf {
    let here = PathBuf::from("packs/lesotho");
    if here.is_dir() { here } else { PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/lesotho")) }
}

/// Runs a command.
pub(crate) async fn run(letsema: Letsema) -> ExitCode {
    logging();
    let outcome = match letsema.command {
        Command::Demo(args) => demonstrate(args).await,
        Command::Serve(args) => serve_country(args).await,
        Command::Verify { file, key, json } => verify::run(&file, key.trim(), json),
        Command::Witness { listen, name, log, data } => witness::run(listen, &name, log, &data).await,
        Command::Wallet { listen, callback, secret, with_parent } => {
            wallet::run(listen, callback, secret, with_parent).await
        }
        Command::Pack { action: PackAction::Check(args) } => pack::run(&args.pack, false),
        Command::Pack { action: PackAction::Test(args) } => pack::run(&args.pack, true),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => failed(&said),
    }
}

async fn demonstrate(args: DemoArgs) -> Result<(), String> {
    let database = args.database.unwrap_or_else(|| format!("sqlite:{}", args.data.join("letsema.db").display()));
    let demo = Demo {
        data: args.data,
        port: args.port,
        population: args.population,
        seed: args.seed,
        database,
        people: args.people,
        pack: args.pack,
        keep_wallets: args.keep_wallets,
    };
    demo::run(demo).await
}

async fn serve_country(args: ServeArgs) -> Result<(), String> {
    std::fs::create_dir_all(&args.data).map_err(|error| format!("{}: {error}", args.data.display()))?;
    let mut witnesses = Vec::new();
    for witness in &args.witness {
        let (url, key) = witness.split_once(' ').ok_or("--witness takes a URL and a key, separated by a space")?;
        witnesses.push(Witness::new(url.to_owned(), key.to_owned()));
    }
    let listener = serve::listen(args.listen).await?;
    let program = Program::open(Setup {
        database: args.database.unwrap_or_else(|| format!("sqlite:{}", args.data.join("letsema.db").display())),
        data: args.data,
        base_url: args.base_url.trim_end_matches('/').to_owned(),
        pack: args.pack,
        demo: false,
        wallets: Vec::new(),
        clients: Vec::new(),
        witnesses,
    })
    .await?;
    program.work();
    say(&format!("{} (log key {})", args.base_url, program.log_key));
    serve::serve(listener, program.router).await
}

fn logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("LETSEMA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Says something on standard output.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says what went wrong.
pub(crate) fn failed(said: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "letsema: {said}");
    ExitCode::FAILURE
}

/// Says that one line of many is wrong, and goes on.
pub(crate) fn failed_line(said: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{said}");
}
