//! The documentation, manuals and translations that Debian's slim images leave out, also of what is installed later:
//! <https://github.com/debuerreotype/debuerreotype/blob/master/scripts/.slimify-excludes>.

use super::Case;
use crate::passes::no::No;
use crate::proposal::Evidence;

const LEFT_OUT: &[&str] = &[
    "/usr/share/doc",
    "/usr/share/info",
    "/usr/share/locale",
    "/usr/share/man",
    "/usr/share/lintian",
    "language-pack",
    "man-db",
];

/// Packages that, up to Debian 11, put a link where the manuals are and fail where there are none:
/// <https://bugs.debian.org/863199>.
const LINKED: &[&str] = &["default-jdk", "default-jre", "openjdk-", "postgresql"];

/// Nothing when the file does not speak of them.
pub(super) fn not_needed(case: &Case<'_>) -> Result<(), No> {
    let old = case.from.release().is_none_or(|release| release.number.parse::<u32>().is_ok_and(|number| number < 12));
    let linked = LINKED.iter().filter(|_| old);
    for instruction in case.group.iter().flat_map(|stage| &stage.instructions) {
        let text = instruction.span.of(case.cx.file.text());
        let place = || format!("line {}", case.cx.line(instruction.code.start));
        if let Some(word) = LEFT_OUT.iter().find(|word| text.contains(**word)) {
            return Err(No::because(format!("{} needs {word}, which slim images leave out", place())));
        }
        if let Some(word) = linked.clone().find(|word| text.contains(**word)) {
            return Err(No::because(format!("{} installs {word}…, which may fail without manuals", place())));
        }
    }
    Ok(())
}

/// What slim images are without.
pub(super) fn all_that_goes(case: &Case<'_>) -> Evidence {
    let fact = "the slim image lacks documentation, manuals and translations only";
    case.cx.evidence(case.root.from.code.start, fact)
}
