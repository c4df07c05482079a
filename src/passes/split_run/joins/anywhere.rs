//! Scripts to which the directory in which they start makes no difference.

use crate::passes::packages;
use crate::shell::{Script, ShellWord, Simple};

/// Whether the script first of all goes to an absolute directory, and knows of no other.
pub(super) fn goes_elsewhere(script: &Script) -> bool {
    let commands = script.commands();
    let Some(first) = commands.first() else { return false };
    let leads = |simple: &Simple| {
        simple.name() == Some("cd")
            && simple.words.len() == 2
            && is_absolute(&simple.words[1])
            && simple.redirects.is_empty()
    };
    let looks_back = |word: &ShellWord| word.raw.contains("OLDPWD") || word.raw == "-";
    first.top && leads(first.simple) && !commands.iter().any(|place| place.simple.words.iter().any(looks_back))
}

/// Whether every command is a simple file tool or package manager, and every path absolute.
pub(super) fn is_anywhere(script: &Script) -> bool {
    script.commands().iter().all(|place| of_simple(place.simple))
}

fn of_simple(simple: &Simple) -> bool {
    let Some(program) = packages::program(simple) else {
        return simple.words.is_empty() && simple.redirects.is_empty();
    };
    let args = &packages::words(simple)[1..];
    let redirected =
        simple.redirects.iter().any(|redirect| !is_absolute(&redirect.target) && !redirect.operator.ends_with('&'));
    if redirected {
        return false;
    }
    if packages::call(simple).is_some() {
        return args.iter().all(|arg| !arg.raw.contains('/') && !arg.raw.contains(".deb") && !arg.raw.contains(".rpm"));
    }
    let operands = |skipped: usize| args.iter().filter(|arg| !arg.raw.starts_with('-')).skip(skipped);
    match program {
        "rm" | "rmdir" | "mkdir" | "touch" | "mv" | "cp" | "ln" | "strip" | "unlink" => operands(0).all(is_absolute),
        "chmod" | "chown" | "chgrp" | "setcap" => operands(1).all(is_absolute),
        _ => WITHOUT_PATHS.contains(&program),
    }
}

/// Programs that take names, texts and switches, but no paths.
const WITHOUT_PATHS: [&str; 29] = [
    ":",
    "a2disconf",
    "a2dismod",
    "a2dissite",
    "a2enconf",
    "a2enmod",
    "a2ensite",
    "addgroup",
    "adduser",
    "chpasswd",
    "chsh",
    "dpkg-reconfigure",
    "echo",
    "gpasswd",
    "groupadd",
    "groupmod",
    "ldconfig",
    "locale-gen",
    "passwd",
    "phpdismod",
    "phpenmod",
    "printf",
    "systemctl",
    "true",
    "update-ca-certificates",
    "update-locale",
    "update-rc.d",
    "useradd",
    "usermod",
];

fn is_absolute(word: &ShellWord) -> bool {
    word.raw.trim_start_matches(['"', '\'']).starts_with('/')
}
