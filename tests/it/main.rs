//! The integration tests, one binary.

mod project_core;
