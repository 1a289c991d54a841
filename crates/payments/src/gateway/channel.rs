//! How somebody came to pay: on a page, by a menu on any phone, at a counter, from her bank.
//!
//! **Invariant:** a channel is fixed with the attempt, from what is known then; it says nothing of who paid. What was paid before
//! channels were kept is `unknown`. Next: `treasury/revenue.rs`.

use spine::Via;

/// All channels, as they stand in rows, words and exports.
pub(crate) const CHANNELS: [&str; 9] =
    ["web", "ussd", "counter", "device", "bank", "hub", "abroad", "program", "unknown"];

/// The channel of a payment on `rail`, a wallet's id or another rail's account, that is begun through `via`.
pub(crate) fn channel(via: Via, rail: &str) -> &'static str {
    match (rail.split(':').next(), via) {
        (Some("cash"), _) if rail.contains('/') => "device",
        (Some("cash"), _) => "counter",
        (Some("bank"), _) => "bank",
        (Some("hub"), _) => "hub",
        (Some("exchange"), _) => "abroad",
        (_, Via::Web) => "web",
        (_, Via::Ussd) => "ussd",
        (_, Via::Api | Via::Program) => "program",
    }
}
