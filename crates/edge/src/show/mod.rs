//! The parts pages are made of. Each renders itself: `html! { (sheet.text("name", label).hint(hint)) }`.
//!
//! **Invariant:** plain HTML with the right roles, labels and order; what a person wrote is always escaped.
//! Patterns: label, hint, error, input; one thing per page; check your answers; task list.
//!
//! | file | its parts |
//! |---|---|
//! | `sheet.rs` | [`Sheet`](sheet::Sheet): answers and faults, from which fields are made; the error summary |
//! | `field.rs` | text, e-mail, phone, number, password, code, area, file |
//! | `choice.rs` | radios, checkboxes, select |
//! | `day.rs` | a date in three inputs |
//! | `blocks.rs` | tag, panel, banner, card, cards, details, lists, warning, buttons |
//! | `summary.rs` | check your answers; where each value comes from |
//! | `qr.rs` | a QR code |
//! | `steps.rs` | the steps of a case, the task list |
//! | `table.rs` | tables that work on a phone, pagination |

pub mod blocks;
pub mod choice;
pub mod day;
pub mod field;
pub mod qr;
pub mod sheet;
pub mod steps;
pub mod summary;
pub mod table;

pub use blocks::{
    Tone, banner, button, button_link, card, cards, columns, details, inset, lists, panel, search, tag, warning_button,
};
pub use choice::{Choice, Choices, Select};
pub use day::DayField;
pub use field::Field;
pub use qr::qr;
pub use steps::{Progress, Steps, TaskList};
pub use summary::Summary;
pub use table::{Table, pagination};
