//! What the common file tools do with their arguments.

use super::{How, Walk, fetch};
use crate::passes::packages::{self, Action};
use crate::passes::paths::{self, Directory};
use crate::shell::{ShellWord, Simple};

/// Notes what `simple` touches, and follows its `cd`.
pub(super) fn simple<'s>(walk: &mut Walk<'s>, simple: &'s Simple) {
    let Some(program) = packages::program(simple) else { return };
    let args = &packages::words(simple)[1..];
    match program {
        "cd" => change_directory(walk, simple, args),
        "pushd" | "popd" => walk.directory = Directory::unknown(simple.span.start),
        "curl" => fetch::curl(walk, simple, args),
        "wget" => fetch::wget(walk, simple, args),
        "tar" | "bsdtar" => tar(walk, simple, args),
        "unzip" => unzip(walk, simple, args),
        "gunzip" | "bunzip2" | "unxz" | "unlzma" | "unzstd" => decompress(walk, simple, program, args),
        "gzip" | "bzip2" | "xz" | "zstd" if args.iter().any(|arg| is_short(arg, 'd') || arg.raw == "--decompress") => {
            decompress(walk, simple, program, args);
        }
        "sh" | "bash" | "dash" | "ash" | "python" | "python3" | "php" | "perl" | "ruby" => {
            let inline = args.iter().any(|arg| matches!(arg.raw.as_str(), "-c" | "-m" | "-e" | "-r"));
            if let Some(word) = operands(args, &["-o", "-W", "-X", "-d"]).first().filter(|_| !inline) {
                walk.touch(simple, word, How::Run);
            }
        }
        "7z" | "7za" if args.first().is_some_and(|arg| matches!(arg.raw.as_str(), "x" | "e")) => {
            if let Some(word) = operands(args, &[]).get(1) {
                walk.touch(simple, word, How::Unpack);
            }
        }
        "dpkg" if args.iter().any(|arg| matches!(arg.raw.as_str(), "--install") || is_short(arg, 'i')) => {
            each(walk, simple, args, &[How::Unpack]);
        }
        "rpm" if args.first().is_some_and(|arg| arg.raw.starts_with("-i") || arg.raw.starts_with("-U")) => {
            each(walk, simple, args, &[How::Unpack]);
        }
        "git" => git(walk, simple, args),
        "mkdir" => {
            for word in operands(args, &["-m", "--mode"]) {
                walk.touch(simple, word, How::MakeDirectory);
            }
        }
        "touch" | "tee" => each(walk, simple, args, &[How::Write]),
        "cp" | "mv" | "install" | "ln" => copy(walk, simple, program, args),
        "rm" | "unlink" | "rmdir" => operands(args, &[]).iter().for_each(|word| remove(walk, simple, word)),
        "find" => find(walk, simple, args),
        "chmod" | "chown" | "chgrp" => change(walk, simple, args),
        "strip" => {
            let files = operands(args, &["-K", "-N", "-R", "-o"]);
            for word in files {
                walk.touch(simple, word, How::Change { recursive: false });
            }
        }
        "sed" if args.iter().any(|arg| arg.raw.starts_with("-i") || arg.raw.starts_with("--in-place")) => {
            let script_apart = args.iter().any(|arg| matches!(arg.raw.as_str(), "-e" | "-f"));
            let files = operands(args, &["-e", "-f"]);
            let files = files.iter().skip(usize::from(!script_apart));
            files.for_each(|word| walk.touch(simple, word, How::Change { recursive: false }));
        }
        _ => install(walk, simple),
    }
}

/// Words that are no options, nor the values of the options in `with_value`.
fn operands<'s>(args: &'s [ShellWord], with_value: &[&str]) -> Vec<&'s ShellWord> {
    let mut found = vec![];
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        if word.raw == "--" {
            found.extend(rest);
            break;
        }
        if with_value.contains(&word.raw.as_str()) {
            rest.next();
        } else if !word.raw.starts_with('-') {
            found.push(word);
        }
    }
    found
}

fn is_short(word: &ShellWord, letter: char) -> bool {
    word.raw.starts_with('-') && !word.raw.starts_with("--") && word.raw.contains(letter)
}

fn each<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord], hows: &[How<'s>]) {
    for word in operands(args, &[]) {
        for how in hows {
            walk.touch(simple, word, *how);
        }
    }
}

/// The compressed file goes, unless it is kept or the output is elsewhere.
fn decompress<'s>(walk: &mut Walk<'s>, simple: &'s Simple, program: &str, args: &'s [ShellWord]) {
    let keeps = |arg: &ShellWord| {
        is_short(arg, 'c') || is_short(arg, 'k') || matches!(arg.raw.as_str(), "--stdout" | "--to-stdout" | "--keep")
    };
    let kept = program.contains("zstd") || args.iter().any(keeps);
    each(walk, simple, args, if kept { &[How::Unpack] } else { &[How::Unpack, How::Remove] });
}

fn change_directory<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let to = match operands(args, &[])[..] {
        [word] if word.raw != "-" => paths::text_of(word),
        _ => None,
    };
    walk.directory = match to {
        // `cd $dir` goes to a place that the same text later names relative to another one.
        Some(path) if !path.starts_with('$') => walk.directory.to(&path),
        _ => Directory::unknown(simple.span.start),
    };
}

fn tar<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let (mut archive, mut into, mut extracts) = (None, None, false);
    let mut rest = args.iter().enumerate();
    while let Some((at, word)) = rest.next() {
        let raw = word.raw.as_str();
        match raw {
            "-C" | "--directory" => into = rest.next().map(|(_, word)| word),
            "--file" => archive = rest.next().map(|(_, word)| word),
            "--extract" | "--get" => extracts = true,
            "--strip-components" | "--exclude" | "-X" | "--wildcards" => drop(rest.next()),
            _ if raw.starts_with("--") => {}
            // `xzf FILE`, `-xzf FILE`; in the old form each value follows in turn.
            _ if raw.starts_with('-') || at == 0 => {
                extracts |= raw.contains('x');
                if raw.ends_with('f') {
                    archive = rest.next().map(|(_, word)| word);
                } else if raw.ends_with('C') {
                    into = rest.next().map(|(_, word)| word);
                } else if raw.contains('f') {
                    return;
                }
            }
            _ => {}
        }
    }
    if extracts {
        if let Some(word) = archive {
            walk.touch(simple, word, How::Unpack);
        }
        match into {
            Some(word) => walk.touch(simple, word, How::Tree),
            None => walk.note(simple, None, ".", How::Tree),
        }
    }
}

fn unzip<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let into = args.iter().position(|arg| arg.raw == "-d").and_then(|at| args.get(at + 1));
    if let Some(word) = operands(args, &["-d"]).first() {
        walk.touch(simple, word, How::Unpack);
    }
    match into {
        Some(word) => walk.touch(simple, word, How::Tree),
        None => walk.note(simple, None, ".", How::Tree),
    }
}

fn git<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let operands = operands(args, &["-b", "--branch", "--depth", "-c", "-o", "--origin", "--filter", "-j"]);
    match operands[..] {
        [clone, _, into] if clone.raw == "clone" => walk.touch(simple, into, How::Tree),
        [clone, url] if clone.raw == "clone" => {
            let name = paths::text_of(url);
            if let Some(name) = name.as_deref().map(paths::file_name).filter(|name| !name.is_empty()) {
                walk.note(simple, None, name.strip_suffix(".git").unwrap_or(name), How::Tree);
            }
        }
        _ => {}
    }
}

fn copy<'s>(walk: &mut Walk<'s>, simple: &'s Simple, program: &str, args: &'s [ShellWord]) {
    let operands = operands(args, &["-m", "--mode", "-o", "-g", "-t", "--owner", "--group", "-S"]);
    if program == "install" && args.iter().any(|arg| is_short(arg, 'd')) {
        for word in operands {
            walk.touch(simple, word, How::MakeDirectory);
        }
        return;
    }
    let Some((into, from)) = operands.split_last() else { return };
    if program == "mv" {
        for word in from {
            walk.touch(simple, word, How::MoveAway);
        }
    }
    // A link has no bytes of its own.
    if program != "ln" && !from.is_empty() {
        walk.touch(simple, into, How::Copy);
    }
}

fn remove<'s>(walk: &mut Walk<'s>, simple: &'s Simple, word: &'s ShellWord) {
    if let Some(directory) = paths::all_in(word) {
        walk.note(simple, Some(word), &directory, How::RemoveMatching("*"));
        return;
    }
    let text = word.raw.as_str();
    let (directory, pattern) = text.rsplit_once('/').unwrap_or((".", text));
    let is_pattern = |text: &str| text.contains(['*', '?', '[', '{', '~', '`', '(', '$', '"', '\'', '\\']);
    if pattern.contains(['*', '?']) && !pattern.contains(['[', '{', '$', '"', '\'', '\\']) && !is_pattern(directory) {
        walk.note(simple, Some(word), if directory.is_empty() { "/" } else { directory }, How::RemoveMatching(pattern));
    } else {
        walk.touch(simple, word, How::Remove);
    }
}

/// `find DIR … -delete`: anything in it may go.
fn find<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    if args.iter().any(|arg| matches!(arg.raw.as_str(), "-delete" | "rm")) {
        let starts = args.iter().take_while(|arg| !arg.raw.starts_with(['-', '(', '!', '\\']));
        starts.for_each(|word| {
            if let Some(text) = paths::text_of(word) {
                walk.note(simple, Some(word), &text, How::RemoveMatching("*"));
            }
        });
    }
}

fn change<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let recursive = args.iter().any(|arg| is_short(arg, 'R') || arg.raw == "--recursive");
    let by_reference = args.iter().any(|arg| arg.raw.starts_with("--reference"));
    for word in operands(args, &[]).into_iter().skip(usize::from(!by_reference)) {
        match paths::all_in(word) {
            Some(directory) => walk.note(simple, Some(word), &directory, How::Change { recursive: true }),
            None => walk.touch(simple, word, How::Change { recursive }),
        }
    }
}

/// Packages that are files: `apt-get install ./x.deb`.
fn install<'s>(walk: &mut Walk<'s>, simple: &'s Simple) {
    if let Some(call) = packages::call(simple)
        && call.action == Action::Install
    {
        let is_file = |raw: &str| [".deb", ".rpm", ".apk"].iter().any(|end| raw.trim_end_matches('"').ends_with(end));
        call.packages.iter().filter(|word| is_file(&word.raw)).for_each(|word| walk.touch(simple, word, How::Unpack));
    }
}
