//! Which scripts of the context a command of the image names.

use crate::dockerfile::Logical;
use crate::image::{Exists, FileSystem, Form, Launch, Origin};
use crate::shell::{self, Dialect};

/// Directories in which a bare name is looked for, in order.
const PATH: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// So many words of a command are looked at.
const MOST_WORDS: usize = 12;

/// The scripts of the context that `launch` names, by their paths there: the program, and what it is handed.
pub fn named_by(launch: &Launch, files: &FileSystem<'_>, stage: usize, workdir: Option<&str>) -> Vec<String> {
    let commands: Vec<Vec<String>> = match &launch.form {
        Form::Exec(words) => vec![words.clone()],
        Form::Shell(text) => {
            let mut logical = Logical::default();
            logical.push(text, 0);
            let shell = shell::read(&logical, Dialect::Sh);
            let places = shell.script().map(shell::Script::commands).unwrap_or_default();
            places
                .iter()
                .map(|place| place.simple.words.iter().filter_map(|word| word.literal.clone()).collect())
                .collect()
        }
    };
    let mut found: Vec<String> = Vec::new();
    for words in &commands {
        for (at, word) in words.iter().take(MOST_WORDS).enumerate().filter(|(_, word)| !word.starts_with('-')) {
            if (at == 0 || word.contains('/') || word.contains('.'))
                && let Exists::Yes(Origin::Context { path, .. }) = find(word, at == 0, files, stage, workdir)
                && !found.contains(&path)
            {
                found.push(path);
            }
        }
    }
    found
}

/// Where the file that `word` names comes from; on PATH when it is the bare name of a program.
fn find(word: &str, program: bool, files: &FileSystem<'_>, stage: usize, workdir: Option<&str>) -> Exists {
    if word.starts_with('/') {
        return files.find(stage, word);
    }
    if program && !word.contains('/') {
        let places = PATH.iter().map(|dir| files.find(stage, &format!("{dir}/{word}")));
        return places.into_iter().find(|found| matches!(found, Exists::Yes(_))).unwrap_or(Exists::No);
    }
    match workdir {
        Some(dir) => files.find(stage, &format!("{dir}/{word}")),
        None => Exists::Unknown("the working directory is not known".to_owned()),
    }
}
