use super::*;
/// body
#[derive(Debug)]
pub enum Body {
    /// x
    Shell,
}
pub(super) fn commands(_s: &Script) -> Vec<Place<'_>> {
    todo!()
}
