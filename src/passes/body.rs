//! What a RUN runs, read in the shell that runs it.

use super::Cx;
use super::shipped::root_image;
use crate::dockerfile::Instruction;
use crate::image::{Known, Stage};
use crate::shell::{self, Body, Dialect, Script, Shell};
use std::rc::Rc;

/// What a RUN runs, read once.
#[derive(Debug)]
pub struct RunBody {
    /// Its form.
    pub body: Body,
    /// Its commands; `Opaque` for what is not a shell's.
    pub shell: Rc<Shell>,
    /// How its shell is started.
    pub started: Started,
}

/// Options with which SHELL starts each RUN's shell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// `-e`: a failing command ends the script.
    pub errexit: bool,
    /// `-o pipefail`: any failing part fails a pipeline.
    pub pipefail: bool,
    /// It reads a file of the image first (`-l`, `-i`, `BASH_ENV`), which an earlier RUN may have changed.
    pub reads_files: bool,
}

impl RunBody {
    pub(super) fn read(cx: &Cx<'_>, run: &Instruction) -> Self {
        let body = shell::body(run, cx.file.text());
        let (interpreter, started) = match cx.stages.stage_of(run) {
            Some(stage) => interpreter(cx, stage, run),
            None => (Err("it stands before the first FROM".to_owned()), Started::default()),
        };
        let opaque = |why| Rc::new(Shell::Opaque(why));
        let shell = match (&body, interpreter) {
            (Body::Exec(_), _) => opaque("it is in exec form, which no shell reads".to_owned()),
            (Body::Foreign, _) => opaque("its heredoc names its own interpreter".to_owned()),
            (_, Err(why)) => opaque(why),
            (Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text), Ok(dialect)) => {
                cx.scripts().read(text, dialect)
            }
        };
        Self { body, shell, started }
    }

    /// The script, when it is shell form without heredocs and understood; else the reason.
    pub fn plain(&self) -> Result<&Script, String> {
        match (&self.body, &*self.shell) {
            (_, Shell::Opaque(why)) => Err(why.clone()),
            (Body::Shell(_), Shell::Parsed(script)) => Ok(script),
            _ => Err("it has a heredoc, whose end a joined command would miss".to_owned()),
        }
    }
}

/// Which shell runs `run`, and how it is started.
fn interpreter(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction) -> (Result<Dialect, String>, Started) {
    let before = stage.state_before(run);
    let env = |name| !matches!(before.env(name), Known::Inherited);
    let inherited = Started { reads_files: env("BASH_ENV"), ..Started::default() };
    match before.shell() {
        Some(words) => match read_shell(words) {
            Ok((dialect, started)) => {
                let reads_files = started.reads_files || inherited.reads_files;
                (Ok(dialect), Started { reads_files, ..started })
            }
            Err(why) => (Err(why), inherited),
        },
        None if cx.file.escape() == '`' => (Err("the file is written for Windows".to_owned()), inherited),
        None => {
            let image = root_image(cx, stage).to_lowercase();
            if is_windows(&image) {
                return (Err("its base image is Windows".to_owned()), inherited);
            }
            (Ok(Dialect::Sh), Started { errexit: has_strict_shell(&image), ..inherited })
        }
    }
}

fn is_windows(image: &str) -> bool {
    ["windows", "nanoserver", "servercore"].iter().any(|part| image.contains(part))
}

/// Images whose own SHELL is `/bin/bash -exo pipefail -c`: <https://github.com/CircleCI-Public/cimg-base>.
fn has_strict_shell(image: &str) -> bool {
    image.starts_with("cimg/") || image.starts_with("docker.io/cimg/")
}

/// Reads the words of a SHELL instruction: the program, its options, and `-c` last.
fn read_shell(words: &[String]) -> Result<(Dialect, Started), String> {
    let foreign = || Err(format!("its SHELL is {}", words.join(" ")));
    let words = match words.first().map(String::as_str) {
        Some("/usr/bin/env" | "env") => &words[1..],
        _ => words,
    };
    let Some((program, options)) = words.split_first() else { return foreign() };
    let dialect = match program.rsplit('/').next() {
        Some("sh" | "ash" | "dash") => Dialect::Sh,
        Some("bash") => Dialect::Bash,
        _ => return foreign(),
    };
    let mut started = Started::default();
    let mut options = options.iter().map(String::as_str);
    let mut takes_command = false;
    while let Some(option) = options.next() {
        let letters = match option {
            "--login" => "l",
            _ => option.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or("?"),
        };
        for letter in letters.chars() {
            match letter {
                'c' => takes_command = true,
                'e' => started.errexit = true,
                'l' | 'i' => started.reads_files = true,
                'u' | 'x' | 'v' => {}
                'o' => match options.next() {
                    Some("pipefail") => started.pipefail = true,
                    Some("errexit") => started.errexit = true,
                    Some("nounset" | "xtrace") => {}
                    _ => return foreign(),
                },
                _ => return foreign(),
            }
        }
    }
    if takes_command { Ok((dialect, started)) } else { foreign() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(words: &[&str]) -> Option<(Dialect, Started)> {
        read_shell(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).ok()
    }

    #[test]
    fn shells_are_told_by_program_and_options() {
        let started = |errexit, pipefail, reads_files| Started { errexit, pipefail, reads_files };
        let cases = [
            (&["/bin/sh", "-c"][..], Some((Dialect::Sh, started(false, false, false)))),
            (&["/bin/bash", "-exo", "pipefail", "-c"], Some((Dialect::Bash, started(true, true, false)))),
            (&["/bin/bash", "-o", "pipefail", "-ec"], Some((Dialect::Bash, started(true, true, false)))),
            (&["/usr/bin/env", "bash", "-lc"], Some((Dialect::Bash, started(false, false, true)))),
            (&["bash", "--login", "-c"], Some((Dialect::Bash, started(false, false, true)))),
            (&["powershell", "-Command"], None),
            (&["cmd", "/S", "/C"], None),
            (&["/bin/bash"], None),
            (&["conda", "run", "-n", "env", "/bin/bash", "-c"], None),
            (&[], None),
        ];
        for (words, expected) in cases {
            assert_eq!(shell(words), expected, "{words:?}");
        }
    }
}
