//! The reasons, for people: on stderr, beside the diff.
//!
//! ```text
//! web/Dockerfile:4: add --no-cache to apk add [kept-package-cache, safe]
//!     the index is not needed at run time; saves about 3 MB (estimate)
//! ```

use super::paint::{BOLD, DIM, GREEN, Paint, RED, YELLOW, bytes, count, one_line};
use super::{Fault, FileReport, Totals};
use crate::passes::rebuild::{Rebuild, Rerun};
use crate::plan::{Because, Finding, Held, Plan};
use crate::proposal::Saves;
use crate::text::Position;
use std::fmt::Write;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Errors only.
    Quiet,
    /// What is done and what is held.
    #[default]
    Normal,
    /// The evidence too, and what was left alone.
    Verbose,
}

/// What happens to the changes, for the last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// They are in the diff.
    InDiff,
    /// They are in the JSON document.
    InJson,
    /// They were written.
    Written,
}

/// Everything to say about one file.
pub fn file(report: &FileReport, loudness: Loudness, paint: Paint) -> String {
    match &report.outcome {
        Err(fault) => error(&report.names.shown, fault, paint),
        Ok(_) if loudness == Loudness::Quiet => String::new(),
        Ok(plan) => {
            let verbose = loudness == Loudness::Verbose;
            let name = one_line(&report.names.shown);
            let mut page = Page { name: name.clone(), paint, paragraphs: Vec::new() };
            page.plan(plan, verbose);
            let mut out = page.into_text();
            for rebuild in plan.rebuilds.iter().filter(|_| verbose) {
                let _ = writeln!(out, "{} {}", paint.paint(BOLD, &format!("{name}:")), cost(rebuild));
            }
            if !verbose && !plan.refused.is_empty() {
                let name = paint.paint(BOLD, &format!("{name}:"));
                let places = count(plan.refused.len(), "place");
                let _ = writeln!(out, "{name} {places} looked at and left alone (-v says why)");
            }
            out
        }
    }
}

/// `file:line:column: error: what is wrong`.
pub fn error(name: &str, fault: &Fault, paint: Paint) -> String {
    let place = match fault.at {
        Some(at) => format!("{}:{}:{}:", one_line(name), at.line, at.column),
        None => format!("{}:", one_line(name)),
    };
    format!("{} {} {}\n", paint.paint(BOLD, &place), paint.paint(RED, "error:"), one_line(&fault.message))
}

/// The last line: what the run came to.
pub fn total(totals: &Totals, ending: Ending, paint: Paint) -> String {
    let mut parts = Vec::new();
    if totals.files > 0 {
        parts.push(match (totals.applied, ending) {
            (0, _) => "nothing to change".to_owned(),
            (applied, Ending::InDiff) => format!("{} in the diff", count(applied, "rewrite")),
            (applied, Ending::InJson) => format!("{} proposed", count(applied, "rewrite")),
            (applied, Ending::Written) => format!("{} written", count(applied, "rewrite")),
        });
    }
    let held = totals.held - totals.silenced - totals.advice;
    match totals.risky {
        _ if held == 0 => {}
        0 => parts.push(format!("{held} held")),
        1 if held == 1 => parts.push("1 held (--risky applies it)".to_owned()),
        risky if risky == held => parts.push(format!("{held} held (--risky applies them)")),
        risky => parts.push(format!("{held} held (--risky applies {risky})")),
    }
    if totals.advice > 0 {
        parts.push(format!("{} for you to decide", totals.advice));
    }
    if totals.errors > 0 {
        parts.push(paint.paint(RED, &count(totals.errors, "error")));
    }
    if totals.saved > 0 {
        parts.push(saves(Saves { bytes: totals.saved, estimate: totals.estimate }));
    }
    let files = count(totals.files + totals.errors, "file");
    format!("{} {}\n", paint.paint(BOLD, &format!("{files}:")), parts.join(", "))
}

fn saves(saves: Saves) -> String {
    let amount = bytes(saves.bytes);
    if saves.estimate { format!("saves about {amount} (estimate)") } else { format!("saves {amount}") }
}

/// What a change makes anew, in a sentence.
fn cost(Rebuild { change: _, file, before, after }: &Rebuild) -> String {
    let of = |rerun: &Rerun| {
        let installs: Vec<String> = rerun.installs().map(|line| line.to_string()).collect();
        let installs = match installs.as_slice() {
            [] => "no install of packages".to_owned(),
            [line] => format!("the install of packages in line {line}"),
            lines => format!("the installs of packages in lines {}", lines.join(", ")),
        };
        format!("{} of {}, with {installs}", rerun.anew.len(), count(rerun.layers, "layer"))
    };
    let (before, after) = (of(before), of(after));
    let file = one_line(file);
    if before == after {
        return format!("a change of {file} makes anew {before}");
    }
    format!("a change of {file} makes anew {before}; after the rewrite, {after}")
}

/// What is said of one file: for each line, what is done there, what is held, what is odd.
struct Page {
    name: String,
    paint: Paint,
    paragraphs: Vec<(Position, String)>,
}

impl Page {
    fn plan(&mut self, plan: &Plan, verbose: bool) {
        for finding in &plan.applied {
            self.applied(finding, verbose);
        }
        for held in &plan.held {
            // What a comment silences is silent.
            if verbose || !matches!(held.because, Because::Suppressed(_)) {
                self.held(held, verbose);
            }
        }
        for note in &plan.notes {
            self.add(note.at, &self.word(YELLOW, "note:"), &one_line(&note.message), None, &[]);
        }
        for refused in plan.refused.iter().filter(|_| verbose) {
            let what = one_line(&refused.what);
            let details = [refused.why.clone()];
            self.add(refused.at, &self.word(DIM, "left alone:"), &what, Some(refused.pass), &details);
        }
    }

    fn applied(&mut self, finding: &Finding, verbose: bool) {
        let reasons = [finding.why.clone(), finding.saves.map(saves).unwrap_or_default()];
        let reasons: Vec<_> = reasons.into_iter().filter(|reason| !reason.is_empty()).collect();
        let mut details = vec![reasons.join("; ")];
        details.extend(finding.safety.evidence().iter().filter(|_| verbose).map(ToString::to_string));
        let what = self.paint.paint(GREEN, &one_line(&finding.what));
        self.add(finding.at, "", &what, Some(&tag(finding)), &details);
    }

    fn held(&mut self, held: &Held, verbose: bool) {
        let Held { finding, because } = held;
        let word = if *because == Because::Advice { "advice:" } else { "held:" };
        let reason = match because {
            Because::Advice => finding.why.clone(),
            Because::SafeOnly => {
                format!("{because}; leave out --safe-only, or `safety: safe` in dfslim.yaml, to apply it")
            }
            because => match because.flag() {
                Some(flag) => format!("{because}; {flag} applies it"),
                None => because.to_string(),
            },
        };
        let mut details = vec![reason];
        details.extend(finding.safety.evidence().iter().filter(|_| verbose).map(ToString::to_string));
        self.add(finding.at, &self.word(YELLOW, word), &one_line(&finding.what), Some(&tag(finding)), &details);
    }

    fn word(&self, style: anstyle::Style, word: &str) -> String {
        format!("{} ", self.paint.paint(style, word))
    }

    /// `name:line: word what [tag]`, and the details below.
    fn add(&mut self, at: Position, word: &str, what: &str, tag: Option<&str>, details: &[String]) {
        let place = self.paint.paint(BOLD, &format!("{}:{}:", self.name, at.line));
        let tag = tag.map(|tag| format!(" {}", self.paint.paint(DIM, &format!("[{tag}]")))).unwrap_or_default();
        let mut paragraph = format!("{place} {word}{what}{tag}\n");
        for detail in details.iter().filter(|detail| !detail.is_empty()) {
            let _ = writeln!(paragraph, "    {}", one_line(detail));
        }
        self.paragraphs.push((at, paragraph));
    }

    fn into_text(mut self) -> String {
        self.paragraphs.sort_by_key(|(at, _)| at.line);
        self.paragraphs.into_iter().map(|(_, paragraph)| paragraph).collect()
    }
}

fn tag(finding: &Finding) -> String {
    format!("{}, {}", finding.pass, finding.safety.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proposal::{Evidence, Kind, Safety};
    use crate::report::Names;

    fn finding(line: usize, safety: Safety) -> Finding {
        Finding {
            pass: "kept-package-cache",
            kind: Kind::Caches,
            safety,
            at: Position { line, column: 1 },
            what: "add --no-cache to apk add".to_owned(),
            why: "the index is not needed".to_owned(),
            saves: Some(Saves { bytes: 3_000_000, estimate: true }),
        }
    }

    fn report() -> FileReport {
        let evidence = Evidence { file: "package.json".to_owned(), line: Some(3), fact: "no scripts".to_owned() };
        let risky = Because::Risky("curl may be missed".to_owned());
        let silenced = Because::Suppressed("# dfslim: ignore[x]".to_owned());
        let held = |line, because| Held { finding: finding(line, Safety::Advice), because };
        let plan = Plan {
            made: Vec::new(),
            before: "a".to_owned(),
            after: "b".to_owned(),
            applied: vec![finding(2, Safety::Safe), finding(3, Safety::Checked { evidence: vec![evidence] })],
            held: vec![held(4, risky), held(5, silenced), held(6, Because::Advice)],
            refused: Vec::new(),
            notes: Vec::new(),
            rebuilds: Vec::new(),
        };
        FileReport {
            names: Names { shown: "web/Dockerfile".to_owned(), ..Names::default() },
            outcome: Ok(plan),
            made: Vec::new(),
        }
    }

    #[test]
    fn a_file_is_told_line_by_line() {
        let expected = "\
web/Dockerfile:2: add --no-cache to apk add [kept-package-cache, safe]
    the index is not needed; saves about 3 MB (estimate)
web/Dockerfile:3: add --no-cache to apk add [kept-package-cache, checked]
    the index is not needed; saves about 3 MB (estimate)
web/Dockerfile:4: held: add --no-cache to apk add [kept-package-cache, advice]
    curl may be missed; --risky applies it
web/Dockerfile:6: advice: add --no-cache to apk add [kept-package-cache, advice]
    the index is not needed
";
        assert_eq!(file(&report(), Loudness::Normal, Paint(false)), expected);
        assert_eq!(file(&report(), Loudness::Quiet, Paint(false)), "");
        let verbose = file(&report(), Loudness::Verbose, Paint(false));
        assert!(verbose.contains("    package.json:3: no scripts\n"), "{verbose}");
        assert!(verbose.contains("silenced by `# dfslim: ignore[x]`"), "{verbose}");
    }

    #[test]
    fn the_total_is_one_line() {
        let totals = Totals::of(&report().outcome);
        let expected = "1 file: 2 rewrites in the diff, 1 held (--risky applies it), 1 for you to decide, \
                        saves about 6 MB (estimate)\n";
        assert_eq!(total(&totals, Ending::InDiff, Paint(false)), expected);
        let nothing = Totals { files: 2, ..Totals::default() };
        assert_eq!(total(&nothing, Ending::Written, Paint(false)), "2 files: nothing to change\n");
    }
}
