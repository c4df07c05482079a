//! dfslim: a Dockerfile in, a better one out.
pub mod cli;
pub mod config;
pub mod dockerfile;
pub mod edit;
pub mod engine;
pub mod guard;
pub mod image;
pub mod options;
pub mod passes;
pub mod plan;
pub mod project;
pub mod proposal;
pub mod report;
pub mod shell;
pub mod suppress;
pub mod text;
