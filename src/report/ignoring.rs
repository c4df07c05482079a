//! What `dfslim init-ignore` says: what leaves the context, what was not left out and why, credentials in an image.

use super::paint::{BOLD, DIM, GREEN, Paint, YELLOW, bytes, count, one_line};
use crate::ignoring::{Ignoring, Spilled};
use std::fmt::Write;

/// So many patterns are named with what they leave out.
const MOST_LEAVING: usize = 5;

/// Files and bytes of a context.
pub struct Sizes<'s> {
    /// Files and bytes before.
    pub before: (u64, u64),
    /// Files and bytes after.
    pub after: (u64, u64),
    /// What leaves, by pattern, with its bytes, the most first.
    pub leaving: Vec<(&'s str, u64)>,
}

/// `context 412 MB → 1.3 MB (9,312 → 40 files); node_modules 395 MB, .git 14 MB`
pub fn sizes(name: &str, sizes: &Sizes<'_>, paint: Paint) -> String {
    let files = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX), "file");
    let (files_before, before) = sizes.before;
    let (files_after, after) = sizes.after;
    let name = paint.paint(BOLD, &format!("{}:", one_line(name)));
    if sizes.leaving.is_empty() {
        return format!("{name} context {} ({}); nothing of it leaves\n", bytes(before), files(files_before));
    }
    let leaving =
        sizes.leaving.iter().take(MOST_LEAVING).map(|(what, size)| format!("{} {}", one_line(what), bytes(*size)));
    let leaving: Vec<String> = leaving.collect();
    let more = sizes.leaving.len().saturating_sub(MOST_LEAVING);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let change = paint.paint(GREEN, &format!("context {} → {}", bytes(before), bytes(after)));
    format!("{name} {change} ({files_before} → {}); {}{more}\n", files(files_after), leaving.join(", "))
}

/// Patterns that were not written, each with what stands against it.
pub fn refused(name: &str, ignoring: &Ignoring, verbose: bool, paint: Paint) -> String {
    let name = paint.paint(BOLD, &format!("{}:", one_line(name)));
    if !verbose {
        let patterns: Vec<String> = ignoring.refused.iter().map(|(text, _)| format!("`{}`", one_line(text))).collect();
        return match &patterns[..] {
            [] => String::new(),
            [one] => format!("{name} {one} stays in the context, as it may be needed (-v says why)\n"),
            several => {
                format!("{name} {} stay in the context, as they may be needed (-v says why)\n", several.join(", "))
            }
        };
    }
    let mut out = String::new();
    for (text, why) in &ignoring.refused {
        let word = paint.paint(DIM, "not left out:");
        let _ = writeln!(out, "{name} {word} `{}`\n    {}", one_line(text), one_line(&why.to_string()));
    }
    out
}

/// Credentials that end up in an image: always said.
pub fn spilled(name: &str, spilled: &[Spilled], paint: Paint) -> String {
    let name = paint.paint(BOLD, &format!("{}:", one_line(name)));
    let mut out = String::new();
    for one in spilled {
        let word = paint.paint(YELLOW, "warning:");
        let _ = writeln!(out, "{name} {word} {}", one_line(&warning(one)));
        let _ = writeln!(out, "    {}", one_line(&remedy(one)));
    }
    out
}

/// `.env holds passwords or keys, and goes into the image: Dockerfile:4 takes …`
pub fn warning(one: &Spilled) -> String {
    format!("`{}` holds {}, and gets into the image ({})", one.path, one.what, one.by)
}

/// Why it was not left out, and what to do.
pub fn remedy(one: &Spilled) -> String {
    let advice = "whoever has the image can read it; give it to the container when it starts, or to a RUN by --mount=type=secret";
    format!("it is not left out, as it may be needed ({}); {advice}", one.because)
}
