//! The commands of a RUN of the stage that is split.

use super::Case;
use crate::dockerfile::Instruction;
use crate::image::Known;
use crate::passes::commands;
pub(in crate::passes) use crate::passes::commands::Command;

impl Case<'_> {
    /// The commands of `run`, in order; the error says why they are not known.
    pub(in crate::passes) fn commands(&self, run: &Instruction) -> Result<Vec<Command>, String> {
        commands::of(self.cx, self.stage, run)
    }

    /// What the variable `name` is for `command` of `run`.
    pub(super) fn setting<'s>(&'s self, run: &Instruction, command: &'s Command, name: &str) -> Option<&'s str> {
        command.setting(name).or_else(|| match self.stage.state_before(run).variable(name) {
            Known::Is(value) => Some(value),
            _ => None,
        })
    }
}
