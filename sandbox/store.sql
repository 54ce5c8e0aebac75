create table if not exists things (
    seq integer primary key autoincrement,
    kind text not null,
    id text not null,
    body text not null,
    unique (kind, id)
)
