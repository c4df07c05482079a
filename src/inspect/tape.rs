//! The entries of a tar archive, one after the other, within [`Limits`].
//!
//! The headers are read by the `tar` crate. The walk is our own, because its would read a name of any length into
//! memory, and could not skip what a file holds.

use super::source::Part;
use super::{Error, Limits, Source};
use std::io::{self, Read};
use tar::{EntryType, GnuExtSparseHeader, Header, PaxExtensions};

const BLOCK: u64 = 512;

/// What all archives of one image have held so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    entries: u64,
    names: u64,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path, clean: no `/` at the start or the end, no `.` between.
    pub path: String,
    /// What it is.
    pub kind: EntryType,
    /// The bytes that follow.
    pub size: u64,
    /// What a link leads to, as written.
    pub link: Option<String>,
}

/// An archive being read.
pub struct Tape<'s> {
    source: &'s mut dyn Source,
    /// How messages call it.
    place: String,
    limits: Limits,
    spent: &'s mut Spent,
    /// Bytes of the current entry that were not read yet, and what fills its last block.
    left: u64,
    padding: u64,
}

/// What headers before an entry say of it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<'s> Tape<'s> {
    /// The archive in `source`, which messages call `place`.
    pub fn new(source: &'s mut dyn Source, place: &str, limits: &Limits, spent: &'s mut Spent) -> Self {
        Self { source, place: place.to_owned(), limits: *limits, spent, left: 0, padding: 0 }
    }

    /// Whether `block` can be the first block of an archive.
    pub fn begins(block: &[u8]) -> bool {
        block.len() >= 512
            && (block[..512].iter().all(|byte| *byte == 0) || is_sound(Header::from_byte_slice(&block[..512])))
    }

    /// The next entry; `None` at the end.
    pub fn advance(&mut self) -> Result<Option<Found>, Error> {
        let mut said = Extended::default();
        loop {
            let rest = self.left + self.padding;
            self.source.skip(rest).map_err(|error| self.cannot(error))?;
            (self.left, self.padding) = (0, 0);
            let Some(header) = self.header()? else { return Ok(None) };
            let size = header.entry_size().map_err(|error| self.cannot(error))?;
            self.open(size)?;
            match header.entry_type() {
                EntryType::GNULongName => said.path = Some(without_nul(self.document()?)),
                EntryType::GNULongLink => said.link = Some(without_nul(self.document()?)),
                EntryType::XHeader => said.read(&self.document()?),
                // What it says of all entries is nothing that counts here.
                EntryType::XGlobalHeader => drop(self.document()?),
                kind => return self.found(&header, kind, size, said).map(Some),
            }
        }
    }

    /// What the current entry holds.
    pub fn data(&mut self) -> Part<'_> {
        Part::new(self.source, &mut self.left)
    }

    fn found(&mut self, header: &Header, kind: EntryType, size: u64, said: Extended) -> Result<Found, Error> {
        let path = said.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = said.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
        let size = said.size.unwrap_or(size);
        self.open(size)?;
        let mut more = kind == EntryType::GNUSparse && header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            let mut block = GnuExtSparseHeader::new();
            self.source.read_exact(block.as_mut_bytes()).map_err(|error| self.cannot(error))?;
            more = block.is_extended();
            self.count(0)?;
        }
        let path = String::from_utf8_lossy(&path).into_owned();
        self.count(path.len() as u64)?;
        let Some(path) = clean(&path) else {
            return Err(Error::wrong(
                &self.place,
                format!("`{}` leads out of it; it is damaged or hostile", shortened(&path)),
            ));
        };
        Ok(Found { path, kind, size, link: link.map(|link| String::from_utf8_lossy(&link).into_owned()) })
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        let mut header = Header::new_old();
        let mut filled = 0;
        while filled < header.as_bytes().len() {
            match self.source.read(&mut header.as_mut_bytes()[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.cannot(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.cannot(error)),
            }
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            // The end is marked by two such blocks; whatever follows the first is not looked at.
            return Ok(None);
        }
        if !is_sound(&header) {
            return Err(Error::wrong(
                &self.place,
                "this is no tar archive, or a damaged one: the checksum of a header differs",
            ));
        }
        self.count(0)?;
        Ok(Some(header))
    }

    fn open(&mut self, size: u64) -> Result<(), Error> {
        let padding = size.next_multiple_of(BLOCK).checked_sub(size).filter(|_| size < 1 << 60);
        self.padding =
            padding.ok_or_else(|| Error::wrong(&self.place, "an entry says that it is larger than any disk"))?;
        self.left = size;
        Ok(())
    }

    /// All bytes of the current entry, which is a header for the next.
    fn document(&mut self) -> Result<Vec<u8>, Error> {
        if self.left > self.limits.header {
            let fault = format!("a header of {} bytes; no name is that long", self.left);
            return Err(Error::wrong(&self.place, fault));
        }
        let mut bytes = Vec::new();
        self.data().read_to_end(&mut bytes).map_err(|error| self.cannot(error))?;
        Ok(bytes)
    }

    fn count(&mut self, name: u64) -> Result<(), Error> {
        self.spent.entries += 1;
        self.spent.names += name;
        if self.spent.entries > self.limits.entries || self.spent.names > self.limits.names {
            return Err(Error::wrong(
                &self.place,
                format!("more than {} entries; no image needs that", self.spent.entries - 1),
            ));
        }
        Ok(())
    }

    fn cannot(&self, error: io::Error) -> Error {
        Error::read(&self.place, error)
    }
}

impl Extended {
    fn read(&mut self, document: &[u8]) {
        for extension in PaxExtensions::new(document).filter_map(Result::ok) {
            let value = || extension.value_bytes().to_vec();
            match extension.key_bytes() {
                b"path" => self.path = Some(value()),
                b"linkpath" => self.link = Some(value()),
                b"size" => self.size = extension.value().ok().and_then(|value| value.parse().ok()),
                _ => {}
            }
        }
    }
}

fn is_sound(header: &Header) -> bool {
    let bytes = header.as_bytes();
    let sum = bytes[..148].iter().chain(&bytes[156..]).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    header.cksum().is_ok_and(|said| said == sum)
}

fn without_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// `path` in its shortest form; `None` when it leads out.
pub fn clean(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.contains(&"..")).then(|| parts.join("/"))
}

/// Names are for messages; hostile ones are long.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
