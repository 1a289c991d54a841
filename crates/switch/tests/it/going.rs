//! Payments of the government to people whom the switch finds.
