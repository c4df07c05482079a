//! Calls of the system package managers: who is called, to do what, with which packages.

use crate::image::base::Distro;
use crate::shell::{ShellWord, Simple};

/// A family of package managers that share their index and database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `apt-get`, `apt`, `aptitude`.
    Apt,
    /// `apk`.
    Apk,
    /// `dnf`, `yum`, `microdnf`, `tdnf`.
    Dnf,
    /// `zypper`.
    Zypper,
    /// `pacman`.
    Pacman,
}

/// What a package manager is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Fetch the index.
    Update,
    /// Add or upgrade packages.
    Install,
    /// Remove packages; `autoremove` is this without packages.
    Remove,
    /// Empty the caches.
    Clean,
    /// Anything else.
    Other,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'s> {
    /// Who.
    pub family: Family,
    /// What for.
    pub action: Action,
    /// The word that says so: `install`, `add`, `clean`.
    pub verb: &'s str,
    /// The packages, as written.
    pub packages: Vec<&'s ShellWord>,
    /// All options, as written.
    pub options: Vec<&'s str>,
    /// The name given by `apk add --virtual NAME`.
    pub group: Option<&'s str>,
}

impl Call<'_> {
    /// Whether one of `names` is among the options.
    pub fn has_option(&self, names: &[&str]) -> bool {
        self.options.iter().any(|option| names.contains(option))
    }
}

/// The name of a distribution's package: `curl=7.*`, `libc6:amd64`, `gcc~13` without what follows.
pub fn distribution_name(package: &str) -> &str {
    package.split(['=', ':', '~', '<', '>', '@']).next().unwrap_or(package)
}

/// `@scope/name@1.2` → `@scope/name`, `name==1.2` → `name`.
pub fn without_version(package: &str) -> &str {
    let first = package.chars().next().map_or(0, char::len_utf8);
    let at = package[first..].find(['@', '=', '<', '>', '~', '[']).map_or(package.len(), |at| first + at);
    &package[..at]
}

/// The command that installs `packages` and leaves nothing behind; at the end of its lines, a newline.
pub fn install(distro: Distro, packages: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = packages.iter().map(AsRef::as_ref).collect();
    let names = names.join(" ");
    match distro {
        Distro::Alpine => format!("apk add --no-cache {names}"),
        Distro::Debian | Distro::Ubuntu => format!(
            "apt-get update \\\n    && apt-get install -y --no-install-recommends {names} \\\n    && rm -rf /var/lib/apt/lists/*"
        ),
    }
}

/// The words of `simple` behind `sudo`, `env A=b` and the like; the first is the program.
pub fn words(simple: &Simple) -> &[ShellWord] {
    let mut words = &simple.words[..];
    while let [prefix, rest @ ..] = words {
        if !matches!(prefix.literal.as_deref(), Some("sudo" | "env" | "nice" | "time" | "command" | "eatmydata")) {
            break;
        }
        let skipped = rest.iter().take_while(|word| word.raw.starts_with('-') || is_assignment(&word.raw)).count();
        words = &rest[skipped..];
    }
    words
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The program that `simple` calls, without its directory.
pub fn program(simple: &Simple) -> Option<&str> {
    let name = words(simple).first()?.literal.as_deref()?;
    let standard = ["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];
    Some(standard.iter().find_map(|directory| name.strip_prefix(directory)).unwrap_or(name))
}

/// What `simple` asks of a package manager, when it calls one.
pub fn call(simple: &Simple) -> Option<Call<'_>> {
    let (family, with_value) = family(program(simple)?)?;
    let (mut verb, mut packages, mut options, mut group) = (None, vec![], vec![], None);
    let mut rest = words(simple)[1..].iter();
    while let Some(word) = rest.next() {
        let text = word.raw.as_str();
        if text.starts_with('-') && text.len() > 1 {
            options.push(text);
            if let Some(name) = text.strip_prefix("--virtual=") {
                group = Some(name);
            } else if with_value.contains(&text) {
                let value = rest.next();
                if matches!(text, "--virtual" | "-t") && family == Family::Apk {
                    group = value.map(|word| word.raw.as_str());
                }
            }
        } else if verb.is_none() && family != Family::Pacman {
            verb = Some(word.literal.as_deref().unwrap_or_default());
        } else {
            packages.push(word);
        }
    }
    let verb = if family == Family::Pacman { options.first().copied() } else { verb }?;
    Some(Call { family, action: action(family, verb), verb, packages, options, group })
}

/// The family of a program, and its options that take a word of their own.
fn family(program: &str) -> Option<(Family, &'static [&'static str])> {
    Some(match program {
        "apt-get" | "apt" | "aptitude" => (
            Family::Apt,
            &["-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a"],
        ),
        "apk" => (
            Family::Apk,
            &[
                "-X",
                "--repository",
                "-t",
                "--virtual",
                "-p",
                "--root",
                "--keys-dir",
                "--repositories-file",
                "--cache-dir",
            ],
        ),
        "dnf" | "yum" | "microdnf" | "tdnf" => (
            Family::Dnf,
            &["-c", "--config", "-x", "--enablerepo", "--disablerepo", "--repo", "--setopt", "--installroot"],
        ),
        "zypper" => (Family::Zypper, &["-R", "--root", "-r", "--repo", "-D", "-t", "--type"]),
        "pacman" => (Family::Pacman, &["-b", "-r"]),
        _ => return None,
    })
}

/// Verbs that add packages, of any family.
const INSTALL: [&str; 11] = [
    "install",
    "add",
    "in",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "safe-upgrade",
    "build-dep",
    "groupinstall",
    "localinstall",
    "reinstall",
];

fn action(family: Family, verb: &str) -> Action {
    match (family, verb) {
        (Family::Pacman, verb) if verb.starts_with("-Sc") => Action::Clean,
        (Family::Pacman, "-Sy" | "-Syy") => Action::Update,
        (Family::Pacman, verb) if verb.starts_with("-R") => Action::Remove,
        (Family::Pacman, verb) if verb.starts_with("-S") || verb.starts_with("-U") => Action::Install,
        (Family::Dnf, "update") | (Family::Zypper, "update" | "up" | "dup") => Action::Install,
        (_, "update" | "makecache" | "refresh" | "ref") => Action::Update,
        (_, verb) if INSTALL.contains(&verb) => Action::Install,
        (_, "remove" | "purge" | "autoremove" | "autopurge" | "erase" | "del" | "rm" | "groupremove") => Action::Remove,
        (_, "clean" | "autoclean" | "dist-clean" | "distclean" | "cc") => Action::Clean,
        _ => Action::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Logical;
    use crate::shell::{Dialect, Shell, read};

    fn told(text: &str) -> Option<(Family, Action, usize, Option<String>)> {
        let mut logical = Logical::default();
        logical.push(text, 0);
        let Shell::Parsed(script) = read(&logical, Dialect::Sh) else { panic!("{text}") };
        let commands = script.commands();
        let call = call(commands[0].simple)?;
        Some((call.family, call.action, call.packages.len(), call.group.map(str::to_owned)))
    }

    #[test]
    fn calls_are_told_apart() {
        let cases = [
            ("apt-get update -qq", Some((Family::Apt, Action::Update, 0, None))),
            ("sudo -E apt-get -o A=b -y install a b=1 $C", Some((Family::Apt, Action::Install, 3, None))),
            ("env DEBIAN_FRONTEND=x /usr/bin/apt-get clean", Some((Family::Apt, Action::Clean, 0, None))),
            ("apk add --virtual .d -X http://x gcc", Some((Family::Apk, Action::Install, 1, Some(".d".into())))),
            ("apk del .d", Some((Family::Apk, Action::Remove, 1, None))),
            ("yum -y update", Some((Family::Dnf, Action::Install, 0, None))),
            ("pacman -Syu --noconfirm git", Some((Family::Pacman, Action::Install, 1, None))),
            ("apt-cache policy x", None),
            ("echo apt-get", None),
        ];
        for (text, expected) in cases {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
