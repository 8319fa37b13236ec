-- The banned account's mirror signs up.
INSERT INTO public.users (id, username, full_name, about, email, signup_ip, device, locale)
VALUES (103, 'n0rthwind_media2', 'Northwind Media II', 'We are back. t.me/northwind_backup', 'n0rthwind_media2@example.org',
        '203.0.113.24', '5f2c6c1e-0d7a-4f7e-9a55-1f0a3c9d2b11', 'en_US');
