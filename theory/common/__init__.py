"""What every package stands on: errors, files, tables, figures, commands and clusters."""
