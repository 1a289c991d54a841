//! `letsema.toml`: how a real installation is to run.
//!
//! **Invariant:** the file holds no secret; each lies in a file of its own that nobody else may read. Every fault is
//! found before anything starts, with its line and what to write. Where next: `fields.rs`, `secrets.rs`; a whole
//! example with every setting is `docs/guides/letsema.toml`.

mod check;
mod fields;
mod open_api;
mod parts;
mod secrets;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use edge::Network;
use identity::{AbisLink, ClientMetadata};
use journal::log::Witness;
use messages::MailSettings;
use messages::ussd::DoorKey;
use payments::cards::AcquirerLink;
use payments::sanctions::Source;
use payments::{OpenApiLink, WalletLink};
use spine::Secret;

use crate::hub::HubPart;
pub(crate) use check::check;
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
    /// Hubs that we are a member of.
    pub(crate) hubs: Vec<(String, HubPart)>,
    pub(crate) wallets: Vec<(String, WalletLink)>,
    /// The wallets that are reached by M-Pesa's OpenAPI.
    pub(crate) open_api: Vec<(String, OpenApiLink)>,
    /// Our bank’s address and secret.
    pub(crate) banks: Vec<(String, WalletLink)>,
    /// The addresses and secrets of partners who collect money abroad.
    pub(crate) partners: Vec<(String, WalletLink)>,
    /// Where card acquirers are, and how they sign.
    pub(crate) acquirers: Vec<(String, AcquirerLink)>,
    /// Where published lists of names are fetched.
    pub(crate) lists: Vec<Source>,
    pub(crate) abis: Option<AbisLink>,
    pub(crate) clients: Vec<ClientMetadata>,
    pub(crate) sms: Option<SmsPart>,
    pub(crate) mail: Option<MailSettings>,
    pub(crate) ussd: Option<(DoorKey, Vec<Network>)>,
    /// The token of whoever runs the switch.
    pub(crate) switch: Option<Secret<String>>,
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
        let wallets = parts::links(whole, faults, "wallets");
        let open_api = open_api::open_api(whole, faults, &wallets);
        let banks = parts::links(whole, faults, "banks");
        let partners = parts::links(whole, faults, "partners");
        let acquirers = parts::acquirers(whole, faults);
        let lists = parts::lists(whole, faults);
        let abis = parts::abis(whole, faults);
        let clients = parts::clients(whole, faults);
        let sms = parts::sms(whole, faults);
        let mail = parts::mail(whole, faults, &authorities);
        let ussd = parts::ussd(whole, faults);
        let switch = parts::switch(whole, faults);
        let hubs = parts::hubs(whole, faults, switch.is_some());
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
            hubs,
            wallets,
            open_api,
            banks,
            partners,
            acquirers,
            lists,
            abis,
            clients,
            sms,
            mail,
            ussd,
            switch,
            witnesses,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use super::*;

    /// A folder with the sample, the secrets it names, and a pack.
    pub(in crate::config) struct Folder(PathBuf);

    impl Folder {
        pub(in crate::config) fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("letsema-config-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("secrets")).unwrap();
            for secret in
                ["database", "sms", "mail", "ussd", "switch", "mpesa", "bank", "kopano", "pula", "abis", "hub"]
            {
                Self::secret(&folder.join("secrets").join(secret), "0123456789abcdef/@");
            }
            Self(folder)
        }

        fn secret(path: &Path, text: &str) {
            fs::write(path, format!("{text}\n")).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }

        pub(in crate::config) fn sample() -> String {
            let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/lesotho");
            include_str!("../../../../docs/guides/letsema.toml").replace("/opt/letsema/packs/lesotho", pack)
        }

        pub(in crate::config) fn read(&self, text: &str) -> Result<Config, String> {
            let file = self.0.join("letsema.toml");
            fs::write(&file, text).unwrap();
            Config::read(&file)
        }

        /// The fault that a change to the sample makes, without the file's name.
        fn fault(&self, from: &str, to: &str) -> String {
            let sample = Self::sample();
            assert!(sample.contains(from), "{from}");
            let said = self.read(&sample.replacen(from, to, 1)).err().unwrap_or_default();
            said.replace(&format!("{}: ", self.0.join("letsema.toml").display()), "")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn line_of(word: &str) -> usize {
        Folder::sample().lines().position(|line| line.contains(word)).unwrap() + 1
    }

    #[test]
    fn the_documented_sample_is_sound_and_says_it_all() {
        let folder = Folder::new("sample");
        let config = folder.read(&Folder::sample()).unwrap_or_else(|said| panic!("{said}"));
        assert_eq!(config.base_url, "https://letsema.example");
        assert_eq!(
            config.database.reveal(),
            "postgres://letsema:0123456789abcdef%2F%40@db.example/letsema?sslmode=require&sslrootcert=/etc/letsema/database-ca.pem"
        );
        assert!(config.trusted_proxies[0].contains("10.0.0.7".parse().unwrap()));
        assert_eq!((config.wallets.len(), config.clients.len(), config.witnesses.len()), (1, 1, 1));
        assert_eq!(config.wallets[0].1.secret.reveal(), b"0123456789abcdef/@", "without the end of the line");
        assert!(config.clients[0].client_secret_digest.is_some());
        assert_eq!(config.sms.unwrap().sender, "LETSEMA");
        assert_eq!(config.mail.unwrap().port, 465);
        let (key, networks) = config.ussd.unwrap();
        assert!(matches!(key, DoorKey::Password(_)) && networks[0].contains("192.0.2.9".parse().unwrap()));
    }

    #[test]
    fn the_least_that_is_enough() {
        let folder = Folder::new("least");
        let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/lesotho");
        let text = format!("base_url = 'http://localhost:8080'\ndata = 'data'\npack = '{pack}'\n");
        let config = folder.read(&text).unwrap_or_else(|said| panic!("{said}"));
        assert_eq!(config.listen, ([127, 0, 0, 1], 8080).into());
        assert_eq!(config.database.reveal(), &format!("sqlite:{}", folder.0.join("data/letsema.db").display()));
        assert!(config.sms.is_none() && config.mail.is_none() && config.tls.is_none());
    }

    #[test]
    fn every_fault_has_its_line_and_says_what_to_do() {
        let folder = Folder::new("faults");
        for (from, to, expected) in [
            ("base_url = \"https://letsema.example\"", "", "line 1: base_url is missing; write base_url ="),
            ("https://letsema.example\"", "http://letsema.example\"", "base_url must begin with https://"),
            ("https://letsema.example\"", "https://letsema.example/path\"", "base_url is a scheme, a host"),
            ("127.0.0.1:8080", "8080", "listen is an address and a port"),
            ("/letsema?sslmode=require&", "/letsema?", "database: add ?sslmode=require"),
            ("letsema@db.example", "letsema:secret@db.example", "the password does not stand here"),
            ("postgres://letsema@db", "mysql://letsema@db", "database is sqlite:PATH or postgres://"),
            ("10.0.0.0/24", "10.0.0.0/40", "trusted_proxies: 10.0.0.0/40"),
            ("trusted_proxies = [\"10.0.0.0/24\", \"::1\"]", "", "say who ends TLS"),
            ("https://sms.example", "http://sms.example", "url: http://sms.example/letsema must begin with https://"),
            ("sender = \"LETSEMA\"", "sender = \"LETSEMA LESOTHO\"", "at most eleven letters"),
            ("smtp.example:465", "smtp.example", "relay is a host and a port"),
            ("security = \"tls\"", "security = \"none\"", "none is for a relay on this machine"),
            ("security = \"tls\"", "security = \"ssl\"", "security is \"tls\", \"starttls\" or \"none\""),
            ("<no-reply@letsema.example>\"\nuser", "no-reply\"\nuser", "from: "),
            ("addresses = [\"192.0.2.0/24\"]", "addresses = [\"all\"]", "addresses: all"),
            ("proof = \"password\"", "proof = \"none\"", "proof is \"signature\" or \"password\""),
            ("addresses = [\"192.0.2.0/24\"]", "", "proof: a password counts from known addresses only"),
            ("user = \"letsema\"", "", "user and password_file belong together"),
            ("secret_file = \"secrets/mpesa\"", "secret = \"1234\"", "secrets do not stand here"),
            ("secret_file = \"secrets/mpesa\"", "", "secret_file is missing"),
            ("secrets/mpesa", "secrets/none", "No such file"),
            ("listen =", "lissen =", "lissen is not a setting here; these are: base_url, listen, data"),
            ("scopes = [\"profile\", \"phone\"]", "scopes = [\"everything\"]", "there is no scope or claim everything"),
            ("decides = \"officers\"", "decides = \"me\"", "decides is \"officers\", or \"nobody\""),
            ("https://bank.example/callback", "http://bank.example/callback", "is not an address to redirect to"),
            ("name = { en = \"The bank\", st = \"Banka\" }", "name = 7", "name says a name by language"),
            ("[sms]", "[[sms]]", "sms is a section; begin it with [sms]"),
            ("sender = \"LETSEMA\"", "sender = LETSEMA", "string values must be quoted"),
        ] {
            let said = folder.fault(from, to);
            assert!(said.contains(expected), "{from} -> {to}: {said}");
            assert!(said.lines().all(|line| line.starts_with("line ")), "{said}");
        }
        let said = folder.fault("sender = \"LETSEMA\"", "sender = \"\"");
        assert_eq!(said, format!("line {}: sender is empty", line_of("sender =")));
    }

    #[test]
    fn all_faults_are_said_at_once_in_the_order_of_the_file() {
        let folder = Folder::new("all");
        let text = Folder::sample().replace("127.0.0.1:8080", "x").replace("secrets/mpesa", "secrets/none");
        let text = text.replace("10.0.0.0/24", "everybody");
        let said = folder.read(&text).err().unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert!(lines[0].contains("listen") && lines[1].contains("everybody") && lines[2].contains("secrets/none"));
    }

    #[test]
    fn a_secret_that_others_may_read_or_that_is_short_is_refused() {
        let folder = Folder::new("secrets");
        fs::set_permissions(folder.0.join("secrets/sms"), fs::Permissions::from_mode(0o644)).unwrap();
        Folder::secret(&folder.0.join("secrets/bank"), "short");
        let said = folder.read(&Folder::sample()).err().unwrap();
        assert!(said.contains("others may read") && said.contains("chmod 600"), "{said}");
        assert!(said.contains("holds fewer than 16 bytes"), "{said}");
        assert!(!said.contains("0123456789abcdef") && !said.contains("short;"), "a fault never shows a secret");
    }
}
