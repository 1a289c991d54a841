//! An association, its seats, and what is proposed in it.
//!
//! **Invariant:** [`tally`] alone says what voices come to; a person has one voice, and it is not taken back.
//! Next: `propose.rs`, `decide.rs`.

use spine::{Id, IdKind, Money, Personal, Timestamp};

use crate::ledger::{AccountId, TransferId};
use crate::rails::payout::DisbursementId;

/// The kind of an association's identifier.
#[derive(Debug)]
pub struct AssociationKind;

impl IdKind for AssociationKind {
    const PREFIX: &'static str = "ass";
}

/// An association's identifier; it stands in its link.
pub type AssociationId = Id<AssociationKind>;

/// The kind of a proposal's identifier.
#[derive(Debug)]
pub struct ProposalKind;

impl IdKind for ProposalKind {
    const PREFIX: &'static str = "prp";
}

/// A proposal's identifier.
pub type ProposalId = Id<ProposalKind>;

/// At most so many signatories, and so at most so many of them needed.
pub(crate) const SEATS: i64 = 9;
/// At least so many must agree.
pub(crate) const LEAST: i64 = 2;

/// An association.
#[derive(Clone, Debug)]
pub struct Association {
    /// Its identifier.
    pub id: AssociationId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// So many signatories must agree.
    pub needed: i64,
    /// Where its money is.
    pub account: AccountId,
    /// Who founded it: a person's id.
    pub founder: String,
    /// Since when.
    pub made_at: Timestamp,
}

/// The place of a signatory.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its number, from 1.
    pub seat: i64,
    /// Who has it, if anybody joined: a person's id.
    pub person: Option<String>,
    /// Her name, as she was known when she joined.
    pub name: Personal<String>,
    /// Who may hand out the code for it.
    pub inviter: String,
}

/// What is proposed.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Money goes out.
    Pay {
        /// The wallet's id in the pack.
        wallet: String,
        /// The number with it.
        number: Personal<String>,
        /// How much.
        amount: Money,
    },
    /// So many must agree from then on.
    Rule {
        /// How many.
        needed: i64,
    },
    /// A seat is opened for somebody else; the first number that is free is a new one.
    Seat {
        /// Its number.
        seat: i64,
    },
    /// A signatory is taken off, and her seat with her.
    Remove {
        /// Its number.
        seat: i64,
        /// Who sits there: a person's id. What is proposed about her is not done to somebody else.
        person: String,
    },
}

/// The first seat that there is not yet.
#[must_use]
pub fn free_seat(seats: &[Seat]) -> Option<i64> {
    (1..=SEATS).find(|number| seats.iter().all(|seat| seat.seat != *number))
}

/// Where a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalState {
    /// It waits for signatories.
    Open,
    /// So many agreed; it is done.
    Passed,
    /// So many refused that it cannot pass.
    Refused,
    /// Its time is over.
    Lapsed,
    /// The rule or the signatories changed in between.
    Overtaken,
}

impl ProposalState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::Overtaken => "overtaken",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        let all = [Self::Open, Self::Passed, Self::Refused, Self::Lapsed, Self::Overtaken];
        all.into_iter().find(|state| state.code() == code)
    }
}

/// A proposal.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its identifier.
    pub id: ProposalId,
    /// Whose.
    pub association: AssociationId,
    /// Its number in the association, from 1.
    pub number: i64,
    /// What is to be done.
    pub deed: Deed,
    /// What for, in the proposer's words.
    pub purpose: Personal<String>,
    /// Who proposed it: a person's id.
    pub proposer: String,
    /// Where it stands.
    pub state: ProposalState,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it may be agreed to.
    pub expires_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Proposal {
    /// Whether somebody has a voice in it: whoever is to be taken off has none, for or against.
    #[must_use]
    pub fn hears(&self, who: &str) -> bool {
        !matches!(&self.deed, Deed::Remove { person, .. } if person == who)
    }

    /// The payment it becomes, for ever the same.
    #[must_use]
    pub fn payment(&self) -> DisbursementId {
        DisbursementId::from_bytes(self.derived(b"payment"))
    }

    /// The hold of its money.
    pub(crate) fn hold(&self) -> TransferId {
        TransferId::from_bytes(self.derived(b"hold"))
    }

    /// What gives the hold up.
    pub(crate) fn release(&self) -> TransferId {
        TransferId::from_bytes(self.derived(b"release"))
    }

    fn derived(&self, what: &[u8]) -> [u8; 16] {
        crypto::short_hash(&[b"letsema/association/proposal/v1\0", self.id.as_bytes(), what])
    }
}

/// What a signatory said to a proposal.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Who: a person's id.
    pub person: String,
    /// Whether she agrees.
    pub agrees: bool,
}

/// What voices come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tally {
    /// So many agree as are needed.
    Passes,
    /// Even if all who have said nothing agreed, it would not pass.
    Fails,
    /// Neither yet.
    Waits,
}

/// Counts the voices of those who are signatories and have one.
#[must_use]
pub fn tally(needed: i64, seats: &[Seat], voices: &[Voice], hears: impl Fn(&str) -> bool) -> Tally {
    let (mut agree, mut silent) = (0, 0);
    for person in seats.iter().filter_map(|seat| seat.person.as_deref()).filter(|person| hears(person)) {
        match voices.iter().find(|voice| voice.person == person) {
            Some(voice) if voice.agrees => agree += 1,
            Some(_) => {}
            None => silent += 1,
        }
    }
    if agree >= needed {
        Tally::Passes
    } else if agree + silent < needed {
        Tally::Fails
    } else {
        Tally::Waits
    }
}
