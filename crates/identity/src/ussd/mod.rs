//! The menu on any phone: a code to sign in, what programs ask, proof of life, a new PIN, a lock, the language.
//!
//! **Invariant:** the phone's number is the network's word and is one factor; what changes or answers anything takes the
//! PIN as well. Whose number it is not learns nothing. A place in the menu is sealed and holds nothing that was proven:
//! who goes on after a dropped session types her PIN all the same.
//!
//! | file | its job |
//! |---|---|
//! | `place.rs` | where somebody stands, and what is shown there |
//! | `steps.rs` | what follows from what she types |
//! | `deeds.rs` | the operations |
//! | `owner.rs` | what menus of other engines ask: [`Owner`] |

mod deeds;
mod owner;
mod place;
mod steps;

pub(crate) use deeds::lock_own;
pub use owner::Owner;

use std::sync::Arc;

use messages::ussd::{Menu, Screen, Turn, Turning};
use spine::{Actor, Caller, Cx, Fault, Language, Text, Via};

use crate::factor::Factor;
use crate::rows::accounts::{self, Calling};
use crate::rows::factors;
use crate::settings::Identity;
use place::{Place, State};

/// Who is at the phone, once that is known.
pub(crate) struct Who {
    pub(crate) phone: String,
    pub(crate) calling: Calling,
    pub(crate) caller: Caller,
}

/// What follows from a turn.
pub(crate) enum Next {
    /// She stands there now.
    At(Place),
    /// She stands there, and is told first why.
    Again(Place, Text),
    /// The session ends with this.
    End(Text),
    /// It ends with this, which holds a code.
    Secret(Text),
    /// It ends with this in another language.
    Spoken(Language, Text),
}

struct IdentityMenu(Identity);

impl Identity {
    /// The menu that people dial, for the door of `messages`.
    #[must_use]
    pub fn ussd_menu(&self) -> Arc<dyn Menu> {
        Arc::new(IdentityMenu(self.clone()))
    }

    /// The people whose phone this is and who have not locked that way.
    async fn calling(&self, phone: &str) -> Result<Vec<Calling>, Fault> {
        let phone = phone.to_owned();
        let look = move |cx: &mut Cx<'_>| {
            let mut open = Vec::new();
            for one in accounts::by_phone(cx.tx(), &phone)? {
                if !factors::is_locked(cx.tx(), &one.id, Factor::Ussd)? {
                    open.push(one);
                }
            }
            Ok(open)
        };
        self.inner.acts.read(&Caller::system("identity.ussd"), look).await
    }

    async fn turned(&self, turn: &Turn) -> Result<Screen, Fault> {
        let phone = turn.phone.reveal();
        let people = self.calling(phone).await?;
        let Some(first) = people.first() else {
            return Ok(Screen::end(self.inner.messages.default_language(), Text::new("identity.ussd.unknown")));
        };
        let purpose = format!("ussd:{phone}");
        let stood = turn.place.as_deref().and_then(|place| self.inner.keys.open_cookie::<State>(&purpose, place));
        let mut state = stood.unwrap_or_else(|| State::beginning(&people));
        let who = people.iter().find(|one| Some(&one.id) == state.account.as_ref());
        let language = who.unwrap_or(first).language.clone();
        let next = match (who, &turn.input) {
            (Some(who), input) => {
                let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: language.clone() };
                let who = Who { phone: phone.clone(), calling: who.clone(), caller };
                let next = match input {
                    Some(input) => self.step(&who, &state.place, input.reveal().trim()).await?,
                    None => Next::At(state.place.clone()),
                };
                return self.screen(&purpose, &who, state.account, next).await;
            }
            (None, Some(input)) => match crate::account::normal_login(input.reveal()) {
                Some(login) => people.iter().find(|one| one.login == login),
                None => None,
            },
            (None, None) => None,
        };
        let Some(one) = next else {
            let key = if turn.input.is_some() { "identity.ussd.number_wrong" } else { "identity.ussd.number" };
            state = State { account: None, place: Place::Home };
            return Ok(Screen::ask(language, Text::new(key), self.inner.keys.seal_cookie(&purpose, &state)?));
        };
        let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: one.language.clone() };
        let who = Who { phone: phone.clone(), calling: one.clone(), caller };
        self.screen(&purpose, &who, Some(one.id.clone()), Next::At(Place::Home)).await
    }

    /// What is shown for what follows.
    async fn screen(&self, purpose: &str, who: &Who, account: Option<String>, next: Next) -> Result<Screen, Fault> {
        let language: Language = who.calling.language.clone();
        let (place, text) = match next {
            Next::End(text) => return Ok(Screen::end(language, text)),
            Next::Secret(text) => return Ok(Screen::end(language, text).secret()),
            Next::Spoken(language, text) => return Ok(Screen::end(language, text)),
            Next::Again(place, text) => (place, text),
            Next::At(place) => match self.shown(who, &place).await? {
                Some(text) => (place, text),
                None => return Ok(Screen::end(language, Text::new("identity.ussd.gone"))),
            },
        };
        let sealed = self.inner.keys.seal_cookie(purpose, &State { account, place })?;
        Ok(Screen::ask(language, text, sealed))
    }
}

/// For how long nothing more is tried.
fn wait(seconds: i64) -> Text {
    Text::new("identity.ussd.wait").with("count", (seconds + 59) / 60)
}

impl Menu for IdentityMenu {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        Box::pin(self.0.turned(turn))
    }
}
