//! Go's `filepath.Match`, by which COPY and ADD read their sources: `*` and `?` stop at `/`, `[a-c]`, `[^a]`,
//! and `\` escapes. No braces, no `**`.

/// Whether `pattern` matches the whole of `name`; `false` also for a malformed pattern.
pub fn matches(pattern: &str, name: &str) -> bool {
    // Most names of a directory fail here, before anything is gathered.
    let literal = pattern.find(['*', '?', '[', '\\']).unwrap_or(pattern.len());
    if !name.starts_with(&pattern[..literal]) {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to take up again after the last star: behind it, and one character further in the name.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() && n == name.len() {
            return true;
        }
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        if n < name.len()
            && let Some(next) = one(&pattern, p, name[n])
        {
            (p, n) = (next, n + 1);
            continue;
        }
        // A star never grows over a slash.
        match star {
            Some((after, at)) if at < name.len() && name[at] != '/' => {
                star = Some((after, at + 1));
                (p, n) = (after, at + 1);
            }
            _ => return false,
        }
    }
}

/// Whether a COPY source is a pattern rather than a path.
pub fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

/// Whether `pattern` is well formed.
pub fn is_valid(pattern: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while at < pattern.len() {
        at = match pattern[at] {
            '\\' if at + 1 == pattern.len() => return false,
            '\\' => at + 2,
            '[' => match class(&pattern, at, '\0') {
                Some((end, _)) => end,
                None => return false,
            },
            _ => at + 1,
        };
    }
    true
}

/// The place after the element of `pattern` at `at`, when it matches `c`.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => (c != '/').then_some(at + 1),
        '\\' => (*pattern.get(at + 1)? == c).then_some(at + 2),
        '[' => match class(pattern, at, c) {
            Some((end, true)) if c != '/' => Some(end),
            _ => None,
        },
        literal => (literal == c).then_some(at + 1),
    }
}

/// The place after the class that opens at `at`, and whether it holds `c`; `None` when it is malformed.
fn class(pattern: &[char], at: usize, c: char) -> Option<(usize, bool)> {
    let negated = pattern.get(at + 1) == Some(&'^');
    let mut next = at + 1 + usize::from(negated);
    let (mut found, mut ranges) = (false, 0);
    loop {
        if ranges > 0 && pattern.get(next) == Some(&']') {
            return Some((next + 1, found != negated));
        }
        let (low, after) = class_char(pattern, next)?;
        let (high, after) =
            if pattern.get(after) == Some(&'-') { class_char(pattern, after + 1)? } else { (low, after) };
        found |= (low..=high).contains(&c);
        next = after;
        ranges += 1;
    }
}

/// A possibly escaped character of a class, and the place after it.
fn class_char(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match *pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        c => Some((c, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_match_table() {
        // From Go's path/filepath/match_test.go.
        for (pattern, name, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[x\\-]", "z", false),
            ("*x", "xxx", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        for bad in ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
