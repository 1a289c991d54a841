//! Values that must not reach a log, an error or a screen by accident.
//!
//! **Invariant:** neither type implements `Display` or `Serialize`, and `Debug` shows only its name.

use std::fmt;

/// A key, password, PIN, code or token. Wiping memory is the crypto room's affair; not printing it is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself; a reviewer looks at every call.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Something about a person: a name, a number, an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Wraps personal data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The data itself, for showing to whoever is entitled to see it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The data itself, unwrapped.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Personal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", Secret::new("1234")), "Secret(…)");
        assert_eq!(format!("{:?}", Some(Personal::new("Lineo"))), "Some(Personal(…))");
    }
}
