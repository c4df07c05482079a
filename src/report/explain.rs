//! The list of passes, and their manual pages.

use super::paint::{BOLD, CYAN, DIM, Paint};
use crate::passes::{self, Pass};
use crate::vocabulary::{self, UnknownId};
use std::fmt::Write;

/// The table of all passes, in the order in which they run.
pub fn list(paint: Paint) -> String {
    let kind = |pass: &Pass| format!("{:?}", pass.kind).to_lowercase();
    let ids = passes::ALL.iter().map(|pass| pass.id.len()).max().unwrap_or(0);
    let kinds = passes::ALL.iter().map(|pass| kind(pass).len()).max().unwrap_or(0);
    let mut out = String::new();
    for pass in passes::ALL {
        let id = paint.paint(BOLD, &format!("{:ids$}", pass.id));
        let kind = paint.paint(DIM, &format!("{:kinds$}", kind(pass)));
        let _ = writeln!(out, "{id}  {kind}  {}", pass.summary());
        if !pass.answers_to.is_empty() {
            let also = format!("answers to {}", pass.answers_to.join(", "));
            let _ = writeln!(out, "{:ids$}  {:kinds$}  {}", "", "", paint.paint(DIM, &also));
        }
    }
    out
}

/// The manual page of the pass called `id`, or of those that answer to it.
pub fn page(id: &str, paint: Paint) -> Result<String, UnknownId> {
    let pages = vocabulary::passes_named(id)?.into_iter().map(|pass| styled(pass.page, paint));
    Ok(pages.collect::<Vec<_>>().join("\n"))
}

/// Headings and code stand out on a terminal; nothing else changes.
fn styled(page: &str, paint: Paint) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for line in page.lines() {
        let fence = line.trim_start().starts_with("```");
        let shown = match line {
            _ if fence => paint.paint(DIM, line),
            _ if in_code => paint.paint(CYAN, line),
            _ if line.starts_with('#') => paint.paint(BOLD, line),
            _ => line.to_owned(),
        };
        in_code ^= fence;
        out.push_str(&shown);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_bold_outside_of_code_only() {
        let page = "# A\n```\n# b\n```\nc\n";
        assert_eq!(styled(page, Paint(false)), page);
        let coloured = styled(page, Paint(true));
        assert!(coloured.contains("\u{1b}[1m# A\u{1b}[0m\n") && coloured.contains("\u{1b}[36m# b\u{1b}[0m\n"));
    }
}
