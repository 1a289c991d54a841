//! No work: a build script is what makes the features of build dependencies count.
fn main() {}
