//! The whole database as lines, and back: one form for both databases, made from the schema as it is, so that no table
//! can be forgotten. Backup, restore and the move between databases are made of this.
//!
//! A line is a JSON array of a row's columns in the order of their names, rows in the order of the primary key's bytes:
//! the same content gives the same lines on both databases. The search index is derived and carried without its tokens.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::mpsc;

use crate::connection::dynamic::Value;
use crate::{Connection, Result, Store, StoreError, Write, search};

/// Not carried: the migrator's own notes, and the row that processes of PostgreSQL queue at.
const NOT_CARRIED: [&str; 2] = ["_sqlx_migrations", "schema_lock"];
const SEARCH: &str = "search_entry";
/// A piece is sent on when it has this many bytes.
const PIECE: usize = 256 << 10;
/// SQLite takes 32,766 parameters, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 30_000;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Int,
    Text,
    Blob,
}

impl Kind {
    fn empty(self) -> Value {
        match self {
            Kind::Int => Value::Int(None),
            Kind::Text => Value::Text(None),
            Kind::Blob => Value::Blob(None),
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// A table as the database itself describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// In the order of their names.
    pub columns: Vec<Column>,
    /// Columns of the primary key.
    pub key: Vec<String>,
    /// Tables that its rows refer to.
    pub parents: Vec<String>,
}

/// What comes out of a database, or goes into one.
#[derive(Debug)]
pub enum Piece {
    /// The following rows are of this table.
    Table(Table),
    /// Whole lines, each with its end.
    Rows(Vec<u8>),
}

/// The tables of a database, those that are referred to before those that refer.
///
/// # Errors
/// A column of a type that a dump does not know, tables that refer to each other in a circle, or a database error.
pub async fn tables(c: &mut Connection) -> Result<Vec<Table>> {
    let names = if c.is_postgres() {
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
         WHERE table_schema = CURRENT_SCHEMA() AND table_type = 'BASE TABLE' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND name NOT LIKE 'search\\_entry%' ESCAPE '\\' ORDER BY 1"
    };
    let rows = c.dynamic_all(names.to_owned(), Vec::new()).await?;
    let mut names = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    names.retain(|name| !NOT_CARRIED.contains(&name.as_str()) && name != SEARCH);
    let mut found = Vec::new();
    for name in names {
        found.push(table(c, name).await?);
    }
    found.push(search_table());
    in_order(found)
}

fn search_table() -> Table {
    let column = |name: &str| Column { name: name.to_owned(), kind: Kind::Text };
    Table {
        name: SEARCH.to_owned(),
        columns: ["body", "kind", "owner", "scope", "subject", "title"].map(column).to_vec(),
        key: ["owner", "kind", "scope", "subject"].map(str::to_owned).to_vec(),
        parents: Vec::new(),
    }
}

async fn table(c: &mut Connection, name: String) -> Result<Table> {
    let (columns, key, parents) = if c.is_postgres() {
        (
            "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns
             WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1",
            "SELECT CAST(k.column_name AS TEXT) FROM information_schema.table_constraints t
             JOIN information_schema.key_column_usage k ON k.constraint_name = t.constraint_name AND k.table_schema = t.table_schema AND k.table_name = t.table_name
             WHERE t.table_schema = CURRENT_SCHEMA() AND t.table_name = $1 AND t.constraint_type = 'PRIMARY KEY' ORDER BY k.ordinal_position",
            "SELECT DISTINCT CAST(u.table_name AS TEXT) FROM information_schema.table_constraints t
             JOIN information_schema.constraint_column_usage u ON u.constraint_name = t.constraint_name AND u.constraint_schema = t.constraint_schema
             WHERE t.table_schema = CURRENT_SCHEMA() AND t.table_name = $1 AND t.constraint_type = 'FOREIGN KEY'",
        )
    } else {
        (
            "SELECT name, type FROM pragma_table_info($1)",
            "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk",
            "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)",
        )
    };
    let of = || vec![Value::Text(Some(name.clone()))];
    let mut described = Vec::new();
    for row in c.dynamic_all(columns.to_owned(), of()).await? {
        let kind = match row.text(1)?.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => Kind::Int,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Blob,
            other => {
                return Err(odd(&name, format!("column {} has type {other}, which no backup knows", row.text(0)?)));
            }
        };
        described.push(Column { name: row.text(0)?, kind });
    }
    described.sort_by(|a, b| a.name.cmp(&b.name));
    let texts = |rows: Vec<crate::Row>| rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>();
    let key = texts(c.dynamic_all(key.to_owned(), of()).await?)?;
    let mut parents = texts(c.dynamic_all(parents.to_owned(), of()).await?)?;
    parents.retain(|parent| *parent != name);
    parents.sort();
    Ok(Table { name, columns: described, key, parents })
}

fn odd(table: &str, what: String) -> StoreError {
    StoreError::Inconsistent { table: "dump", key: table.to_owned(), what }
}

fn in_order(mut left: Vec<Table>) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::new();
    while !left.is_empty() {
        let ready = left.iter().position(|t| t.parents.iter().all(|p| ordered.iter().any(|o| o.name == *p)));
        let Some(ready) = ready else {
            return Err(odd(&left[0].name, "tables refer to each other in a circle".to_owned()));
        };
        ordered.push(left.remove(ready));
    }
    Ok(ordered)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}

/// Sends everything that a connection sees, table by table.
///
/// # Errors
/// As [`tables`]; the receiver is gone.
pub async fn read_all(c: &mut Connection, to: &mpsc::Sender<Result<Piece>>) -> Result<()> {
    for table in tables(c).await? {
        send(to, Piece::Table(table.clone())).await?;
        read_table(c, &table, to).await?;
    }
    Ok(())
}

async fn send(to: &mpsc::Sender<Result<Piece>>, piece: Piece) -> Result<()> {
    to.send(Ok(piece)).await.map_err(|_| odd("", "nobody takes the rows any more".to_owned()))
}

async fn read_table(c: &mut Connection, table: &Table, to: &mpsc::Sender<Result<Piece>>) -> Result<()> {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let all: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let mut order = Vec::new();
    for name in if table.key.is_empty() { &all } else { &table.key } {
        let text = table.columns.iter().any(|column| column.name == *name && column.kind == Kind::Text);
        // The order of bytes, as SQLite has it, whatever the server's language is.
        order.push(format!("{}{}", quoted(name), if text && c.is_postgres() { " COLLATE \"C\"" } else { "" }));
    }
    let sql = format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), quoted(&table.name), order.join(", "));
    let kinds: Vec<Value> = table.columns.iter().map(|column| column.kind.empty()).collect();
    let mut buffer = Vec::with_capacity(PIECE + 4096);
    let take = |row: &crate::Row| {
        let mut line = Vec::with_capacity(kinds.len());
        for (index, kind) in kinds.iter().enumerate() {
            line.push(match row.value(index, kind)? {
                Value::Int(value) => Json::from(value),
                Value::Text(value) => Json::from(value),
                Value::Blob(value) => Json::from(value.map(|bytes| STANDARD.encode(bytes))),
            });
        }
        serde_json::to_writer(&mut buffer, &line).map_err(|error| odd(&table.name, error.to_string()))?;
        buffer.push(b'\n');
        Ok((buffer.len() >= PIECE)
            .then(|| Piece::Rows(std::mem::replace(&mut buffer, Vec::with_capacity(PIECE + 4096)))))
    };
    c.dynamic_each(sql, take, to).await?;
    if !buffer.is_empty() {
        send(to, Piece::Rows(buffer)).await?;
    }
    Ok(())
}

/// Takes every row out, children first: migrations may have put some in that the dump has too.
///
/// # Errors
/// A database error.
pub async fn empty(w: &mut Write) -> Result<()> {
    for table in tables(w).await?.iter().rev() {
        w.dynamic_run(format!("DELETE FROM {}", quoted(&table.name)), Vec::new()).await?;
    }
    Ok(())
}

/// Whether no organisation and no account is there: nothing that a person made.
///
/// # Errors
/// A database error.
pub async fn is_empty(c: &mut Connection) -> Result<bool> {
    for table in ["organisation", "account", "trail"] {
        if !c.dynamic_all(format!("SELECT 1 FROM {table} LIMIT 1"), Vec::new()).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts lines of a table in. `from` is the table as it was where the lines come from.
///
/// # Errors
/// A line that is none of this table, or a database error.
pub async fn insert_lines(w: &mut Write, from: &Table, lines: &[u8]) -> Result<u64> {
    let mut rows = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let values: Vec<Json> = serde_json::from_slice(line).map_err(|error| odd(&from.name, error.to_string()))?;
        if values.len() != from.columns.len() {
            return Err(odd(&from.name, "a line has another number of columns".to_owned()));
        }
        rows.push(values);
    }
    let count = rows.len() as u64;
    if from.name == SEARCH {
        for row in rows {
            search::insert(w, &search_entry(row)?).await?;
        }
        return Ok(count);
    }
    let many = (PARAMETERS_MAX / from.columns.len().max(1)).clamp(1, 500);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<Vec<Json>> = rows.by_ref().take(many).collect();
        let sql = insert_statement(from, batch.len(), w.is_postgres());
        let mut values = Vec::with_capacity(batch.len() * from.columns.len());
        for row in batch {
            for (column, value) in from.columns.iter().zip(row) {
                values.push(bound(from, column, value)?);
            }
        }
        w.dynamic_run(sql, values).await?;
    }
    Ok(count)
}

fn search_entry(row: Vec<Json>) -> Result<search::SearchEntry> {
    let mut texts = row.into_iter().map(|value| match value {
        Json::String(text) => Ok(text),
        _ => Err(odd(SEARCH, "a value is no text".to_owned())),
    });
    let mut next = || texts.next().unwrap_or_else(|| Ok(String::new()));
    let (body, kind, owner, scope, subject, title) = (next()?, next()?, next()?, next()?, next()?, next()?);
    Ok(search::SearchEntry { owner, kind, scope, subject, title, body })
}

/// SQLite looks a parameter's name up in a list of all of them: thousands of names make a restore take minutes, so there
/// they have none.
fn insert_statement(table: &Table, rows: usize, is_postgres: bool) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let mut sql = format!("INSERT INTO {} ({}) VALUES ", quoted(&table.name), columns.join(", "));
    for row in 0..rows {
        for column in 0..columns.len() {
            let before = match (row, column) {
                (0, 0) => "(",
                (_, 0) => "), (",
                _ => ", ",
            };
            sql.push_str(before);
            if is_postgres {
                // Writing to a String cannot fail.
                let _ = write!(sql, "${}", row * columns.len() + column + 1);
            } else {
                sql.push('?');
            }
        }
    }
    sql.push(')');
    sql
}

fn bound(table: &Table, column: &Column, value: Json) -> Result<Value> {
    let wrong = || odd(&table.name, format!("column {} does not hold what its type says", column.name));
    Ok(match (column.kind, value) {
        (kind, Json::Null) => kind.empty(),
        (Kind::Int, Json::Number(number)) => Value::Int(Some(number.as_i64().ok_or_else(wrong)?)),
        (Kind::Text, Json::String(text)) => Value::Text(Some(text)),
        (Kind::Blob, Json::String(text)) => Value::Blob(Some(STANDARD.decode(text).map_err(|_| wrong())?)),
        _ => return Err(wrong()),
    })
}

/// What is wrong with the database itself: SQLite checks pages, indices and references, PostgreSQL that every reference
/// was checked; both, that every table can be counted.
///
/// # Errors
/// The database does not answer at all.
pub async fn check(store: &Store) -> Result<Vec<String>> {
    let mut c = store.snapshot().await?;
    let mut faults = Vec::new();
    if c.is_postgres() {
        let unchecked = "SELECT CAST(conname AS TEXT) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated";
        for row in c.dynamic_all(unchecked.to_owned(), Vec::new()).await? {
            faults.push(format!("reference {} was never checked", row.text(0)?));
        }
    } else {
        for row in c.dynamic_all("PRAGMA integrity_check(20)".to_owned(), Vec::new()).await? {
            faults.push(row.text(0)?);
        }
        faults.retain(|fault| fault != "ok");
        for row in
            c.dynamic_all("SELECT \"table\", parent FROM pragma_foreign_key_check".to_owned(), Vec::new()).await?
        {
            faults.push(format!("a row of {} refers to nothing in {}", row.text(0)?, row.text(1)?));
        }
    }
    for table in tables(&mut c).await? {
        if let Err(error) = c.dynamic_all(format!("SELECT COUNT(*) FROM {}", quoted(&table.name)), Vec::new()).await {
            faults.push(format!("{}: {error}", table.name));
        }
    }
    Ok(faults)
}

/// Every value of the database that begins like something sealed: table, column, key of the row, value. Which columns
/// hold such values is found out, not listed, so that none is forgotten when keys change.
///
/// # Errors
/// A database error.
pub async fn sealed_values(c: &mut Connection, prefix: &str) -> Result<Vec<SealedValue>> {
    let mut found = Vec::new();
    for table in tables(c).await? {
        if table.key.is_empty() {
            continue;
        }
        for column in table.columns.iter().filter(|column| column.kind == Kind::Text) {
            let keys: Vec<String> = table.key.iter().map(|key| quoted(key)).collect();
            let name = quoted(&column.name);
            let sql = format!("SELECT {name}, {} FROM {} WHERE {name} LIKE $1", keys.join(", "), quoted(&table.name));
            let like = vec![Value::Text(Some(format!("{prefix}%")))];
            for row in c.dynamic_all(sql, like).await? {
                let mut key = Vec::new();
                for (index, name) in table.key.iter().enumerate() {
                    let kind = table.columns.iter().find(|c| c.name == *name).map_or(Kind::Text, |c| c.kind);
                    key.push(row.value(index + 1, &kind.empty())?);
                }
                found.push(SealedValue { table: table.clone(), column: column.name.clone(), key, value: row.text(0)? });
            }
        }
    }
    Ok(found)
}

/// A value that was sealed.
pub struct SealedValue {
    table: Table,
    pub column: String,
    key: Vec<Value>,
    pub value: String,
}

impl SealedValue {
    /// Name of the table.
    pub fn table(&self) -> &str {
        &self.table.name
    }
}

/// Puts a value sealed anew in place of the old one, unless that has changed meanwhile.
///
/// # Errors
/// A database error.
pub async fn replace_sealed(w: &mut Write, old: &SealedValue, new: String) -> Result<u64> {
    let mut sql = format!(
        "UPDATE {} SET {} = $1 WHERE {} = $2",
        quoted(&old.table.name),
        quoted(&old.column),
        quoted(&old.column)
    );
    for (index, key) in old.table.key.iter().enumerate() {
        let _ = write!(sql, " AND {} = ${}", quoted(key), index + 3);
    }
    let mut values = vec![Value::Text(Some(new)), Value::Text(Some(old.value.clone()))];
    values.extend(old.key.iter().cloned());
    w.dynamic_run(sql, values).await
}
