//! Founding an association, and joining it as a signatory.
//!
//! **Invariant:** a signatory is a person who joined herself, with a code that opens one seat once, for a week; what is kept
//! of a code is its hash. Nobody has two seats of one association.

use spine::{Act, Currency, Cx, Fault, FaultKind, FieldFault, Personal, Resource, Secret, Text};

use super::model::{Association, AssociationId, LEAST, SEATS, Seat};
use crate::ledger::{self, AccountKind, Bound, NewAccount};
use crate::rows::associations as rows;

/// At most so many associations founded by one person.
const FOUNDED: usize = 5;
/// At most so many seats of one person, in all associations.
const SEATED: usize = 20;
/// How long a code opens its seat.
const CODE_SECONDS: i64 = 7 * 86_400;

/// An association to be founded.
#[derive(Clone, Debug)]
pub struct NewAssociation {
    /// What people call it, 2 to 60 characters.
    pub name: String,
    /// Where it is, 2 to 40.
    pub place: String,
    /// How many signatories must agree, at least 2.
    pub needed: i64,
    /// Of how many, at most 9.
    pub signatories: i64,
}

/// Founds an association. Whoever acts is its first signatory, and hands out the codes for the other seats.
///
/// # Errors
/// `payments.association.wrong` with the fields `name`, `place`, `needed` or `signatories`; `payments.association.many`;
/// a refusal; the store's faults.
pub fn found(cx: &mut Cx<'_>, currency: Currency, new: &NewAssociation) -> Result<AssociationId, Fault> {
    let founder = herself(cx)?;
    cx.may("payments.association.found", &Resource::new("Association", &founder).is("own", true))?;
    if rows::founded_by(cx.tx(), &founder)? >= FOUNDED {
        return Err(Fault::new(FaultKind::TooMany, "payments.association.many"));
    }
    room_for(cx, &founder)?;
    let (name, place) = (new.name.trim(), new.place.trim());
    if !plain(name, 60) {
        return Err(wrong("name", "payments.association.name_wrong"));
    }
    if !plain(place, 40) {
        return Err(wrong("place", "payments.association.place_wrong"));
    }
    if !(LEAST..=SEATS).contains(&new.signatories) {
        return Err(wrong("signatories", "payments.association.signatories_wrong"));
    }
    if !(LEAST..=new.signatories).contains(&new.needed) {
        return Err(wrong("needed", "payments.association.needed_wrong"));
    }
    let id: AssociationId = cx.id();
    let (reference, kind) = (format!("association:{id}"), AccountKind::Liability);
    let bound = Bound::DebitsWithinCredits;
    let account = NewAccount { reference: &reference, kind, currency, name: "payments.account.association", bound };
    let association = Association {
        id,
        name: name.to_owned(),
        place: place.to_owned(),
        needed: new.needed,
        account: ledger::account(cx, &account)?,
        founder: founder.clone(),
        made_at: cx.now(),
    };
    rows::insert(cx.tx(), &association)?;
    let own_name = cx.actor().name.clone();
    for seat in 1..=new.signatories {
        rows::open_seat(cx.tx(), id, seat, &founder)?;
    }
    rows::sit(cx.tx(), id, 1, &founder, &own_name)?;
    let act = Act::new("payments.association.founded").about(&founder).on(id).because("payment", "contract");
    cx.record(act.with("needed", new.needed).with("signatories", new.signatories));
    Ok(id)
}

fn wrong(field: &str, key: &'static str) -> Fault {
    let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
    Fault::invalid("payments.association.wrong").fields_from([fault])
}

/// Whether a text of people is 2 to `most` characters that can be seen.
pub(super) fn plain(text: &str, most: usize) -> bool {
    (2..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Whoever acts, for herself: a mandate would let one human being speak for two signatories.
pub(super) fn herself(cx: &Cx<'_>) -> Result<String, Fault> {
    let actor = cx.actor();
    if actor.on_behalf_of.is_some() { Err(Fault::forbidden("payments.association.self")) } else { Ok(actor.id.clone()) }
}

fn room_for(cx: &mut Cx<'_>, person: &str) -> Result<(), Fault> {
    if rows::of(cx.tx(), person)?.len() >= SEATED {
        return Err(Fault::new(FaultKind::TooMany, "payments.association.many"));
    }
    Ok(())
}

/// The association and its seats, for a deed that only its signatories may do.
pub(super) fn own(cx: &mut Cx<'_>, id: AssociationId, action: &str) -> Result<(Association, Vec<Seat>), Fault> {
    let found = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.association.unknown"))?;
    let seats = rows::seats(cx.tx(), id)?;
    let own = seats.iter().filter_map(|seat| seat.person.as_deref()).any(|person| cx.actor().is_for(person));
    cx.may(action, &Resource::new("Association", id).is("own", own))?;
    Ok((found, seats))
}

/// What is kept of a code; it may be typed with blanks, hyphens and small letters.
#[must_use]
pub fn code_hash(typed: &str) -> Secret<[u8; 32]> {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    Secret::new(crypto::sha256(&[b"letsema/association/code/v1\0", plain.to_ascii_uppercase().as_bytes()]))
}

/// Takes the hash of a new code for an empty seat, which ends the one before. The code itself never comes here.
///
/// # Errors
/// `payments.association.{unknown,seat,inviter}`; a refusal; the store's faults.
pub fn invite(cx: &mut Cx<'_>, id: AssociationId, seat: i64, hash: &Secret<[u8; 32]>) -> Result<(), Fault> {
    let (_, seats) = own(cx, id, "payments.association.invite")?;
    let place = seats.into_iter().find(|it| it.seat == seat && it.person.is_none());
    let place = place.ok_or_else(|| Fault::conflict("payments.association.seat"))?;
    if herself(cx)? != place.inviter {
        return Err(Fault::conflict("payments.association.inviter"));
    }
    let until = cx.now().plus_seconds(CODE_SECONDS);
    rows::set_code(cx.tx(), id, seat, hash.reveal(), until)?;
    cx.record(Act::new("payments.association.invited").on(id).with("seat", seat));
    Ok(())
}

/// Sits down on the seat that the code with this hash opens.
///
/// # Errors
/// `payments.association.{code,seated,many}`; a refusal; the store's faults.
pub fn join(cx: &mut Cx<'_>, hash: &Secret<[u8; 32]>) -> Result<AssociationId, Fault> {
    let person = herself(cx)?;
    cx.may("payments.association.join", &Resource::new("Association", &person))?;
    let now = cx.now();
    let opened = rows::opened_by(cx.tx(), hash.reveal(), now)?;
    let (id, seat) = opened.ok_or_else(|| Fault::invalid("payments.association.code"))?;
    room_for(cx, &person)?;
    if rows::seats(cx.tx(), id)?.iter().any(|seat| seat.person.as_deref() == Some(person.as_str())) {
        return Err(Fault::conflict("payments.association.seated"));
    }
    let name: Personal<String> = cx.actor().name.clone();
    rows::sit(cx.tx(), id, seat, &person, &name)?;
    let act = Act::new("payments.association.joined").about(&person).on(id).because("payment", "contract");
    cx.record(act.with("seat", seat));
    Ok(id)
}
