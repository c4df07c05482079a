//! JSON of version 1, whose types are its own.

use crate::measure::{Answer, Compressed, Measured, Measurement, Scan, Verdict, Weight};
use crate::report::inspect::{Image, shortened};
use serde::Serialize;

/// For programs.
pub fn json(measurement: &Measurement) -> String {
    let mut text = serde_json::to_string_pretty(&Document::of(measurement)).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'m> {
    version: u32,
    path: &'m str,
    engine: &'m str,
    asked: Option<&'m str>,
    touched: Option<&'m str>,
    verdict: Said<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Said<'m>>,
    images: Vec<Column<'m>>,
    kept: &'m [String],
}

#[derive(Serialize)]
struct Said<'m> {
    word: &'static str,
    why: &'m str,
}

#[derive(Serialize)]
struct Column<'m> {
    label: &'m str,
    failure: Option<&'m str>,
    build_seconds: Option<f64>,
    rebuild_seconds: Option<f64>,
    context: Option<Weight>,
    own_bytes: Option<u64>,
    compressed: Option<Compressed>,
    answer: Option<String>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    scan: Option<Scan>,
    image: Option<Image<'m>>,
}

impl<'m> Document<'m> {
    fn of(measurement: &'m Measurement) -> Self {
        let said = |verdict: &'m Verdict| Said { word: verdict.word(), why: verdict.why() };
        Self {
            version: 1,
            path: &measurement.path,
            engine: &measurement.engine,
            asked: measurement.asked.as_deref(),
            touched: measurement.touched.as_deref(),
            verdict: said(&measurement.verdict),
            other: measurement.other.as_ref().map(said),
            images: measurement.columns.iter().map(Column::of).collect(),
            kept: &measurement.kept,
        }
    }
}

impl<'m> Column<'m> {
    fn of(column: &'m Measured) -> Self {
        let response = match &column.answer {
            Some(Answer::Http { response, .. }) => Some(response),
            _ => None,
        };
        Self {
            label: &column.label,
            failure: column.failure.as_deref(),
            build_seconds: column.cold.map(|time| time.as_secs_f64()),
            rebuild_seconds: column.warm.map(|time| time.as_secs_f64()),
            context: column.context,
            own_bytes: column.own(),
            compressed: column.compressed,
            answer: column.answer.as_ref().map(Answer::told),
            status: response.map(|response| response.status),
            body: response.map(|response| shortened(&response.text(), 1000)),
            scan: column.scan,
            image: column.survey.as_ref().map(Image::of),
        }
    }
}
