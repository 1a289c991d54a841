//! `letsema.toml`: how a real installation is to run.
//!
//! **Invariant:** the file holds no secret; each lies in a file of its own that nobody else may read. Every fault is
//! found before anything starts, with its line and what to write. Where next: `fields.rs`, `secrets.rs`; a whole
//! example with every setting is `docs/guides/letsema.toml`.

mod fields;
mod parts;
mod secrets;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use edge::Network;
use identity::Client;
use journal::log::Witness;
use messages::MailSettings;
use payments::WalletLink;
use spine::Secret;

use crate::command;
use crate::country::Country;
use fields::{Faults, Section};

/// A gateway for short messages, as the file declares it.
pub(crate) struct SmsPart {
    pub(crate) base_url: String,
    pub(crate) secret: Secret<Vec<u8>>,
    pub(crate) sender: String,
}

/// The files of our own certificate.
#[derive(Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// How to run.
pub(crate) struct Config {
    pub(crate) base_url: String,
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    /// With its password, if it has one.
    pub(crate) database: Secret<String>,
    pub(crate) pack: PathBuf,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) tls: Option<TlsFiles>,
    /// PEM of authorities to trust beside the public web's, in calls to others.
    pub(crate) authorities: Vec<u8>,
    pub(crate) wallets: Vec<(String, WalletLink)>,
    pub(crate) clients: Vec<Client>,
    pub(crate) sms: Option<SmsPart>,
    pub(crate) mail: Option<MailSettings>,
    pub(crate) witnesses: Vec<Witness>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Every fault of it, one a line.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut faults = Faults::of(file, &text);
        let mut whole = Section::whole(&text, &mut faults);
        let config = Self::gather(&mut whole, &mut faults);
        whole.end(&mut faults);
        match config {
            Some(config) if faults.count() == 0 => Ok(config),
            _ => Err(faults.said()),
        }
    }

    fn gather(whole: &mut Section<'_>, faults: &mut Faults) -> Option<Self> {
        let base_url = parts::base_url(whole, faults);
        let listen = parts::listen(whole, faults);
        let data = whole.needed(faults, "data", "/var/lib/letsema").map(|(path, _)| faults.path(&path));
        let database = parts::database(whole, faults, data.as_deref());
        let pack = parts::pack(whole, faults);
        let trusted_proxies = parts::proxies(whole, faults);
        let tls = parts::tls(whole, faults);
        let authorities = parts::authorities(whole, faults);
        let wallets = parts::wallets(whole, faults);
        let clients = parts::clients(whole, faults);
        let sms = parts::sms(whole, faults);
        let mail = parts::mail(whole, faults, &authorities);
        let witnesses = parts::witnesses(whole, faults);
        if base_url.as_ref().is_some_and(|url| url.starts_with("https://"))
            && tls.is_none()
            && trusted_proxies.is_empty()
        {
            faults.at(
                0,
                "base_url is https: say who ends TLS, with [tls] here, or with trusted_proxies = [\"…\"] before it",
            );
        }
        Some(Self {
            base_url: base_url?,
            listen: listen?,
            data: data?,
            database: database?,
            pack: pack?,
            trusted_proxies,
            tls,
            authorities,
            wallets,
            clients,
            sms,
            mail,
            witnesses,
        })
    }
}

/// `letsema config check FILE`: whether a file is sound, and its pack, and what is not connected.
///
/// # Errors
/// Every fault, one a line.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    let config = Config::read(file)?;
    let country = Country::read(&config.pack).map_err(|faults| faults.to_string())?;
    let known = payments::Wallets::parse(&country.wallets, |_| None).map_err(|error| error.to_string())?;
    let mut wrong: Vec<String> = Vec::new();
    for (id, _) in &config.wallets {
        if known.find(id).is_none() {
            let ids: Vec<&str> = known.iter().map(|wallet| wallet.id.as_str()).collect();
            wrong.push(format!("{}: the pack has no wallet {id:?}; it has: {}", file.display(), ids.join(", ")));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    command::say(&format!(
        "{}: sound: {} wallets, {} clients, {} witnesses",
        file.display(),
        config.wallets.len(),
        config.clients.len(),
        config.witnesses.len()
    ));
    let mut lacking = Vec::new();
    for wallet in known.iter().filter(|wallet| !config.wallets.iter().any(|(id, _)| *id == wallet.id)) {
        lacking.push(format!("the wallet {} is not connected, so nobody can pay with it", wallet.id));
    }
    if config.sms.is_none() {
        lacking.push("there is no [sms], so people with a phone receive no codes".to_owned());
    }
    if config.mail.is_none() {
        lacking.push("there is no [mail], so nobody receives mail".to_owned());
    }
    if config.witnesses.is_empty() {
        lacking.push("there are no [[witnesses]], so nobody outside watches the log".to_owned());
    }
    for line in lacking {
        command::say(&format!("note: {line}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
