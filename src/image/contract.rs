//! The Contract: what a container can observe of a stage's configuration.
//!
//! Values are compared as written, variables expanded where they can be: two files with the same contract
//! start the same program in the same way. What the base image brings and no instruction touches is equal by
//! construction while FROM stays the same; a pass that swaps the base must make it explicit.

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
        // From the root of the chain of stages to this one; every base is an earlier stage, so it ends.
        let mut chain = vec![stage];
        while let Base::Stage(parent) = chain[chain.len() - 1].base {
            chain.extend(stages.get(parent));
        }
        let mut contract = Self::default();
        for (depth, stage) in chain.iter().rev().enumerate() {
            if depth > 0 {
                contract.fields.remove("ONBUILD");
            }
            for instruction in &stage.instructions {
                contract.note(file, stage, instruction);
            }
        }
        contract
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
            Keyword::Entrypoint => {
                // Setting ENTRYPOINT resets a CMD of the base image, not one of this file's.
                self.set(Field::Entrypoint, command(instruction));
            }
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
