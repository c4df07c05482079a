//! The stage graph: where each stage starts from, and which stages others read from.

use super::base;
use super::state::{History, State, Variables, arg_definitions};
use crate::dockerfile::{Args, Dockerfile, Flag, Instruction, Keyword, Word, image_ref};
use crate::text::Span;

/// The stages of a file, in order.
#[derive(Debug)]
pub struct Stages<'a> {
    stages: Vec<Stage<'a>>,
    globals: Variables,
}

/// From one FROM up to the next.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Position among the stages, from 0, as `COPY --from=0` counts.
    pub index: usize,
    /// The name given with `AS`, lower case as BuildKit compares it.
    pub name: Option<String>,
    /// The FROM.
    pub from: &'a Instruction,
    /// What it starts from.
    pub base: Base,
    /// The instructions after the FROM.
    pub instructions: Vec<&'a Instruction>,
    history: History,
}

/// What a stage starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// An earlier stage, by index.
    Stage(usize),
    /// Nothing at all.
    Scratch,
    /// An image; the reference with the ARG defaults filled in.
    Image(String),
    /// Cannot be known from the file; holds what stands there.
    Unknown(String),
}

/// A place that names a stage or an image: `COPY --from=`, `RUN --mount=from=`, FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRef {
    /// The name or number as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The stage that it means, if it is one of this file's.
    pub stage: Option<usize>,
}

impl<'a> Stages<'a> {
    /// Reads the stages of `file`.
    pub fn of(file: &'a Dockerfile) -> Self {
        let mut all = Self { stages: Vec::new(), globals: Variables::new() };
        for instruction in file.instructions() {
            match (&instruction.keyword, all.stages.last_mut()) {
                (Keyword::From, _) => all.open(file, instruction),
                (_, Some(stage)) => stage.push(instruction, &all.globals, file.escape()),
                (Keyword::Arg, None) => all.define_globals(file, instruction),
                (_, None) => {}
            }
        }
        all
    }

    fn open(&mut self, file: &'a Dockerfile, from: &'a Instruction) {
        let (base, name) = self.read_from(file, from);
        let history = match base {
            Base::Stage(index) => History::inherited(self.stages[index].end()),
            Base::Image(ref image) => History::based_on(base::official(image)),
            Base::Scratch | Base::Unknown(_) => History::default(),
        };
        self.stages.push(Stage { index: self.stages.len(), name, from, base, instructions: Vec::new(), history });
    }

    /// ARGs before the first FROM; their defaults may use those before them.
    fn define_globals(&mut self, file: &Dockerfile, arg: &Instruction) {
        for (name, default) in arg_definitions(arg) {
            let value = default.and_then(|default| self.expand_global(&default, file.escape()));
            self.globals.insert(name, value);
        }
    }

    /// `text` with the global ARGs filled in, when all of those that it uses have a value.
    fn expand_global(&self, text: &str, escape: char) -> Option<String> {
        let value = |name: &str| self.globals.get(name).cloned().flatten();
        let missing = image_ref::variables(text, escape).iter().any(|name| self.globals.get(name) == Some(&None));
        (!missing).then(|| image_ref::expand(text, value, escape).ok())?
    }

    fn read_from(&self, file: &Dockerfile, from: &Instruction) -> (Base, Option<String>) {
        let words: &[Word] = if let Args::Words(words) = &from.args { words } else { &[] };
        let name = match words {
            [_, as_, name] if as_.value.eq_ignore_ascii_case("as") => Some(name.value.to_lowercase()),
            _ => None,
        };
        let written = words.first().map_or("", |word| word.value.as_str());
        (self.resolve_base(file, written), name)
    }

    fn resolve_base(&self, file: &Dockerfile, written: &str) -> Base {
        match self.expand_global(written, file.escape()) {
            None => Base::Unknown(written.to_owned()),
            Some(image) if image.is_empty() => Base::Unknown(written.to_owned()),
            Some(image) => match self.find(&image) {
                Some(index) => Base::Stage(index),
                None if image == "scratch" => Base::Scratch,
                None => Base::Image(image),
            },
        }
    }

    /// All stages in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Stage<'a>> {
        self.stages.iter()
    }

    /// The stage at `index`.
    pub fn get(&self, index: usize) -> Option<&Stage<'a>> {
        self.stages.get(index)
    }

    /// The stage that is built by default.
    pub fn last(&self) -> Option<&Stage<'a>> {
        self.stages.last()
    }

    /// The stage called `name` (any case) among those read so far; the newest wins, as in BuildKit.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.stages.iter().rposition(|stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)))
    }

    /// The stage that `instruction` (of the same file) belongs to.
    pub fn stage_of(&self, instruction: &Instruction) -> Option<&Stage<'a>> {
        self.stages.iter().rev().find(|stage| stage.from.span.start <= instruction.span.start)
    }

    /// `stage` and those that it is built on, itself first. Every base is an earlier stage, so it ends.
    pub fn chain<'s>(&'s self, stage: &'s Stage<'a>) -> impl Iterator<Item = &'s Stage<'a>> {
        std::iter::successors(Some(stage), |stage| match stage.base {
            Base::Stage(parent) => self.get(parent),
            _ => None,
        })
    }

    /// Whether an instruction of a later stage, or a later stage's base, needs stage `index`.
    pub fn children(&self, index: usize) -> impl Iterator<Item = &Stage<'a>> {
        self.stages.iter().filter(move |stage| stage.base == Base::Stage(index))
    }

    /// Every reference to a stage or another image, in order of writing.
    pub fn references(&self) -> Vec<StageRef> {
        let mut found = Vec::new();
        for stage in &self.stages {
            for instruction in &stage.instructions {
                found.extend(instruction.flags.iter().filter_map(|flag| self.flag_reference(stage.index, flag)));
            }
        }
        found
    }

    /// What the flag `--from=` or `--mount=…,from=` of an instruction of stage `upto` refers to.
    pub fn flag_reference(&self, upto: usize, flag: &Flag) -> Option<StageRef> {
        let value = flag.value.as_deref()?;
        let name = match flag.name.as_str() {
            "from" => value,
            "mount" => value.split(',').find_map(|option| option.strip_prefix("from="))?,
            _ => return None,
        };
        let earlier = &self.stages[..upto];
        let by_name = earlier.iter().rposition(|stage| stage.name.as_deref() == Some(&name.to_lowercase()));
        let by_number = || name.parse().ok().filter(|number| *number < earlier.len());
        Some(StageRef { name: name.to_owned(), span: flag.span, stage: by_name.or_else(by_number) })
    }
}

impl<'a> Stage<'a> {
    fn push(&mut self, instruction: &'a Instruction, globals: &Variables, escape: char) {
        self.instructions.push(instruction);
        self.history.note(self.instructions.len(), instruction, globals, escape);
    }

    /// Variables, directory, user and shell before `instruction`, which is one of this stage's.
    pub fn state_before(&self, instruction: &Instruction) -> State<'_> {
        let earlier = self.instructions.partition_point(|other| other.span.start < instruction.span.start);
        State::new(&self.history, earlier + 1)
    }

    /// The same after `instruction`.
    pub fn state_after(&self, instruction: &Instruction) -> State<'_> {
        let upto = self.instructions.partition_point(|other| other.span.start <= instruction.span.start);
        State::new(&self.history, upto + 1)
    }

    /// The working directories that it has at one time or another, as far as known, each once.
    pub fn workdirs(&self) -> Vec<String> {
        let changes = |one: &&&Instruction| one.keyword == Keyword::Workdir;
        let inherited = self.instructions.first().map(|first| self.state_before(first));
        let own = self.instructions.iter().filter(changes).map(|one| self.state_after(one));
        let mut dirs: Vec<String> = Vec::new();
        for state in inherited.into_iter().chain(own) {
            if let Some(dir) = state.workdir().value().filter(|dir| !dirs.iter().any(|known| known == dir)) {
                dirs.push(dir.to_owned());
            }
        }
        dirs
    }

    /// The same after the last instruction.
    pub fn end(&self) -> State<'_> {
        State::new(&self.history, self.instructions.len() + 1)
    }
}
