//! What a script leaves behind in its shell for the commands that would come after it.

use super::{Command, Compound, Pipeline, Redirect, Script, ShellWord, Simple, Terminator};

/// What leaks out of a script's top level. Subshells, pipelines of several commands and substitutions keep
/// their state to themselves; groups, control structures and and-or lists do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an effect of its own, and any set of them may occur")]
pub struct Effects {
    /// `cd`, `pushd`, `popd`.
    pub cd: bool,
    /// Variables that are set, exported, read or unset, each once, in order; a name that is not literal is
    /// given as written.
    pub environment: Vec<String>,
    /// `set`, `shopt`.
    pub options: bool,
    /// Functions or aliases are defined or removed.
    pub functions_or_aliases: bool,
    /// `umask`, `ulimit`, `trap`, or `exec` with redirects only.
    pub umask_or_trap: bool,
    /// `.` and `source`: the file may do anything.
    pub source: bool,
    /// The script may end before its end, without failing: `exit`, `return`, `exec command`. An `exit` with a
    /// literal status other than 0 is not counted: it is a failure like any other.
    pub exit: bool,
    /// Something runs in the background, also from within a subshell.
    pub background: bool,
    /// `set -- …`, `shift`: the positional parameters.
    pub positional: bool,
    /// `eval`, or a command whose name only an expansion tells: it may be any builtin.
    pub dynamic: bool,
}

impl Effects {
    /// The effects of `script`.
    pub fn of(script: &Script) -> Self {
        let mut effects = Self::default();
        effects.script(script);
        effects
    }

    /// Whether nothing leaks.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The first effect in words; `None` when there is none.
    pub fn why(&self) -> Option<String> {
        let texts = [
            (self.cd, "`cd` changes the directory of what follows"),
            (self.source, "`.` runs a file that may change the shell for what follows"),
            (self.options, "`set` changes the shell's options for what follows"),
            (self.functions_or_aliases, "functions or aliases may change the commands that follow"),
            (self.umask_or_trap, "`umask`, `ulimit`, `trap` or `exec` changes the shell for what follows"),
            (self.exit, "`exit` may keep what follows from running"),
            (self.background, "something runs in the background while what follows runs"),
            (self.positional, "the positional parameters change for what follows"),
            (self.dynamic, "a command that only the build knows may change the shell for what follows"),
        ];
        let variable = || self.environment.first().map(|name| format!("the variable `{name}` is set for what follows"));
        texts.iter().find(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()).or_else(variable)
    }

    fn script(&mut self, script: &Script) {
        for list in &script.lists {
            if matches!(list.end, Terminator::Background(_)) {
                self.background = true;
                continue;
            }
            list.parts.iter().for_each(|(_, pipeline)| self.pipeline(pipeline));
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match &pipeline.commands[..] {
            [command] => self.command(command),
            several => several.iter().for_each(|command| self.isolated(command)),
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Subshell(_) => self.isolated(command),
            Command::Group(inner) => self.compound(inner),
            Command::Control(inner) => {
                match (inner.keyword.as_str(), inner.words.first()) {
                    ("for" | "select", Some(name)) => self.variable(&name.raw),
                    ("for" | "((", None) => self.variable("(( … ))"),
                    _ => {}
                }
                self.compound(inner);
            }
            Command::Function(inner) => {
                self.functions_or_aliases = true;
                // What it does happens where it is called, which may be later in the script.
                let exit = self.exit;
                self.compound(inner);
                self.exit = exit;
            }
        }
    }

    fn compound(&mut self, inner: &Compound) {
        inner.words.iter().for_each(|word| self.word(word));
        inner.bodies.iter().for_each(|body| self.script(body));
        self.redirects(&inner.redirects);
    }

    /// Targets and the bodies of heredocs expand in the shell itself too.
    fn redirects(&mut self, redirects: &[Redirect]) {
        let words = redirects.iter().flat_map(|redirect| std::iter::once(&redirect.target).chain(&redirect.heredoc));
        words.for_each(|word| self.word(word));
    }

    /// A command in a process of its own: only what it starts in the background outlives it.
    fn isolated(&mut self, command: &Command) {
        self.background |= has_background(command);
    }

    fn simple(&mut self, simple: &Simple) {
        let values = simple.assignments.iter().map(|assignment| &assignment.value);
        values.chain(&simple.words).for_each(|word| self.word(word));
        self.redirects(&simple.redirects);
        let (name, args) = strip_prefixes(&simple.words);
        if name.is_none_or(|name| name.literal.as_deref().is_some_and(is_special)) {
            simple.assignments.iter().for_each(|assignment| self.variable(&assignment.name));
        }
        match name.map(|name| name.literal.as_deref()) {
            Some(Some(name)) => self.builtin(name, args, simple),
            // A name with a slash in it is a program, whatever the rest expands to.
            Some(None) if !simple.words[0].raw.contains('/') => self.dynamic = true,
            _ => {}
        }
    }

    fn builtin(&mut self, name: &str, args: &[ShellWord], simple: &Simple) {
        match name {
            "cd" | "pushd" | "popd" => self.cd = true,
            "." | "source" => self.source = true,
            "eval" => self.dynamic = true,
            "set" if !args.is_empty() => self.set(args),
            "shopt" => self.options = true,
            "shift" => self.positional = true,
            "alias" | "unalias" | "enable" => self.functions_or_aliases = true,
            "trap" | "ulimit" => self.umask_or_trap = true,
            "umask" => self.umask_or_trap |= args.iter().any(|arg| arg.literal.as_deref() != Some("-S")),
            "exec" if args.is_empty() => self.umask_or_trap |= !simple.redirects.is_empty(),
            "exec" => self.exit = true,
            "exit" | "return" => self.exit |= !fails(args),
            "unset" if args.first().and_then(|arg| arg.literal.as_deref()) == Some("-f") => {
                self.functions_or_aliases = true;
            }
            "export" | "readonly" | "declare" | "typeset" | "local" | "unset" | "read" | "getopts" | "mapfile"
            | "readarray" | "let" => self.variables(args),
            "printf" => {
                if let [option, variable, ..] = args
                    && option.literal.as_deref() == Some("-v")
                {
                    self.variable(&variable.raw);
                }
            }
            _ => {}
        }
    }

    /// `set -e`, `set -- a b`.
    fn set(&mut self, args: &[ShellWord]) {
        let is_option = |arg: &ShellWord| arg.raw.starts_with(['-', '+']) && arg.raw != "--";
        let first_option = args.first().is_some_and(is_option);
        self.options |= first_option;
        self.positional |= !first_option || args.iter().any(|arg| arg.raw == "--");
    }

    fn variables(&mut self, args: &[ShellWord]) {
        for arg in args.iter().filter(|arg| !arg.raw.starts_with('-')) {
            let name = arg.raw.split(['=', '+', '[']).next().unwrap_or_default();
            self.variable(name);
        }
    }

    fn variable(&mut self, name: &str) {
        if !self.environment.iter().any(|known| known == name) {
            self.environment.push(name.to_owned());
        }
    }

    /// Words are expanded in the shell itself: `${name:=value}` and `$((name = 1))` assign.
    fn word(&mut self, word: &ShellWord) {
        if word.literal.is_some() {
            return;
        }
        for script in &word.substitutions {
            self.background |= script_has_background(script);
        }
        for (at, _) in word.raw.match_indices("${") {
            let rest = &word.raw[at + 2..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if rest[end..].starts_with(":=") || rest[end..].starts_with('=') {
                self.variable(&rest[..end]);
            }
        }
        for (at, _) in word.raw.match_indices("$((") {
            let expression = word.raw[at..].split("))").next().unwrap_or_default();
            if expression.contains("++") || expression.contains("--") || assigns(expression) {
                self.variable("$(( … ))");
            }
        }
    }
}

/// Whether an arithmetic expression holds an `=` that does not compare.
fn assigns(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    (1..bytes.len()).any(|at| {
        let (before, after) = (bytes[at - 1], bytes.get(at + 1));
        let shift = at >= 2 && bytes[at - 1] == bytes[at - 2];
        bytes[at] == b'=' && after != Some(&b'=') && (!b"=!<>".contains(&before) || (b"<>".contains(&before) && shift))
    })
}

/// The command's name and arguments behind `command` and `builtin`; no name for `command -v`, which only asks.
fn strip_prefixes(words: &[ShellWord]) -> (Option<&ShellWord>, &[ShellWord]) {
    let Some((name, mut rest)) = words.split_first() else { return (None, &[]) };
    if !matches!(name.literal.as_deref(), Some("command" | "builtin")) {
        return (Some(name), rest);
    }
    while let Some((option, more)) = rest.split_first() {
        match option.literal.as_deref() {
            Some("-p" | "--") => rest = more,
            Some("-v" | "-V") => return (Some(name), &[]),
            _ => return strip_prefixes(rest),
        }
    }
    (Some(name), &[])
}

/// Assignments before these stay (POSIX, special built-in utilities).
fn is_special(name: &str) -> bool {
    matches!(
        name,
        "." | ":"
            | "break"
            | "continue"
            | "eval"
            | "exec"
            | "exit"
            | "export"
            | "readonly"
            | "return"
            | "set"
            | "shift"
            | "times"
            | "trap"
            | "unset"
    )
}

/// `exit` with a literal status that is a failure.
fn fails(args: &[ShellWord]) -> bool {
    let status = args.first().and_then(|arg| arg.literal.as_deref());
    status.and_then(|status| status.parse::<u8>().ok()).is_some_and(|status| status != 0)
}

fn has_background(command: &Command) -> bool {
    match command {
        Command::Simple(simple) => {
            let values = simple.assignments.iter().map(|assignment| &assignment.value);
            values.chain(&simple.words).flat_map(|word| &word.substitutions).any(script_has_background)
        }
        Command::Subshell(inner) | Command::Group(inner) | Command::Control(inner) | Command::Function(inner) => {
            inner.bodies.iter().any(script_has_background)
        }
    }
}

fn script_has_background(script: &Script) -> bool {
    script.lists.iter().any(|list| {
        matches!(list.end, Terminator::Background(_))
            || list.parts.iter().flat_map(|(_, pipeline)| &pipeline.commands).any(has_background)
    })
}
