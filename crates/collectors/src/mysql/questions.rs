//! The questions. Each gives texts; none asks for a column that holds a password's hash.

/// The server's clock and version first.
pub(super) const SERVER: &str =
    "select unix_timestamp() as epoch, version() as version, current_user() as reader";

/// Columns of `mysql.user` that hold privileges, in MySQL 8; the same but for the global ones stand in
/// `mysql.db`.
const GLOBAL: [(&str, &str); 29] = [
    ("Select_priv", "select"),
    ("Insert_priv", "insert"),
    ("Update_priv", "update"),
    ("Delete_priv", "delete"),
    ("Create_priv", "create"),
    ("Drop_priv", "drop"),
    ("Reload_priv", "reload"),
    ("Shutdown_priv", "shutdown"),
    ("Process_priv", "process"),
    ("File_priv", "file"),
    ("Grant_priv", "grant"),
    ("References_priv", "references"),
    ("Index_priv", "index"),
    ("Alter_priv", "alter"),
    ("Show_db_priv", "show databases"),
    ("Super_priv", "super"),
    ("Create_tmp_table_priv", "create temporary tables"),
    ("Lock_tables_priv", "lock tables"),
    ("Execute_priv", "execute"),
    ("Repl_slave_priv", "replication slave"),
    ("Repl_client_priv", "replication client"),
    ("Create_view_priv", "create view"),
    ("Show_view_priv", "show view"),
    ("Create_routine_priv", "create routine"),
    ("Alter_routine_priv", "alter routine"),
    ("Create_user_priv", "create user"),
    ("Event_priv", "event"),
    ("Trigger_priv", "trigger"),
    ("Create_tablespace_priv", "create tablespace"),
];

/// Those of them that `mysql.db` lacks.
const NOT_IN_DATABASES: [&str; 9] = [
    "reload",
    "shutdown",
    "process",
    "file",
    "show databases",
    "super",
    "replication slave",
    "replication client",
    "create user",
];

/// Each part and its question.
pub(super) fn of(maria: bool, view: &str) -> Vec<(&'static str, String)> {
    let within = listed(|word| !NOT_IN_DATABASES.contains(&word) && word != "create tablespace");
    let mut all = vec![
        (
            "databases.jsonl",
            format!(
                "select Host as host, User as user, Db as db, {within} as privileges from mysql.db order by 1, 2, 3"
            ),
        ),
        (
            "tables.jsonl",
            "select distinct Host as host, User as user, Db as db, \
             concat_ws(',', Table_priv, Column_priv) as privileges \
             from mysql.tables_priv order by 1, 2, 3, 4"
                .to_owned(),
        ),
    ];
    if maria {
        all.push((
            "accounts.jsonl",
            format!(
                "select host, user, access, locked, is_role, changed from {view} order by 2, 1"
            ),
        ));
        all.push((
            "members.jsonl",
            "select Host as host, User as user, Role as role, '' as role_host, \
             Admin_option as admin from mysql.roles_mapping order by 1, 2, 3"
                .to_owned(),
        ));
    } else {
        let everywhere = listed(|_| true);
        all.push((
            "accounts.jsonl",
            format!(
                "select Host as host, User as user, account_locked as locked, \
                 password_last_changed as changed, {everywhere} as privileges \
                 from mysql.user order by 2, 1"
            ),
        ));
        all.push((
            "members.jsonl",
            "select TO_HOST as host, TO_USER as user, FROM_USER as role, FROM_HOST as role_host, \
             WITH_ADMIN_OPTION as admin from mysql.role_edges order by 1, 2, 3, 4"
                .to_owned(),
        ));
        all.push((
            "global-grants.jsonl",
            "select HOST as host, USER as user, PRIV as privileges \
             from mysql.global_grants order by 1, 2, 3"
                .to_owned(),
        ));
    }
    all
}

fn listed(wanted: impl Fn(&str) -> bool) -> String {
    let all = GLOBAL.iter().filter(|(_, word)| wanted(word));
    let all = all.map(|(column, word)| format!("if({column} = 'Y', '{word}', null)"));
    format!("concat_ws(',', {})", all.collect::<Vec<_>>().join(", "))
}
