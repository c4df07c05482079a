//! What `dfslim inspect` prints: lines for people, or JSON of version 1, whose types are its own.

use super::paint::{BOLD, DIM, Paint, RED, YELLOW, bytes, count, one_line};
use crate::inspect::Survey;
use crate::inspect::leftovers::Leftover;
use serde::Serialize;
use std::fmt::Write;

/// How much of an instruction fits a line.
const SHOWN: usize = 90;
/// How many wastes are told; the rest is small.
const WASTES: usize = 10;

/// What is smaller than this is not worth a line.
const TOLD: u64 = 1000;

/// For people.
pub fn text(survey: &Survey, paint: Paint) -> String {
    let mut page = Page { survey, paint, text: String::new() };
    page.head();
    page.layers();
    page.hidden();
    page.largest();
    page.leftovers();
    page.text
}

struct Page<'s> {
    survey: &'s Survey,
    paint: Paint,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        let heading = self.paint.paint(BOLD, heading);
        self.line("");
        self.line(&heading);
    }

    fn head(&mut self) {
        let survey = self.survey;
        let packed: u64 = survey.layers.iter().filter(|layer| layer.packed.1).map(|layer| layer.packed.0).sum();
        let packed = if packed > 0 { format!(" ({} compressed)", bytes(packed)) } else { String::new() };
        let user = if survey.user.is_empty() { "root" } else { survey.user.as_str() };
        let name = self.paint.paint(BOLD, &one_line(&survey.name));
        self.line(&name);
        let layers = count(survey.layers.len(), "layer");
        self.line(&format!(
            "  size        {}{packed} in {layers}, {}",
            bytes(survey.bytes),
            one_line(&survey.platform)
        ));
        let share = survey.efficiency();
        let wasted = if survey.wasted > 0 { format!(", {} wasted", bytes(survey.wasted)) } else { String::new() };
        self.line(&format!("  efficiency  {}.{} %{wasted}", share / 10, share % 10));
        self.line(&format!("  user        {}", one_line(user)));
    }

    fn layers(&mut self) {
        self.heading("layers");
        for (index, layer) in self.survey.layers.iter().enumerate() {
            let line = format!("  {:>3} {:>8}  {}", index + 1, bytes(layer.bytes), self.made_by(index));
            self.line(&line);
        }
    }

    /// The instruction of a layer, and its line.
    fn made_by(&self, layer: usize) -> String {
        let made = &self.survey.layers[layer];
        let instruction = if made.instruction.is_empty() { "(nothing tells what made it)" } else { &made.instruction };
        let place = match made.line {
            Some(line) => format!("line {line}: "),
            None if self.survey.is_base(layer) == Some(true) => "base: ".to_owned(),
            None => String::new(),
        };
        format!("{}{}", self.paint.paint(DIM, &place), shortened(&one_line(instruction), SHOWN))
    }

    fn hidden(&mut self) {
        let hidden = &self.survey.hidden;
        if hidden.is_empty() {
            return;
        }
        self.heading("wasted: in a layer, and seen by no container");
        for waste in hidden.iter().take(WASTES) {
            let how = if waste.deleted { "deleted" } else { "written again" };
            let pass = waste.pass().map(|pass| format!(" [{pass}]")).unwrap_or_default();
            let what = if waste.files == 1 {
                one_line(&waste.path)
            } else {
                format!("{}, as {}", count(waste.files, "file"), one_line(&waste.path))
            };
            let line = format!(
                "  {:>12}  {what}: of layer {}, {how} by {}{}",
                self.paint.paint(YELLOW, &bytes(waste.bytes)),
                waste.layer + 1,
                waste.by + 1,
                self.paint.paint(DIM, &pass),
            );
            self.line(&line);
        }
        let more: u64 = hidden.iter().skip(WASTES).map(|waste| waste.bytes).sum();
        if more > 0 {
            self.line(&format!("  {:>12}  in other places", bytes(more)));
        }
    }

    fn largest(&mut self) {
        self.heading("largest files");
        for large in &self.survey.largest {
            let line = format!("  {:>12}  {} (layer {})", bytes(large.bytes), one_line(&large.path), large.layer + 1);
            self.line(&line);
        }
    }

    fn leftovers(&mut self) {
        let told = |leftover: &&Leftover| leftover.secret || leftover.bytes >= TOLD;
        if !self.survey.leftovers.iter().any(|leftover| told(&leftover)) {
            return;
        }
        self.heading("what should not be there");
        for leftover in self.survey.leftovers.iter().filter(told) {
            self.leftover(leftover);
        }
    }

    fn leftover(&mut self, leftover: &Leftover) {
        let style = if leftover.secret { RED } else { YELLOW };
        let more =
            if leftover.places > 0 { format!(" and {}", count(leftover.places, "more place")) } else { String::new() };
        let passes = self.survey.passes(leftover);
        let passes = if passes.is_empty() { String::new() } else { format!(" [{}]", passes.join(" or ")) };
        let first = format!(
            "  {:>12}  {}: {}{more}, {}{}",
            self.paint.paint(style, &bytes(leftover.bytes)),
            leftover.what,
            one_line(&leftover.path),
            count(leftover.files, "file"),
            self.paint.paint(DIM, &passes),
        );
        self.line(&first);
        let second = format!("  {:>12}  layer {}: {}", "", leftover.layer + 1, self.made_by(leftover.layer));
        self.line(&second);
    }
}

/// `text` in at most `most` characters.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}

/// For programs.
pub fn json(survey: &Survey) -> String {
    let mut text = serde_json::to_string_pretty(&Document::of(survey)).unwrap_or_default();
    let _ = writeln!(text);
    text
}

#[derive(Serialize)]
struct Document<'s> {
    version: u32,
    #[serde(flatten)]
    image: Image<'s>,
}

/// An image, as [`json`] tells of it.
#[derive(Serialize)]
pub struct Image<'s> {
    name: &'s str,
    platform: &'s str,
    user: &'s str,
    bytes: u64,
    wasted: u64,
    efficiency: f64,
    layers: Vec<Layer<'s>>,
    hidden: Vec<Hidden<'s>>,
    largest: Vec<Large<'s>>,
    leftovers: Vec<Left<'s>>,
}

#[derive(Serialize)]
struct Layer<'s> {
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compressed: Option<u64>,
    files: usize,
    instruction: &'s str,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Hidden<'s> {
    bytes: u64,
    files: usize,
    path: &'s str,
    layer: usize,
    by: usize,
    deleted: bool,
    pass: Option<&'static str>,
}

#[derive(Serialize)]
struct Large<'s> {
    bytes: u64,
    path: &'s str,
    layer: usize,
}

#[derive(Serialize)]
struct Left<'s> {
    what: &'s str,
    secret: bool,
    bytes: u64,
    files: usize,
    path: &'s str,
    layer: usize,
    line: Option<usize>,
    passes: Vec<&'static str>,
}

impl<'s> Document<'s> {
    fn of(survey: &'s Survey) -> Self {
        Self { version: 1, image: Image::of(survey) }
    }
}

impl<'s> Image<'s> {
    /// What there is to tell of it.
    pub fn of(survey: &'s Survey) -> Self {
        let layer = |layer: &'s crate::inspect::survey::Line| Layer {
            bytes: layer.bytes,
            compressed: layer.packed.1.then_some(layer.packed.0),
            files: layer.files,
            instruction: &layer.instruction,
            line: layer.line,
        };
        let hidden = |waste: &'s crate::inspect::survey::Waste| Hidden {
            bytes: waste.bytes,
            files: waste.files,
            path: &waste.path,
            layer: waste.layer + 1,
            by: waste.by + 1,
            deleted: waste.deleted,
            pass: waste.pass(),
        };
        let left = |left: &'s Leftover| Left {
            what: &left.what,
            secret: left.secret,
            bytes: left.bytes,
            files: left.files,
            path: &left.path,
            layer: left.layer + 1,
            line: survey.layers[left.layer].line,
            passes: survey.passes(left),
        };
        let large = |large: &'s crate::inspect::survey::Large| Large {
            bytes: large.bytes,
            path: &large.path,
            layer: large.layer + 1,
        };
        // Three digits are all that is known; a float of them prints as such.
        let efficiency = f64::from(u32::try_from(survey.efficiency()).unwrap_or_default()) / 1000.0;
        Self {
            name: &survey.name,
            platform: &survey.platform,
            user: &survey.user,
            bytes: survey.bytes,
            wasted: survey.wasted,
            efficiency,
            layers: survey.layers.iter().map(layer).collect(),
            hidden: survey.hidden.iter().map(hidden).collect(),
            largest: survey.largest.iter().map(large).collect(),
            leftovers: survey.leftovers.iter().map(left).collect(),
        }
    }
}
