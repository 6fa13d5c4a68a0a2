"""Numbers that are believed: parameters and multiply-accumulates, each counted twice."""
