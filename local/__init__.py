"""The Azure services that Quantum Jobs uses, on one machine, at the wire: real names, real protocols, no account."""
