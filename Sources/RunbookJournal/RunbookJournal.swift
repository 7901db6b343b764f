// RunbookJournal
