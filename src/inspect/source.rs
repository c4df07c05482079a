//! Bytes that are read forward and can be skipped, and how gzip and zstd are undone.

use super::Limits;
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::rc::Rc;
use zstd::stream::read::Decoder;

/// The largest window of zstd that is taken, as a power of two: what its own tools take without being asked.
const ZSTD_WINDOW: u32 = 27;

/// What is read forward.
pub trait Source: Read {
    /// Moves on by `bytes`; an error when the source ends before.
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let mut sink = [0; 16 << 10];
        let mut left = bytes;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(sink.len());
            match self.read(&mut sink[..most]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => left -= read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A pipe, or whatever else can only be read.
pub struct Stream<R>(pub R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Source for Stream<R> {}

/// A file: what is skipped is not read.
pub struct Seekable<R> {
    inner: BufReader<R>,
    left: u64,
}

impl<R: Read + Seek> Seekable<R> {
    /// The `length` bytes from where `inner` stands.
    pub fn new(inner: R, length: u64) -> Self {
        Self { inner: BufReader::new(inner), left: length }
    }
}

impl<R: Read> Read for Seekable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Read + Seek> Source for Seekable<R> {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.inner.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
    }
}

/// The next `left` bytes of another source.
pub struct Part<'s> {
    source: &'s mut dyn Source,
    left: &'s mut u64,
}

impl<'s> Part<'s> {
    /// As many bytes of `source` as `left` says, which is counted down.
    pub fn new(source: &'s mut dyn Source, left: &'s mut u64) -> Self {
        Self { source, left }
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.source.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *self.left -= read as u64;
        Ok(read)
    }
}

impl Source for Part<'_> {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.left.checked_sub(bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.source.skip(bytes)?;
        *self.left = left;
        Ok(())
    }
}

/// A source whose first bytes were looked at.
pub struct Peeked<'s> {
    head: Cursor<Vec<u8>>,
    rest: &'s mut dyn Source,
}

impl<'s> Peeked<'s> {
    /// Reads up to `most` bytes ahead.
    pub fn new(rest: &'s mut dyn Source, most: u64) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut *rest).take(most).read_to_end(&mut head)?;
        Ok(Self { head: Cursor::new(head), rest })
    }

    /// What was read ahead.
    pub fn head(&self) -> &[u8] {
        self.head.get_ref()
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            read => Ok(read),
        }
    }
}

impl Source for Peeked<'_> {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let ahead = (self.head.get_ref().len() as u64 - self.head.position()).min(bytes);
        self.head.set_position(self.head.position() + ahead);
        self.rest.skip(bytes - ahead)
    }
}

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Packing {
    /// By the first bytes.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The second is a frame that decoders skip; zstd:chunked layers may begin with one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// `source` unpacked. Data that grow beyond the limits are an error.
pub fn unpacked<'s>(source: Peeked<'s>, limits: &Limits) -> io::Result<Box<dyn Source + 's>> {
    let packing = Packing::of(source.head());
    if packing == Packing::Plain {
        return Ok(Box::new(source));
    }
    let taken = Rc::new(Cell::new(0));
    let packed = BufReader::with_capacity(64 << 10, Counted { inner: source, count: Rc::clone(&taken) });
    let decoder: Box<dyn Read> = if packing == Packing::Gzip {
        Box::new(MultiGzDecoder::new(packed))
    } else {
        let mut decoder = Decoder::with_buffer(packed)?;
        decoder.window_log_max(ZSTD_WINDOW)?;
        Box::new(decoder)
    };
    let inner = BufReader::with_capacity(64 << 10, decoder);
    Ok(Box::new(Stream(Bounded { inner, taken, given: 0, limits: *limits })))
}

struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// A decoder whose output may not grow out of proportion.
struct Bounded<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
    given: u64,
    limits: Limits,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given += read as u64;
        let Limits { unpacked, growth, .. } = self.limits;
        if self.given > unpacked && self.given / growth > self.taken.get() {
            let message =
                format!("{} compressed bytes have become {} and no end is seen", self.taken.get(), self.given);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(packed: &[u8], limits: &Limits) -> io::Result<Vec<u8>> {
        let mut source = Stream(packed);
        let mut bytes = Vec::new();
        unpacked(Peeked::new(&mut source, 512)?, limits)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn all_packings_give_the_same_bytes_in_one_piece_or_several() {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let (first, second) = bytes.split_at(300_001);
        let skipped = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        for packed in [
            bytes.clone(),
            gzip(&bytes),
            [gzip(first), gzip(second)].concat(),
            zstd(&bytes),
            [skipped.clone(), zstd(first), skipped, zstd(second)].concat(),
        ] {
            assert!(read(&packed, &Limits::default()).unwrap() == bytes);
        }
    }

    #[test]
    fn what_is_cut_off_or_grows_without_end_is_an_error() {
        let bytes = vec![b'x'; 1 << 20];
        let limits = Limits { unpacked: 100_000, growth: 20, ..Limits::default() };
        for packed in [gzip(&bytes), zstd::encode_all(&bytes[..], 1).unwrap()] {
            assert!(read(&packed[..packed.len() - 9], &Limits::default()).is_err());
            let error = read(&packed, &limits).unwrap_err();
            assert!(error.to_string().contains("no end is seen"), "{error}");
        }
    }

    #[test]
    fn skipping_is_the_same_in_files_and_pipes() {
        let bytes: Vec<u8> = (0..=255).collect();
        let after = |source: &mut dyn Source| {
            let mut source = Peeked::new(source, 16).unwrap();
            source.skip(200).unwrap();
            let mut next = [0];
            source.read_exact(&mut next).unwrap();
            (next[0], source.skip(56).is_err())
        };
        assert_eq!(after(&mut Stream(&bytes[..])), (200, true));
        assert_eq!(after(&mut Seekable::new(Cursor::new(&bytes), 256)), (200, true));
    }
}
