//! Each setting of the configuration: what it may be, and what to write instead.
//!
//! **Invariant:** deny by default: plain connections only to this machine, a password never in an address, an unknown
//! word never passed over.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use edge::{Network, may_be_called};
use identity::{AbisLink, AuthMethod, ClientMetadata, secret_digest};
use journal::log::Witness;
use messages::ussd::DoorKey;
use messages::{MailRelay, MailSecurity, MailSettings};
use payments::WalletLink;
use payments::cards::AcquirerLink;
use payments::sanctions::Source;
use spine::Secret;
use switch::member::HubKeys;

use super::fields::{At, Faults, Section};
use super::{SmsPart, TlsFiles, secrets};
use crate::hub::HubPart;

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn base_url(whole: &mut Section<'_>, faults: &mut Faults) -> Option<String> {
    let (written, at) = whole.needed(faults, "base_url", "https://letsema.example")?;
    let url = written.trim_end_matches('/').to_owned();
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    if rest.is_empty() || rest.contains(['/', '?', '#', '@']) || !matches!(scheme, "http" | "https") {
        faults.at(at, "base_url is a scheme, a host and perhaps a port, and no more: https://letsema.example");
        return None;
    }
    if scheme == "http" && !is_here(host) {
        faults.at(at, "base_url must begin with https:// for anybody but this machine");
        return None;
    }
    Some(url)
}

pub(super) fn listen(whole: &mut Section<'_>, faults: &mut Faults) -> Option<SocketAddr> {
    let Some((written, at)) = whole.text(faults, "listen") else { return Some(([127, 0, 0, 1], 8080).into()) };
    written.parse().map_err(|_| faults.at(at, "listen is an address and a port: 127.0.0.1:8080 or [::]:443")).ok()
}

/// The database's address; its password comes from a file.
pub(super) fn database(whole: &mut Section<'_>, faults: &mut Faults, data: Option<&Path>) -> Option<Secret<String>> {
    let written = whole.text(faults, "database");
    let password = secrets::secret(whole, faults, "database_password_file", 1);
    let Some((url, at)) = written else {
        return Some(Secret::new(format!("sqlite:{}", data?.join("letsema.db").display())));
    };
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Some(Secret::new(format!("sqlite:{}", faults.path(path).display())));
    }
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let Some(rest) = rest else {
        faults.at(at, "database is sqlite:PATH or postgres://USER@HOST/NAME?sslmode=require&sslrootcert=FILE");
        return None;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let Some((user, host)) = authority.rsplit_once('@') else {
        faults.at(at, "database: say as whom, postgres://USER@HOST/NAME");
        return None;
    };
    if user.contains(':') {
        faults.at(
            at,
            "database: the password does not stand here; put it into a file and write database_password_file = \"…\"",
        );
        return None;
    }
    let name = host.rsplit_once(':').map_or(host, |(host, _)| host);
    if !is_here(name) && !name.starts_with("%2F") && !url.contains("sslmode=require") {
        faults.at(at, "database: add ?sslmode=require&sslrootcert=FILE, the authority that signed its certificate; plain connections stay on this machine");
        return None;
    }
    let Some(password) = password else { return Some(Secret::new(url)) };
    let after = rest.strip_prefix(authority).unwrap_or_default();
    Some(Secret::new(format!("postgres://{user}:{}@{host}{after}", percent(password.reveal()))))
}

/// A password as an address holds it (RFC 3986 §2.1).
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(super) fn pack(whole: &mut Section<'_>, faults: &mut Faults) -> Option<PathBuf> {
    let (written, at) = whole.needed(faults, "pack", "/opt/letsema/packs/…")?;
    let path = faults.path(&written);
    if path.join("country.toml").is_file() {
        return Some(path);
    }
    faults.at(at, format!("pack: {} is not a country's pack, for it has no country.toml", path.display()));
    None
}

pub(super) fn proxies(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<Network> {
    networks(whole, faults, "trusted_proxies")
}

fn networks(section: &mut Section<'_>, faults: &mut Faults, key: &'static str) -> Vec<Network> {
    let mut networks = Vec::new();
    for (written, at) in section.texts(faults, key) {
        match written.parse::<Network>() {
            Ok(network) => networks.push(network),
            Err(error) => faults.at(at, format!("{key}: {written}: {error}")),
        }
    }
    networks
}

pub(super) fn tls(whole: &mut Section<'_>, faults: &mut Faults) -> Option<TlsFiles> {
    let mut section = whole.section(faults, "tls")?;
    let certificate = section.needed(faults, "certificate_file", "/etc/letsema/certificate.pem");
    let key = section.needed(faults, "key_file", "/etc/letsema/key.pem");
    section.end(faults);
    let ((certificate, at), (key, _)) = (certificate?, key?);
    let files = TlsFiles { certificate: faults.path(&certificate), key: faults.path(&key) };
    if let Err(said) = crate::tls::acceptor(&files) {
        faults.at(at, format!("tls: {said}"));
        return None;
    }
    Some(files)
}

pub(super) fn authorities(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<u8> {
    let mut all = Vec::new();
    for written in whole.texts(faults, "authority_files") {
        let Some(pem) = secrets::public(faults, "authority_files", &written) else { continue };
        match edge::Outbound::trusting(edge::OutboundLimits::default(), &pem) {
            Ok(_) if pem.windows(11).any(|part| part == b"CERTIFICATE") => all.extend(pem),
            Ok(_) => faults.at(written.1, format!("authority_files: {} holds no certificate in PEM", written.0)),
            Err(said) => faults.at(written.1, format!("authority_files: {}: {said}", written.0)),
        }
    }
    all
}

/// An address of another program: over TLS, or on this machine.
pub(super) fn other(section: &mut Section<'_>, faults: &mut Faults, example: &str) -> Option<String> {
    let (written, at) = section.needed(faults, "url", example)?;
    let url = written.trim_end_matches('/').to_owned();
    if url.parse().is_ok_and(|uri| may_be_called(&uri)) {
        return Some(url);
    }
    faults.at(at, format!("url: {written} must begin with https:// (plain http stays on this machine)"));
    None
}

pub(super) fn twice<'a>(
    faults: &mut Faults,
    seen: impl Iterator<Item = &'a str>,
    what: &str,
    (id, at): &At<String>,
) -> bool {
    let known = seen.into_iter().any(|known| known == id);
    if known {
        faults.at(*at, format!("{what} {id:?} stands here twice; leave one out"));
    }
    known
}

/// The wallets of `[[wallets]]`, the banks of `[[banks]]` or the partners abroad of `[[partners]]`: each with its address and the secret both sides sign with.
pub(super) fn links(whole: &mut Section<'_>, faults: &mut Faults, kind: &'static str) -> Vec<(String, WalletLink)> {
    let mut links: Vec<(String, WalletLink)> = Vec::new();
    for mut section in whole.sections(faults, kind) {
        let id = section.needed(faults, "id", &format!("the id that the pack gives it among its {kind}"));
        let base_url = other(&mut section, faults, "https://api.example/letsema");
        let secret = secrets::needed(&mut section, faults, "secret_file");
        section.end(faults);
        let (Some(id), Some(base_url), Some(secret)) = (id, base_url, secret) else { continue };
        if !twice(faults, links.iter().map(|(id, _)| id.as_str()), kind, &id) {
            let secret = Secret::new(secret.reveal().clone().into_bytes());
            links.push((id.0, WalletLink { base_url, secret }));
        }
    }
    links
}

/// The card acquirers of `[[acquirers]]`: each with its interface, the origin of its pages, and the secret both sides sign with.
pub(super) fn acquirers(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<(String, AcquirerLink)> {
    let mut links: Vec<(String, AcquirerLink)> = Vec::new();
    for mut section in whole.sections(faults, "acquirers") {
        let id = section.needed(faults, "id", "the id that the pack gives it among its acquirers");
        let base_url = other(&mut section, faults, "https://api.acquirer.example/letsema");
        let pages = section.needed(faults, "pages", "https://pay.acquirer.example, where people are sent");
        let secret = secrets::needed(&mut section, faults, "secret_file");
        section.end(faults);
        let (Some(id), Some(base_url), Some((pages, at)), Some(secret)) = (id, base_url, pages, secret) else {
            continue;
        };
        let host = pages.split_once("://").map_or("", |(_, host)| host);
        if host.is_empty() || host.contains(['/', '?', '#', '@']) || !pages.parse().is_ok_and(|uri| may_be_called(&uri))
        {
            faults.at(at, "pages is a scheme, a host and perhaps a port, and no more: https://pay.acquirer.example");
            continue;
        }
        if !twice(faults, links.iter().map(|(id, _)| id.as_str()), "acquirers", &id) {
            let secret = Secret::new(secret.reveal().clone().into_bytes());
            links.push((id.0, AcquirerLink { api: WalletLink { base_url, secret }, pages }));
        }
    }
    links
}

/// Where published lists of names are fetched, of `[[sanctions]]`.
pub(super) fn lists(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for mut section in whole.sections(faults, "sanctions") {
        let id = section.needed(faults, "id", "the id that the pack gives it among its lists");
        let url = other(&mut section, faults, "https://lists.example/consolidated.xml");
        let decides = section.text(faults, "decides");
        section.end(faults);
        let is_trusted = match &decides {
            None => false,
            Some((word, _)) if word == "officers" => false,
            Some((word, _)) if word == "nobody" => true,
            Some((_, at)) => {
                faults.at(*at, "decides is \"officers\", or \"nobody\": what is fetched is in force by itself");
                continue;
            }
        };
        let (Some(id), Some(url)) = (id, url) else { continue };
        if !twice(faults, sources.iter().map(|it| it.list.as_str()), "sanctions", &id) {
            sources.push(Source { list: id.0, url, is_trusted });
        }
    }
    sources
}

/// The ABIS that compares fingers, eyes and faces.
pub(super) fn abis(whole: &mut Section<'_>, faults: &mut Faults) -> Option<AbisLink> {
    let mut section = whole.section(faults, "abis")?;
    let base_url = other(&mut section, faults, "https://abis.example/letsema");
    let secret = secrets::needed(&mut section, faults, "secret_file");
    section.end(faults);
    Some(AbisLink { base_url: base_url?, secret: Secret::new(secret?.reveal().clone().into_bytes()) })
}

/// Programs with a secret or without; those with keys are declared in the pack or registered.
pub(super) fn clients(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<ClientMetadata> {
    let mut clients: Vec<ClientMetadata> = Vec::new();
    for mut section in whole.sections(faults, "clients") {
        let id = section.needed(faults, "id", "bank");
        let name = section.localised(faults, "name");
        let secret = secrets::secret(&mut section, faults, "secret_file", secrets::SHARED);
        let plain = |list: Vec<At<String>>| list.into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        let redirect_uris = plain(section.texts(faults, "redirect_uris"));
        let post_logout_redirect_uris = plain(section.texts(faults, "post_logout_redirect_uris"));
        let scopes = plain(section.texts(faults, "scopes"));
        let at = section.at;
        section.end(faults);
        let (Some(id), Some(name)) = (id, name) else { continue };
        let client = ClientMetadata {
            client_id: id.0.clone(),
            client_name: name,
            token_endpoint_auth_method: match secret {
                Some(_) => AuthMethod::ClientSecretBasic,
                None => AuthMethod::None,
            },
            client_secret_digest: secret.as_ref().map(secret_digest),
            redirect_uris,
            post_logout_redirect_uris,
            scope: scopes.join(" "),
            ..ClientMetadata::default()
        };
        if let Err(error) = client.check() {
            faults.at(at, error.to_string());
        } else if !twice(faults, clients.iter().map(|client| client.client_id.as_str()), "the client", &id) {
            clients.push(client);
        }
    }
    clients
}

pub(super) fn sms(whole: &mut Section<'_>, faults: &mut Faults) -> Option<SmsPart> {
    let mut section = whole.section(faults, "sms")?;
    let base_url = other(&mut section, faults, "https://sms.example/letsema");
    let secret = secrets::needed(&mut section, faults, "secret_file");
    let sender = section.needed(faults, "sender", "LETSEMA");
    section.end(faults);
    let ((sender, at), secret) = (sender?, Secret::new(secret?.reveal().clone().into_bytes()));
    // 3GPP TS 23.040 §9.1.2.5: eleven letters, or a number.
    let fine = sender.is_ascii() && sender.len() <= if sender.starts_with('+') { 16 } else { 11 };
    if !fine {
        faults.at(at, "sender: phones show at most eleven letters, or a number that begins with +");
        return None;
    }
    Some(SmsPart { base_url: base_url?, secret, sender })
}

/// The token of whoever runs the switch.
pub(super) fn switch(whole: &mut Section<'_>, faults: &mut Faults) -> Option<Secret<String>> {
    let mut section = whole.section(faults, "switch")?;
    let token = secrets::needed(&mut section, faults, "operator_token_file");
    section.end(faults);
    token
}

/// Hubs that we are a member of. Whose signatures are believed must be said, unless the hub is our own switch.
pub(super) fn hubs(whole: &mut Section<'_>, faults: &mut Faults, is_ours: bool) -> Vec<(String, HubPart)> {
    let mut hubs: Vec<(String, HubPart)> = Vec::new();
    for mut section in whole.sections(faults, "hubs") {
        let id = section.needed(faults, "id", "the id that the pack gives it in hubs.toml");
        let name = section.needed(faults, "name", "what the hub calls itself in its messages: Hub");
        let base_url = other(&mut section, faults, "https://hub.example/api/fspiop");
        let token = secrets::needed(&mut section, faults, "token_file");
        let written = section.text(faults, "keys_file");
        let at = section.at;
        section.end(faults);
        let keys = match &written {
            Some(written) => {
                let Some(bytes) = secrets::public(faults, "keys_file", written) else { continue };
                let set = serde_json::from_slice(&bytes).ok().and_then(|set| HubKeys::in_set(&set));
                if set.is_none() {
                    faults.at(
                        written.1,
                        "keys_file: a JSON Web Key Set in which each kid is a member's name, or the hub's",
                    );
                }
                set
            }
            None if is_ours => None,
            None => {
                faults.at(at, "keys_file is missing: whoever is not the hub could say that money came; ask its operator for the keys");
                continue;
            }
        };
        let (Some(id), Some((name, _)), Some(base_url), Some(token)) = (id, name, base_url, token) else { continue };
        if !twice(faults, hubs.iter().map(|(id, _)| id.as_str()), "the hub", &id) {
            hubs.push((id.0, HubPart { name, base_url, token, keys }));
        }
    }
    hubs
}

/// How an aggregator proves itself, and from where it asks.
pub(super) fn ussd(whole: &mut Section<'_>, faults: &mut Faults) -> Option<(DoorKey, Vec<Network>)> {
    let mut section = whole.section(faults, "ussd")?;
    let secret = secrets::needed(&mut section, faults, "secret_file");
    let proof = section.text(faults, "proof");
    let networks = networks(&mut section, faults, "addresses");
    let at = section.at;
    section.end(faults);
    let secret = Secret::new(secret?.reveal().clone().into_bytes());
    match proof.as_ref().map(|(word, at)| (word.as_str(), *at)) {
        None | Some(("signature", _)) => Some((DoorKey::Signed(secret), networks)),
        Some(("password", _)) if networks.is_empty() => {
            faults.at(at, "proof: a password counts from known addresses only; write addresses = [\"…\"]");
            None
        }
        Some(("password", _)) => Some((DoorKey::Password(secret), networks)),
        Some((word, at)) => {
            faults.at(at, format!("proof is \"signature\" or \"password\", not {word:?}"));
            None
        }
    }
}

pub(super) fn mail(whole: &mut Section<'_>, faults: &mut Faults, authorities: &[u8]) -> Option<MailSettings> {
    let mut section = whole.section(faults, "mail")?;
    let relay = section.needed(faults, "relay", "smtp.example:465");
    let security = section.text(faults, "security");
    let from = section.needed(faults, "from", "Letsema <no-reply@letsema.example>");
    let user = section.text(faults, "user");
    let password = secrets::secret(&mut section, faults, "password_file", 1);
    let at = section.at;
    section.end(faults);
    let ((relay, relay_at), (from, from_at)) = (relay?, from?);
    let port = relay.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    let Some((host, port)) = port else {
        faults.at(relay_at, "relay is a host and a port: smtp.example:465");
        return None;
    };
    let security = match security.as_ref().map(|(word, at)| (word.as_str(), *at)) {
        None | Some(("tls", _)) => MailSecurity::Tls,
        Some(("starttls", _)) => MailSecurity::StartTls,
        Some(("none", _)) if is_here(&host) => MailSecurity::Local,
        Some(("none", at)) => {
            faults.at(at, "security: none is for a relay on this machine; write \"tls\" or \"starttls\"");
            return None;
        }
        Some((word, at)) => {
            faults.at(at, format!("security is \"tls\", \"starttls\" or \"none\", not {word:?}"));
            return None;
        }
    };
    let login = match (user, password) {
        (Some((user, _)), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => {
            faults.at(at, "mail: user and password_file belong together; write both or neither");
            return None;
        }
    };
    let settings = || MailSettings {
        host: host.clone(),
        port,
        security,
        from: from.clone(),
        login: login.clone(),
        authorities: authorities.to_vec(),
    };
    if let Err(said) = MailRelay::new(settings()) {
        faults.at(from_at, format!("from: {said}; write from = \"Letsema <no-reply@letsema.example>\""));
        return None;
    }
    Some(settings())
}

pub(super) fn witnesses(whole: &mut Section<'_>, faults: &mut Faults) -> Vec<Witness> {
    let mut witnesses = Vec::new();
    for mut section in whole.sections(faults, "witnesses") {
        let url = other(&mut section, faults, "https://witness.example");
        let key = section.needed(faults, "key", "NAME+HASH+KEY, as the witness prints it");
        section.end(faults);
        if let (Some(url), Some((key, _))) = (url, key) {
            witnesses.push(Witness::new(url, key));
        }
    }
    witnesses
}
