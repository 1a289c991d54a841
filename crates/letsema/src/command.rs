//! The command line.
//!
//! **Invariant:** an error is one clear sentence on standard error and the exit code 1; what is asked for goes to
//! standard output.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use spine::Clock;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::demo::Demo;
use crate::enrol::Officer;
use crate::import::{Asked, System};
use crate::keys::Keys;
use crate::ledger::LedgerAction;
use crate::listing::SanctionsAction;
use crate::packet::PacketAction;
use crate::program::Program;
use crate::verify::Asking;
use crate::{
    abis, acquirer, bank, config, demo, enrol, import, ledger, listing, pack, packet, serve, verify, wallet, witness,
};

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
    /// Run the program as its configuration says.
    Serve(ConfigArgs),
    /// Look at a configuration.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Officers.
    Officer {
        #[command(subcommand)]
        action: OfficerAction,
    },
    /// People who sign in.
    Person {
        #[command(subcommand)]
        action: PersonAction,
    },
    /// The program's own keys.
    Keys {
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Take in people and entries of another system; docs/guides/importing.md has the mapping.
    Import(ImportArgs),
    /// Check a document, offline unless asked otherwise.
    Verify {
        /// The PDF or JSON.
        file: PathBuf,
        /// The log's public key (NAME+HASH+BASE64), as /log/key shows it.
        #[arg(long, env = "LETSEMA_LOG_KEY")]
        key: String,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        /// Ask whoever issued it whether it was revoked since.
        #[arg(long)]
        online: bool,
        /// PEM of an authority to trust when asking, beside the public web's.
        #[arg(long, requires = "online")]
        authority: Option<PathBuf>,
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
        /// PEM of an authority to trust when it calls back, beside the public web's.
        #[arg(long)]
        authority: Option<PathBuf>,
        /// Speak M-Pesa's OpenAPI in this market (vodacomLES) and print the public key; the secret is then the application's key.
        #[arg(long)]
        open_api: Option<String>,
        /// The short code that is served there.
        #[arg(long, default_value = "171717")]
        short_code: String,
        /// End when standard input closes.
        #[arg(long)]
        with_parent: bool,
    },
    /// Run a simulated bank that keeps the government's account.
    Bank(bank::BankArgs),
    /// Run a simulated card acquirer, with a page where a test card is chosen.
    Acquirer(acquirer::AcquirerArgs),
    /// Run an ABIS to try with; how it misbehaves stands in the templates it is sent.
    AbisDouble {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where to tell answers that come late, such as https://letsema.example/api/identity/abis/answers.
        #[arg(long)]
        answers: String,
        /// The secret both sides sign with.
        #[arg(long, env = abis::SECRET, hide_env_values = true)]
        secret: String,
        /// End when standard input closes.
        #[arg(long)]
        with_parent: bool,
    },
    /// Enrolment in a village without a network.
    Packet {
        #[command(subcommand)]
        action: PacketAction,
    },
    /// The nation's books.
    Ledger {
        #[command(subcommand)]
        action: LedgerAction,
    },
    /// Published lists of names that payments are held against.
    Sanctions {
        #[command(subcommand)]
        action: SanctionsAction,
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
struct ConfigArgs {
    /// The configuration; docs/guides/letsema.toml shows every setting.
    #[arg(long, env = "LETSEMA_CONFIG", default_value = "/etc/letsema/letsema.toml")]
    config: PathBuf,
}

#[derive(Args)]
struct ImportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the files come from.
    #[arg(value_enum)]
    system: Foreign,
    /// JSON a record a line, or CSV (by its ending).
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Say what would come of it, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where lines are kept that do not come in.
    #[arg(long)]
    rejected: Option<PathBuf>,
}

/// Systems that records come in from.
#[derive(Clone, Copy, ValueEnum)]
enum Foreign {
    Mosip,
    Opencrvs,
}

#[derive(Subcommand)]
enum ConfigAction {
    /// Every fault with its line, and what is not connected.
    Check(ConfigArgs),
}

#[derive(Subcommand)]
enum OfficerAction {
    /// Make an officer's account; how to sign in is shown once.
    Add {
        #[command(flatten)]
        config: ConfigArgs,
        /// The user name.
        #[arg(long)]
        login: String,
        /// The name as pages show it.
        #[arg(long)]
        name: String,
        /// The institution's id in the pack.
        #[arg(long)]
        institution: String,
        /// A role of the pack; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// For messages by SMS.
        #[arg(long)]
        phone: Option<String>,
        /// For messages by e-mail.
        #[arg(long)]
        email: Option<String>,
        /// A language of the pack; its first if not given.
        #[arg(long)]
        language: Option<String>,
    },
}

#[derive(Subcommand)]
enum PersonAction {
    /// Make the account of somebody in the population; her PIN is shown once.
    Add {
        #[command(flatten)]
        config: ConfigArgs,
        /// Her national identity number.
        #[arg(long)]
        number: String,
        /// A language of the pack; its first if not given.
        #[arg(long)]
        language: Option<String>,
    },
}

#[derive(Subcommand)]
enum KeysAction {
    /// A new key for ID tokens; what the old one signed still counts.
    Rotate(ConfigArgs),
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
        Command::Serve(args) => serve::country(&args.config).await,
        Command::Config { action: ConfigAction::Check(args) } => config::check(&args.config),
        Command::Officer { action } => add_officer(action).await,
        Command::Person { action: PersonAction::Add { config, number, language } } => {
            enrol::person(&config.config, &number, language.as_deref()).await
        }
        Command::Keys { action: KeysAction::Rotate(args) } => rotate(&args.config),
        Command::Import(args) => take_in(args).await,
        Command::Verify { file, key, json, online, authority } => {
            let asking = online.then_some(Asking { authority: authority.as_deref() });
            verify::run(&file, key.trim(), json, asking).await
        }
        Command::Witness { listen, name, log, data } => witness::run(listen, &name, log, &data).await,
        Command::Wallet { listen, callback, secret, authority, open_api, short_code, with_parent } => {
            let market = open_api.map(|market| (market, short_code));
            wallet::run(listen, (callback, secret), market, authority.as_deref(), with_parent).await
        }
        Command::Bank(args) => bank::run(args).await,
        Command::Acquirer(args) => acquirer::run(args).await,
        Command::AbisDouble { listen, answers, secret, with_parent } => {
            abis::run(listen, answers, secret, with_parent).await
        }
        Command::Packet { action } => packet::run(action).await,
        Command::Ledger { action } => ledger::run(action).await,
        Command::Sanctions { action } => listing::run(action).await,
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

async fn take_in(args: ImportArgs) -> Result<(), String> {
    let system = match args.system {
        Foreign::Mosip => System::Mosip,
        Foreign::Opencrvs => System::OpenCrvs,
    };
    let program = Program::open(serve::setup(Config::read(&args.config.config)?)?).await?;
    let asked = Asked { system, files: args.files, dry_run: args.dry_run, rejected: args.rejected };
    import::run(&program, &asked).await
}

async fn add_officer(action: OfficerAction) -> Result<(), String> {
    let OfficerAction::Add { config, login, name, institution, roles, phone, email, language } = action;
    let officer = Officer { login, name, roles, institution, phone, email, language };
    enrol::officer(&config.config, officer).await
}

fn rotate(file: &Path) -> Result<(), String> {
    let folder = Config::read(file)?.data.join("keys");
    let aside = Keys::rotate(&folder, SystemClock.now()).map_err(|error| error.to_string())?;
    say(&format!(
        "a new key signs ID tokens as soon as every instance is started again\nthe old one lies in {}; delete it tomorrow",
        aside.display()
    ));
    Ok(())
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
