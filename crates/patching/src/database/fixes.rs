//! The fixed versions that advisories name, so that two editions can be compared.

use std::collections::HashSet;

use super::layout::{Damaged, NONE};
use super::{Database, Found, key, past_ratings, past_versions};
use crate::osv::Event;

/// A version that an advisory names as holding the fix for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedFix<'a> {
    /// The advisory.
    pub advisory: &'a str,
    /// What [`package_key`] gives.
    pub package: &'a str,
    /// The version.
    pub fixed: &'a str,
}

/// A package by its ecosystem, without a release, and its name, folded as the ecosystem folds it.
pub fn package_key(ecosystem: &str, name: &str) -> String {
    key(ecosystem, name)
}

impl<B: AsRef<[u8]>> Database<B> {
    /// Gives every fix that is named, package by package, and some of them twice.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn each_fix(&self, take: &mut dyn FnMut(NamedFix<'_>)) -> Result<(), Damaged> {
        for slot in 0..self.layout.packages.len {
            let at = self.cursor_in(self.layout.packages, slot).take()?;
            if at == NONE {
                continue;
            }
            let package = self.string(self.word(at)?)?;
            // Other slots count the packages of an ecosystem, or know a name in any of them.
            if package
                .split_once('\n')
                .is_some_and(|(base, _)| !base.is_empty())
            {
                self.fixes_of(Found(at), &mut |advisory, fixed| {
                    take(NamedFix {
                        advisory,
                        package,
                        fixed,
                    });
                })?;
            }
        }
        Ok(())
    }

    /// The fixes that are named of one package, each as advisory and version.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn fixes(&self, package: &str) -> Result<HashSet<(String, String)>, Damaged> {
        let mut fixes = HashSet::new();
        if let Some(found) = self.find(self.layout.packages, package.as_bytes())? {
            self.fixes_of(found, &mut |advisory, fixed| {
                fixes.insert((advisory.to_owned(), fixed.to_owned()));
            })?;
        }
        Ok(fixes)
    }

    fn fixes_of(&self, Found(at): Found, take: &mut dyn FnMut(&str, &str)) -> Result<(), Damaged> {
        let mut entries = self.cursor(at + 1);
        for _ in 0..entries.take()? {
            let mut cursor = self.cursor(entries.take()?);
            let advisory = self.string(self.word(cursor.take()?)?)?;
            cursor.skip(1)?;
            past_ratings(&mut cursor)?;
            past_versions(&mut cursor)?;
            for _ in 0..cursor.take()? {
                let range = self.range(&mut cursor)?;
                for event in range.events.iter().flatten() {
                    if let Event::Fixed(version) = event {
                        take(advisory, version);
                    }
                }
            }
        }
        Ok(())
    }
}
