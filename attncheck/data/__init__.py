"""What everything speaks in: reports, formulas, numbers, pages. Plain data, without torch."""
