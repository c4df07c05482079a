//! Versions and ranges as npm writes them, as far as they are plain: enough to compare a locked version with a
//! range, never guessing. What is not plain (`||`, hyphens, tags, URLs) has no answer.

/// `major.minor.patch`; a pre-release has none.
pub type Version = (u64, u64, u64);

/// Reads `1.2.3`, also with `v` or `=` before and build data after; `None` for pre-releases and anything else.
pub fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']);
    let text = text.split('+').next()?;
    let mut parts = text.split('.').map(|part| part.parse::<u64>().ok());
    let version = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(version)
}

/// Whether `version` lies in `range`; `None` when the range is not a plain one.
pub fn satisfies(version: &str, range: &str) -> Option<bool> {
    let range = range.trim();
    if version == range || matches!(range, "*" | "" | "x") {
        return Some(true);
    }
    let version = parse(version)?;
    if let Some(base) = range.strip_prefix('^') {
        return Some((lowest(base)?..caret_end(base)?).contains(&version));
    }
    if let Some(base) = range.strip_prefix('~') {
        let (major, minor, _) = lowest(base)?;
        let end = if base.contains('.') { (major, minor + 1, 0) } else { (major + 1, 0, 0) };
        return Some((lowest(base)?..end).contains(&version));
    }
    if let Some(base) = range.strip_prefix(">=") {
        return Some(version >= lowest(base)?);
    }
    if let Some(exact) = parse(range) {
        return Some(version == exact);
    }
    let (low, end) = wildcard(range)?;
    Some((low..end).contains(&version))
}

/// `1.2.3`, `1.2`, `1`, `1.x`: the lowest version meant.
fn lowest(base: &str) -> Option<Version> {
    parse(base).or_else(|| wildcard(base).map(|(low, _)| low))
}

/// Where `^base` ends: the leftmost part that is not zero may not change.
fn caret_end(base: &str) -> Option<Version> {
    let Some((major, minor, patch)) = parse(base) else {
        let ((major, minor, _), end) = wildcard(base)?;
        return Some(if major > 0 {
            (major + 1, 0, 0)
        } else if minor > 0 {
            (0, minor + 1, 0)
        } else {
            end
        });
    };
    Some(if major > 0 {
        (major + 1, 0, 0)
    } else if minor > 0 {
        (0, minor + 1, 0)
    } else {
        (0, 0, patch + 1)
    })
}

/// `1`, `1.x`, `1.2`, `1.2.x` as a half-open range.
fn wildcard(text: &str) -> Option<(Version, Version)> {
    let is_any = |part: &&str| matches!(*part, "x" | "X" | "*");
    let parts: Vec<&str> = text.trim().trim_start_matches('v').split('.').collect();
    let fixed: Vec<u64> =
        parts.iter().take_while(|part| !is_any(part)).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    if parts.len() > 3 || !parts.iter().skip(fixed.len()).all(is_any) {
        return None;
    }
    match *fixed.as_slice() {
        [major] => Some(((major, 0, 0), (major + 1, 0, 0))),
        [major, minor] => Some(((major, minor, 0), (major, minor + 1, 0))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ranges() {
        for (version, range, expected) in [
            ("4.18.2", "^4.17.0", Some(true)),
            ("5.0.0", "^4.17.0", Some(false)),
            ("0.2.9", "^0.2.3", Some(true)),
            ("0.3.0", "^0.2.3", Some(false)),
            ("0.0.4", "^0.0.3", Some(false)),
            ("1.2.9", "~1.2.3", Some(true)),
            ("1.3.0", "~1.2.3", Some(false)),
            ("1.3.0", "~1", Some(true)),
            ("1.9.0", "1.x", Some(true)),
            ("1.9.0", "1", Some(true)),
            ("1.9.0", "1.8", Some(false)),
            ("1.9.0", "^1", Some(true)),
            ("2.0.0", ">=1.2", Some(true)),
            ("1.9.0", "*", Some(true)),
            ("1.9.0", "latest", None),
            ("1.9.0", ">=1 <2", None),
            ("1.9.0-rc.1", "^1.8.0", None),
            ("1.9.0-rc.1", "1.9.0-rc.1", Some(true)),
            ("18446744073709551616.0.0", "^1", None),
        ] {
            assert_eq!(satisfies(version, range), expected, "{version} in {range}");
        }
    }
}
