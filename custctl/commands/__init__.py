"""The commands: one module a group; each parses, makes one or two calls and returns a Result."""
