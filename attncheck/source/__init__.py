"""Put findings on lines of the subject's source."""
