//! An image as it was read: its configuration, and its layers with their entries.

use super::secrets;
use super::tape::{Found, Spent, Tape};
use super::{Error, Limits, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use tar::EntryType;

/// An image.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The names that the archive gives it.
    pub names: Vec<String>,
    /// `linux/amd64`
    pub platform: String,
    /// What containers of it are started with.
    pub config: Config,
    /// From the bottom up.
    pub layers: Vec<Layer>,
    /// What made it, in order; those that made no layer too.
    pub history: Vec<Step>,
}

/// What containers are started with, as far as it is told here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Config {
    /// The user; empty for root.
    pub user: String,
    /// `8080/tcp`
    #[serde(deserialize_with = "nullable")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
}

fn nullable<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// A line of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The instruction, without what builders put around it.
    pub instruction: String,
    /// The layer that it made, from 0.
    pub layer: Option<usize>,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The bytes of its files.
    pub bytes: u64,
    /// The bytes of its archive as it lies there, and whether that is compressed.
    pub packed: (u64, bool),
    /// What it holds, in the order of the archive.
    pub entries: Vec<Entry>,
    /// What made it; empty when the history does not tell.
    pub instruction: String,
}

/// What a layer does at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Without a `/` at the start.
    pub path: Box<str>,
    /// What it does.
    pub kind: Kind,
    /// The bytes of a file.
    pub bytes: u64,
    /// What secret it holds.
    pub secret: Option<&'static str>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Another name of the file at this path of the same layer.
    Hard(Box<str>),
    /// A symbolic link, a device or a pipe.
    Other,
    /// Nothing: what lower layers have at the path is gone.
    Whiteout,
    /// A directory, of which nothing that lower layers have is left.
    Opaque,
}

/// The configuration blob.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    #[serde(deserialize_with = "nullable")]
    architecture: String,
    #[serde(deserialize_with = "nullable")]
    os: String,
    #[serde(deserialize_with = "nullable")]
    config: Config,
    #[serde(deserialize_with = "nullable")]
    history: Vec<Line>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    #[serde(deserialize_with = "nullable")]
    created_by: String,
    #[serde(deserialize_with = "nullable")]
    empty_layer: bool,
}

impl Image {
    /// Of the configuration and the layers that belong to it.
    pub(super) fn new(names: Vec<String>, document: Document, mut layers: Vec<Layer>) -> Self {
        let mut next = 0;
        let mut history = Vec::new();
        for line in document.history {
            let layer = (!line.empty_layer).then_some(next);
            next += usize::from(!line.empty_layer);
            history.push(Step { instruction: instruction(&line.created_by), layer });
        }
        if next == layers.len() {
            for step in &history {
                if let Some(layer) = step.layer {
                    layers[layer].instruction.clone_from(&step.instruction);
                }
            }
        } else {
            // It tells of other layers than there are.
            history.clear();
        }
        let platform = format!("{}/{}", document.os, document.architecture);
        Self { names, platform, config: document.config, layers, history }
    }

    /// The bytes of all layers.
    pub fn bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.bytes).sum()
    }
}

/// What `created_by` says, without the words that builders put around the instruction.
fn instruction(created_by: &str) -> String {
    let text = created_by.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_suffix("# buildkit").unwrap_or(&text).trim();
    if let Some(nop) = text.strip_prefix("/bin/sh -c #(nop)") {
        return nop.trim().to_owned();
    }
    let run = text.strip_prefix("RUN ").unwrap_or(text);
    // The build arguments of a RUN: `|2 A=1 B=2 /bin/sh -c …`.
    let command = run.find("/bin/sh -c ").filter(|at| *at == 0 || run.starts_with('|'));
    match command {
        Some(at) => format!("RUN {}", &run[at + "/bin/sh -c ".len()..]),
        None => text.to_owned(),
    }
}

impl Layer {
    /// The layer whose archive is `source`; messages call it `place`.
    pub(super) fn read(
        source: &mut dyn Source,
        place: &str,
        limits: &Limits,
        spent: &mut Spent,
    ) -> Result<Self, Error> {
        let mut layer = Self::default();
        let mut tape = Tape::new(source, place, limits, spent);
        while let Some(found) = tape.advance()? {
            let secret = match found.kind {
                EntryType::Regular => secret(&found, &mut tape, place)?,
                _ => None,
            };
            if let Some(entry) = Entry::new(found, secret) {
                layer.bytes += entry.bytes;
                layer.entries.push(entry);
            }
        }
        layer.entries.shrink_to_fit();
        Ok(layer)
    }
}

fn secret(found: &Found, tape: &mut Tape<'_>, place: &str) -> Result<Option<&'static str>, Error> {
    if !secrets::may_hold(&found.path, found.size) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    tape.data().read_to_end(&mut bytes).map_err(|error| Error::read(place, error))?;
    Ok(secrets::held(&found.path, &bytes))
}

impl Entry {
    /// What `found` does; `None` for what is only of the storage driver.
    fn new(found: Found, secret: Option<&'static str>) -> Option<Self> {
        let Found { path, kind, size, link } = found;
        let entry = |path: &str, kind, bytes| Some(Self { path: path.into(), kind, bytes, secret });
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == ".wh..wh..opq" {
            return entry(parent, Kind::Opaque, 0);
        }
        if name.starts_with(".wh..wh.") {
            return None;
        }
        if let Some(gone) = name.strip_prefix(".wh.") {
            let gone = if parent.is_empty() { gone.to_owned() } else { format!("{parent}/{gone}") };
            return entry(&gone, Kind::Whiteout, 0);
        }
        match kind {
            // Very old archives write a directory as a file with a slash at its end; none is an image.
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => entry(&path, Kind::File, size),
            EntryType::Directory => entry(&path, Kind::Directory, 0),
            EntryType::Link => entry(&path, Kind::Hard(super::tape::clean(&link.unwrap_or_default())?.into()), 0),
            _ => entry(&path, Kind::Other, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_told_as_they_were_written() {
        for (created_by, told) in [
            ("/bin/sh -c #(nop)  CMD [\"node\"]", "CMD [\"node\"]"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c npm ci # buildkit", "RUN npm ci"),
            ("RUN |1 V=2 /bin/sh -c echo   $V # buildkit", "RUN echo $V"),
            ("|1 V=2 /bin/sh -c echo $V", "RUN echo $V"),
            ("COPY . . # buildkit", "COPY . ."),
            ("RUN /bin/bash -o pipefail -c a | b # buildkit", "RUN /bin/bash -o pipefail -c a | b"),
            ("", ""),
        ] {
            assert_eq!(instruction(created_by), told);
        }
    }
}
