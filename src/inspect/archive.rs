//! Archives of images: what `docker save` and `podman save` write, old and new, and OCI archives.
//!
//! The files of such an archive stand in any order, often what tells of the others last, and a pipe cannot be read twice.
//! So every blob is read as it passes: what looks like a document is kept, what looks like a layer is listed.

use super::image::{Image, Layer};
use super::manifest::{self, Store};
use super::source::{Packing, Peeked, unpacked};
use super::tape::{Spent, Tape, clean};
use super::{Error, Limits, Source};
use std::collections::BTreeMap;
use std::io::Read;
use tar::EntryType;

/// Reads the image in the archive `source`; messages call it `place`.
pub fn read(source: &mut dyn Source, place: &str, limits: &Limits) -> Result<Image, Error> {
    let peeked = Peeked::new(source, 512).map_err(|error| Error::read(place, error))?;
    if Packing::of(peeked.head()) == Packing::Plain && !Tape::begins(peeked.head()) {
        return Err(Error::wrong(place, "this is no archive of an image; make one with `docker save -o FILE IMAGE`"));
    }
    let mut outer = unpacked(peeked, limits).map_err(|error| Error::read(place, error))?;
    let (mut spent, mut spent_inside) = (Spent::default(), Spent::default());
    let mut tape = Tape::new(outer.as_mut(), place, limits, &mut spent);
    let mut blobs = Blobs::default();
    while let Some(found) = tape.advance()? {
        match (found.kind, found.link) {
            (EntryType::Regular, _) => {
                let size = found.size;
                let mut data = tape.data();
                blobs.add(found.path, size, &mut data, limits, &mut spent_inside)?;
            }
            (EntryType::Symlink | EntryType::Link, Some(link)) => blobs.link(found.path, &link, found.kind),
            _ => {}
        }
    }
    manifest::resolve(&mut blobs, place)
}

#[derive(Default)]
struct Blobs {
    documents: BTreeMap<String, Vec<u8>>,
    /// The bytes of all of them.
    held: u64,
    layers: BTreeMap<String, Layer>,
    links: BTreeMap<String, String>,
}

impl Blobs {
    fn add(
        &mut self,
        path: String,
        size: u64,
        data: &mut dyn Source,
        limits: &Limits,
        spent: &mut Spent,
    ) -> Result<(), Error> {
        let mut peeked = Peeked::new(data, 512).map_err(|error| Error::read(&path, error))?;
        let first = peeked.head().iter().copied().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) {
            self.held += size;
            if size > limits.document || self.held > 16 * limits.document {
                return Err(Error::wrong(&path, format!("a document of {size} bytes; no image has that")));
            }
            let mut bytes = Vec::new();
            peeked.read_to_end(&mut bytes).map_err(|error| Error::read(&path, error))?;
            self.documents.insert(path, bytes);
        } else if let Some(layer) = layer(peeked, &path, size, limits, spent)? {
            self.layers.insert(path, layer);
        }
        Ok(())
    }

    /// Old archives hold a layer that several images share once, and links to it.
    fn link(&mut self, path: String, to: &str, kind: EntryType) {
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        if kind == EntryType::Link {
            parts.clear();
        }
        for part in to.split('/') {
            match part {
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        if let Some(to) = clean(&parts.join("/")) {
            self.links.insert(path, to);
        }
    }

    fn real<'p>(&'p self, path: &'p str) -> &'p str {
        self.links.get(path).map_or(path, String::as_str)
    }
}

/// The layer in `blob`, if it is one.
pub(super) fn layer(
    blob: Peeked<'_>,
    place: &str,
    size: u64,
    limits: &Limits,
    spent: &mut Spent,
) -> Result<Option<Layer>, Error> {
    let packing = Packing::of(blob.head());
    if packing == Packing::Plain && !Tape::begins(blob.head()) {
        return Ok(None);
    }
    let mut plain = unpacked(blob, limits).map_err(|error| Error::read(place, error))?;
    let mut layer = Layer::read(plain.as_mut(), place, limits, spent)?;
    layer.packed = (size, packing != Packing::Plain);
    Ok(Some(layer))
}

impl Store for Blobs {
    fn document(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.documents.get(self.real(path)).cloned())
    }

    fn layer(&mut self, path: &str, again: bool) -> Result<Option<Layer>, Error> {
        let path = self.real(path).to_owned();
        // There may be millions of entries, so that they are not copied without need.
        Ok(if again || self.links.values().any(|to| *to == path) {
            self.layers.get(&path).cloned()
        } else {
            self.layers.remove(&path)
        })
    }
}
