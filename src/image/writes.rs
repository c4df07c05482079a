//! What the commands of a RUN write, as far as that can be read off their words.
//!
//! A command in the table below is known in full; any other one may write anywhere, and the answer says so.
//! Paths are absolute; a path that is not literal, or is relative to an unknown directory, is unknown too.

use super::state::clean;
use crate::shell::{Command, Link, Redirect, Script, ShellWord, Simple, Terminator};

/// Everything that a script writes or removes, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// What is known.
    pub paths: Vec<Written>,
    /// Why there may be more; `None` when this is all.
    pub unknown: Option<String>,
}

/// One path that a script touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Absolute and clean.
    pub path: String,
    /// What happens there.
    pub what: What,
}

/// What happens at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A file is there afterwards.
    File,
    /// A directory is there afterwards.
    Directory,
    /// Anything may be there or below it.
    Tree,
    /// Nothing is there any more.
    Removed,
}

/// Commands that write nothing but through their redirects.
const SILENT: &[&str] = &[
    ":",
    "[",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "command",
    "cut",
    "date",
    "du",
    "echo",
    "env",
    "exit",
    "export",
    "false",
    "file",
    "find",
    "grep",
    "hash",
    "head",
    "id",
    "ls",
    "md5sum",
    "printf",
    "pwd",
    "readlink",
    "set",
    "sha256sum",
    "shopt",
    "sleep",
    "sort",
    "stat",
    "tail",
    "test",
    "tr",
    "true",
    "type",
    "umask",
    "uname",
    "uniq",
    "unset",
    "wc",
    "which",
    "whoami",
];

/// Package managers of distributions, and what they write to.
const SYSTEM: &[&str] = &["apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "rpm", "yum", "zypper"];
const SYSTEM_TREES: &[&str] = &["/bin", "/etc", "/lib", "/lib64", "/opt", "/sbin", "/usr", "/var"];

impl Writes {
    /// What `script` writes when it starts in `workdir` (absolute; `None`: not known).
    pub fn of(script: &Script, workdir: Option<&str>) -> Self {
        let mut reader = Reader { cwd: workdir.map(clean), writes: Self::default() };
        reader.script(script);
        reader.writes
    }

    /// Whether something may be written at or below `path`.
    pub fn may_touch(&self, path: &str) -> bool {
        self.unknown.is_some()
            || self.paths.iter().any(|written| within(path, &written.path) || within(&written.path, path))
    }

    /// What the script leaves at `path`, when it is known to leave something or nothing there; the last word counts.
    pub fn at(&self, path: &str) -> Option<What> {
        self.paths.iter().rev().find_map(|written| match written.what {
            What::File | What::Directory if written.path == path => Some(written.what),
            What::Directory if within(&written.path, path) => Some(What::Directory),
            What::Tree | What::Removed if within(path, &written.path) => Some(written.what),
            _ => None,
        })
    }
}

/// Whether `path` is `tree` or lies below it; both absolute and clean.
pub(super) fn within(path: &str, tree: &str) -> bool {
    path.strip_prefix(tree.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

struct Reader {
    /// The directory that the next command runs in.
    cwd: Option<String>,
    writes: Writes,
}

impl Reader {
    fn script(&mut self, script: &Script) {
        for list in &script.lists {
            let certain = !matches!(list.end, Terminator::Background(_));
            for (link, pipeline) in &list.parts {
                for command in &pipeline.commands {
                    self.command(command, certain && !matches!(link, Link::Or(_)));
                }
            }
        }
    }

    fn command(&mut self, command: &Command, certain: bool) {
        match command {
            Command::Simple(simple) if certain => self.simple(simple),
            Command::Simple(simple) => self.perhaps(|reader| reader.simple(simple)),
            Command::Subshell(compound) => {
                let cwd = self.cwd.clone();
                compound.bodies.iter().for_each(|body| self.script(body));
                self.cwd = cwd;
            }
            Command::Group(compound) => compound.bodies.iter().for_each(|body| self.script(body)),
            Command::Control(compound) => {
                self.perhaps(|reader| compound.bodies.iter().for_each(|body| reader.script(body)));
            }
            Command::Function(compound) => {
                self.unknown(format!("the function `{}` may write anywhere", compound.keyword));
            }
        }
        match command {
            Command::Subshell(compound) | Command::Group(compound) | Command::Control(compound) => {
                self.redirects(&compound.redirects);
            }
            Command::Simple(_) | Command::Function(_) => {}
        }
    }

    /// What may or may not run leaves its paths in doubt.
    fn perhaps(&mut self, run: impl FnOnce(&mut Self)) {
        let (first, cwd) = (self.writes.paths.len(), self.cwd.clone());
        run(self);
        for index in first..self.writes.paths.len() {
            let written = &mut self.writes.paths[index];
            if written.what == What::Removed {
                let why = format!("`{}` may be removed", written.path);
                self.unknown(why);
            }
            self.writes.paths[index].what = What::Tree;
        }
        if self.cwd != cwd {
            self.cwd = None;
        }
    }

    fn simple(&mut self, simple: &Simple) {
        self.redirects(&simple.redirects);
        let Some((name, words)) = simple.words.split_first() else { return };
        let Some(name) = name.literal.as_deref() else {
            return self.unknown(format!("`{}` may be any command", name.raw));
        };
        let name = name.rsplit('/').next().unwrap_or(name);
        let arguments = operands(words);
        match name {
            "find"
                if words
                    .iter()
                    .any(|word| matches!(word.raw.as_str(), "-delete" | "-exec" | "-execdir" | "-fprint")) =>
            {
                self.unknown("`find` may change what it finds".to_owned());
            }
            _ if SILENT.contains(&name) => {}
            "cd" => self.change_directory(arguments.first().copied()),
            "mkdir" => self.all(&arguments, What::Directory),
            "touch" | "tee" => self.all(&arguments, What::File),
            "rm" | "rmdir" => self.all(&arguments, What::Removed),
            "cp" | "install" | "ln" => self.all(arguments.last().map_or(&[], std::slice::from_ref), What::Tree),
            "mv" => {
                let (target, sources) =
                    arguments.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
                self.all(sources, What::Removed);
                self.all(target.map_or(&[], std::slice::from_ref), What::Tree);
            }
            "addgroup" | "adduser" | "groupadd" | "useradd" | "usermod" => self.trees(&["/etc", "/home"]),
            "git" => self.git(&arguments),
            "go" => self.go(words, &arguments),
            "npm" | "yarn" | "pnpm" | "bun" => self.node(name, &arguments),
            _ if SYSTEM.contains(&name) => self.trees(SYSTEM_TREES),
            _ => self.unknown(format!("`{name}` may write anywhere")),
        }
    }

    fn redirects(&mut self, redirects: &[Redirect]) {
        for redirect in redirects {
            let to_file = redirect.operator.contains('>') && !redirect.operator.ends_with('&');
            if to_file && redirect.target.literal.as_deref() != Some("/dev/null") {
                self.all(&[&redirect.target], What::File);
            }
        }
    }

    fn change_directory(&mut self, to: Option<&ShellWord>) {
        self.cwd = to.and_then(|word| self.absolute(word));
    }

    fn git(&mut self, arguments: &[&ShellWord]) {
        match arguments {
            [verb, _, target] if verb.raw == "clone" => self.all(&[*target], What::Tree),
            [verb, url] if verb.raw == "clone" => {
                let name = url.literal.as_deref().map(|url| url.trim_end_matches('/').trim_end_matches(".git"));
                match name.and_then(|url| url.rsplit('/').next()).map(str::to_owned) {
                    Some(name) => self.path(&name, What::Tree),
                    None => self.unknown("`git clone` writes to a directory that is not literal".to_owned()),
                }
            }
            [verb, ..] if matches!(verb.raw.as_str(), "config" | "checkout" | "submodule" | "init" | "fetch") => {
                self.path(".", What::Tree);
            }
            _ => self.unknown("`git` may write anywhere".to_owned()),
        }
    }

    fn go(&mut self, words: &[ShellWord], arguments: &[&ShellWord]) {
        let caches = &["/go/pkg", "/root/.cache/go-build"];
        let output = words.iter().position(|word| word.raw == "-o").and_then(|at| words.get(at + 1));
        match arguments.first().map(|verb| verb.raw.as_str()) {
            Some("build") if output.is_some() => {
                self.trees(caches);
                self.all(output.as_slice(), What::File);
            }
            Some("build" | "mod" | "get" | "vet" | "test" | "list" | "version" | "env") => {
                self.trees(caches);
                self.path(".", What::Tree);
            }
            Some("install") => self.trees(&["/go/pkg", "/go/bin", "/root/.cache/go-build"]),
            _ => self.unknown("`go` may write anywhere".to_owned()),
        }
    }

    /// Installing writes below the project (lifecycle scripts are the packages' own matter); everything else
    /// runs the project's scripts.
    fn node(&mut self, name: &str, arguments: &[&ShellWord]) {
        match arguments.first().map(|verb| verb.raw.as_str()) {
            Some("ci" | "install" | "i" | "add" | "prune" | "dedupe") => self.path(".", What::Tree),
            None if name == "yarn" => self.path(".", What::Tree),
            Some("config" | "cache" | "--version" | "-v") => self.trees(&["/root"]),
            verb => self.unknown(format!("`{name} {}` runs the project's own script", verb.unwrap_or_default())),
        }
    }

    fn all(&mut self, words: &[&ShellWord], what: What) {
        for word in words {
            match self.absolute(word) {
                Some(path) => self.writes.paths.push(Written { path, what }),
                None => self.unknown(format!("`{}` is not a literal path", word.raw)),
            }
        }
    }

    fn path(&mut self, path: &str, what: What) {
        match self.cwd.as_deref().map(|cwd| clean(&format!("{cwd}/{path}"))) {
            Some(path) => self.writes.paths.push(Written { path, what }),
            None => self.unknown("the working directory is not known".to_owned()),
        }
    }

    fn trees(&mut self, trees: &[&str]) {
        let trees = trees.iter().map(|path| Written { path: (*path).to_owned(), what: What::Tree });
        self.writes.paths.extend(trees);
    }

    fn absolute(&self, word: &ShellWord) -> Option<String> {
        match word.literal.as_deref()? {
            path if path.starts_with('/') => Some(clean(path)),
            path => Some(clean(&format!("{}/{path}", self.cwd.as_deref()?))),
        }
    }

    fn unknown(&mut self, why: String) {
        self.writes.unknown.get_or_insert(why);
    }
}

/// The words that are no options.
fn operands(words: &[ShellWord]) -> Vec<&ShellWord> {
    words.iter().filter(|word| !word.raw.starts_with('-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Dockerfile;
    use crate::shell::{Body, Dialect, Shell, body, read};

    fn writes(command: &str) -> Writes {
        let file = Dockerfile::parse(format!("FROM a\nRUN {command}\n"));
        let run = file.instructions().nth(1).unwrap();
        let Body::Shell(text) = body(run, file.text()) else { panic!("{command}") };
        let Shell::Parsed(script) = read(&text, Dialect::Sh) else { panic!("{command}") };
        Writes::of(&script, Some("/app"))
    }

    #[test]
    fn known_commands_write_known_paths() {
        let cases = [
            ("mkdir -p /data logs", "/app/logs", Some(What::Directory)),
            ("mkdir -p /data/deep", "/data", Some(What::Directory)),
            ("cd /srv && touch a", "/srv/a", Some(What::File)),
            ("(cd /srv && touch a) && touch b", "/app/b", Some(What::File)),
            ("echo x > conf.json", "/app/conf.json", Some(What::File)),
            ("touch a && rm -rf /app", "/app/a", Some(What::Removed)),
            ("go build -o /bin/server ./cmd", "/bin/server", Some(What::File)),
            ("npm ci", "/app/node_modules/express", Some(What::Tree)),
            ("git clone https://example.org/x.git", "/app/x/main.c", Some(What::Tree)),
            ("if true; then mkdir /maybe; fi", "/maybe", Some(What::Tree)),
            ("true", "/app", None),
        ];
        for (command, path, expected) in cases {
            let writes = writes(command);
            assert_eq!((writes.at(path), &writes.unknown), (expected, &None), "{command}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        for command in ["make install", "npm run build", "rm -rf $DIR", "$TOOL x", "find / -delete", "cd $X && touch a"]
        {
            assert!(writes(command).unknown.is_some(), "{command}");
            assert!(writes(command).may_touch("/anything"));
        }
        assert!(!writes("mkdir /data && echo x >> /data/y").may_touch("/app"));
    }
}
