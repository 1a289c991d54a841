//! Every SQL text of the engine, and rows as types. Its own tables only, all prefixed `identity_`.
//!
//! **Invariant:** tokens, codes and secrets stand in the tables as hashes or sealed, never as they are.
//!
//! | file | its tables |
//! |---|---|
//! | `accounts.rs` | accounts, tries, challenges, passkeys |
//! | `sessions.rs` | sessions |
//! | `grants.rs` | codes, tokens, consents |

pub(crate) mod accounts;
pub(crate) mod grants;
pub(crate) mod sessions;
