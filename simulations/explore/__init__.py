"""Linear regression beyond three dimensions: any spectrum, any rule, O(d log d) a step."""
