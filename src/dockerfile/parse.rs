use super::Dockerfile;
pub(super) fn parse(_text: String) -> Dockerfile {
    todo!()
}
