//! Tests of the whole crate, one binary; one module a line.

mod agreement;
mod applies;
mod cases;
mod facts;
mod pages;
mod project_core;
mod roundtrip;
mod shell;
mod shell_corpus;
mod support;
mod traps;
