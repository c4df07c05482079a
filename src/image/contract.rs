//! The Contract: what a container can observe of a stage's configuration.
//!
//! Values are compared as written, variables expanded where they can be: two files with the same contract
//! start the same program in the same way. What a known base image brings counts as if it were written; of an
//! unknown one only its name counts, so that leaving it must be declared.

use super::base::{self, Family};
use super::stages::{Base, Stage, Stages};
use crate::dockerfile::{Args, Dockerfile, Instruction, Keyword, Pair};
use crate::proposal::Field;
use std::collections::{BTreeMap, BTreeSet};

/// What a container can observe of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// Every observable, with a printable value.
    fields: BTreeMap<String, (Field, String)>,
}

/// One observable that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub field: Field,
    /// Its value before; `None` when it was not set.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

impl Contract {
    /// The contract of `stage`, with what it inherits from earlier stages of the same file.
    pub fn of(file: &Dockerfile, stages: &Stages<'_>, stage: &Stage<'_>) -> Self {
        // From the root of the chain of stages to this one.
        let chain: Vec<&Stage<'_>> = stages.chain(stage).collect();
        let mut contract = Self::default();
        for (depth, stage) in chain.iter().rev().enumerate() {
            if depth == 0 {
                contract.inherit(&stage.base);
            }
            contract.fields.remove("ONBUILD");
            contract.note_all(file, stage);
        }
        contract
    }

    /// What the image at the root of the chain brings.
    fn inherit(&mut self, base: &Base) {
        let image = match base {
            Base::Image(image) | Base::Unknown(image) => image,
            Base::Scratch | Base::Stage(_) => return,
        };
        match base::official(image).and_then(|tag| tag.family()) {
            Some(family) => self.inherit_family(family),
            None => self.set(Field::Base, image.clone()),
        }
    }

    fn inherit_family(&mut self, family: &Family) {
        for name in family.env {
            self.set(Field::Env((*name).to_owned()), format!("<{}'s>", family.image));
        }
        if !family.entrypoint.is_empty() {
            self.set(Field::Entrypoint, format!("{:?}", family.entrypoint));
        }
        self.set(Field::Cmd, format!("{:?}", family.cmd));
        self.set(Field::Workdir, family.workdir.to_owned());
        if let Some(signal) = family.stopsignal {
            self.set(Field::Stopsignal, signal.to_owned());
        }
        for port in family.expose {
            self.add(Field::Expose, port);
        }
    }

    fn note_all(&mut self, file: &Dockerfile, stage: &Stage<'_>) {
        let mut sets_cmd = false;
        for instruction in &stage.instructions {
            sets_cmd |= instruction.keyword == Keyword::Cmd;
            if instruction.keyword == Keyword::Entrypoint && !sets_cmd {
                // ENTRYPOINT resets a CMD that the stage did not set itself (dispatchEntrypoint).
                self.fields.remove("CMD");
            }
            self.note(file, stage, instruction);
        }
    }

    /// What differs between the two, in a fixed order.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let keys: BTreeSet<&String> = self.fields.keys().chain(after.fields.keys()).collect();
        keys.into_iter()
            .filter_map(|key| {
                let (old, new) = (self.fields.get(key), after.fields.get(key));
                let field = old.or(new)?.0.clone();
                let (before, after) = (old.map(|(_, value)| value.clone()), new.map(|(_, value)| value.clone()));
                (before != after).then_some(Difference { field, before, after })
            })
            .collect()
    }

    fn set(&mut self, field: Field, value: String) {
        self.fields.insert(field.to_string(), (field, value));
    }

    /// EXPOSE, VOLUME and ONBUILD add to what is there.
    fn add(&mut self, field: Field, value: &str) {
        let (_, all) = self.fields.entry(field.to_string()).or_insert_with(|| (field, String::new()));
        let mut values: BTreeSet<&str> = all.split('\n').filter(|line| !line.is_empty()).collect();
        values.insert(value);
        *all = values.into_iter().collect::<Vec<_>>().join("\n");
    }

    fn note(&mut self, file: &Dockerfile, stage: &Stage<'_>, instruction: &Instruction) {
        let here = stage.state_before(instruction);
        let expand = |text: &str| here.expand(text, file.escape()).unwrap_or_else(|| text.to_owned());
        let rest = || instruction.rest.text().trim_end();
        match &instruction.keyword {
            Keyword::Env => {
                for Pair { key, value, .. } in pairs(instruction) {
                    self.set(Field::Env(expand(&key.value)), expand(&value.value));
                }
            }
            Keyword::Label => {
                for Pair { key, value, .. } in pairs(instruction) {
                    self.set(Field::Label(expand(&key.value)), expand(&value.value));
                }
            }
            Keyword::Workdir => {
                let path = expand(rest());
                let path = if path.starts_with('/') { path } else { self.below_workdir(&path) };
                self.set(Field::Workdir, path);
            }
            Keyword::User => self.set(Field::User, expand(rest())),
            Keyword::Stopsignal => self.set(Field::Stopsignal, expand(rest())),
            Keyword::Cmd => self.set(Field::Cmd, command(instruction)),
            Keyword::Entrypoint => self.set(Field::Entrypoint, command(instruction)),
            Keyword::Shell => self.set(Field::Shell, command(instruction)),
            Keyword::Healthcheck => {
                let flags: Vec<&str> = instruction.flags.iter().map(|flag| flag.span.of(file.text())).collect();
                self.set(Field::Healthcheck, format!("{} {}", flags.join(" "), rest()));
            }
            Keyword::Expose | Keyword::Volume => {
                let field = if instruction.keyword == Keyword::Expose { Field::Expose } else { Field::Volume };
                if let Args::Words(words) | Args::Json(words) = &instruction.args {
                    for word in words {
                        self.add(field.clone(), &expand(&word.value));
                    }
                }
            }
            Keyword::Onbuild => self.add(Field::Onbuild, instruction.code.of(file.text())),
            _ => {}
        }
    }

    fn below_workdir(&self, path: &str) -> String {
        let parent = self.fields.get("WORKDIR").map_or("<base>", |(_, value)| value.as_str());
        format!("{parent}/{path}")
    }
}

fn pairs(instruction: &Instruction) -> &[Pair] {
    if let Args::Pairs(pairs) = &instruction.args { pairs } else { &[] }
}

/// The form and the words: `["a"]` and `a` are different commands.
fn command(instruction: &Instruction) -> String {
    match &instruction.args {
        Args::Json(words) => format!("{:?}", words.iter().map(|word| &word.value).collect::<Vec<_>>()),
        _ => instruction.rest.text().trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(before: &str, after: &str) -> Vec<String> {
        let contract = |text: &str| {
            let file = Dockerfile::parse(text);
            let stages = Stages::of(&file);
            Contract::of(&file, &stages, stages.last().unwrap())
        };
        contract(before).differences(&contract(after)).iter().map(|found| found.field.to_string()).collect()
    }

    #[test]
    fn what_the_base_brings_counts() {
        assert_eq!(differences("FROM node:22\n", "FROM node:22-alpine\n"), [""; 0]);
        assert_eq!(differences("FROM golang:1.25\n", "FROM golang:1.25-alpine\n"), ["CMD"]);
        let explicit = "FROM alpine:3.23\nENV GOPATH=/go\nWORKDIR /go\nCMD [\"bash\"]\n";
        assert!(!differences("FROM golang:1.25\n", explicit).contains(&"WORKDIR".to_owned()));
        assert!(differences("FROM nginx\n", "FROM alpine:3.23\n").contains(&"STOPSIGNAL".to_owned()));
        assert_eq!(differences("FROM corp/node:22\n", "FROM corp/node:23\n"), ["BASE"]);
    }

    #[test]
    fn an_entrypoint_resets_the_command_below_it() {
        let entrypoint = "FROM node:22\nENTRYPOINT [\"a\"]\n";
        assert_eq!(differences("FROM node:22\n", entrypoint), ["CMD", "ENTRYPOINT"]);
        let both = "FROM node:22\nCMD [\"b\"]\nENTRYPOINT [\"a\"]\n";
        assert_eq!(differences(entrypoint, both), ["CMD"]);
    }

    #[test]
    fn stages_hand_down_what_they_set() {
        let two = "FROM node:22 AS a\nENV X=1\nWORKDIR /app\nFROM a\nWORKDIR src\n";
        assert_eq!(differences(two, "FROM node:22\nENV X=1\nWORKDIR /app/src\n"), [""; 0]);
        assert_eq!(differences(two, "FROM node:22\nENV X=2\nWORKDIR /app/src\n"), ["ENV X"]);
    }
}
