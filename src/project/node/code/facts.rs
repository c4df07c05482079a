//! What a file does that an image must provide for: ports, paths written and read, programs started.

use super::{Access, Command, PathUse, Port};
use crate::project::node::js::located::{self, Located};
use crate::project::node::js::tokens::{Kind, Token};
use crate::project::node::js::values::{self, NumberOrEnv, Start};
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::collections::HashMap;

/// Functions whose first argument is a path that they write, and which argument it is.
const WRITERS: &[(&str, usize)] = &[
    ("writeFile", 0),
    ("writeFileSync", 0),
    ("appendFile", 0),
    ("appendFileSync", 0),
    ("createWriteStream", 0),
    ("mkdir", 0),
    ("mkdirSync", 0),
    ("mkdirp", 0),
    ("mkdtemp", 0),
    ("mkdtempSync", 0),
    ("outputFile", 0),
    ("outputFileSync", 0),
    ("outputJson", 0),
    ("ensureDir", 0),
    ("ensureDirSync", 0),
    ("ensureFile", 0),
    ("copyFile", 1),
    ("copyFileSync", 1),
    ("rename", 1),
    ("renameSync", 1),
    ("unlink", 0),
    ("unlinkSync", 0),
];

/// Those of them that name a directory.
const MAKERS: &[&str] = &["mkdir", "mkdirSync", "mkdirp", "ensureDir", "ensureDirSync"];

const READERS: &[&str] = &[
    "readFile",
    "readFileSync",
    "createReadStream",
    "readdir",
    "readdirSync",
    "existsSync",
    "sendFile",
    "static",
    "serveStatic",
    "readJson",
    "readJsonSync",
    "loadSync",
    "renderFile",
    "download",
];

const STARTERS: &[&str] = &["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "execa", "execaSync"];

/// Settings that name a file or directory which is written: `multer({ dest: … })`, winston's `filename`.
const WRITTEN_SETTINGS: &[&str] = &["dest", "destination", "filename", "storage", "uploadDir", "dirname"];

/// A file that is looked through.
struct File<'s, 't> {
    source: &'s Source,
    tokens: &'s [Token<'t>],
    definitions: HashMap<&'t str, usize>,
    /// Whether it loads `child_process` or execa: else `exec` is some other function.
    starts: bool,
}

impl File<'_, '_> {
    fn located(&self, expression: &[Token<'_>]) -> Option<Located> {
        located::located(expression, self.tokens, &|name| {
            const LONGEST_TYPE: usize = 12;
            let start = *self.definitions.get(name)?;
            let is = self.tokens.iter().skip(start).take(LONGEST_TYPE).position(|token| token.is('='))?;
            Some(start + is + 1)
        })
    }

    /// Whether a directory that is there already is no failure.
    fn takes_what_is_there(&self, arguments: &[&[Token<'_>]]) -> bool {
        arguments.iter().flat_map(|argument| argument.iter()).any(|token| token.is_word("recursive"))
            || ["existsSync", "accessSync", "statSync", "EEXIST", "access("]
                .iter()
                .any(|word| self.source.text.contains(word))
    }
}

/// `cb(null, path)`
fn is_answer(word: &str, arguments: &[&[Token<'_>]]) -> bool {
    matches!(word, "cb" | "callback" | "done" | "next") && matches!(arguments, [[first], _] if first.is_word("null"))
}

/// Whether the last part of `'some/path'` has an ending.
fn is_file_name(fact: &str) -> bool {
    let path = fact.trim_end_matches('\'');
    path.rsplit('/').next().is_some_and(|last| last.rsplit_once('.').is_some_and(|(name, _)| !name.is_empty()))
}

/// All of it, of one file.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) ports: Vec<Port>,
    pub(super) paths: Vec<PathUse>,
    pub(super) commands: Vec<Command>,
}

/// Looks through a file. `starts` says whether it loads `child_process` or execa.
pub(super) fn facts(source: &Source, tokens: &[Token<'_>], starts: bool) -> Facts {
    let mut facts = Facts::default();
    let file = File { source, tokens, definitions: definitions(tokens), starts };
    for (at, token) in tokens.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        if tokens.get(at + 1).is_some_and(|next| next.is(':')) && WRITTEN_SETTINGS.contains(&word) {
            facts.setting(&file, at, word);
        }
        if !tokens.get(at + 1).is_some_and(|next| next.is('(')) {
            continue;
        }
        // `async mkdir(x) {` and `function exec(` define; they do not call.
        let defines = at > 0 && (tokens[at - 1].is_word("function") || tokens[at - 1].is_word("async"));
        let Some(arguments) = values::arguments(tokens, at + 1).filter(|_| !defines) else { continue };
        facts.call(&file, at, word, &arguments);
    }
    facts
}

impl Facts {
    fn call(&mut self, file: &File<'_, '_>, at: usize, word: &str, arguments: &[&[Token<'_>]]) {
        let File { source, tokens, starts, .. } = *file;
        let is_method = at > 0 && tokens[at - 1].is('.');
        let place = |fact: String| source.evidence(tokens[at].at, fact);
        let mut path = |access: Access, index: usize| {
            let Some(argument) = arguments.get(index) else { return };
            let found = file.located(argument);
            let shown = match &found {
                None => "a computed path".to_owned(),
                Some(found) if found.partly => format!("'{}/…'", found.path.path),
                Some(found) => format!("'{}'", found.path.path),
            };
            let (partly, env) = found.as_ref().map_or((false, None), |found| (found.partly, found.env.clone()));
            self.paths.push(PathUse {
                access,
                path: found.map(|found| found.path),
                partly,
                directory: MAKERS.contains(&word),
                must_be_new: matches!(word, "mkdir" | "mkdirSync") && !file.takes_what_is_there(arguments),
                env,
                file: source.path.clone(),
                evidence: place(format!("{word}({shown})")),
            });
        };
        if let Some((_, index)) = WRITERS.iter().find(|(name, _)| *name == word) {
            path(Access::Write, *index);
        } else if READERS.contains(&word) {
            path(Access::Read, 0);
        } else if word == "set" && is_method && arguments.first().is_some_and(|first| is_text(first, "views")) {
            path(Access::Read, 1);
        } else if word == "Database" && at > 0 && (tokens[at - 1].is_word("new") || is_method) {
            path(Access::Write, 0);
        } else if word == "listen" && is_method {
            self.listen(file, arguments, &place);
        } else if is_answer(word, arguments) && source.text.contains("diskStorage") {
            // `destination: (req, file, cb) => cb(null, 'uploads/')`
            if let Some(Located { path, partly, env }) = file.located(arguments[1]) {
                let evidence = place(format!("{word}(null, '{}')", path.path));
                let (access, file, must_be_new) = (Access::Write, source.path.clone(), false);
                let directory = !is_file_name(&path.path);
                self.paths.push(PathUse {
                    access,
                    path: Some(path),
                    partly,
                    directory,
                    must_be_new,
                    env,
                    file,
                    evidence,
                });
            }
        } else if starts && STARTERS.contains(&word) {
            let name = arguments.first().and_then(|first| if let [one] = first { one.text() } else { None });
            let program = name.and_then(|text| text.split_whitespace().next()).map(str::to_owned);
            let shown = program.clone().unwrap_or_else(|| "a computed command".to_owned());
            self.commands.push(Command { program, evidence: place(format!("{word} starts {shown}")) });
        }
    }

    fn listen(&mut self, file: &File<'_, '_>, arguments: &[&[Token<'_>]], place: &dyn Fn(String) -> Evidence) {
        let Some(first) = arguments.first() else { return };
        let mut expression: &[Token<'_>] = first;
        // `listen({ port: … })`
        if first.first().is_some_and(|token| token.is('{')) {
            let Some(key) = first.iter().position(|token| token.is_word("port")) else { return };
            let end = first[key..].iter().position(|token| token.is(',')).map_or(first.len() - 1, |len| key + len);
            expression = &first[(key + 1).min(end)..end];
            if expression.is_empty() {
                expression = &first[key..=key];
            }
        }
        let mut found = values::number_or_env(expression);
        if found == NumberOrEnv::default()
            && let Some(name) = expression.iter().find_map(Token::word)
        {
            found = file.definitions.get(name).map_or_else(NumberOrEnv::default, |&start| defined(file.tokens, start));
        }
        let NumberOrEnv { env, number } = found;
        let shown = match (&env, number) {
            (Some(env), Some(number)) => format!("listens on {env}, else {number}"),
            (Some(env), None) => format!("listens on {env}"),
            (None, Some(number)) => format!("listens on {number}"),
            (None, None) => "listens on a computed port".to_owned(),
        };
        self.ports.push(Port { env, number, evidence: place(shown) });
    }

    fn setting(&mut self, file: &File<'_, '_>, at: usize, word: &str) {
        let File { source, tokens, .. } = *file;
        let value = &tokens[at + 2..];
        let end = value
            .iter()
            .position(|token| matches!(token.kind, Kind::Mark(',' | '}' | ')' | '{')))
            .unwrap_or(value.len());
        let call = value.iter().position(|token| token.is('(')).filter(|open| *open < end);
        let end = call.map_or(end, |open| values::skip_brackets(value, open));
        let Some(found) = value.get(..end).and_then(|value| file.located(value)) else { return };
        let Located { path, partly, env } = found;
        let directory = matches!(word, "dest" | "destination" | "uploadDir" | "dirname");
        // A bare name is more often an option than a file.
        if !path.path.contains(['/', '.']) && word != "dest" && word != "uploadDir" && path.start == Start::Workdir {
            return;
        }
        let evidence = source.evidence(tokens[at].at, format!("{word}: '{}'", path.path));
        self.paths.push(PathUse {
            access: Access::Write,
            path: Some(path),
            partly,
            // pino and sqlite name a file so.
            directory: directory && !is_file_name(&evidence.fact),
            must_be_new: false,
            env,
            file: source.path.clone(),
            evidence,
        });
    }
}

/// Where the names of a file are defined: the index after `const name`. Found once, since code may listen often.
fn definitions<'t>(tokens: &[Token<'t>]) -> HashMap<&'t str, usize> {
    let mut found = HashMap::new();
    for (at, window) in tokens.windows(3).enumerate() {
        if let (Some("const" | "let" | "var"), Some(name)) = (window[0].word(), window[1].word())
            && (window[2].is('=') || window[2].is(':'))
        {
            found.entry(name).or_insert(at + 2);
        }
    }
    found
}

/// What the definition that goes on at `start` gives.
fn defined(tokens: &[Token<'_>], start: usize) -> NumberOrEnv {
    const LONGEST: usize = 24;
    let rest = &tokens[start..tokens.len().min(start + LONGEST)];
    let ends = |token: &Token<'_>| {
        token.is(';') || matches!(token.word(), Some("const" | "let" | "var" | "function" | "import"))
    };
    values::number_or_env(&rest[..rest.iter().position(ends).unwrap_or(rest.len())])
}

fn is_text(expression: &[Token<'_>], text: &str) -> bool {
    matches!(expression, [one] if one.text() == Some(text))
}
