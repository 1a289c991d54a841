//! The keys that sign tokens, changed without anybody noticing: a next key is shown first and signs later, one that
//! signed is shown until what it signed is over.
//!
//! **Invariant:** a key signs only after every program that reads the key set each five minutes has seen it; private halves
//! are made outside the transaction and enter it sealed. Where next: `directory.rs`, which every instance reads anew.

use crypto::{Algorithm, SigningKey};
use edge::Visit;
use journal::Key;
use spine::{Act, Caller, Cx, Fault, Resource};

use crate::rows::clients::{self, KeyRow};
use crate::settings::Identity;

/// How long a key is shown before it signs: twice what programs may keep the set.
const SEEN_SECONDS: i64 = 600;
/// How long a key is shown after it signed: longer than anything it signed is good.
const OVER_SECONDS: i64 = 3600;

impl Identity {
    /// Makes the next key of an algorithm; returns its name.
    ///
    /// # Errors
    /// `identity.key.waiting` if there is one, the authority's refusal.
    pub async fn prepare_key(&self, caller: &Caller, algorithm: Algorithm) -> Result<String, Fault> {
        let failed = |error| Fault::internal("identity.key.failed", error);
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm));
        let key = made.await.map_err(|error| Fault::internal("identity.key.failed", error))?.map_err(failed)?;
        let sealed =
            self.inner.keys.seal(&format!("signing:{}", key.kid()), key.to_secret_pkcs8().map_err(failed)?.reveal())?;
        let (kid, at) = (key.kid().to_owned(), self.inner.acts.now());
        let state = "next".to_owned();
        let row = KeyRow { kid: kid.clone(), algorithm, state, is_current: false, sealed, made_at: at, changed_at: at };
        let work = move |cx: &mut Cx<'_>| prepare(cx, &row);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await?;
        Ok(kid)
    }

    /// Lets the next key of an algorithm sign; the one that signed is shown on. `at_once` does not wait until programs
    /// have seen it, for when a key is no longer safe.
    ///
    /// # Errors
    /// `identity.key.missing`, `identity.key.early`, the authority's refusal.
    pub async fn promote_key(&self, caller: &Caller, kid: &str, at_once: bool) -> Result<(), Fault> {
        let kid = kid.to_owned();
        let work = move |cx: &mut Cx<'_>| promote(cx, &kid, at_once);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await
    }

    /// Forgets a key whose signatures are over.
    ///
    /// # Errors
    /// `identity.key.signing`, `identity.key.missing`, the authority's refusal.
    pub async fn forget_key(&self, caller: &Caller, kid: &str) -> Result<(), Fault> {
        let kid = kid.to_owned();
        let work = move |cx: &mut Cx<'_>| forget(cx, &kid);
        self.inner.acts.write(caller, &Key::none(), work).await?;
        self.refresh(true).await
    }

    pub(crate) async fn stored_keys(&self, visit: &Visit) -> Result<Vec<KeyRow>, Fault> {
        let look = move |cx: &mut Cx<'_>| {
            cx.may("identity.key.rotate", &Resource::new("SigningKey", "all"))?;
            Ok(clients::keys(cx.tx())?)
        };
        self.inner.acts.read(visit.caller(), look).await
    }
}

fn act(kind: &'static str, kid: &str) -> Act {
    Act::new(kind).on(kid).because("administration", "identity-service")
}

fn prepare(cx: &mut Cx<'_>, row: &KeyRow) -> Result<(), Fault> {
    cx.may("identity.key.rotate", &Resource::new("SigningKey", &row.kid))?;
    if clients::keys(cx.tx())?.iter().any(|own| own.algorithm == row.algorithm && own.state == "next") {
        return Err(Fault::conflict("identity.key.waiting"));
    }
    clients::insert_key(cx.tx(), row)?;
    cx.record(act("identity.key.prepared", &row.kid).with("algorithm", row.algorithm.name()));
    Ok(())
}

fn promote(cx: &mut Cx<'_>, kid: &str, at_once: bool) -> Result<(), Fault> {
    cx.may("identity.key.rotate", &Resource::new("SigningKey", kid))?;
    let (now, all) = (cx.now(), clients::keys(cx.tx())?);
    let next = all.iter().find(|row| row.kid == kid && row.state == "next");
    let next = next.ok_or_else(|| Fault::not_found("identity.key.missing"))?;
    if !at_once && now.seconds_since(next.made_at) < SEEN_SECONDS {
        return Err(Fault::conflict("identity.key.early"));
    }
    for row in all.iter().filter(|row| row.algorithm == next.algorithm && row.is_current) {
        clients::set_key_state(cx.tx(), &row.kid, "retired", now)?;
    }
    clients::set_key_state(cx.tx(), kid, "current", now)?;
    cx.record(act("identity.key.promoted", kid).with("at_once", at_once));
    Ok(())
}

fn forget(cx: &mut Cx<'_>, kid: &str) -> Result<(), Fault> {
    cx.may("identity.key.rotate", &Resource::new("SigningKey", kid))?;
    let now = cx.now();
    let row = clients::keys(cx.tx())?.into_iter().find(|row| row.kid == kid);
    let row = row.ok_or_else(|| Fault::not_found("identity.key.missing"))?;
    if row.state != "retired" || now.seconds_since(row.changed_at) < OVER_SECONDS {
        return Err(Fault::conflict("identity.key.signing"));
    }
    clients::delete_key(cx.tx(), kid)?;
    cx.record(act("identity.key.forgotten", kid));
    Ok(())
}
