"""The pages. Each is whole without a script; what scripts add is `desk/web/static`'s."""
