//! stub, the reader's author writes it
/// Unresolved
#[derive(Debug)]
pub struct Unresolved;
/// x
pub fn expand(_text: &str, _lookup: impl Fn(&str) -> Option<String>, _escape: char) -> Result<String, Unresolved> {
    Err(Unresolved)
}
/// Names of the variables that `text` uses.
pub fn variables(_text: &str) -> Vec<String> {
    Vec::new()
}
