//! Who gets how much of an amount: by largest remainder.
//!
//! **Invariant:** the parts sum to the amount, to the last minor unit; nobody gets more than is left for her; whoever
//! pays in parts, in any parts, has in the end paid everybody exactly.

/// Divides `amount` in proportion to `left`, whose sum it does not exceed. What rounding leaves goes to the largest
/// remainders, of equal ones to the first.
#[must_use]
pub fn divide(amount: i64, left: &[i64]) -> Vec<i64> {
    let whole: i128 = left.iter().map(|one| i128::from(*one)).sum();
    if whole == 0 {
        return vec![0; left.len()];
    }
    let shares = left.iter().map(|one| {
        let exact = i128::from(amount) * i128::from(*one);
        (exact / whole, exact % whole)
    });
    let (mut parts, rests): (Vec<i128>, Vec<i128>) = shares.unzip();
    let missing = i128::from(amount) - parts.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..rests.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(rests.get(*place).copied()));
    for place in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_sum_and_nobody_gets_too_much(left in prop::collection::vec(0..5_000_i64, 1..8), cut in 0..=1_000_i64) {
            let whole: i64 = left.iter().sum();
            let amount = whole * cut / 1_000;
            let parts = divide(amount, &left);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            prop_assert!(parts.iter().zip(&left).all(|(part, left)| (0..=*left).contains(part)));
        }

        #[test]
        fn any_parts_end_exactly(shares in prop::collection::vec(1..5_000_i64, 1..8), cuts in prop::collection::vec(1..900_i64, 1..20)) {
            let mut left = shares;
            for cut in cuts.into_iter().chain([i64::MAX]) {
                let amount = cut.min(left.iter().sum());
                let parts = divide(amount, &left);
                for (left, part) in left.iter_mut().zip(parts) {
                    *left -= part;
                }
            }
            prop_assert!(left.iter().all(|left| *left == 0));
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = 1_i64 << 53;
        assert_eq!(divide(most, &[most / 2, most / 2]), [most / 2, most / 2]);
        assert_eq!(divide(1, &[most, most]), [1, 0]);
        assert_eq!(divide(0, &[0, 0]), [0, 0]);
    }
}
