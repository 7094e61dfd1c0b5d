"""Studies: what each varies, measures and predicts; none knows another."""
