import RunbookCommands

await Blackstart.start()
