//! The unified diff, as `git apply` and `patch -p1` take it.
//!
//! There is no `diff --git` line: without it, git takes the names relative to where it runs, as patch does,
//! so that the diff applies in the directory where dfslim ran, be it the top of the repository or not.

use super::paint::{BOLD, CYAN, GREEN, Paint, RED};
use similar::{ChangeTag, DiffOp, TextDiff};
use std::fmt::Write;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// The diff from `before` to `after` of the file called `name`; empty when they are the same.
pub fn unified(name: &[u8], before: &str, after: &str, paint: Paint) -> String {
    if before == after {
        return String::new();
    }
    sides(&quoted("a/", name), name, before, after, paint)
}

/// The diff that makes a file called `name`.
pub fn created(name: &[u8], text: &str, paint: Paint) -> String {
    sides("/dev/null", name, "", text, paint)
}

fn sides(from: &str, name: &[u8], before: &str, after: &str, paint: Paint) -> String {
    let mut out = String::new();
    for (mark, side) in [("---", from), ("+++", &quoted("b/", name))] {
        out.push_str(&paint.paint(BOLD, &format!("{mark} {side}")));
        out.push('\n');
    }
    // Lines end at "\n" and nowhere else, as for git; a lone "\r" is text.
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let diff = TextDiff::configure().diff_slices(&old, &new);
    for group in diff.grouped_ops(CONTEXT) {
        out.push_str(&paint.paint(CYAN, &hunk_header(&group)));
        out.push('\n');
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            push_line(&mut out, change.tag(), change.value(), paint);
        }
    }
    out
}

fn push_line(out: &mut String, tag: ChangeTag, text: &str, paint: Paint) {
    // The end of the line stays outside of the colours.
    let body = text.trim_end_matches('\n').trim_end_matches('\r');
    match tag {
        ChangeTag::Equal => {
            out.push(' ');
            out.push_str(body);
        }
        ChangeTag::Delete => out.push_str(&paint.paint(RED, &format!("-{body}"))),
        ChangeTag::Insert => out.push_str(&paint.paint(GREEN, &format!("+{body}"))),
    }
    out.push_str(&text[body.len()..]);
    if !text.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

fn hunk_header(group: &[DiffOp]) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return String::new() };
    let old = first.old_range().start..last.old_range().end;
    let new = first.new_range().start..last.new_range().end;
    // An empty side is placed by the line before it, hence no `+ 1`.
    let side = |start: usize, len: usize| match len {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{len}", start + 1),
    };
    format!("@@ -{} +{} @@", side(old.start, old.len()), side(new.start, new.len()))
}

/// The name after `---` or `+++`: in C quotes where git would, and with a tab after a name that has a blank,
/// without which patch takes the blank for the end of it.
fn quoted(side: &str, name: &[u8]) -> String {
    let plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if name.iter().all(plain) {
        let tab = if name.contains(&b' ') { "\t" } else { "" };
        return format!("{side}{}{tab}", String::from_utf8_lossy(name));
    }
    let mut out = format!("\"{side}");
    for &byte in name {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> String {
        unified(b"Dockerfile", before, after, Paint(false))
    }

    #[test]
    fn same_texts_have_no_diff() {
        assert_eq!(plain("a\n", "a\n"), "");
    }

    #[test]
    fn only_changed_lines_and_their_neighbours_are_shown() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let expected = "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
        assert_eq!(plain(before, &before.replace('5', "five")), expected);
    }

    #[test]
    fn a_missing_last_newline_is_said() {
        let body = "-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n";
        assert_eq!(plain("a", "b"), format!("--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1 +1 @@\n{body}"));
    }

    #[test]
    fn carriage_returns_are_kept() {
        let expected = "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n x\r\n-a\r\n+b\r\n";
        assert_eq!(plain("x\r\na\r\n", "x\r\nb\r\n"), expected);
        assert!(plain("x\ra\n", "x\rb\n").contains("-x\ra\n"));
        assert!(plain("a\r\r\n", "b\r\r\n").contains("-a\r\r\n+b\r\r\n"));
    }

    #[test]
    fn names_are_quoted_as_git_does() {
        assert_eq!(quoted("a/", b"a b"), "a/a b\t");
        assert_eq!(quoted("a/", "é\"".as_bytes()), "\"a/\\303\\251\\\"\"");
    }

    #[test]
    fn an_empty_side_is_placed_by_the_line_before() {
        assert!(plain("", "a\n").contains("@@ -0,0 +1 @@"));
        assert!(plain("a\n", "").contains("@@ -1 +0,0 @@"));
    }

    #[test]
    fn colours_end_before_the_line_does() {
        let diff = unified(b"Dockerfile", "a\r\n", "b\r\n", Paint(true));
        assert!(diff.contains("\u{1b}[31m-a\u{1b}[0m\r\n"), "{diff:?}");
    }
}
