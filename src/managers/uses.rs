//! Which commands of a script are a package manager's.

use super::Manager;
use crate::shell::{Place, Script, ShellWord, Simple};

/// A command of a package manager.
#[derive(Clone, Copy, Debug)]
pub struct Use<'s> {
    /// Whose.
    pub manager: &'static Manager,
    /// Where it stands.
    pub place: Place<'s>,
    /// Index of the program among the words: 1 in `sudo apt-get install`; of the module in `python -m pip`.
    pub program: usize,
    /// Index of the last word of the subcommand; of the program when there is none.
    pub subcommand: usize,
    /// What is called: `install`, `env create`; empty for the program alone.
    verb: Verb<'s>,
    /// How the program is started.
    pub through: Through,
}

/// What stands before the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Nothing that matters.
    Nothing,
    /// `sudo`, as root.
    Sudo,
    /// `sudo -u someone` and the like.
    AnotherUser,
}

/// Up to three positional words.
type Verb<'s> = [&'s str; 3];

impl<'s> Use<'s> {
    /// The command.
    pub fn simple(&self) -> &'s Simple {
        self.place.simple
    }

    /// Whether it is called with one of `subcommands` (`install`, `env create`, empty for the program alone).
    pub fn is_any(&self, subcommands: &[&str]) -> bool {
        subcommands.iter().any(|wanted| match wanted.split_once(' ') {
            _ if wanted.starts_with('-') => self.has_any(&[wanted]),
            None => self.verb[0] == *wanted,
            Some((first, second)) => self.verb[0] == first && self.verb[1] == second,
        })
    }

    /// Whether it leaves something behind.
    pub fn leaves(&self) -> bool {
        self.is_any(self.manager.leaving) && !self.has_any(self.manager.spared_by) && !self.only_tells()
    }

    /// Whether one of its options is among `options`, alone or with a value.
    pub fn has_any(&self, options: &[&str]) -> bool {
        self.args().any(|arg| {
            options
                .iter()
                .any(|option| arg.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
        })
    }

    /// The words after the program, as their literal value or, when they have none, as written.
    pub fn args(&self) -> impl Iterator<Item = &'s str> {
        self.simple().words[self.program + 1..].iter().map(value)
    }

    /// The words after the subcommand that are no options; what `valued` options take is left out.
    pub fn operands(&self) -> Vec<&'s ShellWord> {
        positionals(&self.simple().words, self.subcommand + 1, self.manager.valued)
            .map(|index| &self.simple().words[index])
            .collect()
    }

    /// The program as written, with `sudo` and its kind before it.
    pub fn written_program(&self, text: &'s str) -> &'s str {
        let words = &self.simple().words;
        words[0].span.cover(words[self.program].span).of(text)
    }

    /// Whether it only prints something.
    pub fn only_tells(&self) -> bool {
        self.has_any(&["--help", "-h", "--version"]) || self.subcommand == self.program && self.has_any(&["-v"])
    }

    fn of(place: Place<'s>) -> Option<Self> {
        let words = &place.simple.words;
        let (first, mut through) = skip_prefixes(words)?;
        let name = program_name(words.get(first)?)?;
        let (manager, program) = named(name, words, first)?;
        if words[..first].iter().any(|word| matches!(program_name(word), Some("gosu" | "su-exec" | "runuser" | "su"))) {
            through = Through::AnotherUser;
        }
        let mut verb: Verb<'_> = [""; 3];
        let mut subcommand = program;
        let found: Vec<usize> = positionals(words, program + 1, manager.valued).take(3).collect();
        for (slot, index) in found.iter().enumerate() {
            verb[slot] = value(&words[*index]);
        }
        let mut this = Self { manager, place, program, subcommand, verb, through };
        let longer = manager.leaving.iter().filter(|known| known.contains(' ')).copied().collect::<Vec<_>>();
        if let Some(last) = if this.is_any(&longer) { found.get(1) } else { found.first() } {
            subcommand = *last;
        }
        this.subcommand = subcommand;
        Some(this)
    }
}

/// The commands of package managers in `script`, in order of writing.
pub fn uses(script: &Script) -> Vec<Use<'_>> {
    script.commands().into_iter().filter_map(Use::of).collect()
}

/// Whether `text`, which is not understood as a script, seems to use `manager` so that something is left.
pub fn rough_use(manager: &Manager, text: &str) -> bool {
    let mut found = manager.programs.iter().flat_map(|program| text.match_indices(program));
    found.any(|(at, program)| is_rough_use(manager, text, at, program))
}

fn is_rough_use(manager: &Manager, text: &str, at: usize, program: &str) -> bool {
    let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let rest = &text[at + program.len()..];
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let line = rest.split(['\n', '&', ';', '|']).next().unwrap_or_default();
    let mut words =
        line.split([' ', '\t', '"', '\'', ',', '\\']).filter(|word| !word.is_empty() && !word.starts_with('-'));
    let calls = rest.starts_with([' ', '"', '\'']) && words.next().is_some_and(|word| manager.leaving.contains(&word));
    starts && calls && !manager.spared_by.iter().any(|option| line.contains(option))
}

/// Index of the program behind `sudo`, `env`, `time` and the like, and through what it is started.
fn skip_prefixes(words: &[ShellWord]) -> Option<(usize, Through)> {
    let (mut at, mut through) = (0, Through::Nothing);
    loop {
        let prefix = program_name(words.get(at)?)?;
        let valued: &[&str] = match prefix {
            "sudo" => &["-u", "--user", "-g", "--group", "-h", "-p", "-C", "-T"],
            "env" => &["-u", "--unset", "-C", "--chdir", "-S"],
            "nice" | "ionice" => &["-n", "-c", "-p"],
            "xargs" => &["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"],
            "timeout" => &["-k", "-s"],
            "command" | "exec" | "time" | "nohup" | "eatmydata" => &[],
            _ => return Some((at, through)),
        };
        at += 1;
        while let Some(word) = words.get(at).filter(|word| word.raw.starts_with('-') || assigns(word)) {
            if matches!(word.raw.as_str(), "-v" | "-V") && prefix == "command" {
                return None;
            }
            if prefix == "sudo" && (word.raw.starts_with("-u") || word.raw.starts_with("--user")) {
                through = Through::AnotherUser;
            }
            at += if valued.contains(&word.raw.as_str()) { 2 } else { 1 };
        }
        match prefix {
            "timeout" => at += 1,
            "sudo" if through == Through::Nothing => through = Through::Sudo,
            _ => {}
        }
    }
}

fn assigns(word: &ShellWord) -> bool {
    let name = word.raw.split('=').next().unwrap_or_default();
    name.len() < word.raw.len() && !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The name of the program that `word` calls, without its directory; a directory that is not literal is allowed.
fn program_name(word: &ShellWord) -> Option<&str> {
    let name = value(word).rsplit('/').next()?;
    let name = name.trim_end_matches('"');
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+')))
        .then_some(name)
}

/// The manager that is called, and the index of the word that names it: for `python -m pip` that is `pip`.
fn named(name: &str, words: &[ShellWord], at: usize) -> Option<(&'static Manager, usize)> {
    let known = |name: &str| super::all().iter().find(|manager| manager.is_called(name));
    let interprets = |program: &str| {
        name.strip_prefix(program).is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    if interprets("python") || interprets("pypy") {
        let module = words[at + 1..].iter().position(|word| word.raw == "-m" || word.raw == "-mpip")?;
        let index = at + 1 + module;
        if words[index].raw == "-mpip" {
            return Some((known("pip")?, index));
        }
        // Only interpreter options may stand before `-m`.
        let options = words[at + 1..index].iter().all(|word| word.raw.starts_with('-'));
        let index = index + 1;
        return options.then(|| Some((known(value(words.get(index)?))?, index)))?;
    }
    if interprets("php") {
        let index = at + 1 + words[at + 1..].iter().position(|word| !word.raw.starts_with('-'))?;
        let manager = known(program_name(&words[index])?).filter(|manager| manager.name == "composer")?;
        return Some((manager, index));
    }
    Some((known(name)?, at))
}

fn value(word: &ShellWord) -> &str {
    word.literal.as_deref().unwrap_or(&word.raw)
}

/// Indices from `from` on of the words that are no options, no values of options and no variables.
fn positionals<'w>(words: &'w [ShellWord], from: usize, valued: &'w [&'w str]) -> impl Iterator<Item = usize> + 'w {
    let mut at = from;
    std::iter::from_fn(move || {
        loop {
            let word = words.get(at)?;
            let text = value(word);
            at += 1;
            if text.starts_with('-') && text != "-" {
                if valued.contains(&text) {
                    at += 1;
                }
                continue;
            }
            if word.raw.starts_with('$') || word.raw.starts_with("\"$") || text.is_empty() {
                continue;
            }
            return Some(at - 1);
        }
    })
}
