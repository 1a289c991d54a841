//! One's own grants on any phone, without internet: what one gets and where it goes, another account, a change stopped.
//!
//! **Invariant:** seeing and changing take her PIN, each time; a change is [`crate::mapper::choose`], the page's own
//! operation, so its wait, its notices and what it asks of her hold here too. A place in the menu is sealed, holds nothing
//! that was proven, and changes nothing: a call that drops leaves nothing half done.
//!
//! | file | its job |
//! |---|---|
//! | `place.rs` | where somebody stands, and what is shown there |
//! | `steps.rs` | what follows from what she types |

mod place;
mod steps;

use std::sync::Arc;

use identity::Owner;
use messages::ussd::{Menu, Screen, Turn, Turning};
use spine::{Fault, Text};

use crate::engine::Grants;
use place::{Place, State};

/// What places of this menu are sealed for.
const MENU: &str = "grants";

/// What follows from a turn.
enum Next {
    /// She stands there now.
    At(Place),
    /// She stands there, and is told first why, or what she asked for.
    Again(Place, Text),
    /// The session ends with this.
    End(Text),
}

struct GrantsMenu(Grants);

impl Grants {
    /// The menu of one's own grants, to hang into one that people dial. `0` goes back within it; the first screen of the
    /// whole is the other menu's.
    #[must_use]
    pub fn ussd_menu(&self) -> Arc<dyn Menu> {
        Arc::new(GrantsMenu(self.clone()))
    }
}

impl GrantsMenu {
    async fn turned(&self, turn: &Turn) -> Result<Screen, Fault> {
        let (identity, phone) = (&self.0.inner.identity, turn.phone.reveal().as_str());
        let owners = identity.owners_of(phone).await?;
        let Some(first) = owners.first() else {
            return Ok(Screen::end(self.0.inner.language.clone(), Text::new("identity.ussd.unknown")));
        };
        let stood = turn.place.as_deref().and_then(|place| identity.open_place::<State>(MENU, phone, place));
        let state = stood.unwrap_or_else(|| State {
            owner: Some(first.id().to_owned()).filter(|_| owners.len() == 1),
            place: Place::Home,
        });
        let owner = owners.iter().find(|one| Some(one.id()) == state.owner.as_deref());
        let typed = turn.input.as_ref().map(|input| input.reveal().trim());
        let (owner, next) = match (owner, typed) {
            (Some(owner), None) => (owner, Next::At(state.place)),
            (Some(owner), Some(typed)) => (owner, self.step((owner, phone), state.place, typed).await?),
            (None, typed) => {
                let one = typed.and_then(|typed| owners.iter().find(|one| one.is_called(typed)));
                let Some(owner) = one else {
                    let key = if typed.is_some() { "identity.ussd.number_wrong" } else { "identity.ussd.number" };
                    let nobody = State { owner: None, place: Place::Home };
                    let sealed = identity.seal_place(MENU, phone, &nobody)?;
                    return Ok(Screen::ask(first.language().clone(), Text::new(key), sealed));
                };
                (owner, Next::At(Place::Home))
            }
        };
        self.screen((owner, phone), next)
    }

    /// What is shown for what follows. What is asked on is not kept by the door: it may hold amounts and numbers.
    fn screen(&self, (owner, phone): (&Owner, &str), next: Next) -> Result<Screen, Fault> {
        let language = owner.language().clone();
        let (place, text) = match next {
            Next::End(text) => return Ok(Screen::end(language, text)),
            Next::Again(place, text) => (place, text),
            Next::At(place) => {
                let text = place.shown(&self.0, &language);
                (place, text)
            }
        };
        let state = State { owner: Some(owner.id().to_owned()), place };
        let sealed = self.0.inner.identity.seal_place(MENU, phone, &state)?;
        Ok(Screen::ask(language, text, sealed).secret())
    }
}

impl Menu for GrantsMenu {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        Box::pin(self.turned(turn))
    }
}
