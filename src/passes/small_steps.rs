//! Commands that do little, and always the same: they neither download, nor install, nor build.

use super::packages;
use crate::shell::Simple;

/// Whether a command does little, and always the same.
pub fn is_small(simple: &Simple) -> bool {
    let Some(program) = packages::program(simple) else { return simple.words.is_empty() };
    let first = || packages::words(simple).get(1).map_or("", |word| word.raw.as_str());
    match program {
        "git" | "npm" | "yarn" | "pip" | "pip3" | "bundle" => first() == "config",
        "systemctl" => matches!(first(), "enable" | "disable" | "mask"),
        _ => SMALL.contains(&program),
    }
}

/// Programs of small steps, sorted.
const SMALL: [&str; 70] = [
    ":",
    "[",
    "a2disconf",
    "a2dismod",
    "a2dissite",
    "a2enconf",
    "a2enmod",
    "a2ensite",
    "addgroup",
    "adduser",
    "cat",
    "cd",
    "chgrp",
    "chkconfig",
    "chmod",
    "chown",
    "chpasswd",
    "chsh",
    "cp",
    "crontab",
    "cut",
    "date",
    "dos2unix",
    "dpkg-reconfigure",
    "echo",
    "export",
    "fc-cache",
    "gpasswd",
    "grep",
    "groupadd",
    "groupdel",
    "groupmod",
    "head",
    "hostname",
    "id",
    "install",
    "ldconfig",
    "ln",
    "locale-gen",
    "localedef",
    "ls",
    "mkdir",
    "mkfifo",
    "mv",
    "passwd",
    "phpdismod",
    "phpenmod",
    "printf",
    "pwd",
    "rm",
    "rmdir",
    "sed",
    "set",
    "setcap",
    "sort",
    "tail",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "update-alternatives",
    "update-ca-certificates",
    "update-ca-trust",
    "update-locale",
    "update-rc.d",
    "useradd",
    "userdel",
    "usermod",
    "whoami",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_steps_are_sorted() {
        assert!(SMALL.is_sorted());
    }
}
