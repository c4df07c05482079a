//! Calls, settings and imports of one file, by its tokens.

use super::expressions::{self, File, member, statement};
use super::places::{Constants, Place};
use super::writes::{Call, Written, path_before, written};
use super::{Found, Scan, Use};
use crate::project::python::lex::{self, Kind, Token};
use crate::project::source::Source;

/// So many tokens of one call are looked at.
pub(super) const LONGEST_CALL: usize = 400;

/// An argument of a call.
pub(super) struct Argument<'t> {
    pub(super) name: Option<&'t str>,
    pub(super) tokens: &'t [Token<'t>],
}

impl<'t> Argument<'t> {
    /// The text, when the argument is one literal, or a list, tuple or `Path(…)` that begins with one.
    pub(super) fn text(&self) -> Option<&'t str> {
        let literal = self.tokens.iter().find(|token| !matches!(token.kind, Kind::Mark('[' | '(')))?;
        let starts = match &self.tokens[0].kind {
            Kind::Text(_) => self.tokens.len() == 1,
            Kind::Mark('[' | '(') => true,
            _ => false,
        };
        match &literal.kind {
            Kind::Text(Some(text)) if starts => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<&'t str> {
        match self.tokens {
            [Token { kind: Kind::Number(number), .. }] => Some(number),
            _ => None,
        }
    }
}

/// The arguments between the bracket at `open` and its partner.
pub(super) fn arguments<'t>(tokens: &'t [Token<'t>], open: usize) -> Vec<Argument<'t>> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, open + 1);
    let mut push = |from: usize, to: usize| {
        let Some(part @ [first, ..]) = tokens.get(from..to) else { return };
        let named = match (&first.kind, part.get(1).map(|token| &token.kind)) {
            (Kind::Name(name), Some(Kind::Mark('=')))
                if part.get(2).is_none_or(|token| token.kind != Kind::Mark('=')) =>
            {
                Some(*name)
            }
            _ => None,
        };
        found.push(Argument { name: named, tokens: if named.is_some() { &part[2..] } else { part } });
    };
    for (index, token) in tokens.iter().enumerate().skip(open).take(LONGEST_CALL) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    push(start, index);
                    break;
                }
            }
            Kind::Mark(',') if depth == 1 => {
                push(start, index);
                start = index + 1;
            }
            _ => {}
        }
    }
    found.retain(|argument| !argument.tokens.is_empty());
    found
}

impl Scan {
    /// Takes in what one file does.
    pub(super) fn add(&mut self, source: &Source, tokens: &[Token<'_>], constants: &Constants) {
        let file = File { source, tokens, constants };
        for index in 0..tokens.len() {
            match &tokens[index].kind {
                Kind::Name("import" | "from") => self.import(source, tokens, index),
                Kind::Name(name) if tokens.get(index + 1).is_some_and(|next| next.kind == Kind::Mark('(')) => {
                    let arguments = arguments(tokens, index + 1);
                    self.call(file, index, name, &arguments);
                }
                Kind::Name(name) => self.setting(file, index, name),
                Kind::Text(Some(text)) => self.text(file, index, text),
                Kind::Text(None) => self.formatted(file, index),
                _ => {}
            }
        }
    }

    fn push(&mut self, source: &Source, at: usize, what: Use, value: Option<&str>, call: &str) {
        self.push_at(source, at, what, value, call, None, false);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one finding")]
    fn push_at(
        &mut self,
        source: &Source,
        at: usize,
        what: Use,
        value: Option<&str>,
        call: &str,
        place: Option<Place>,
        must_be_new: bool,
    ) {
        let (value, call, file) = (value.map(str::to_owned), call.to_owned(), source.path.clone());
        let found = Found { what, value, place, must_be_new, file, line: source.line(at), call };
        if self.found.last() != Some(&found) {
            self.found.push(found);
        }
    }

    fn import(&mut self, source: &Source, tokens: &[Token<'_>], index: usize) {
        let starts_line = index == 0 || matches!(tokens[index - 1].kind, Kind::Newline | Kind::Mark(':' | ';'));
        if !starts_line {
            return;
        }
        let Kind::Name(word) = tokens[index].kind else { return };
        let mut expected = true;
        for token in tokens[index + 1..].iter().take(LONGEST_CALL) {
            match &token.kind {
                Kind::Name(name) if expected => {
                    self.imported(source, token.at, name);
                    expected = false;
                    if word == "from" {
                        return;
                    }
                }
                Kind::Mark(',') => expected = true,
                Kind::Name(_) => {}
                Kind::Mark('.') if word == "import" || !expected => {}
                _ => return,
            }
        }
    }

    fn imported(&mut self, source: &Source, at: usize, name: &str) {
        self.imports.entry(name.to_owned()).or_insert_with(|| source.evidence(at, format!("imports {name}")));
        if matches!(name, "playwright" | "nltk" | "spacy") {
            self.push(source, at, Use::Data, Some(name), "import");
        }
    }

    fn call(&mut self, file: File<'_>, index: usize, name: &str, arguments: &[Argument<'_>]) {
        let File { source, tokens, .. } = file;
        let at = tokens[index].at;
        let owner = owner(tokens, index);
        let by_place = |place: usize| arguments.iter().filter(|argument| argument.name.is_none()).nth(place);
        let by_name = |name: &str| arguments.iter().find(|argument| argument.name == Some(name));
        let text = |place: usize, name: &str| by_place(place).or_else(|| by_name(name)).and_then(Argument::text);
        let shown = owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}.{name}"));
        if let Some(Written { what, value, place }) = written(&Call { file, index, owner, arguments }, name) {
            let tolerates = by_name("exist_ok").is_some() || expressions::takes_what_is_there(source);
            let must_be_new = what == Use::MakesDirectory && !tolerates;
            return self.push_at(source, at, what, value, &shown, place, must_be_new);
        }
        let mut push = |what: Use, value: Option<&str>| self.push(source, at, what, value, &shown);
        match (owner, name) {
            (None | Some("io" | "codecs" | "aiofiles" | "os"), "open") => {
                push(Use::Reads, text(0, "file"));
            }
            (Some("Path()"), "open" | "read_text" | "read_bytes") => push(Use::Reads, path_before(tokens, index)),
            (_, "to_csv" | "to_excel" | "to_parquet" | "to_pickle" | "savefig") if text(0, "path").is_some() => {
                push(Use::Writes, text(0, "path"));
            }
            (Some("subprocess"), "run" | "call" | "check_call" | "check_output" | "Popen")
            | (None, "Popen" | "check_output" | "check_call")
            | (Some("os"), "system" | "popen" | "execv" | "execvp" | "execl" | "execlp" | "spawnvp")
            | (Some("asyncio"), "create_subprocess_exec" | "create_subprocess_shell") => {
                push(Use::Runs, text(0, "args").and_then(|text| text.split_whitespace().next()));
            }
            (Some("shutil"), "which") => push(Use::Runs, text(0, "cmd")),
            (_, "StaticFiles" | "Jinja2Templates" | "FileSystemLoader" | "send_from_directory" | "send_file") => {
                push(Use::Reads, text(0, "directory"));
            }
            (Some("nltk"), "download")
            | (Some("spacy"), "load")
            | (_, "sync_playwright" | "async_playwright" | "from_pretrained") => {
                push(Use::Data, Some(owner.filter(|owner| matches!(*owner, "nltk" | "spacy")).unwrap_or(name)));
            }
            (Some("tempfile"), _) | (None, "NamedTemporaryFile" | "TemporaryDirectory" | "mkdtemp" | "mkstemp") => {
                push(Use::Temporary, text(usize::MAX, "dir"));
            }
            (_, "ZoneInfo") | (Some("pytz"), "timezone") => push(Use::Timezone, text(0, "key")),
            (Some("importlib"), "import_module") => {
                if let Some(module) = text(0, "name").and_then(|text| text.split('.').next()) {
                    self.imported(source, at, module);
                }
            }
            _ => self.listens(source, at, (owner, name), arguments),
        }
    }

    fn listens(&mut self, source: &Source, at: usize, (owner, name): (Option<&str>, &str), arguments: &[Argument<'_>]) {
        let port = arguments.iter().find(|argument| argument.name == Some("port"));
        let is_call = match (owner, name) {
            (Some("uvicorn" | "web" | "hypercorn" | "asyncio"), "run" | "run_app" | "serve") => {
                port.is_some() || owner == Some("uvicorn")
            }
            (Some(_), "run" | "listen") => {
                port.is_some() || name == "run" && matches!(owner, Some("app" | "application" | "socketio"))
            }
            (_, "serve" | "start_server") => port.is_some(),
            (_, "HTTPServer" | "ThreadingHTTPServer" | "TCPServer") => true,
            _ => false,
        };
        if !is_call {
            return;
        }
        let in_address = || {
            let address = arguments.first()?.tokens;
            let number = address
                .iter()
                .rev()
                .find_map(|token| if let Kind::Number(number) = token.kind { Some(number) } else { None });
            number.filter(|_| address[0].kind == Kind::Mark('('))
        };
        let value = match port {
            Some(port) => port.number(),
            None if name.ends_with("Server") => in_address(),
            // What these listen on when nothing else is said.
            None if owner == Some("uvicorn") => Some("8000"),
            None if self.imports.contains_key("flask") => Some("5000"),
            None => None,
        };
        let call = owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}.{name}"));
        self.push(source, at, Use::Port, value, &call);
    }

    /// `MEDIA_ROOT = "…"`
    fn setting(&mut self, File { source, tokens, constants }: File<'_>, index: usize, name: &str) {
        let assigned = tokens.get(index + 1).is_some_and(|token| token.kind == Kind::Mark('='))
            && tokens.get(index + 2).is_some_and(|token| token.kind != Kind::Mark('='));
        if let Some(what) = setting(name).filter(|_| assigned) {
            let ends = tokens.get(index + 3).is_none_or(|token| token.kind == Kind::Newline);
            let value = match &tokens[index + 2].kind {
                Kind::Text(Some(text)) if ends => Some(text.as_str()),
                _ => None,
            };
            let place = constants.place(&source.path, statement(tokens, index + 2));
            self.push_at(source, tokens[index].at, what, value, name, place, false);
        }
    }

    /// `config["UPLOAD_FOLDER"] = "…"`, `"filename": "…"` of a logging configuration, `"sqlite:///…"`.
    fn text(&mut self, File { source, tokens, constants }: File<'_>, index: usize, text: &str) {
        let at = tokens[index].at;
        if let Some(rest) = text.strip_prefix("sqlite").and_then(|rest| rest.split_once(":///").map(|(_, path)| path)) {
            // `"sqlite:///" + os.path.join(…)`
            let joined = rest.is_empty() && tokens.get(index + 1).is_some_and(|next| next.kind == Kind::Mark('+'));
            let place = joined.then(|| constants.place(&source.path, statement(tokens, index + 2))).flatten();
            let value = Some(rest).filter(|rest| !rest.is_empty());
            return self.push_at(source, at, Use::Database, value, "sqlite", place, false);
        }
        if text == "django.db.backends.sqlite3" {
            let place = member(tokens, index, "NAME").and_then(|value| constants.place(&source.path, value));
            return self.push_at(source, at, Use::Database, None, "sqlite3", place, false);
        }
        let kind = |ahead: usize| tokens.get(index + ahead).map(|token| &token.kind);
        let literal = |ahead: usize| match kind(ahead) {
            Some(Kind::Text(Some(text))) => Some(text.as_str()),
            _ => None,
        };
        if let (Some(what), Some(Kind::Mark(']')), Some(Kind::Mark('='))) = (setting(text), kind(1), kind(2)) {
            let place = constants.place(&source.path, statement(tokens, index + 3));
            self.push_at(source, at, what, literal(3), text, place, false);
        } else if let (true, Some(Kind::Mark(':')), Some(file)) = (text == "filename", kind(1), literal(2)) {
            // Of a logging configuration; a computed one is as often the name of a download.
            self.push(source, at, Use::Log, Some(file), text);
        } else if text == "filename"
            && kind(1) == Some(&Kind::Mark(':'))
            && let Some(place) = constants.place(&source.path, statement(tokens, index + 2))
        {
            self.push_at(source, at, Use::Log, None, text, Some(place), false);
        }
    }

    /// `f"sqlite:///{BASE_DIR}/app.db"`
    fn formatted(&mut self, File { source, tokens, constants }: File<'_>, index: usize) {
        const LONGEST: usize = 200;
        let at = tokens[index].at;
        let line = source.text[at..].lines().next().unwrap_or_default();
        let Some((start, rest)) = line.split_once(":///{") else { return };
        if !start.trim_start_matches(['f', 'F', 'r', 'R', '"', '\'']).starts_with("sqlite") || start.len() > LONGEST {
            return;
        }
        let place = rest.split_once('}').and_then(|(name, tail)| {
            let tail = tail.split(['"', '\'', '{']).next().unwrap_or_default();
            let expression = format!("{name} / \"{}\"", tail.trim_start_matches('/'));
            constants.place(&source.path, &lex::tokens(&expression))
        });
        self.push_at(source, at, Use::Database, None, "sqlite", place, false);
    }
}

fn setting(name: &str) -> Option<Use> {
    match name {
        "UPLOAD_FOLDER" | "UPLOAD_DIR" | "UPLOAD_PATH" | "MEDIA_ROOT" | "UPLOADS_DIR" => Some(Use::Upload),
        "STATIC_ROOT" => Some(Use::Static),
        _ => None,
    }
}

/// What stands before the dot: a name, or `Path()` for `Path(…)`.
fn owner<'t>(tokens: &[Token<'t>], index: usize) -> Option<&'t str> {
    if index < 2 || tokens[index - 1].kind != Kind::Mark('.') {
        return None;
    }
    match tokens[index - 2].kind {
        Kind::Name(name) => Some(name),
        Kind::Mark(')') => Some("Path()"),
        _ => Some(""),
    }
}
