//! What follows from what somebody types: `0` goes back, `00` goes home, all else is an answer.
//!
//! **Invariant:** whatever is typed leads somewhere; what changes or answers anything goes through [`Identity::by_pin`].

use journal::Key;
use spine::{Cx, Fault, FaultKind, Text};

use crate::account::Account;
use crate::by_pin::Pinned;
use crate::provider::ciba::ByPin;
use crate::secret_change;
use crate::settings::Identity;
use crate::ussd::deeds;
use crate::ussd::owner::typed_secret;
use crate::ussd::place::{MOST_REQUESTS, Place};
use crate::ussd::{Next, Who, wait};
use crate::verification::attest_life;

impl Identity {
    /// What follows. What she may not do, as surely as she is known now, ends with where to turn.
    pub(super) async fn step(&self, who: &Who, place: &Place, typed: &str) -> Result<Next, Fault> {
        match self.followed(who, place, typed).await {
            Err(fault) if fault.kind() == FaultKind::Forbidden => Ok(Next::End(Text::new("identity.ussd.not_now"))),
            next => next,
        }
    }

    async fn followed(&self, who: &Who, place: &Place, typed: &str) -> Result<Next, Fault> {
        match typed {
            "00" => return Ok(Next::At(Place::Home)),
            "0" => return Ok(Next::At(place.back())),
            _ => {}
        }
        let same = || Ok(Next::At(place.clone()));
        match place {
            Place::Home => self.chosen(who, typed).await,
            Place::Requests => {
                let asked = self.waiting_for(&who.caller, &who.calling.login, &who.phone).await?;
                let one = pick(typed, asked.iter().take(MOST_REQUESTS));
                one.map_or_else(same, |one| Ok(Next::At(Place::Request { hash: one.id.clone() })))
            }
            Place::Request { hash } => match typed {
                "1" => Ok(Next::At(Place::Answer { hash: hash.clone(), yes: true })),
                "2" => Ok(Next::At(Place::Answer { hash: hash.clone(), yes: false })),
                _ => same(),
            },
            Place::Answer { hash, yes } => self.answer_asked(who, hash, *yes, typed).await,
            Place::Life => self.prove_life(who, typed).await,
            Place::NewPin => Ok(match self.pin_wrong(who, typed).await? {
                Some(why) => Next::Again(Place::NewPin, why),
                None => Next::At(Place::NewAgain { pin: typed.to_owned() }),
            }),
            Place::NewAgain { pin } if pin == typed => Ok(Next::At(Place::OldPin { pin: pin.clone() })),
            Place::NewAgain { .. } => Ok(Next::Again(Place::NewPin, Text::new("identity.ussd.new_differs"))),
            Place::OldPin { pin } => self.change_pin(who, pin, typed).await,
            Place::Lock => Ok(if typed == "1" { Next::At(Place::LockPin) } else { Next::At(Place::Home) }),
            Place::LockPin => {
                let messages = self.inner.messages.clone();
                let lock = move |cx: &mut Cx<'_>, account: &Account| deeds::lock_own(cx, &messages, account);
                let done = self.by_pin(&who.caller, who.both(), &typed_secret(typed), lock).await?;
                Ok(said(done, "identity.ussd.locked"))
            }
            Place::Language => {
                let names = self.inner.messages.languages();
                let Some((language, _)) = pick(typed, names.iter()) else { return same() };
                let (account, tag) = (who.calling.id.clone(), language.tag().to_owned());
                let work = move |cx: &mut Cx<'_>| deeds::speak(cx, &account, &tag);
                self.inner.acts.write(&who.caller, &Key::none(), work).await?;
                Ok(Next::Spoken(language.clone(), Text::new("identity.ussd.language_kept")))
            }
        }
    }

    /// What was chosen at home.
    async fn chosen(&self, who: &Who, typed: &str) -> Result<Next, Fault> {
        Ok(match typed {
            "1" => {
                let (keys, account) = (self.inner.keys.clone(), who.calling.id.clone());
                let work = move |cx: &mut Cx<'_>| deeds::fetch_code(cx, &keys, &account);
                match self.inner.acts.write(&who.caller, &Key::none(), work).await? {
                    Some(code) => Next::Secret(Text::new("identity.ussd.code").with("code", code)),
                    None => Next::End(Text::new("identity.ussd.code_none")),
                }
            }
            "2" => Next::At(Place::Requests),
            "3" => Next::At(Place::Life),
            "4" => Next::At(Place::NewPin),
            "5" => Next::At(Place::Lock),
            "6" => Next::At(Place::Language),
            _ => Next::At(Place::Home),
        })
    }

    async fn answer_asked(&self, who: &Who, hash: &str, yes: bool, typed: &str) -> Result<Next, Fault> {
        let key = match self.answer_by_pin(&who.caller, who.both(), &typed_secret(typed), hash, yes).await? {
            ByPin::Kept if yes => "identity.ussd.agreed",
            ByPin::Kept => "identity.ussd.refused",
            ByPin::Gone => "identity.ussd.gone",
            ByPin::Wrong => "identity.ussd.wrong",
            ByPin::Wait(seconds) => return Ok(Next::End(wait(seconds))),
            ByPin::TooWeak => "identity.ussd.weak",
        };
        Ok(Next::End(Text::new(key)))
    }

    async fn prove_life(&self, who: &Who, typed: &str) -> Result<Next, Fault> {
        let engine = self.clone();
        let work = move |cx: &mut Cx<'_>, account: &Account| attest_life(cx, &engine, &account.id).map(drop);
        match self.by_pin(&who.caller, who.both(), &typed_secret(typed), work).await {
            Ok(done) => Ok(said(done, "identity.ussd.life_done")),
            // Nobody in the register, or dead there: what to do stands on the screen.
            Err(fault) if fault.code() == "identity.life.dead" || fault.code().starts_with("civil.") => {
                Ok(Next::End(Text::new("identity.ussd.life_refused")))
            }
            Err(fault) => Err(fault),
        }
    }

    /// What is wrong with a PIN she chooses.
    pub(crate) async fn pin_wrong(&self, who: &Who, pin: &str) -> Result<Option<Text>, Fault> {
        let born = self.born(&who.caller, &who.calling.id).await?;
        Ok(self.inner.rules.pin.wrong(pin, born, &who.calling.login))
    }

    async fn change_pin(&self, who: &Who, pin: &str, typed: &str) -> Result<Next, Fault> {
        let hash = self.hash_secret(&typed_secret(pin)).await?;
        let messages = self.inner.messages.clone();
        let work = move |cx: &mut Cx<'_>, account: &Account| {
            secret_change::change(cx, &messages, account, &hash, (true, None))
        };
        let done = self.by_pin(&who.caller, who.both(), &typed_secret(typed), work).await?;
        Ok(said(done, "identity.ussd.pin_changed"))
    }
}

impl Who {
    fn both(&self) -> (&str, &str) {
        (&self.calling.login, &self.phone)
    }
}

/// The end of a deed by PIN.
fn said(done: Pinned<()>, key: &'static str) -> Next {
    Next::End(done.said().map_or_else(|why| why, |()| Text::new(key)))
}

/// The one that was chosen by its number.
fn pick<T>(typed: &str, mut all: impl Iterator<Item = T>) -> Option<T> {
    let number = typed.parse::<usize>().ok()?;
    all.nth(number.checked_sub(1)?)
}
