//! The server's privileges in few words.

/// Attributes of a role: the column, our word, and whether it makes an administrator.
pub(super) const ATTRIBUTES: [(&str, &str, bool); 5] = [
    ("super", "superuser", true),
    ("create_role", "create role", true),
    ("create_db", "create database", false),
    ("replication", "replication", true),
    ("bypass_rls", "bypass row security", true),
];

/// What the server's own roles may do that makes an administrator of whoever has them; among them
/// those with which hosted servers replace the superuser.
pub(super) fn predefined(role: &str) -> Option<(&'static str, &'static str)> {
    Some(match role {
        "pg_read_all_data" => ("all databases", "read tables"),
        "pg_write_all_data" => ("all databases", "write tables"),
        "pg_maintain" => ("all databases", "maintain"),
        "pg_execute_server_program" => ("server", "run programs"),
        "pg_read_server_files" => ("server", "read files"),
        "pg_write_server_files" => ("server", "write files"),
        "rds_superuser" | "cloudsqlsuperuser" | "azure_pg_admin" => ("server", "administer"),
        _ => return None,
    })
}

/// Our word for a privilege on one kind of thing; none for those that give nothing by themselves.
pub(super) fn of(kind: &str, privilege: &str) -> Option<&'static str> {
    Some(match (kind, privilege) {
        ("database", "CONNECT") => "connect",
        ("database", "CREATE") => "create schemas",
        ("schema", "CREATE") => "create in schemas",
        ("table", "OWNER") => "own tables",
        ("table", "SELECT") => "read tables",
        ("table", "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE") => "write tables",
        ("table", "TRIGGER" | "MAINTAIN") => "change tables",
        ("column", "SELECT") => "read some columns",
        ("column", "INSERT" | "UPDATE") => "write some columns",
        _ => return None,
    })
}
