//! Which files hold secrets: told by their names, and then by what is in them.

/// More than any key or file of credentials.
const LARGEST: u64 = 64 << 10;

/// Whether the file at `path` is worth looking into.
pub fn may_hold(path: &str, bytes: u64) -> bool {
    (1..=LARGEST).contains(&bytes) && test_of(path).is_some()
}

/// What secret the file at `path` holds.
pub fn held(path: &str, bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    test_of(path)?(&text)
}

type Test = fn(&str) -> Option<&'static str>;

fn test_of(path: &str) -> Option<Test> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = parent.rsplit('/').next().unwrap_or_default();
    // What packages bring to test themselves is no secret.
    if [
        "node_modules/",
        "site-packages/",
        "dist-packages/",
        "usr/share/",
        "usr/lib/",
        "usr/local/lib/",
        "usr/local/go/",
    ]
    .iter()
    .any(|library| path.contains(library))
    {
        return None;
    }
    match name {
        ".npmrc" | ".yarnrc" => Some(|text| {
            let token = |key: &str| assigned(text, key, '=').any(is_literal);
            (token("_authToken") || token("_password") || token("_auth")).then_some("a token for a package registry")
        }),
        ".pypirc" => {
            Some(|text| assigned(text, "password", '=').any(is_literal).then_some("a password for a package index"))
        }
        ".netrc" => Some(|text| text.contains("password ").then_some("a password")),
        ".git-credentials" => Some(|text| text.contains("://").then_some("a password for git")),
        "credentials" if parent == ".aws" => {
            Some(|text| text.contains("aws_secret_access_key").then_some("a key of AWS"))
        }
        "config.json" if parent == ".docker" => {
            Some(|text| text.contains("\"auth\"").then_some("a login to an image registry"))
        }
        _ if name.starts_with(".env")
            && ![".example", ".sample", ".template", ".dist"].iter().any(|end| name.ends_with(end)) =>
        {
            Some(|text| text.lines().any(is_secret_setting).then_some("settings that look secret"))
        }
        _ if is_key(name) => Some(|text| text.contains("PRIVATE KEY-----").then_some("a private key")),
        _ => None,
    }
}

fn is_key(name: &str) -> bool {
    let ends = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
    ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name) || [".pem", ".key", ".p8"].into_iter().any(ends)
}

/// What stands after `key` and `sign` on the lines of `text`.
fn assigned<'t>(text: &'t str, key: &'t str, sign: char) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| {
        let (name, value) = line.split_once(sign)?;
        name.trim().ends_with(key).then(|| value.trim())
    })
}

/// Whether a value stands there, and no reference to one.
fn is_literal(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    !value.is_empty() && !value.starts_with(['$', '<', '{'])
}

fn is_secret_setting(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    let name = name.trim().trim_start_matches("export ").to_ascii_uppercase();
    let secret = ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY"];
    !name.starts_with('#') && secret.iter().any(|word| name.contains(word)) && is_literal(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_no_secret() {
        for (path, text, secret) in [
            ("root/.npmrc", "//registry.npmjs.org/:_authToken=npm_abc\n", true),
            ("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nfund=false\n", false),
            ("app/.env", "PORT=3000\nexport DB_PASSWORD='x'\n", true),
            ("app/.env", "# DB_PASSWORD=x\nDB_PASSWORD=\nTOKEN=${TOKEN}\n", false),
            ("app/.env.example", "DB_PASSWORD=x\n", false),
            ("app/server.key", "-----BEGIN PRIVATE KEY-----\n", true),
            ("app/server.pem", "-----BEGIN CERTIFICATE-----\n", false),
            ("app/node_modules/tls/test/server.key", "-----BEGIN PRIVATE KEY-----\n", false),
            ("root/.aws/credentials", "aws_secret_access_key = x\n", true),
            ("root/.docker/config.json", "{\"auths\": {}}\n", false),
            ("app/main.py", "password=x\n", false),
        ] {
            let found = may_hold(path, text.len() as u64).then(|| held(path, text.as_bytes())).flatten();
            assert_eq!(found.is_some(), secret, "{path}: {text}");
        }
    }
}
