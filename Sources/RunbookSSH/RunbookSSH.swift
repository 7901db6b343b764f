// RunbookSSH
