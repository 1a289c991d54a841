//! How much of a year a contributor was licensed, by days.
//!
//! **Invariant:** both days of a licence count; a year has as many as the calendar gives it, 365 or 366. Nothing is rounded here: a
//! levy is multiplied by the days and divided once (`pack.rs`).

use serde::{Deserialize, Serialize};
use spine::Date;

/// When a contributor was licensed; an open end is before or after the year that is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Its first day.
    pub from: Option<Date>,
    /// Its last day.
    pub until: Option<Date>,
}

/// A part of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// So many days.
    pub days: i64,
    /// Of so many.
    pub of: i64,
}

impl Part {
    /// Whether it is all of the year.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.days == self.of
    }
}

impl Licence {
    /// Whether its last day is before its first.
    #[must_use]
    pub fn is_turned_round(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if until < from)
    }

    /// The part of a year that it covers; none if that is no day, or there is no such year.
    #[must_use]
    pub fn part_of(&self, year: i64) -> Option<Part> {
        let year = i16::try_from(year).ok()?;
        let (first, last) = (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?);
        let from = self.from.map_or(first, |from| from.max(first));
        let until = self.until.map_or(last, |until| until.min(last));
        let days = i64::from(until.day_of_year()) - i64::from(from.day_of_year()) + 1;
        // Where the licence lies outside the year, what is left of it is turned round or belongs to another year.
        let is_in = from <= until && from.year() == year && until.year() == year;
        is_in.then_some(Part { days, of: i64::from(first.days_in_year()) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn licence(from: &str, until: &str) -> Licence {
        Licence { from: from.parse().ok(), until: until.parse().ok() }
    }

    #[test]
    fn both_days_count_and_a_leap_year_has_one_more() {
        let days = |from, until, year| licence(from, until).part_of(year).map(|part| (part.days, part.of));
        assert_eq!(days("", "", 2024), Some((366, 366)));
        assert_eq!(days("", "", 2025), Some((365, 365)));
        assert_eq!(days("", "", 1900), Some((365, 365)), "the calendar's own rule");
        assert_eq!(days("2024-07-01", "", 2024), Some((184, 366)));
        assert_eq!(days("2025-07-01", "", 2025), Some((184, 365)));
        assert_eq!(days("", "2024-02-29", 2024), Some((60, 366)));
        assert_eq!(days("2024-02-29", "2024-03-01", 2024), Some((2, 366)));
        assert_eq!(days("2024-05-05", "2024-05-05", 2024), Some((1, 366)), "a day is a day");
        assert_eq!(days("2020-01-01", "2030-12-31", 2024), Some((366, 366)));
        assert_eq!(days("2024-12-31", "2025-01-01", 2024), Some((1, 366)));
        assert_eq!(days("2024-12-31", "2025-01-01", 2025), Some((1, 365)));
        for (from, until) in [("2025-01-01", ""), ("", "2023-12-31"), ("2024-06-02", "2024-06-01")] {
            assert_eq!(days(from, until, 2024), None, "{from} {until}");
        }
        assert_eq!(licence("", "").part_of(i64::MAX), None);
        assert!(licence("2024-06-02", "2024-06-01").is_turned_round());
        assert!(!licence("2024-06-01", "2024-06-01").is_turned_round() && !licence("", "2024-06-01").is_turned_round());
    }

    proptest! {
        /// However a licence is cut in two, its parts together are the whole, in each year.
        #[test]
        fn two_parts_are_the_whole(year in 2000..2100_i16, first in 1..=365_i16, more in 0..365_i16, cut in 0..365_i16) {
            let new_year = Date::new(year, 1, 1).unwrap();
            let day = |number: i16| new_year.checked_add(jiff::Span::new().days(i64::from(number) - 1)).unwrap();
            let (from, until) = (day(first), day(first + more));
            let middle = day(first + cut % (more + 1));
            for of in [i64::from(year), i64::from(year) + 1] {
                let count = |from, until| {
                    let licence = Licence { from: Some(from), until: Some(until) };
                    licence.part_of(of).map_or(0, |part| part.days)
                };
                let after = if middle < until { count(middle.tomorrow().unwrap(), until) } else { 0 };
                prop_assert_eq!(count(from, until), count(from, middle) + after);
            }
        }
    }
}
