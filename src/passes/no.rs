//! Why a pass leaves a place as it is.

/// The two ways of leaving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// It is not the pattern, or nothing is gained: nothing is said.
    NotThis,
    /// It is, but this stands against it.
    Because(String),
}

impl No {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self::Because(why.into())
    }
}
