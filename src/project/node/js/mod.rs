//! JavaScript and TypeScript as far as evidence needs them: tokens, values in configuration files, calls with
//! literal arguments. No grammar, no evaluation: what is not plainly written is "other".

pub mod config;
pub mod located;
pub mod tokens;
pub mod values;
