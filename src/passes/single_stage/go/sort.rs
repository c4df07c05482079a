//! Which instructions of a Go stage belong to the build, and which to what is run.

use super::super::layout::{Fate, variables};
use super::super::runtime::is_setting;
use super::super::steps::Command;
use super::{App, Installed, No, is_root};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::image::{Writes, clean};

/// What becomes of the instructions up to the last one of the build.
#[derive(Default)]
pub(super) struct Sorted {
    pub fates: Vec<Fate>,
    pub installed: Installed,
    /// ENV variables that only the build reads.
    pub build_only: Vec<String>,
    /// Whether commands write files of their own into the module.
    pub generates: bool,
    /// Programs that later instructions of the final stage use.
    pub tools: Vec<(String, String)>,
}

/// Stands among the tools for an option that only GNU's know.
pub(super) const LONG_OPTION: &str = "--";

/// Variables of the Go command.
const GO_ENV: &[&str] = &[
    "CGO_ENABLED",
    "CGO_CFLAGS",
    "CGO_LDFLAGS",
    "GO111MODULE",
    "GOARCH",
    "GOARM",
    "GOAMD64",
    "GOBIN",
    "GOCACHE",
    "GOEXPERIMENT",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMCHECK",
    "GONOSUMDB",
    "GOOS",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "GOVCS",
    "GOWORK",
];

/// Programs that write Go code, as far as their names tell.
const GENERATORS: &[&str] = &[
    "swag",
    "templ",
    "sqlc",
    "wire",
    "protoc",
    "buf",
    "mockgen",
    "stringer",
    "gqlgen",
    "ent",
    "oapi-codegen",
    "statik",
    "packr2",
    "go-bindata",
];

/// What a command is for.
enum Purpose {
    Build,
    /// It sets up the system that the program runs on.
    System,
    /// It makes directories.
    Directories,
    /// Nothing that is left behind.
    Nothing,
}

impl App<'_> {
    /// Sorts everything up to the last RUN that builds, and the RUNs behind it that finish its work.
    pub(super) fn sort(&self) -> Result<Sorted, No> {
        let all = &self.case.stage.instructions;
        let last = self.programs.iter().map(|program| program.at).max().unwrap_or(0);
        let mut sorted = Sorted::default();
        for instruction in &all[..=last] {
            let fate = self.fate(instruction, &mut sorted)?;
            sorted.fates.push(fate);
        }
        for instruction in &all[last + 1..] {
            // `RUN chmod +x server` behind the build still belongs to it.
            let finishes = instruction.keyword == Keyword::Run
                && matches!(self.purpose_of(instruction), Ok(Purpose::Build | Purpose::Nothing));
            if !finishes {
                break;
            }
            sorted.fates.push(Fate::Build);
        }
        let cut = sorted.fates.len();
        self.sort_environment(cut, &mut sorted);
        self.stays_right(cut, &mut sorted)?;
        Ok(sorted)
    }

    fn fate(&self, instruction: &Instruction, sorted: &mut Sorted) -> Result<Fate, No> {
        let line = || self.case.line(instruction);
        match instruction.keyword {
            _ if is_setting(instruction) => Ok(Fate::Run),
            Keyword::Workdir => Ok(Fate::Both),
            Keyword::Arg | Keyword::Env => Ok(Fate::Build),
            Keyword::User if is_root(&self.case.stage.state_after(instruction).user()) => Ok(Fate::Build),
            Keyword::User => Err(No::Because(format!("{}: the build runs as another user than root", line()))),
            Keyword::Copy | Keyword::Add => self.fate_of_copy(instruction),
            Keyword::Run => self.fate_of_run(instruction, sorted),
            _ => Err(No::Because(format!("{} is {}, which is not split", line(), instruction.keyword))),
        }
    }

    fn fate_of_copy(&self, copy: &Instruction) -> Result<Fate, No> {
        let line = || self.case.line(copy);
        if copy.flag("from").is_some() {
            return Err(No::Because(format!("{} copies from another image what may need this one", line())));
        }
        if copy.flag("chown").is_some() {
            return Err(No::Because(format!("{} gives what is built from to a user", line())));
        }
        let (Args::Words(words) | Args::Json(words)) = &copy.args else { return Err(No::NotThis) };
        let target = words
            .last()
            .and_then(|word| self.case.stage.state_before(copy).expand(&word.value, self.case.cx.file.escape()));
        let base = self.case.stage.state_before(copy).workdir().value();
        let target = match (target, base) {
            (Some(target), _) if target.starts_with('/') => clean(&target),
            (Some(target), Some(base)) => clean(&format!("{base}/{target}")),
            _ => return Err(No::Because(format!("where {} copies to is not known", line()))),
        };
        if target.starts_with("/usr/local/share/ca-certificates") {
            return Err(No::Because(format!("{} adds a certificate of its own", line())));
        }
        if self.module.starts_with(&format!("{}/", target.trim_end_matches('/'))) {
            return Err(No::Because(format!("{} copies the module with what stands around it", line())));
        }
        if self.is_of_build(&target) || is_secret(&target) { Ok(Fate::Build) } else { Ok(Fate::Run) }
    }

    fn fate_of_run(&self, run: &Instruction, sorted: &mut Sorted) -> Result<Fate, No> {
        if sorted.installed.read(self.case, run).map_err(No::Because)? {
            return Ok(Fate::Build);
        }
        sorted.generates |= self.case.commands(run).is_ok_and(|commands| commands.iter().any(is_generator));
        match self.purpose_of(run).map_err(No::Because)? {
            Purpose::Build | Purpose::Nothing => Ok(Fate::Build),
            Purpose::System => Ok(Fate::Run),
            Purpose::Directories => Ok(Fate::Both),
        }
    }

    /// What all commands of `run` are for.
    fn purpose_of(&self, run: &Instruction) -> Result<Purpose, String> {
        let commands = self.case.commands(run)?;
        let body = self.case.cx.body(run);
        let writes =
            body.shell.script().map(|script| Writes::of(script, self.case.stage.state_before(run).workdir().value()));
        let outside = writes.iter().flat_map(|writes| &writes.paths).find(|written| !self.is_of_build(&written.path));
        let (mut builds, mut system, mut directories) = (false, false, false);
        for command in &commands {
            match self.purpose(command).ok_or_else(|| {
                let program = command.program().unwrap_or("a command that is not literal");
                format!("{} runs {program}, and what that writes is not known", self.case.line(run))
            })? {
                Purpose::Build => builds = true,
                Purpose::System => system = true,
                Purpose::Directories => directories = true,
                Purpose::Nothing => {}
            }
        }
        match (builds, system, directories) {
            (true, false, _) => match outside {
                Some(written) if !self.programs.iter().any(|program| program.output == written.path) => {
                    Err(format!("{} builds, and writes {} too", self.case.line(run), written.path))
                }
                _ => Ok(Purpose::Build),
            },
            (true, true, _) => Err(format!("{} builds, and sets up the system too", self.case.line(run))),
            (false, true, _) => Ok(Purpose::System),
            (false, false, true) => Ok(Purpose::Directories),
            (false, false, false) if outside.is_some() => Ok(Purpose::System),
            (false, false, false) => Ok(Purpose::Nothing),
        }
    }

    fn purpose(&self, command: &Command) -> Option<Purpose> {
        let inside = || {
            command
                .arguments()
                .filter(|word| !word.starts_with('-'))
                .skip(usize::from(command.program() == Some("chmod")))
        };
        let all_inside = || inside().all(|word| command.path(word).is_some_and(|path| self.is_of_build(&path)));
        Some(match command.program()? {
            "go" | "gofmt" | "golangci-lint" | "staticcheck" | "strip" | "upx" => Purpose::Build,
            program if GENERATORS.contains(&program) => Purpose::Build,
            "git" if command.verb() == Some("config") => Purpose::Build,
            "mkdir" if inside().all(|word| command.path(word).is_some_and(|path| self.is_made_anyway(&path))) => {
                Purpose::Nothing
            }
            "mkdir" => Purpose::Directories,
            "chmod" | "rm" | "mv" | "cp" | "touch" | "ln" | "install" if all_inside() => Purpose::Build,
            // The owner of what is copied from the build would be lost.
            "chown"
                if command.arguments().any(|word| command.path(word).is_some_and(|path| self.is_of_build(&path))) =>
            {
                return None;
            }
            "addgroup"
            | "adduser"
            | "groupadd"
            | "useradd"
            | "usermod"
            | "update-ca-certificates"
            | "chown"
            | "chmod"
            | "ln"
            | "touch" => Purpose::System,
            "ls" | "echo" | "cat" | "pwd" | "true" | ":" | "set" | "env" | "test" | "[" | "printf" | "date"
            | "which" | "find" => Purpose::Nothing,
            _ => return None,
        })
    }

    /// Whether a path belongs to the build: the module, what is built, Go's own, scratch space.
    pub(super) fn is_of_build(&self, path: &str) -> bool {
        let below = |tree: &str| path == tree || path.starts_with(&format!("{tree}/"));
        below(&self.module)
            || ["/go", "/root/.cache", "/root/.config", "/root/.gitconfig", "/root/go", "/tmp", "/usr/local/go"]
                .into_iter()
                .any(below)
            || self.programs.iter().any(|program| program.output == path)
    }

    /// Whether a directory is there without being made: the module's, which COPY and WORKDIR make too.
    fn is_made_anyway(&self, path: &str) -> bool {
        path == self.module || self.module.starts_with(&format!("{path}/"))
    }

    /// ENV: that of the Go command stays, all other moves, unless a later step of the build speaks of it.
    fn sort_environment(&self, cut: usize, sorted: &mut Sorted) {
        let all = &self.case.stage.instructions;
        let text = self.case.cx.file.text();
        let tests = all[..cut].iter().any(|run| {
            run.keyword == Keyword::Run
                && !self.case.commands(run).is_ok_and(|commands| commands.iter().all(is_plain_build))
        });
        for (index, instruction) in all[..cut].iter().enumerate() {
            let Args::Pairs(pairs) = &instruction.args else { continue };
            if instruction.keyword != Keyword::Env {
                continue;
            }
            let of_go = |name: &str| GO_ENV.contains(&name);
            let names: Vec<&str> = pairs.iter().map(|pair| pair.key.value.as_str()).collect();
            if names.iter().all(|name| of_go(name)) {
                sorted.build_only.extend(names.iter().map(|&name| name.to_owned()));
                continue;
            }
            let used = all[index + 1..cut].iter().zip(&sorted.fates[index + 1..cut]).any(|(later, fate)| {
                *fate != Fate::Run && variables(later.span.of(text)).iter().any(|name| names.contains(name))
            });
            let both = used || tests || names.iter().any(|name| of_go(name) || *name == "PATH");
            sorted.fates[index] = if both { Fate::Both } else { Fate::Run };
        }
    }

    /// What follows the build, and what moves behind it, must work in the final stage.
    fn stays_right(&self, cut: usize, sorted: &mut Sorted) -> Result<(), No> {
        let all = &self.case.stage.instructions;
        let in_final = |index: usize| sorted.fates.get(index).is_none_or(|fate| *fate != Fate::Build);
        let mut tools = Vec::new();
        for (index, instruction) in all.iter().enumerate().filter(|(index, _)| in_final(*index)) {
            match instruction.keyword {
                Keyword::Run => {
                    for command in self.case.commands(instruction).map_err(No::Because)? {
                        let Some(program) = command.program() else {
                            return Err(No::Because(format!(
                                "{} runs a command that only the build knows",
                                self.case.line(instruction)
                            )));
                        };
                        tools.push((program.to_owned(), self.case.line(instruction)));
                        // `BusyBox` knows few long options.
                        if command.arguments().any(|word| word.starts_with("--")) && !matches!(program, "apk" | "echo")
                        {
                            tools.push((LONG_OPTION.to_owned(), self.case.line(instruction)));
                        }
                    }
                }
                Keyword::Copy if instruction.flag("from").is_some() => {
                    return Err(No::Because(format!(
                        "{} copies from another image what may need this one",
                        self.case.line(instruction)
                    )));
                }
                Keyword::Shell | Keyword::Onbuild => {
                    return Err(No::Because(format!(
                        "{} is {}, which is not split",
                        self.case.line(instruction),
                        instruction.keyword
                    )));
                }
                Keyword::Add if index < cut => {
                    return Err(No::Because(format!("{} adds what may be an archive", self.case.line(instruction))));
                }
                _ => {}
            }
        }
        sorted.tools = tools;
        Ok(())
    }
}

fn is_generator(command: &Command) -> bool {
    let program = command.program().unwrap_or_default();
    GENERATORS.contains(&program) || (program == "go" && matches!(command.verb(), Some("generate" | "run" | "tool")))
}

/// Whether a command builds or fetches, and reads no variable of the program itself.
fn is_plain_build(command: &Command) -> bool {
    let verb = command.verb().unwrap_or_default();
    match command.program() {
        Some("go") => {
            matches!(verb, "build" | "install" | "mod" | "get" | "vet" | "version" | "env" | "list" | "clean")
        }
        Some(
            "apk" | "apt-get" | "apt" | "mkdir" | "chmod" | "rm" | "mv" | "cp" | "git" | "ls" | "echo" | "adduser"
            | "addgroup" | "useradd" | "groupadd",
        ) => true,
        _ => false,
    }
}

/// Whether a path holds what lets the build fetch private modules.
fn is_secret(path: &str) -> bool {
    ["/root/.netrc", "/root/.ssh", "/root/.git-credentials", "/root/.config"]
        .iter()
        .any(|secret| path.starts_with(secret))
}
