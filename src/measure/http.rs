//! As much of HTTP as asking one question takes: where to ask, the request, and what the bytes of the answer mean.

/// Where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The port in the container.
    pub port: u16,
    /// The path, with its `/`.
    pub path: String,
}

impl Probe {
    /// Reads `http://:8080/health`, `:8080/health` or `8080`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = match host.rsplit_once(':') {
            Some((_, port)) => port.parse().ok()?,
            None if rest == text => host.parse().ok()?,
            None => 80,
        };
        let path = if path.is_empty() { "/" } else { path };
        (!path.contains([' ', '\r', '\n'])).then(|| Self { port, path: path.to_owned() })
    }

    /// The request.
    pub fn request(&self) -> String {
        // The host is the same for all containers, whichever port they are reached on.
        let Self { port, path } = self;
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: dfslim\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        )
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// `200`
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What follows.
    pub body: Vec<u8>,
}

impl Response {
    /// Reads the bytes of an answer; `None` when they are none, or not all of one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        let mut response =
            Self { status, headers: lines.filter_map(header).collect(), body: bytes[end + 4..].to_vec() };
        if response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            response.body = unchunked(&response.body)?;
        } else if let Some(length) = response.header("content-length").and_then(|length| length.parse().ok()) {
            if response.body.len() < length {
                return None;
            }
            response.body.truncate(length);
        }
        Some(response)
    }

    /// The value of the header `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as a text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend(bytes.get(..size)?);
        bytes = bytes.get(size.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_read_as_people_write_it() {
        let probe = |text: &str| Probe::parse(text).map(|probe| (probe.port, probe.path));
        assert_eq!(probe("http://:8080/health"), Some((8080, "/health".to_owned())));
        assert_eq!(probe("http://localhost:8080"), Some((8080, "/".to_owned())));
        assert_eq!(probe(":3000/a?b=c"), Some((3000, "/a?b=c".to_owned())));
        assert_eq!(probe("3000"), Some((3000, "/".to_owned())));
        assert_eq!(probe("http://localhost/x"), Some((80, "/x".to_owned())));
        for wrong in ["https://:1/", "x", ":99999", ":80/a b"] {
            assert_eq!(probe(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        let plain = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
        let response = Response::parse(plain.as_bytes()).unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "hello"));
        assert_eq!(response.header("content-type"), Some("text/plain"));
        assert_eq!(Response::parse(&plain.as_bytes()[..plain.len() - 1]), None);
        let chunked = "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(Response::parse(chunked.as_bytes()).unwrap().text(), "abcde");
        assert_eq!(Response::parse(&chunked.as_bytes()[..chunked.len() - 9]), None);
        let huge = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc";
        assert_eq!(Response::parse(huge.as_bytes()), None);
        assert_eq!(Response::parse(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(Response::parse(b"HTTP/1.0 204 None\r\n\r\n").unwrap().body, b"");
    }
}
