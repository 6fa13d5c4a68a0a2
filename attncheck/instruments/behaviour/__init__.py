"""What several probes measure alike: reach, gates, statistics and symmetries of a trial."""
