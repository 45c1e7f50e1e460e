//! The one way by which collectors speak SQL: read-only, within bounds, over TLS or on this machine.
//!
//! *Architecture invariants:* a password goes to a server only over TLS whose certificate is believed, or
//! to this machine; every session is read-only before the first question; what a server says of an error
//! is never repeated, only its code, because it may hold values.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ColumnIndex, ConnectOptions as _, Database, Decode, Row};
use standing_facts::GapCode;

use crate::rows;
use crate::{FetchError, Line, Setting};

/// Longest time for one question, in seconds: the server is told, and we wait a little longer.
const SECONDS: u64 = 120;
/// Longest time for reaching the server.
const REACH: Duration = Duration::from_secs(20);
/// By how much a server's clock may differ from ours, in seconds.
const SKEW: i64 = 300;

/// Where the server is.
pub(crate) const URL: Setting = Setting {
    name: "url",
    meaning: "the server: postgresql://HOST:PORT or mysql://HOST:PORT; with three slashes, the \
              path of a socket on this machine",
    default: "",
    required: true,
};
/// Who asks.
pub(crate) const USER: Setting = Setting {
    name: "user",
    meaning: "the database user that asks; one that may read what is asked and nothing else",
    default: "",
    required: true,
};
/// The password in a file.
pub(crate) const PASSWORD_FILE: Setting = Setting {
    name: "password_file",
    meaning: "file that holds the password, readable by its owner only; without one the server \
              must know the user otherwise, as sockets do",
    default: "",
    required: false,
};
/// The password in the environment.
pub(crate) const PASSWORD_ENV: Setting = Setting {
    name: "password_env",
    meaning: "environment variable that holds the password, instead of a file",
    default: "",
    required: false,
};
/// Whose certificates are believed.
pub(crate) const CA_FILE: Setting = Setting {
    name: "ca_file",
    meaning: "PEM file of the certificates to believe instead of the system's",
    default: "",
    required: false,
};

/// The two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// A server's place, as a setting names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    engine: Engine,
    at: At,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    Host(String, u16),
    Socket(String),
}

/// A session with one database.
pub(crate) struct Sql {
    runtime: tokio::runtime::Runtime,
    session: Session,
    place: String,
}

enum Session {
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

/// Names of columns, and rows.
type Texts = (Vec<String>, Vec<Vec<Option<String>>>);

/// Rows as texts, or the code with which the server refused.
enum Outcome {
    Rows(Vec<String>, Vec<Vec<Option<String>>>),
    Refused(String),
}

/// The language that a place's address names.
///
/// # Errors
/// When it is no such address.
pub(crate) fn engine(url: &str) -> Result<Engine, FetchError> {
    place(url).map(|place| place.engine)
}

fn place(url: &str) -> Result<Place, FetchError> {
    let odd = |why: &str| FetchError::system(GapCode::Malformed, format!("url: {why}"));
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (engine, usual) = match scheme {
        "postgresql" | "postgres" => (Engine::Postgres, 5432),
        "mysql" | "mariadb" => (Engine::MySql, 3306),
        _ => return Err(odd("expected postgresql://HOST:PORT or mysql://HOST:PORT")),
    };
    if rest.contains('@') || rest.contains('?') {
        return Err(odd(
            "expected no user, password or options in it; they have settings of their own",
        ));
    }
    if rest.starts_with('/') && rest.len() > 1 {
        let at = At::Socket(rest.to_owned());
        return Ok(Place { engine, at });
    }
    let rest = rest.trim_end_matches('/');
    if rest.contains('/') {
        return Err(odd(
            "expected no database in it; it has a setting of its own",
        ));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| odd("expected a port's number"))?;
            (host, port)
        }
        _ => (rest, usual),
    };
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() {
        return Err(odd("expected a host"));
    }
    let at = At::Host(host.to_owned(), port);
    Ok(Place { engine, at })
}

impl Line<'_> {
    /// Opens a session with a database of the server that the settings name.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let the user in.
    pub(crate) fn sql(&mut self, database: &str) -> Result<Sql, FetchError> {
        let settings = self.settings();
        let place = place(settings.value("url"))?;
        let user = settings.value("user").to_owned();
        let ca = settings.value("ca_file").to_owned();
        let ca = (!ca.is_empty()).then(|| self.root.folder.join(ca));
        let password = self.secret("password")?;
        let shown = match &place.at {
            At::Host(host, port) => format!("{host}:{port}"),
            At::Socket(path) => path.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| FetchError::Io {
                path: shown.clone().into(),
                error,
            })?;
        let remote = matches!(&place.at, At::Host(host, _) if !crate::http::is_here(host));
        let password = password.as_ref().map(|p| p.reveal());
        self.progress(&format!("{shown} {database}"));
        let door = Door {
            place: &place,
            remote,
            user: &user,
            password,
            ca: ca.as_deref().filter(|_| remote),
            database,
        };
        let open = async {
            Ok(match place.engine {
                Engine::Postgres => Session::Postgres(door.postgres().await?),
                Engine::MySql => Session::MySql(door.mysql().await?),
            })
        };
        let session = within(&runtime, REACH, open).map_err(|error| sorted(&shown, &error))?;
        Ok(Sql {
            runtime,
            session,
            place: shown,
        })
    }
}

/// What opens a session.
struct Door<'d> {
    place: &'d Place,
    /// The server is on another machine.
    remote: bool,
    user: &'d str,
    password: Option<&'d str>,
    ca: Option<&'d Path>,
    database: &'d str,
}

impl Door<'_> {
    async fn postgres(&self) -> Result<PgConnection, sqlx::Error> {
        let mut options = PgConnectOptions::new_without_pgpass()
            .username(self.user)
            .database(self.database)
            .application_name("standing");
        options = match &self.place.at {
            At::Host(host, port) => options.host(host).port(*port),
            At::Socket(path) => options.socket(path),
        };
        options = options.ssl_mode(match &self.place.at {
            _ if self.remote => PgSslMode::VerifyFull,
            At::Host(..) => PgSslMode::Prefer,
            At::Socket(_) => PgSslMode::Disable,
        });
        if let Some(ca) = self.ca {
            options = options.ssl_root_cert(ca);
        }
        if let Some(password) = self.password {
            options = options.password(password);
        }
        let mut session = options.connect().await?;
        let bounds = format!(
            "set default_transaction_read_only = on; \
             set statement_timeout = '{SECONDS}s'; set lock_timeout = '5s'"
        );
        say(&mut session, bounds).await?;
        Ok(session)
    }

    async fn mysql(&self) -> Result<MySqlConnection, sqlx::Error> {
        let mut options = MySqlConnectOptions::new()
            .username(self.user)
            .pipes_as_concat(false)
            .no_engine_substitution(false);
        if !self.database.is_empty() {
            options = options.database(self.database);
        }
        options = match &self.place.at {
            At::Host(host, port) => options.host(host).port(*port),
            At::Socket(path) => options.socket(path),
        };
        options = options.ssl_mode(match &self.place.at {
            _ if self.remote => MySqlSslMode::VerifyIdentity,
            At::Host(..) => MySqlSslMode::Preferred,
            At::Socket(_) => MySqlSslMode::Disabled,
        });
        if let Some(ca) = self.ca {
            options = options.ssl_ca(ca);
        }
        if let Some(password) = self.password {
            options = options.password(password);
        }
        let mut session = options.connect().await?;
        say(&mut session, "set session transaction read only".into()).await?;
        // MariaDB counts in seconds and MySQL in milliseconds; each knows one of them.
        let bounds = [
            format!("set session max_statement_time = {SECONDS}"),
            format!("set session max_execution_time = {}", SECONDS * 1000),
        ];
        for bound in bounds {
            if say(&mut session, bound).await.is_ok() {
                return Ok(session);
            }
        }
        Err(sqlx::Error::Configuration("no time limit".into()))
    }
}

impl Sql {
    /// Asks one question and keeps its rows, with their count, as a part of this name. What the server
    /// refuses is kept as refused, and is for `read` to say.
    ///
    /// # Errors
    /// When the session ends, or the answer is longer than may be kept.
    pub(crate) fn keep(
        &mut self,
        line: &mut Line<'_>,
        part: &str,
        query: &str,
    ) -> Result<Vec<Vec<Option<String>>>, FetchError> {
        let (bytes, found) = match self.ask(query)? {
            Outcome::Rows(columns, found) => (rows::written(&columns, &found), found),
            Outcome::Refused(code) => (rows::refused(&code), Vec::new()),
        };
        if bytes.len() as u64 > crate::http::LONGEST {
            let why = format!("{}: {part} is longer than may be kept", self.place);
            return Err(FetchError::system(GapCode::TooLarge, why));
        }
        line.keep(part, &bytes)?;
        Ok(found)
    }

    /// Compares the server's clock, seconds of the epoch as it gave them, with ours.
    pub(crate) fn compare_clocks(&self, line: &mut Line<'_>, theirs: Option<&str>) {
        let theirs = theirs.and_then(|t| Timestamp::from_second(t.parse().ok()?).ok());
        let Some(theirs) = theirs else { return };
        let by = theirs.as_second() - line.now().as_second();
        if by.abs() > SKEW {
            let way = if by > 0 { "ahead of" } else { "behind" };
            let (place, minutes) = (&self.place, by.abs() / 60);
            let why = format!("the clock of {place} is {minutes} minutes {way} this machine's");
            line.gap(None, GapCode::ClockSkewed, why);
        }
    }

    /// The names of the columns that a query would give, and its rows.
    ///
    /// # Errors
    /// As [`Sql::keep`], and when the server refuses.
    pub(crate) fn table(&mut self, query: &str) -> Result<Texts, FetchError> {
        match self.ask(query)? {
            Outcome::Rows(columns, rows) => Ok((columns, rows)),
            Outcome::Refused(code) => {
                let why = format!("{}: it refuses the query with code {code}", self.place);
                Err(FetchError::system(rows::code(&code), why))
            }
        }
    }

    fn ask(&mut self, query: &str) -> Result<Outcome, FetchError> {
        let query = AssertSqlSafe(query.to_owned());
        let time = Duration::from_secs(SECONDS + 10);
        let asked = match &mut self.session {
            Session::Postgres(session) => within(&self.runtime, time, async {
                texts(sqlx::raw_sql(query).fetch_all(session).await?)
            }),
            Session::MySql(session) => within(&self.runtime, time, async {
                texts(sqlx::raw_sql(query).fetch_all(session).await?)
            }),
        };
        match asked {
            Ok((columns, rows)) => Ok(Outcome::Rows(columns, rows)),
            Err(error) => match code(&error) {
                Some(code) => Ok(Outcome::Refused(code)),
                None => Err(sorted(&self.place, &error)),
            },
        }
    }
}

async fn say<'c, C>(session: &'c mut C, words: String) -> Result<(), sqlx::Error>
where
    C: sqlx::Connection,
    &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    sqlx::raw_sql(AssertSqlSafe(words)).execute(session).await?;
    Ok(())
}

fn within<T>(
    runtime: &tokio::runtime::Runtime,
    time: Duration,
    what: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let timed = async { tokio::time::timeout(time, what).await };
    runtime
        .block_on(timed)
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Every cell as the server wrote it: questions are asked in the form whose answers are texts.
fn texts<R: Row>(rows: Vec<R>) -> Result<Texts, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> Option<String>: Decode<'r, R::Database>,
    R::Database: Database,
{
    use sqlx::Column as _;
    let columns = rows.first().map(|row| {
        let columns = row.columns().iter();
        columns.map(|c| c.name().to_owned()).collect()
    });
    let texts = rows.iter().map(|row| {
        let cells = 0..row.columns().len();
        cells.map(|i| row.try_get_unchecked(i)).collect()
    });
    Ok((
        columns.unwrap_or_default(),
        texts.collect::<Result<_, _>>()?,
    ))
}

/// The code with which the server refused one question: the number where MySQL has one.
fn code(error: &sqlx::Error) -> Option<String> {
    let refusal = error.as_database_error()?;
    match refusal.try_downcast_ref::<MySqlDatabaseError>() {
        Some(refusal) => Some(refusal.number().to_string()),
        None => refusal.code().map(|c| c.into_owned()),
    }
}

/// Why there is no session, or it ended.
fn sorted(place: &str, error: &sqlx::Error) -> FetchError {
    if let Some(code) = code(error) {
        let why = format!("{place}: it does not let the user in (code {code})");
        return FetchError::system(rows::code(&code), why);
    }
    let (code, why) = match error {
        sqlx::Error::Tls(_) => (
            GapCode::Unreachable,
            "its certificate is not believed, or it has none",
        ),
        sqlx::Error::Io(_) => (GapCode::Unreachable, "no answer (connection)"),
        sqlx::Error::PoolTimedOut => (GapCode::Unreachable, "no answer (timeout)"),
        sqlx::Error::Configuration(_) => {
            (GapCode::Malformed, "it cannot be asked with these settings")
        }
        sqlx::Error::ColumnDecode { .. } => (GapCode::Malformed, "a cell is not text"),
        _ => (
            GapCode::Malformed,
            "it answers in a way that is not understood",
        ),
    };
    FetchError::system(code, format!("{place}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_understood() {
        let host = |host: &str, port| At::Host(host.into(), port);
        for (url, engine, at) in [
            (
                "postgresql://db.example.test",
                Engine::Postgres,
                host("db.example.test", 5432),
            ),
            (
                "postgres://127.0.0.1:6000/",
                Engine::Postgres,
                host("127.0.0.1", 6000),
            ),
            ("mysql://[::1]:3307", Engine::MySql, host("::1", 3307)),
            ("mariadb://[::1]", Engine::MySql, host("::1", 3306)),
            (
                "postgresql:///run/postgresql",
                Engine::Postgres,
                At::Socket("/run/postgresql".into()),
            ),
        ] {
            assert_eq!(place(url).unwrap(), Place { engine, at }, "{url}");
        }
    }

    #[test]
    fn a_place_holds_no_credential_and_nothing_else() {
        for url in [
            "db.example.test",
            "http://db.example.test",
            "postgresql://",
            "postgresql://ada:secret@db.example.test",
            "mysql://db.example.test/clinic",
            "mysql://db.example.test:many",
            "postgresql://db.example.test?sslmode=disable",
        ] {
            let error = place(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
