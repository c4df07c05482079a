//! Why a base is not swapped.

/// What stands against one smaller image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blocker {
    /// The image has no such tag: nothing to talk about.
    NoSuchImage,
    /// Something needs what the smaller image has not, or might.
    Because(String),
}

impl Blocker {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self::Because(why.into())
    }
}
