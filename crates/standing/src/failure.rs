//! What can go wrong, sorted by whose turn it is, each with one line of hint.

use std::fmt;

/// Whose turn it is to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The command line was not understood.
    Usage,
    /// `standing.toml` or a file it names is not as it should be.
    Configuration,
    /// A source could not be read.
    Source,
    /// The vault or the index is damaged, locked or not ours.
    Integrity,
    /// Ours.
    Bug,
}

/// A failure: exit code 2, one line of error and one of hint.
#[derive(Debug)]
pub struct Failure {
    /// Whose turn it is.
    pub sort: Sort,
    /// What we were doing, what we found, what we expected.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The fields of what was given that are wrong, each with what is wrong with it.
    pub fields: Vec<(String, String)>,
}

impl Failure {
    /// A failure of that sort.
    pub fn new(sort: Sort, message: impl Into<String>) -> Self {
        Failure {
            sort,
            message: message.into(),
            hint: None,
            fields: Vec::new(),
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, said of one field of what was given.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.fields.push((field.to_owned(), self.message.clone()));
        self
    }

    /// The command line was not understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Sort::Usage, message)
    }

    /// A file of the user's is not as it should be.
    pub fn configuration(message: impl Into<String>) -> Self {
        Failure::new(Sort::Configuration, message)
    }

    /// The vault or the index cannot be relied upon.
    pub fn integrity(message: impl fmt::Display) -> Self {
        Failure::new(Sort::Integrity, message.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<standing_assess::index::IndexError> for Failure {
    fn from(error: standing_assess::index::IndexError) -> Self {
        Failure::integrity(error)
            .hint("the index is a cache: delete the folder .standing and try again")
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        standing_assess::index::IndexError::from(error).into()
    }
}

macro_rules! integrity {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::integrity(error)
            }
        })+
    };
}

integrity!(
    standing_patching::Damaged,
    standing_vault::AppendError,
    standing_vault::BlobError,
    standing_vault::DiskError,
    standing_vault::EraseError,
    standing_vault::InitError,
    standing_vault::KeyError,
    standing_vault::OpenError,
    standing_vault::ReadError,
    standing_vault::SignError,
);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::integrity(error)
    }
}
