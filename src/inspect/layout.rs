//! OCI layouts: directories whose files are the documents and layers. Whoever knows the directory opens them.

use super::archive::layer;
use super::image::{Image, Layer};
use super::manifest::{self, Store};
use super::source::Peeked;
use super::tape::Spent;
use super::{Error, Limits, Source};
use std::io::{self, Read};

/// A file of the layout: what it holds and how many bytes that is.
pub type Opened = (Box<dyn Source>, u64);

/// Reads the image in the layout whose files `open` opens, by their paths in it; `None` when one is not there.
pub fn read(
    place: &str,
    limits: &Limits,
    open: &mut dyn FnMut(&str) -> io::Result<Option<Opened>>,
) -> Result<Image, Error> {
    manifest::resolve(&mut Files { open, limits: *limits, spent: Spent::default() }, place)
}

struct Files<'o> {
    open: &'o mut dyn FnMut(&str) -> io::Result<Option<Opened>>,
    limits: Limits,
    spent: Spent,
}

impl Store for Files<'_> {
    fn document(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let opened = (self.open)(path).map_err(|error| Error::read(path, error))?;
        let Some((source, size)) = opened else { return Ok(None) };
        if size > self.limits.document {
            return Err(Error::wrong(path, format!("a document of {size} bytes; no image has that")));
        }
        let mut bytes = Vec::new();
        source.take(self.limits.document).read_to_end(&mut bytes).map_err(|error| Error::read(path, error))?;
        Ok(Some(bytes))
    }

    fn layer(&mut self, path: &str, _again: bool) -> Result<Option<Layer>, Error> {
        let opened = (self.open)(path).map_err(|error| Error::read(path, error))?;
        let Some((mut source, size)) = opened else { return Ok(None) };
        let blob = Peeked::new(source.as_mut(), 512).map_err(|error| Error::read(path, error))?;
        layer(blob, path, size, &self.limits, &mut self.spent)
    }
}
