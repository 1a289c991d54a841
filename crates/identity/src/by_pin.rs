//! A deed by PIN from one's own phone: the phone is what she has, the PIN what she knows.
//!
//! **Invariant:** a try is counted with those of the sign-in pages before the PIN is looked at; a number that is nobody's,
//! a phone that is another's, a locked factor and a wrong PIN are answered alike, in the same time.

use crypto::Checked;
use journal::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spine::{Act, Actor, Assurance, Caller, Cx, Fault, Personal, Resource, Secret};

use crate::account::{Account, Kind};
use crate::assurance;
use crate::enrolment::vid;
use crate::factor::{self, Factor};
use crate::rows::accounts;
use crate::settings::Identity;
use crate::sign_in::{self, Tried};
use crate::throttle;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pinned<T> {
    /// The deed was done.
    Done(T),
    /// Number, phone and PIN do not belong together.
    Wrong,
    /// Not for so many seconds.
    Wait(i64),
}

impl Identity {
    /// Does `work` for whoever has this login, if the PIN is hers and so is the phone.
    pub(crate) async fn by_pin<T, F>(
        &self,
        caller: &Caller,
        (login, phone): (&str, &str),
        pin: &Secret<String>,
        mut work: F,
    ) -> Result<Pinned<T>, Fault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnMut(&mut Cx<'_>, &Account) -> Result<T, Fault> + Send + 'static,
    {
        let acts = &self.inner.acts;
        let (keys, typed) = (self.inner.keys.clone(), login.to_owned());
        let tried = move |cx: &mut Cx<'_>| sign_in::try_secret(cx, &keys, Kind::Person, &typed);
        let (account, then_wait) = match acts.write(caller, &Key::none(), tried).await? {
            Tried::Wait(seconds) => return Ok(Pinned::Wait(seconds)),
            Tried::Go { account, then_wait } => (account, then_wait),
        };
        let phc = account.as_ref().map(|(_, phc)| phc.as_str());
        let checked = self.inner.hasher.check(pin, phc).await;
        let checked = checked.map_err(|error| Fault::internal("identity.hash.failed", error))?;
        let id = account.map(|(id, _)| id);
        if let (Checked::Right, Some(account)) = (checked, id.clone()) {
            let (keys, login, phone) = (self.inner.keys.clone(), login.to_owned(), phone.to_owned());
            // From here on it is she who acts, as surely known as PIN and phone and her enrolment make her.
            let (rules, whom) = (self.inner.rules.assurance.clone(), account.clone());
            let look = move |cx: &mut Cx<'_>| match accounts::account_by_id(cx.tx(), &whom)? {
                Some(known) => assurance::reached(cx, &rules, &known, Assurance::Substantial),
                None => Ok(Assurance::None),
            };
            let actor = Actor::person(&account, Personal::default(), acts.read(caller, look).await?);
            let herself = Caller { actor, ..caller.clone() };
            let deed = move |cx: &mut Cx<'_>| {
                cx.may("identity.secret.try", &Resource::new("Account", &account))?;
                let Some(known) = hers(cx, &account, &phone)? else { return Ok(None) };
                let own = vid::login_of(cx, &keys, Kind::Person, &login)?;
                throttle::clear(cx, &keys.attempt_key("secret", Kind::Person, &own))?;
                let act = Act::new("identity.secret.accepted").about(&account).on(&account);
                cx.record(act.because("sign-in", "identity-service"));
                work(cx, &known).map(Some)
            };
            if let Some(done) = acts.write(&herself, &Key::none(), deed).await? {
                return Ok(Pinned::Done(done));
            }
        }
        let wrong = move |cx: &mut Cx<'_>| sign_in::secret_wrong(cx, id.as_deref(), then_wait.is_some());
        acts.write(caller, &Key::none(), wrong).await?;
        Ok(then_wait.map_or(Pinned::Wrong, Pinned::Wait))
    }
}

/// The account, if it is active, calls from its own phone and has not locked that way.
fn hers(cx: &mut Cx<'_>, account: &str, phone: &str) -> Result<Option<Account>, Fault> {
    let known = accounts::account_by_id(cx.tx(), account)?.filter(|account| account.active);
    let known = known.filter(|known| known.phone.as_ref().is_some_and(|own| own.reveal() == phone));
    Ok(if factor::is_open(cx, account, Factor::Ussd)? { known } else { None })
}
