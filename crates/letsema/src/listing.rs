//! Published lists of names: `letsema sanctions take`, and the invented list of a demonstration.
//!
//! **Invariant:** what comes in here waits for an officer like what comes in by a page; whoever runs the program decides nothing. In a
//! demonstration two officers have put an invented list in force, and of the Security Council's there is none, so that
//! somebody can bring one.

use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use clap::Subcommand;
use journal::Key;
use payments::sanctions::{self, FileState, ListFile, ListFileId};
use spine::{Actor, Caller, Cx, Fault, Language};

use crate::command;
use crate::config::Config;
use crate::demo::officer_id;
use crate::granting::officer;
use crate::program::Program;
use crate::serve;

/// The largest file that is read.
const FILE_BYTES: u64 = 16 << 20;

/// A demonstration's list, and the day that stands in it.
const DEMO_LIST: &str = "national";
const DEMO: &str = include_str!("../../../docs/guides/sanctions.csv");
const DEMO_DAY: &str = "2026-11-01";
const SECOND: &str = "mamello.phooko";

/// What to do.
#[derive(Subcommand)]
pub(crate) enum SanctionsAction {
    /// Take a file of a published list; an officer puts it in force at /screening/lists.
    Take {
        /// The configuration of the installation.
        #[arg(long, env = "LETSEMA_CONFIG", default_value = "/etc/letsema/letsema.toml")]
        config: PathBuf,
        /// The list's id in the pack, such as un.
        list: String,
        /// The file as it was published.
        file: PathBuf,
    },
}

/// Runs a command on the lists.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(action: SanctionsAction) -> Result<(), String> {
    let SanctionsAction::Take { config, list, file } = action;
    let program = Program::open(serve::setup(Config::read(&config)?)?).await?;
    let bytes = read(&file)?;
    let said = |fault: Fault| {
        let english = Language::new("en");
        format!("{}: {} ({})", file.display(), program.country.words.say(&english, fault.text()), fault.code())
    };
    let caller = Caller::system("sanctions");
    let taken = sanctions::take_file(&program.gateway, &caller, &Key::none(), &list, bytes).await.map_err(said)?;
    let known = found(&program, taken).await.map_err(said)?;
    command::say(&format!(
        "{} entries, dated {}: {} added, {} removed, {} changed\nit waits for an officer at /screening/lists/files/{}",
        known.entries, known.dated_at, known.added, known.removed, known.changed, known.id
    ));
    Ok(())
}

fn read(file: &Path) -> Result<Bytes, String> {
    let shown = file.display();
    let size = fs::metadata(file).map_err(|error| format!("{shown}: {error}"))?.len();
    if size > FILE_BYTES {
        return Err(format!("{shown}: larger than 16 MB"));
    }
    fs::read(file).map(Bytes::from).map_err(|error| format!("{shown}: {error}"))
}

async fn found(program: &Program, id: ListFileId) -> Result<ListFile, Fault> {
    program.acts.read(&Caller::system("sanctions"), move |cx| sanctions::file(cx, id)).await
}

/// Two officers put the invented list in force, once for a demonstration.
///
/// # Errors
/// The engine's faults.
pub(crate) async fn arrange(program: &Program) -> Result<(), Fault> {
    let (first, screening) = (officer("payments-officer"), program.gateway.rails().screening.clone());
    let of = first.clone();
    let look = move |cx: &mut Cx<'_>| sanctions::lists(cx, &screening);
    if program.acts.read(&of, look).await?.iter().any(|it| it.list == DEMO_LIST && it.in_force.is_some()) {
        return Ok(());
    }
    let today = program.acts.now().date_in(program.country.words.zone());
    let text = DEMO.replace(DEMO_DAY, &today.to_string());
    let taken =
        sanctions::take_file(&program.gateway, &first, &Key::none(), DEMO_LIST, Bytes::from(text.into_bytes())).await?;
    let second = Caller { actor: Actor { id: officer_id(SECOND), ..first.actor.clone() }, ..first };
    let put =
        move |cx: &mut Cx<'_>| sanctions::decide(cx, taken, "in_force", "").map(|state| state == FileState::InForce);
    program.acts.write(&second, &Key::none(), put).await.map(drop)
}
