//! USSD: a menu on any phone, without internet and without cost to the caller. An aggregator of the networks asks over
//! HTTP (the shape that Africa's Talking and others share), and is answered one screen.
//!
//! **Invariant:** each code that is dialled has its menu; only who shares the door's secret is heard, so a number is the network's word and not a stranger's;
//! what was typed before stands nowhere, for it may hold a PIN; a screen is at most 182 letters of the GSM alphabet.
//!
//! | file | its job |
//! |---|---|
//! | `screen.rs` | [`Screen`], [`Menu`]: what is shown, and who decides it |
//! | `door.rs` | [`Door`]: `POST /api/messages/ussd` |
//! | `phone.rs` | a feature phone in the browser, for demonstrations: `/ussd` |
//! | `rows.rs` | every SQL text |

mod door;
mod phone;
mod rows;
mod screen;

pub use door::{Dialled, Door, DoorKey, DoorSettings};
pub use screen::{LONGEST, Menu, Screen, Turn, Turning, fits};
