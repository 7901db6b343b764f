package enum JournalFault: Error { case poisoned }
