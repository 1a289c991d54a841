//! The rules of the house, as tests that read the sources.
//!
//! **Invariant:** a rule that matters is in `tests/it/` and fails the build with the file, the line, and what to do.
//! Run them with `make check`.
