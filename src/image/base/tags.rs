//! Which tags of an image exist, and what stands under each.
//!
//! One line a version in `facts/tags/<image>.tsv`, sorted: `version<TAB>last day it was built, or -<TAB>`
//! `variant=suite …`, where the variant `.` is the bare version. A version is what stands before the variant:
//! `22`, `22.11.0`, `lts`; `.` when nothing does (`node:slim`).

use super::{Class, Distro, Family, Release, family, release};

const TABLES: &[(&str, &str)] = &[
    ("node", include_str!("../../../facts/tags/node.tsv")),
    ("python", include_str!("../../../facts/tags/python.tsv")),
    ("golang", include_str!("../../../facts/tags/golang.tsv")),
    ("debian", include_str!("../../../facts/tags/debian.tsv")),
    ("ubuntu", include_str!("../../../facts/tags/ubuntu.tsv")),
    ("alpine", include_str!("../../../facts/tags/alpine.tsv")),
    ("nginx", include_str!("../../../facts/tags/nginx.tsv")),
];

/// A tag that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// `node`
    pub image: &'static str,
    /// `22.11.0`; `.` when the tag is a variant alone.
    version: &'static str,
    /// `bookworm-slim`; `.` when the tag is a version alone.
    variant: &'static str,
    /// `bookworm`, `3.20`; `?` when it is not known.
    suite: &'static str,
    /// The day it was last built, when it is built no more.
    frozen: Option<&'static str>,
    /// The line's other variants.
    variants: &'static str,
}

/// The tag `tag` of the official image `image`, if it exists or existed.
pub fn tag(image: &str, tag: &str) -> Option<Tag> {
    let (image, table) = TABLES.iter().find(|(name, _)| *name == image)?;
    // The version may hold a dash itself (`lts-jod`, `3.13-rc`): try the longest first.
    let cuts = tag.rmatch_indices('-').map(|(at, _)| (&tag[..at], &tag[at + 1..]));
    std::iter::once((tag, ".")).chain(cuts).chain([(".", tag)]).find_map(|(version, variant)| {
        let (version, frozen, variants) = line(table, version)?;
        let (variant, suite) = find_variant(variants, variant)?;
        Some(Tag { image, version, variant, suite, frozen, variants })
    })
}

/// The line of `version`, cut into its columns.
fn line(table: &'static str, version: &str) -> Option<(&'static str, Option<&'static str>, &'static str)> {
    let (_, mut lines) = table.split_once('\n')?;
    // Binary search over the bytes: each probe moves to the start of its line.
    while !lines.is_empty() {
        let middle = lines.len() / 2;
        let start = lines.as_bytes()[..middle].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let end = lines[start..].find('\n').map_or(lines.len(), |at| start + at + 1);
        let mut columns = lines[start..end].trim_end().splitn(3, '\t');
        let (found, gone, variants) = (columns.next()?, columns.next()?, columns.next()?);
        match version.as_bytes().cmp(found.as_bytes()) {
            std::cmp::Ordering::Equal => return Some((found, (gone != "-").then_some(gone), variants)),
            std::cmp::Ordering::Less => lines = &lines[..start],
            std::cmp::Ordering::Greater => lines = &lines[end..],
        }
    }
    None
}

fn find_variant(variants: &'static str, wanted: &str) -> Option<(&'static str, &'static str)> {
    variants.split(' ').filter_map(|entry| entry.split_once('=')).find(|(variant, _)| *variant == wanted)
}

impl Tag {
    /// The tag as written after the colon.
    pub fn name(&self) -> String {
        join(self.version, self.variant)
    }

    /// The minor version of Python 3 in an image of it: `12` for `python:3.12-slim`.
    pub fn python_minor(&self) -> Option<u16> {
        let version = self.version.strip_prefix("3.").filter(|_| self.image == "python")?;
        version.split(['.', '-']).next()?.parse().ok()
    }

    /// How much of a distribution it carries.
    pub fn class(&self) -> Class {
        if self.image == "alpine" || self.variant.starts_with("alpine") {
            Class::Alpine
        } else if self.variant.split('-').any(|part| part == "slim") {
            Class::Slim
        } else {
            Class::Full
        }
    }

    /// What all images of this class have in common.
    pub fn family(&self) -> Option<&'static Family> {
        family(self.image, self.class())
    }

    /// The distribution's release, when it is known.
    pub fn release(&self) -> Option<&'static Release> {
        release(self.suite)
    }

    /// The day it was last built, when it is built no more (and gets no security updates).
    pub fn frozen(&self) -> Option<&'static str> {
        self.frozen
    }

    /// The same version in another class: on the same suite for `Slim`, whatever Alpine release the tag has
    /// by default for `Alpine`. Only a tag that exists.
    pub fn in_class(&self, class: Class) -> Option<Self> {
        if self.class() == class {
            return Some(*self);
        }
        if self.version == "latest" {
            // `node:slim` is made from what `node:latest` is.
            let table = TABLES.iter().find(|(name, _)| *name == self.image)?.1;
            let (version, frozen, variants) = line(table, ".")?;
            return Self { version, frozen, variants, ..*self }.in_class(class);
        }
        let pinned = release(self.variant.trim_end_matches("-slim").trim_start_matches("slim-"));
        let pinned = pinned.filter(|release| release.distro == Distro::Debian);
        let (variant, suite) = match (class, pinned) {
            (Class::Alpine, _) => find_variant(self.variants, "alpine")?,
            (Class::Slim, None) => find_variant(self.variants, "slim")?,
            (Class::Slim, Some(suite)) => find_variant(self.variants, &format!("{}-slim", suite.name))
                .or_else(|| find_variant(self.variants, &format!("slim-{}", suite.name)))?,
            (Class::Full, _) => return None,
        };
        let same_suite = class != Class::Slim || (suite == self.suite && suite != "?");
        same_suite.then_some(Self { variant, suite, ..*self })
    }
}

fn join(version: &str, variant: &str) -> String {
    match (version, variant) {
        (version, ".") => version.to_owned(),
        (".", variant) => variant.to_owned(),
        (version, variant) => format!("{version}-{variant}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(image: &str, from: &str, class: Class) -> Option<String> {
        tag(image, from)?.in_class(class).map(|tag| tag.name())
    }

    #[test]
    fn derived_tags_keep_version_and_suite() {
        let cases = [
            ("node", "22", Class::Alpine, Some("22-alpine")),
            ("node", "22-bookworm", Class::Slim, Some("22-bookworm-slim")),
            ("node", "16.20.0", Class::Alpine, Some("16.20.0-alpine")),
            ("node", "22-slim", Class::Alpine, Some("22-alpine")),
            ("python", "3.12-bookworm", Class::Slim, Some("3.12-slim-bookworm")),
            ("python", "3.12.10", Class::Slim, Some("3.12.10-slim")),
            ("golang", "1.25", Class::Alpine, Some("1.25-alpine")),
            ("golang", "1.25", Class::Slim, None),
            ("debian", "bookworm", Class::Slim, Some("bookworm-slim")),
            ("node", "99", Class::Alpine, None),
            ("node", "lts-jod", Class::Alpine, None),
            ("node", "latest", Class::Alpine, Some("alpine")),
            ("python", "latest", Class::Slim, Some("slim")),
            ("debian", "latest", Class::Slim, None),
            ("ubuntu", "24.04", Class::Slim, None),
        ];
        for (image, from, class, expected) in cases {
            assert_eq!(derive(image, from, class).as_deref(), expected, "{image}:{from} in {class:?}");
        }
    }

    #[test]
    fn every_line_of_every_table_is_found_again() {
        for (image, table) in TABLES {
            for line in table.lines().skip(1) {
                let mut columns = line.split('\t');
                let (version, variants) = (columns.next().unwrap(), columns.nth(1).unwrap());
                for entry in variants.split(' ') {
                    let (variant, suite) = entry.split_once('=').unwrap();
                    let name = join(version, variant);
                    let found = tag(image, &name).unwrap_or_else(|| panic!("{image}:{name}"));
                    assert_eq!((found.name(), found.suite), (name, suite), "{image}");
                }
            }
        }
    }

    #[test]
    fn what_stands_under_a_tag_is_known() {
        let old = tag("node", "16").unwrap();
        assert!(old.release().unwrap().mirror_gone && old.frozen().is_some());
        assert_eq!(old.family().unwrap().has_tool("git"), Some(true));
        assert_eq!(tag("node", "22-slim").unwrap().family().unwrap().has_tool("git"), Some(false));
        assert_eq!(tag("alpine", "3.20.3").unwrap().release().unwrap().name, "3.20");
    }
}
