//! Signing keys: Ed25519 (RFC 8032), ECDSA on P-256 and RSA (FIPS 186-5), made here, kept in files of their own or
//! sealed elsewhere.
//!
//! **Invariant:** a private key is never printed and leaves only as a [`spine::Secret`] or into its file, which only
//! its owner may read. A public key is parsed once. The place where keys are kept is this file's affair alone, so that a PKCS#11 device can take it over.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};

/// What a key signs with, by its JOSE name (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for programs that know nothing newer.
    Rs256,
}

impl Algorithm {
    /// Every algorithm, the one to choose first.
    pub const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Ps256, Self::Rs256];

    /// `EdDSA`, `ES256`, `PS256` or `RS256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name; `none` and all others are none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A private key.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
    kid: String,
}

enum Pair {
    Ed25519(Box<Ed25519KeyPair>),
    P256(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>, Algorithm),
}

/// The 32 secret bytes in `path`, made first if the file is not there; kept as [`SigningKey::in_file`] keeps keys.
///
/// # Errors
/// [`KeyError`]; a file that others may read, or of another length, is refused.
pub fn secret_in_file(path: &Path) -> Result<spine::Secret<[u8; 32]>, KeyError> {
    let bytes = kept(path, || Ok(crate::random::<32>().to_vec()))?;
    <[u8; 32]>::try_from(bytes).map(spine::Secret::new).map_err(|_| KeyError::NotAKey)
}

/// What the file holds; if there is none, what `make` makes, whole on disk before it appears.
fn kept(path: &Path, make: impl FnOnce() -> Result<Vec<u8>, KeyError>) -> Result<Vec<u8>, KeyError> {
    let shown = || path.display().to_string();
    let file = |cause| KeyError::File { path: shown(), cause };
    match fs::metadata(path) {
        Ok(known) if known.permissions().mode() & 0o077 != 0 => Err(KeyError::Readable { path: shown() }),
        Ok(_) => fs::read(path).map_err(file),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            let bytes = make()?;
            let draft = path.with_extension("new");
            let _ = fs::remove_file(&draft);
            let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(file)?;
            out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(file)?;
            fs::rename(&draft, path).map_err(file)?;
            Ok(bytes)
        }
        Err(cause) => Err(file(cause)),
    }
}

/// A public key: 32 bytes for Ed25519; 64 for P-256, the two coordinates; for RSA the modulus, and beside it the exponent.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    exponent: Vec<u8>,
    parsed: Arc<ParsedPublicKey>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.bytes == other.bytes && self.exponent == other.exponent
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PublicKey({})", self.algorithm.name())
    }
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Others may read the file.
    #[error("{path}: others may read this key; run chmod 600 on it")]
    Readable {
        /// The file.
        path: String,
    },
    /// Not a key of the kind asked for.
    #[error("not a key of the kind asked for")]
    NotAKey,
    /// The backend failed.
    #[error("the key could not be made or used")]
    Backend,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SigningKey({})", self.algorithm().name())
    }
}

impl SigningKey {
    /// Makes a new key; RSA keys have 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Backend`] if there is no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::EdDsa => Pair::Ed25519(Box::new(Ed25519KeyPair::generate().map_err(|_| KeyError::Backend)?)),
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError::Backend)?;
                Pair::P256(Box::new(pair))
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Backend)?;
                Pair::Rsa(Box::new(pair), algorithm)
            }
        };
        Self::of(pair)
    }

    /// A pair with its public half, read once.
    fn of(pair: Pair) -> Result<Self, KeyError> {
        let public = match &pair {
            Pair::Ed25519(pair) => PublicKey::from_bytes(Algorithm::EdDsa, pair.public_key().as_ref())?,
            // Without the byte that says "uncompressed" (SEC 1 §2.3.3).
            Pair::P256(pair) => {
                PublicKey::from_bytes(Algorithm::Es256, pair.public_key().as_ref().get(1..).unwrap_or_default())?
            }
            Pair::Rsa(pair, algorithm) => {
                let parts = crate::certificate::rsa_parts(pair.public_key().as_ref()).ok_or(KeyError::NotAKey)?;
                PublicKey::rsa(*algorithm, parts.0, parts.1)?
            }
        };
        let kid = crate::jose::thumbprint(&public);
        Ok(Self { pair, public, kid })
    }

    /// Reads the key in `path` (PKCS#8, DER), making it first if the file is not there. A new file is readable by its
    /// owner only, and complete before it appears.
    ///
    /// # Errors
    /// [`KeyError`]; a file that others may read is refused.
    pub fn in_file(path: &Path, algorithm: Algorithm) -> Result<Self, KeyError> {
        let der = kept(path, || Self::generate(algorithm)?.to_pkcs8())?;
        Self::from_pkcs8(&der, algorithm)
    }

    /// A key from its PKCS#8 DER.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn from_pkcs8(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::EdDsa => {
                Pair::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::NotAKey)?))
            }
            Algorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| KeyError::NotAKey)?;
                Pair::P256(Box::new(pair))
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::NotAKey)?), algorithm)
            }
        };
        Self::of(pair)
    }

    /// The key as PKCS#8 DER, to be sealed where no file is.
    ///
    /// # Errors
    /// [`KeyError::Backend`].
    pub fn to_secret_pkcs8(&self) -> Result<spine::Secret<Vec<u8>>, KeyError> {
        self.to_pkcs8().map(spine::Secret::new)
    }

    fn to_pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.to_pkcs8().map_err(|_| KeyError::Backend)?.as_ref().to_vec()),
            Pair::P256(pair) => Ok(pair.to_pkcs8v1().map_err(|_| KeyError::Backend)?.as_ref().to_vec()),
            Pair::Rsa(pair, _) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Backend)?;
                Ok(der.as_ref().to_vec())
            }
        }
    }

    /// The 32 secret bytes of an Ed25519 key, for libraries that sign notes themselves; none for P-256.
    #[must_use]
    pub fn ed25519_seed(&self) -> Option<spine::Secret<[u8; 32]>> {
        let Pair::Ed25519(pair) = &self.pair else { return None };
        let seed = pair.seed().ok()?;
        let buffer: aws_lc_rs::encoding::Curve25519SeedBin<'_> =
            aws_lc_rs::encoding::AsBigEndian::as_be_bytes(&seed).ok()?;
        <[u8; 32]>::try_from(buffer.as_ref()).ok().map(spine::Secret::new)
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.public.algorithm
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Its name: the RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs a message: 64 bytes, or as many as an RSA key's modulus has.
    ///
    /// # Errors
    /// [`KeyError::Backend`] if there is no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::P256(pair) => {
                Ok(pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Backend)?.as_ref().to_vec())
            }
            Pair::Rsa(pair, algorithm) => {
                let padding: &dyn aws_lc_rs::signature::RsaEncoding =
                    if *algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| KeyError::Backend)?;
                Ok(signature)
            }
        }
    }
}

impl PublicKey {
    /// A key of raw bytes: 32 for Ed25519, 64 for P-256.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] for another length, a point that is not on the curve, or RSA ([`PublicKey::rsa`]).
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = match (algorithm, bytes.len()) {
            (Algorithm::EdDsa, 32) => ParsedPublicKey::new(&ED25519, bytes),
            (Algorithm::Es256, 64) => {
                let point: Vec<u8> = std::iter::once(4).chain(bytes.iter().copied()).collect();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            _ => return Err(KeyError::NotAKey),
        };
        let parsed = Arc::new(parsed.map_err(|_| KeyError::NotAKey)?);
        Ok(Self { algorithm, bytes: bytes.to_vec(), exponent: Vec::new(), parsed })
    }

    /// An RSA key of modulus and exponent, big-endian without leading zeros, 2048 to 8192 bits.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn rsa(algorithm: Algorithm, modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, KeyError> {
        let parameters = match algorithm {
            Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::EdDsa | Algorithm::Es256 => return Err(KeyError::NotAKey),
        };
        let odd = exponent.last().is_some_and(|last| last & 1 == 1) && exponent.as_slice() != [1];
        if !(256..=1024).contains(&modulus.len()) || exponent.len() > 8 || !odd {
            return Err(KeyError::NotAKey);
        }
        let components = RsaPublicKeyComponents { n: &modulus, e: &exponent };
        let parsed = Arc::new(components.to_parsed_public_key(parameters).map_err(|_| KeyError::NotAKey)?);
        Ok(Self { algorithm, bytes: modulus, exponent, parsed })
    }

    /// What it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes; an RSA key's modulus.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The exponent of an RSA key; empty for the others.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

/// The public key as a `SubjectPublicKeyInfo` (RFC 5280), for tools that read PEM.
impl SigningKey {
    /// DER of the public half.
    ///
    /// # Errors
    /// [`KeyError::Backend`].
    pub fn public_der(&self) -> Result<Vec<u8>, KeyError> {
        let der = |value: aws_lc_rs::encoding::PublicKeyX509Der<'_>| value.as_ref().to_vec();
        match &self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_der().map(der).map_err(|_| KeyError::Backend),
            Pair::P256(pair) => pair.public_key().as_der().map(der).map_err(|_| KeyError::Backend),
            Pair::Rsa(pair, _) => pair.public_key().as_der().map(der).map_err(|_| KeyError::Backend),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_verifies_and_notices_every_change() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), if key.public().exponent().is_empty() { 64 } else { 256 });
            assert!(key.public().verifies(b"message", &signature));
            assert!(!key.public().verifies(b"massage", &signature));
            for bit in 0..signature.len() * 8 {
                let mut spoilt = signature.clone();
                spoilt[bit / 8] ^= 1 << (bit % 8);
                assert!(!key.public().verifies(b"message", &spoilt));
            }
            assert!(!SigningKey::generate(algorithm).unwrap().public().verifies(b"message", &signature));
            assert_eq!(format!("{key:?}"), format!("SigningKey({})", algorithm.name()));
            let again = SigningKey::from_pkcs8(key.to_secret_pkcs8().unwrap().reveal(), algorithm).unwrap();
            assert_eq!(again.kid(), key.kid());
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_kept_private() {
        let folder = std::env::temp_dir().join(format!("letsema-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let path = folder.join(format!("{}.key", algorithm.name()));
            let made = SigningKey::in_file(&path, algorithm).unwrap().public();
            assert_eq!(SigningKey::in_file(&path, algorithm).unwrap().public(), made);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let other = if algorithm == Algorithm::EdDsa { Algorithm::Es256 } else { Algorithm::EdDsa };
            assert!(matches!(SigningKey::in_file(&path, other), Err(KeyError::NotAKey)));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(SigningKey::in_file(&path, algorithm), Err(KeyError::Readable { .. })));
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_seed_of_an_ed25519_key_is_its_own() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let seed = key.ed25519_seed().unwrap();
        let again = Ed25519KeyPair::from_seed_unchecked(seed.reveal()).unwrap();
        assert_eq!(again.public_key().as_ref(), key.public().as_bytes());
        assert!(SigningKey::generate(Algorithm::Es256).unwrap().ed25519_seed().is_none());
    }
}
