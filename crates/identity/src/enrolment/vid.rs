//! Numbers that a person gives out in the stead of her own (virtual identifiers): made, seen and revoked by her, taken
//! wherever her number is taken.
//!
//! **Invariant:** sixteen random digits with the national number's check digit, shown in fours: nobody mistakes one for
//! the other, and none tells the other. A number that is unknown, revoked, expired or used up is found by nobody, by one
//! and the same question to the database. Its digits stand in no act, log, address or remembered answer.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Personal, Resource, Text, Timestamp};

use crate::account::Kind;
use crate::enrolment::Enrolment;
use crate::keys::Keys;
use crate::rows::{accounts, vids};

/// Digits altogether.
const DIGITS: usize = 16;
/// How many serials there are: fifteen digits, the first of them not 0.
const SERIALS: u64 = 900_000_000_000_000;
const DAY_SECONDS: i64 = 86_400;

/// A number in a person's stead: sixteen digits that check.
#[derive(Clone, PartialEq, Eq)]
pub struct Vid(String);

impl std::fmt::Debug for Vid {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Vid(…)")
    }
}

impl Vid {
    /// The number with this serial, which should be random.
    #[must_use]
    pub fn of_serial(serial: u64) -> Self {
        let serial = (100_000_000_000_000 + serial % SERIALS).to_string();
        let digit = spine::check_digit(&serial).unwrap_or_default();
        Self(format!("{serial}{digit}"))
    }

    /// The number as somebody wrote it, if it is one.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let digits: String = written.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}')).collect();
        let whole = digits.len() == DIGITS && !digits.starts_with('0');
        (whole && spine::check_digit(&digits) == Some(0)).then_some(Self(digits))
    }

    /// The number as people read it: in fours.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut out = String::with_capacity(DIGITS + 3);
        for (place, digit) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                out.push(' ');
            }
            out.push(digit);
        }
        out
    }

    /// What is stored to find it by.
    fn hash(&self, keys: &Keys) -> String {
        keys.vid_hash(&self.0)
    }
}

/// A number of one's own, as its holder sees it.
#[derive(Clone, Debug)]
pub struct OwnVid {
    /// What names it in forms; it tells nothing of the number.
    pub name: String,
    /// Its kind in the pack.
    pub kind: String,
    /// The number, in fours.
    pub shown: Personal<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// How often it can still be used, if that is limited.
    pub uses_left: Option<i64>,
}

/// What came of making a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VidMade;

/// Makes a number of this kind for the actor. It is seen on her page, not in the answer.
///
/// # Errors
/// `identity.vid.kind`, `identity.vid.many`, the authority's refusal.
pub fn make_vid(cx: &mut Cx<'_>, enrolment: &Enrolment, kind: &str) -> Result<VidMade, Fault> {
    let person = cx.actor().id.clone();
    cx.may("identity.vid.make", &Resource::new("Account", &person).is("own", true))?;
    let kind = enrolment
        .rules()
        .vid(kind)
        .ok_or_else(|| Fault::invalid("identity.vid.kind").field("kind", Text::new("identity.vid.missing")))?;
    if accounts::account_by_id(cx.tx(), &person)?.is_none_or(|account| account.kind != Kind::Person) {
        return Err(Fault::forbidden("identity.vid.people"));
    }
    let now = cx.now();
    let has = vids::of_person(cx.tx(), &person, now)?.iter().filter(|own| own.kind == kind.id).count();
    if has >= kind.at_once {
        return Err(Fault::invalid("identity.vid.many").field("kind", Text::new("identity.vid.many")));
    }
    let keys = enrolment.keys();
    let vid = Vid::of_serial(cx.random_below(SERIALS));
    let hash = vid.hash(keys);
    let sealed = keys.seal(&format!("vid:{person}"), vid.0.as_bytes())?;
    let new = vids::NewVid {
        hash: &hash,
        person: &person,
        kind: &kind.id,
        sealed: &sealed,
        expires_at: kind.days.map(|days| now.plus_seconds(days.saturating_mul(DAY_SECONDS))),
        uses: kind.uses,
    };
    vids::insert(cx.tx(), &new, now)?;
    let act = Act::new("identity.vid.made").about(&person).on(&person).because("sign-in", "identity-service");
    cx.record(act.with("kind", kind.id.as_str()));
    Ok(VidMade)
}

/// Takes one of the actor's own numbers out of use, at once and for ever.
///
/// # Errors
/// `identity.vid.missing` for another's, none, or one that had ended; the authority's refusal.
pub fn revoke_vid(cx: &mut Cx<'_>, name: &str) -> Result<(), Fault> {
    let person = cx.actor().id.clone();
    cx.may("identity.vid.revoke", &Resource::new("Account", &person).is("own", true))?;
    let now = cx.now();
    if !vids::revoke(cx.tx(), name, &person, now)? {
        return Err(Fault::not_found("identity.vid.missing"));
    }
    cx.record(Act::new("identity.vid.revoked").about(&person).on(&person).because("sign-in", "identity-service"));
    Ok(())
}

/// The actor's own numbers that count, oldest first.
///
/// # Errors
/// The store's faults.
pub fn own_vids(cx: &mut Cx<'_>, enrolment: &Enrolment) -> Result<Vec<OwnVid>, Fault> {
    let (person, now) = (cx.actor().id.clone(), cx.now());
    let mut own = Vec::new();
    for row in vids::of_person(cx.tx(), &person, now)? {
        let opened = enrolment.keys().open(&format!("vid:{person}"), &row.sealed)?;
        let digits = String::from_utf8(opened.reveal().clone()).unwrap_or_default();
        own.push(OwnVid {
            name: row.hash,
            kind: row.kind,
            shown: Personal::new(Vid(digits).shown()),
            made_at: row.made_at,
            expires_at: row.expires_at,
            uses_left: row.uses_left,
        });
    }
    Ok(own)
}

/// The login that counts for what a person typed: her own for a number in its stead that is good, else what she typed,
/// so that all that is not good goes the way of an unknown number.
pub(crate) fn login_of(cx: &mut Cx<'_>, keys: &Keys, kind: Kind, typed: &str) -> Result<String, Fault> {
    let own = || Ok(typed.to_owned());
    let (Kind::Person, Some(vid)) = (kind, Vid::parse(typed)) else { return own() };
    let now = cx.now();
    match vids::good(cx.tx(), &vid.hash(keys), now)? {
        Some((_, Some(login))) => Ok(login),
        _ => own(),
    }
}

/// The person a number in her stead means, for a desk she stands before; nothing is spent.
pub(crate) fn person_of(cx: &mut Cx<'_>, keys: &Keys, written: &str) -> Result<Option<String>, Fault> {
    let Some(vid) = Vid::parse(written) else { return Ok(None) };
    let now = cx.now();
    Ok(vids::good(cx.tx(), &vid.hash(keys), now)?.map(|(person, _)| person))
}

/// The person a number in her stead means, and one use of it spent; none if what was written is not one that is good.
pub(crate) fn take(cx: &mut Cx<'_>, keys: &Keys, written: &str) -> Result<Option<String>, Fault> {
    let Some(vid) = Vid::parse(written) else { return Ok(None) };
    let (hash, now) = (vid.hash(keys), cx.now());
    let found = vids::good(cx.tx(), &hash, now)?;
    let spent = found.is_some() && vids::spend(cx.tx(), &hash, now)?;
    Ok(found.filter(|_| spent).map(|(person, _)| person))
}

/// Spends one use of what was typed at a sign-in that came to its end; false if it was spent meanwhile.
pub(crate) fn spend(cx: &mut Cx<'_>, keys: &Keys, kind: Kind, typed: &str) -> Result<bool, Fault> {
    let (Kind::Person, Some(vid)) = (kind, Vid::parse(typed)) else { return Ok(true) };
    let now = cx.now();
    Ok(vids::spend(cx.tx(), &vid.hash(keys), now)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use civil::national_id;

    use super::*;

    #[test]
    fn it_is_no_national_number_and_the_other_way_round() {
        let vid = Vid::of_serial(0);
        assert_eq!(vid.shown().len(), 19);
        assert!(vid.shown().starts_with("1000 0000 0000 000"));
        assert_eq!(national_id::parse(&vid.shown()), None);
        assert_eq!(Vid::parse(&national_id::of_serial(12)), None);
        for wrong in ["", "1", "0000 0000 0000 0000", "1000 0000 0000 000a", "１０００ ００００ ００００ ０００３"]
        {
            assert_eq!(Vid::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_wrong_digit_and_every_swap_is_noticed(serial in 0_u64..SERIALS, place in 0_usize..DIGITS, other in 0_u8..10) {
            let vid = Vid::of_serial(serial);
            prop_assert_eq!(Vid::parse(&vid.shown()), Some(vid.clone()));
            let mut wrong = vid.0.clone().into_bytes();
            wrong[place] = b'0' + other;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(Vid::parse(&wrong).is_some(), wrong == vid.0);
            if place > 0 {
                let mut swapped = vid.0.clone().into_bytes();
                swapped.swap(place - 1, place);
                let swapped = String::from_utf8(swapped).unwrap();
                prop_assert_eq!(Vid::parse(&swapped).is_some(), swapped == vid.0);
            }
        }

        #[test]
        fn whatever_is_written_is_read_or_not_without_harm(written in ".{0,40}") {
            if let Some(vid) = Vid::parse(&written) {
                prop_assert_eq!(Vid::parse(&vid.shown()), Some(vid));
            }
        }
    }
}
