//! The desk of whoever runs the switch, as an officer: who owes what, how near its cap, windows, settlements, their files.
//!
//! | file | its job |
//! |---|---|
//! | `view.rs` | what the pages show, read in one operation each |
//! | `pages.rs` | `/switch`: all participants, the open window, what is to be settled |
//! | `participant.rs` | `/switch/participants/{name}`: its accounts; caps, deposits, withdrawals |
//! | `settling.rs` | `/switch/windows/{id}`, `/switch/settlements/{id}` |
//! | `files.rs` | a settlement as CSV, as pacs.009, and as a camt.053 for each participant |

pub(crate) mod files;
mod pages;
mod participant;
mod settling;
mod view;

use axum::Router;

use crate::Switch;

pub(crate) fn routes() -> Router<Switch> {
    pages::routes().merge(participant::routes()).merge(settling::routes())
}
