//! Parse the arguments, run, exit.
fn main() {}
