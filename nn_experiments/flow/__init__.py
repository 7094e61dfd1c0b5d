"""From a preset to a report: plan, train, measure, judge, write, each once and in this order."""
