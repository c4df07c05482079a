//! Colours, and text that is safe to show on a terminal.

use anstyle::{AnsiColor, Style};

/// Bold.
pub const BOLD: Style = Style::new().bold();
/// Less important.
pub const DIM: Style = Style::new().dimmed();
/// Removed, failed.
pub const RED: Style = AnsiColor::Red.on_default();
/// Added, applied.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Held.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Places in a diff.
pub const CYAN: Style = AnsiColor::Cyan.on_default();

/// Whether to colour, decided once for each stream. (Stripping colours afterwards would also strip escape
/// sequences that stand in the user's own file, and the diff would no longer apply.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// `text` on one line, its control characters escaped: what a file says must not steer the terminal.
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A number of bytes as people say it.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = UNITS.into_iter().find(|&(unit, _)| bytes >= unit) else { return format!("{bytes} B") };
    let (whole, tenths) = (bytes / unit, bytes % unit * 10 / unit);
    if whole >= 10 || tenths == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenths} {name}") }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_rounded_to_what_matters() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(40_000_000), "40 MB");
        assert_eq!(bytes(2_050_000_000), "2 GB");
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(one_line("a\x1b[31m\nb é"), "a\\u{1b}[31m\\nb é");
    }
}
