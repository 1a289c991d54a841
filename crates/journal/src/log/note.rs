//! Heads of the log as signed notes (C2SP signed-note, tlog-checkpoint), and their signatures.
//!
//! **Invariant:** a head is believed only with the signature of the log's own key; a signature by an unknown key says
//! nothing, for or against.

use crypto::{Algorithm, PublicKey, SigningKey};
use signed_note::{Note, Signature, StandardVerifier, VerifierList, key_id};
use spine::Timestamp;
use tlog_tiles::{Checkpoint, Hash};

/// Ed25519 in a key's encoding (C2SP signed-note).
const ED25519: u8 = 0x01;
/// A timestamped Ed25519 cosignature (C2SP tlog-cosignature).
pub(super) const COSIGNATURE: u8 = 0x04;

/// The key that signs heads, under the log's name.
pub struct LogKey {
    name: String,
    key: SigningKey,
}

/// A note that is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum NoteFault {
    /// The key is not an Ed25519 verifier key.
    #[error("not a verifier key (NAME+HASH+BASE64)")]
    Key,
    /// A name has no spaces and no plus signs.
    #[error("the name of a log or witness has no spaces and no plus signs")]
    Name,
    /// Not a signed note with a head.
    #[error("not a signed head of a log")]
    Malformed,
    /// Not signed by the key that should have.
    #[error("the head is not signed by the key that was given")]
    Unsigned,
    /// Signing failed.
    #[error("the head could not be signed")]
    Signing,
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "LogKey({})", self.name)
    }
}

impl LogKey {
    /// A log's name (a URL without its scheme) and its Ed25519 key.
    ///
    /// # Errors
    /// [`NoteFault::Name`], or [`NoteFault::Key`] for another algorithm.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, NoteFault> {
        if !signed_note::is_key_name_valid(name) {
            return Err(NoteFault::Name);
        }
        if key.algorithm() != Algorithm::EdDsa {
            return Err(NoteFault::Key);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// The log's name, the first line of its heads.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verifier key, for everybody: `NAME+HASH+BASE64`.
    #[must_use]
    pub fn verifier(&self) -> String {
        encode_key(&self.name, ED25519, &self.key.public())
    }

    /// A witness's verifier key.
    #[must_use]
    pub fn cosigner(&self) -> String {
        encode_key(&self.name, COSIGNATURE, &self.key.public())
    }

    /// Signs a head.
    pub(super) fn sign(&self, size: u64, root: Hash) -> Result<String, NoteFault> {
        let head = Checkpoint::new(&self.name, size, root, "").map_err(|_| NoteFault::Malformed)?;
        let text = head.to_bytes();
        let signature = self.key.sign(&text).map_err(|_| NoteFault::Signing)?;
        let id = key_id(&self.name, &typed(ED25519, &self.key.public()));
        let signature = Signature::new(self.name.clone(), id, signature).map_err(|_| NoteFault::Name)?;
        let note = Note::new(&text, &[signature]).map_err(|_| NoteFault::Malformed)?;
        String::from_utf8(note.to_bytes()).map_err(|_| NoteFault::Malformed)
    }

    /// The line by which a witness says that it saw this head at this moment.
    pub(super) fn cosign(&self, text: &[u8], now: Timestamp) -> Result<String, NoteFault> {
        let seconds = u64::try_from(now.as_seconds()).map_err(|_| NoteFault::Signing)?;
        let signature = self.key.sign(&cosigned_text(text, seconds)).map_err(|_| NoteFault::Signing)?;
        let stamped = [&seconds.to_be_bytes()[..], &signature].concat();
        let id = key_id(&self.name, &typed(COSIGNATURE, &self.key.public()));
        let line = Signature::new(self.name.clone(), id, stamped).map_err(|_| NoteFault::Name)?;
        String::from_utf8(line.to_bytes()).map_err(|_| NoteFault::Malformed)
    }
}

/// What a witness signs: the time, and the head (C2SP tlog-cosignature).
fn cosigned_text(text: &[u8], seconds: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {seconds}\n").as_bytes(), text].concat()
}

fn typed(kind: u8, key: &PublicKey) -> Vec<u8> {
    std::iter::once(kind).chain(key.as_bytes().iter().copied()).collect()
}

fn encode_key(name: &str, kind: u8, key: &PublicKey) -> String {
    let typed = typed(kind, key);
    format!("{name}+{:08x}+{}", key_id(name, &typed), crypto::base64(&typed))
}

/// Reads a head that the log with this verifier key has signed.
///
/// # Errors
/// [`NoteFault`] if it is not one, or another's.
pub fn open_head(note: &str, verifier: &str) -> Result<Checkpoint, NoteFault> {
    let verifier = StandardVerifier::new(verifier).map_err(|_| NoteFault::Key)?;
    let name = signed_note::Verifier::name(&verifier).to_owned();
    let note = Note::from_bytes(note.as_bytes()).map_err(|_| NoteFault::Malformed)?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|_| NoteFault::Unsigned)?;
    let head = Checkpoint::from_bytes(note.text()).map_err(|_| NoteFault::Malformed)?;
    if head.origin() == name { Ok(head) } else { Err(NoteFault::Unsigned) }
}

/// Whether a note holds the cosignature of the witness with this verifier key, and when it was made (seconds since 1970).
///
/// # Errors
/// [`NoteFault::Key`] or [`NoteFault::Malformed`] when key or note are not what they should be.
pub fn cosigned_at(note: &str, witness: &str) -> Result<Option<u64>, NoteFault> {
    let mut parts = witness.splitn(3, '+');
    let (name, id, key) = (parts.next(), parts.next(), parts.next());
    let (Some(name), Some(id), Some(key)) = (name, id, key) else { return Err(NoteFault::Key) };
    let id = u32::from_str_radix(id, 16).map_err(|_| NoteFault::Key)?;
    let typed = crypto::from_base64(key).ok_or(NoteFault::Key)?;
    let Some((&COSIGNATURE, bytes)) = typed.split_first() else { return Err(NoteFault::Key) };
    if key_id(name, &typed) != id {
        return Err(NoteFault::Key);
    }
    let key = PublicKey::from_bytes(Algorithm::EdDsa, bytes).map_err(|_| NoteFault::Key)?;
    let (text, lines) = note.split_once("\n\n").ok_or(NoteFault::Malformed)?;
    let text = format!("{text}\n");
    for line in lines.lines() {
        let Ok(signature) = Signature::from_bytes(line.as_bytes()) else { continue };
        if signature.name() != name || signature.id() != id {
            continue;
        }
        let Some((stamp, own)) = signature.signature().split_first_chunk::<8>() else { continue };
        let seconds = u64::from_be_bytes(*stamp);
        if key.verifies(&cosigned_text(text.as_bytes(), seconds), own) {
            return Ok(Some(seconds));
        }
    }
    Ok(None)
}
