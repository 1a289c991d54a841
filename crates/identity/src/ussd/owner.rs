//! What another engine's menu on any phone asks: whose phone it is, a deed by her PIN, a place sealed for her number.
//!
//! **Invariant:** a deed goes through [`Identity::by_pin`] like those of our own menu, so tries count together; a sealed
//! place opens for the menu and the number it was made for, and for no other.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Actor, Caller, Cx, Fault, Language, Secret, Text, Via};

use crate::account::normal_login;
use crate::by_pin::Pinned;
use crate::rows::accounts::Calling;
use crate::settings::Identity;
use crate::ussd::wait;

/// Somebody whose phone it is.
#[derive(Clone)]
pub struct Owner {
    calling: Calling,
}

impl fmt::Debug for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not her ID number.
        write!(out, "Owner({})", self.calling.id)
    }
}

impl Owner {
    /// Her account's identifier, which is hers in the population.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.calling.id
    }

    /// The language she chose.
    #[must_use]
    pub const fn language(&self) -> &Language {
        &self.calling.language
    }

    /// Whether what was typed is her ID number.
    #[must_use]
    pub fn is_called(&self, typed: &str) -> bool {
        normal_login(typed).is_some_and(|login| login == self.calling.login)
    }
}

impl Identity {
    /// The people whose phone this is and who have not locked that way.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn owners_of(&self, phone: &str) -> Result<Vec<Owner>, Fault> {
        Ok(self.calling(phone).await?.into_iter().map(|calling| Owner { calling }).collect())
    }

    /// Does `work` as she who owns the phone, if the PIN is hers; otherwise the sentence that ends the call. A fault of
    /// `work` leaves the try counted.
    ///
    /// # Errors
    /// What `work` faults with; the store's faults.
    pub async fn deed_of<T, F>(
        &self,
        owner: &Owner,
        phone: &str,
        pin: &str,
        mut work: F,
    ) -> Result<Result<T, Text>, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: owner.language().clone() };
        let both = (owner.calling.login.as_str(), phone);
        let done = self.by_pin(&caller, both, &typed_secret(pin), move |cx, _| work(cx)).await?;
        Ok(done.said())
    }

    /// A place of `menu`, sealed for whoever dials from this number.
    ///
    /// # Errors
    /// The seal's.
    pub fn seal_place(&self, menu: &str, phone: &str, place: &impl Serialize) -> Result<String, Fault> {
        self.inner.keys.seal_cookie(&format!("ussd:{menu}:{phone}"), place)
    }

    /// The place that was sealed; none if it is not ours, or another menu's or number's.
    #[must_use]
    pub fn open_place<T: DeserializeOwned>(&self, menu: &str, phone: &str, sealed: &str) -> Option<T> {
        self.inner.keys.open_cookie(&format!("ussd:{menu}:{phone}"), sealed)
    }
}

/// What was typed as a PIN, no longer than one.
pub(super) fn typed_secret(typed: &str) -> Secret<String> {
    Secret::new(typed.chars().take(20).collect())
}

impl<T> Pinned<T> {
    /// What the deed came to, or what to say where it was not done.
    pub(super) fn said(self) -> Result<T, Text> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Wrong => Err(Text::new("identity.ussd.wrong")),
            Self::Wait(seconds) => Err(wait(seconds)),
        }
    }
}
