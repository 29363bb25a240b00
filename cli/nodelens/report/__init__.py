"""The output of the commands for people: tables, pages and messages."""
