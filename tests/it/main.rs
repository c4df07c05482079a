//! Tests of the whole crate, one binary; one module a line.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod agreement;
mod applies;
mod cases;
mod cli;
mod command;
mod config;
mod corpus;
mod deploy;
mod detect;
mod facts;
mod go;
mod init_ignore;
mod pages;
mod project_core;
mod project_node_code;
mod project_node_locks;
mod project_node_native;
mod project_node_outputs;
mod project_node_scripts;
mod projects;
mod properties;
mod python;
mod readme;
mod rewrite;
mod root_user;
mod roundtrip;
mod scripts;
mod shell;
mod shell_corpus;
mod shell_judge;
mod shell_limits;
mod support;
mod surroundings;
mod traps;
