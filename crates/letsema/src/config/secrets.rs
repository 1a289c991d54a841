//! Secrets and certificates in files of their own.
//!
//! **Invariant:** a secret's file is read once, at the start, and only if nobody but its owner may read it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use spine::Secret;

use super::fields::{At, Faults, Section};

/// Largest file that is read.
const MOST: u64 = 1 << 20;
/// Shortest secret that two programs share, in bytes.
pub(super) const SHARED: usize = 16;

/// The secret in the file that `key` names, without white space around it; at least `least` bytes.
pub(super) fn secret(
    section: &mut Section<'_>,
    faults: &mut Faults,
    key: &'static str,
    least: usize,
) -> Option<Secret<String>> {
    let (written, at) = section.text(faults, key)?;
    let path = faults.path(&written);
    let shown = path.display();
    let said = match std::fs::metadata(&path) {
        Err(error) => format!("{key}: {shown}: {error}"),
        Ok(known) if known.permissions().mode() & 0o077 != 0 => {
            format!("{key}: others may read {shown}; run chmod 600 on it")
        }
        Ok(known) if known.len() > MOST => format!("{key}: {shown} is too large to be a secret"),
        Ok(_) => match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().len() >= least.max(1) => return Some(Secret::new(text.trim().to_owned())),
            Ok(_) => {
                format!("{key}: {shown} holds fewer than {} bytes; make one with `openssl rand -hex 32`", least.max(1))
            }
            Err(error) => format!("{key}: {shown}: {error}"),
        },
    };
    faults.at(at, said);
    None
}

/// The same, where it must be there.
pub(super) fn needed(section: &mut Section<'_>, faults: &mut Faults, key: &'static str) -> Option<Secret<String>> {
    let before = faults.count();
    let found = secret(section, faults, key, SHARED);
    if found.is_none() && faults.count() == before {
        faults.at(
            section.at,
            format!("{key} is missing; write {key} = \"/etc/letsema/…\", a file that only this program may read"),
        );
    }
    found
}

/// A file that must be there and may be read by anybody.
pub(super) fn public(faults: &mut Faults, key: &str, (written, at): &At<String>) -> Option<Vec<u8>> {
    let path = faults.path(written);
    read(&path).map_err(|said| faults.at(*at, format!("{key}: {said}"))).ok()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    if size > MOST {
        return Err(format!("{} is too large", path.display()));
    }
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
