-- The state folder's database as pager 0.1.0 left it (schema 1) when it was killed: three questions,
-- one of them denied, and Telegram never reached. Made by that release; only the questions' end was
-- put off, so that they are still open whenever this is read.
PRAGMA application_id = 1885431666;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE approvals (
        id      TEXT PRIMARY KEY,
        state   TEXT NOT NULL,
        at_hand INTEGER NOT NULL,                  -- 0 once forgotten by the machine
        body    TEXT NOT NULL                      -- core::Approval as JSON, input by digest
    ) STRICT, WITHOUT ROWID;
INSERT INTO "approvals" VALUES('1849f2b0a72e57150db5c00463cfe442','pending',1,'{"id":"1849f2b0a72e57150db5c00463cfe442","request":"01010101010101010101010101010101","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch one","input":{"sha256":"57e36f8f0fb45e12cabdd50344f0f0fb0faeeb505b3c5a378a596dbecac6ce48"},"fingerprint":"c9c5c3ea85378b61cfc8f444ce4af836fc8735f5490ee3683efd28553d6ad867","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.078529599Z","expires":"2126-11-22T13:32:51.078529599Z"}');
INSERT INTO "approvals" VALUES('1b455431633cddec113a0925371df164','denied',1,'{"id":"1b455431633cddec113a0925371df164","request":"03030303030303030303030303030303","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch three","input":{"sha256":"cf30afdd115aa9a2fa41a523c142bdfeccd5eabe70f56afbf1098c9713d9402b"},"fingerprint":"d63e7b0fd6225d84b3a4a8b7e4579422bfec2d9e58a920e2f8b41052e68d9929","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.090201603Z","expires":"2126-11-22T13:32:51.090201603Z","resolution":{"state":"denied","verdict":{"verdict":"deny","reason":"not so","interrupt":false},"by":"dbus:0/pagerctl","at":"2026-11-21T13:32:51.117650072Z"}}');
INSERT INTO "approvals" VALUES('7a4164f7f1b22328c603988d9ce2b68c','pending',1,'{"id":"7a4164f7f1b22328c603988d9ce2b68c","request":"02020202020202020202020202020202","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch two","input":{"sha256":"1a3ca05c8b174cb09d23300e7144a9446b1c9a37b1ba8cd21397a2d6c340dbaf"},"fingerprint":"a83973115824f1395c405f0231dc0b498c012c60416625836f5052d38c72e1a8","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.080279697Z","expires":"2126-11-22T13:32:51.080279697Z"}');
CREATE TABLE events (
        seq  INTEGER PRIMARY KEY AUTOINCREMENT,
        body TEXT NOT NULL                         -- core::Event as JSON, inputs by digest
    ) STRICT;
INSERT INTO "events" VALUES(1,'{"event":"session_changed","session":{"id":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","label":"webshop","cwd":"/home/ada/webshop","model":"","permission_mode":"default","phase":"working","started":"2026-11-21T13:32:51.078529599Z","changed":"2026-11-21T13:32:51.078529599Z"}}');
INSERT INTO "events" VALUES(2,'{"event":"approval_requested","approval":{"id":"1849f2b0a72e57150db5c00463cfe442","request":"01010101010101010101010101010101","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch one","input":{"sha256":"57e36f8f0fb45e12cabdd50344f0f0fb0faeeb505b3c5a378a596dbecac6ce48"},"fingerprint":"c9c5c3ea85378b61cfc8f444ce4af836fc8735f5490ee3683efd28553d6ad867","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.078529599Z","expires":"2126-11-22T13:32:51.078529599Z"}}');
INSERT INTO "events" VALUES(3,'{"event":"approval_requested","approval":{"id":"7a4164f7f1b22328c603988d9ce2b68c","request":"02020202020202020202020202020202","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch two","input":{"sha256":"1a3ca05c8b174cb09d23300e7144a9446b1c9a37b1ba8cd21397a2d6c340dbaf"},"fingerprint":"a83973115824f1395c405f0231dc0b498c012c60416625836f5052d38c72e1a8","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.080279697Z","expires":"2126-11-22T13:32:51.080279697Z"}}');
INSERT INTO "events" VALUES(4,'{"event":"approval_requested","approval":{"id":"1b455431633cddec113a0925371df164","request":"03030303030303030303030303030303","session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","kind":"permission","tool":"Bash","summary":"touch three","input":{"sha256":"cf30afdd115aa9a2fa41a523c142bdfeccd5eabe70f56afbf1098c9713d9402b"},"fingerprint":"d63e7b0fd6225d84b3a4a8b7e4579422bfec2d9e58a920e2f8b41052e68d9929","cwd":"/home/ada/webshop","label":"webshop","created":"2026-11-21T13:32:51.090201603Z","expires":"2126-11-22T13:32:51.090201603Z"}}');
INSERT INTO "events" VALUES(5,'{"event":"approval_resolved","id":"1b455431633cddec113a0925371df164","resolution":{"state":"denied","verdict":{"verdict":"deny","reason":"not so","interrupt":false},"by":"dbus:0/pagerctl","at":"2026-11-21T13:32:51.117650072Z"}}');
CREATE TABLE facts (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "facts" VALUES('audit.hash','0286c8f6efcb7987505f402579eddd5ea3a72825b39312471c5771b89abcca78');
INSERT INTO "facts" VALUES('audit.seq','1');
CREATE TABLE inputs (
        sha256 TEXT PRIMARY KEY,
        text   TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "inputs" VALUES('1a3ca05c8b174cb09d23300e7144a9446b1c9a37b1ba8cd21397a2d6c340dbaf','{"command": "touch two", "description": "what it says"}');
INSERT INTO "inputs" VALUES('57e36f8f0fb45e12cabdd50344f0f0fb0faeeb505b3c5a378a596dbecac6ce48','{"command": "touch one", "description": "what it says"}');
INSERT INTO "inputs" VALUES('cf30afdd115aa9a2fa41a523c142bdfeccd5eabe70f56afbf1098c9713d9402b','{"command": "touch three", "description": "what it says"}');
CREATE TABLE notes (
        door     TEXT NOT NULL,
        approval TEXT NOT NULL,
        slot     TEXT NOT NULL,
        body     TEXT NOT NULL,                    -- JSON of the door's own
        PRIMARY KEY (door, approval, slot)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        door     TEXT NOT NULL,
        kind     TEXT NOT NULL,                    -- ask | settle
        approval TEXT NOT NULL
    ) STRICT;
INSERT INTO "outbox" VALUES(1,'telegram','ask','1849f2b0a72e57150db5c00463cfe442');
INSERT INTO "outbox" VALUES(2,'telegram','ask','7a4164f7f1b22328c603988d9ce2b68c');
INSERT INTO "outbox" VALUES(3,'telegram','ask','1b455431633cddec113a0925371df164');
INSERT INTO "outbox" VALUES(4,'telegram','settle','1b455431633cddec113a0925371df164');
CREATE TABLE sessions (
        id   TEXT PRIMARY KEY,
        body TEXT NOT NULL                         -- core::Session as JSON
    ) STRICT, WITHOUT ROWID;
INSERT INTO "sessions" VALUES('6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10','{"id":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","agent":"claude","label":"webshop","cwd":"/home/ada/webshop","model":"","permission_mode":"default","phase":"working","started":"2026-11-21T13:32:51.078529599Z","changed":"2026-11-21T13:32:51.078529599Z"}');
CREATE INDEX approvals_at_hand ON approvals (id) WHERE at_hand = 1;
COMMIT;
