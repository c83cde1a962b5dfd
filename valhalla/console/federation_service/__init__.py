"""The federation service: nodes announce themselves with signed manifests, others find them."""
