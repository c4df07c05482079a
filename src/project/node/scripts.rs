//! From a start command to what runs in the end: through `npm start`, scripts with their hooks, wrappers and runners.

use super::Node;
use super::bins;
use super::invocation::{Invocation, invocation, unwrap};
use super::manifest::{DependencyKind, Script};
use super::shell::{self, Simple};
use crate::project::paths;
use crate::proposal::Evidence;

/// Scripts call scripts; a chain longer than this is a circle.
const DEEPEST: usize = 16;
/// So many commands are followed.
const MOST: usize = 200;

/// Everything that a command runs, as far as package.json tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Simple commands in the order in which they start.
    pub ran: Vec<Ran>,
    /// Names of the scripts gone through, hooks included.
    pub scripts: Vec<String>,
    /// Programs that only start others (`cross-env`, `concurrently`), and where; they must be there all the same.
    pub wrappers: Vec<(String, Option<Evidence>)>,
    /// What could not be followed: why, and where.
    pub gaps: Vec<Evidence>,
}

/// A command that is run in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its words; the first is the program.
    pub words: Vec<String>,
    /// `NAME=value` given to it.
    pub assignments: Vec<String>,
    /// Whether a word holds a variable or a glob.
    pub expands: bool,
    /// The script it stands in; nothing for a command of the Dockerfile.
    pub from: Option<Evidence>,
}

/// A program that an application runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The command.
    pub command: String,
    /// The direct dependency that brings it; nothing for programs of the system.
    pub package: Option<(String, DependencyKind)>,
    /// Where it is run.
    pub from: Option<Evidence>,
}

/// A file that is executed by Node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path in the context, as far as it lies there; it may be built first.
    pub path: String,
    /// Modules loaded before it (`-r dotenv/config`).
    pub preloads: Vec<String>,
    /// Where it is named.
    pub from: Option<Evidence>,
}

impl Ran {
    /// The program's own name.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| paths::name(word))
    }
}

impl Node {
    /// What a command given as words runs (exec form).
    pub fn runs(&self, words: &[String]) -> Closure {
        let mut closure = Closure::default();
        let simple = Simple { words: words.to_vec(), ..Simple::default() };
        self.follow(&mut closure, simple, None, 0);
        closure
    }

    /// What a command given as shell text runs (shell form).
    pub fn runs_text(&self, text: &str) -> Closure {
        let mut closure = Closure::default();
        self.follow_text(&mut closure, text, None, 0);
        closure
    }

    /// What the script called `name` runs, with its hooks.
    pub fn runs_script(&self, name: &str) -> Closure {
        let mut closure = Closure::default();
        self.follow_script(&mut closure, name, &[], None, 0);
        closure
    }

    fn follow_text(&self, closure: &mut Closure, text: &str, from: Option<&Evidence>, depth: usize) {
        match shell::commands(text) {
            Some(all) => all.into_iter().for_each(|simple| self.follow(closure, simple, from, depth)),
            None => closure.gap(from, &format!("`{text}` is more than a list of commands")),
        }
    }

    fn follow(&self, closure: &mut Closure, simple: Simple, from: Option<&Evidence>, depth: usize) {
        if depth > DEEPEST || closure.ran.len() > MOST {
            closure.gap(from, "scripts call each other without end");
            return;
        }
        let (simple, wrappers) = unwrap(simple);
        closure.wrappers.extend(wrappers.into_iter().map(|wrapper| (wrapper, from.cloned())));
        let words: Vec<&str> = simple.words.iter().map(String::as_str).collect();
        match invocation(&words, self) {
            Invocation::Script(name, rest) => {
                let rest: Vec<String> = rest.into_iter().map(str::to_owned).collect();
                self.follow_script(closure, name, &rest, from, depth + 1);
            }
            Invocation::Scripts(names) => {
                closure.wrappers.push((words[0].to_owned(), from.cloned()));
                for name in names {
                    self.follow_script(closure, name, &[], from, depth + 1);
                }
            }
            Invocation::Texts(texts) => {
                closure.wrappers.extend((words[0] == "concurrently").then(|| (words[0].to_owned(), from.cloned())));
                for text in texts {
                    self.follow_text(closure, text, from, depth + 1);
                }
            }
            Invocation::Elsewhere => closure.gap(from, &format!("`{}` runs another project's script", words.join(" "))),
            Invocation::Again(words) => {
                let words = words.into_iter().map(str::to_owned).collect();
                let Simple { assignments, expands, .. } = simple;
                self.follow(closure, Simple { assignments, words, expands }, from, depth + 1);
            }
            Invocation::Command(words) => {
                let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
                let Simple { assignments, expands, .. } = simple;
                closure.ran.push(Ran { words, assignments, expands, from: from.cloned() });
            }
            Invocation::Nothing => {}
        }
    }

    /// `pre<name>`, `<name>` with its arguments, `post<name>`.
    fn follow_script(&self, closure: &mut Closure, name: &str, rest: &[String], from: Option<&Evidence>, depth: usize) {
        let Some(script) = self.manifest.script(name) else {
            if name == "start" && self.context().is_file(&super::at(&self.dir, "server.js")) {
                // npm's own default.
                let words = ["node", "server.js"].map(str::to_owned).to_vec();
                closure.ran.push(Ran { words, assignments: Vec::new(), expands: false, from: from.cloned() });
                return;
            }
            closure.gap(from, &format!("package.json has no script `{name}`"));
            return;
        };
        let hook = |prefix: &str| self.manifest.script(&format!("{prefix}{name}"));
        self.follow_one(closure, hook("pre"), "", depth);
        let quote = |word: &String| format!(" '{}'", word.replace('\'', r"'\''"));
        let rest = rest.iter().map(quote).collect::<Vec<_>>().concat();
        self.follow_one(closure, Some(script), &rest, depth);
        self.follow_one(closure, hook("post"), "", depth);
    }

    fn follow_one(&self, closure: &mut Closure, script: Option<&Script>, rest: &str, depth: usize) {
        let Some(script) = script else { return };
        let from = self.manifest.at_line(script.line, format!("script {}: {}", script.name, script.command));
        closure.scripts.push(script.name.clone());
        self.follow_text(closure, &format!("{}{rest}", script.command), Some(&from), depth);
    }

    /// The programs of a closure, with the dependency that brings each.
    pub fn tools(&self, closure: &Closure) -> Vec<Tool> {
        let ran = closure.ran.iter().map(|ran| (ran.program(), &ran.from));
        let wrappers = closure.wrappers.iter().map(|(program, from)| (program.as_str(), from));
        let tool = |(command, from): (&str, &Option<Evidence>)| Tool {
            command: command.to_owned(),
            package: self.package_of(command),
            from: from.clone(),
        };
        wrappers.chain(ran).map(tool).collect()
    }

    fn package_of(&self, command: &str) -> Option<(String, DependencyKind)> {
        let candidates = bins::packages_of(command).iter().copied().chain([command]);
        let mut declared = candidates.filter_map(|name| self.manifest.dependency(name));
        declared.next().map(|found| (found.name.clone(), found.kind))
    }

    /// The files that Node (or ts-node, tsx, bun …) executes in a closure. A process that starts in the project's own
    /// directory is assumed.
    pub fn entries(&self, closure: &Closure) -> Vec<Entry> {
        closure.ran.iter().filter_map(|ran| self.entry(ran)).collect()
    }

    fn entry(&self, ran: &Ran) -> Option<Entry> {
        const RUNNERS: [&str; 11] = [
            "node",
            "nodejs",
            "ts-node",
            "ts-node-dev",
            "tsx",
            "nodemon",
            "bun",
            "babel-node",
            "pm2-runtime",
            "pm2-docker",
            "swc-node",
        ];
        const WITH_VALUE: &[&str] = &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "-C",
            "--conditions",
            "--project",
            "-P",
            "--watch",
            "--ext",
            "-e",
            "-i",
            "--name",
            "-x",
            "--exec",
            "--env-file",
            "--title",
            "--stack-trace-limit",
        ];
        if !RUNNERS.contains(&ran.program()) {
            return None;
        }
        let (mut preloads, mut words) = (Vec::new(), ran.words.iter().skip(1));
        let file = loop {
            let word = words.next()?;
            if matches!(word.as_str(), "watch" | "run" | "start") && ran.program() != "node" {
                continue;
            }
            // `node -e` has its code on the command line.
            if ran.program().starts_with("node")
                && ran.program() != "nodemon"
                && matches!(word.as_str(), "-e" | "--eval" | "-p" | "--print")
            {
                return None;
            }
            if !word.starts_with('-') {
                break word;
            }
            let takes_value = WITH_VALUE.contains(&word.as_str()) && !(word == "--watch" && ran.program() != "nodemon");
            if let Some((flag, value)) = word.split_once('=') {
                preloads.extend(is_preload(flag).then(|| value.to_owned()));
            } else if takes_value {
                let value = words.next()?;
                preloads.extend(is_preload(word).then(|| value.clone()));
            }
        };
        // pm2 also takes a list of applications, or another manager.
        if ran.program().starts_with("pm2")
            && (!file.contains('.') || file.contains(".config.") || !file.ends_with("js"))
        {
            return None;
        }
        let path = paths::join(&self.dir, file).filter(|_| !file.starts_with('/'))?;
        let context = self.context();
        let with_extension = format!("{path}.js");
        let path = if context.is_dir(&path) && !context.is_file(&with_extension) {
            self.main_of(&path)
        } else if !context.is_file(&path) && context.is_file(&with_extension) {
            with_extension
        } else {
            path
        };
        Some(Entry { path, preloads, from: ran.from.clone() })
    }

    /// `node .` runs `main`.
    fn main_of(&self, dir: &str) -> String {
        let main = self.manifest.text("main").filter(|_| dir == self.dir).unwrap_or("index.js");
        paths::join(dir, main).unwrap_or_default()
    }

    /// Whether a start command is nothing but `node <file>`, without hooks, wrappers, variables or preloads: only
    /// then may the script be replaced by its command.
    pub fn is_bare_node(&self, closure: &Closure) -> bool {
        let [ran] = closure.ran.as_slice() else { return false };
        let plain = closure.wrappers.is_empty()
            && ran.assignments.is_empty()
            && !ran.expands
            && closure.gaps.is_empty()
            && closure.scripts.len() <= 1;
        plain && ran.program() == "node" && ran.words.len() == 2 && !ran.words[1].starts_with('-')
    }
}

impl Closure {
    fn gap(&mut self, from: Option<&Evidence>, why: &str) {
        let (file, line) = from.map_or(("Dockerfile".to_owned(), None), |from| (from.file.clone(), from.line));
        self.gaps.push(Evidence { file, line, fact: why.to_owned() });
    }
}

fn is_preload(flag: &str) -> bool {
    matches!(flag, "-r" | "--require" | "--import" | "--loader" | "--experimental-loader")
}
