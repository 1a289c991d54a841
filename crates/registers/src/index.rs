//! What a record is found by: the folded words of its names, and the values that are searched exactly.
//!
//! **Invariant:** a record is found by every value that is held to be true of it, now or once: a woman under the
//! name she bore before her marriage too. `search.rs` compares filters with what is true now.

use std::collections::BTreeSet;

use spine::Folding;

use crate::record::folded;
use crate::register::{Fields, Register, Search, plain};

/// The field under which the words of all names stand.
pub(crate) const NAMES: &str = "name";

/// One way to find a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) field: String,
    pub(crate) value: String,
    pub(crate) whole: String,
}

/// Every way to find a record with these fields, in each of its slices.
pub(crate) fn entries<'a>(
    register: &Register,
    folding: &Folding,
    slices: impl IntoIterator<Item = &'a Fields>,
) -> Vec<Entry> {
    let (mut words, mut exact) = (BTreeSet::new(), BTreeSet::new());
    for fields in slices {
        for field in register.fields() {
            let Some(value) = fields.get(field.id()) else { continue };
            if field.search() == Search::Name {
                words.extend(folding.words(&plain(value)));
            }
            if register.searches_exactly(field) {
                exact.insert((field.id(), folded(&plain(value))));
            }
        }
    }
    let whole = whole(&words);
    let names = words.into_iter().map(|value| Entry { field: NAMES.to_owned(), value, whole: whole.clone() });
    let exact = exact.into_iter().map(|(field, value)| Entry { field: field.to_owned(), value, whole: String::new() });
    names.chain(exact).collect()
}

/// All words of a record, each between spaces, so that ` word` finds where one begins.
fn whole(words: &BTreeSet<String>) -> String {
    let mut whole = String::from(" ");
    for word in words {
        whole.push_str(word);
        whole.push(' ');
    }
    whole
}
