//! The integration tests, one binary.

mod agreement;
mod facts;
mod project_core;
mod roundtrip;
