//! Which distribution a host runs. Source: os-release(5).

use crate::distribution::Release;
use crate::{Kept, Parts};

const LONGEST: u64 = 64 << 10;

/// The release that the file names; `None` where it names no distribution.
///
/// # Errors
/// A sentence about why it could not be read.
pub(crate) fn read(parts: &Parts<'_>, part: &Kept) -> Result<Option<Release>, String> {
    let bytes = parts
        .whole(part, LONGEST)
        .map_err(|e| format!("cannot be read: {}", e.kind()))?
        .ok_or("is too long for an os-release file: at most 64 KiB are read")?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

fn parse(text: &str) -> Option<Release> {
    let value = |name: &str| {
        let lines = text
            .lines()
            .rev()
            .filter_map(|line| line.trim().split_once('='));
        let mut found = lines.filter(|(key, _)| *key == name);
        found
            .next()
            .map(|(_, value)| value.trim_matches(['"', '\'']))
    };
    let id = value("ID").filter(|id| !id.is_empty())?;
    // Both call themselves centos.
    let is_stream = id == "centos" && value("NAME") == Some("CentOS Stream");
    let id = if is_stream { "centos-stream" } else { id };
    Some(Release::new(id, value("VERSION_ID")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_or_not() {
        for text in [
            "ID=debian\nVERSION_ID=\"12\"\n",
            "ID='debian'\r\nVERSION_ID=12",
        ] {
            let found = parse(text).map(|r| r.ecosystem());
            assert_eq!(found.as_deref(), Some("Debian:12"));
        }
        let testing = parse("NAME=\"Debian GNU/Linux\"\nID=debian\n").map(|r| r.ecosystem());
        assert_eq!(testing.as_deref(), Some("Debian"));
        assert_eq!(parse("NAME=x"), None);
    }
}
