//! How a RUN goes on, in the style of its file: where `&&` stands, how deep continuation lines are indented.

use super::RunBody;
use crate::dockerfile::{Dockerfile, Instruction, Keyword};
use crate::edit::Edit;
use crate::shell::{Effects, Script};
use crate::text::Span;

/// A one-line RUN stays on one line up to this width.
const WIDEST_LINE: usize = 100;
/// So many RUNs are asked for their style; a file that has shown none by then has none.
const MOST_RUNS_ASKED: usize = 50;
/// What is indented when the file shows no style of its own.
const INDENT: &str = "    ";

/// How commands of a RUN are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    joint: Joint,
    indent: String,
    /// Escape character and newline.
    line_end: String,
}

/// What stands between two commands on two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// `a && \⏎ b`
    Trailing,
    /// `a \⏎ && b`
    Leading,
    /// `a; \⏎ b`, under `set -e`
    Semicolon,
}

impl Style {
    /// The style of the first of `runs` that shows one, else the file's, else `&& \` and four spaces.
    pub fn of(file: &Dockerfile, runs: &[&Instruction]) -> Self {
        let lines = shown(file, runs);
        let joint = joint_of(&lines).unwrap_or(Joint::Trailing);
        Self::with(file, joint, indent_of(&lines, joint))
    }

    /// The style for a command that is added behind the last one of `run`: by default `&& more` leads its line, as in
    /// Docker's own examples, and a list of packages sets the indent.
    pub fn of_addition(file: &Dockerfile, run: &Instruction) -> Self {
        let lines = shown(file, &[run]);
        let default = if lines[0].lists_with_semicolons() { Joint::Trailing } else { Joint::Leading };
        let joint = joint_of(&lines).unwrap_or(default);
        Self::with(file, joint, indent_of(&lines[..1], joint).or_else(|| indent_of(&lines, joint)))
    }

    fn with(file: &Dockerfile, joint: Joint, indent: Option<&str>) -> Self {
        let line_end = format!("{}{}", file.escape(), file.newline().as_str());
        Self { joint, indent: indent.unwrap_or(INDENT).to_owned(), line_end }
    }

    /// The style in which `run` lists its commands with `; \` under its own `set -e`, where it does so. What is
    /// joined must then be single commands: `set -e; a && b; c` goes on when `a` fails.
    #[must_use]
    pub fn with_semicolons(self, file: &Dockerfile, run: &Instruction, script: &Script) -> Self {
        let listed = script.errexit() && Lines::of(file, run).lists_with_semicolons();
        let joint = if listed { Joint::Semicolon } else { self.joint };
        let indent = match Lines::of(file, run).indent_of(joint) {
            Some(own) => own.to_owned(),
            None => self.indent,
        };
        Self { joint, indent, ..self }
    }

    /// What stands between a command and the next on a line of its own, with `comments` on lines in between.
    pub fn joint<'c>(&self, comments: impl IntoIterator<Item = &'c str>) -> String {
        let (before, after) = match self.joint {
            Joint::Trailing => (" && ", ""),
            Joint::Leading => (" ", "&& "),
            Joint::Semicolon => ("; ", ""),
        };
        let mut joint = format!("{before}{}", self.line_end);
        let newline = &self.line_end[1..];
        for comment in comments {
            joint.push_str(&self.indent);
            joint.push_str(comment.trim());
            joint.push_str(newline);
        }
        joint + &self.indent + after
    }
}

/// Where a style may show: in these RUNs first, then in the first others that go over several lines.
fn shown<'a>(file: &'a Dockerfile, runs: &[&'a Instruction]) -> Vec<Lines<'a>> {
    let long = |other: &&Instruction| other.keyword == Keyword::Run && other.first_line < other.last_line;
    let others = file.instructions().filter(long).take(MOST_RUNS_ASKED);
    runs.iter().copied().chain(others).map(|run| Lines::of(file, run)).collect()
}

/// The first joint that shows.
fn joint_of(lines: &[Lines<'_>]) -> Option<Joint> {
    lines.iter().find_map(Lines::joint)
}

/// The indent of lines after `joint`, else of any.
fn indent_of<'a>(lines: &[Lines<'a>], joint: Joint) -> Option<&'a str> {
    lines.iter().find_map(|lines| lines.indent_of(joint)).or_else(|| lines.iter().find_map(Lines::indent))
}

/// Adds `command` at the end of `run`, so that it runs when all before it succeeded. The error says why nothing can
/// be added there.
pub fn append(file: &Dockerfile, run: &Instruction, body: &RunBody, command: &str) -> Result<Edit, String> {
    let script = body.plain()?;
    let end = end_of(file, run, body, script)?;
    let width = run.code.end - file.lines().start(run.first_line) + " && ".len() + command.len();
    let joint = if run.first_line == run.last_line && width <= WIDEST_LINE {
        " && ".to_owned()
    } else {
        Style::of_addition(file, run).with_semicolons(file, run, script).joint([])
    };
    Ok(Edit::replace(Span::new(end, run.code.end), joint + command))
}

/// Where `script`, the body of `run`, ends: what stands between there and the end of the instruction may be
/// replaced by ` && more`. The error says why it cannot go on.
pub fn end_of(file: &Dockerfile, run: &Instruction, body: &RunBody, script: &Script) -> Result<usize, String> {
    let Some(end) = script.last_command_end_under(body.started.errexit) else {
        let effects = Effects::of(script);
        let told = (effects.exit || effects.background).then(|| effects.why()).flatten();
        return Err(
            told.unwrap_or_else(|| "its last command would no longer end the script when it fails inside".into())
        );
    };
    // A continuation that nothing follows is idle.
    let is_idle = |c: char| c.is_whitespace() || c == file.escape();
    match Span::new(end, run.span.end).of(file.text()).trim_matches(is_idle) {
        "" | ";" => Ok(end),
        tail if tail.starts_with('#') => Err("a comment stands behind its last command".into()),
        _ => Err("it does not end with its last command".into()),
    }
}

/// The lines of one RUN, for their style.
struct Lines<'a> {
    text: &'a str,
    escape: char,
}

impl<'a> Lines<'a> {
    fn of(file: &'a Dockerfile, run: &Instruction) -> Self {
        Self { text: run.code.of(file.text()), escape: file.escape() }
    }

    /// Lines with what they end in: each continuation line, and the text of the line before it.
    fn continued(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let escape = self.escape;
        let lines = || self.text.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines()
            .zip(lines().skip(1))
            .map(move |(line, next)| (line.trim_end().trim_end_matches(escape).trim_end(), next))
    }

    fn joint(&self) -> Option<Joint> {
        self.continued().find_map(|(line, next)| match () {
            () if line.ends_with("&&") => Some(Joint::Trailing),
            () if next.trim_start().starts_with("&&") => Some(Joint::Leading),
            () => None,
        })
    }

    fn lists_with_semicolons(&self) -> bool {
        self.joint().is_none() && self.continued().any(|(line, _)| line.ends_with(';'))
    }

    /// The indent of lines that begin with a new command after `joint`.
    fn indent_of(&self, joint: Joint) -> Option<&'a str> {
        let mut lines = self.continued().filter(|(line, next)| match joint {
            Joint::Trailing => line.ends_with("&&"),
            Joint::Leading => next.trim_start().starts_with("&&"),
            Joint::Semicolon => line.ends_with(';'),
        });
        lines.next().map(|(_, next)| indent(next))
    }

    /// The indent of the first continuation line, when it is no deeper than the default.
    fn indent(&self) -> Option<&'a str> {
        let (_, next) = self.continued().next()?;
        Some(indent(next)).filter(|indent| !indent.is_empty() && indent.len() <= INDENT.len())
    }
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::EditSet;
    use crate::image::Stages;
    use crate::passes::{Cx, Wishes};
    use crate::project::{Context, Project};

    /// `dockerfile` with ` && z` added to its last RUN, or why not.
    fn appended(dockerfile: &str) -> Result<String, String> {
        let file = Dockerfile::parse(dockerfile);
        let stages = Stages::of(&file);
        let (project, wishes) = (Project::new(Context::empty()), Wishes::default());
        let cx = Cx::new(&file, &stages, &project, &wishes);
        let run = file.instructions().next_back().unwrap();
        let mut edits = EditSet::default();
        edits.try_extend(&[append(&file, run, &cx.body(run), "z")?]).unwrap();
        Ok(edits.apply(dockerfile))
    }

    #[test]
    fn commands_are_added_in_the_style_of_the_run() {
        let cases = [
            ("FROM a\nRUN b\n", "FROM a\nRUN b && z\n"),
            ("FROM a\nRUN b && \\\n  c", "FROM a\nRUN b && \\\n  c && \\\n  z"),
            ("FROM a\nRUN b \\\n\t&& c;\n", "FROM a\nRUN b \\\n\t&& c \\\n\t&& z\n"),
            ("FROM a\nRUN b \\\n        c\n", "FROM a\nRUN b \\\n        c \\\n    && z\n"),
            ("FROM a\r\nRUN b && \\\r\n  c\r\n", "FROM a\r\nRUN b && \\\r\n  c && \\\r\n  z\r\n"),
            ("FROM a\nRUN set -eux; \\\n\tb; \\\n\tc\n", "FROM a\nRUN set -eux; \\\n\tb; \\\n\tc; \\\n\tz\n"),
            ("FROM a\nRUN b; \\\n\tc\n", "FROM a\nRUN b; \\\n\tc && \\\n\tz\n"),
            ("FROM a\nRUN b \\\n && c\nRUN d\n", "FROM a\nRUN b \\\n && c\nRUN d && z\n"),
        ];
        for (before, after) in cases {
            assert_eq!(appended(before).as_deref(), Ok(after), "{before}");
        }
    }

    #[test]
    fn where_nothing_can_be_added_the_reason_is_told() {
        let cases = [
            ("FROM a\nRUN [\"b\"]\n", "exec form"),
            ("FROM a\nRUN b # why\n", "comment"),
            ("FROM a\nRUN b &\n", "background"),
            ("FROM a\nRUN b; exit 0\n", "exit"),
            ("FROM a\nRUN <<EOF\nb\nEOF\n", "heredoc"),
            ("FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN b\n", "pwsh"),
        ];
        for (before, why) in cases {
            let told = appended(before).unwrap_err();
            assert!(told.contains(why), "{before}: {told}");
        }
    }
}
