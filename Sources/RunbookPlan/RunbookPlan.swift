// RunbookPlan
