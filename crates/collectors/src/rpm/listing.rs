//! What `rpm -qa` prints in the form that [`FORMAT`] asks for. Source: rpm(8), QUERY OPTIONS.

use std::io::{self, Read};

use super::package::Package;
use crate::lines::{self, Line};

/// The command's `--queryformat`.
#[cfg(test)]
pub(super) const FORMAT: &str = r"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{INSTALLTIME}\t%{VENDOR}\t%{MODULARITYLABEL}\n";

const LONGEST: usize = 8 << 10;

/// Hands out every package with its line, or what was expected there.
///
/// # Errors
/// When reading fails.
pub(super) fn read(
    bytes: impl Read,
    take: &mut dyn FnMut(u64, Result<Package, &'static str>),
) -> io::Result<()> {
    lines::each(bytes, LONGEST, &mut |number, line| match line {
        Line::TooLong => take(number, Err("expected a line of at most 8 KiB")),
        Line::Text(text) if text.trim().is_empty() => {}
        Line::Text(text) => take(number, package(text)),
    })
}

/// Old releases know no modules and may leave the last column out.
fn package(line: &str) -> Result<Package, &'static str> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let (8 | 9) = cells.len() else {
        return Err("expected nine columns parted by tabs");
    };
    let text = |at: usize| {
        let cell = cells.get(at).copied().unwrap_or_default();
        Some(cell)
            .filter(|c| !c.is_empty() && *c != "(none)")
            .map(str::to_owned)
    };
    let number = |at: usize, what| match text(at) {
        None => Ok(None),
        Some(cell) => cell.parse::<u32>().map(Some).map_err(|_| what),
    };
    Ok(Package {
        name: text(0).ok_or("expected a name in the first column")?,
        epoch: number(1, "expected an epoch, or (none), in the second column")?,
        version: text(2).ok_or("expected a version in the third column")?,
        release: text(3).ok_or("expected a release in the fourth column")?,
        architecture: text(4),
        source: text(5),
        installed: number(6, "expected seconds since 1970 in the seventh column")?.map(i64::from),
        vendor: text(7),
        module: text(8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_is_documented_asks_for_these_columns() {
        assert!(super::super::ABOUT.how.contains(FORMAT));
        assert_eq!(FORMAT.matches("%{").count(), 9);
    }
}
