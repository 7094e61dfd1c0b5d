"""How the memory of Adam and RMSProp changes the weights at irrelevant frequencies."""
