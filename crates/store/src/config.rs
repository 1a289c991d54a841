//! Which database, and how many threads talk to it.

use std::path::PathBuf;
use std::time::Duration;

use spine::Secret;

/// How to reach a database and how hard to try.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Which database.
    pub backend: Backend,
    /// PostgreSQL connections that write; SQLite always has one.
    pub postgres_writers: usize,
    /// Connections that read.
    pub readers: usize,
    /// Units of work that may share one commit.
    pub group_limit: usize,
    /// Units of work that may wait; more are refused (`store.queue.full`).
    pub queue_limit: usize,
    /// How long work of the posting lane may wait before more of it is refused (`store.queue.slow`).
    pub posting_patience: Duration,
    /// How long to go on trying after another transaction was first, or the connection broke.
    pub patience: Duration,
}

/// A database.
#[derive(Clone, Debug)]
pub enum Backend {
    /// An embedded file.
    Sqlite {
        /// The file; made if absent.
        path: PathBuf,
    },
    /// A server.
    Postgres {
        /// A libpq-style URL; it may hold a password, so it is never printed.
        url: Secret<String>,
        /// PEM file of the authority that signs the server's certificate (`sslrootcert`).
        root_certificate: Option<PathBuf>,
    },
}

/// The URL names no database we know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a database is sqlite:PATH or postgres://USER@HOST/NAME (optionally ?sslmode=require&sslrootcert=FILE)")]
pub struct ConfigError;

impl StoreConfig {
    /// Settings for the database at `url`: `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// [`ConfigError`] for any other text.
    pub fn for_url(url: &str) -> Result<Self, ConfigError> {
        let backend = if let Some(path) = url.strip_prefix("sqlite:") {
            if path.is_empty() {
                return Err(ConfigError);
            }
            Backend::Sqlite { path: PathBuf::from(path.strip_prefix("//").unwrap_or(path)) }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let (url, root_certificate) = split_root_certificate(url);
            Backend::Postgres { url: Secret::new(url), root_certificate }
        } else {
            return Err(ConfigError);
        };
        Ok(Self {
            backend,
            postgres_writers: 4,
            readers: 4,
            group_limit: 256,
            queue_limit: 8192,
            posting_patience: Duration::from_secs(2),
            patience: Duration::from_secs(5),
        })
    }

    pub(crate) fn writers(&self) -> usize {
        match self.backend {
            Backend::Sqlite { .. } => 1,
            Backend::Postgres { .. } => self.postgres_writers.max(1),
        }
    }
}

/// The driver does not know `sslrootcert`; it is ours to take out of the query.
fn split_root_certificate(url: &str) -> (String, Option<PathBuf>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (ours, theirs): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("sslrootcert="));
    let certificate = ours.first().and_then(|pair| pair.strip_prefix("sslrootcert=")).map(PathBuf::from);
    let url = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
    (url, certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_both_databases_and_nothing_else() {
        assert!(
            matches!(StoreConfig::for_url("sqlite:/var/x.db").unwrap().backend, Backend::Sqlite { path } if path.as_os_str() == "/var/x.db")
        );
        let config = StoreConfig::for_url("postgres://u:p@h/db?sslmode=require&sslrootcert=/etc/ca.pem").unwrap();
        let Backend::Postgres { url, root_certificate } = &config.backend else { panic!() };
        assert_eq!(url.reveal(), "postgres://u:p@h/db?sslmode=require");
        assert_eq!(root_certificate.as_deref(), Some(std::path::Path::new("/etc/ca.pem")));
        assert!(!format!("{config:?}").contains("u:p"));
        for wrong in ["", "sqlite:", "mysql://x", "letsema.db"] {
            assert!(StoreConfig::for_url(wrong).is_err());
        }
    }
}
