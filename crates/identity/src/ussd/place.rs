//! Where somebody stands in the menu, and what her phone shows there.
//!
//! **Invariant:** one question a screen; a PIN that was typed stands in a place only as the new one she chose, sealed.

use serde::{Deserialize, Serialize};
use spine::{Fault, Text};

use crate::rows::accounts::Calling;
use crate::settings::Identity;
use crate::ussd::Who;

/// Requests on one screen.
pub(super) const MOST_REQUESTS: usize = 4;
/// Letters of a program's name on a screen.
const NAME: usize = 22;

/// Where she stands, sealed for her number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    /// Who she is, where a number is several people's.
    pub(super) account: Option<String>,
    pub(super) place: Place,
}

impl State {
    /// Whoever dials anew: at home, once it is known who she is.
    pub(super) fn beginning(people: &[Calling]) -> Self {
        let only = people.first().filter(|_| people.len() == 1).map(|one| one.id.clone());
        Self { account: only, place: Place::Home }
    }
}

/// A place in the menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    Home,
    Requests,
    Request { hash: String },
    Answer { hash: String, yes: bool },
    Life,
    NewPin,
    NewAgain { pin: String },
    OldPin { pin: String },
    Lock,
    LockPin,
    Language,
}

impl Place {
    /// Where `0` leads.
    pub(super) fn back(&self) -> Self {
        match self {
            Self::Request { .. } => Self::Requests,
            Self::Answer { hash, .. } => Self::Request { hash: hash.clone() },
            Self::NewAgain { .. } | Self::OldPin { .. } => Self::NewPin,
            Self::LockPin => Self::Lock,
            Self::Home | Self::Requests | Self::Life | Self::NewPin | Self::Lock | Self::Language => Self::Home,
        }
    }
}

/// The beginning of a name, for a small screen.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { name.chars().take(NAME - 1).chain(['.']).collect() }
}

impl Identity {
    /// What her phone shows at a place; none if what it is about is gone.
    pub(super) async fn shown(&self, who: &Who, place: &Place) -> Result<Option<Text>, Fault> {
        let digits = i64::try_from(self.inner.rules.pin.digits).unwrap_or(6);
        let text = match place {
            Place::Home => {
                let asked = self.waiting_for(&who.caller, &who.calling.login, &who.phone).await?;
                Text::new("identity.ussd.home").with("requests", i64::try_from(asked.len()).unwrap_or(0))
            }
            Place::Requests => {
                let asked = self.waiting_for(&who.caller, &who.calling.login, &who.phone).await?;
                if asked.is_empty() {
                    return Ok(Some(Text::new("identity.ussd.requests_none")));
                }
                let line = |(place, one): (usize, &crate::Waiting)| {
                    format!("{} {}", place + 1, short(one.client.in_language(&who.calling.language)))
                };
                let lines: Vec<String> = asked.iter().take(MOST_REQUESTS).enumerate().map(line).collect();
                Text::new("identity.ussd.requests").with("list", lines.join("\n"))
            }
            Place::Request { hash } => {
                let asked = self.waiting_for(&who.caller, &who.calling.login, &who.phone).await?;
                let Some(one) = asked.into_iter().find(|one| one.id == *hash) else { return Ok(None) };
                Text::new("identity.ussd.request")
                    .with("client", short(one.client.in_language(&who.calling.language)))
                    .with("message", one.message.unwrap_or_default())
            }
            Place::Answer { yes: true, .. } => Text::new("identity.ussd.pin_yes"),
            Place::Answer { yes: false, .. } => Text::new("identity.ussd.pin_no"),
            Place::Life => Text::new("identity.ussd.pin_life"),
            Place::NewPin => Text::new("identity.ussd.new_pin").with("digits", digits),
            Place::NewAgain { .. } => Text::new("identity.ussd.new_again"),
            Place::OldPin { .. } => Text::new("identity.ussd.old_pin"),
            Place::Lock => Text::new("identity.ussd.lock"),
            Place::LockPin => Text::new("identity.ussd.pin_lock"),
            Place::Language => {
                let names = self.inner.messages.languages();
                let lines: Vec<String> =
                    names.iter().enumerate().map(|(place, (_, name))| format!("{} {name}", place + 1)).collect();
                Text::new("identity.ussd.language").with("list", lines.join("\n"))
            }
        };
        Ok(Some(text))
    }
}
