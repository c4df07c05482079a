//! The reading as JSON, in the shape in which the oracle of the tests (`tests/oracle/dump.py`) prints it.

use super::{Args, Dockerfile, Flag, Heredoc, Instruction, Keyword};
use serde_json::{Value, json};

/// What was read from `file`, which stands at `path`.
///
/// A file that BuildKit refuses gives its first error and no instructions.
pub fn dump(path: &str, file: &Dockerfile) -> Value {
    if let Some(problem) = file.problems().iter().find(|problem| problem.fatal) {
        return json!({
            "file": path, "ok": false, "error": problem.message,
            "escape": file.escape().to_string(), "instructions": [],
        });
    }
    let instructions: Vec<Value> = file.instructions().map(|found| instruction(file, found)).collect();
    json!({ "file": path, "ok": true, "escape": file.escape().to_string(), "instructions": instructions })
}

fn instruction(file: &Dockerfile, found: &Instruction) -> Value {
    let mut value = without_lines(file, found);
    value["start"] = found.first_line.into();
    value["end"] = found.last_line.into();
    value["span"] = json!([found.span.start, found.span.end]);
    value
}

/// What ONBUILD defers is its `trigger`, whose arguments and form also count as its own.
fn without_lines(file: &Dockerfile, found: &Instruction) -> Value {
    let deferred = match &found.args {
        Args::Onbuild(inner) => Some(&**inner),
        _ => None,
    };
    let effective = deferred.unwrap_or(found);
    json!({
        "cmd": found.keyword.as_str(),
        "flags": found.flags.iter().map(flag).collect::<Vec<_>>(),
        "args": args(effective),
        "json": effective.is_json(),
        "heredocs": effective.heredocs.iter().map(|doc| heredoc(file, doc)).collect::<Vec<_>>(),
        "sub": deferred.map(|inner| inner.keyword.as_str()).filter(|keyword| !keyword.is_empty()),
        "trigger": deferred.map(|inner| without_lines(file, inner)),
    })
}

fn flag(flag: &Flag) -> String {
    match &flag.value {
        Some(value) => format!("--{}={value}", flag.name),
        None => format!("--{}", flag.name),
    }
}

/// The arguments as one flat list of strings.
fn args(found: &Instruction) -> Vec<&str> {
    match &found.args {
        Args::Json(words) | Args::Words(words) => words.iter().map(|word| word.value.as_str()).collect(),
        Args::Pairs(pairs) => pairs.iter().flat_map(|pair| [&*pair.key.value, &*pair.value.value]).collect(),
        Args::Healthcheck { kind, command } => {
            let mut list = vec![kind.value.as_str()];
            match command.as_deref() {
                Some(Args::Json(words)) => list.extend(words.iter().map(|word| word.value.as_str())),
                Some(_) => list.push(
                    found.rest.text()[kind.value.len()..].trim_start_matches(['\t', '\n', '\x0b', '\x0c', '\r', ' ']),
                ),
                None => {}
            }
            list
        }
        // BuildKit's node for these is there, but empty.
        Args::Onbuild(_) => vec![""],
        Args::Text if matches!(found.keyword, Keyword::Unknown(_)) => vec![""],
        Args::Text if found.rest.text().is_empty() => vec![],
        Args::Text => vec![found.rest.text()],
    }
}

fn heredoc(file: &Dockerfile, doc: &Heredoc) -> Value {
    json!({
        "name": doc.name, "fd": doc.fd, "expand": doc.expand, "chomp": doc.chomp,
        "content": doc.body.of(file.text()),
    })
}
