//! What a Dockerfile's stages end up as: their bases, the effective ENV, WORKDIR, USER and SHELL at each
//! instruction, and the Contract, what a container can observe of a stage.
//!
//! It reads syntax and facts only; the build context is asked by the simulated file system alone, and the disk
//! by nobody.

pub mod base;
pub mod contract;
mod filesystem;
mod stages;
mod start;
mod state;
mod writes;

pub use contract::{Contract, Difference};
pub use filesystem::{Exists, FileSystem, Origin};
pub use stages::{Base, Stage, StageRef, Stages};
pub use start::{Form, Launch, Start};
pub use state::{Known, State, clean};
pub use writes::{What, Writes, Written};
