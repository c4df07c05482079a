//! What is in a built image: its layers with the instruction that made each, what later layers hide, what weighs
//! most, and what should not be there.
//!
//! It reads archives from any [`Source`], in one pass and with little memory, and takes nothing in them on trust: names
//! that lead out of the image, headers without end, and data that grows without end are errors. It opens no file and runs
//! nothing; `run` does.
//!
//! | module | what |
//! | --- | --- |
//! | [`source`] | bytes that can be skipped; gzip and zstd are undone |
//! | [`tape`] | the entries of a tar archive, within [`Limits`] |
//! | [`archive`], [`layout`] | docker-save and OCI archives; OCI layouts |
//! | `manifest`, [`image`] | what both come to: an [`Image`] |
//! | [`tree`] | the files that a container sees, and the bytes that none sees |
//! | [`leftovers`], [`secrets`] | what should not be there |
//! | [`origins`] | which line of a Dockerfile made which layer |
//! | [`survey`], [`savings`] | what there is to tell of an image; what a plan saves in it |

pub mod archive;
pub mod image;
pub mod layout;
pub mod leftovers;
mod manifest;
pub mod origins;
pub mod savings;
pub mod secrets;
pub mod source;
pub mod survey;
pub mod tape;
pub mod tree;

pub use image::{Entry, Image, Kind, Layer};
pub use source::Source;
pub use survey::Survey;

use std::io;

/// How much of an image is read before it counts as hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest name or extended header of an entry, in bytes.
    pub header: u64,
    /// Entries in all layers together.
    pub entries: u64,
    /// Bytes of all their names together.
    pub names: u64,
    /// Bytes of one JSON document, and sixteen times that for all.
    pub document: u64,
    /// Bytes that may come out of compressed data whatever their number…
    pub unpacked: u64,
    /// …and beyond these, how many for each byte that goes in.
    pub growth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: 1 << 20,
            entries: 4_000_000,
            names: 256 << 20,
            document: 4 << 20,
            unpacked: 16 << 30,
            growth: 200,
        }
    }
}

/// Why an image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It ends too early, or its compressed data are damaged.
    #[error("{place}: {error}")]
    Read {
        /// Where in the image.
        place: String,
        /// What failed.
        error: io::Error,
    },
    /// It is not what it should be; the place and the fault in words.
    #[error("{place}: {fault}")]
    Wrong {
        /// Where in the image.
        place: String,
        /// What is wrong.
        fault: String,
    },
}

impl Error {
    fn wrong(place: &str, fault: impl Into<String>) -> Self {
        Self::Wrong { place: place.to_owned(), fault: fault.into() }
    }

    fn read(place: &str, error: io::Error) -> Self {
        // Decoders speak of their own insides.
        let error = match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "it ends too early; it is cut off or damaged"),
            _ => error,
        };
        Self::Read { place: place.to_owned(), error }
    }
}
