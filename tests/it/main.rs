//! The integration tests, one binary.

mod facts;
mod project_core;
