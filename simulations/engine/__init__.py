"""Train linear models of any dimension and spectrum, compiled from the derived dynamics."""
