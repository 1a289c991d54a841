//! The programs beside a demonstration: wallets, a bank, card acquirers, partners abroad and an ABIS, each a process of its own.
//!
//! **Invariant:** each is on a port that was free, with a secret of its own that nobody else knows. They end with this program,
//! but for wallets that are to outlive it.

use std::fs;
use std::path::Path;

use payments::remittance::Corridors;
use payments::{WalletLink, Wallets};
use serde_json::{Value as Json, json};
use tokio::process::Child;

use crate::abis;
use crate::acquirer::{self, AcquirersBeside};
use crate::bank::{self, BankBeside};
use crate::demo::Demo;
use crate::wallet::Beside;

/// All of them.
pub(crate) struct Around {
    pub(crate) wallets: Vec<Beside>,
    pub(crate) bank: BankBeside,
    pub(crate) acquirers: AcquirersBeside,
    pub(crate) partners: Vec<Beside>,
    pub(crate) abis: abis::Beside,
}

impl Around {
    /// Finds a place for each.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn new(demo: &Demo) -> Result<Self, String> {
        Ok(Self {
            wallets: wallets(demo)?,
            bank: bank::beside(&demo.pack)?,
            acquirers: acquirer::beside(&demo.pack)?,
            partners: partners(&demo.pack)?,
            abis: abis::Beside::new()?,
        })
    }

    /// Starts those that do not run.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(crate) fn start(&self, port: u16, zone: &str, keep_wallets: bool) -> Result<Vec<Child>, String> {
        let ours = format!("http://127.0.0.1:{port}/api");
        let mut children = vec![self.abis.start(&format!("{ours}/identity/abis/answers"))?];
        for wallet in self.wallets.iter().filter(|wallet| !wallet.runs()) {
            children.push(wallet.start(&format!("{ours}/payments/callbacks/{}", wallet.id), keep_wallets)?);
        }
        for partner in &self.partners {
            children.push(partner.start(&format!("{ours}/payments/partners/{}", partner.id), false)?);
        }
        children.extend(self.acquirers.start(port)?);
        children.push(self.bank.start(port, zone)?);
        Ok(children)
    }
}

/// How the gateway reaches them.
pub(crate) fn links(all: &[Beside]) -> Vec<(String, WalletLink)> {
    all.iter().map(|one| (one.id.clone(), one.link())).collect()
}

/// What `demo.json` says of them.
pub(crate) fn said(all: &[Beside]) -> Json {
    all.iter().map(|one| json!({ "id": one.id, "url": format!("http://{}", one.address) })).collect()
}

fn wallet_ids(pack: &Path) -> Result<Vec<String>, String> {
    let file = pack.join("wallets.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let wallets = Wallets::parse(&text, |_| None).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(wallets.iter().map(|wallet| wallet.id.clone()).collect())
}

/// The partners abroad beside the program; each speaks as a wallet does.
fn partners(pack: &Path) -> Result<Vec<Beside>, String> {
    let file = pack.join("corridors.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let corridors = Corridors::parse(&text, |_| None).map_err(|error| error.to_string())?;
    corridors.iter().map(|partner| Beside::new(&partner.id)).collect()
}

/// The wallets beside the program: those of an earlier start if they still run, else new ones.
fn wallets(demo: &Demo) -> Result<Vec<Beside>, String> {
    let file = demo.data.join("wallets.json");
    let known: Vec<Beside> =
        fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if demo.keep_wallets && !known.is_empty() && known.iter().all(Beside::runs) {
        return Ok(known);
    }
    let ids = wallet_ids(&demo.pack)?;
    let new = ids.iter().map(|id| Beside::new(id)).collect::<Result<Vec<_>, _>>()?;
    if demo.keep_wallets {
        let text = serde_json::to_string(&new).unwrap_or_default();
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(new)
}
