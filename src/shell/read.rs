use super::*;
pub(super) fn commands(_s: &Script) -> Vec<Place<'_>> {
    todo!()
}
