//! Paths as a RUN writes them, compared with the places where caches lie.

/// `path` with the home directory written as `~`: `/root/x`, `/home/node/x`, `$HOME/x` and `${HOME}/x` are `~/x`.
pub fn home_path(path: &str) -> String {
    let path: String = path.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    for home in ["${HOME}", "$HOME", "/root", "~root"] {
        if let Some(rest) = path.strip_prefix(home)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("~{rest}");
        }
    }
    match path.strip_prefix("/home/").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("~/{rest}"),
        None => path,
    }
}

/// Whether what is done at `path` (as written in a command or mount) concerns the directory `dir` (of
/// `facts/cleanup.yaml`): it is that directory, holds it, lies in it, or may be it.
pub fn touches(path: &str, dir: &str) -> bool {
    let path = home_path(path);
    // Up to the first character that only the shell can tell the value of.
    let known = path.find(['*', '?', '[', '{', '$', '`']).map_or(path.as_str(), |at| &path[..at]);
    let exact = known.len() == path.len();
    if !known.starts_with(['/', '~']) {
        // Relative to a directory that is not known here: by the last name.
        let name = |path: &str| path.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        return exact && !known.is_empty() && name(known) == name(dir);
    }
    let trimmed = known.trim_end_matches('/');
    if exact || known.ends_with('/') {
        // `/` and `~` alone would be everything.
        return trimmed.len() > 1 && (within(dir, trimmed) || within(trimmed, dir)) || !exact && within(dir, trimmed);
    }
    dir.starts_with(known) || within(known, dir)
}

/// Whether `path` is `tree` or lies in it.
fn within(path: &str, tree: &str) -> bool {
    path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_concerns_a_directory_that_it_is_holds_or_lies_in() {
        let lists = "/var/lib/apt/lists";
        for path in [
            "/var/lib/apt/lists/*",
            "/var/lib/apt/lists",
            "/var/lib/apt/lists/",
            "/var/lib/apt/",
            "/var/lib/apt",
            "/var/lib/{apt,dpkg,cache,log}/",
            "/var/lib/apt/lists/partial/*",
            "/var/lib/apt/*",
            "/var/l*",
            "\"/var/lib/apt/lists\"/*",
        ] {
            assert!(touches(path, lists), "{path}");
        }
        for path in ["/var/lib/dpkg", "/var/cache/apt/*", "/tmp/*", "/var/tmp/*", "lists2", "/", "*", "$DIR/*"] {
            assert!(!touches(path, lists), "{path}");
        }
    }

    #[test]
    fn every_way_to_write_the_home_directory_is_the_same() {
        for path in
            ["/root/.cache/pip", "$HOME/.cache", "${HOME}/.cache/*", "~/.cache/pip", "/home/app/.cache", "~/.c*"]
        {
            assert!(touches(path, "~/.cache/pip"), "{path}");
        }
        for path in ["/root/.npm", "/root", "~", "/home/app/x", "~/.cache/yarn"] {
            assert!(!touches(path, "~/.cache/pip") || path == "/root" || path == "~", "{path}");
        }
        assert!(touches(".npm", "~/.npm"));
    }
}
