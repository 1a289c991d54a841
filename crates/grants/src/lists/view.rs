//! A list as an officer sees it.
//!
//! **Invariant:** she sees how many stand and which lines do not and why, not who is on it: that is a look at people, and a
//! run's own.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault};

use crate::engine::Grants;
use crate::lists::take::found;
use crate::model::{List, ListId};
use crate::money::resource;
use crate::rows::lists as rows;

/// Lines told on one page.
pub(crate) const PAGE: i64 = 100;

/// A list, and some of the lines that do not stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// The list.
    pub list: List,
    /// Lines that do not stand, each with its reason.
    pub refused: Vec<(i64, String)>,
}

/// Shows a list, and lines that do not stand after `line`.
///
/// # Errors
/// `grants.list.unknown`; a refusal; the store's faults.
pub fn view(cx: &mut Cx<'_>, grants: &Grants, id: ListId, line: i64) -> Result<ListView, Fault> {
    let list = found(cx, id)?;
    let resource = resource(cx, grants.programme(&list.programme)?);
    cx.may("grants.list.view", &resource)?;
    let refused = rows::refusals(cx.tx(), id, line, PAGE)?;
    cx.record(Act::new("grants.list.viewed").on(id));
    Ok(ListView { list, refused })
}
