//! Builds the images, and takes them and their containers away again.

use crate::measure::{Compressed, Weight};
use crate::run::engine::Engine;
use crate::run::engine::dialect::{Build, words};
use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::cell::RefCell;
use std::io::{self, Write};
use std::time::Duration;

/// What was made with the engine, and is taken away when this goes.
pub(super) struct Made {
    pub engine: Engine,
    /// Whether images stay.
    pub keep: bool,
    images: RefCell<Vec<String>>,
    containers: RefCell<Vec<String>>,
}

impl Made {
    pub(super) fn new(engine: Engine, keep: bool) -> Self {
        Self { engine, keep, images: RefCell::default(), containers: RefCell::default() }
    }

    /// An image is about to be made.
    pub(super) fn image(&self, name: &str) {
        self.images.borrow_mut().push(name.to_owned());
    }

    /// A container is about to be made.
    pub(super) fn container(&self, name: &str) {
        self.containers.borrow_mut().push(name.to_owned());
    }

    /// Takes a container away at once.
    pub(super) fn remove_container(&self, name: &str) {
        self.containers.borrow_mut().retain(|known| known != name);
        self.engine.clean(&self.engine.dialect.remove_container(name));
    }

    /// Takes an image away at once.
    pub(super) fn remove_image(&self, name: &str) {
        self.images.borrow_mut().retain(|known| known != name);
        self.engine.clean(&self.engine.dialect.remove_image(name));
    }

    /// The images that stay.
    pub(super) fn kept(&self) -> Vec<String> {
        if self.keep { self.images.borrow().clone() } else { Vec::new() }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for name in self.containers.borrow().iter() {
            self.engine.clean(&self.engine.dialect.remove_container(name));
        }
        for name in self.images.borrow().iter().filter(|_| !self.keep) {
            self.engine.clean(&self.engine.dialect.remove_image(name));
        }
    }
}

/// What came of a build: how long it took, or why it failed.
pub(super) type Outcome = Result<Duration, String>;

/// Builds an image.
pub(super) fn build(made: &Made, build: &Build) -> Result<Outcome> {
    made.image(&build.tag);
    let done = made.engine.call(&made.engine.dialect.build(build))?;
    Ok(if done.success { Ok(done.took) } else { Err(why(&done.stderr, &done.stdout)) })
}

/// What of a failed build's output tells why.
fn why(stderr: &str, stdout: &str) -> String {
    let lines: Vec<&str> =
        stderr.lines().chain(stdout.lines()).map(str::trim).filter(|line| !line.is_empty()).collect();
    let error = lines.iter().rfind(|line| line.to_ascii_lowercase().starts_with("error"));
    let error = error.or(lines.last()).copied().unwrap_or("it says nothing").to_owned();
    // What the failed step said: `#9 3.1 npm error code E404`.
    let step = lines.iter().filter_map(|line| {
        let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
        let (time, said) = rest.split_once(' ')?;
        (number.parse::<u32>().is_ok() && time.parse::<f64>().is_ok()).then_some(said)
    });
    let said: Vec<&str> = step.collect();
    let said = said[said.len().saturating_sub(5)..].join("\n    ");
    if said.is_empty() { error } else { format!("{error}\n    {said}") }
}

/// The base images, fetched before the time is taken. One that cannot be had fails in the build, which says more.
pub(super) fn fetch(engine: Engine, images: &[String]) -> Result<()> {
    for image in images {
        if !engine.call(&words(["inspect", "--type", "image", image]))?.success {
            engine.call(&words(["pull", image]))?;
        }
    }
    Ok(())
}

/// What `bytes` of context would be called.
pub(super) fn weight((files, bytes): (u64, u64)) -> Weight {
    Weight { files, bytes }
}

/// Of the bytes that pass, one piece in so many is compressed, to reckon what all would come to.
pub(super) struct Sampler {
    encoder: GzEncoder<Counter>,
    passed: u64,
    taken: u64,
}

const PIECE: u64 = 256 << 10;
const ONE_IN: u64 = 16;

#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self { encoder: GzEncoder::new(Counter::default(), Compression::default()), passed: 0, taken: 0 }
    }

    /// Bytes pass.
    pub(super) fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let here = usize::try_from(PIECE - self.passed % PIECE).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at(here);
            if (self.passed / PIECE).is_multiple_of(ONE_IN) {
                // A counter takes everything.
                let _ = self.encoder.write_all(piece);
                self.taken += piece.len() as u64;
            }
            self.passed += piece.len() as u64;
            bytes = rest;
        }
    }

    /// What `layers` come to: their bytes as they lie in the archive, and whether these are compressed.
    pub(super) fn reckon(self, layers: impl Iterator<Item = (u64, bool)>) -> Compressed {
        let out = self.encoder.finish().map_or(0, |counter| counter.0);
        let mut compressed = Compressed { bytes: 0, estimate: false };
        for (bytes, packed) in layers {
            compressed.estimate |= !packed;
            let part = u128::from(bytes) * u128::from(out) / u128::from(self.taken.max(1));
            compressed.bytes += if packed { bytes } else { u64::try_from(part).unwrap_or(bytes) };
        }
        compressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_build_says_why() {
        let log = "#8 [4/4] RUN npm ci\n#8 1.2 npm error code E404\n#8 1.3 npm error 404 Not Found\n#8 ERROR: process failed\n\
                   ------\nERROR: failed to solve: process \"npm ci\" did not complete successfully: exit code: 1\n";
        let told = why(log, "");
        assert!(told.starts_with("ERROR: failed to solve: process"), "{told}");
        assert!(told.ends_with("npm error code E404\n    npm error 404 Not Found"), "{told}");
    }

    #[test]
    fn a_sample_tells_about_as_much_as_the_whole() {
        let bytes: Vec<u8> =
            (0..4_000_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 20).to_le_bytes()).collect();
        let mut sampler = Sampler::new();
        bytes.chunks(10_007).for_each(|chunk| sampler.see(chunk));
        let reckoned = sampler.reckon([(bytes.len() as u64, false)].into_iter()).bytes;
        let mut whole = GzEncoder::new(Counter::default(), Compression::default());
        whole.write_all(&bytes).unwrap();
        let whole = whole.finish().unwrap().0;
        assert!(reckoned.abs_diff(whole) * 20 < whole, "{reckoned} {whole}");
    }
}
