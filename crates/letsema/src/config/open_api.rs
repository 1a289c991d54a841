//! The wallets of `[[open_api]]`: those that are reached by M-Pesa's OpenAPI.
//!
//! **Invariant:** the application's key lies in a file of its own; a wallet is reached in one way.

use std::sync::Arc;

use crypto::TransportKey;
use payments::{OpenApiLink, WalletLink};

use super::fields::{At, Faults, Section};
use super::{parts, secrets};

/// Reads them; `wallets` are those that speak our own protocol.
pub(super) fn open_api(
    whole: &mut Section<'_>,
    faults: &mut Faults,
    wallets: &[(String, WalletLink)],
) -> Vec<(String, OpenApiLink)> {
    let mut links: Vec<(String, OpenApiLink)> = Vec::new();
    for mut section in whole.sections(faults, "open_api") {
        let id = section.needed(faults, "id", "the id that the pack gives it among its wallets");
        let base_url = parts::other(&mut section, faults, "https://api.wallet.example/openapi");
        let api_key = secrets::needed(&mut section, faults, "secret_file");
        let key_file =
            section.needed(faults, "public_key_file", "/etc/letsema/wallet-public-key, as the portal gives it");
        let public_key = key_file.and_then(|written| public_key(faults, &written));
        let code = section.needed(faults, "service_provider_code", "the short code of the government");
        let origin = section.needed(faults, "origin", "what the application was registered with");
        section.end(faults);
        let (Some(id), Some(base_url), Some(api_key)) = (id, base_url, api_key) else { continue };
        let (Some(public_key), Some((code, at)), Some((origin, _))) = (public_key, code, origin) else { continue };
        if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            faults.at(at, "service_provider_code is of letters and digits");
            continue;
        }
        let known = wallets.iter().map(|(id, _)| id).chain(links.iter().map(|(id, _)| id));
        if !parts::twice(faults, known.map(String::as_str), "wallets", &id) {
            let public_key = Arc::new(public_key);
            links.push((id.0, OpenApiLink { base_url, api_key, public_key, service_provider_code: code, origin }));
        }
    }
    links
}

/// A public key as the portal gives it: base64, with or without the lines of PEM about it.
fn public_key(faults: &mut Faults, written: &At<String>) -> Option<TransportKey> {
    let bytes = secrets::public(faults, "public_key_file", written)?;
    let text = String::from_utf8_lossy(&bytes);
    let bare: String = text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace).collect();
    let key = crypto::from_base64(&bare).and_then(|der| TransportKey::from_der(&der).ok());
    if key.is_none() {
        faults.at(written.1, "public_key_file holds no RSA public key; put there what the operator's portal shows");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::tests::Folder;

    const SECTION: &str = "
[[open_api]]
id = \"ecocash\"
url = \"https://openapi.example/openapi\"
secret_file = \"secrets/mpesa\"
public_key_file = \"KEY\"
service_provider_code = \"171717\"
origin = \"letsema.example\"
";

    #[test]
    fn a_wallet_is_reached_in_one_way_with_a_key_that_is_one() {
        let folder = Folder::new("open-api");
        let file = std::env::temp_dir().join(format!("letsema-open-api-{}", std::process::id()));
        let key = crypto::base64(&crypto::TransportKeyPair::generate().unwrap().public_der().unwrap());
        let sample = Folder::sample();
        let with = |section: &str| format!("{sample}{}", section.replace("KEY", &file.display().to_string()));
        for text in [key.clone(), format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")] {
            std::fs::write(&file, text).unwrap();
            let config = folder.read(&with(SECTION)).unwrap_or_else(|said| panic!("{said}"));
            assert_eq!((config.open_api.len(), config.open_api[0].0.as_str()), (1, "ecocash"));
        }
        for (from, to, expected) in [
            ("\"ecocash\"", "\"mpesa\"", "wallets \"mpesa\" stands here twice"),
            ("https://openapi", "http://openapi", "must begin with https://"),
            ("secret_file = \"secrets/mpesa\"", "", "secret_file is missing"),
            ("\"171717\"", "\"17 17&x=1\"", "letters and digits"),
            ("origin = \"letsema.example\"", "", "origin is missing"),
            ("KEY", "/nowhere", "No such file"),
        ] {
            let said = folder.read(&with(&SECTION.replace(from, to))).err().unwrap_or_default();
            assert!(said.contains(expected), "{from} -> {to}: {said}");
        }
        std::fs::write(&file, "not a key").unwrap();
        let said = folder.read(&with(SECTION)).err().unwrap_or_default();
        assert!(said.contains("holds no RSA public key"), "{said}");
        std::fs::remove_file(&file).unwrap();
    }
}
