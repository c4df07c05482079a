//! What a list of distribution files means for an install: a pure wheel, one for musl, one for glibc only, or
//! a build from source.

use crate::project::finding::Finding;

/// How a package arrives on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wheel {
    /// A wheel without compiled code.
    Pure,
    /// Compiled wheels for glibc and for musl.
    Musllinux,
    /// A compiled wheel for glibc; on musl a pure one takes its place, which may lack a native part.
    PureFallback,
    /// A compiled wheel for glibc; on musl it is built from source.
    ManylinuxOnly,
    /// A compiled wheel for glibc; on musl it cannot be installed at all.
    ManylinuxOnlyNoSdist,
    /// Built from source everywhere.
    SdistOnly,
}

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// amd64
    X86_64,
    /// arm64
    Aarch64,
}

impl Arch {
    /// As platform tags name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }
}

/// What is installed onto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The minor version of `CPython` 3, when it is known.
    pub python: Option<u16>,
    /// All of these must be served.
    pub arches: &'static [Arch],
    /// The version of glibc, when it is known (2.36 in Debian bookworm); else a recent one is assumed.
    pub glibc: Option<(u16, u16)>,
}

impl Target {
    /// `CPython` 3.`python` on amd64 and arm64.
    pub const fn new(python: Option<u16>) -> Self {
        Self { python, arches: &[Arch::X86_64, Arch::Aarch64], glibc: None }
    }
}

/// Minor versions tried when the target's is not known.
const MINORS: std::ops::RangeInclusive<u16> = 8..=14;

/// What `files` (names, as a lock lists them) mean for `target`.
pub fn classify<S: AsRef<str>>(files: &[S], target: &Target) -> Finding<Wheel> {
    let files: Vec<File<'_>> = files.iter().filter_map(|file| File::parse(file.as_ref())).collect();
    if files.is_empty() {
        return Finding::unknown("no distribution file is listed");
    }
    if let Some(minor) = target.python {
        return for_minor(&files, minor, target).map_or_else(
            || Finding::unknown(format!("no listed file fits CPython 3.{minor} on {}", arches(target))),
            |wheel| Finding::known(wheel, []),
        );
    }
    let mut answers = MINORS.filter_map(|minor| for_minor(&files, minor, target));
    match answers.next() {
        Some(first) if answers.all(|other| other == first) => Finding::known(first, []),
        _ => Finding::unknown("the files differ by Python version, and it is not known"),
    }
}

fn arches(target: &Target) -> String {
    target.arches.iter().map(|arch| arch.name()).collect::<Vec<_>>().join(" and ")
}

/// The worst of all architectures.
fn for_minor(files: &[File<'_>], minor: u16, target: &Target) -> Option<Wheel> {
    target
        .arches
        .iter()
        .map(|&arch| for_arch(files, minor, arch, target.glibc))
        .try_fold(Wheel::Pure, |worst, one| Some(worst.max(one?)))
}

fn for_arch(files: &[File<'_>], minor: u16, arch: Arch, glibc: Option<(u16, u16)>) -> Option<Wheel> {
    let fits = |wanted: fn(&Platform, Arch, Option<(u16, u16)>) -> bool| {
        files.iter().any(|file| match file {
            File::Wheel { python, abi, platforms } => {
                runs_on(python, abi, minor) && platforms.iter().any(|platform| wanted(platform, arch, glibc))
            }
            File::Sdist => false,
        })
    };
    let any = fits(|platform, _, _| *platform == Platform::Any);
    let musl = fits(|platform, arch, _| *platform == Platform::Musl(arch));
    let many = fits(|platform, arch, glibc| match platform {
        Platform::Glibc(own, floor) => *own == arch && glibc.is_none_or(|glibc| *floor <= glibc),
        _ => false,
    });
    let sdist = files.iter().any(|file| matches!(file, File::Sdist));
    match (musl, many, any, sdist) {
        // A wheel for musl alone leaves glibc to the pure one or to a build: rare, and no worse than that.
        (true, true, _, _) | (true, false, true, _) => Some(Wheel::Musllinux),
        (false, true, true, _) => Some(Wheel::PureFallback),
        (false, false, true, _) => Some(Wheel::Pure),
        (false, true, false, true) => Some(Wheel::ManylinuxOnly),
        (false, true, false, false) => Some(Wheel::ManylinuxOnlyNoSdist),
        (_, false, false, true) => Some(Wheel::SdistOnly),
        (_, false, false, false) => None,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum File<'f> {
    Wheel { python: Vec<&'f str>, abi: Vec<&'f str>, platforms: Vec<Platform> },
    Sdist,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    Any,
    Musl(Arch),
    Glibc(Arch, (u16, u16)),
    Other,
}

impl<'f> File<'f> {
    fn parse(name: &'f str) -> Option<Self> {
        let Some(stem) = name.strip_suffix(".whl") else {
            let is_sdist = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"].iter().any(|end| name.ends_with(end));
            return is_sdist.then_some(Self::Sdist);
        };
        let mut parts = stem.rsplitn(4, '-');
        let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next()?;
        Some(Self::Wheel {
            python: python.split('.').collect(),
            abi: abi.split('.').collect(),
            platforms: platform.split('.').map(Platform::parse).collect(),
        })
    }
}

impl Platform {
    fn parse(tag: &str) -> Self {
        if tag == "any" {
            return Self::Any;
        }
        let arch = match tag {
            tag if tag.ends_with("_x86_64") => Arch::X86_64,
            tag if tag.ends_with("_aarch64") => Arch::Aarch64,
            _ => return Self::Other,
        };
        if tag.starts_with("musllinux_") {
            return Self::Musl(arch);
        }
        let floor = match tag.strip_suffix(arch.name()).map(|tag| tag.trim_end_matches('_')) {
            Some("manylinux1") => Some((2, 5)),
            Some("manylinux2010") => Some((2, 12)),
            Some("manylinux2014") => Some((2, 17)),
            Some("linux") => Some((2, 0)),
            Some(tag) => tag.strip_prefix("manylinux_").and_then(|version| {
                let (major, minor) = version.split_once('_')?;
                Some((major.parse().ok()?, minor.parse().ok()?))
            }),
            None => None,
        };
        floor.map_or(Self::Other, |floor| Self::Glibc(arch, floor))
    }
}

fn runs_on(python: &[&str], abi: &[&str], minor: u16) -> bool {
    let own = format!("cp3{minor}");
    let stable = abi.contains(&"abi3");
    python.iter().any(|tag| {
        if *tag == own {
            // `cp313t` is another interpreter.
            return abi.iter().any(|abi| *abi == "none" || *abi == "abi3" || *abi == own || *abi == format!("{own}m"));
        }
        if *tag == "py3" {
            return abi.contains(&"none");
        }
        let number = |prefix: &str| tag.strip_prefix(prefix)?.parse::<u16>().ok();
        match (number("cp3"), number("py3")) {
            (Some(first), _) => first <= minor && (stable || (abi.contains(&"none") && first == minor)),
            (None, Some(first)) => first <= minor && abi.contains(&"none"),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(minor: u16, files: &[&str]) -> Option<Wheel> {
        classify(files, &Target::new(Some(minor))).value().copied()
    }

    #[test]
    fn tags_decide() {
        let pure = ["a-1-py3-none-any.whl", "a-1.tar.gz"];
        assert_eq!(on(12, &pure), Some(Wheel::Pure));
        assert_eq!(on(12, &["a-1-py2.py3-none-any.whl"]), Some(Wheel::Pure));
        assert_eq!(on(12, &["a-1.tar.gz"]), Some(Wheel::SdistOnly));
        assert_eq!(on(12, &["a-1-py2-none-any.whl"]), None);
        let glibc = [
            "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-cp312-cp312-manylinux_2_17_aarch64.whl",
        ];
        assert_eq!(on(12, &glibc), Some(Wheel::ManylinuxOnlyNoSdist));
        assert_eq!(on(13, &glibc), None);
        assert_eq!(on(12, &[&glibc[..], &["a-1.tar.gz"]].concat()), Some(Wheel::ManylinuxOnly));
        assert_eq!(on(12, &[&glibc[..], &["a-1-py3-none-any.whl"]].concat()), Some(Wheel::PureFallback));
        let musl = ["a-1-cp38-abi3-musllinux_1_2_x86_64.whl", "a-1-cp38-abi3-musllinux_1_2_aarch64.whl"];
        assert_eq!(on(12, &[&glibc[..], &musl[..]].concat()), Some(Wheel::Musllinux));
        assert_eq!(
            on(12, &[&glibc[..], &musl[..1], &["a-1.tar.gz"]].concat()),
            Some(Wheel::ManylinuxOnly),
            "arm64 lacks one"
        );
        assert_eq!(on(13, &["a-1-cp313-cp313t-manylinux_2_17_x86_64.whl", "a-1.zip"]), Some(Wheel::SdistOnly));
        assert_eq!(on(7, &["a-1-cp38-abi3-musllinux_1_2_x86_64.whl"]), None);
    }

    #[test]
    fn without_a_python_version_only_what_holds_for_all_is_known() {
        let all = ["a-1-py3-none-any.whl"];
        assert_eq!(classify(&all, &Target::new(None)).value(), Some(&Wheel::Pure));
        let some =
            ["a-1-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1-cp312-cp312-manylinux_2_17_aarch64.whl", "a-1.tar.gz"];
        assert!(classify(&some, &Target::new(None)).why_unknown().unwrap().contains("Python version"));
        assert!(classify::<&str>(&[], &Target::new(Some(12))).why_unknown().is_some());
    }

    #[test]
    fn an_older_glibc_than_the_wheel_wants_means_a_build() {
        let files = ["a-1-py3-none-manylinux_2_34_x86_64.whl", "a-1.tar.gz"];
        let target = Target { python: Some(11), arches: &[Arch::X86_64], glibc: Some((2, 31)) };
        assert_eq!(classify(&files, &target).value(), Some(&Wheel::SdistOnly));
        assert_eq!(classify(&files, &Target { glibc: Some((2, 36)), ..target }).value(), Some(&Wheel::ManylinuxOnly));
    }
}
