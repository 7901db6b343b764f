// RunbookSimulation
