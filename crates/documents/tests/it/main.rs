//! Through the crate's face: the pack's documents, hostile content, and what other programs read in our files.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod specimens;
