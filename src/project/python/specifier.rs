//! Version specifiers, as PEP 440 compares them.

use super::name::Version;

/// Whether `specifier` (`>=1,<2`) allows `version`; `None` when it is not understood.
pub fn allows(specifier: &str, version: &str) -> Option<bool> {
    let version = Version::parse(version)?;
    let mut all = true;
    for part in specifier.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let operators = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];
        let operator = operators.into_iter().find(|operator| part.starts_with(operator))?;
        let wanted = part[operator.len()..].trim();
        let prefix = wanted.strip_suffix(".*");
        let wanted = Version::parse(prefix.unwrap_or(wanted))?;
        let starts =
            |wanted: &[u64]| version.release().iter().chain(std::iter::repeat(&0)).zip(wanted).all(|(a, b)| a == b);
        all &= match (operator, prefix.is_some()) {
            ("==", true) => starts(wanted.release()),
            ("!=", true) => !starts(wanted.release()),
            ("==" | "===", false) => version == wanted,
            ("!=", false) => version != wanted,
            ("<=", false) => version <= wanted,
            (">=", false) => version >= wanted,
            ("<", false) => version < wanted,
            (">", false) => version > wanted,
            ("~=", false) => {
                let written = part[operator.len()..].trim().split('.').count();
                let kept = written.checked_sub(1).filter(|&kept| kept > 0)?;
                let mut release = wanted.release().to_vec();
                release.resize(kept, 0);
                version >= wanted && starts(&release)
            }
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers() {
        for (specifier, answer) in [
            ("", Some(true)),
            (">=1,<2", Some(true)),
            ("~=1.2", Some(true)),
            ("~=1.2.0", Some(false)),
            ("==1.*", Some(true)),
            ("!=1.4.*", Some(false)),
            ("==1.4", Some(true)),
            ("<1.4", Some(false)),
            ("^1.2", None),
            ("==x", None),
            ("~=1", None),
        ] {
            assert_eq!(allows(specifier, "1.4.0"), answer, "{specifier}");
        }
    }
}
