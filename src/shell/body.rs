//! What a RUN runs: its shell text, the script in its heredoc, or an argument vector.
//!
//! BuildKit (`dispatchRun` in `frontend/dockerfile/dockerfile2llb/convert.go`): a RUN whose whole text is one
//! heredoc runs the heredoc, as a program when it starts with `#!`; any other RUN with heredocs gets their
//! bodies and delimiters appended behind its text, each after a newline, and the shell does the rest.

use crate::dockerfile::{Args, Heredoc, Instruction, Logical, Word};

/// What an instruction runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Shell form.
    Shell(Logical),
    /// Shell form with heredocs that feed its commands; their bodies follow the text, as BuildKit joins them.
    Mixed(Logical),
    /// The script in its heredoc, run by the shell.
    Heredoc(Logical),
    /// The script in its heredoc, run by the interpreter it names.
    Foreign,
    /// Exec form: no shell.
    Exec(Vec<Word>),
}

/// What `instruction` (RUN; CMD, ENTRYPOINT, HEALTHCHECK CMD; ONBUILD of these) of the file `text` runs.
pub fn body(instruction: &Instruction, text: &str) -> Body {
    match &instruction.args {
        Args::Json(words) => return Body::Exec(words.clone()),
        Args::Onbuild(inner) => return body(inner, text),
        Args::Healthcheck { kind, command } => {
            if let Some(Args::Json(words)) = command.as_deref() {
                return Body::Exec(words.clone());
            }
            let rest = instruction.rest.text();
            let start = rest.find(&kind.value).map_or(0, |at| at + kind.value.len());
            return Body::Shell(instruction.rest.slice(start..rest.len()));
        }
        _ => {}
    }
    let [first, ..] = &instruction.heredocs[..] else { return Body::Shell(instruction.rest.clone()) };
    if !is_one_heredoc(instruction.rest.text()) {
        return Body::Mixed(with_heredocs(instruction, text));
    }
    if first.body.of(text).starts_with("#!") {
        return Body::Foreign;
    }
    Body::Heredoc(heredoc_script(text, first))
}

/// The script in a heredoc of `text`: its body, without the leading tabs when it is `<<-`.
///
/// Line ends stay as they are: BuildKit hands the shell `\r\n` where the file has it.
pub fn heredoc_script(text: &str, heredoc: &Heredoc) -> Logical {
    let mut script = Logical::default();
    let mut at = heredoc.body.start;
    for line in heredoc.body.of(text).split_inclusive('\n') {
        let kept = if heredoc.chomp { line.trim_start_matches('\t') } else { line };
        script.push(kept, at + line.len() - kept.len());
        at += line.len();
    }
    script
}

/// Whether `rest` is one heredoc word and nothing else: `parser.MustParseHeredoc`.
fn is_one_heredoc(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(delimiter) = rest.strip_prefix("<<") else { return false };
    let delimiter = delimiter.strip_prefix('-').unwrap_or(delimiter).trim();
    let mut quote = None;
    for c in delimiter.chars() {
        match (quote, c) {
            (_, '<') => return false,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, _) if c.is_whitespace() => return false,
            _ => {}
        }
    }
    !delimiter.is_empty()
}

/// The text with what BuildKit appends: for each heredoc a newline, the body, the delimiter.
fn with_heredocs(instruction: &Instruction, text: &str) -> Logical {
    let mut joined = instruction.rest.clone();
    for heredoc in &instruction.heredocs {
        // The newline before a body is the last byte of the line before it.
        joined.push("\n", heredoc.body.start.saturating_sub(1));
        joined.push(heredoc.body.of(text), heredoc.body.start);
        let line = heredoc.terminator.of(text);
        let name = line.find(&heredoc.name).unwrap_or(0);
        joined.push(line[name..].trim_end_matches('\r'), heredoc.terminator.start + name);
    }
    joined
}
