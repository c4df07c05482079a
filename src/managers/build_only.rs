//! Packages of distributions that only builds need, and the libraries that a `-dev` package links programs to.
//!
//! Compiled in from `facts/packages.yaml`. What is not in there may be needed at run time.

use crate::project::glob;

/// A `-dev` package of Debian.
struct Library {
    apt: &'static str,
    by_release: &'static [(&'static str, &'static [&'static str])],
}

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

/// Whether Debian's `package` is only needed to build.
pub fn apt(package: &str) -> bool {
    BUILD_ONLY_APT.iter().any(|pattern| glob::matches(pattern, package))
}

/// Whether Alpine's `package` is only needed to build.
pub fn apk(package: &str) -> bool {
    BUILD_ONLY_APK.iter().any(|pattern| glob::matches(pattern, package))
}

/// The packages with the shared libraries that programs built with Debian's `package` are linked to; `None` when
/// that is not known for the release.
pub fn libraries(package: &str, release: &str) -> Option<&'static [&'static str]> {
    const NONE: &[&str] =
        &["autotools-dev", "libc6-dev", "libc-dev", "linux-libc-dev", "python3-dev", "libpython3-dev", "dpkg-dev"];
    let of_python = package.trim_start_matches("lib").starts_with("python");
    if !package.ends_with("-dev") || NONE.contains(&package) || package.starts_with("libstdc++-") || of_python {
        return Some(&[]);
    }
    let found = LIBRARIES.iter().find(|library| library.apt == package)?;
    let (_, libraries) = found.by_release.iter().find(|(name, _)| *name == release)?;
    Some(*libraries).filter(|libraries| !libraries.is_empty())
}

/// The packages with the shared libraries that programs built with Alpine's `package` are linked to; `None` when that
/// is not known.
pub fn libraries_on_alpine(package: &str) -> Option<&'static [&'static str]> {
    let has_headers = package.strip_suffix("-dev").is_some();
    if !has_headers || ["musl-dev", "libc-dev"].contains(&package) || package.starts_with("python") {
        return Some(&[]);
    }
    ALPINE.iter().find(|(name, _)| *name == package).map(|(_, libraries)| *libraries)
}

/// Whether the slim and Alpine images of Python have the library, as the interpreter itself is linked to it.
pub fn comes_with_python(library: &str) -> bool {
    WITH_PYTHON.iter().any(|pattern| glob::matches(pattern, library))
}

/// Whether the package `name` of `PyPI` (normalized) has no compiled code, though no wheel of it is published.
pub fn is_pure_python(name: &str) -> bool {
    PURE_PYTHON.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_apart() {
        for package in ["gcc", "libpq-dev", "build-essential", "libstdc++-12-dev"] {
            assert!(apt(package), "{package}");
        }
        for package in ["libpq5", "tzdata", "ffmpeg", "git", "curl"] {
            assert!(!apt(package) && !apk(package), "{package}");
        }
        assert!(apk("musl-dev"));
        assert_eq!(libraries("libpq-dev", "bookworm"), Some(&["libpq5"][..]));
        assert_eq!(libraries("gcc", "bookworm"), Some(&[][..]));
        assert_eq!(libraries("libunheard-dev", "bookworm"), None);
    }
}
