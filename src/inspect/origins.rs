//! Which line of a Dockerfile made which layer of its image.
//!
//! The history of an image tells what was done, not where it was written. Each instruction of the final stage has one
//! line in it, so the two are laid side by side from their ends, as far as they agree; what remains is the base image's.

use super::Image;
use crate::dockerfile::{Dockerfile, Instruction, Keyword};
use crate::image::{Base, Stage, Stages};

/// For each layer of `image`, the line of `file` that made it; `None` for what the base image brings.
pub fn lines(image: &Image, file: &Dockerfile) -> Vec<Option<usize>> {
    let mut lines = vec![None; image.layers.len()];
    let stages = Stages::of(file);
    let Some(last) = stages.last() else { return lines };
    let written = instructions(&stages, last);
    for (step, instruction) in image.history.iter().rev().zip(written.into_iter().rev()) {
        if !agree(&step.instruction, instruction) {
            break;
        }
        if let Some(layer) = step.layer {
            lines[layer] = Some(instruction.first_line);
        }
    }
    lines
}

/// What is built in `stage`, beginning with the stages that it is built on.
fn instructions<'a>(stages: &Stages<'a>, stage: &Stage<'a>) -> Vec<&'a Instruction> {
    let mut all = match stage.base {
        Base::Stage(below) => stages.get(below).map(|below| instructions(stages, below)).unwrap_or_default(),
        _ => Vec::new(),
    };
    all.extend(stage.instructions.iter().copied());
    all
}

/// Whether a line of the history can be that of an instruction: by its first word, as builders write the rest anew.
fn agree(told: &str, instruction: &Instruction) -> bool {
    let first = told.split(' ').next().unwrap_or_default();
    match Keyword::new(first) {
        // The classic builder tells of a RUN in another shell without the word.
        Keyword::Unknown(_) => instruction.keyword == Keyword::Run,
        keyword => keyword == instruction.keyword,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::{Layer, Step};

    #[test]
    fn layers_find_their_lines_from_the_end() {
        let file = Dockerfile::parse(
            "FROM node:20 AS base\nENV A=1\nRUN a\nFROM base\n# why\nWORKDIR /x\nCOPY . .\nRUN [\"b\"]\nCMD c\n",
        );
        let told = ["ADD rootfs", "CMD [\"node\"]", "ENV A=1", "RUN a", "WORKDIR /x", "COPY . .", "b", "CMD [\"c\"]"];
        let made = [Some(0), None, None, Some(1), None, Some(2), Some(3), None];
        let history = told.iter().zip(made).map(|(told, layer)| Step { instruction: (*told).to_owned(), layer });
        let image = Image { history: history.collect(), layers: vec![Layer::default(); 4], ..Image::default() };
        assert_eq!(lines(&image, &file), [None, Some(3), Some(7), Some(8)]);
        let other = Dockerfile::parse("FROM x\nRUN a\nCOPY . .\nCMD c\n");
        assert_eq!(lines(&image, &other), [None; 4]);
    }
}
