//! Runs that prepare themselves: some days before a programme pays, its list is made by its rule and a run of it is prepared.
//!
//! **Invariant:** asked as often as one likes, a period gets one list and one run; the program prepares,
//! and an officer of the ministry has still to approve.

use spine::{Cx, Fault};

use crate::engine::Grants;
use crate::lists::gather;
use crate::programme::Programme;
use crate::rows::{lists, runs as rows};
use crate::runs::{NewRun, prepare};

/// Goes one step on with every programme whose pay day is near; answers how many it went on with.
///
/// # Errors
/// A refusal; the store's faults.
pub fn plan(cx: &mut Cx<'_>, grants: &Grants) -> Result<usize, Fault> {
    let mut went_on = 0;
    for programme in grants.programmes().iter() {
        went_on += usize::from(one(cx, grants, programme)?);
    }
    Ok(went_on)
}

fn one(cx: &mut Cx<'_>, grants: &Grants, programme: &Programme) -> Result<bool, Fault> {
    let Some(days) = programme.prepare_days_before() else { return Ok(false) };
    let today = grants.inner.population.today(cx);
    let pay_on = programme.next_pay_day(today);
    if pay_on.since(today).map_or(i32::MAX, |span| span.get_days()) > days {
        return Ok(false);
    }
    let name = format!("by rule {}", programme.period(pay_on));
    match lists::named(cx.tx(), programme.id(), &name)? {
        None => gather(cx, grants, programme.id(), &name).map(|_| true),
        Some(list) if list.is_ready && rows::last_of(cx.tx(), list.id)?.is_none() => {
            prepare(cx, grants, &NewRun { list: list.id, pay_on }).map(|_| true)
        }
        Some(_) => Ok(false),
    }
}
