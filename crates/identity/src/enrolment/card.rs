//! Cards: asked for, printed from the blanks that lie there in the order in which they were asked for, handed over, lost,
//! replaced, expired; and the day that can honestly be promised.
//!
//! **Invariant:** the queue is in the order of asking, for everybody; no more cards are printed than blanks lie there; a
//! card that is lost or replaced is worth nothing at once, and its number stands in the public list. A day is promised only
//! as far as blanks lie there or a delivery was announced. Where next: `card_pages.rs`, `rows/cards.rs`.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Id, IdKind, Resource, Text, Timestamp};

use crate::enrolment::Enrolment;
use crate::rows::cards as rows;

/// At most so many cards are printed at once, and so many blanks come at once.
const AT_ONCE: i64 = 500;
const BLANKS: i64 = 10_000_000;
/// At most so many numbers in one page of the public list.
const LISTED: i64 = 1_000;
/// As far as a day is looked for: no calendar goes on for ever.
const FAR: i32 = 1_000_000;
/// Why somebody may ask for a card.
const REASONS: [&str; 4] = ["lost", "expired", "damaged", "changed"];

/// The kind of a card's identifier.
#[derive(Debug)]
pub struct CardKind;
impl IdKind for CardKind {
    const PREFIX: &'static str = "crd";
}
/// A card's identifier; its number is another thing.
pub type CardId = Id<CardKind>;

/// Where a card stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// Asked for.
    Queued,
    /// Printed; it waits to be fetched.
    Printed,
    /// In its holder's hands.
    Active,
    /// Lost.
    Lost,
    /// Taken out of use.
    Revoked,
    /// Its time is over.
    Expired,
}

impl CardState {
    /// As tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Printed => "printed",
            Self::Active => "active",
            Self::Lost => "lost",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Queued, Self::Printed, Self::Active, Self::Lost, Self::Revoked, Self::Expired];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// A card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Card {
    /// Its identifier.
    pub id: CardId,
    /// The number on it, from its print on.
    pub number: Option<String>,
    /// Whose it is.
    pub person: String,
    /// Where it stands.
    pub state: CardState,
    /// Why it was asked for.
    pub reason: String,
    /// Since when it is in the queue.
    pub queued_at: Timestamp,
    /// When it was printed.
    pub printed_at: Option<Timestamp>,
    /// When it was handed over.
    pub handed_at: Option<Timestamp>,
    /// Its last day.
    pub expires_on: Option<Date>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub ended_why: Option<String>,
}

/// Where a card stands in the queue, and the day that can be promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// How many stand before it.
    pub before: i64,
    /// The day it will be printed on at the latest, if that can be said.
    pub promised_on: Option<Date>,
}

fn act(what: &'static str, person: &str) -> Act {
    Act::new(what).about(person).on(person).because("national-id", "national-id")
}

/// Puts a card for a person into the queue; the caller has asked whether that may be. One that waits already is enough.
pub(crate) fn queue(cx: &mut Cx<'_>, person: &str, reason: &str) -> Result<(), Fault> {
    let waits = |card: &Card| matches!(card.state, CardState::Queued | CardState::Printed);
    if rows::of_person(cx.tx(), person)?.iter().any(waits) {
        return Err(Fault::conflict("identity.card.waiting"));
    }
    let (id, now) = (cx.id(), cx.now());
    rows::insert(cx.tx(), id, person, reason, now)?;
    cx.record(act("identity.card.queued", person).with("reason", reason));
    Ok(())
}

/// Asks for a card in the place of one that is lost, damaged, over or says what is not so any more; by her or at a desk.
///
/// # Errors
/// `identity.card.reason`, `identity.card.waiting`, `identity.card.none` for somebody who never had one, the authority's
/// refusal.
pub fn ask_for_card(cx: &mut Cx<'_>, person: &str, reason: &str) -> Result<(), Fault> {
    let own = cx.actor().id == person;
    cx.may("identity.card.ask", &Resource::new("Card", person).is("own", own))?;
    if !REASONS.contains(&reason) {
        return Err(Fault::invalid("identity.card.reason").field("reason", Text::new("identity.card.reason_missing")));
    }
    let cards = rows::of_person(cx.tx(), person)?;
    if cards.is_empty() {
        return Err(Fault::conflict("identity.card.none"));
    }
    if reason == "lost" {
        let now = cx.now();
        for card in cards.iter().filter(|card| card.state == CardState::Active) {
            rows::end(cx.tx(), card.id, CardState::Lost, "lost", now)?;
            cx.record(act("identity.card.lost", person));
        }
    }
    queue(cx, person, reason)
}

/// Says that the card somebody holds is lost, or was stolen: it is worth nothing from now on. No new one is asked for.
///
/// # Errors
/// `identity.card.none` if she holds none, the authority's refusal.
pub fn lose_card(cx: &mut Cx<'_>, person: &str) -> Result<(), Fault> {
    let own = cx.actor().id == person;
    cx.may("identity.card.lose", &Resource::new("Card", person).is("own", own))?;
    let now = cx.now();
    let cards = rows::of_person(cx.tx(), person)?;
    let held = cards.iter().find(|card| card.state == CardState::Active);
    let held = held.ok_or_else(|| Fault::conflict("identity.card.none"))?;
    rows::end(cx.tx(), held.id, CardState::Lost, "lost", now)?;
    cx.record(act("identity.card.lost", person));
    Ok(())
}

/// A card to be printed, with its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Printed {
    /// The card.
    pub id: CardId,
    /// Its number.
    pub number: String,
    /// Whose it is.
    pub person: String,
}

/// Prints the next cards in the order of the queue, as many as are asked for and blanks lie there.
///
/// # Errors
/// `identity.card.count`, `identity.card.blanks` if none lie there, the authority's refusal.
pub fn print_cards(cx: &mut Cx<'_>, enrolment: &Enrolment, count: i64) -> Result<Vec<Printed>, Fault> {
    cx.may("identity.card.print", &Resource::new("CardDesk", "print"))?;
    if !(1..=AT_ONCE).contains(&count) {
        return Err(Fault::invalid("identity.card.count").field("count", Text::new("identity.cards.count_wrong")));
    }
    let stock = rows::stock(cx.tx())?;
    if stock < 1 {
        return Err(Fault::invalid("identity.card.blanks").field("count", Text::new("identity.cards.no_blanks")));
    }
    let (by, now, prefix) = (cx.actor().id.clone(), cx.now(), enrolment.rules().card.prefix.clone());
    let mut printed = Vec::new();
    for card in rows::queue(cx.tx(), count.min(stock))? {
        let number =
            civil::reference::fresh(cx, &prefix, |cx, number| Ok(rows::by_number(cx.tx(), number)?.is_some()))?;
        rows::print(cx.tx(), card.id, &number, now)?;
        cx.record(act("identity.card.printed", &card.person));
        printed.push(Printed { id: card.id, number, person: card.person });
    }
    let used = i64::try_from(printed.len()).unwrap_or(0);
    if used > 0 {
        let id = cx.id::<CardKind>().to_string();
        rows::change_stock(cx.tx(), &id, (-used, "printed"), &by, now)?;
    }
    cx.record(Act::new("identity.card.batch").because("national-id", "national-id").with("cards", used));
    Ok(printed)
}

/// The card with this number was spoilt in print: it goes back to where it stood in the queue; its blank is gone.
///
/// # Errors
/// `identity.card.unknown`, the authority's refusal.
pub fn spoil_card(cx: &mut Cx<'_>, written: &str) -> Result<(), Fault> {
    cx.may("identity.card.print", &Resource::new("CardDesk", "print"))?;
    let card = known(cx, written, CardState::Printed)?;
    rows::requeue(cx.tx(), card.id)?;
    cx.record(act("identity.card.spoilt", &card.person));
    Ok(())
}

fn known(cx: &mut Cx<'_>, written: &str, state: CardState) -> Result<Card, Fault> {
    let unknown = || Fault::invalid("identity.card.unknown").field("number", Text::new("identity.cards.unknown"));
    let number = number_of(written);
    rows::by_number(cx.tx(), &number)?.filter(|card| card.state == state).ok_or_else(unknown)
}

/// Hands the printed card with this number to its holder, who stands there. Whatever card she had before ends with it.
///
/// # Errors
/// `identity.card.unknown`, the authority's refusal.
pub fn hand_over(cx: &mut Cx<'_>, enrolment: &Enrolment, written: &str) -> Result<(), Fault> {
    let card = known(cx, written, CardState::Printed)?;
    let own = cx.actor().id == card.person;
    cx.may("identity.card.hand_over", &Resource::new("Card", card.id).is("own", own))?;
    let (now, today) = (cx.now(), enrolment.today(cx));
    let last = today.saturating_add(enrolment.rules().card.years.years()).saturating_sub(1.day());
    rows::end_active(cx.tx(), &card.person, card.id, "replaced", now)?;
    rows::hand_over(cx.tx(), card.id, now, last)?;
    cx.record(act("identity.card.handed_over", &card.person));
    Ok(())
}

/// A card of an earlier system, in its holder's hands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierCard {
    /// Its holder's identifier in the population.
    pub person: String,
    /// The number on it.
    pub number: String,
    /// Its last day.
    pub expires_on: Date,
}

/// Takes over cards of an earlier system, all or none; those whose day is past are over. Answers how many.
///
/// # Errors
/// `identity.card.taken` for a number that is here already or is none; the authority's refusal.
pub fn import_cards(cx: &mut Cx<'_>, enrolment: &Enrolment, cards: &[EarlierCard]) -> Result<i64, Fault> {
    cx.may("identity.card.import", &Resource::new("CardDesk", "import"))?;
    let (now, today) = (cx.now(), enrolment.today(cx));
    for card in cards {
        let number = number_of(&card.number);
        if number.is_empty() || rows::by_number(cx.tx(), &number)?.is_some() {
            return Err(Fault::conflict("identity.card.taken").with("number", number));
        }
        let id = cx.id();
        let state = if card.expires_on < today { CardState::Expired } else { CardState::Active };
        rows::insert_earlier(cx.tx(), id, (&card.person, &number), (state, card.expires_on), now)?;
    }
    let count = i64::try_from(cards.len()).unwrap_or(i64::MAX);
    cx.record(Act::new("identity.card.imported").because("national-id", "national-id").with("cards", count));
    Ok(count)
}

/// A number as it is kept: ours without its spaces, an earlier system's in capital letters and digits.
pub(super) fn number_of(written: &str) -> String {
    let plain = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).take(40).collect() };
    civil::reference::parse(written).unwrap_or_else(|| plain(written).to_ascii_uppercase())
}

/// Blanks that came, or will come on a day.
///
/// # Errors
/// `identity.card.count`, the authority's refusal.
pub fn stock_blanks(cx: &mut Cx<'_>, enrolment: &Enrolment, count: i64, due_on: Option<Date>) -> Result<(), Fault> {
    cx.may("identity.card.stock", &Resource::new("CardDesk", "stock"))?;
    if !(1..=BLANKS).contains(&count) {
        return Err(Fault::invalid("identity.card.count").field("blanks", Text::new("identity.cards.blanks_wrong")));
    }
    let (id, by, now) = (cx.id::<CardKind>().to_string(), cx.actor().id.clone(), cx.now());
    match due_on.filter(|day| *day > enrolment.today(cx)) {
        Some(day) => rows::insert_delivery(cx.tx(), &id, count, day)?,
        None => rows::change_stock(cx.tx(), &id, (count, "delivered"), &by, now)?,
    }
    let announced = due_on.is_some();
    let act = Act::new("identity.card.stocked").because("national-id", "national-id");
    cx.record(act.with("count", count).with("announced", announced));
    Ok(())
}

/// A delivery that was announced is here.
///
/// # Errors
/// `identity.card.delivery`, the authority's refusal.
pub fn delivery_arrived(cx: &mut Cx<'_>, id: &str) -> Result<(), Fault> {
    cx.may("identity.card.stock", &Resource::new("CardDesk", "stock"))?;
    let (by, now) = (cx.actor().id.clone(), cx.now());
    let known = rows::deliveries(cx.tx())?.into_iter().find(|(own, ..)| own == id);
    let (_, count, _) = known.ok_or_else(|| Fault::not_found("identity.card.delivery"))?;
    rows::arrived(cx.tx(), id, now)?;
    let change = cx.id::<CardKind>().to_string();
    rows::change_stock(cx.tx(), &change, (count, "delivered"), &by, now)?;
    let act = Act::new("identity.card.stocked").because("national-id", "national-id");
    cx.record(act.with("count", count).with("announced", false));
    Ok(())
}

/// The desk of cards: how many wait, what lies there, what is to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardDesk {
    /// Cards in the queue.
    pub queued: i64,
    /// Cards printed and not fetched yet.
    pub printed: i64,
    /// Cards whose time is over.
    pub expired: i64,
    /// Blanks in stock.
    pub stock: i64,
    /// Deliveries: identifier, how many, when.
    pub deliveries: Vec<(String, i64, Date)>,
    /// The day the last of the queue will be printed, if that can be said.
    pub done_on: Option<Date>,
    /// Cards to be handed over.
    pub to_hand_over: Vec<Card>,
}

/// What the desk of cards shows.
///
/// # Errors
/// The authority's refusal.
pub fn card_desk(cx: &mut Cx<'_>, enrolment: &Enrolment) -> Result<CardDesk, Fault> {
    cx.may("identity.card.list", &Resource::new("CardDesk", "list"))?;
    let queued = rows::count(cx.tx(), CardState::Queued)?;
    Ok(CardDesk {
        queued,
        printed: rows::count(cx.tx(), CardState::Printed)?,
        expired: rows::count(cx.tx(), CardState::Expired)?,
        stock: rows::stock(cx.tx())?,
        deliveries: rows::deliveries(cx.tx())?,
        done_on: if queued > 0 { promised(cx, enrolment, queued)? } else { None },
        to_hand_over: rows::in_state(cx.tx(), CardState::Printed, 50)?,
    })
}

/// A person's cards with the place of one that waits; her own, or at a desk.
///
/// # Errors
/// The authority's refusal.
pub fn cards_of(cx: &mut Cx<'_>, enrolment: &Enrolment, person: &str) -> Result<Vec<(Card, Option<Place>)>, Fault> {
    let own = cx.actor().id == person;
    cx.may("identity.card.look", &Resource::new("Card", person).is("own", own))?;
    let mut cards = Vec::new();
    for card in rows::of_person(cx.tx(), person)? {
        let place = if card.state == CardState::Queued {
            let before = rows::before(cx.tx(), &card)?;
            Some(Place { before, promised_on: promised(cx, enrolment, before + 1)? })
        } else {
            None
        };
        cards.push((card, place));
    }
    Ok(cards)
}

/// The day by which the card at this place of the queue, counted from 1, is printed at the latest: not before there is a
/// blank for it, not faster than cards are printed in a day; none if neither stock nor deliveries reach that far.
fn promised(cx: &mut Cx<'_>, enrolment: &Enrolment, place: i64) -> Result<Option<Date>, Fault> {
    let (stock, deliveries) = (rows::stock(cx.tx())?, rows::deliveries(cx.tx())?);
    let coming: Vec<(i64, Date)> = deliveries.into_iter().map(|(_, count, day)| (count, day)).collect();
    Ok(day_of(place, stock, &coming, enrolment.rules().card.a_day, enrolment.today(cx)))
}

/// Runs through stock and deliveries day by day of delivery.
fn day_of(place: i64, stock: i64, deliveries: &[(i64, Date)], a_day: i64, today: Date) -> Option<Date> {
    let a_day = a_day.max(1);
    let days = |cards: i64| i32::try_from((cards + a_day - 1) / a_day).unwrap_or(FAR).min(FAR);
    let (mut blanks, mut free, mut printed) = (stock.max(0), today, 0_i64);
    let mut coming = deliveries.iter();
    loop {
        if place <= printed + blanks {
            return Some(free.saturating_add(days(place - printed).days()));
        }
        printed += blanks;
        free = free.saturating_add(days(blanks).days());
        let (count, day) = coming.next()?;
        blanks = *count;
        // A promised day that has passed without the blanks is not believed a second time.
        free = free.max((*day).max(today.saturating_add(1.day())));
    }
}

/// What anybody may know of a card's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardStanding {
    /// It is good.
    Valid,
    /// It is worth nothing: lost, replaced, taken out of use.
    Revoked,
    /// Its time is over.
    Expired,
    /// There is no card of this number in anybody's hands.
    Unknown,
}

/// What anybody may know of a card's number.
///
/// # Errors
/// The store's faults.
pub fn card_standing(cx: &mut Cx<'_>, enrolment: &Enrolment, written: &str) -> Result<CardStanding, Fault> {
    let number = number_of(written);
    let today = enrolment.today(cx);
    Ok(match rows::by_number(cx.tx(), &number)? {
        None => CardStanding::Unknown,
        Some(card) => match card.state {
            CardState::Active if card.expires_on.is_some_and(|last| last < today) => CardStanding::Expired,
            CardState::Active => CardStanding::Valid,
            CardState::Lost | CardState::Revoked => CardStanding::Revoked,
            CardState::Expired => CardStanding::Expired,
            CardState::Queued | CardState::Printed => CardStanding::Unknown,
        },
    })
}

/// Numbers of cards that are worth nothing, after a number, for whoever keeps the list offline.
///
/// # Errors
/// The store's faults.
pub fn revoked_cards(cx: &mut Cx<'_>, after: &str) -> Result<Vec<(String, Timestamp)>, Fault> {
    Ok(rows::revoked(cx.tx(), after, LISTED)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_promised_as_far_as_there_are_blanks() {
        let today = day("2026-11-26");
        // 1,500 blanks, 500 a day: the first today's work, the last in three days.
        assert_eq!(day_of(1, 1_500, &[], 500, today), Some(day("2026-11-27")));
        assert_eq!(day_of(1_500, 1_500, &[], 500, today), Some(day("2026-11-29")));
        // 179,515 people and no delivery: the truth is that nobody can say.
        assert_eq!(day_of(1_501, 1_500, &[], 500, today), None);
        let coming = [(100_000, day("2027-01-15")), (100_000, day("2027-03-01"))];
        assert_eq!(day_of(1_501, 1_500, &coming, 500, today), Some(day("2027-01-16")));
        assert_eq!(day_of(179_515, 1_500, &coming, 500, today), Some(day("2028-01-07")));
        // A delivery that is late is expected tomorrow at the earliest, not yesterday.
        assert_eq!(day_of(1, 0, &[(10, day("2026-11-01"))], 500, today), Some(day("2026-11-28")));
        assert_eq!(day_of(11, 0, &[(10, day("2026-11-01"))], 500, today), None);
    }

    proptest! {
        #[test]
        fn who_stands_before_is_never_promised_later(place in 1_i64..5_000, stock in 0_i64..3_000, count in 0_i64..3_000, a_day in 1_i64..900) {
            let today = day("2026-11-26");
            let coming = [(count, day("2026-12-24"))];
            let (one, next) = (day_of(place, stock, &coming, a_day, today), day_of(place + 1, stock, &coming, a_day, today));
            if let Some(next) = next {
                prop_assert!(one.unwrap() <= next);
            }
            prop_assert_eq!(one.is_some(), place <= stock + count);
        }
    }
}
