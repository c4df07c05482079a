//! dfslim: a Dockerfile in, a better one out.
pub mod dockerfile;
pub mod edit;
pub mod shell;
pub mod text;
