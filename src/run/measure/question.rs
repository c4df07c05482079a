//! What to ask of the containers, where the user does not say: what a health check asks, or the port that the image
//! exposes, compose publishes, or the start command names.

use super::prepare::Case;
use crate::dockerfile::Dockerfile;
use crate::image::{Stages, Start};
use crate::measure::http::Probe;
use crate::project::deploy::said::Check;

/// The request that the evidence speaks for.
pub(super) fn by_evidence(case: &Case) -> Option<Probe> {
    let file = Dockerfile::parse(case.plan.before.as_str());
    let stages = Stages::of(&file);
    let start = stages.last().map(|last| Start::of(&file, &stages, last)).unwrap_or_default();
    let usage = &case.surroundings.usage;
    let own = start.healthcheck.iter().map(|launch| launch.words().join(" "));
    let told = usage.probes().into_iter().map(|probe| match &probe.check {
        Check::Exec(words) => words.join(" "),
        Check::Shell(text) => text.clone(),
        Check::Network(_) | Check::Disabled => String::new(),
    });
    let exposed = start.ports.iter().filter_map(|(port, _)| port.trim_end_matches("/tcp").parse().ok());
    let published = usage.ports().into_iter().filter_map(|port| port.number);
    // A shell's text is words too, near enough to find a port.
    let words = start.words();
    let words: Vec<String> = words.iter().flat_map(|word| word.split_whitespace()).map(str::to_owned).collect();
    let port = || exposed.chain(published).next().or_else(|| port_in(&words));
    let asked = own.chain(told).find_map(|text| url_in(&text));
    asked.or_else(|| Some(Probe { port: port()?, path: "/".to_owned() }))
}

/// `http://localhost:8080/health` in the text of a health check.
fn url_in(text: &str) -> Option<Probe> {
    let from = text.find("http://")?;
    let url = text[from..].split([' ', '"', '\'', ')', '|', ';', ',']).next()?;
    let host = url.trim_start_matches("http://").split(['/', ':']).next()?;
    // What it asks of others is not its own.
    ["localhost", "127.0.0.1", "0.0.0.0", "[", "::1"].contains(&host).then(|| Probe::parse(url)).flatten()
}

/// The port in `gunicorn --bind 0.0.0.0:8000`, `serve -l 5000`.
fn port_in(words: &[String]) -> Option<u16> {
    let flags = ["--port", "-p", "--bind", "-b", "-l", "--listen", "--http", "-port"];
    let value = |index: usize| {
        let word = &words[index];
        match word.split_once('=') {
            Some((flag, value)) if flags.contains(&flag) => Some(value),
            _ if flags.contains(&word.as_str()) => words.get(index + 1).map(String::as_str),
            // `manage.py runserver 0.0.0.0:8000`
            _ => word.strip_prefix("0.0.0.0:"),
        }
    };
    (0..words.len()).filter_map(value).find_map(|value| value.rsplit(':').next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_paths_are_read_where_they_stand() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(port_in(&words("uvicorn app:app --port 8080")), Some(8080));
        assert_eq!(port_in(&words("gunicorn -b 0.0.0.0:8000 app")), Some(8000));
        assert_eq!(port_in(&words("gunicorn --bind=:5000 app")), Some(5000));
        assert_eq!(port_in(&words("python manage.py runserver 0.0.0.0:8000")), Some(8000));
        assert_eq!(port_in(&words("node server.js")), None);
        let url = |text: &str| url_in(text).map(|probe| (probe.port, probe.path));
        assert_eq!(url("curl -f http://localhost:3000/health || exit 1"), Some((3000, "/health".to_owned())));
        assert_eq!(url("node -e \"require('http').get('http://127.0.0.1:8080/')\""), Some((8080, "/".to_owned())));
        assert_eq!(url("curl http://db:5432/"), None);
    }
}
