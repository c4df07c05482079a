//! Which files a Linux build takes: `//go:build`, `// +build`, and the endings of file names.

/// Operating systems that a file name can end in (`x_windows.go`), except Linux.
const OTHER_SYSTEMS: &[&str] = &[
    "windows",
    "darwin",
    "freebsd",
    "netbsd",
    "openbsd",
    "dragonfly",
    "solaris",
    "illumos",
    "aix",
    "plan9",
    "js",
    "wasip1",
    "android",
    "ios",
];
/// Architectures; the image's is not known, so files for any of the common ones count.
const OTHER_ARCHES: &[&str] =
    &["386", "arm", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x", "wasm", "loong64"];
const DEEPEST: usize = 32;

/// Whether a Linux build can take the file `name`.
pub(super) fn name_fits(name: &str) -> bool {
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let mut parts = stem.rsplit('_');
    let last = parts.next().unwrap_or_default();
    let before = parts.next();
    let excluded = |part: &str| OTHER_SYSTEMS.contains(&part) || OTHER_ARCHES.contains(&part);
    // The first part of a name is never a constraint: `windows.go`.
    !(before.is_some() && excluded(last)
        || before.is_some_and(|before| parts.next().is_some() && OTHER_SYSTEMS.contains(&before)))
}

/// Whether the constraint `text` (`linux && !cgo`) can hold under these tags; `None` when that depends on what is
/// not known, here the architecture, or cgo when `cgo` is `None`.
pub(super) fn holds(text: &str, tags: &[String], cgo: Option<bool>) -> Option<bool> {
    let mut reader = Reader { rest: text, tags, cgo };
    let value = reader.or(0).ok()?;
    if reader.rest.trim().is_empty() { value } else { None }
}

/// The same for `// +build a,b c`: words are alternatives, commas join.
pub(super) fn old_holds(words: &str, tags: &[String], cgo: Option<bool>) -> Option<bool> {
    let all = words.split_whitespace().map(|word| word.split(',').collect::<Vec<_>>().join(" && "));
    let alternatives: Vec<String> = all.map(|word| format!("({word})")).collect();
    holds(&alternatives.join(" || "), tags, cgo)
}

struct Malformed;

struct Reader<'c> {
    rest: &'c str,
    tags: &'c [String],
    cgo: Option<bool>,
}

impl Reader<'_> {
    fn or(&mut self, depth: usize) -> Result<Option<bool>, Malformed> {
        let mut value = self.and(depth)?;
        while self.eat("||") {
            value = match (value, self.and(depth)?) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        Ok(value)
    }

    fn and(&mut self, depth: usize) -> Result<Option<bool>, Malformed> {
        let mut value = self.not(depth)?;
        while self.eat("&&") {
            value = match (value, self.not(depth)?) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        Ok(value)
    }

    fn not(&mut self, depth: usize) -> Result<Option<bool>, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed);
        }
        if self.eat("!") {
            return Ok(self.not(depth + 1)?.map(|value| !value));
        }
        if self.eat("(") {
            let value = self.or(depth + 1)?;
            return if self.eat(")") { Ok(value) } else { Err(Malformed) };
        }
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(self.rest.len());
        let (tag, rest) = self.rest.split_at(end);
        self.rest = rest;
        if tag.is_empty() { Err(Malformed) } else { Ok(self.tag(tag)) }
    }

    fn eat(&mut self, mark: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(mark) else { return false };
        self.rest = rest;
        true
    }

    fn tag(&self, tag: &str) -> Option<bool> {
        match tag {
            "linux" | "unix" | "gc" => Some(true),
            "cgo" => self.cgo,
            "amd64" | "arm64" => None,
            tag if OTHER_SYSTEMS.contains(&tag) || OTHER_ARCHES.contains(&tag) => Some(false),
            // Versions of Go: those that files ask for are met as a rule.
            tag if tag.starts_with("go1.") => None,
            tag => Some(self.tags.iter().any(|given| given == tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags() {
        assert!(
            name_fits("main.go") && name_fits("x_linux.go") && name_fits("x_linux_amd64.go") && name_fits("windows.go")
        );
        assert!(!name_fits("x_windows.go") && !name_fits("x_windows_amd64.go") && !name_fits("x_s390x.go"));
        let tags = ["prod".to_owned()];
        for (text, answer) in [
            ("linux && !windows", Some(true)),
            ("ignore", Some(false)),
            ("prod || ignore", Some(true)),
            ("!cgo", None),
            ("amd64 && windows", Some(false)),
            ("(linux", None),
            ("", None),
        ] {
            assert_eq!(holds(text, &tags, None), answer, "{text}");
        }
        assert_eq!(holds("cgo", &[], Some(false)), Some(false));
        assert_eq!(old_holds("linux,!cgo darwin", &[], Some(false)), Some(true));
        assert_eq!(holds(&"!".repeat(100_000), &[], None), None);
        assert_eq!(holds(&"(".repeat(100_000), &[], None), None);
    }
}
