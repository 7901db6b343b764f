// RunbookFormat
