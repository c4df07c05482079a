//! What `dfslim measure` prints: a table for people, one for pull requests, or JSON of version 1.

mod json;

pub use json::json;

use super::inspect::shortened;
use super::paint::{BOLD, DIM, GREEN, Paint, RED, YELLOW, one_line};
use crate::inspect::Survey;
use crate::measure::{Answer, Compressed, Measured, Measurement, Scan, Verdict};
use std::time::Duration;

/// How many of the largest layers are told.
const LAYERS: usize = 10;

/// A row of the table: what, and a cell for each image.
type Row = (&'static str, Vec<String>);

/// For people.
pub fn text(measurement: &Measurement, paint: Paint) -> String {
    let mut out = vec![format!("{}\n\n", paint.paint(BOLD, &one_line(&measurement.path)))];
    let rows = rows(measurement);
    let width = |column: usize| {
        let cells = rows.iter().map(|(_, cells)| cells[column].chars().count());
        cells.max().unwrap_or(0).max(measurement.columns[column].label.chars().count())
    };
    let widths: Vec<usize> = (0..measurement.columns.len()).map(width).collect();
    let first = rows.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
    let line = |what: &str, cells: &[String]| {
        let cells =
            cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}")).collect::<Vec<_>>().concat();
        format!("  {what:<first$}{cells}\n")
    };
    let labels: Vec<String> = measurement.columns.iter().map(|column| column.label.clone()).collect();
    out.push(paint.paint(DIM, &line("", &labels)));
    for (what, cells) in &rows {
        out.push(line(what, cells));
    }
    for column in &measurement.columns {
        out.push(layers(column, paint));
    }
    out.push("\n".to_owned());
    for (label, verdict) in verdicts(measurement) {
        let style = match verdict {
            Verdict::Same(_) => GREEN,
            Verdict::Different(_) => RED,
            Verdict::Unknown(_) => YELLOW,
        };
        out.push(format!("{label}: {}: {}\n", paint.paint(style, verdict.word()), one_line(verdict.why())));
    }
    for image in &measurement.kept {
        out.push(format!("kept: {image}\n"));
    }
    out.concat()
}

/// For a pull request.
pub fn markdown(measurement: &Measurement) -> String {
    let labels = measurement.columns.iter().map(|column| format!(" {} |", column.label)).collect::<Vec<_>>().concat();
    let mut out = vec![format!(
        "### `{}`\n\n| |{labels}\n| --- |{}\n",
        measurement.path,
        " ---: |".repeat(measurement.columns.len())
    )];
    for (what, cells) in rows(measurement) {
        let cells = cells.iter().map(|cell| format!(" {} |", cell.replace('|', "\\|"))).collect::<Vec<_>>().concat();
        out.push(format!("| {what} |{cells}\n"));
    }
    out.push("\n".to_owned());
    for (label, verdict) in verdicts(measurement) {
        out.push(format!("**{label}: {}**: {}\n\n", verdict.word(), one_line(verdict.why())));
    }
    for column in &measurement.columns {
        let Some(survey) = &column.survey else { continue };
        out.push(format!(
            "<details><summary>Largest layers, {}</summary>\n\n| size | made by |\n| ---: | --- |\n",
            column.label
        ));
        for (bytes, made) in heaviest(survey) {
            out.push(format!("| {} | `{}` |\n", size(bytes), made.replace('`', "'").replace('|', "\\|")));
        }
        out.push("\n</details>\n\n".to_owned());
    }
    let touched =
        measurement.touched.as_ref().map(|path| format!("; rebuilt after a change of {path}")).unwrap_or_default();
    out.push(format!("Measured with {}{touched}.\n", measurement.engine));
    out.concat()
}

fn verdicts(measurement: &Measurement) -> Vec<(&str, &Verdict)> {
    let mut all = Vec::new();
    if let Some(column) = measurement.columns.get(1).filter(|_| measurement.columns[1].label == "rewritten") {
        all.push((column.label.as_str(), &measurement.verdict));
    } else {
        all.push(("original", &measurement.verdict));
    }
    if let (Some(other), Some(column)) = (&measurement.other, measurement.columns.last()) {
        all.push((column.label.as_str(), other));
    }
    all
}

fn rows(measurement: &Measurement) -> Vec<Row> {
    let columns = &measurement.columns;
    let first = columns.first();
    let cells = |cell: &dyn Fn(&Measured) -> String| -> Vec<String> { columns.iter().map(cell).collect() };
    let against = |value: Option<u64>, of: fn(&Measured) -> Option<u64>, column: &Measured| {
        let share = first.filter(|first| !std::ptr::eq(*first, column)).and_then(of).zip(value).map(share);
        value.map_or("-".to_owned(), |value| format!("{}{}", size(value), share.unwrap_or_default()))
    };
    let mut rows = vec![
        ("image size", cells(&|column| against(column.bytes(), Measured::bytes, column))),
        ("compressed", cells(&|column| compressed(column.compressed))),
        ("over the base image", cells(&|column| column.own().map_or("-".to_owned(), size))),
        (
            "layers",
            cells(&|column| column.survey.as_ref().map_or("-".to_owned(), |survey| survey.layers.len().to_string())),
        ),
        ("wasted", cells(&|column| column.survey.as_ref().map_or("-".to_owned(), |survey| size(survey.wasted)))),
        ("build", cells(&|column| seconds(column.cold))),
        ("rebuild", cells(&|column| seconds(column.warm))),
        ("context", cells(&|column| column.context.map_or("-".to_owned(), |weight| size(weight.bytes)))),
        ("user", cells(&|column| column.survey.as_ref().map_or("-".to_owned(), |survey| user(&survey.user)))),
    ];
    if columns.iter().any(|column| column.scan.is_some()) {
        rows.push(("vulnerabilities", cells(&|column| column.scan.map_or("-".to_owned(), scan))));
    }
    if let Some(asked) = &measurement.asked {
        let what = if asked.starts_with('`') { "run" } else { "probe" };
        rows.push((what, cells(&answer)));
    }
    if columns.iter().any(|column| column.failure.is_some()) {
        let failed =
            |column: &Measured| column.failure.as_ref().map_or("built".to_owned(), |why| shortened(&one_line(why), 60));
        rows.push(("outcome", cells(&failed)));
    }
    rows
}

fn answer(column: &Measured) -> String {
    match &column.answer {
        Some(Answer::Http { response, .. }) => response.status.to_string(),
        Some(Answer::Ended { code, .. }) => format!("exit {code}"),
        Some(Answer::Runs) => "runs".to_owned(),
        Some(Answer::Silent { .. }) => "silent".to_owned(),
        Some(Answer::Failed(_)) => "failed".to_owned(),
        None => "-".to_owned(),
    }
}

fn share((before, after): (u64, u64)) -> String {
    let percent = (u128::from(after) * 100 + u128::from(before) / 2).checked_div(u128::from(before));
    percent.map(|percent| format!(" ({percent} %)")).unwrap_or_default()
}

fn compressed(compressed: Option<Compressed>) -> String {
    compressed.map_or("-".to_owned(), |one| format!("{}{}", if one.estimate { "about " } else { "" }, size(one.bytes)))
}

fn user(user: &str) -> String {
    if user.is_empty() { "root".to_owned() } else { one_line(user) }
}

fn scan(scan: Scan) -> String {
    format!("{} critical, {} high, {} medium, {} low", scan.critical, scan.high, scan.medium, scan.low)
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or("-".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
}

/// A number of bytes in three digits.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = UNITS.into_iter().find(|&(unit, _)| bytes >= unit) else { return format!("{bytes} B") };
    let hundredths = (u128::from(bytes) * 100 + u128::from(unit) / 2) / u128::from(unit);
    match hundredths {
        10_000.. => format!("{} {name}", (hundredths + 50) / 100),
        1_000.. => format!("{}.{} {name}", hundredths / 100, (hundredths % 100) / 10),
        _ => format!("{}.{:02} {name}", hundredths / 100, hundredths % 100),
    }
}

fn heaviest(survey: &Survey) -> Vec<(u64, String)> {
    let mut all: Vec<usize> = (0..survey.layers.len()).filter(|index| survey.layers[*index].bytes > 0).collect();
    all.sort_by_key(|index| std::cmp::Reverse(survey.layers[*index].bytes));
    let made = |index: &usize| {
        let layer = &survey.layers[*index];
        let place = match (layer.line, survey.is_base(*index)) {
            (Some(line), _) => format!("line {line}: "),
            (None, Some(true)) => "base: ".to_owned(),
            _ => String::new(),
        };
        let made = if layer.instruction.is_empty() { "(nothing tells)" } else { &layer.instruction };
        (layer.bytes, format!("{place}{}", shortened(&one_line(made), 90)))
    };
    all.iter().take(LAYERS).map(made).collect()
}

fn layers(column: &Measured, paint: Paint) -> String {
    let Some(survey) = &column.survey else { return String::new() };
    let mut out = vec![format!("\n{}\n", paint.paint(BOLD, &format!("largest layers, {}", column.label)))];
    for (bytes, made) in heaviest(survey) {
        out.push(format!("  {:>8}  {made}\n", size(bytes)));
    }
    out.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, told) in [
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (143_400_000, "143 MB"),
            (14_350_000, "14.3 MB"),
            (1_186_000_000, "1.19 GB"),
        ] {
            assert_eq!(size(bytes), told);
        }
    }
}
