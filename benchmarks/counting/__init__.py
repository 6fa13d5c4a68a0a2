"""Counters of MACs held against hands: modules and single operators, each derived on paper."""
