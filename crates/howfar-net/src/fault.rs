//! What is wrong with a network's size or weight file, in the four answers that the whole product gives.

use std::fmt;

/// An error that a user can act on; the crates above turn it into their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetFault {
    /// Which tensor, field or argument.
    pub place: String,
    /// The statement.
    pub what: String,
    /// What was there.
    pub found: String,
    /// What would have been right.
    pub expected: String,
}

impl NetFault {
    pub(crate) fn new(
        place: impl fmt::Display,
        what: impl fmt::Display,
        found: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        NetFault {
            place: place.to_string(),
            what: what.to_string(),
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }
}

impl fmt::Display for NetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (found {}, expected {})", self.place, self.what, self.found, self.expected)
    }
}

impl std::error::Error for NetFault {}
