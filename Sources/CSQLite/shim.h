#include <sqlite3.h>

/* SQLITE_TRANSIENT is a cast, which Swift does not import: SQLite makes its own copy of the text. */
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, sqlite3_uint64 size) {
  return sqlite3_bind_text64(statement, index, text, size, SQLITE_TRANSIENT, SQLITE_UTF8);
}
