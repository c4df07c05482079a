//! What Go code does that an image must allow, found by the literals in calls. A call whose argument is computed is
//! found without a value; that nothing is found is no proof that nothing is done.

use super::lex::{Kind, Token};
use super::source::GoFile;
use crate::project::source::Source;
use crate::proposal::Evidence;

/// What a place in the code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Reads a file or directory, or serves it.
    Reads,
    /// Writes or makes a file or directory.
    Writes,
    /// Opens a database file.
    Database,
    /// Starts a program.
    Runs,
    /// Listens; the value is the address.
    Listens,
    /// Makes temporary files.
    Temporary,
    /// Speaks TLS or HTTP to others: needs CA certificates.
    Connects,
    /// Looks up a time zone by name.
    Timezone,
    /// Looks up users or groups.
    Users,
    /// Loads a plugin at run time.
    Plugin,
    /// Reads how the program was built (`debug.ReadBuildInfo`).
    BuildInfo,
}

/// One such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is done.
    pub what: Use,
    /// The path, program or address, when it is literal.
    pub value: Option<String>,
    /// The directory of the package.
    pub package: String,
    /// The place.
    pub evidence: Evidence,
}

/// `(package, function)` and what it does with its argument at a place (`None`: no argument matters).
const CALLS: &[(&str, &str, Use, Option<usize>)] = &[
    ("os", "Open", Use::Reads, Some(0)),
    ("os", "ReadFile", Use::Reads, Some(0)),
    ("os", "ReadDir", Use::Reads, Some(0)),
    ("os", "Stat", Use::Reads, Some(0)),
    ("os", "DirFS", Use::Reads, Some(0)),
    ("ioutil", "ReadFile", Use::Reads, Some(0)),
    ("ioutil", "ReadDir", Use::Reads, Some(0)),
    ("template", "ParseFiles", Use::Reads, Some(0)),
    ("template", "ParseGlob", Use::Reads, Some(0)),
    ("http", "Dir", Use::Reads, Some(0)),
    ("http", "ServeFile", Use::Reads, Some(2)),
    ("filepath", "Walk", Use::Reads, Some(0)),
    ("filepath", "WalkDir", Use::Reads, Some(0)),
    ("filepath", "Glob", Use::Reads, Some(0)),
    ("godotenv", "Load", Use::Reads, Some(0)),
    ("viper", "SetConfigFile", Use::Reads, Some(0)),
    ("viper", "AddConfigPath", Use::Reads, Some(0)),
    ("cleanenv", "ReadConfig", Use::Reads, Some(0)),
    ("tls", "LoadX509KeyPair", Use::Reads, Some(0)),
    ("http", "ListenAndServeTLS", Use::Reads, Some(1)),
    ("os", "Create", Use::Writes, Some(0)),
    ("os", "OpenFile", Use::Writes, Some(0)),
    ("os", "WriteFile", Use::Writes, Some(0)),
    ("os", "Mkdir", Use::Writes, Some(0)),
    ("os", "MkdirAll", Use::Writes, Some(0)),
    ("os", "Rename", Use::Writes, Some(1)),
    ("ioutil", "WriteFile", Use::Writes, Some(0)),
    ("sqlite", "Open", Use::Database, Some(0)),
    ("bolt", "Open", Use::Database, Some(0)),
    ("bbolt", "Open", Use::Database, Some(0)),
    ("badger", "DefaultOptions", Use::Database, Some(0)),
    ("leveldb", "OpenFile", Use::Database, Some(0)),
    ("exec", "Command", Use::Runs, Some(0)),
    ("exec", "CommandContext", Use::Runs, Some(1)),
    ("exec", "LookPath", Use::Runs, Some(0)),
    ("syscall", "Exec", Use::Runs, Some(0)),
    ("http", "ListenAndServe", Use::Listens, Some(0)),
    ("http", "ListenAndServeTLS", Use::Listens, Some(0)),
    ("net", "Listen", Use::Listens, Some(1)),
    ("os", "TempDir", Use::Temporary, None),
    ("os", "CreateTemp", Use::Temporary, Some(0)),
    ("os", "MkdirTemp", Use::Temporary, Some(0)),
    ("ioutil", "TempDir", Use::Temporary, Some(0)),
    ("ioutil", "TempFile", Use::Temporary, Some(0)),
    ("http", "Get", Use::Connects, Some(0)),
    ("http", "Post", Use::Connects, Some(0)),
    ("http", "PostForm", Use::Connects, Some(0)),
    ("http", "Head", Use::Connects, Some(0)),
    ("http", "NewRequest", Use::Connects, Some(1)),
    ("http", "NewRequestWithContext", Use::Connects, Some(2)),
    ("tls", "Dial", Use::Connects, Some(1)),
    ("tls", "DialWithDialer", Use::Connects, Some(2)),
    ("smtp", "SendMail", Use::Connects, Some(0)),
    ("smtp", "Dial", Use::Connects, Some(0)),
    ("credentials", "NewTLS", Use::Connects, None),
    ("credentials", "NewClientTLSFromCert", Use::Connects, None),
    ("x509", "SystemCertPool", Use::Connects, None),
    ("time", "LoadLocation", Use::Timezone, Some(0)),
    ("user", "Current", Use::Users, None),
    ("user", "Lookup", Use::Users, Some(0)),
    ("user", "LookupId", Use::Users, Some(0)),
    ("user", "LookupGroup", Use::Users, Some(0)),
    ("plugin", "Open", Use::Plugin, Some(0)),
    ("debug", "ReadBuildInfo", Use::BuildInfo, None),
];

/// Methods of web frameworks and the like, whatever the variable is called.
const METHODS: &[(&str, Use, usize)] = &[
    ("LoadHTMLGlob", Use::Reads, 0),
    ("LoadHTMLFiles", Use::Reads, 0),
    ("ParseGlob", Use::Reads, 0),
    ("ParseFiles", Use::Reads, 0),
    ("Static", Use::Reads, 1),
    ("StaticFile", Use::Reads, 1),
    ("SendFile", Use::Reads, 0),
    ("MultipartForm", Use::Temporary, usize::MAX),
    ("ParseMultipartForm", Use::Temporary, usize::MAX),
    ("FormFile", Use::Temporary, usize::MAX),
    ("ListenTLS", Use::Listens, 0),
];

/// Puts what `tokens` of a file do into `found`.
pub(super) fn find(source: &Source, tokens: &[Token<'_>], file: &GoFile, found: &mut Vec<Found>) {
    let package = crate::project::paths::parent(&source.path);
    let mut push = |what: Use, at: usize, value: Option<&str>, call: &str| {
        let fact = format!("{call}({})", value.unwrap_or("…"));
        let evidence = source.evidence(at, fact);
        found.push(Found { what, value: value.map(str::to_owned), package: package.to_owned(), evidence });
    };
    for (index, token) in tokens.iter().enumerate() {
        let Kind::Name(name) = token.kind else {
            if let Kind::Text(text) = &token.kind {
                in_text(tokens, index, text, |what, value, call| push(what, token.at, Some(value), call));
            }
            continue;
        };
        if name == "Addr" && mark(tokens, index + 1) == Some(':') {
            if let Some(address) = text(tokens, index + 2).filter(|address| address.contains(':')) {
                push(Use::Listens, token.at, Some(address), "Addr");
            }
            continue;
        }
        let Some(owner) = owner(tokens, index) else { continue };
        if owner == "http" && matches!(name, "Client" | "DefaultClient" | "DefaultTransport" | "Transport") {
            push(Use::Connects, token.at, None, &format!("http.{name}"));
            continue;
        }
        if mark(tokens, index + 1) != Some('(') {
            continue;
        }
        let call = format!("{owner}.{name}");
        let argument = |place: usize| argument(tokens, index + 1, place);
        let imported = file.imports.iter().any(|import| names(import.name.as_deref(), &import.path, owner));
        let known = CALLS.iter().filter(|(package, function, ..)| imported && *package == owner && *function == name);
        let mut any = false;
        for (_, _, what, place) in known {
            any = true;
            push(*what, token.at, place.and_then(argument), &call);
        }
        if any || imported {
            continue;
        }
        if let Some((_, what, place)) = METHODS.iter().find(|(method, ..)| *method == name) {
            push(*what, token.at, argument(*place), &call);
        } else if matches!(name, "Run" | "Start" | "Listen") {
            // `r.Run(":8080")`; many other things are called so, without an address.
            if let Some(address) = argument(0).filter(|address| is_address(address)) {
                push(Use::Listens, token.at, Some(address), &call);
            }
        }
    }
}

/// `sqlite3` with a path beside it, `file://migrations`.
fn in_text(tokens: &[Token<'_>], index: usize, value: &str, mut push: impl FnMut(Use, &str, &str)) {
    let opens =
        index >= 2 && matches!(tokens[index - 2].kind, Kind::Name("Open" | "MustOpen" | "Connect" | "MustConnect"));
    if opens && matches!(value, "sqlite3" | "sqlite") && mark(tokens, index + 1) == Some(',') {
        if let Some(path) = text(tokens, index + 2) {
            push(Use::Database, path.trim_start_matches("file:").split('?').next().unwrap_or(path), "sql.Open");
        }
    } else if let Some(path) = value.strip_prefix("file://").filter(|path| !path.is_empty()) {
        push(Use::Reads, path, "file://");
    }
}

/// Whether an import of `path` under `name` is spoken of as `owner`.
fn names(name: Option<&str>, path: &str, owner: &str) -> bool {
    if let Some(name) = name {
        return name == owner;
    }
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_major = last.len() > 1 && last.starts_with('v') && last[1..].bytes().all(|byte| byte.is_ascii_digit());
    let last = if is_major { parts.next().unwrap_or(last) } else { last };
    // `gopkg.in/yaml.v3`, `go-sqlite3`
    last == owner || last.split('.').next() == Some(owner) || last.trim_start_matches("go-") == owner
}

fn mark(tokens: &[Token<'_>], index: usize) -> Option<char> {
    match tokens.get(index)?.kind {
        Kind::Mark(mark) => Some(mark),
        _ => None,
    }
}

fn text<'t>(tokens: &'t [Token<'_>], index: usize) -> Option<&'t str> {
    match &tokens.get(index)?.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// The name before the dot before the token at `index`; empty for an expression.
fn owner<'t>(tokens: &[Token<'t>], index: usize) -> Option<&'t str> {
    if mark(tokens, index.checked_sub(1)?) != Some('.') {
        return None;
    }
    match tokens.get(index.checked_sub(2)?)?.kind {
        Kind::Name(name) => Some(name),
        _ => Some(""),
    }
}

/// The argument at `place` of the call whose bracket stands at `open`, when it is one literal.
fn argument<'t>(tokens: &'t [Token<'_>], open: usize, place: usize) -> Option<&'t str> {
    let (mut depth, mut current) = (0_usize, 0);
    for index in open..tokens.len().min(open + 200) {
        match mark(tokens, index) {
            Some('(' | '[' | '{') => depth += 1,
            Some(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return None;
                }
            }
            Some(',') if depth == 1 => current += 1,
            None if depth == 1 && current == place => {
                let alone = matches!(mark(tokens, index + 1), Some(',' | ')'))
                    && matches!(mark(tokens, index - 1), Some(',' | '('));
                return text(tokens, index).filter(|_| alone);
            }
            _ => {}
        }
    }
    None
}

/// `:8080`, `0.0.0.0:80`
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The port of an address.
pub fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}
