// RunbookCommands
