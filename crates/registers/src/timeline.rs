//! The timeline of one record as it is known now: slices of days, each with the fields that were true in it.
//!
//! A **change** from a day replaces a field's value from that day on, for as long as the value that stood on
//! that day stands. A **correction** does the same in both directions: a wrong value is replaced for as long as
//! it was recorded to be true, and no longer. So a change that arrives late leaves later changes of the same
//! field alone, and a corrected name does not overwrite the name that a marriage brought. An **end** cuts the
//! timeline off.
//!
//! **Invariant:** pure; slices follow one another without a gap; what was known before is never altered, only
//! closed and followed by new versions. `tests/it/bitemporal.rs` holds it against a model of single days.

use serde_json::Value;
use spine::Date;

use crate::record::{Cause, Record};
use crate::register::Fields;

/// Some days and what was true in them.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Slice {
    pub(crate) from: Date,
    pub(crate) to: Option<Date>,
    pub(crate) fields: Fields,
    pub(crate) cause: Cause,
    pub(crate) reason: Option<String>,
    /// The version it stands in already, and whether it is still just that.
    source: i64,
    is_new: bool,
    /// Whether this change put values into it.
    pub(crate) is_touched: bool,
}

/// What is to be done: versions to close, slices to write.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Plan {
    pub(crate) close: Vec<i64>,
    pub(crate) write: Vec<Slice>,
    /// The slices as they are known afterwards.
    pub(crate) after: Vec<Slice>,
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Refused {
    /// The day lies before the first or after the last day of the record.
    Outside,
    /// Everything is so already.
    Same,
}

/// The slices of the versions that are held to be so now.
pub(crate) fn slices(versions: &[Record]) -> Vec<Slice> {
    let mut slices: Vec<Slice> = versions
        .iter()
        .filter(|version| version.known_to.is_none())
        .map(|version| Slice {
            from: version.valid_from,
            to: version.valid_to,
            fields: version.fields.clone(),
            cause: version.cause,
            reason: version.reason.clone(),
            source: version.number,
            is_new: false,
            is_touched: false,
        })
        .collect();
    slices.sort_by_key(|slice| slice.from);
    slices
}

/// The fields are others from `day` on.
pub(crate) fn change(slices: Vec<Slice>, day: Date, patch: &Fields, reason: Option<&str>) -> Result<Plan, Refused> {
    let at = place(&slices, day)?;
    let differs =
        slices.get(at).is_some_and(|slice| patch.iter().any(|(name, value)| stands(slice, name) != some(value)));
    if !differs {
        return Err(Refused::Same);
    }
    let (slices, at) = split(slices, at, day);
    Ok(plan(replace(slices, at, patch, Cause::Changed, reason, false)))
}

/// The fields had been recorded wrongly, as the days around `day` tell them.
pub(crate) fn correct(slices: Vec<Slice>, day: Date, patch: &Fields, reason: Option<&str>) -> Result<Plan, Refused> {
    let at = place(&slices, day)?;
    let plan = plan(replace(slices, at, patch, Cause::Corrected, reason, true));
    if plan.write.is_empty() { Err(Refused::Same) } else { Ok(plan) }
}

/// Nothing of it is true from `day` on.
pub(crate) fn end(slices: Vec<Slice>, day: Date, reason: Option<&str>) -> Result<Plan, Refused> {
    let first = slices.first().map(|slice| slice.from).ok_or(Refused::Outside)?;
    let last = slices.last().and_then(|slice| slice.to);
    if last == Some(day) {
        return Err(Refused::Same);
    }
    if day <= first || last.is_some_and(|last| day > last) {
        return Err(Refused::Outside);
    }
    let mut dropped = Vec::new();
    let mut kept = Vec::new();
    for mut slice in slices {
        if slice.from >= day {
            dropped.push(slice.source);
            continue;
        }
        if slice.to.is_none_or(|to| to >= day) {
            slice.to = Some(day);
            slice.cause = Cause::Ended;
            slice.reason = reason.map(str::to_owned);
            slice.is_new = true;
        }
        kept.push(slice);
    }
    let mut plan = plan(kept);
    plan.close.extend(dropped);
    Ok(plan)
}

/// The slice that holds `day`.
fn place(slices: &[Slice], day: Date) -> Result<usize, Refused> {
    let holds = |slice: &Slice| slice.from <= day && slice.to.is_none_or(|to| day < to);
    slices.iter().position(holds).ok_or(Refused::Outside)
}

/// Cuts the slice at `at` in two where `day` begins; answers the place of the second part.
fn split(slices: Vec<Slice>, at: usize, day: Date) -> (Vec<Slice>, usize) {
    let mut cut = Vec::with_capacity(slices.len() + 1);
    let mut second = at;
    for (place, slice) in slices.into_iter().enumerate() {
        if place == at && slice.from < day {
            cut.push(Slice { to: Some(day), is_new: true, ..slice.clone() });
            cut.push(Slice { from: day, is_new: true, ..slice });
            second = at + 1;
        } else {
            cut.push(slice);
        }
    }
    (cut, second)
}

/// Puts the values of `patch` in place of those that stand at `at`, as far as these reach.
fn replace(
    mut slices: Vec<Slice>,
    at: usize,
    patch: &Fields,
    cause: Cause,
    reason: Option<&str>,
    backwards: bool,
) -> Vec<Slice> {
    for (name, value) in patch {
        let old = slices.get(at).and_then(|slice| stands(slice, name)).cloned();
        if old.as_ref() == some(value) {
            continue;
        }
        let reaches = |slice: &&mut Slice| stands(slice, name) == old.as_ref();
        let (before, from) = slices.split_at_mut(at);
        let mut touched: Vec<&mut Slice> = from.iter_mut().take_while(reaches).collect();
        if backwards {
            touched.extend(before.iter_mut().rev().take_while(reaches));
        }
        for slice in touched {
            match some(value) {
                Some(value) => slice.fields.insert(name.clone(), value.clone()),
                None => slice.fields.remove(name),
            };
            slice.is_new = true;
            slice.is_touched = true;
            slice.cause = cause;
            slice.reason = reason.map(str::to_owned);
        }
    }
    slices
}

/// The value that stands in a slice.
fn stands<'a>(slice: &'a Slice, name: &str) -> Option<&'a Value> {
    slice.fields.get(name)
}

/// In a patch null takes a field away (RFC 7396).
fn some(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

fn plan(slices: Vec<Slice>) -> Plan {
    let write: Vec<Slice> = slices.iter().filter(|slice| slice.is_new).cloned().collect();
    let mut close: Vec<i64> = write.iter().map(|slice| slice.source).collect();
    close.sort_unstable();
    close.dedup();
    Plan { close, write, after: slices }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn fields(value: Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    fn slice(source: i64, from: &str, to: Option<&str>, value: Value) -> Slice {
        Slice {
            from: day(from),
            to: to.map(day),
            fields: fields(value),
            cause: Cause::Enrolled,
            reason: None,
            source,
            is_new: false,
            is_touched: false,
        }
    }

    /// Unmarried until 2015, then married; moved in 2020.
    fn lineo() -> Vec<Slice> {
        vec![
            slice(1, "2000-01-01", Some("2015-06-01"), json!({"family": "Mokoena", "village": "Roma"})),
            slice(2, "2015-06-01", Some("2020-01-01"), json!({"family": "Letsie", "village": "Roma"})),
            slice(3, "2020-01-01", None, json!({"family": "Letsie", "village": "Quthing"})),
        ]
    }

    fn after(plan: &Plan) -> Vec<(String, String, String)> {
        let text = |slice: &Slice, name: &str| slice.fields[name].as_str().unwrap().to_owned();
        plan.after.iter().map(|one| (one.from.to_string(), text(one, "family"), text(one, "village"))).collect()
    }

    #[test]
    fn a_correction_stays_within_what_the_wrong_value_claimed() {
        let plan = correct(lineo(), day("2021-01-01"), &fields(json!({"family": "Letsika"})), None).unwrap();
        assert_eq!(plan.close, [2, 3]);
        let families: Vec<_> = after(&plan).into_iter().map(|(_, family, _)| family).collect();
        assert_eq!(families, ["Mokoena", "Letsika", "Letsika"]);
        assert_eq!(plan.write.iter().filter(|slice| slice.cause == Cause::Corrected).count(), 2);
    }

    #[test]
    fn a_late_change_leaves_later_changes_alone() {
        let plan =
            change(lineo(), day("2018-03-01"), &fields(json!({"village": "Morija"})), Some("told late")).unwrap();
        let villages: Vec<_> = after(&plan).into_iter().map(|(from, _, village)| (from, village)).collect();
        let expected =
            [("2000-01-01", "Roma"), ("2015-06-01", "Roma"), ("2018-03-01", "Morija"), ("2020-01-01", "Quthing")];
        assert_eq!(villages, expected.map(|(from, village)| (from.to_owned(), village.to_owned())));
        assert_eq!(plan.close, [2]);
        assert_eq!(plan.write[0].cause, Cause::Enrolled, "the part before keeps its cause");
        assert_eq!((plan.write[1].cause, plan.write[1].reason.as_deref()), (Cause::Changed, Some("told late")));
    }

    #[test]
    fn an_end_cuts_off() {
        let plan = end(lineo(), day("2019-01-01"), Some("died")).unwrap();
        assert_eq!(plan.close, [2, 3]);
        assert_eq!(
            plan.after.last().map(|slice| (slice.to, slice.cause)),
            Some((Some(day("2019-01-01")), Cause::Ended))
        );
        assert_eq!(end(lineo(), day("1999-01-01"), None), Err(Refused::Outside));
        assert_eq!(end(plan.after, day("2019-01-01"), None), Err(Refused::Same));
    }

    #[test]
    fn nothing_to_do_is_said() {
        let same = fields(json!({"village": "Quthing", "phone": null}));
        assert_eq!(change(lineo(), day("2021-01-01"), &same, None), Err(Refused::Same));
        assert_eq!(correct(lineo(), day("2021-01-01"), &same, None), Err(Refused::Same));
        assert_eq!(change(lineo(), day("1999-12-31"), &same, None), Err(Refused::Outside));
    }
}
