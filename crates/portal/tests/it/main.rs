//! The portal through its face, on both databases.
#![expect(clippy::unwrap_used, reason = "in tests a failure should be loud")]

mod dialled;
