//! TLS to PostgreSQL: a server with its own authority is reached when that authority is named, and refused when another
//! is. `tests/postgres` starts one that speaks both; another server's authority is not known here, and is not tried.

use std::path::PathBuf;

use store::{Store, StoreConfig};

/// The address of the tests' own server by the name in its certificate, and the folder of its authorities.
fn server() -> Option<(String, PathBuf)> {
    let url = testkit::postgres_url()?;
    let port = url.rsplit_once(':')?.1.split('/').next()?.to_owned();
    let folder = PathBuf::from(format!("/tmp/letsema-postgres-{port}"));
    folder.join("ca.pem").is_file().then(|| (url.replace("127.0.0.1", "localhost"), folder))
}

fn open(url: &str) -> Result<Store, String> {
    let config = StoreConfig::for_url(url).map_err(|error| error.to_string())?;
    Store::open(&config).map_err(|error| error.to_string())
}

#[test]
fn the_servers_own_authority_is_needed_and_no_other_will_do() {
    let Some((url, folder)) = server() else {
        eprintln!("the server is not one of tests/postgres: TLS was not tried");
        return;
    };
    let through =
        |authority: &str| open(&format!("{url}?sslmode=require&sslrootcert={}", folder.join(authority).display()));
    let store = through("ca.pem").unwrap_or_else(|error| panic!("{error}"));
    let read: spine::Work = Box::new(|tx| {
        let row = tx.first("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl", &[])?;
        Ok(Box::new(row.map(|row| row.get::<String>(0)).transpose()?))
    });
    let spoken = testkit::block_on(spine::Database::read(&store, read)).unwrap();
    assert_eq!(spoken.downcast::<Option<String>>().ok().and_then(|version| *version).as_deref(), Some("TLSv1.3"));
    for (authority, why) in [("other.pem", "another authority's word"), ("none.pem", "no authority at all")] {
        assert!(through(authority).is_err(), "{why}");
    }
    assert!(open(&format!("{url}?sslmode=require")).is_err(), "encrypted, but to whom?");
}
