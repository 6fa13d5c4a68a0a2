"""Watch a module attend: the softmaxes that it computes, the logits they read, its masks."""
