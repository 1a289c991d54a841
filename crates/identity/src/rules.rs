//! What the country decides about signing in, from its pack: `identity.toml`.
//!
//! **Invariant:** without a word of the pack the stricter holds. Nothing of one country stands here.

use serde::Deserialize;

/// The rules of signing in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInRules {
    /// How people reach the menu on any phone; none, and nobody dials.
    pub ussd: Option<UssdRules>,
}

/// The menu that people dial.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UssdRules {
    /// What they dial: `*123#`.
    pub service_code: String,
}
