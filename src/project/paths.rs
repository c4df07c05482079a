//! Paths inside a build context: relative to its root, `/` between names, no `.`, `..` or doubled slashes.
//! The root itself is the empty string.

/// `path` in that form, as COPY and the like read it: a leading `/` is the root of the context. `None` when it
/// leaves the context.
pub fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// `path` as seen from the directory `dir`; `None` when it leaves the context.
pub fn join(dir: &str, path: &str) -> Option<String> {
    clean(&format!("{dir}/{path}"))
}

/// The directory that holds `path`; the root holds itself.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The last name of `path`.
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What follows the last dot of the last name; empty when there is none.
pub fn extension(path: &str) -> &str {
    name(path).rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `path` as seen from `dir`, when it lies in it or is it (then empty).
pub fn below<'p>(dir: &str, path: &'p str) -> Option<&'p str> {
    if dir.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(dir)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_keeps_a_path_inside() {
        assert_eq!(clean("./src//a/../b/").as_deref(), Some("src/b"));
        assert_eq!(clean("/").as_deref(), Some(""));
        assert_eq!(clean("a/../../b"), None);
        assert_eq!(join("packages/api", "../web/x").as_deref(), Some("packages/web/x"));
    }

    #[test]
    fn below_respects_names() {
        assert_eq!(below("src", "src/a"), Some("a"));
        assert_eq!(below("src", "srcs/a"), None);
        assert_eq!(below("", "a"), Some("a"));
        assert_eq!(below("a", "a"), Some(""));
    }
}
