//! Keys, signatures, hashes, seals and passwords, on one backend (aws-lc).
//!
//! **Invariant:** secrets enter and leave as [`spine::Secret`]; comparisons of secrets take the same time
//! whatever they hold; the algorithm of a signature is the key's to say and never the message's.
//!
//! **Absent on purpose:** our own primitives; encryption without authentication, but for what `transport.rs` says.
//!
//! | file | its job |
//! |---|---|
//! | `hash.rs` | SHA-256, SHA-512, HMAC, constant-time comparison |
//! | `random.rs` | the operating system's randomness |
//! | `encode.rs` | base64, base64url, hex, base32 |
//! | `certificate.rs` | who a client's X.509 certificate names |
//! | `keys.rs` | Ed25519, P-256 and RSA keys: made, kept, signing, verifying |
//! | `jose/` | JWS, JWE and JWK (RFC 7515–7518) |
//! | `seal.rs` | secrets at rest and in cookies (AES-256-GCM) |
//! | `password.rs` | argon2id, a few at a time |
//! | `signed_call.rs` | calls between programs that share a secret |
//! | `transport.rs` | RSAES-PKCS1-v1_5, where another's interface asks for it |
//! | `totp.rs` | one-time codes (RFC 6238) |

mod certificate;
mod encode;
mod hash;
pub mod jose;
mod keys;
mod password;
mod random;
mod seal;
pub mod signed_call;
mod totp;
mod transport;

pub use certificate::Certificate;
pub use encode::{base32, base64, base64url, from_base32, from_base64, from_base64url, from_hex, hex};
pub use hash::{constant_time_eq, hmac_sha256, sha256, sha512, short_hash};
pub use keys::{Algorithm, KeyError, PublicKey, SigningKey, secret_in_file};
pub use password::{Checked, Hasher, PasswordError};
pub use random::{SystemEntropy, random};
pub use seal::{SealError, SealKey};
pub use totp::{TOTP_DIGITS, totp_code, totp_uri, verify_totp};
pub use transport::{TransportKey, TransportKeyPair};
