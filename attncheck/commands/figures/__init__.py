"""Published figures against counts: parameters and multiply-accumulates of whole networks."""
