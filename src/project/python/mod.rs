//! Python: in which form packages arrive.

pub mod name;
pub mod native;
pub mod wheel;
