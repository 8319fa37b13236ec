-- The users table of the example. Logical replication needs `wal_level = logical` in postgresql.conf.
CREATE TABLE public.users (
    id bigint PRIMARY KEY,
    username text NOT NULL,
    full_name text,
    about text,
    email text,
    phone text,
    signup_ip inet,
    device uuid,
    locale text,
    created_at timestamp(6) NOT NULL DEFAULT timezone('utc', now()),
    status smallint NOT NULL DEFAULT 1,
    banned_at timestamp(3),
    ban_reason smallint
);

-- A banned account, and one that nobody banned, from before.
INSERT INTO public.users (id, username, full_name, about, email, signup_ip, device, locale, created_at, status, banned_at, ban_reason)
VALUES
    (101, 'northwind_media', 'Northwind Media', 'News first. Backup: t.me/northwind_backup', 'northwind_media@example.org',
     '203.0.113.24', '5f2c6c1e-0d7a-4f7e-9a55-1f0a3c9d2b11', 'en_US', timezone('utc', now()) - interval '1 day', 9,
     timezone('utc', now()) - interval '1 hour', 3),
    (102, 'amira_k', 'أميرة', NULL, 'amira_k@example.org', '203.0.113.24', NULL, 'en_US',
     timezone('utc', now()) - interval '1 day', 1, NULL, NULL);
