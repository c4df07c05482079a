//! What a `go build` command builds and where it puts it.

/// What the command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `go build`
    Build,
    /// `go install`: into `$GOBIN`, else `$GOPATH/bin`.
    Install,
    /// `go run`: builds and runs.
    Run,
}

/// What is passed to the linker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ldflags {
    /// Nothing.
    None,
    /// These words.
    Literal(String),
    /// Words that are not literal: `-X main.version=$(git describe)`.
    Computed,
}

/// A build command, and the environment that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// What it does.
    pub verb: Verb,
    /// Packages or files, as written; empty for the working directory.
    pub packages: Vec<String>,
    /// `-o`
    pub output: Option<String>,
    /// `-ldflags`
    pub ldflags: Ldflags,
    /// `-tags`
    pub tags: Vec<String>,
    /// `-mod`
    pub module_mode: Option<String>,
    /// `-buildvcs`
    pub vcs: Option<String>,
    /// `-buildmode`
    pub mode: Option<String>,
    /// `-race`, `-msan`, `-asan`: need cgo.
    pub instrumented: bool,
    /// `-trimpath`
    pub trimmed: bool,
    /// `-C`
    pub directory: Option<String>,
    /// `CGO_ENABLED`, when it is set.
    pub cgo: Option<bool>,
    /// `GOOS`, when it is set.
    pub os: Option<String>,
    /// Words that are not literal and so not understood.
    pub unknown: usize,
}

/// Flags that take a value in the next word.
const VALUED: &[&str] = &[
    "-o",
    "-ldflags",
    "-tags",
    "-mod",
    "-buildvcs",
    "-buildmode",
    "-C",
    "-gcflags",
    "-asmflags",
    "-gccgoflags",
    "-p",
    "-pkgdir",
    "-toolexec",
    "-overlay",
    "-modfile",
    "-installsuffix",
    "-compiler",
    "-exec",
    "-covermode",
    "-coverpkg",
    "-pgo",
];

impl Build {
    /// Reads the words of a command; `None` for a word that is not literal. `environment` is what ENV, ARG and
    /// assignments before the command set. `None` when it builds nothing.
    pub fn read<'e>(words: &[Option<&str>], environment: &dyn Fn(&str) -> Option<&'e str>) -> Option<Self> {
        let name = words.first().copied().flatten()?;
        if !matches!(name.rsplit('/').next(), Some("go")) {
            return None;
        }
        let mut rest = words[1..].iter().copied();
        let mut build = Self::new(environment);
        let verb = loop {
            match rest.next()?? {
                "-C" => build.directory = rest.next()?.map(str::to_owned),
                "build" => break Verb::Build,
                "install" => break Verb::Install,
                "run" => break Verb::Run,
                _ => return None,
            }
        };
        build.verb = verb;
        if let Some(flags) = environment("GOFLAGS") {
            for flag in flags.split_whitespace() {
                let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
                build.flag(name, value);
            }
        }
        build.words(&mut rest);
        Some(build)
    }

    fn new<'e>(environment: &dyn Fn(&str) -> Option<&'e str>) -> Self {
        Self {
            verb: Verb::Build,
            packages: Vec::new(),
            output: None,
            ldflags: Ldflags::None,
            tags: Vec::new(),
            module_mode: None,
            vcs: None,
            mode: None,
            instrumented: false,
            trimmed: false,
            directory: None,
            cgo: environment("CGO_ENABLED").and_then(|value| match value {
                "0" => Some(false),
                "1" => Some(true),
                _ => None,
            }),
            os: environment("GOOS").map(str::to_owned),
            unknown: 0,
        }
    }

    fn words(&mut self, words: &mut dyn Iterator<Item = Option<&str>>) {
        while let Some(word) = words.next() {
            let Some(word) = word else {
                self.unknown += 1;
                continue;
            };
            if !word.starts_with('-') || !self.packages.is_empty() {
                // What follows the package of `go run` is for the program.
                if self.verb == Verb::Run && !self.packages.is_empty() {
                    return;
                }
                self.packages.push(word.to_owned());
                continue;
            }
            let flag = if word.starts_with("--") { &word[1..] } else { word };
            match flag.split_once('=') {
                Some((name, value)) => self.flag(name, Some(value.trim_matches(['"', '\'']))),
                None if VALUED.contains(&flag) => {
                    let value = words.next().flatten();
                    self.flag(flag, value);
                }
                None => self.flag(flag, None),
            }
        }
    }

    fn flag(&mut self, name: &str, value: Option<&str>) {
        let text = value.map(str::to_owned);
        match name {
            "-o" => {
                self.unknown += usize::from(text.is_none());
                self.output = text;
            }
            "-ldflags" => self.ldflags = text.map_or(Ldflags::Computed, Ldflags::Literal),
            "-tags" => {
                self.unknown += usize::from(text.is_none());
                let tags = value.unwrap_or_default().split([',', ' ']).filter(|tag| !tag.is_empty());
                self.tags = tags.map(str::to_owned).collect();
            }
            "-mod" => self.module_mode = text,
            "-buildvcs" => self.vcs = Some(text.unwrap_or_else(|| "true".to_owned())),
            "-buildmode" => self.mode = text,
            "-race" | "-msan" | "-asan" => self.instrumented = true,
            "-trimpath" => self.trimmed = true,
            "-C" => self.directory = text,
            _ => {}
        }
    }

    /// Whether the linker is told to make a static binary (`-extldflags "-static"`).
    pub fn asks_for_static(&self) -> bool {
        matches!(&self.ldflags, Ldflags::Literal(flags) if flags.contains("-static"))
    }

    /// Whether the way of building needs cgo, whatever the code does.
    pub fn needs_cgo(&self) -> bool {
        let by_mode =
            self.mode.as_deref().is_some_and(|mode| matches!(mode, "c-shared" | "c-archive" | "plugin" | "shared"));
        by_mode || self.instrumented
    }
}
