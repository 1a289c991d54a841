//! The operating system's randomness: the only ambient randomness in the program. Operations take theirs
//! from `Cx`, seeded from here.

use aws_lc_rs::rand;
use spine::Entropy;

/// `N` bytes nobody can foretell.
///
/// # Panics
/// If the operating system gives no randomness: nothing secret can be made then, and going on would be worse.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness every secret made afterwards would be worthless")]
    rand::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// Seeds requests from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn seed(&self) -> [u8; 32] {
        random()
    }
}
