//! Associations: a burial society or another club keeps its money here, and none of it goes out before so many of its
//! signatories agree.
//!
//! **Invariant:** a payment goes out at most once, in the commit in which the last agreement it needs is given; what is
//! proposed is held from the proposal on, so that the same money is never promised twice; nobody counts twice.
//!
//! **Absent on purpose:** a way round signatories who cannot be reached, when too few are left to agree. That is for the
//! members' meeting and a court, not for a program.
//!
//! | file | its job |
//! |---|---|
//! | `model.rs` | [`Association`], [`Seat`], [`Proposal`], [`tally`] |
//! | `found.rs` | [`found`], [`invite`], [`join`]: who the signatories are |
//! | `propose.rs` | [`propose`], [`lapse`](propose::lapse): money is held, or a change is asked for |
//! | `decide.rs` | [`say`]: a signatory agrees or refuses |
//! | `view.rs` | [`mine`], [`see`], [`ask`]: what signatories see, and bills that bring money; [`awaited`]: whom a proposal waits for |
//! | `pages.rs`, `proposal_pages.rs` | `/association` |

mod decide;
mod found;
mod model;
pub(crate) mod pages;
mod proposal_pages;
mod propose;
mod view;

pub use decide::say;
pub use found::{NewAssociation, code_hash, found, invite, join};
pub use model::{
    Association, AssociationId, Deed, Proposal, ProposalId, ProposalState, Seat, Tally, Voice, free_seat, tally,
};
pub use propose::propose;
pub(crate) use propose::{LAPSE, lapse};
pub use view::{Awaited, Sight, ask, awaited, mine, see};
