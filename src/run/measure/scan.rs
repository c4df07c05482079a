//! Counts known vulnerabilities, with trivy or grype.

use crate::measure::Scan;
use crate::run::engine::finish;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::{Command, Stdio};

/// The programs, and how they want to be called.
const SCANNERS: [(&str, &[&str], &[&str]); 2] =
    [("trivy", &["image", "--quiet", "--format", "json"], &[]), ("grype", &["-q", "-o", "json"], &[])];

/// What the first of them that is there finds in `image`.
pub(super) fn scan(image: &str) -> Result<Scan> {
    for (program, before, after) in SCANNERS {
        let mut command = Command::new(program);
        command.args(before).arg(image).args(after).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match finish(&mut command) {
            Ok(done) if done.success => {
                let found: Value =
                    serde_json::from_str(&done.stdout).with_context(|| format!("{program} prints no JSON"))?;
                return Ok(count(&found));
            }
            Ok(done) => bail!("{program} does not scan {image}: {}", done.complaint()),
            Err(error) if error.downcast_ref::<std::io::Error>().is_some() => {}
            Err(error) => return Err(error),
        }
    }
    bail!("--scan needs trivy or grype on the PATH; install one of them")
}

fn count(found: &Value) -> Scan {
    let mut scan = Scan::default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let of_trivy =
        list(&found["Results"]).iter().flat_map(|result| list(&result["Vulnerabilities"])).collect::<Vec<_>>();
    for one in &of_trivy {
        scan.add(one["Severity"].as_str().unwrap_or_default());
    }
    for one in list(&found["matches"]) {
        scan.add(one["vulnerability"]["severity"].as_str().unwrap_or_default());
    }
    scan
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_scanners_are_understood() {
        let trivy = json!({"Results": [{"Vulnerabilities": [{"Severity": "CRITICAL"}, {"Severity": "LOW"}]}, {}]});
        assert_eq!(count(&trivy), Scan { critical: 1, low: 1, ..Scan::default() });
        let grype = json!({"matches": [{"vulnerability": {"severity": "High"}}, {"vulnerability": {"severity": "Negligible"}}]});
        assert_eq!(count(&grype), Scan { high: 1, low: 1, ..Scan::default() });
    }
}
