//! Lists of whom a programme is to pay: by file, by the programme's own rule, or from another system.
//!
//! **Invariant:** one bad line is told with its number and reason, and the others stand; what is taken twice under one name
//! changes nothing; accepted and refused are all lines, and the control sum is that of those accepted.
//!
//! | file | its job |
//! |---|---|
//! | `take.rs` | [`begin`], [`take_lines`], [`finish`]: a list, piece by piece |
//! | `file.rs` | [`take_file`]: a file as it comes |
//! | `line.rs` | one line read |
//! | `by_rule.rs` | [`gather`]: the programme's rule asked about its register |
//! | `view.rs` | [`view()`]: a list as an officer sees it |

pub(crate) mod by_rule;
pub(crate) mod file;
pub(crate) mod line;
pub(crate) mod take;
pub(crate) mod view;

pub use by_rule::gather;
pub use file::{Sent, take_file};
pub use take::{NewList, Taken, begin, finish, take_lines};
pub use view::{ListView, view};
