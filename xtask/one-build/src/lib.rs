//! No code: this crate is a list of features that every build of the house shares. See its `Cargo.toml`.
